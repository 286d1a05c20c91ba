"""Writes metrics.json: metrics by scikit-learn, and DeLong's by the definition with all pairs of rows."""

import json
import warnings

import numpy as np
import scipy
import sklearn
from scipy.stats import norm
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240611)
OUT = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}}


def number(x):
    x = float(x)
    return x if np.isfinite(x) else None


def numbers(xs):
    return [number(x) for x in xs]


def weights_of(kind, n):
    if kind == "none":
        return None
    if kind == "whole":
        return rng.integers(0, 4, n).astype(float)
    return np.round(rng.gamma(1.5, 1.0, n), 3) + 0.001


def listed(w):
    return None if w is None else w.tolist()


# Class predictions: (classes, rows, how the prediction errs).
def classes_case(name, y, p, k, w):
    case = {"name": name, "truth": y.tolist(), "predicted": p.tolist(), "classes": k, "weights": listed(w)}
    labels = list(range(k))
    case["cells"] = m.confusion_matrix(y, p, labels=labels, sample_weight=w).tolist()
    case["accuracy"] = m.accuracy_score(y, p, sample_weight=w)
    case["balanced_accuracy"] = m.balanced_accuracy_score(y, p, sample_weight=w)
    case["matthews"] = m.matthews_corrcoef(y, p, sample_weight=w)
    case["kappa"] = number(m.cohen_kappa_score(y, p, labels=labels, sample_weight=w))
    case["metrics"] = []
    kinds = {
        "precision": (m.precision_score, {}),
        "recall": (m.recall_score, {}),
        "f0.5": (m.fbeta_score, {"beta": 0.5}),
        "f1": (m.fbeta_score, {"beta": 1.0}),
        "f2": (m.fbeta_score, {"beta": 2.0}),
    }
    for metric, (f, options) in kinds.items():
        def score(average, zero, f=f, options=options):
            return f(y, p, labels=labels, average=average, zero_division=zero, sample_weight=w, **options)

        row = {"metric": metric, "classes": numbers(score(None, np.nan))}
        for average in ["macro", "micro", "weighted"]:
            row[average] = {"zero": number(score(average, 0.0)), "one": number(score(average, 1.0)), "skip": number(score(average, np.nan))}
        case["metrics"].append(row)
    row = {"metric": "jaccard", "classes": None}
    for average in ["macro", "micro", "weighted"]:
        values = {z: m.jaccard_score(y, p, labels=labels, average=average, zero_division=v, sample_weight=w) for z, v in [("zero", 0.0), ("one", 1.0)]}
        row[average] = {key: number(value) for key, value in values.items()} | {"skip": None}
    case["metrics"].append(row)
    return case


cases = []
for weights in ["none", "whole", "real"]:
    for k in [2, 3, 5]:
        n = 60
        y = rng.integers(0, k, n)
        p = np.where(rng.random(n) < 0.6, y, rng.integers(0, k, n))
        cases.append(classes_case(f"{k} classes, weights {weights}", y, p, k, weights_of(weights, n)))
y = np.array([0, 0, 1, 2, 2, 1])
cases.append(classes_case("a class that is never predicted", y, np.array([0, 1, 1, 1, 0, 0]), 3, None))
cases.append(classes_case("a class that does not occur", np.array([0, 0, 1, 1, 0, 1]), np.array([0, 2, 1, 1, 2, 0]), 3, None))
cases.append(classes_case("a class on neither side", y, np.array([0, 0, 1, 2, 1, 1]), 4, None))
cases.append(classes_case("one prediction", y, np.zeros(6, dtype=int), 3, None))
cases.append(classes_case("all right", y, y, 3, None))
cases.append(classes_case("all wrong", np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), 2, None))
OUT["classes"] = cases


# Scores and probabilities of two classes.
def ece(y, p, w, bins):
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], p)
    total, worst = 0.0, 0.0
    for b in range(bins):
        rows = (place == b) & (w > 0)
        if rows.any():
            gap = abs(np.average(p[rows], weights=w[rows]) - np.average(y[rows], weights=w[rows]))
            total += w[rows].sum() * gap
            worst = max(worst, gap)
    return total / w.sum(), worst


