# glmnet: the lasso's path over given strengths. Rscript glmnet.R METHOD KIND FOLDER OUT REPEATS GOAL
suppressMessages(library(glmnet))
a <- commandArgs(TRUE)

read_npy <- function(name) {
  file <- file(file.path(a[3], paste0(name, ".npy")), "rb")
  on.exit(close(file))
  start <- readBin(file, "raw", 10)
  header <- rawToChar(readBin(file, "raw", sum(as.integer(start[9:10]) * c(1, 256))))
  shape <- as.integer(strsplit(sub(".*\\(([^)]*)\\).*", "\\1", header), ",")[[1]])
  matrix(readBin(file, "double", prod(shape)), shape[1], shape[2])
}

x <- read_npy("x")
y <- as.numeric(read_npy("y"))
strengths <- as.numeric(read_npy("strengths"))
family <- sub("lasso-", "", a[2])
# The path is to go to its end, as the other programs do.
glmnet.control(devmax = 1, fdev = 0)
for (run in seq_len(as.integer(a[5]))) {
  seconds <- system.time(
    fit <- glmnet(x, y, family = family, lambda = strengths, thresh = as.numeric(a[6]), maxit = 1e7)
  )[["elapsed"]]
  cat("seconds", seconds, "\n")
}
writeBin(as.numeric(rbind(fit$a0, as.matrix(fit$beta))), a[4])
