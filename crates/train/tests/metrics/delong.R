# Adds what R's pROC says about the areas of metrics.json: writes proc.json. Run it after metrics.py.
suppressPackageStartupMessages({library(jsonlite); library(pROC)})
cases <- fromJSON("metrics.json", simplifyDataFrame = FALSE)$delong
out <- lapply(cases, function(case) {
  curve <- function(score) roc(case$target, score, levels = c(0, 1), direction = "<", quiet = TRUE)
  a <- curve(case$first); b <- curve(case$second)
  test <- roc.test(a, b, method = "delong", paired = TRUE)
  interval <- as.numeric(ci.auc(a, method = "delong"))
  list(areas = c(as.numeric(auc(a)), as.numeric(auc(b))), variances = c(var(a, method = "delong"), var(b, method = "delong")),
       covariance = cov(a, b, method = "delong"), interval = interval[c(1, 3)],
       statistic = unname(test$statistic), p_value = test$p.value)
})
versions <- list(R = as.character(getRversion()), pROC = as.character(packageVersion("pROC")))
writeLines(toJSON(list(versions = versions, delong = out), digits = NA, auto_unbox = TRUE), "proc.json")
