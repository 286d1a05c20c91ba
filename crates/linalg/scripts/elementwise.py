"""Writes tests/data/elementwise.csv: arguments and values of 50 digits as two doubles, all as hexadecimal bits.

Run: python3 elementwise.py > ../tests/data/elementwise.csv   (needs mpmath)
"""
import random
import struct

from mpmath import mp, mpf
import mpmath as m

mp.dps = 60
random.seed(20)
bits = lambda x: struct.pack(">d", x).hex()


def log_cdf_free(x):
    return m.erfc(-x / m.sqrt(2)) / 2


def quantile(p):
    """By bisection on the distribution function and Newton steps, in 60 digits."""
    x = m.sqrt(2) * m.erfinv(2 * p - 1) if 1e-30 < p else -m.sqrt(-2 * m.log(p))
    for _ in range(30):
        step = (log_cdf_free(x) - p) / (m.exp(-x * x / 2) / m.sqrt(2 * m.pi))
        # Halley's correction keeps the iteration stable in the tail.
        x -= step / (1 + x * step / 2)
    return x


def signed(low, high, n):
    """Both signs, logarithmically spaced sizes."""
    return [random.choice([-1, 1]) * 10 ** random.uniform(low, high) for _ in range(n)]


def positive(low, high, n):
    return [10 ** random.uniform(low, high) for _ in range(n)]


def uniform(low, high, n):
    return [random.uniform(low, high) for _ in range(n)]


n = 120
functions = {
    "exp": (m.exp, signed(-20, 2.9, n) + uniform(-745, 709.7, n) + uniform(-745, -708, 30)),
    "exp_m1": (m.expm1, signed(-300, 2.8, n) + uniform(-40, 709.7, n) + uniform(-1, 1, n)),
    "ln": (m.log, positive(-323, 308, n) + uniform(0.5, 2, n) + [5e-324, 1e-310]),
    "ln_1p": (m.log1p, signed(-300, -0.01, n) + positive(-2, 308, n) + uniform(-0.999999, 1, n)),
    "tanh": (m.tanh, signed(-300, 1.4, n) + uniform(-3, 3, n)),
    "sigmoid": (lambda x: 1 / (1 + m.exp(-x)), signed(-20, 1.6, n) + uniform(-708, 40, n)),
    "softplus": (lambda x: m.log1p(m.exp(x)), signed(-20, 2.8, n) + uniform(-700, 40, n)),
    "log_sigmoid": (lambda x: -m.log1p(m.exp(-x)), signed(-20, 2.8, n) + uniform(-40, 700, n)),
    "erf": (m.erf, signed(-300, 0.8, n) + uniform(-6, 6, n)),
    "erfc": (m.erfc, signed(-20, 0.5, n) + uniform(-6, 26, n)),
    "normal_cdf": (log_cdf_free, signed(-20, 0.5, n) + uniform(-37, 8, n)),
    "log_normal_cdf": (lambda x: m.log1p(-m.erfc(x / m.sqrt(2)) / 2) if x > 0 else m.log(log_cdf_free(x)),
                       signed(-20, 0.5, n) + uniform(-37, 8, n) + [-x for x in positive(1, 3, 60)]),
    "inverse_mills": (lambda x: m.exp(-x * x / 2) / m.sqrt(2 * m.pi) / log_cdf_free(x),
                      signed(-20, 0.5, n) + uniform(-37, 8, n) + [-x for x in positive(1, 3, 60)]),
    "normal_quantile": (quantile, positive(-300, -0.31, n) + uniform(0, 1, n) + [0.5 + e for e in signed(-14, -2, 60)]),
}
print("# function,x,high,low: doubles as hexadecimal bits; the value is high + low. Made by scripts/elementwise.py")
for name, (f, xs) in functions.items():
    for x in xs:
        value = f(mpf(x))
        high = float(value)
        print(f"{name},{bits(x)},{bits(high)},{bits(float(value - mpf(high)))}")
