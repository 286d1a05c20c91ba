# Average marginal effects through interactions and categories, for data.csv: derivatives of x1 and x2, differences for g and the levels
# of w, with standard errors by numDeriv from the model's and the clustered covariance. Writes effects.json. Run: Rscript effects.R
suppressMessages({ library(sandwich); library(numDeriv) })
d <- read.csv("data.csv"); d$w <- factor(d$w)
m <- glm(yb ~ x1 * x2 + g + x1:g + log(tr + 1) + tr + w, binomial, d, control = glm.control(epsilon = 1e-15, maxit = 100))
for (k in 1:5) m <- suppressWarnings(update(m, start = coef(m)))
X <- function(d) model.matrix(delete.response(terms(m)), d)
p <- function(b, d) plogis(drop(X(d) %*% b))
slope <- function(v) function(b) {  # by the chain rule, features differentiated by hand
  T <- X(d) * 0
  if (v == "x1") { T[, "x1"] <- 1; T[, "x1:x2"] <- d$x2; T[, "x1:g"] <- d$g }
  if (v == "x2") { T[, "x2"] <- 1; T[, "x1:x2"] <- d$x1 }
  if (v == "tr") { T[, "tr"] <- 1; T[, "log(tr + 1)"] <- 1 / (d$tr + 1) }
  q <- p(b, d); mean(q * (1 - q) * drop(T %*% b))
}
set <- function(v, x) { e <- d; e[[v]] <- if (v == "w") factor(x, levels = levels(d$w)) else x; e }
step <- function(v, from, to) function(b) mean(p(b, set(v, to)) - p(b, set(v, from)))
levels <- levels(d$w)
all <- c(list(slope("x1"), slope("x2"), step("g", 0, 1), slope("tr")), lapply(levels[-1], function(l) step("w", levels[1], l)))
b <- coef(m); C <- vcovCL(m, d$cl, type = "HC0", cadjust = TRUE)
J <- t(sapply(all, function(f) grad(f, b)))
se <- function(V) sqrt(diag(J %*% V %*% t(J)))
out <- list(levels = levels, estimate = sapply(all, function(f) f(b)), std_error = se(vcov(m)), clustered = se(C))
cat(jsonlite::toJSON(out, digits = I(17)), file = "effects.json")
