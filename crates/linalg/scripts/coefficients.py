"""Prints the polynomial coefficients of src/elementwise/double.rs and single.rs.

Chebyshev approximations in 60-digit arithmetic (mpmath), converted to powers and rounded. Run: python3 coefficients.py
"""
from mpmath import chebyfit, erf, erfc, exp, inf, log, mp, mpf, pi, quad, sqrt

mp.dps = 60


def table(name, function, low, high, degree):
    coefficients, error = chebyfit(function, [low, high], degree + 1, error=True)
    print(f"// {name}: degree {degree}, error {float(error):.1e}")
    print("[" + ", ".join(repr(float(c)) for c in reversed(coefficients)) + "]")


def exp_tail(r):
    """(exp(r) - 1 - r) / r**2"""
    return (exp(r) - 1 - r) / r**2 if abs(r) > mpf("1e-12") else mpf(1) / 2 + r / 6 + r * r / 24


def ln_tail(w):
    """(ln((1 + s) / (1 - s)) - 2 s) / s**3 with w = s**2"""
    if abs(w) < mpf("1e-12"):
        return mpf(2) / 3 + mpf(2) / 5 * w
    s = sqrt(w)
    return (log((1 + s) / (1 - s)) - 2 * s) / s**3


def erf_ratio(u):
    """erf(x) / x with u = x**2"""
    return 2 / sqrt(pi) * (1 - u / 3) if u < mpf("1e-15") else erf(sqrt(u)) / sqrt(u)


def scaled_erfcx(t):
    """(1 + 2 x) exp(x**2) erfc(x) with t = (x - 3.75) / (x + 3.75), after Shepherd and Laframboise (1981)"""
    if t >= 1:
        return 2 / sqrt(pi)
    x = mpf("3.75") * (1 + t) / (1 - t)
    if x < 20:
        return (1 + 2 * x) * exp(x * x) * erfc(x)
    # exp(x**2) erfc(x) = 2/sqrt(pi) * integral of exp(-s**2 - 2 x s): an asymptotic series at large x.
    total, term = mpf(0), mpf(1)
    for k in range(60):
        total += term
        following = -term * (2 * k + 1) / (2 * x * x)
        if abs(following) >= abs(term):
            break
        term = following
    return (1 + 2 * x) * total / (x * sqrt(pi))


half = log(2) / 2 * mpf("1.0001")
table("exp_tail, double", exp_tail, -half, half, 10)
table("exp_tail, single", exp_tail, -half, half, 5)
table("ln_tail", ln_tail, 0, ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.001"), 7)
table("erf_ratio on [0, 1]", erf_ratio, 0, 1, 11)
table("scaled_erfcx on [-1, 1]", scaled_erfcx, -1, 1, 24)
