#!/usr/bin/env python3
"""Gradus beside its peers on the same generated data, in one run: python3 benches/peers/glm.py [PART ...]

Parts: logistic (1e5 and 1e6 rows of 50 columns), softmax, sparse, lasso; all if none is named. A peer that is not installed is
left out: scikit-learn and glum (pip), glmnet (R). The data are generated and written to a
temporary folder, from which `cargo run --release -p train --example speed` reads them. Runs of the programs alternate, and the best
of each is taken, because machines are noisy: trust the ratios.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "2")
import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
warnings.simplefilter("ignore")


def gradus(what, x, y, *more):
    """Best seconds and the certificate of Gradus."""
    command = ["cargo", "run", "--quiet", "--release", "-p", "train", "--example", "speed", "--"]
    out = subprocess.run(command + [what, x, y, "3", *more], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in out.strip().splitlines()]
    return min((float(seconds), float(certificate)) for seconds, certificate in lines)


def best(f, repeats=2):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = f()
        times.append(time.perf_counter() - start)
    return min(times), result


def report(title, rows):
    print(f"\n{title}")
    ours = rows[0][1]
    for name, seconds, quality in rows:
        print(f"  {name:34} {seconds:9.3f} s  {seconds / ours:6.2f} x   {quality}", flush=True)


def save(folder, name, array):
    path = os.path.join(folder, name + ".npy")
    np.save(path, array if array.ndim == 2 else array.reshape(-1, 1))
    return path


def logistic(folder, n):
    d, rng = 50, np.random.default_rng(1)
    e = rng.standard_normal((n, d))
    x = np.empty((n, d), order="F")
    x[:, 0] = e[:, 0]
    for j in range(1, d):
        x[:, j] = 0.6 * x[:, j - 1] + 0.8 * e[:, j]
    del e
    w = rng.normal(0, 1.5 / np.sqrt(d), d)
    y = (rng.random(n) < 1 / (1 + np.exp(0.5 - x @ w))).astype(float)
    files = save(folder, "x", x), save(folder, "y", y)

    def gradient(w, b):
        r = (1 / (1 + np.exp(-(x @ w + b))) - y) / n
        return f"largest gradient entry {max(np.abs(x.T @ r + w / n).max(), abs(r.sum())):.1e}"

    seconds, certificate = gradus("logistic", *files)
    rows = [("Gradus", seconds, f"largest gradient entry {certificate:.1e}")]
    try:
        from sklearn.linear_model import LogisticRegression

        fit = lambda: LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8).fit(x, y)
        seconds, m = best(fit)
        rows.append(("scikit-learn newton-cholesky", seconds, gradient(m.coef_[0], m.intercept_[0])))
    except ImportError:
        pass
    try:
        import glum

        model = lambda: glum.GeneralizedLinearRegressor(
            family="binomial", alpha=1 / n, l1_ratio=0, gradient_tol=1e-8, copy_X=False, check_input=False
        ).fit(x, y)
        seconds, m = best(model)
        rows.append(("glum", seconds, gradient(m.coef_, m.intercept_)))
    except ImportError:
        pass
    again = gradus("logistic", *files)
    rows[0] = min(rows[0], ("Gradus", again[0], f"largest gradient entry {again[1]:.1e}"), key=lambda row: row[1])
    report(f"logistic regression, {n} x {d}, l2 = 1/n", rows)


def softmax(folder):
    rng = np.random.default_rng(3)
    n, d, k = 60_000, 784, 10
    centres, factors, y = rng.normal(0, 1, (k, 30)), rng.standard_normal((30, d)), rng.integers(0, k, n)
    x = (centres[y] + 1.5 * rng.standard_normal((n, 30))) @ factors / 6 + 0.3 * rng.standard_normal((n, d)) - 0.3
    x = np.asfortranarray(np.clip(x, 0, 1))
    seconds, certificate = gradus("softmax", save(folder, "x", x), save(folder, "y", y.astype(float)))
    rows = [("Gradus", seconds, f"largest gradient entry {certificate:.1e}")]
    try:
        from sklearn.linear_model import LogisticRegression

        seconds, m = best(lambda: LogisticRegression(C=1.0, solver="newton-cg", tol=1e-5, max_iter=500).fit(x, y), 1)
        p = x @ m.coef_.T + m.intercept_
        p = np.exp(p - p.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(n), y] -= 1
        rows.append(("scikit-learn newton-cg", seconds, f"largest gradient entry {np.abs(p.T @ x / n + m.coef_ / n).max():.1e}"))
    except ImportError:
        pass
    report(f"softmax regression, {n} x {d}, {k} classes, l2 = 1/n, to 1e-5", rows)


def sparse(folder):
    try:
        import scipy.sparse as sp
        from sklearn.datasets import dump_svmlight_file
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        print("\nsparse: scikit-learn is needed to write the data")
        return
    rng = np.random.default_rng(5)
    n, d, k = 200_000, 50_000, 40
    share = 1 / np.arange(1, d + 1)
    columns = rng.choice(d, size=(n, k), p=share / share.sum())
    x = sp.csr_matrix(((rng.random((n, k)) + 0.5).ravel(), (np.repeat(np.arange(n), k), columns.ravel())), shape=(n, d))
    x.sum_duplicates()
    eta = x @ (rng.normal(0, 1, d) * (rng.random(d) < 0.3))
    eta = (eta - eta.mean()) / eta.std() * 2
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    path = os.path.join(folder, "x.svm")
    dump_svmlight_file(x, y, path, zero_based=False)
    seconds, certificate = gradus("sparse", path, "-")
    rows = [("Gradus", seconds, f"largest gradient entry {certificate:.1e}")]
    for tolerance in (1e-6, 1e-8):
        fit = lambda: LogisticRegression(C=1.0, solver="newton-cg", tol=tolerance, max_iter=500).fit(x, y)
        seconds, m = best(fit, 1)
        r = (1 / (1 + np.exp(-(x @ m.coef_[0] + m.intercept_[0]))) - y) / n
        rows.append((f"scikit-learn newton-cg, {tolerance:g}", seconds, f"largest gradient entry {np.abs(x.T @ r + m.coef_[0] / n).max():.1e}"))
    report(f"sparse logistic regression, {n} x {d}, {k} entries a row, l2 = 1/n", rows)


GLMNET = """
suppressMessages(library(glmnet)); a <- commandArgs(TRUE); n <- 1000; d <- 5000
x <- matrix(readBin(a[1], 'double', n * d), n, d); y <- readBin(a[2], 'double', n); family <- a[3]
t <- min(sapply(1:2, function(i) system.time(f <<- glmnet(x, y, family = family, lambda.min.ratio = 0.01, thresh = as.numeric(a[4])))[3]))
sd <- apply(x, 2, function(c) sqrt(mean((c - mean(c))^2))); z <- sweep(sweep(x, 2, colMeans(x)), 2, sd, '/')
xlogx <- function(q) ifelse(q > 0, q * log(q), 0); worst <- 0
for (k in seq_along(f$lambda)) {
  l <- f$lambda[k]; b <- as.numeric(f$beta[, k]); eta <- as.numeric(x %*% b) + f$a0[k]
  if (family == 'gaussian') { u <- eta - y; loss <- mean(u^2) / 2; null <- mean((y - mean(y))^2) / 2
  } else { u <- 1 / (1 + exp(-eta)) - y; loss <- mean(log1p(exp(-abs(eta))) + pmax(eta, 0) - y * eta)
    m <- mean(y); null <- -(m * log(m) + (1 - m) * log(1 - m)) }
  u <- u - mean(u); s <- min(1, l / max(abs(crossprod(z, u) / n))) * u
  dual <- if (family == 'gaussian') -mean(s^2 / 2 + s * y) else { q <- pmin(pmax(s + y, 0), 1); -mean(xlogx(q) + xlogx(1 - q)) }
  worst <- max(worst, (loss + l * sum(abs(b * sd)) - dual) / null)
}
cat(t, worst)
"""


def lasso(folder):
    rng = np.random.default_rng(2)
    n, d = 1000, 5000
    x = np.asfortranarray(rng.standard_normal((n, d)))
    for j in range(1, d):
        x[:, j] = 0.5 * x[:, j - 1] + np.sqrt(0.75) * x[:, j]
    w = np.zeros(d)
    w[rng.choice(d, 50, replace=False)] = rng.normal(0, 1, 50)
    eta = x @ w
    targets = {
        "gaussian": eta + rng.standard_normal(n) * eta.std() * 0.5,
        "binomial": (rng.random(n) < 1 / (1 + np.exp(-2 * eta / eta.std()))).astype(float),
    }
    raw = os.path.join(folder, "x.bin")
    x.T.tofile(raw)
    features = save(folder, "x", x)
    for family, y in targets.items():
        files = features, save(folder, "y", y)
        if shutil.which("Rscript") is None:
            seconds, _ = gradus("lasso-" + family, *files)
            report(f"lasso path, {n} x {d}, 100 strengths, {family}", [("Gradus", seconds, "gap 1e-4 of the null loss")])
            continue
        y.tofile(os.path.join(folder, "y.bin"))
        for threshold in ("1e-7", "1e-9", "1e-11"):
            command = ["Rscript", "-e", GLMNET, raw, os.path.join(folder, "y.bin"), family, threshold]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                break
            theirs, gap = map(float, done.stdout.split())
            seconds, _ = gradus("lasso-" + family, *files, repr(gap))
            report(
                f"lasso path, {n} x {d}, 100 strengths, {family}, gap {gap:.1e} of the null loss",
                [("Gradus", seconds, ""), (f"glmnet, thresh = {threshold}", theirs, "")],
            )


def main():
    parts = sys.argv[1:] or ["logistic", "softmax", "sparse", "lasso"]
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            if part == "logistic":
                logistic(folder, 100_000)
                logistic(folder, 1_000_000)
            else:
                {"softmax": softmax, "sparse": sparse, "lasso": lasso}[part](folder)


if __name__ == "__main__":
    main()
