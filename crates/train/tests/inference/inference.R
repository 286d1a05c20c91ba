# Reference numbers for the inference of generalised linear models.
# Run:  Rscript inference.R        reads data.csv and data2.csv, writes inference.json, all next to this script.
# Needs the packages sandwich, MASS, car, AER, ordinal, brglm2, nnet, numDeriv.
suppressMessages({
  library(MASS); library(sandwich)
})
args <- commandArgs(FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
if (!length(here)) here <- "."
d <- read.csv(file.path(here, "data.csv"))
d2 <- read.csv(file.path(here, "data2.csv"))
X3 <- c("x1", "x2", "g")
checks <- list()
# every independent check is recorded: largest relative difference; it stops when the limit is passed
check <- function(label, a, b, tol = 1e-8) {
  a <- as.numeric(a); b <- as.numeric(b)
  e <- max(abs(a - b) / pmax(1e-3 * max(abs(b)), abs(b), 1e-300))
  checks[[label]] <<- e
  if (!is.finite(e) || e > tol) stop(label, ": ", e)
}

## ---- JSON writer: 17 significant digits ------------------------------------------------------
js <- function(x, ind = 0) {
  pad <- strrep(" ", ind + 1)
  num <- function(v) if (is.na(v)) "null" else if (is.infinite(v)) if (v > 0) '"Inf"' else '"-Inf"' else sprintf("%.17g", v)
  str <- function(s) paste0('"', gsub('(["\\\\])', '\\\\\\1', s), '"')
  if (is.null(x)) return("null")
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, function(r) paste0("[", paste(vapply(r, num, ""), collapse = ", "), "]")), collapse = ",\n "), "]"))
  if (is.list(x)) {
    if (is.null(names(x))) return(paste0("[", paste(vapply(x, js, "", ind = ind + 1), collapse = ",\n"), "]"))
    return(paste0("{\n", paste0(pad, str(names(x)), ": ", vapply(x, js, "", ind = ind + 1), collapse = ",\n"), "\n", strrep(" ", ind), "}"))
  }
  if (inherits(x, "arr")) return(paste0("[", paste(vapply(unclass(x), num, ""), collapse = ", "), "]"))
  if (!is.null(names(x))) return(js(as.list(x), ind))
  if (is.character(x)) { if (length(x) == 1) return(str(x)); return(paste0("[", paste(vapply(x, str, ""), collapse = ", "), "]")) }
  if (is.logical(x) && !anyNA(x)) x <- setNames(tolower(as.character(x)), NULL) else x <- vapply(x, num, "")
  if (length(x) == 1) x else paste0("[", paste(x, collapse = ", "), "]")
}
arr <- function(x) structure(as.numeric(x), class = "arr")
mat <- function(x) { x <- as.matrix(x); dimnames(x) <- NULL; x }

## ---- derivatives that glm() does not give ----------------------------------------------------
d2mu <- function(link, eta) switch(link,           # second derivative of the mean in the linear predictor
  identity = 0 * eta, log = exp(eta), inverse = 2 / eta^3,
  logit = { p <- plogis(eta); p * (1 - p) * (1 - 2 * p) },
  probit = -eta * dnorm(eta),
  cloglog = exp(eta - exp(eta)) * (1 - exp(eta)), stop(link))
dvar <- function(fam, mu, theta) switch(fam, gaussian = 0 * mu, binomial = 1 - 2 * mu, poisson = 1 + 0 * mu,
  quasipoisson = 1 + 0 * mu, Gamma = 2 * mu, nb = 1 + 2 * mu / theta)

## ---- fitting ---------------------------------------------------------------------------------
ctl <- glm.control(epsilon = 1e-15, maxit = 100)
# glm() followed by 30 restarts at the solution: each makes at least one more scoring step
tight <- function(formula, family, data) {
  e <- environment(); environment(formula) <- e
  m <- suppressWarnings(glm(formula, family = family, data = data, control = ctl))
  for (k in 1:30) { st <- coef(m); m <- suppressWarnings(glm(formula, family = family, data = data, control = ctl, start = st)) }
  m$call$formula <- formula
  m
}
# plain Fisher scoring on matrices, for the profiles
scoring <- function(X, y, pw, off, family, beta) {
  dev <- function(b) { eta <- drop(X %*% b) + off; if (!family$valideta(eta)) return(Inf); mu <- family$linkinv(eta)
    if (!family$validmu(mu)) return(Inf); sum(family$dev.resids(y, mu, pw)) }
  D <- dev(beta); small <- 0
  for (it in 1:200) {
    eta <- drop(X %*% beta) + off; mu <- family$linkinv(eta); me <- family$mu.eta(eta)
    w <- pw * me^2 / family$variance(mu); r <- (y - mu) / me
    st <- qr.coef(qr(sqrt(w) * X, tol = 1e-14), sqrt(w) * r); st[is.na(st)] <- 0
    f <- 1; D1 <- dev(beta + st)
    while (!(D1 <= D + 1e-9 * (abs(D) + 1)) && f > 1e-12) { f <- f / 2; D1 <- dev(beta + f * st) }
    beta <- beta + f * st; D <- D1
    if (max(abs(st)) < 1e-13 * (1 + max(abs(beta)))) small <- small + 1
    if (small >= 2) break
  }
  list(beta = beta, dev = D)
}
# root of a function that is negative at `at` and grows on the side `dir`
root_side <- function(f, at, step, dir) {
  hi <- at + dir * step; k <- 0
  while (f(hi) < 0 && k < 60) { k <- k + 1; lo <- hi; hi <- at + dir * step * (1 + k * 0.5) }
  if (k == 60) return(dir * Inf)
  r <- uniroot(f, sort(c(at, hi)), tol = 1e-14, maxiter = 2000)$root
  worst_root <<- max(worst_root, abs(f(r)))          # left over at the root, on the scale of the deviance
  if (abs(f(r)) > 1e-9) stop("root: ", f(r))
  r
}
worst_root <- 0
# interval {b: f(b) <= 0}
interval <- function(f, bhat, se) c(root_side(f, bhat, 1.5 * se, -1), root_side(f, bhat, 1.5 * se, 1))

nb_theta_ml <- function(y, mu, th) {                # Newton on log theta for the full likelihood
  for (i in 1:200) {
    u <- sum(digamma(y + th) - digamma(th) + log(th) + 1 - log(th + mu) - (y + th) / (th + mu))
    h <- sum(trigamma(y + th) - trigamma(th) + 1 / th - 2 / (th + mu) + (y + th) / (th + mu)^2)
    s <- if (h < 0) -u / h else sign(u) * th / 2
    s <- max(min(s, th), -th / 2); th <- th + s
    if (abs(s) < 1e-15 * th) break
  }
  th
}
nb_ll <- function(y, mu, th) sum(dnbinom(y, size = th, mu = mu, log = TRUE))
nb_matrix <- function(X, y, off, beta, th) {        # full maximisation over (beta, theta)
  small <- 0
  for (i in 1:500) {
    b1 <- scoring(X, y, rep(1, length(y)), off, negative.binomial(th), beta)$beta
    t1 <- nb_theta_ml(y, exp(drop(X %*% b1) + off), th)
    dlt <- max(abs(b1 - beta), abs(t1 - th) / th); beta <- b1; th <- t1
    if (dlt < 1e-13) small <- small + 1
    if (small >= 2) break
  }
  list(beta = beta, theta = th, ll = nb_ll(y, exp(drop(X %*% beta) + off), th))
}
gamma_shape <- function(y, mu) {                    # ML of the shape a: log a - digamma(a) = mean deviance / 2
  Dn <- 2 * mean((y - mu) / mu - log(y / mu)) / 2
  uniroot(function(la) log(exp(la)) - digamma(exp(la)) - Dn, c(-5, 15), tol = 1e-15)$root |> exp()
}