def murphy(y, p, w, groups):
    """Reliability, resolution, uncertainty and the part within groups, each from its definition."""
    events = np.average(y, weights=w)
    rel = res = within = 0.0
    for g in np.unique(groups):
        rows = (groups == g) & (w > 0)
        if not rows.any():
            continue
        share = w[rows].sum() / w.sum()
        pk, yk = np.average(p[rows], weights=w[rows]), np.average(y[rows], weights=w[rows])
        rel += share * (pk - yk) ** 2
        res += share * (yk - events) ** 2
        var = np.average((p[rows] - pk) ** 2, weights=w[rows])
        cov = np.average((p[rows] - pk) * (y[rows] - yk), weights=w[rows])
        within += share * (var - 2 * cov)
    return [rel, res, events * (1 - events), within]


def cheapest(y, s, w, c0, c1):
    """By trying every threshold; the highest of the cheapest."""
    best = None
    for t in [np.inf, *sorted(set(s.tolist()), reverse=True)]:
        fp, fn = w[(s >= t) & (y == 0)].sum(), w[(s < t) & (y == 1)].sum()
        cost = (c0 * fp + c1 * fn) / w.sum()
        if best is None or cost < best[1] - 1e-12:
            best = (t, cost, fp, fn)
    return {"costs": [c0, c1], "threshold": number(best[0]), "cost": best[1], "false_positives": best[2], "false_negatives": best[3]}


def scores_case(name, y, p, w):
    ones = np.ones(len(y)) if w is None else w
    case = {"name": name, "target": y.tolist(), "score": p.tolist(), "weights": listed(w)}
    fpr, tpr, thresholds = m.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    case["roc"] = {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "thresholds": thresholds[1:].tolist()}
    case["auc"] = m.roc_auc_score(y, p, sample_weight=w)
    precision, recall, thresholds = m.precision_recall_curve(y, p, sample_weight=w)
    case["pr"] = {"precision": precision.tolist(), "recall": recall.tolist(), "thresholds": thresholds.tolist()}
    case["average_precision"] = m.average_precision_score(y, p, sample_weight=w)
    case["log_loss"] = m.log_loss(y, p, sample_weight=w, labels=[0, 1])
    case["brier"] = m.brier_score_loss(y, p, sample_weight=w)
    case["murphy"] = murphy(y, p, ones, p)
    case["murphy_binned"] = murphy(y, p, ones, np.searchsorted(np.linspace(0, 1, 6)[1:-1], p))
    case["ece"], case["mce"] = ece(y, p, ones, 10)
    case["costs"] = [cheapest(y, p, ones, c0, c1) for c0, c1 in [(1, 1), (1, 5), (3, 1), (0, 1), (1, 0)]]
    if w is None:
        case["calibration"] = {}
        for strategy in ["uniform", "quantile"]:
            observed, forecast = calibration_curve(y, p, n_bins=5, strategy=strategy)
            case["calibration"][strategy] = {"observed": observed.tolist(), "forecast": forecast.tolist()}
    return case


cases = []
for weights in ["none", "whole", "real"]:
    for digits in [1, 2, 12]:
        n = 80
        eta = rng.normal(size=n)
        y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * eta))).astype(float)
        p = np.round(1 / (1 + np.exp(-eta - 0.5 * rng.normal(size=n))), digits)
        cases.append(scores_case(f"{digits} digits, weights {weights}", y, p, weights_of(weights, n)))
y = np.array([0.0, 0, 1, 1, 1])
cases.append(scores_case("separated", y, np.array([0.0, 0.2, 0.6, 0.7, 1.0]), None))
cases.append(scores_case("the wrong way round", y, np.array([1.0, 0.9, 0.3, 0.1, 0.0]), None))
cases.append(scores_case("constant", y, np.full(5, 0.5), None))
OUT["scores"] = cases


