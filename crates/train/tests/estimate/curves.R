# Inference beside nonlinear least squares: both states of Puromycin (Bates and Watts 1988) by nls, with anova, logLik, lmtest::lrtest,
# sandwich::vcovCL and car::deltaMethod, and leverages, Cook's distances, the Hessian and Koenker's test from derivatives by hand.
# Score tests of likelihoods: anova(test = "Rao"), and for Weibull times from stats::deriv3. Writes curves.json. Run: Rscript curves.R
suppressMessages({ library(sandwich); library(lmtest); library(car) })
d <- Puromycin
x <- d$conc; y <- d$rate; s <- as.numeric(d$state == "untreated")
cluster <- as.integer(factor(d$conc))
tight <- nls.control(tol = 1e-13, maxiter = 500, warnOnly = TRUE)
w <- 1 + x
curve <- ~ (V + dV * s) * x / (K + dK * s + x)
start <- list(V = 210, dV = -50, K = 0.06, dK = 0)
out <- list(x = x, y = y, s = s, cluster = cluster, w = w)
f3 <- deriv3(~ (V + dV * s) * x / (K + dK * s + x), c("V", "dV", "K", "dK"), function(V, dV, K, dK, s, x) NULL)
for (kind in c("plain", "weighted")) {
  v <- if (kind == "plain") rep(1, 23) else w
  full <- nls(y ~ (V + dV * s) * x / (K + dK * s + x), start = start, weights = v, control = tight)
  part <- nls(y ~ (V + dV * s) * x / (K + x), start = start[1:3], weights = v, control = tight)
  # Gauss-Newton to rounding.
  b <- coef(full)
  for (k in 1:50) { f <- f3(b[1], b[2], b[3], b[4], s, x); J <- attr(f, "gradient"); b <- b + qr.coef(qr(sqrt(v) * J), sqrt(v) * (y - f)) }
  f <- f3(b[1], b[2], b[3], b[4], s, x); J <- attr(f, "gradient"); H2 <- attr(f, "hessian")
  e <- sqrt(v) * as.numeric(y - f); Jw <- sqrt(v) * J; n <- 23; p <- 4
  A <- solve(crossprod(Jw)); h <- rowSums((Jw %*% A) * Jw); S <- sum(e^2); s2 <- S / (n - p)
  H <- crossprod(Jw) - apply(H2, 2:3, function(q) sum(sqrt(v) * e * q))
  u <- rowsum(Jw * e, cluster); G <- nrow(u)
  C <- G / (G - 1) * (n - 1) / (n - p) * A %*% crossprod(u) %*% A
  if (kind == "plain") stopifnot(max(abs(C / vcovCL(full, cluster, type = "HC1") - 1)) < 1e-5)
  hc <- function(o) sqrt(diag(A %*% crossprod(Jw * sqrt(o)) %*% A))
  R <- rbind(c(0, 1, 0, 0), c(0, 0, 0, 1))
  wald <- function(V) drop(t(R %*% b) %*% solve(R %*% V %*% t(R)) %*% (R %*% b)) / 2
  r <- e / sqrt(s2 * (1 - h))
  k <- summary(lm(e^2 ~ as.numeric(f)))$r.squared * n
  D <- deltaMethod(b, "V/K", vcov. = s2 * A); D2 <- deltaMethod(b, "V/K", vcov. = C)
  a <- anova(part, full); l <- lrtest(part, full)
  new <- f3(b[1], b[2], b[3], b[4], c(0, 1), c(0.3, 2)); g <- attr(new, "gradient"); t <- qt(0.95, n - p)
  se <- sqrt(rowSums((g %*% (s2 * A)) * g)); seC <- sqrt(rowSums((g %*% C) * g))
  out[[kind]] <- list(estimate = unname(b), std_error = unname(sqrt(diag(s2 * A))), observed = unname(sqrt(diag(s2 * solve(H)))),
    clustered = unname(C), hc = unname(rbind(hc(e^2), hc(e^2 * n / (n - p)), hc(e^2 / (1 - h)), hc(e^2 / (1 - h)^2))),
    leverages = unname(h), standardised = unname(r), cook = unname(r^2 * h / (p * (1 - h))), loglik = as.numeric(logLik(full)), aic = AIC(full), bic = BIC(full),
    f = a$`F value`[2], f_p = a$`Pr(>F)`[2], lr = l$Chisq[2], lr_p = l$`Pr(>Chisq)`[2], wald = wald(s2 * A),
    wald_p = pf(wald(s2 * A), 2, n - p, lower = FALSE), wald_clustered = wald(C), wald_clustered_p = pf(wald(C), 2, G - 1, lower = FALSE),
    koenker = k, koenker_p = pchisq(k, 1, lower = FALSE), ratio = c(D$Estimate, D$SE, D2$SE),
    predicted = as.numeric(new), predicted_se = unname(se), predicted_clustered_se = unname(seC),
    confidence90 = unname(cbind(new - t * se, new + t * se)), prediction90 = unname(cbind(new - t * sqrt(se^2 + s2), new + t * sqrt(se^2 + s2))))
}
r <- jsonlite::fromJSON("reference.json")
q <- data.frame(yp = r$yp, x1 = r$x1, x2 = r$x2, time = r$time, event = r$event)
ctl <- glm.control(epsilon = 1e-15, maxit = 100)
m0 <- glm(yp ~ 1, poisson, q, control = ctl); m1 <- glm(yp ~ x1 + x2, poisson, q, control = ctl)
rao <- anova(m0, m1, test = "Rao")
# Exponential against Weibull with the covariate x1: z = (ln t - a - c x1) / e^s.
q3 <- deriv3(~ exp((log(t) - a - c * x1) / exp(s)) - e * ((log(t) - a - c * x1) / exp(s) - s - log(t)), c("a", "c", "s"), function(a, c, s, t, e, x1) NULL)
b <- c(0, 0, 0)
for (k in 1:100) {
  v <- q3(b[1], b[2], b[3], q$time, q$event, q$x1)
  gr <- colSums(attr(v, "gradient")); He <- apply(attr(v, "hessian"), 2:3, sum)
  b[1:2] <- b[1:2] - solve(He[1:2, 1:2], gr[1:2])
}
gr[1:2] <- 0
out$score <- list(poisson = rao$Rao[2], poisson_p = rao$`Pr(>Chi)`[2], weibull = drop(gr %*% solve(He) %*% gr))
out$versions <- c(R = R.version.string, sandwich = as.character(packageVersion("sandwich")), lmtest = as.character(packageVersion("lmtest")))
cat(jsonlite::toJSON(out, digits = I(17), auto_unbox = TRUE), file = "curves.json")