newd <- data.frame(x1 = c(0.5, -1.2, 2.0), x2 = c(-0.3, 0.8, 1.5), g = c(1, 0, 1), off = c(0.1, 0, -0.2))

## ---- one model ------------------------------------------------------------------------------
run <- function(name, resp, fam, link, rhs = "x1 + x2 + g", data = d, offset = FALSE, diag = FALSE, rows = TRUE, note = NULL) {
  rhs_o <- if (offset) paste(rhs, "+ offset(off)") else rhs
  fml <- as.formula(paste(resp, "~", rhs_o))
  estimated <- fam %in% c("gaussian", "Gamma", "quasipoisson")
  isnb <- fam == "nb"
  if (isnb) {
    m0 <- m0_nb <- suppressWarnings(glm.nb(fml, data = data, control = glm.control(epsilon = 1e-12, maxit = 200)))
    jj <- nb_matrix(model.matrix(m0), m0$y, if (offset) data$off else rep(0, nrow(data)), coef(m0), m0$theta)
    check(paste0(name, ": theta against glm.nb"), m0$theta, jj$theta, 1e-5)
    theta <- jj$theta; family <- negative.binomial(theta)
  } else { theta <- NA; family <- switch(fam, gaussian = gaussian(link), binomial = binomial(link), poisson = poisson(link),
      Gamma = Gamma(link), quasipoisson = quasipoisson(link)) }
  m <- tight(fml, family, data)
  if (isnb) check(paste0(name, ": joint optimum"), coef(m), jj$beta, 1e-10)
  X <- model.matrix(m); n <- nrow(X); p <- ncol(X); pw <- m$prior.weights; y <- m$y
  off <- if (is.null(m$offset)) rep(0, n) else m$offset
  beta <- coef(m); eta <- m$linear.predictors; mu <- fitted(m); me <- family$mu.eta(eta); V <- family$variance(mu)
  W <- pw * me^2 / V; wr <- (y - mu) / me
  A <- crossprod(X, W * X); Ai <- solve(A); nm <- names(beta)
  pearson <- sum(pw * (y - mu)^2 / V)
  phi <- if (estimated) pearson / (n - p) else 1
  vc <- phi * Ai; se <- sqrt(diag(vc))
  check(paste0(name, ": vcov"), vc, summary(m, dispersion = phi)$cov.scaled, 1e-9)
  s <- W * wr                                        # score of the linear predictor, unit dispersion
  check(paste0(name, ": score is zero"), 1 + crossprod(X, s) / sqrt(diag(A)), rep(1, p), 1e-9)
  dsd <- pw * (me^2 / V - (y - mu) * (d2mu(link, eta) * V - me^2 * dvar(fam, mu, theta)) / V^2)
  Ao <- crossprod(X, dsd * X); Aoi <- solve(Ao)
  numAo <- -numDeriv::jacobian(function(b) { e <- drop(X %*% b) + off; u <- family$linkinv(e)
    drop(crossprod(X, pw * (y - u) * family$mu.eta(e) / family$variance(u))) }, beta)
  check(paste0(name, ": observed information against a numerical Jacobian"), Ao, numAo, 1e-6)
  o <- list(formula = paste(resp, "~", rhs_o), family = if (isnb) "negative_binomial" else fam, link = link,
            n = n, p = p, offset = if (offset) "off" else NULL, note = note)
  o <- Filter(Negate(is.null), o)
  o$coefficients <- beta
  o$vcov <- mat(vc); o$std_error <- se
  z <- beta / se
  o$wald_z <- z
  o$wald_p <- 2 * if (estimated) pt(-abs(z), n - p) else pnorm(-abs(z))
  o$wald_reference <- if (estimated) paste0("t(", n - p, ")") else "normal"
  canonical <- paste(fam, link) %in% c("gaussian identity", "binomial logit", "poisson log", "quasipoisson log", "Gamma inverse")
  o$canonical <- canonical
  o$vcov_observed_information <- mat(phi * Aoi)
  o$deviance <- sum(family$dev.resids(y, mu, pw)); o$pearson_chi2 <- pearson; o$dispersion <- phi; o$df_residual <- n - p
  D <- o$deviance

  ## likelihood
  full_ll <- function(mu, D) switch(fam, gaussian = -n / 2 * (log(2 * pi * D / n) + 1),
    Gamma = { a <- gamma_shape(y, mu); sum(dgamma(y, shape = a, rate = a / mu, log = TRUE)) },
    binomial = if (grepl("cbind", resp)) sum(dbinom(round(y * pw), pw, mu, log = TRUE)) else sum(dbinom(y, 1, mu, log = TRUE)),
    poisson = sum(dpois(y, mu, log = TRUE)), nb = nb_ll(y, mu, theta), quasipoisson = NA)
  ll <- full_ll(mu, D)
  # the null model
  n0 <- tight(as.formula(paste(resp, "~ 1", if (offset) "+ offset(off)" else "")), if (isnb) poisson() else family, data)
  if (isnb) { q <- nb_matrix(model.matrix(n0), y, off, coef(n0), theta); ll0 <- q$ll; D0 <- NA; o$null_theta <- q$theta
    # null deviance as R: theta of the full model
    q1 <- scoring(model.matrix(n0), y, pw, off, family, coef(n0)); D0 <- q1$dev
  } else { D0 <- n0$deviance; ll0 <- full_ll(fitted(n0), D0) }
  o$null_deviance <- D0
  kpar <- p + (fam %in% c("gaussian", "Gamma", "nb"))
  if (fam != "quasipoisson") {
    o$loglik <- ll; o$loglik_null <- ll0; o$n_parameters <- kpar
    o$aic <- -2 * ll + 2 * kpar; o$bic <- -2 * ll + log(n) * kpar
    if (fam != "nb" && fam != "Gamma") { check(paste0(name, ": AIC"), o$aic, AIC(m)); check(paste0(name, ": BIC"), o$bic, BIC(m)) }
    cs <- 1 - exp(2 * (ll0 - ll) / n)
    o$pseudo_r2 <- list(mcfadden = 1 - ll / ll0, mcfadden_adjusted = 1 - (ll - p) / ll0, cox_snell = cs,
      nagelkerke = cs / (1 - exp(2 * ll0 / n)), deviance_explained = 1 - D / D0)
    if (fam == "binomial" && !grepl("cbind", resp)) o$pseudo_r2$tjur <- mean(mu[y == 1]) - mean(mu[y == 0])
    if (fam == "gaussian") o$pseudo_r2$r_squared <- 1 - D / D0
  }
  if (fam == "Gamma") {
    lr <- function(phi, mu) sum(dgamma(y, shape = 1 / phi, rate = 1 / (phi * mu), log = TRUE))
    o$gamma <- list(shape_ml = gamma_shape(y, mu), r_loglik = as.numeric(logLik(m)), r_loglik_dispersion = D / n, r_aic = AIC(m), r_bic = BIC(m),
      loglik_at_pearson_dispersion = lr(phi, mu))
    check(paste0(name, ": R's gamma likelihood"), lr(D / n, mu), logLik(m))
    check(paste0(name, ": gamma shape"), o$gamma$shape_ml, gamma.shape(m, it.lim = 100, eps.max = 1e-12)$alpha, 1e-7)
  }
  if (isnb) {
    H <- matrix(0, p + 1, p + 1); H[1:p, 1:p] <- Ao
    H[1:p, p + 1] <- H[p + 1, 1:p] <- -crossprod(X, (y - mu) * mu / (theta + mu)^2)
    itt <- -sum(trigamma(y + theta) - trigamma(theta) + 1 / theta - 2 / (theta + mu) + (y + theta) / (theta + mu)^2)
    H[p + 1, p + 1] <- itt
    o$theta <- theta; o$alpha <- 1 / theta
    o$theta_se <- sqrt(1 / itt)
    Hi <- solve(H); o$theta_se_joint <- sqrt(Hi[p + 1, p + 1])
    nh <- -numDeriv::hessian(function(v) nb_ll(y, exp(drop(X %*% v[1:p]) + off), v[p + 1]), c(beta, theta))
    check(paste0(name, ": joint Hessian against a numerical one"), H, nh, 1e-5)
    o$vcov_joint_observed_beta_theta <- mat(Hi)
    J <- diag(c(rep(1, p), -1 / theta)); o$vcov_joint_observed_beta_lnalpha <- mat(J %*% Hi %*% t(J))
    o$alpha_se_joint <- o$theta_se_joint / theta^2
    pf <- tight(fml, poisson(), data); o$lr_against_poisson <- local({ st <- 2 * (ll - sum(dpois(y, fitted(pf), log = TRUE)))
      list(stat = st, p_half_chi2_1 = 0.5 * pchisq(st, 1, lower.tail = FALSE)) })
  }

  ## robust covariances
  h <- W * rowSums((X %*% Ai) * X)
  sand <- function(bread, om) mat(bread %*% crossprod(X, om * X) %*% bread)
  o$hc0 <- sand(Ai, s^2); o$hc1 <- n / (n - p) * o$hc0
  o$hc2 <- sand(Ai, s^2 / (1 - h)); o$hc3 <- sand(Ai, s^2 / (1 - h)^2)
  for (t in c("HC0", "HC1", "HC2", "HC3")) check(paste0(name, ": sandwich ", t), o[[tolower(t)]], vcovHC(m, type = t), 1e-7)
  cl <- data$cl; G <- length(unique(cl)); U <- rowsum(s * X, cl); B <- crossprod(U)
  o$cluster_groups <- G
  o$cluster_none <- mat(Ai %*% B %*% Ai)
  o$cluster_hc0 <- G / (G - 1) * o$cluster_none
  o$cluster_hc1 <- G / (G - 1) * (n - 1) / (n - p) * o$cluster_none
  check(paste0(name, ": vcovCL HC0"), o$cluster_hc0, vcovCL(m, cluster = cl, type = "HC0", cadjust = TRUE), 1e-7)
  check(paste0(name, ": vcovCL HC1"), o$cluster_hc1, vcovCL(m, cluster = cl, type = "HC1", cadjust = TRUE), 1e-7)
  if (!canonical) {
    o$hc0_observed <- sand(Aoi, s^2)
    o$cluster_none_observed <- mat(Aoi %*% B %*% Aoi)
  }
  if (!estimated && !isnb || fam == "Gamma") {
    b0 <- if (canonical) Ai else Aoi
    o$stata_ml_robust <- n / (n - 1) * sand(b0, s^2)
    o$stata_ml_cluster <- G / (G - 1) * mat(b0 %*% B %*% b0)
  }

  ## profile intervals
  prof <- function(f) { r <- t(vapply(seq_len(p), function(j) interval(function(b) f(j, b), beta[[j]], se[[j]]), c(0, 0))); rownames(r) <- nm; r }
  dev_at <- function(j, b, fam_ = family) scoring(X[, -j, drop = FALSE], y, pw, off + X[, j] * b, fam_, beta[-j] )$dev
  as_ci <- function(r) { l <- lapply(seq_len(p), function(j) arr(r[j, ])); names(l) <- nm; l }
  zc <- qchisq(.95, 1); tc <- qt(.975, n - p)^2
  if (estimated) {
    rz <- prof(function(j, b) (dev_at(j, b) - D) / phi - zc)
    rt <- prof(function(j, b) (dev_at(j, b) - D) / phi - tc)
    o$profile_ci_t <- as_ci(rt); o$profile_ci_z <- as_ci(rz)
    if (fam == "gaussian") o$profile_ci_full_likelihood <- as_ci(prof(function(j, b) n * log(dev_at(j, b) / D) - zc))
    if (fam == "Gamma") { llD <- function(Dv) { a <- exp(uniroot(function(la) la - digamma(exp(la)) - Dv / n / 2, c(-5, 15), tol = 1e-15)$root)
        n * (a * log(a) - lgamma(a)) - a * (Dv / 2 + n) }   # plus a constant: -sum(log y)(...) cancels because sum log terms sit in the deviance
      check(paste0(name, ": gamma profile likelihood"), llD(D) - llD(D0), ll - ll0, 1e-8)
      o$profile_ci_full_likelihood <- as_ci(prof(function(j, b) 2 * (llD(D) - llD(dev_at(j, b))) - zc)) }
    ref <- rz
  } else {
    ref <- prof(function(j, b) dev_at(j, b) - D - zc)
    if (!isnb) o$profile_ci <- as_ci(ref) else {
      o$profile_ci_theta_fixed <- as_ci(ref)
      o$profile_ci <- as_ci(prof(function(j, b) 2 * (ll - nb_matrix(X[, -j, drop = FALSE], y, off + X[, j] * b, beta[-j], theta)$ll) - zc))
    }
  }
  if (rows && fam != "quasipoisson") { cm <- suppressMessages(confint(if (isnb) m0_nb else m)); check(paste0(name, ": confint"), cm, ref, 2e-2) }
  o$wald_ci <- { r <- cbind(beta - (if (estimated) sqrt(tc) else sqrt(zc)) * se, beta + (if (estimated) sqrt(tc) else sqrt(zc)) * se); as_ci(r) }

  ## drop x2 and g together
  X0 <- X[, c("(Intercept)", "x1"), drop = FALSE]; ix <- match(c("x2", "g"), nm)
  r0 <- scoring(X0, y, pw, off, family, beta[-ix])
  m0 <- tight(as.formula(paste(resp, "~ x1", if (offset) "+ offset(off)" else "")), family, data)
  check(paste0(name, ": restricted fit"), r0$beta, coef(m0), 1e-10)
  score_stat <- function(fam_, b0) { e <- drop(X0 %*% b0) + off; u <- fam_$linkinv(e); mm <- fam_$mu.eta(e); v <- fam_$variance(u)
    U <- crossprod(X, pw * (y - u) * mm / v); drop(crossprod(U, solve(crossprod(X, (pw * mm^2 / v) * X), U))) }
  ph0 <- if (estimated) sum(pw * (y - fitted(m0))^2 / family$variance(fitted(m0))) / (n - 2) else 1
  c2 <- function(s) list(stat = s, df = 2, p = pchisq(s, 2, lower.tail = FALSE))
  ff <- function(s) list(stat = s, df1 = 2, df2 = n - p, p = pf(s, 2, n - p, lower.tail = FALSE))
  wald <- function(v) drop(crossprod(beta[ix], solve(v[ix, ix], beta[ix])))
  T <- list(restricted_coefficients = r0$beta, restricted_deviance = r0$dev)
  if (isnb) {
    q0 <- nb_matrix(X0, y, off, r0$beta, theta); T$restricted_coefficients_own_theta <- q0$beta; T$restricted_theta <- q0$theta
    T$lr <- c2(2 * (ll - q0$ll)); T$lr_theta_fixed_at_full <- c2(r0$dev - D)
    T$rao <- c2(score_stat(negative.binomial(q0$theta), q0$beta)); T$rao_theta_fixed_at_full <- c2(score_stat(family, r0$beta))
  } else {
    T$lr <- c2((r0$dev - D) / phi); T$rao <- c2(score_stat(family, r0$beta) / phi)
    if (estimated) { T$rao_restricted_dispersion <- c2(score_stat(family, r0$beta) / ph0); T$dispersion_restricted <- ph0
      T$f <- ff((r0$dev - D) / 2 / phi) }
    if (fam %in% c("gaussian", "Gamma")) T$lr_full_likelihood <- c2(2 * (ll - full_ll(fitted(m0), r0$dev)))
    a1 <- anova(m0, m, test = "LRT"); check(paste0(name, ": anova LRT"), T$lr$p, a1[2, "Pr(>Chi)"], 1e-6)
    a2 <- anova(m0, m, test = "Rao"); check(paste0(name, ": anova Rao"), T$rao$stat, a2[2, "Rao"] / (if (estimated) phi else 1), 1e-6)
    check(paste0(name, ": anova Rao p"), T$rao$p, a2[2, "Pr(>Chi)"], 1e-5)
    if (estimated) { a3 <- anova(m0, m, test = "F"); check(paste0(name, ": anova F"), T$f$stat, a3[2, "F"], 1e-7) }
  }
  T$wald <- c2(wald(vc)); T$wald_f <- ff(wald(vc) / 2)
  check(paste0(name, ": linearHypothesis"), T$wald$stat, car::linearHypothesis(m, c("x2 = 0", "g = 0"), vcov. = vc, test = "Chisq")[2, "Chisq"], 1e-8)
  for (v in c("hc0", "hc1", "hc3", "cluster_hc0", "cluster_hc1")) T[[paste0("wald_", v)]] <- c2(wald(o[[v]]))
  o$drop_x2_g <- T

  ## sequential analysis of deviance
  devs <- vapply(1:p, function(k) if (k == p) D else scoring(X[, 1:k, drop = FALSE], y, pw, off, family, if (k == 1) coef(n0) else beta[1:k])$dev, 0)
  dd <- -diff(devs)
  o$sequential <- list(terms = c("NULL", nm[-1]), deviance = arr(devs), deviance_drop = arr(dd),
    chisq_stat = arr(dd / phi), chisq_p = arr(pchisq(dd / phi, 1, lower.tail = FALSE)))
  if (estimated) { o$sequential$f_stat <- arr(dd / phi); o$sequential$f_p <- arr(pf(dd / phi, 1, n - p, lower.tail = FALSE)) }
  an <- anova(m, test = if (estimated) "F" else "Chisq", dispersion = if (estimated) NULL else 1)
  check(paste0(name, ": anova"), devs, an[, "Resid. Dev"], 1e-9)
  check(paste0(name, ": anova p"), if (estimated) o$sequential$f_p else o$sequential$chisq_p, an[-1, if (estimated) "Pr(>F)" else "Pr(>Chi)"], 1e-6)
  # tests of each single term against the full model (type II; drop1)
  one <- vapply(2:p, function(j) dev_at(j, 0) - D, 0)
  o$drop_each <- list(terms = nm[-1], stat = arr(one / phi), chisq_p = arr(pchisq(one / phi, 1, lower.tail = FALSE)))
  if (estimated) o$drop_each$f_p <- arr(pf(one / phi, 1, n - p, lower.tail = FALSE))

  ## average marginal effects
  d2 <- d2mu(link, eta)
  est <- c(x1 = mean(me) * beta[["x1"]], x2 = mean(me) * beta[["x2"]])
  J <- t(vapply(c("x1", "x2"), function(v) colMeans(d2 * X) * beta[[v]] + (nm == v) * mean(me), numeric(p)))
  Xa <- Xb <- X; Xa[, "g"] <- 1; Xb[, "g"] <- 0; ea <- drop(Xa %*% beta) + off; eb <- drop(Xb %*% beta) + off
  est <- c(est, g = mean(family$linkinv(ea) - family$linkinv(eb)))
  J <- rbind(J, g = colMeans(family$mu.eta(ea) * Xa - family$mu.eta(eb) * Xb))
  Jn <- numDeriv::jacobian(function(b) { e <- drop(X %*% b) + off; e1 <- drop(Xa %*% b) + off; e0 <- drop(Xb %*% b) + off
    c(mean(family$mu.eta(e)) * b[2:3], mean(family$linkinv(e1) - family$linkinv(e0))) }, beta)
  check(paste0(name, ": marginal effect derivatives"), J, Jn, 1e-6)
  av <- J %*% vc %*% t(J)
  o$ame <- list(estimate = est, std_error = sqrt(diag(av)), vcov = mat(av), std_error_hc0 = sqrt(diag(J %*% o$hc0 %*% t(J))),
                std_error_cluster_hc1 = sqrt(diag(J %*% o$cluster_hc1 %*% t(J))))

  ## prediction
  Xn <- cbind(1, as.matrix(newd[, X3])); on <- if (offset) newd$off else rep(0, 3)
  en <- drop(Xn %*% beta) + on; sn <- sqrt(rowSums((Xn %*% vc) * Xn)); mn <- family$linkinv(en)
  z1 <- qnorm(.975); t1 <- qt(.975, n - p)
  ci <- function(k) { l <- family$linkinv(en - k * sn); u <- family$linkinv(en + k * sn); list(lower = arr(pmin(l, u)), upper = arr(pmax(l, u))) }
  o$predict <- list(eta = arr(en), eta_se = arr(sn), mean = arr(mn), mean_se = arr(abs(family$mu.eta(en)) * sn), mean_ci_z = ci(z1))
  if (estimated) o$predict$mean_ci_t <- ci(t1)
  if (fam == "gaussian") { sp <- sqrt(phi + sn^2); o$predict$new_observation_ci_t <- list(lower = arr(en - t1 * sp), upper = arr(en + t1 * sp)) }
  pr <- predict(m, newdata = newd, type = "link", se.fit = TRUE, dispersion = phi)
  check(paste0(name, ": predict"), c(pr$fit, pr$se.fit), c(en, sn), 1e-9)

  ## link test
  e2 <- eta^2; dl <- data; dl$.e <- eta; dl$.e2 <- e2
  lf <- tight(as.formula(paste(resp, "~ .e + .e2")), if (isnb) family else family, transform(dl, .e = eta, .e2 = eta^2))
  sm <- summary(lf, dispersion = if (estimated) NULL else 1)$coefficients
  o$link_test <- list(coefficients = arr(sm[, 1]), std_error = arr(sm[, 2]), eta2_stat = sm[3, 3], eta2_p = sm[3, 4], reference = if (estimated) paste0("t(", n - 3, ")") else "normal")
  o$overdispersion <- list(pearson_chi2_over_df = pearson / (n - p), deviance_over_df = D / (n - p))

  ## diagnostics
  if (diag) {
    dr <- sign(y - mu) * sqrt(pmax(family$dev.resids(y, mu, pw), 0)); pe <- (y - mu) * sqrt(pw / V)
    sd_ <- dr / sqrt(phi * (1 - h)); sp <- pe / sqrt(phi * (1 - h)); ck <- (pe / (1 - h))^2 * h / (phi * p)
    check(paste0(name, ": hat"), h, hatvalues(m)); check(paste0(name, ": rstandard"), sd_, rstandard(m), 1e-7)
    check(paste0(name, ": rstandard pearson"), sp, rstandard(m, type = "pearson"), 1e-7); check(paste0(name, ": cook"), ck, cooks.distance(m), 1e-7)
    one <- (Ai %*% t(X * (s / (1 - h))))             # p x n, classical one-step
    infl <- influence(m); b_r <- t(unname(infl$coefficients))
    sig_i <- infl$sigma
    sig_hand <- sqrt((sum(dr^2) - dr^2 / (1 - h)) / (n - p - 1)); check(paste0(name, ": sigma(-i)"), sig_hand, sig_i, 1e-7)
    b_r2 <- Ai %*% t(X * (sqrt(W) * dr / (1 - h)))
    check(paste0(name, ": R dfbeta"), b_r2, b_r, 1e-6)
    ds_r <- b_r2 / outer(sqrt(diag(Ai)), sig_hand); check(paste0(name, ": R dfbetas"), t(ds_r), dfbetas(m), 1e-6)
    ds_o <- one / se                                  # row k divided by the standard error of coefficient k
    exact <- t(vapply(1:10, function(i) beta - scoring(X[-i, ], y[-i], pw[-i], off[-i], family, beta)$beta, numeric(p)))
    rst <- sign(dr) * sqrt(dr^2 + h * pe^2 / (1 - h))
    if (fam %in% c("binomial", "poisson")) { rst_r <- rst } else { rst_r <- rst / sig_hand }
    check(paste0(name, ": rstudent"), rst_r, rstudent(m), 1e-7)
    o$diagnostics <- list(fitted = arr(mu), linear_predictor = arr(eta), response = arr(y - mu), pearson = arr(pe), deviance = arr(dr), working = arr(wr), hat = arr(h),
      standardised_deviance = arr(sd_), standardised_pearson = arr(sp), studentised = arr(rst_r), cooks_distance = arr(ck),
      dfbeta_onestep_first10 = mat(t(one)[1:10, ]), dfbeta_onestep_abs_sum = arr(rowSums(abs(one))),
      dfbetas_onestep_first10 = mat(t(ds_o)[1:10, ]), dfbetas_onestep_abs_sum = arr(rowSums(abs(ds_o))),
      dfbeta_r_first10 = mat(t(b_r2)[1:10, ]), dfbeta_r_abs_sum = arr(rowSums(abs(b_r2))),
      dfbetas_r_first10 = mat(t(ds_r)[1:10, ]), dfbetas_r_abs_sum = arr(rowSums(abs(ds_r))),
      dfbeta_exact_first10 = mat(exact))
    if (fam == "gaussian") { check("gaussian: one-step is exact", t(one)[1:10, ], exact, 1e-9)
      check("gaussian: one-step = R", one, b_r2, 1e-9) }
    # collinearity
    R <- cov2cor(vc[-1, -1]); vif <- vapply(1:3, function(j) det(R[j, j, drop = FALSE]) * det(R[-j, -j]) / det(R), 0); names(vif) <- nm[-1]
    check(paste0(name, ": vif"), vif, car::vif(m))
    vx <- vapply(2:4, function(j) 1 / (1 - summary(lm(X[, j] ~ X[, setdiff(2:4, j)]))$r.squared), 0); names(vx) <- nm[-1]
    bel <- function(M) { S <- sweep(M, 2, sqrt(colSums(M^2)), "/"); sv <- svd(S); ph <- t(sv$v^2 / rep(sv$d^2, each = ncol(M)))
      list(singular_values = arr(sv$d), condition_indices = arr(sv$d[1] / sv$d), variance_proportions = mat(sweep(ph, 2, colSums(ph), "/"))) }
    o$collinearity <- list(vif = vif, vif_design = vx, belsley = bel(X), belsley_weighted = bel(sqrt(W) * X))
  }

  ## binary outcome: calibration
  if (fam == "binomial" && !grepl("cbind", resp)) {
    hl <- function(grp, pr) { ob <- tapply(y, grp, sum); ex <- tapply(pr, grp, sum); ng <- tapply(pr, grp, length)
      st <- sum((ob - ex)^2 / (ex * (1 - ex / ng))); list(n = arr(ng), observed = arr(ob), expected = arr(ex), stat = st, df = 8, p = pchisq(st, 8, lower.tail = FALSE)) }
    qg <- cut(mu, quantile(mu, seq(0, 1, .1), type = 7), include.lowest = TRUE, labels = FALSE)
    eg <- integer(n); eg[order(mu)] <- ceiling(seq_len(n) * 10 / n)
    o$hosmer_lemeshow <- list(quantile_groups = hl(qg, mu), equal_count_groups = hl(eg, mu))
    cal <- function(pr) { L <- qlogis(pr); one <- scoring(cbind(1, L), y, rep(1, n), rep(0, n), binomial(), c(0, 1)); b <- one$beta
      u <- plogis(b[1] + b[2] * L); Vb <- solve(crossprod(cbind(1, L), u * (1 - u) * cbind(1, L)))
      a <- scoring(matrix(1, n, 1), y, rep(1, n), L, binomial(), 0); ua <- plogis(a$beta + L); l0 <- -2 * sum(dbinom(y, 1, pr, log = TRUE))
      v <- sum((1 - 2 * pr)^2 * pr * (1 - pr))
      list(intercept = b[[1]], slope = b[[2]], vcov = mat(Vb), in_the_large = a$beta[[1]], in_the_large_se = sqrt(1 / sum(ua * (1 - ua))),
        lr_intercept0_slope1 = l0 - one$dev, lr_p_df2 = pchisq(l0 - one$dev, 2, lower.tail = FALSE),
        brier = mean((y - pr)^2), brier_scaled = 1 - mean((y - pr)^2) / (mean(y) * (1 - mean(y))), log_loss = -mean(dbinom(y, 1, pr, log = TRUE)),
        spiegelhalter_z = sum((y - pr) * (1 - 2 * pr)) / sqrt(v), spiegelhalter_p_two_sided = 2 * pnorm(-abs(sum((y - pr) * (1 - 2 * pr)) / sqrt(v)))) }
    ps <- round(plogis(0.4 + 0.7 * qlogis(mu) + 0.25 * X[, "x1"] * X[, "g"]), 6)
    o$calibration <- list(training = cal(mu), shifted_probabilities = arr(ps), shifted = cal(ps))
    gs <- cut(ps, quantile(ps, seq(0, 1, .1), type = 7), include.lowest = TRUE, labels = FALSE)
    hs <- hl(gs, ps); hs$df <- 10; hs$p <- pchisq(hs$stat, 10, lower.tail = FALSE); o$calibration$shifted_hosmer_lemeshow_df10 <- hs
  }
  ## Poisson: tests of overdispersion
  if (fam == "poisson") {
    ct <- function(x) { a <- ((y - mu)^2 - y) / mu; b <- sum(a * x) / sum(x^2); r <- a - b * x; se <- sqrt(sum(r^2) / (n - 1) / sum(x^2)); rb <- sqrt(sum(r^2 * x^2)) / sum(x^2)
      list(alpha = b, std_error = se, t = b / se, p_one_sided_normal = pnorm(b / se, lower.tail = FALSE), std_error_hc0 = rb, t_hc0 = b / rb) }
    o$overdispersion$cameron_trivedi_nb2 <- ct(mu); o$overdispersion$cameron_trivedi_nb1 <- ct(rep(1, n))
    check(paste0(name, ": AER nb2"), o$overdispersion$cameron_trivedi_nb2$t, AER::dispersiontest(m, trafo = 2)$statistic, 1e-8)
    check(paste0(name, ": AER nb1"), o$overdispersion$cameron_trivedi_nb1$t, AER::dispersiontest(m, trafo = 1)$statistic, 1e-8)
    dn <- function(s) list(stat = s, p_one_sided_normal = pnorm(s, lower.tail = FALSE))
    o$overdispersion$score_nb2 <- dn(sum((y - mu)^2 - y) / sqrt(2 * sum(mu^2)))
    o$overdispersion$score_nb2_leverage_adjusted <- dn(sum((y - mu)^2 - y + h * mu) / sqrt(2 * sum(mu^2)))
    o$overdispersion$score_nb1 <- dn(sum(((y - mu)^2 - y) / mu) / sqrt(2 * n))
    o$overdispersion$score_nb1_leverage_adjusted <- dn(sum(((y - mu)^2 - y + h * mu) / mu) / sqrt(2 * n))
    if (rows) o$quantile_residual_bounds <- list(lower = arr(ppois(y[1:10] - 1, mu[1:10])), upper = arr(ppois(y[1:10], mu[1:10])))
  }
  if (isnb && rows) o$quantile_residual_bounds <- list(lower = arr(pnbinom(y[1:10] - 1, size = theta, mu = mu[1:10])), upper = arr(pnbinom(y[1:10], size = theta, mu = mu[1:10])))
  o
}