# Probabilities of several classes.
def several_case(name, y, p, w):
    k = p.shape[1]
    labels = list(range(k))
    case = {"name": name, "target": y.tolist(), "probability": p.tolist(), "weights": listed(w)}
    case["log_loss"] = m.log_loss(y, p, labels=labels, sample_weight=w)
    onehot = np.eye(k)[y]
    case["brier"] = m.brier_score_loss(y, p, labels=labels, sample_weight=w, scale_by_half=False)
    case["top_k"] = [m.top_k_accuracy_score(y, p, k=j, labels=labels, sample_weight=w) for j in range(1, k)]
    case["auc"] = {a: m.roc_auc_score(onehot if a == "micro" else y, p, average=a, multi_class="ovr", sample_weight=w) for a in ["macro", "weighted", "micro"]}
    return case


cases = []
for weights in ["none", "whole", "real"]:
    for k in [3, 5]:
        n = 70
        y = rng.integers(0, k, n)
        z = rng.normal(size=(n, k)) + 1.2 * np.eye(k)[y]
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        cases.append(several_case(f"{k} classes, weights {weights}", y, p, weights_of(weights, n)))
certain = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]])
case = {"name": "certain, and once wrong", "target": [0, 1, 1], "probability": certain.tolist(), "weights": None}
case["log_loss"] = m.log_loss([0, 1, 1], certain, labels=[0, 1, 2])
case["brier"] = m.brier_score_loss([0, 1, 1], certain, labels=[0, 1, 2], scale_by_half=False)
OUT["several"] = [*cases, case]


# Numbers.
cases = []
for weights in ["none", "whole", "real"]:
    for n, digits in [(41, 12), (60, 1)]:
        y = np.round(rng.normal(5, 2, n), digits)
        y[y == 0] = 1.0
        f = np.round(y + rng.normal(0, 1, n), digits)
        w = weights_of(weights, n)
        cases.append({
            "target": y.tolist(), "prediction": f.tolist(), "weights": listed(w),
            "r2": m.r2_score(y, f, sample_weight=w),
            "mse": m.mean_squared_error(y, f, sample_weight=w),
            "rmse": m.root_mean_squared_error(y, f, sample_weight=w),
            "mae": m.mean_absolute_error(y, f, sample_weight=w),
            "median": m.median_absolute_error(y, f, sample_weight=w),
            "mape": m.mean_absolute_percentage_error(y, f, sample_weight=w),
            "max": None if w is not None else m.max_error(y, f),
        })
OUT["numbers"] = cases


# DeLong, DeLong and Clarke-Pearson (1988), from all pairs.
def components(y, s):
    x, z = s[y == 1], s[y == 0]
    psi = (x[:, None] > z[None, :]) + 0.5 * (x[:, None] == z[None, :])
    return psi.mean(), psi.mean(axis=1), psi.mean(axis=0)


cases = []
for n, digits in [(30, 1), (50, 2), (200, 12), (12, 1)]:
    y = (rng.random(n) < 0.4).astype(float)
    latent = rng.normal(size=n) + y
    a, b = (np.round(latent + s * rng.normal(size=n), digits) for s in [0.5, 1.5])
    (ta, va, wa), (tb, vb, wb) = components(y, a), components(y, b)
    pos, neg = int(y.sum()), int(n - y.sum())
    s = np.cov(va, vb) / pos + np.cov(wa, wb) / neg
    se = np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1])
    z = norm.ppf(0.975)
    cases.append({
        "target": y.tolist(), "first": a.tolist(), "second": b.tolist(),
        "areas": [ta, tb], "covariance": s.tolist(),
        "interval": [max(0.0, ta - z * np.sqrt(s[0, 0])), min(1.0, ta + z * np.sqrt(s[0, 0]))],
        "difference": ta - tb, "statistic": (ta - tb) / se, "p_value": 2 * norm.sf(abs(ta - tb) / se),
        "difference_interval": [ta - tb - z * se, ta - tb + z * se],
    })
OUT["delong"] = cases

with open("metrics.json", "w") as file:
    json.dump(OUT, file, separators=(",", ":"))
    file.write("\n")
