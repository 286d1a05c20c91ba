"""Upper tails of the chi-square distribution with 40 digits; writes chi_square.in."""
from mpmath import mp, mpf, gammainc

mp.dps = 40
cases = [(0.001, 1), (0.5, 1), (3.841458820694124, 1), (10.0, 1), (50.0, 1), (2.0, 2), (5.991, 2), (1.0, 3), (7.8, 3),
         (0.1, 4), (20.0, 4), (9.0, 10), (18.3, 10), (60.0, 10), (25.0, 33), (40.0, 33), (90.0, 100), (124.3, 100),
         (1000.0, 1000), (1100.0, 1000), (10050.0, 10000)]
with open("chi_square.in", "w") as out:
    out.write("[\n")
    for x, k in cases:
        q = gammainc(mpf(k) / 2, mpf(x) / 2, mp.inf, regularized=True)
        out.write(f"    ({x!r}, {float(k)!r}, {float(q)!r}),\n")
    out.write("]\n")