M <- list(
  gaussian = run("gaussian", "yn", "gaussian", "identity", diag = TRUE),
  logit = run("logit", "yb", "binomial", "logit", diag = TRUE),
  probit = run("probit", "yb", "binomial", "probit"),
  cloglog = run("cloglog", "yb", "binomial", "cloglog"),
  poisson = run("poisson", "yc", "poisson", "log", offset = TRUE, diag = TRUE),
  gamma_log = run("gamma_log", "yp", "Gamma", "log", diag = TRUE),
  gamma_inverse = run("gamma_inverse", "yp", "Gamma", "inverse"),
  binomial_trials = run("binomial_trials", "cbind(ys, tr - ys)", "binomial", "logit", diag = TRUE),
  quasipoisson = run("quasipoisson", "yc", "quasipoisson", "log", offset = TRUE),
  negative_binomial = run("negative_binomial", "yc", "nb", "log", offset = TRUE))

## ---- frequency weights: row i counts w_i times ------------------------------------------------
dx <- d[rep(seq_len(nrow(d)), d$w), ]
for (k in list(c("gaussian", "yn", "gaussian", "identity"), c("logit", "yb", "binomial", "logit"), c("probit", "yb", "binomial", "probit"), c("poisson", "yc", "poisson", "log"), c("gamma_log", "yp", "Gamma", "log"))) {
  nm <- paste0(k[1], "_frequency_weights")
  o <- run(nm, k[2], k[3], k[4], data = dx, offset = k[1] == "poisson", rows = FALSE, note = "each row repeated w times; n = sum of w")
  # R's prior weights give the same coefficients; its sandwich uses the squared weight
  fml <- as.formula(paste(k[2], "~ x1 + x2 + g", if (k[1] == "poisson") "+ offset(off)" else ""))
  fa <- switch(k[3], gaussian = gaussian(), binomial = binomial(k[4]), poisson = poisson(), Gamma = Gamma("log"))
  wm <- suppressWarnings(glm(fml, fa, data = d, weights = w, control = ctl))
  for (q in 1:30) { st <- coef(wm); wm <- suppressWarnings(glm(fml, fa, data = d, weights = w, control = ctl, start = st)) }
  check(paste0(nm, ": prior weights"), coef(wm), o$coefficients, 1e-10)
  o$hc0_prior_weights <- mat(vcovHC(wm, type = "HC0"))
  o$collapsed_rows <- nrow(d)
  M[[nm]] <- o
}

