# Profile intervals and a Weibull model by R (base, MASS); writes reference.json. Run: Rscript reference.R
# Ends of profiles: glm with an offset for the held coefficient, uniroot on the signed root of the deviance difference.
options(digits = 17)
suppressPackageStartupMessages(library(MASS))
tight <- glm.control(epsilon = 1e-15, maxit = 200)
n <- 60
i <- 0:(n - 1)
x1 <- round(sin(1.7 * i) * 2, 3)
x2 <- round(cos(0.9 * i + 0.3), 3)
yb <- as.numeric(sin(3.1 * i + 0.5) + 0.7 * x1 - 0.4 * x2 > 0.3)
yp <- floor(exp(0.6 + 0.4 * x1 - 0.5 * x2) * (1 + 0.6 * sin(2.3 * i)))
X <- cbind(1, x1, x2)

ends <- function(y, family, j, level) {
  full <- glm.fit(X, y, family = family, control = tight)
  se <- sqrt(diag(chol2inv(qr.R(full$qr))))[order(full$qr$pivot)][j]
  z <- qnorm((1 + level) / 2)
  root <- function(c) {
    held <- glm.fit(X[, -j, drop = FALSE], y, family = family, offset = X[, j] * c, control = tight)
    sqrt(max(0, held$deviance - full$deviance)) - z
  }
  b <- full$coefficients[[j]]
  c(uniroot(root, c(b - 8 * se, b), tol = 1e-13)$root, uniroot(root, c(b, b + 8 * se), tol = 1e-13)$root)
}
out <- list()
for (case in list(list("binomial", yb, binomial()), list("poisson", yp, poisson()))) {
  for (level in c(0.95, 0.99)) {
    m <- t(sapply(1:3, function(j) ends(case[[2]], case[[3]], j, level)))
    out[[paste0(case[[1]], "_", level)]] <- m
    # MASS interpolates its profile between a few points; with the usual ones it agrees to some 1e-4, with many to 1e-6.
    d <- data.frame(y = case[[2]], x1, x2)
    g <- glm(y ~ x1 + x2, family = case[[3]], data = d, control = tight)
    a <- (1 - level) / 4
    many <- profile(g, alpha = a, maxsteps = 400, del = sqrt(qchisq(1 - a, 1)) / 300)
    mass <- suppressMessages(confint(many, level = level))
    stopifnot(max(abs(mass - m)) < 1e-6)
    out[[paste0(case[[1]], "_mass_", level)]] <- unname(mass)
  }
}

# Weibull regression with censoring, minus the log-likelihood by hand; maximised by nlm and Newton steps with numerical Hessians.
time <- round(exp(0.5 + 0.3 * x1 + 0.8 * log(-log((i + 0.5) / n))), 4)
event <- as.numeric(i %% 4 != 0)
loss <- function(p) {
  z <- (log(time) - p[1] - p[2] * x1) / exp(p[3])
  -sum(event * (z - p[3] - log(time)) - exp(z))
}
out$time <- time; out$event <- event; out$x1 <- x1; out$x2 <- x2; out$yb <- yb; out$yp <- yp
if (requireNamespace("survival", quietly = TRUE)) {
  library(survival)
  s <- survreg(Surv(time, event) ~ x1, dist = "weibull", control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  out$weibull <- list(estimate = c(coef(s), log(s$scale)), std_error = sqrt(diag(vcov(s))), log_likelihood = s$loglik[2])
  r <- survreg(Surv(time, event) ~ x1, dist = "weibull", cluster = i %/% 5, robust = TRUE,
               control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  # survival leaves the factor G / (G - 1) out.
  out$weibull$cluster_std_error <- sqrt(diag(vcov(r)) * 12 / 11)
  r <- survreg(Surv(time, event) ~ x1, dist = "weibull", robust = TRUE,
               control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  out$weibull$robust_std_error <- sqrt(diag(vcov(r)))
}
cat(jsonlite::toJSON(out, digits = 17, auto_unbox = TRUE), file = "reference.json")
