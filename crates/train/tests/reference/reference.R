# Fits every case R can fit, and writes r_results.json (15 significant digits).
# reference.py polishes these fits and compares its own values with them.
suppressPackageStartupMessages({
  library(jsonlite); library(MASS); library(nnet); library(glmnet)
  library(ordinal); library(quantreg); library(brglm2)
})
d <- read.csv("data.csv", stringsAsFactors = TRUE)
d$g <- factor(d$g, levels = c("A", "B", "C"))
d$ym <- factor(d$ym, levels = c("a", "b", "c"))
d$yo <- factor(d$yo, levels = c("1low", "2mid", "3high", "4top"), ordered = TRUE)
tight <- glm.control(epsilon = 1e-14, maxit = 1000)
results <- list()
put <- function(name, ...) results[[name]] <<- list(...)

# ---------------------------------------------------------------- plain GLMs
fit_glm <- function(name, ..., dispersion = NULL) {
  m <- do.call(glm, list(..., control = tight, data = d))
  s <- summary(m, dispersion = dispersion)
  ll <- tryCatch(as.numeric(logLik(m)), error = function(e) NA)
  put(name, software = "stats::glm, epsilon 1e-14",
      estimate = as.list(coef(m)), std_error = as.list(s$coefficients[, 2]),
      log_likelihood = ll, aic = AIC(m), deviance = deviance(m),
      null_deviance = m$null.deviance, dispersion = s$dispersion,
      pearson_chi2 = sum(residuals(m, "pearson")^2),
      df_residual = m$df.residual, converged = m$converged && !m$boundary)
}
for (l in c("logit", "probit", "cloglog", "cauchit", "log")) {
  st <- if (l == "log") c(-1, 0, 0, 0, 0) else NULL
  fit_glm(paste0("binomial_", l), yb ~ x1 + x2 + g, family = binomial(l), start = st)
  fit_glm(paste0("binomial_", l, "_weights"), yb ~ x1 + x2 + g, family = binomial(l),
          weights = d$w, start = st)
}
for (l in c("logit", "probit", "cloglog", "cauchit"))
  fit_glm(paste0("binomial_trials_", l), cbind(ys, n - ys) ~ x1 + x2 + g, family = binomial(l))
fit_glm("gaussian_identity", yg ~ x1 + x2 + g, family = gaussian())
fit_glm("gaussian_identity_weights", yg ~ x1 + x2 + g, family = gaussian(), weights = d$w)
fit_glm("gaussian_log", yp ~ x1 + x2 + g, family = gaussian("log"), start = c(.5, 0, 0, 0, 0))
fit_glm("poisson_log", yc ~ x1 + x2 + g, family = poisson())
fit_glm("poisson_log_weights", yc ~ x1 + x2 + g, family = poisson(), weights = d$w)
fit_glm("poisson_log_offset", yc ~ x1 + x2 + g + offset(log(e)), family = poisson())
fit_glm("poisson_sqrt", yc ~ x1 + x2 + g, family = poisson("sqrt"))
fit_glm("poisson_identity", yc ~ x1 + x2 + g, family = poisson("identity"), start = c(4, 0, 0, 0, 0))
for (l in c("inverse", "log", "identity"))
  fit_glm(paste0("gamma_", l), yp ~ x1 + x2 + g, family = Gamma(l))
fit_glm("gamma_log_weights", yp ~ x1 + x2 + g, family = Gamma("log"), weights = d$w)
fit_glm("inverse_gaussian_log", yp ~ x1 + x2 + g, family = inverse.gaussian("log"))
fit_glm("inverse_gaussian_inverse_squared", yp ~ x1 + x2 + g, family = inverse.gaussian("1/mu^2"))
# Tweedie: V(mu) = mu^1.5, log link (statmod's family; var.power, link.power = 0)
tw <- statmod::tweedie(var.power = 1.5, link.power = 0)
tw$aic <- function(...) NA_real_
fit_glm("tweedie_1.5_log", yp ~ x1 + x2 + g, family = tw)
fit_glm("tweedie_1.5_log_zeros", yc ~ x1 + x2 + g, family = tw)
fit_glm("quasipoisson_log", yc ~ x1 + x2 + g, family = quasipoisson())
fit_glm("quasibinomial_logit", yb ~ x1 + x2 + g, family = quasibinomial())
fit_glm("quasibinomial_trials_logit", cbind(ys, n - ys) ~ x1 + x2 + g, family = quasibinomial())