## ---- Firth's logistic regression -------------------------------------------------------------
firth <- function(X, y) {
  p <- ncol(X); nm <- colnames(X)
  pll <- function(b) { u <- plogis(drop(X %*% b)); e <- drop(X %*% b)
    sum(y * e - ifelse(e > 30, e, log1p(exp(e)))) + 0.5 * determinant(crossprod(X, u * (1 - u) * X))$modulus[[1]] }
  usc <- function(b, XX = X) { u <- plogis(drop(XX %*% b)); w <- u * (1 - u); Ai <- solve(crossprod(XX, w * XX)); h <- w * rowSums((XX %*% Ai) * XX)
    drop(crossprod(XX, y - u + h * (0.5 - u))) }
  # maximise over the free coefficients; the penalty keeps all columns
  fitc <- function(free, b) {
    if (!length(free)) return(b)
    f <- pll(b); ok <- 0
    for (i in 1:500) {
      u <- plogis(drop(X %*% b)); A <- crossprod(X, u * (1 - u) * X); s <- usc(b)[free]
      st <- drop(solve(A[free, free, drop = FALSE], s))
      if (i > 8) { H <- -numDeriv::jacobian(function(v) { bb <- b; bb[free] <- v; usc(bb)[free] }, b[free]); ev <- tryCatch(eigen((H + t(H)) / 2)$values, error = function(e) -1)
        if (all(ev > 0)) st <- drop(solve(H, s)) }
      t <- 1; m <- max(abs(st)); if (m > 5) t <- 5 / m
      repeat { b1 <- b; b1[free] <- b[free] + t * st; f1 <- pll(b1); if (is.finite(f1) && f1 >= f - 1e-12 * (1 + abs(f)) || t < 1e-10) break; t <- t / 2 }
      b <- b1; f <- f1
      if (m < 1e-12 * (1 + max(abs(b)))) ok <- ok + 1
      if (ok >= 2) break
    }
    b
  }
  b <- fitc(1:p, rep(0, p)); names(b) <- nm; f <- pll(b); u <- plogis(drop(X %*% b)); w <- u * (1 - u)
  Ai <- solve(crossprod(X, w * X)); h <- w * rowSums((X %*% Ai) * X); Ag <- solve(crossprod(X, (1 + h) * w * X))
  c1 <- qchisq(.95, 1)
  ci <- t(vapply(1:p, function(j) { fn <- function(v) { b0 <- b; b0[j] <- v; 2 * (f - pll(fitc(setdiff(1:p, j), b0))) - c1 }
    interval(fn, b[[j]], sqrt(Ai[j, j])) }, c(0, 0)))
  pk <- vapply(1:p, function(j) { b0 <- b; b0[j] <- 0; 2 * (f - pll(fitc(setdiff(1:p, j), b0))) }, 0)
  # variant: the column leaves the penalty as well
  drop_pen <- vapply(1:p, function(j) { XX <- X[, -j, drop = FALSE]
    pl <- function(v) { e <- drop(XX %*% v); q <- plogis(e); sum(y * e - log1p(exp(e))) + 0.5 * determinant(crossprod(XX, q * (1 - q) * XX))$modulus[[1]] }
    v <- rep(0, p - 1); fv <- pl(v)
    for (i in 1:300) { q <- plogis(drop(XX %*% v)); st <- drop(solve(crossprod(XX, q * (1 - q) * XX), usc(v, XX))); t <- 1; if (max(abs(st)) > 5) t <- 5 / max(abs(st))
      repeat { f1 <- pl(v + t * st); if (is.finite(f1) && f1 >= fv - 1e-12 * (1 + abs(fv)) || t < 1e-10) break; t <- t / 2 }
      v <- v + t * st; fv <- f1; if (max(abs(st)) < 1e-13) break }
    2 * (f - fv) }, 0)
  # the overall test keeps the columns in the penalty
  b0 <- fitc(1, rep(0, p)); lr <- 2 * (f - pll(b0))
  ll <- sum(dbinom(y, 1, u, log = TRUE))
  as_ci <- function(r) { l <- lapply(1:p, function(j) arr(r[j, ])); names(l) <- nm; l }
  ch <- function(st) list(stat = setNames(st, nm), p = setNames(pchisq(st, 1, lower.tail = FALSE), nm))
  check(paste("firth gradient", p, length(y)), 1 + usc(b), rep(1, p), 1e-10)
  list(n = length(y), coefficients = b, vcov = mat(Ai), std_error = setNames(sqrt(diag(Ai)), nm), std_error_augmented = setNames(sqrt(diag(Ag)), nm),
    penalised_loglik = f, loglik = ll, fitted = arr(u), profile_ci = as_ci(ci), lr_keep_column_in_penalty = ch(pk), lr_drop_column_from_penalty = ch(drop_pen),
    overall_lr = list(stat = lr, df = p - 1, p = pchisq(lr, p - 1, lower.tail = FALSE)))
}
F1 <- firth(cbind(`(Intercept)` = 1, z1 = d2$z1, z2 = d2$z2), d2$y)
data("endometrial", package = "brglm2"); en <- endometrial
F2 <- firth(cbind(`(Intercept)` = 1, NV = as.numeric(as.character(en$NV)), PI = en$PI, EH = en$EH), as.numeric(as.character(en$HG)))
bg <- function(f, data) coef(glm(f, binomial(), data, method = brglm2::brglm_fit, type = "AS_mean", control = list(epsilon = 1e-13, maxit = 1000)))
check("firth data2 against brglm2", F1$coefficients, suppressWarnings(bg(y ~ z1 + z2, d2)), 1e-8)
check("firth endometrial against brglm2", F2$coefficients, suppressWarnings(bg(HG ~ NV + PI + EH, en)), 1e-8)

