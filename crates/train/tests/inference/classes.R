# Reference numbers for the inference of multinomial and ordered regressions.
# Run:  Rscript classes.R        reads data.csv, writes classes.json, both next to this script.
# Needs the packages MASS, nnet, ordinal, brglm2, numDeriv. Everything is computed from likelihoods that are written out here, whose
# derivatives numDeriv takes; the packages check it.
suppressMessages({ library(MASS); library(numDeriv) })
args <- commandArgs(FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", args, value = TRUE)))
if (!length(here)) here <- "."
d <- read.csv(file.path(here, "data.csv"))
cuts <- as.numeric(quantile(d$yn, c(0.2, 0.5, 0.8)))
y <- 1 + colSums(outer(cuts, d$yn, "<="))
K <- 4; n <- nrow(d); X <- as.matrix(d[, c("x1", "x2", "g")])
newx <- rbind(c(0.5, -0.3, 1), c(-1.2, 0.8, 0), c(2, 1.5, 1))
checks <- list()
check <- function(label, a, b, tol) {
  a <- as.numeric(a); b <- as.numeric(b)
  e <- max(abs(a - b) / pmax(1e-2, abs(b)))
  checks[[label]] <<- e
  cat(sprintf("%-45s %.2g\n", label, e))
  if (!is.finite(e) || e > tol) stop(label, ": ", e)
}

## ---- models: log-probabilities of all classes (one row an observation) as functions of the parameters --------------------------
F <- list(logit = plogis, probit = pnorm, cauchit = pcauchy, cloglog = function(t) -expm1(-exp(t)))
S <- list(logit = function(t) plogis(-t), probit = function(t) pnorm(-t), cauchit = function(t) pcauchy(-t), cloglog = function(t) exp(-exp(t)))
dens <- list(logit = dlogis, probit = dnorm, cauchit = dcauchy, cloglog = function(t) exp(t - exp(t)))
ordered_model <- function(link) list(
  names = c("x1", "x2", "g", "0|1", "1|2", "2|3"), slopes = 1:3,
  prob = function(v, Z) {
    e <- drop(Z %*% v[1:3]); z <- v[4:6]
    T <- cbind(-Inf, outer(-e, z, "+"), Inf)
    P <- sapply(1:K, function(k) ifelse(T[, k] > 0, S[[link]](T[, k]) - S[[link]](T[, k + 1]), F[[link]](T[, k + 1]) - F[[link]](T[, k])))
    matrix(P, ncol = K)
  },
  score = function(v, k, Z) {                       # derivatives of log P(class k_i), one row an observation
    e <- drop(Z %*% v[1:3]); T <- cbind(-Inf, outer(-e, v[4:6], "+"), Inf); f <- dens[[link]](T); f[!is.finite(T)] <- 0
    p <- ordered_model(link)$prob(v, Z)[cbind(seq_along(k), k)]
    up <- f[cbind(seq_along(k), k + 1)] / p; lo <- f[cbind(seq_along(k), k)] / p
    cbind(-(up - lo) * Z, sapply(1:3, function(c) up * (k == c) - lo * (k == c + 1)))
  },
  feasible = function(v) all(diff(v[4:6]) > 0), start = c(0, 0, 0, -1.4, 0, 1.4))
multi <- list(
  names = paste0(rep(1:3, each = 4), ":", c("(intercept)", "x1", "x2", "g")), slopes = c(2:4, 6:8, 10:12),
  prob = function(v, Z) { e <- cbind(0, cbind(1, Z) %*% matrix(v, 4)); e <- exp(e - apply(e, 1, max)); e / rowSums(e) },
  score = function(v, k, Z) { P <- multi$prob(v, Z); do.call(cbind, lapply(2:K, function(c) ((k == c) - P[, c]) * cbind(1, Z))) },
  feasible = function(v) TRUE, start = rep(0, 12))

## ---- Newton's method on the plane {v: R v = r}; Hessians are numerical derivatives of exact gradients --------------------------
nll <- function(m, v, w, Z = X) if (!m$feasible(v)) Inf else -sum(w * log(m$prob(v, Z)[cbind(1:n, y)]))
grad <- function(m, v, w) -colSums(w * m$score(v, y, X))
hess <- function(m, v, w) { H <- jacobian(function(v) grad(m, v, w), v); (H + t(H)) / 2 }
minimise <- function(m, w, R = NULL, r = NULL, start = m$start) {
  N <- diag(length(start))
  if (!is.null(R)) { N <- Null(t(R)); start <- start + drop(ginv(R) %*% (r - R %*% start)) }
  v <- start; f <- nll(m, v, w); small <- 0
  if (!is.finite(f)) stop("start")
  for (i in 1:200) {
    g <- drop(t(N) %*% grad(m, v, w)); H <- t(N) %*% hess(m, v, w) %*% N
    e <- eigen(H, symmetric = TRUE); H <- e$vectors %*% (pmax(abs(e$values), 1e-8) * t(e$vectors))
    s <- -drop(N %*% solve(H, g)); t <- 1
    while (!(nll(m, v + t * s, w) <= f + 1e-12 * abs(f)) && t > 1e-10) t <- t / 2
    v <- v + t * s; f <- nll(m, v, w)
    if (max(abs(s)) < 1e-10 * (1 + max(abs(v)))) small <- small + 1
    if (small >= 2) break
  }
  if (i == 200) stop("no optimum")
  list(v = v, nll = f)
}
ends <- function(best, se, j, dev) sapply(c(-1, 1), function(sign) {
  last <- best$v
  above <- function(b) { r <- dev(b, last); last <<- r$v; 2 * (r$nll - best$nll) - qchisq(0.95, 1) }
  lo <- best$v[j]; hi <- best$v[j] + sign * 1.2 * se; while (above(hi) < 0) { lo <- hi; hi <- hi + sign * 0.5 * se }
  uniroot(above, sort(c(lo, hi)), tol = 1e-13, maxiter = 200)$root
})
test <- function(s, df) list(stat = s, df = df, p = pchisq(s, df, lower.tail = FALSE))

analyse <- function(m, w) {
  a <- minimise(m, w); q <- length(a$v); V <- solve(hess(m, a$v, w)); se <- sqrt(diag(V)); I <- diag(q)
  profile <- t(sapply(1:q, function(j) ends(a, se[j], j, function(b, at) {
    if (j > 3 && q == 6) { s <- at; s[4:6] <- s[4:6] + b - s[j] } else s <- at   # thresholds stay in order
    minimise(m, w, I[j, , drop = FALSE], b, s)
  })))
  expected <- function(v) { P <- m$prob(v, X); Reduce(`+`, lapply(1:K, function(k) { s <- m$score(v, rep(k, n), X); crossprod(s, w * P[, k] * s) })) }
  tested <- function(R, r) {
    b <- minimise(m, w, R, r, a$v); g <- grad(m, b$v, w); gap <- R %*% a$v - r
    list(lr = test(2 * (b$nll - a$nll), nrow(R)), score = test(sum(g * solve(expected(b$v), g)), nrow(R)),
         wald = test(sum(gap * solve(R %*% V %*% t(R), gap)), nrow(R)))
  }
  of <- function(j) if (q == 6) j else j + 1 + 4 * (0:2)          # the places of column j
  rows <- function(js) I[unlist(lapply(js, of)), , drop = FALSE]
  # x1 and x2 together have the effect 0.3 in the first slope block, and g that of x1 + 0.5
  places <- if (q == 6) 1:3 else 2:4
  L <- matrix(0, 2, q); L[1, places[1:2]] <- 1; L[2, places[c(3, 1)]] <- c(1, -1)
  deviances <- c(sapply(list(1:3, 2:3, 3), function(js) 2 * minimise(m, w, rows(js), rep(0, length(unlist(lapply(js, of)))), a$v)$nll), 2 * a$nll)
  ame <- function(v, j) {
    if (j == 3) { one <- X; one[, 3] <- 1; zero <- X; zero[, 3] <- 0; D <- m$prob(v, one) - m$prob(v, zero) }
    else if (q == 12) { P <- m$prob(v, X); B <- c(0, v[of(j)]); D <- P * (rep(1, n) %o% B - drop(P %*% B)) }
    else { e <- drop(X %*% v[1:3]); f <- cbind(0, dens[[m$link]](outer(-e, v[4:6], "+")), 0); D <- -v[j] * (f[, 2:5] - f[, 1:4]) }
    colSums(w * D) / sum(w)
  }
  effects <- lapply(1:3, function(j) { G <- jacobian(function(v) ame(v, j), a$v, method.args = list(r = 6))
    list(estimate = ame(a$v, j), std_error = sqrt(diag(G %*% V %*% t(G)))) })
  names(effects) <- colnames(X)
  if (q == 12 || m$link == "logit") for (j in 1:2)               # the slopes, by moving the column
    check(paste("marginal effect", q, j), jacobian(function(t) { Z <- X; Z[, j] <- Z[, j] + t; colSums(w * m$prob(a$v, Z)) / sum(w) }, 0), effects[[j]]$estimate, 1e-8)
  p <- m$prob(a$v, newx)
  pse <- sapply(1:K, function(k) { G <- jacobian(function(v) m$prob(v, newx)[, k], a$v); sqrt(rowSums((G %*% V) * G)) })
  # each threshold with slopes of its own, at the estimates of the model with common ones
  if (q == 6) {
    logp <- function(v, k) { B <- matrix(v, 4); T <- cbind(-Inf, -X %*% B[2:4, ] + rep(1, n) %o% B[1, ], Inf)
      log(F[[m$link]](T[, k + 1]) - F[[m$link]](T[, k])) }
    b <- as.numeric(rbind(a$v[4:6], a$v[1:3] %o% rep(1, 3)))
    J <- lapply(1:K, function(k) jacobian(logp, b, k = k)); P <- m$prob(a$v, X)
    U <- colSums(w * t(sapply(1:n, function(i) J[[y[i]]][i, ]))); info <- Reduce(`+`, lapply(1:K, function(k) crossprod(J[[k]], w * P[, k] * J[[k]])))
    slopes <- test(sum(U * solve(info, U)), 6)
  } else slopes <- list()
  list(names = m$names, equal_slopes = slopes, coefficients = a$v, loglik = -a$nll, vcov = V, vcov_expected = solve(expected(a$v)), profile = profile,
       drop_x2_g = tested(rows(2:3), rep(0, 2 * length(of(1)))), linear = c(list(equations = L, right = c(0.3, 0.5)), tested(L, c(0.3, 0.5))),
       deviances = deviances, effects = effects, probabilities = p, probability_se = pse,
       probability_low = plogis(qlogis(p) - qnorm(0.975) * pse / (p * (1 - p))), probability_high = plogis(qlogis(p) + qnorm(0.975) * pse / (p * (1 - p))))
}
out <- list()
for (link in names(F)) { m <- ordered_model(link); m$link <- link; out[[paste0("ordered_", link)]] <- analyse(m, rep(1, n)) }
m <- ordered_model("logit"); m$link <- "logit"; out$ordered_logit_weights <- analyse(m, d$w)
out$multinomial <- analyse(multi, rep(1, n)); out$multinomial_weights <- analyse(multi, d$w)

## ---- Firth's penalty (Kosmidis and Firth 2011): -(l + log det I / 2) -----------------------------------------------------------
info <- function(v, Z = X) { P <- multi$prob(v, Z); Z1 <- cbind(1, Z)
  do.call(rbind, lapply(2:K, function(a) do.call(cbind, lapply(2:K, function(b) crossprod(Z1, P[, a] * ((a == b) - P[, b]) * Z1))))) }
# columns 1 (x1) and 3 (g) alone, and three classes, keep the numerical derivatives short
Xf <- X[, c("x1", "g")]; yf <- pmin(y, 3)
fp <- function(v, Z) { e <- cbind(0, cbind(1, Z) %*% matrix(v, 3)); e <- exp(e); e / rowSums(e) }
finfo <- function(v) { P <- fp(v, Xf); Z1 <- cbind(1, Xf)
  do.call(rbind, lapply(2:3, function(a) do.call(cbind, lapply(2:3, function(b) crossprod(Z1, P[, a] * ((a == b) - P[, b]) * Z1))))) }
pen <- function(v) -sum(log(fp(v, Xf)[cbind(1:n, yf)])) - 0.5 * as.numeric(determinant(finfo(v))$modulus)
fmin <- function(R = NULL, r = NULL, start = rep(0, 6)) {
  N <- diag(6); if (!is.null(R)) { N <- Null(t(R)); start <- start + drop(ginv(R) %*% (r - R %*% start)) }
  v <- start
  for (i in 1:30) {
    g <- grad_f(v, N); if (max(abs(g)) < 1e-9) break
    v <- v - drop(N %*% solve(hessian(function(x) pen(v + drop(N %*% x)), rep(0, ncol(N))), g))
  }
  list(v = v, nll = pen(v))
}
grad_f <- function(v, N) numDeriv::grad(function(x) pen(v + drop(N %*% x)), rep(0, ncol(N)), method.args = list(r = 6))
b <- fmin(); V <- solve(finfo(b$v)); I6 <- diag(6)
out$firth <- list(columns = c("x1", "g"), classes = "classes 2 and 3 are one", names = paste0(rep(1:2, each = 3), ":", c("(intercept)", "x1", "g")),
  coefficients = b$v, vcov = V, penalised_loglik = -b$nll,
  profile = t(sapply(1:6, function(j) ends(b, sqrt(V[j, j]), j, function(t, at) fmin(I6[j, , drop = FALSE], t, at)))),
  lr_g = test(2 * (fmin(I6[c(3, 6), ], c(0, 0), b$v)$nll - b$nll), 2))

## ---- the packages ----------------------------------------------------------------------------------------------------------
dd <- cbind(d, k = factor(y, ordered = TRUE)); o <- c(4:6, 1:3)
for (link in c("logit", "probit", "cauchit", "cloglog")) {
  c0 <- ordinal::clm(k ~ x1 + x2 + g, data = dd, link = link, control = list(gradTol = 1e-11, maxIter = 300)); q <- out[[paste0("ordered_", link)]]
  # clm stops early on the cauchit likelihood, which is not concave
  loose <- if (link == "cauchit") 1e4 else 1
  check(paste("clm", link), coef(c0)[o], q$coefficients, 1e-8 * loose); check(paste("clm vcov", link), vcov(c0)[o, o], q$vcov, 1e-6 * loose)
  if (link != "cauchit") check(paste("clm profile", link), confint(c0, type = "profile"), q$profile[1:3, ], 2e-3)
  p <- predict(c0, newdata = data.frame(x1 = newx[, 1], x2 = newx[, 2], g = newx[, 3]), se.fit = TRUE, interval = TRUE)
  check(paste("clm predict", link), c(p$fit, p$se.fit, p$lwr, p$upr), c(q$probabilities, q$probability_se, q$probability_low, q$probability_high), 1e-6 * loose)
}
po <- polr(k ~ x1 + x2 + g, dd, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
check("polr profile", suppressMessages(confint(po)), out$ordered_logit$profile[1:3, ], 2e-3)
cw <- ordinal::clm(k ~ x1 + x2 + g, data = dd, weights = w, control = list(gradTol = 1e-11)); check("clm weights", coef(cw)[o], out$ordered_logit_weights$coefficients, 1e-8)
for (w in c(FALSE, TRUE)) {
  dd$w1 <- if (w) d$w else 1; q <- if (w) out$multinomial_weights else out$multinomial
  mn <- nnet::multinom(factor(y) ~ x1 + x2 + g, dd, weights = w1, trace = FALSE, reltol = 1e-16, abstol = 1e-12, maxit = 5000, Hess = TRUE)
  check(paste("multinom", w), t(coef(mn)), q$coefficients, 1e-5); check(paste("multinom vcov", w), vcov(mn), q$vcov, 1e-5)
  check(paste("multinom deviance", w), deviance(mn), -2 * q$loglik, 1e-10)
}
br <- brglm2::brmultinom(factor(yf) ~ x1 + g, data = d, type = "AS_mean", control = list(epsilon = 1e-12, maxit = 500))
check("brmultinom", t(coef(br)), out$firth$coefficients, 1e-6)

## ---- JSON with 17 digits ------------------------------------------------------------------------------------------------------
js <- function(x) {
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, function(r) js(unname(r))), collapse = ",\n"), "]"))
  if (is.list(x) && !length(x)) return("null")
  if (is.list(x)) return(paste0("{", paste0('"', names(x), '": ', vapply(x, js, ""), collapse = ",\n"), "}"))
  s <- if (is.character(x)) paste0('"', x, '"') else sprintf("%.17g", x)
  if (length(s) == 1) s else paste0("[", paste(s, collapse = ", "), "]")
}
out <- c(list(versions = list(R = as.character(getRversion()), nnet = as.character(packageVersion("nnet")), MASS = as.character(packageVersion("MASS")),
  ordinal = as.character(packageVersion("ordinal")), brglm2 = as.character(packageVersion("brglm2")), numDeriv = as.character(packageVersion("numDeriv"))),
  cutpoints = cuts, new_rows = newx), out, list(largest_check_difference = checks))
writeLines(js(out), file.path(here, "classes.json"))
