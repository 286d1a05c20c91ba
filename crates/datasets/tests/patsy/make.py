"""Design matrices by patsy (the formulas of statsmodels), for tests/formulas.rs.

Run in this folder with patsy and pandas installed: python make.py
"""

import json

import numpy as np
import pandas as pd
import patsy

rng = np.random.default_rng(7)
n = 24
data = pd.DataFrame(
    {
        "x": np.round(rng.normal(size=n), 3),
        "z": np.round(rng.uniform(0.5, 4.0, size=n), 3),
        "a": np.tile(["low", "mid", "top"], n // 3),
        "b": np.repeat(["no", "yes"], n // 2),
        "k": np.tile([1, 2, 3, 10], n // 4),
    }
)
data.to_csv("data.csv", index=False)

formulas = [
    "x + z",
    "x*z",
    "x:z",
    "a",
    "a - 1",
    "0 + a + b",
    "a + b",
    "a:b",
    "a*b",
    "a/b",
    "a*b - 1",
    "a:b - 1",
    "x:a",
    "x + x:a",
    "x*a",
    "x:a - 1",
    "a*b*x",
    "(a + b + x)**2",
    "(a + b + x)**2 - a:b",
    "np.log(z) + np.exp(x)",
    "I(x**2) + I(x*z) + I(z/2 - 1)",
    "C(k)",
    "C(k, Treatment(3))",
    "C(a, Treatment('mid'))",
    "C(a, Treatment('top')):x",
    "center(x) + standardize(z)",
    "x + a + x",
    "b:a + x:b",
    "-1 + x + a:x",
]
found = []
for formula in formulas:
    matrix = patsy.dmatrix(formula, data)
    names = matrix.design_info.column_names
    columns = np.asarray(matrix)
    found.append(
        {
            "formula": formula,
            "names": names,
            "columns": [columns[:, j].tolist() for j in range(columns.shape[1])],
        }
    )
with open("expected.json", "w") as file:
    json.dump({"patsy": patsy.__version__, "found": found}, file)