## ---- three ordered classes of yn ---------------------------------------------------------------
cuts <- as.numeric(quantile(d$yn, c(1/3, 2/3), type = 7)); y3 <- findInterval(d$yn, cuts) + 1L; N <- nrow(d)
XM <- cbind(1, d$x1, d$x2, d$g)
newton <- function(par, nll, grad) { ok <- 0; f <- nll(par); for (i in 1:100) { g <- grad(par); H <- numDeriv::jacobian(grad, par); H <- (H + t(H)) / 2; st <- -solve(H, g); t <- 1
    while (!is.finite(f1 <- nll(par + t * st)) || f1 > f + 1e-10) { t <- t / 2; if (t < 1e-8) break }
    par <- par + t * st; f <- f1; if (max(abs(st)) < 1e-12 * (1 + max(abs(par)))) ok <- ok + 1; if (ok >= 2) break }
  list(par = par, nll = nll(par), H = { H <- numDeriv::jacobian(grad, par, method = "complex"); (H + t(H)) / 2 }, grad = max(abs(grad(par)))) }
ordered_fit <- function(cols) {                      # logit P(Y <= k) = zeta_k - x'beta
  Z <- as.matrix(d[, cols, drop = FALSE]); q <- length(cols)
  pr <- function(v) { e <- drop(Z %*% v[seq_len(q)]); F <- cbind(0, 1 / (1 + exp(e - v[q + 1])), 1 / (1 + exp(e - v[q + 2])), 1); list(p = F[cbind(1:N, y3 + 1)] - F[cbind(1:N, y3)], F = F) }
  nll <- function(v) { if (v[q + 1] >= v[q + 2]) return(Inf); -sum(log(pr(v)$p)) }
  gr <- function(v) { r <- pr(v); f <- r$F * (1 - r$F); up <- f[cbind(1:N, y3 + 1)] / r$p; lo <- f[cbind(1:N, y3)] / r$p
    -c(-colSums((up - lo) * Z), sum(up[y3 == 1]) - sum(lo[y3 == 2]), sum(up[y3 == 2]) - sum(lo[y3 == 3])) }
  r <- newton(c(rep(0, q), -0.7, 0.7), nll, gr); names(r$par) <- c(cols, "1|2", "2|3"); r
}
multi_fit <- function(cols) {                        # class 1 is the reference
  Z <- cbind(1, as.matrix(d[, cols, drop = FALSE])); q <- ncol(Z)
  pr <- function(v) { e <- exp(cbind(0, Z %*% matrix(v, q))); e / rowSums(e) }
  nll <- function(v) -sum(log(pr(v)[cbind(1:N, y3)]))
  gr <- function(v) { P <- pr(v); c(-crossprod(Z, (y3 == 2) - P[, 2]), -crossprod(Z, (y3 == 3) - P[, 3])) }
  r <- newton(rep(0, 2 * q), nll, gr); names(r$par) <- paste0(rep(2:3, each = q), ":", c("(Intercept)", cols)); r
}
lr2 <- function(a, b, df) list(stat = 2 * (b$nll - a$nll), df = df, p = pchisq(2 * (b$nll - a$nll), df, lower.tail = FALSE))
pack <- function(a, b, df) { V <- solve(a$H); ix <- grep("x2$|g$", names(a$par)); w <- drop(crossprod(a$par[ix], solve(V[ix, ix], a$par[ix])))
  list(coefficients = a$par, vcov_observed_information = mat(V), std_error = setNames(sqrt(diag(V)), names(a$par)), loglik = -a$nll, deviance = 2 * a$nll,
  aic = 2 * a$nll + 2 * length(a$par), restricted_coefficients = b$par, restricted_loglik = -b$nll, lr_drop_x2_g = lr2(a, b, df),
  wald_drop_x2_g = list(stat = w, df = df, p = pchisq(w, df, lower.tail = FALSE))) }
