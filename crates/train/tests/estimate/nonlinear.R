# Puromycin (treated cells, Bates and Watts 1988) and the weighted fit, by nls; profile intervals by uniroot on refits and by
# confint.nls; HC covariances by hand from the gradient. Writes nonlinear.json. Run: Rscript nonlinear.R
options(digits = 17)
d <- subset(Puromycin, state == "treated")
x <- d$conc; y <- d$rate; w <- 1 / (1 + x)
tight <- nls.control(tol = 1e-14, maxiter = 500, warnOnly = TRUE, scaleOffset = 0)
out <- list(x = x, y = y, w = w)
for (kind in c("plain", "weighted")) {
  v <- if (kind == "plain") rep(1, 12) else w
  m <- nls(rate ~ V * conc / (K + conc), d, start = c(V = 200, K = 0.05), weights = v, control = tight)
  s <- summary(m)
  p <- coef(m); s2 <- sum(v * residuals(m, "response")^2)
  rss <- sum(v * (y - p[1] * x / (p[2] + x))^2)
  J <- sqrt(v) * cbind(x / (p[2] + x), -p[1] * x / (p[2] + x)^2)
  e <- sqrt(v) * (y - p[1] * x / (p[2] + x))
  A <- solve(crossprod(J)); h <- rowSums((J %*% A) * J)
  hc <- function(omega) sqrt(diag(A %*% crossprod(J * sqrt(omega)) %*% A))
  # With one of the two parameters held, V is linear and K one-dimensional.
  t2 <- qt(0.975, 10)^2 * rss / 10
  best_V <- function(K) sum(v * y * x / (K + x)) / sum(v * (x / (K + x))^2)
  S <- function(V, K) sum(v * (y - V * x / (K + x))^2)
  SK <- function(K) S(best_V(K), K) - rss - t2
  best_K <- function(V) {
    K <- p[2]
    for (k in 1:200) { # Newton on the slope of S in K
      f <- V * x / (K + x); f1 <- -f / (K + x); f2 <- 2 * f / (K + x)^2
      g <- -2 * sum(v * (y - f) * f1); H <- 2 * sum(v * (f1^2 - (y - f) * f2))
      K <- K - g / H
    }
    K
  }
  SV <- function(V) S(V, best_K(V)) - rss - t2
  se <- s$coefficients[, 2]
  root <- function(f, c, se, far) unname(c(uniroot(f, c(c - far * se, c), tol = 1e-14)$root, uniroot(f, c(c, c + far * se), tol = 1e-14)$root))
  new <- c(0.3, 2)
  G <- cbind(new / (p[2] + new), -p[1] * new / (p[2] + new)^2)
  out[[kind]] <- list(estimate = unname(p), std_error = unname(se), t = unname(s$coefficients[, 3]), p = unname(s$coefficients[, 4]),
    sd = s$sigma, rss = rss, hc0 = hc(e^2), hc1 = hc(e^2 * 1.2), hc2 = hc(e^2 / (1 - h)), hc3 = hc(e^2 / (1 - h)^2),
    profile = rbind(root(SV, p[1], se[1], 4), root(SK, p[2], se[2], 4)),
    confint = unname(suppressMessages(confint(m))),
    predicted = unname(p[1] * new / (p[2] + new)), predicted_se = sqrt(diag(G %*% A %*% t(G)) * rss / 10),
    r2 = 1 - rss / sum(v * (y - weighted.mean(y, v))^2))
}
cat(jsonlite::toJSON(out, digits = 17, auto_unbox = TRUE), file = "nonlinear.json")