# ---------------------------------------------------------- negative binomial
fit_nb <- function(name, ...) {
  m <- do.call(glm.nb, list(..., data = d, control = tight))
  put(name, software = "MASS::glm.nb, epsilon 1e-14",
      estimate = as.list(coef(m)), std_error = as.list(summary(m)$coefficients[, 2]),
      theta = m$theta, theta_std_error = m$SE.theta, two_log_likelihood = m$twologlik,
      log_likelihood = as.numeric(logLik(m)), deviance = deviance(m),
      null_deviance = m$null.deviance,
      dispersion = 1, df_residual = m$df.residual, aic = AIC(m), converged = m$converged)
}
fit_nb("negative_binomial", yc ~ x1 + x2 + g)
fit_nb("negative_binomial_offset", yc ~ x1 + x2 + g + offset(log(e)))
fit_nb("negative_binomial_weights", yc ~ x1 + x2 + g, weights = d$w)
fit_glm("negative_binomial_theta_2", yc ~ x1 + x2 + g, family = negative.binomial(2), dispersion = 1)

# ---------------------------------------------------------------- multinomial
fit_multinom <- function(name, ...) {
  m <- do.call(multinom, list(..., data = d, Hess = TRUE, trace = FALSE, maxit = 10000, abstol = 1e-15, reltol = 1e-15))
  s <- summary(m)
  flat <- function(a) { o <- list(); for (i in rownames(a)) for (j in colnames(a)) o[[paste0(i, ":", j)]] <- a[i, j]; o }
  put(name, software = "nnet::multinom", estimate = flat(coef(m)),
      std_error = flat(s$standard.errors), log_likelihood = as.numeric(logLik(m)),
      deviance = deviance(m), converged = m$convergence == 0)
}
fit_multinom("multinomial", ym ~ x1 + x2 + g)
fit_multinom("multinomial_weights", ym ~ x1 + x2 + g, weights = d$w)

# -------------------------------------------------------------------- ordered
methods <- c(logit = "logistic", probit = "probit", cloglog = "cloglog", cauchit = "cauchit", loglog = "loglog")
fit_polr <- function(name, method, ...) {
  m <- do.call(polr, list(..., data = d, method = method, Hess = TRUE, control = list(reltol = 1e-16, maxit = 10000)))
  est <- c(m$zeta, coef(m))
  put(name, software = "MASS::polr", estimate = as.list(est),
      std_error = as.list(sqrt(diag(vcov(m)))[names(est)]),
      log_likelihood = as.numeric(logLik(m)), deviance = deviance(m), converged = m$convergence == 0)
}
fit_clm <- function(name, link, ...) {
  m <- do.call(clm, list(..., data = d, link = link, control = clm.control(gradTol = 1e-12, maxIter = 1000)))
  put(name, software = "ordinal::clm", estimate = as.list(coef(m)),
      std_error = as.list(sqrt(diag(vcov(m)))), log_likelihood = as.numeric(logLik(m)),
      deviance = -2 * as.numeric(logLik(m)), converged = TRUE)
}
for (l in names(methods)) {
  fit_polr(paste0("ordered_", l), methods[[l]], yo ~ x1 + x2 + g)
  fit_clm(paste0("ordered_", l, "/clm"), l, yo ~ x1 + x2 + g)
}
fit_polr("ordered_logit_weights", "logistic", yo ~ x1 + x2 + g, weights = d$w)
fit_clm("ordered_logit_weights/clm", "logit", yo ~ x1 + x2 + g, weights = d$w)