oa <- ordered_fit(X3); ob <- ordered_fit("x1"); ma <- multi_fit(X3); mb <- multi_fit("x1")
dd <- cbind(d, y3 = factor(y3, ordered = TRUE))
po <- polr(y3 ~ x1 + x2 + g, dd, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
check("ordered against polr", c(coef(po), po$zeta), oa$par, 1e-5); check("ordered against polr deviance", deviance(po), 2 * oa$nll, 1e-10)
cm <- ordinal::clm(y3 ~ x1 + x2 + g, data = dd, control = list(gradTol = 1e-11, maxIter = 200)); check("ordered against clm", c(cm$beta, cm$alpha), oa$par, 1e-9)
check("ordered vcov against clm", vcov(cm)[c(3:5, 1:2), c(3:5, 1:2)], solve(oa$H), 1e-6)
p0 <- polr(y3 ~ x1, dd, control = list(reltol = 1e-15, maxit = 1000)); check("ordered LR against polr", anova(p0, po)[2, "LR stat."], 2 * (ob$nll - oa$nll), 1e-8)
mn <- nnet::multinom(factor(y3, ordered = FALSE) ~ x1 + x2 + g, dd, trace = FALSE, reltol = 1e-16, abstol = 1e-12, maxit = 5000)
check("multinomial against nnet", t(coef(mn)), ma$par, 1e-4); check("multinomial deviance against nnet", deviance(mn), 2 * ma$nll, 1e-9)
ORD <- c(list(cutpoints = arr(cuts), classes = "class = 1 + number of cutpoints <= yn; cutpoints are the type 7 quantiles 1/3 and 2/3 of yn", counts = arr(table(y3)), formula = "class ~ x1 + x2 + g"), pack(oa, ob, 2))
MUL <- c(list(reference_class = 1, formula = "class ~ x1 + x2 + g"), pack(ma, mb, 4))

## ---- published numbers -------------------------------------------------------------------------
pub <- list()
say <- function(what, source, published, computed, digits) { ok <- abs(published - computed) <= 0.51 * 10^-digits; pub[[length(pub) + 1]] <<- list(what = what, source = source, published = published, computed = computed, agrees = ok) }
counts <- c(18, 17, 15, 20, 10, 20, 25, 13, 12); oc <- gl(3, 1, 9); tr <- gl(3, 3)
dob <- glm(counts ~ oc + tr, poisson()); say("Dobson randomised trial: residual deviance", "Dobson (1990), R help page ?glm", 5.1291, deviance(dob), 4)
say("Dobson: coefficient of outcome 2", "Dobson (1990), R help page ?glm", -0.4543, coef(dob)[[2]], 4)
data("PetersenCL", package = "sandwich"); pm <- lm(y ~ x, PetersenCL)
say("Petersen data: clustered (firm) standard error of x", "Petersen's test data page, sandwich vignette on clustering", 0.0506, sqrt(vcovCL(pm, ~firm)[2, 2]), 4)
say("Petersen data: clustered (firm) standard error of the intercept", "Petersen's test data page, sandwich vignette on clustering", 0.0670, sqrt(vcovCL(pm, ~firm)[1, 1]), 4)
say("Petersen data: White (HC1) standard error of x", "Petersen's test data page", 0.0284, sqrt(vcovHC(pm, "HC1")[2, 2]), 4)
data("RecreationDemand", package = "AER"); rp <- glm(trips ~ ., data = RecreationDemand, family = poisson); dt <- AER::dispersiontest(rp)
say("Recreation demand: Cameron-Trivedi z", "Kleiber & Zeileis (2008), Applied Econometrics with R, 5.3", 2.4116, dt$statistic[[1]], 4)
say("Recreation demand: dispersion", "Kleiber & Zeileis (2008), Applied Econometrics with R, 5.3", 6.5658, dt$estimate[[1]], 4)
say("Endometrial: Firth coefficient of NV", "Heinze & Schemper (2002); logistf figures in the tests of firthlogist", 2.929, F2$coefficients[["NV"]], 3)
say("Endometrial: profile interval of NV, lower", "logistf figures in the tests of firthlogist", 0.6097244, F2$profile_ci$NV[1], 6)
say("Endometrial: profile interval of NV, upper", "logistf figures in the tests of firthlogist", 7.854632, F2$profile_ci$NV[2], 6)
say("Endometrial: profile interval of PI, lower", "logistf figures in the tests of firthlogist", -0.1244587, F2$profile_ci$PI[1], 6)
say("Endometrial: profile interval of EH, lower", "logistf figures in the tests of firthlogist", -4.365183, F2$profile_ci$EH[1], 6)
hp <- polr(Sat ~ Infl + Type + Cont, weights = Freq, data = housing); say("Housing: ordered logit deviance", "Venables & Ripley (2002), MASS 4th ed., 7.3", 3479.149, deviance(hp), 3)

vers <- c(R = paste(R.version$major, R.version$minor, sep = "."), vapply(c("MASS", "sandwich", "car", "AER", "ordinal", "brglm2", "nnet", "numDeriv"), function(p) as.character(packageVersion(p)), ""))
out <- list(versions = as.list(vers), new_rows = lapply(1:3, function(i) as.list(newd[i, ])), models = M, firth = list(data2 = c(list(formula = "y ~ z1 + z2"), F1), endometrial = c(list(formula = "HG ~ NV + PI + EH"), F2)),
  ordered_logit = ORD, multinomial = MUL, published = pub, largest_root_residual = worst_root, largest_check_difference = checks)
writeLines(js(out), file.path(here, "inference.json"))
cat(sprintf("largest root residual %.3g\n", worst_root)); cat(sprintf("%d checks passed; largest %.3g (%s)\n", length(checks), max(unlist(checks)), names(checks)[which.max(unlist(checks))]))
for (q in pub) cat(if (q$agrees) "agrees   " else "DIFFERS  ", q$what, ": published ", q$published, ", computed ", format(q$computed, digits = 8), "\n", sep = "")
