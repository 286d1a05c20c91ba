# Quantile residuals for data.csv: statmod::qresiduals for the gamma and inverse Gaussian models, and the positions u between R's
# distribution functions for the others, where statmod draws u at random. Writes quantile.json. Run: Rscript quantile.R
suppressMessages({ library(MASS); library(statmod) })
d <- read.csv("data.csv")
tight <- glm.control(epsilon = 1e-15, maxit = 100)
fit <- function(m) { for (k in 1:8) m <- suppressWarnings(update(m, start = coef(m))); m }
n <- nrow(d)
u <- ((seq_len(n) - 1) %% 7 + 0.5) / 7
# By the smaller tail: q(k, lower.tail) are the probabilities up to k, or beyond it.
between <- function(k, q) {
  low <- (1 - u) * q(k - 1, TRUE) + u * q(k, TRUE)
  high <- (1 - u) * q(k - 1, FALSE) + u * q(k, FALSE)
  ifelse(low < high, qnorm(low), qnorm(high, lower.tail = FALSE))
}
pearson <- function(m) sum(residuals(m, "pearson")^2) / df.residual(m)
g <- fit(glm(yp ~ x1 + x2 + g, Gamma("log"), d, control = tight))
i <- fit(glm(yp ~ x1 + x2 + g, inverse.gaussian("log"), d, control = tight))
p <- fit(glm(yc ~ x1 + x2 + g + offset(off), poisson, d, control = tight))
nb <- fit(glm(yc ~ x1 + x2 + g + offset(off), negative.binomial(2), d, control = tight))
b <- fit(glm(yb ~ x1 + x2 + g, binomial, d, control = tight))
s <- fit(glm(cbind(ys, tr - ys) ~ x1 + x2 + g, binomial, d, control = tight))
l <- glm(yn ~ x1 + x2 + g, gaussian, d)
out <- list(u = u,
  gamma_log = unname(qresiduals(g, dispersion = pearson(g))),
  inverse_gaussian = unname(qres.invgauss(i, dispersion = pearson(i))),
  poisson = between(d$yc, function(k, low) ppois(k, fitted(p), lower.tail = low)),
  negative_binomial = between(d$yc, function(k, low) pnbinom(k, 2, mu = fitted(nb), lower.tail = low)),
  logit = between(d$yb, function(k, low) pbinom(k, 1, fitted(b), lower.tail = low)),
  binomial_trials = between(d$ys, function(k, low) pbinom(k, d$tr, fitted(s), lower.tail = low)),
  gaussian = unname(residuals(l) / sqrt(summary(l)$dispersion)),
  versions = c(R = R.version.string, statmod = as.character(packageVersion("statmod"))))
cat(jsonlite::toJSON(lapply(out, unname), digits = I(17)), file = "quantile.json")