# ---------------------------------------------------------------------- Firth
d$ysep <- ifelse(d$g == "C", 0L, d$yb)   # no success in group C: no finite ML estimate
for (v in list(list("firth_logit", "yb", 1), list("firth_logit_weights", "yb", d$w),
               list("firth_logit_separated", "ysep", 1))) {
  d$wt <- v[[3]]
  m <- glm(reformulate(c("x1", "x2", "g"), v[[2]]), data = d, weights = wt, family = binomial(),
           method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 10000, slowit = 1)
  put(v[[1]], software = "brglm2 (AS_mean)", estimate = as.list(coef(m)),
      std_error = as.list(summary(m)$coefficients[, 2]), deviance = deviance(m), converged = m$converged)
}

# ------------------------------------------------------------------- quantile
for (tau in c(0.25, 0.5, 0.9)) {
  m <- rq(yg ~ x1 + x2 + g, tau = tau, data = d, method = "br")
  put(paste0("quantile_", tau), software = "quantreg::rq (br)", estimate = as.list(coef(m)),
      objective = m$rho, converged = TRUE)
}

# ---------------------------------------------------------------- elastic net
# gaussian: glmnet scales y inside, so that lambda's ridge part is not the brief's
# unless alpha = 1; it is undone by fitting y/sd(y) with a matching lambda, alpha.
x <- model.matrix(~ x1 + x2 + g, d)[, -1]
as_list <- function(b) { b <- as.matrix(b)[, 1]; names(b)[1] <- "(Intercept)"; as.list(b) }
net <- function(name, y, family, lambda, alpha, ..., scale = 1)
  tryCatch({
    path <- if (lambda > 0) lambda * c(8, 4, 2, 1) else c(0.1, 0.01, 0)
    m <- glmnet(x, y, family = family, alpha = alpha, lambda = path, standardize = FALSE,
                thresh = 1e-20, maxit = 1e7, ...)
    b <- coef(m, s = lambda, exact = FALSE)
    if (is.list(b)) {
      est <- list()
      for (k in names(b)) { o <- as_list(b[[k]]); names(o) <- paste0(k, ":", names(o)); est <- c(est, o) }
    } else est <- lapply(as_list(b), function(v) v * scale)
    put(name, software = "glmnet, thresh 1e-20", estimate = est, converged = TRUE)
  }, error = function(e) message(name, ": ", conditionMessage(e)))
lambdas <- list(gaussian = c(0.05, 0.3), binomial = c(0.01, 0.04), poisson = c(0.05, 0.3), multinomial = c(0.01, 0.05))
s <- sqrt(mean((d$yg - mean(d$yg))^2))
for (f in names(lambdas)) for (lambda in lambdas[[f]]) for (alpha in c(1, 0.5, if (f == "multinomial") 0)) {
  name <- paste("elastic_net", f, lambda, alpha, sep = "_")
  if (f == "gaussian") {
    l1 <- lambda * alpha / s; l2 <- lambda * (1 - alpha)
    net(name, d$yg / s, f, l1 + l2, l1 / (l1 + l2), scale = s)
  } else if (f == "multinomial") net(paste0(name, "_symmetric"), d$ym, f, lambda, alpha)
  else net(name, d[[c(binomial = "yb", poisson = "yc")[f]]], f, lambda, alpha)
}
# glmnet makes the penalty factors add up to the number of columns: lambda * 5/4
net("ridge_logistic_factors", d$yb, "binomial", 0.1 * 5 / 4, 0, penalty.factor = c(0, 1, 2, 2))
lower <- c(0, -Inf, -Inf, -Inf); upper <- c(0.1, 0, Inf, Inf)
net("box_logistic", d$yb, "binomial", 0, 1, lower.limits = lower, upper.limits = upper)

results$versions <- c(list(R = R.version.string), sapply(c("MASS", "nnet", "glmnet", "ordinal", "quantreg", "brglm2", "statmod", "jsonlite"),
                                                         function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(results, "r_results.json", digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null")
cat(length(results) - 1, "R fits; not converged:", names(Filter(function(r) identical(r$converged, FALSE), results)), "\n")
