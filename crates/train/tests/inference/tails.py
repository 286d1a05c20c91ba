"""Logarithms of both tails of distributions with 60 digits, for the unit test of src/tails.rs. Run: python3 tails.py"""
from mpmath import mp, mpf, gammainc, betainc, exp, log, ncdf, sqrt, factorial, quad, pi, erfc
from pathlib import Path

mp.dps = 60
rows = []

def add(name, x, lower, upper):
    shown = ", ".join(repr(float(v)) for v in x)
    rows.append(f'("{name}", &[{shown}], {mp.nstr(log(lower), 20)}, {mp.nstr(log(upper), 20)}),')

def gamma_tails(a, x):
    return gammainc(a, 0, x, regularized=True), gammainc(a, x, mp.inf, regularized=True)

def beta_tails(a, b, x, y):
    # The beta density integrated on both sides of x, for parameters that need not be whole.
    mp.dps = 400
    low = betainc(a, b, 0, x, regularized=True)
    high = betainc(b, a, 0, y, regularized=True)
    mp.dps = 60
    return +low, +high

for k, m in [(0, 0.25), (3, 2.5), (40, 2.0), (0, 300.0), (500, 450.25), (2000, 1000.0), (99999, 100000.0)]:
    k, m = mpf(k), mpf(m)
    upper, lower = gamma_tails(k + 1, m)
    add("poisson", (k, m), lower, upper)
for a, x in [(0.5, 0.125), (0.03125, 1e-10), (2.5, 40.0), (30.0, 2.0), (1000.0, 1300.0), (0.25, 600.0)]:
    add("gamma", (a, x), *gamma_tails(mpf(a), mpf(x)))
for k, m, p in [(0, 1, 0.25), (3, 10, 0.5), (19, 20, 0.0625), (5, 200, 0.5), (180, 200, 0.25), (0, 1000, 0.5)]:
    p = mpf(p)
    add("binomial", (k, m, p), *beta_tails(mpf(m - k), mpf(k + 1), 1 - p, p))
for k, m, t in [(0, 2.0, 1.5), (4, 2.0, 1.5), (200, 2.0, 0.75), (1, 80.0, 12.5), (700, 500.0, 1000.0), (3, 0.5, 0.0625)]:
    m, t = mpf(m), mpf(t)
    add("negative_binomial", (k, m, t), *beta_tails(t, mpf(k + 1), t / (t + m), m / (t + m)))
for y, m, phi in [(0.5, 1.0, 0.25), (0.03125, 1.0, 0.25), (9.0, 1.0, 0.25), (1.0, 1.0, 4.0), (200.0, 2.0, 0.5), (1.5, 1.25, 0.0009765625)]:
    y, m, phi = mpf(y), mpf(m), mpf(phi)
    mp.dps = 400
    a, b = (y / m - 1) / sqrt(phi * y), (y / m + 1) / sqrt(phi * y)
    q = lambda z: erfc(z / sqrt(mpf(2))) / 2
    lower = q(-a) + exp(2 / (phi * m)) * q(b)
    upper = q(a) - exp(2 / (phi * m)) * q(b)
    mp.dps = 60
    add("inverse_gaussian", (y, m, phi), +lower, +upper)
for y, m, phi, p in [(0.0, 1.0, 2.0, 1.5), (0.5, 1.0, 2.0, 1.5), (30.0, 1.0, 2.0, 1.5), (3.0, 8.0, 0.25, 1.25), (40.0, 8.0, 0.25, 1.25), (2.0, 2.5, 0.5, 1.875), (0.0078125, 5.0, 0.125, 1.5)]:
    y, m, phi, p = mpf(y), mpf(m), mpf(phi), mpf(p)
    rate = m ** (2 - p) / (phi * (2 - p))
    shape = (2 - p) / (p - 1)
    x = y / (phi * (p - 1) * m ** (p - 1))
    lower, upper, k = exp(-rate), mpf(0), 1
    while y > 0 and k < 600:
        weight = exp(-rate) * rate ** k / factorial(k)
        low, high = gamma_tails(k * shape, x)
        lower, upper, k = lower + weight * low, upper + weight * high, k + 1
    add("tweedie", (y, m, phi, p), lower, upper if y > 0 else 1 - lower)
for z in [0.5, 2.0, 2.9999, 3.5, 8.25, 38.0, 200.0, 1e4]:
    mp.dps = 60
    z = mpf(z)
    upper = erfc(z / sqrt(mpf(2))) / 2
    add("normal", (z,), 1 - upper if z < 10 else mpf(1), upper)
Path(__file__).with_name("tails.in").write_text("[\n" + "\n".join(rows) + "\n]\n")
