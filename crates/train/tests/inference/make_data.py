"""Writes data.csv and data2.csv next to this script. Standard library only, fixed seed."""
import csv, math, os, random

here = os.path.dirname(os.path.abspath(__file__))
r = random.Random(20240611)


def poisson(mu):
    u, k, p = r.random(), 0, math.exp(-mu)
    c = p
    while u > c and k < 1000:
        k += 1
        p *= mu / k
        c += p
    return k


sizes = [3, 4, 5, 5, 6, 7, 7, 8, 8, 9, 10, 11, 12, 13, 15]  # 123 rows in 15 clusters
rows = []
for c, m in enumerate(sizes, 1):
    a = r.gauss(0, 0.35)  # cluster effect
    for _ in range(m):
        x1 = round(r.gauss(0, 1), 4)
        x2 = round(0.5 * x1 + math.sqrt(0.75) * r.gauss(0, 1), 4)
        g = int(r.random() < 0.45)
        off = round(r.gauss(0, 0.2), 3)
        yb = int(r.random() < 1 / (1 + math.exp(-(-0.2 + 0.8 * x1 - 0.5 * x2 + 0.6 * g + a))))
        mu = math.exp(1.5 + 0.3 * x1 + 0.2 * x2 - 0.3 * g + off + a)
        yc = poisson(mu * r.gammavariate(4.0, 1 / 4.0))
        mp = math.exp(0.4 + 0.18 * x1 - 0.12 * x2 + 0.25 * g + 0.3 * a)
        yp = round(mp * r.gammavariate(3.0, 1 / 3.0), 4) or 0.0001
        yn = round(1.0 + 0.7 * x1 - 0.3 * x2 + 0.5 * g + a + math.exp(0.3 * x1) * r.gauss(0, 0.9), 4)
        w = r.randint(1, 4)
        tr = r.randint(2, 12)
        ps = 1 / (1 + math.exp(-(0.3 + 0.5 * x1 - 0.4 * x2 - 0.3 * g + a)))
        ys = sum(r.random() < ps for _ in range(tr))
        rows.append([x1, x2, g, c, yb, yc, yp, yn, off, w, tr, ys])
r.shuffle(rows)  # clusters are not contiguous
with open(os.path.join(here, "data.csv"), "w", newline="") as f:
    o = csv.writer(f, lineterminator="\n")
    o.writerow("x1 x2 g cl yb yc yp yn off w tr ys".split())
    o.writerows(rows)

# quasi-complete separation: every row with z1 = 1 has y = 1
with open(os.path.join(here, "data2.csv"), "w", newline="") as f:
    o = csv.writer(f, lineterminator="\n")
    o.writerow(["z1", "z2", "y"])
    for i in range(25):
        z1 = int(i % 4 == 3)
        z2 = round(r.gauss(0, 1), 3)
        y = 1 if z1 else int(r.random() < 1 / (1 + math.exp(-(-0.5 + 0.9 * z2))))
        o.writerow([z1, z2, y])
