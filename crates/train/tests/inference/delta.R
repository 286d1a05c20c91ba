# Functions of the coefficients by car::deltaMethod (symbolic derivatives), and the joint covariance of two of them from derivatives by
# hand, for data.csv. Writes delta.json. Run: Rscript delta.R
suppressMessages({ library(car); library(sandwich) })
d <- read.csv("data.csv")
tight <- glm.control(epsilon = 1e-15, maxit = 100)
fit <- function(m) { for (k in 1:5) m <- suppressWarnings(update(m, start = coef(m))); m }
models <- list(
  gaussian = glm(yn ~ x1 + x2 + g, gaussian, d, control = tight),
  logit = fit(glm(yb ~ x1 + x2 + g, binomial, d, control = tight)),
  poisson = fit(glm(yc ~ x1 + x2 + g + offset(off), poisson, d, control = tight)))
expressions <- c("-b0/b1", "b1/b2", "exp(b3)*b1", "sqrt(b1^2+b2^2)")
out <- list()
for (name in names(models)) {
  m <- models[[name]]
  b <- coef(m); names(b) <- paste0("b", 0:3)
  n <- nrow(d); p <- 4
  # Stata's factor for Gaussian models, G / (G - 1) for the others.
  cluster <- vcovCL(m, d$cl, type = if (name == "gaussian") "HC1" else "HC0", cadjust = TRUE)
  of <- list(vcov = vcov(m), hc0 = vcovHC(m, "HC0"), cluster = cluster)
  for (kind in names(of)) {
    V <- of[[kind]]
    found <- lapply(expressions, function(e) deltaMethod(b, e, vcov. = V))
    J <- rbind(c(-1 / b[2], b[1] / b[2]^2, 0, 0), c(0, 1 / b[3], -b[2] / b[3]^2, 0))
    C <- J %*% V %*% t(J)
    gap <- J[, 1] * 0 + c(-b[1] / b[2] - 0.5, b[2] / b[3] - 1)
    out[[name]][[kind]] <- list(estimate = sapply(found, function(f) f$Estimate), std_error = sapply(found, function(f) f$SE),
      joint = unname(C), wald = drop(gap %*% solve(C) %*% gap))
  }
}
out$versions <- c(R = R.version.string, car = as.character(packageVersion("car")), sandwich = as.character(packageVersion("sandwich")))
cat(jsonlite::toJSON(out, digits = I(17), auto_unbox = TRUE), file = "delta.json")
