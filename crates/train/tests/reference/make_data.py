"""Makes data.csv: 121 synthetic rows, from a fixed seed.

Every number is written with at most 6 significant digits, so the CSV *is* the
data: nothing is lost by reading it back.
"""
import csv

import numpy as np

rng = np.random.default_rng(20240608)
N = 121


def short(v):
    return "%.6g" % v


x1 = np.clip(rng.normal(0.0, 1.0, N), -2, 2).round(3)
x2 = rng.uniform(0.0, 4.0, N).round(3)
# odd counts: with an even one a median regression is easily not unique
g = rng.permutation(["A"] * 47 + ["B"] * 43 + ["C"] * 31)
w = rng.integers(1, 4, N)
e = rng.uniform(0.5, 3.0, N).round(3)
n = rng.integers(5, 21, N)
gB, gC = (g == "B") * 1.0, (g == "C") * 1.0

# 0/1
eta = -1.9 + 0.45 * x1 + 0.22 * x2 + 0.35 * gB + 0.1 * gC
yb = (rng.uniform(size=N) < 1 / (1 + np.exp(-eta))).astype(int)
# successes of n, a little overdispersed
eta = -0.4 + 0.6 * x1 - 0.3 * x2 + 0.5 * gB - 0.2 * gC + rng.normal(0, 0.35, N)
ys = rng.binomial(n, 1 / (1 + np.exp(-eta)))
# counts, negative binomial with theta about 2.5, some zeros
mu = np.exp(0.7 + 0.25 * x1 + 0.2 * x2 + 0.3 * gB - 0.2 * gC) * e**0.5
yc = rng.poisson(mu * rng.gamma(2.5, 1 / 2.5, N))
# positive, gamma with shape 3
mu = np.exp(0.9 + 0.12 * x1 - 0.08 * x2 + 0.2 * gB + 0.1 * gC)
yp = mu * rng.gamma(3.0, 1 / 3.0, N)
# gaussian with a few outliers
yg = 1.5 + 0.9 * x1 - 0.6 * x2 + 0.5 * gB - 0.7 * gC + rng.normal(0, 1.1, N)
yg[[7, 31, 58, 90, 113]] += np.array([9.0, -8.0, 11.0, 7.0, -6.5])
# 3 unordered classes
eb = -0.3 + 0.8 * x1 + 0.2 * x2 - 0.4 * gB + 0.3 * gC
ec = 0.4 - 0.5 * x1 - 0.2 * x2 + 0.6 * gB + 0.1 * gC
p = np.exp(np.column_stack([np.zeros(N), eb, ec]))
p /= p.sum(1, keepdims=True)
ym = np.array(["abc"[i] for i in (rng.uniform(size=N)[:, None] > p.cumsum(1)).sum(1)])
# 4 ordered levels, from a latent logistic
lat = 0.9 * x1 - 0.5 * x2 + 0.6 * gB + 0.2 * gC + rng.logistic(size=N)
levels = ["1low", "2mid", "3high", "4top"]
yo = [levels[int(k)] for k in np.searchsorted([-2.0, -0.6, 0.8], lat)]

with open("data.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow("x1 x2 g w e n yb ys yc yp yg ym yo".split())
    for i in range(N):
        out.writerow([short(x1[i]), short(x2[i]), g[i], w[i], short(e[i]), n[i],
                      yb[i], ys[i], yc[i], short(yp[i]), short(yg[i]), ym[i], yo[i]])
