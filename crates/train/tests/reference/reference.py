"""Makes reference.json from data.csv and r_results.json.

Every estimate written is found here by Newton steps in 50-digit arithmetic
(mpmath) on the log-likelihood written out below. Its derivatives are taken by
central differences of that function in the linear predictors, so no formula
for a score or a Hessian had to be worked out by hand. The R fits (reference.R)
and, in places, statsmodels, scikit-learn and scipy are the second method: each
case carries a "check" of how far they are, and the script stops when a
tolerance is broken.
"""
import csv
import json
import sys
import warnings

import mpmath as mp
import numpy as np
import scipy
import scipy.optimize as opt
import scipy.stats
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import ElasticNet
from statsmodels.miscmodels.ordinal_model import OrderedModel

mp.mp.dps = 50
H = mp.mpf(10) ** -15  # step of the central differences: errors of about 1e-20
ONE, HALF = mp.mpf(1), mp.mpf(1) / 2
warnings.simplefilter("ignore")

ROWS = list(csv.DictReader(open("data.csv")))
N = len(ROWS)
NUM = {k: [mp.mpf(r[k]) for r in ROWS] for k in "x1 x2 w e n yb ys yc yp yg".split()}
CAT = {k: [r[k] for r in ROWS] for k in ("g", "ym", "yo")}
NAMES = ["(Intercept)", "x1", "x2", "gB", "gC"]
X = [[ONE, NUM["x1"][i], NUM["x2"][i], mp.mpf(CAT["g"][i] == "B"), mp.mpf(CAT["g"][i] == "C")] for i in range(N)]
XF = np.array([[float(v) for v in row] for row in X])
P = len(NAMES)
ONES = [ONE] * N
R = json.load(open("r_results.json"))
V = R["versions"]
MP_VERSION = f"mpmath {mp.__version__}"
OUT = []


# ------------------------------------------------------------------ numerics
def f64(v):
    """The double nearest to v, as an mpf: what a reader of the JSON will have."""
    return mp.mpf(float(v))


def derivatives(l, i, z):
    """Value, gradient and Hessian of l(i, z) in z, by central differences."""
    m = len(z)

    def at(*moves):
        q = list(z)
        for k, s in moves:
            q[k] += s * H
        return l(i, q)

    v = l(i, z)
    up = [at((k, 1)) for k in range(m)]
    dn = [at((k, -1)) for k in range(m)]
    grad = [(up[k] - dn[k]) / (2 * H) for k in range(m)]
    hess = [[None] * m for _ in range(m)]
    for a in range(m):
        hess[a][a] = (up[a] - 2 * v + dn[a]) / H**2
        for b in range(a):
            c = at((a, 1), (b, 1)) - at((a, 1), (b, -1)) - at((a, -1), (b, 1)) + at((a, -1), (b, -1))
            hess[a][b] = hess[b][a] = c / (4 * H**2)
    return v, grad, hess


def predictors(A, theta, i):
    return [mp.fsum(a * t for a, t in zip(row, theta) if a) for row in A[i]]


def total(A, l, weights, theta):
    """Log-likelihood, gradient, Hessian and the gradient's size (sum of absolute terms)."""
    p = len(theta)
    value, g, size, h = mp.mpf(0), [mp.mpf(0)] * p, [mp.mpf(0)] * p, mp.zeros(p)
    for i in range(N):
        v, gz, hz = derivatives(l, i, predictors(A, theta, i))
        value += weights[i] * v
        for j in range(p):
            t = weights[i] * mp.fsum(gz[k] * A[i][k][j] for k in range(len(gz)))
            g[j] += t
            size[j] += abs(t)
            for m in range(j + 1):
                h[j, m] += weights[i] * mp.fsum(
                    hz[a][b] * A[i][a][j] * A[i][b][m] for a in range(len(gz)) for b in range(len(gz))
                    if A[i][a][j] and A[i][b][m])
    for j in range(p):
        for m in range(j):
            h[m, j] = h[j, m]
    return value, g, h, size


def value_at(A, l, weights, theta):
    return mp.fsum(weights[i] * l(i, predictors(A, theta, i)) for i in range(N))


def newton(A, l, weights, start, steps=200):
    """Maximises the log-likelihood; returns theta, value, Hessian and the relative gradient
    that is left once theta is rounded to doubles."""
    theta = [mp.mpf(t) for t in start]
    for _ in range(steps):
        v, g, h, size = total(A, l, weights, theta)
        step = list(mp.lu_solve(-h, mp.matrix(g)))
        if max(abs(s) / (abs(t) + 1) for s, t in zip(step, theta)) < mp.mpf(10) ** -18:
            break
        f = ONE
        while True:
            new = [t + f * s for t, s in zip(theta, step)]
            try:
                nv = value_at(A, l, weights, new)
                if mp.im(nv) == 0 and nv >= v - mp.mpf(10) ** -30 * abs(v):
                    break
            except (ValueError, ZeroDivisionError, TypeError):
                pass
            f /= 2
            assert f > 1e-12, "no step goes up"
        theta = new
    else:
        raise AssertionError("Newton did not converge")
    v, g, h, size = total(A, l, weights, [f64(t) for t in theta])
    rel = max(abs(a) / b for a, b in zip(g, size) if b)
    return theta, v, h, rel


def invert(m):
    return mp.inverse(m)


def roots(cov):
    return [mp.sqrt(cov[j, j]) for j in range(cov.rows)]


def matrix(cov):
    return [[float(cov[i, j]) for j in range(cov.cols)] for i in range(cov.rows)]


def gap(mine, theirs):
    """Largest relative difference, sizes below 1e-2 counting as 1e-2."""
    return max(float(abs(mp.mpf(a) - mp.mpf(b)) / max(abs(mp.mpf(a)), mp.mpf("0.01"))) for a, b in zip(mine, theirs))


def coefficients(names, estimate, se=None):
    return {k: {"estimate": float(b), "std_error": None if se is None else float(se[j])}
            for j, (k, b) in enumerate(zip(names, estimate))}


def add(case, limits, **check):
    """Keeps a case with its checks; limits are the largest allowed."""
    case["check"] = {k: (float(v) if isinstance(v, mp.mpf) else v) for k, v in check.items()}
    for k, most in limits.items():
        if k in check and check[k] is not None and not check[k] <= most:
            sys.exit(f"{case['name']}: {k} = {check[k]} is over {most}")
    OUT.append(case)
    show = {k: ("%.1e" % v if isinstance(v, float) else v) for k, v in case["check"].items()}
    print(f"{case['name']:42s}", " ".join(f"{k}={v}" for k, v in show.items()), flush=True)


# ------------------------------------------------------------ GLM definitions
LINKS = {
    "identity": lambda t: t,
    "log": mp.exp,
    "logit": lambda t: 1 / (1 + mp.exp(-t)),
    "probit": mp.ncdf,
    "cloglog": lambda t: -mp.expm1(-mp.exp(t)),
    "cauchit": lambda t: HALF + mp.atan(t) / mp.pi,
    "loglog": lambda t: mp.exp(-mp.exp(-t)),
    "sqrt": lambda t: t * t,
    "inverse": lambda t: 1 / t,
    "1/mu^2": lambda t: 1 / mp.sqrt(t),
}


def xlogy(x, y):
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def need(ok):
    if not ok:
        raise ValueError("outside the family's range")


# Each family: q(y, m, mu, th) its (quasi) log-likelihood without what does not depend on mu, for a
# dispersion of 1 (m: number of trials); V(mu) its variance function. deviance = 2 (q(y, y) - q(y, mu)).
def q_binomial(y, m, mu, th=None):
    need(0 < mu < 1 or mu == y / m)
    return xlogy(y, mu) + xlogy(m - y, 1 - mu)


def q_poisson(y, m, mu, th=None):
    need(mu > 0 or y == 0 == mu)
    return xlogy(y, mu) - mu


def q_gamma(y, m, mu, th=None):
    need(mu > 0)
    return -y / mu - mp.log(mu)


def q_inverse_gaussian(y, m, mu, th=None):
    need(mu > 0)
    return -y / (2 * mu**2) + 1 / mu


def q_tweedie(y, m, mu, th=None):  # p = 1.5
    need(mu > 0 or y == 0 == mu)
    return (-2 * y / mp.sqrt(mu) if y else 0) - 2 * mp.sqrt(mu)


def q_negative_binomial(y, m, mu, th):
    need((mu > 0 or y == 0) and th > 0)
    return mp.loggamma(th + y) - mp.loggamma(th) - mp.loggamma(y + 1) + th * mp.log(th) + xlogy(y, mu) - (th + y) * mp.log(th + mu)


FAMILIES = {
    "gaussian": (lambda y, m, mu, th=None: -((y - mu) ** 2) / 2, lambda mu, th: ONE),
    "binomial": (q_binomial, lambda mu, th: mu * (1 - mu)),
    "poisson": (q_poisson, lambda mu, th: mu),
    "gamma": (q_gamma, lambda mu, th: mu**2),
    "inverse_gaussian": (q_inverse_gaussian, lambda mu, th: mu**3),
    "tweedie": (q_tweedie, lambda mu, th: mu * mp.sqrt(mu)),
    "negative_binomial": (q_negative_binomial, lambda mu, th: mu + mu**2 / th),
}


def log_density(family, y, m, mu, phi, th):
    if family == "gaussian":
        return -((y - mu) ** 2) / (2 * phi) - mp.log(2 * mp.pi * phi) / 2
    if family == "binomial":
        return q_binomial(y, m, mu) + mp.log(mp.binomial(m, y))
    if family == "poisson":
        return q_poisson(y, m, mu) - mp.loggamma(y + 1)
    if family == "gamma":
        a = 1 / phi
        return a * mp.log(a / mu) + (a - 1) * mp.log(y) - a * y / mu - mp.loggamma(a)
    if family == "inverse_gaussian":
        return -((y - mu) ** 2) / (2 * phi * mu**2 * y) - mp.log(2 * mp.pi * phi * y**3) / 2
    if family == "negative_binomial":
        return q_negative_binomial(y, m, mu, th)
    if family == "tweedie":  # p = 1.5: a Poisson number of exponentials (gamma of shape 1)
        rate, scale = 2 * mp.sqrt(mu) / phi, phi * mp.sqrt(mu) / 2
        if y == 0:
            return -rate
        s = mp.fsum(mp.exp(j * mp.log(rate) - mp.loggamma(j + 1) + (j - 1) * mp.log(y) - j * mp.log(scale) - mp.loggamma(j))
                    for j in range(1, 400))
        return -rate - y / scale + mp.log(s)
    raise KeyError(family)


def glm(name, family, link, target, weights=None, trials=None, offset=None, quasi=False, theta=None, free_theta=False, note=None):
    q, variance = FAMILIES[family]
    inv = LINKS[link]
    y = NUM[target]
    m = trials or ONES
    w = weights or ONES
    off = offset or [mp.mpf(0)] * N
    r = R[name]
    start = [r["estimate"][k] for k in NAMES]
    A = [[X[i] + ([mp.mpf(0)] if free_theta else [])] + ([[mp.mpf(0)] * P + [ONE]] if free_theta else []) for i in range(N)]

    def l(i, z):
        return q(y[i], m[i], inv(z[0] + off[i]), z[1] if free_theta else theta)

    est, value, hess, rel = newton(A, l, w, start + ([r["theta"]] if free_theta else []))
    beta, th = est[:P], (est[P] if free_theta else theta)
    eta = [predictors(A, est, i)[0] + off[i] for i in range(N)]
    mu = [inv(t) for t in eta]
    slope = [(inv(t + H) - inv(t - H)) / (2 * H) for t in eta]
    k = [w[i] * m[i] * slope[i] ** 2 / variance(mu[i], th) for i in range(N)]
    info = mp.matrix(P)
    for a in range(P):
        for b in range(P):
            info[a, b] = mp.fsum(k[i] * X[i][a] * X[i][b] for i in range(N))
    pearson = mp.fsum(w[i] * (y[i] - m[i] * mu[i]) ** 2 / (m[i] * variance(mu[i], th)) for i in range(N))
    # the saturated fit has mean y (NB: at the same theta)
    deviance = 2 * mp.fsum(w[i] * (q(y[i], m[i], y[i] / m[i], th) - q(y[i], m[i], mu[i], th)) for i in range(N))
    df = N - P
    free = quasi or family in ("gaussian", "gamma", "inverse_gaussian", "tweedie")
    phi = pearson / df if free else ONE
    cov = invert(info) * phi
    se = roots(cov)
    observed = invert(-hess) * phi
    case = {
        "name": name,
        "software": f"{V['R'].split(' (')[0]}, {r['software']}; polished by Newton steps on the exact likelihood in {MP_VERSION}",
        "family": ("quasi" if quasi else "") + family, "link": link,
        "options": {"target": target, "formula": "x1 + x2 + g", "weights": "w" if weights else None,
                    "trials": "n" if trials else None, "offset": "log(e)" if offset else None,
                    "std_error": "expected (Fisher) information times dispersion"},
        "coefficients": coefficients(NAMES, beta, se),
        "std_error_observed_information": {n_: float(v) for n_, v in zip(NAMES, roots(observed))},
        "vcov": matrix(cov),
    }
    if note:
        case["options"]["note"] = note
    if family == "tweedie":
        case["options"]["power"] = 1.5
    # log-likelihood: R's convention for the dispersion
    sw = mp.fsum(w)
    if quasi:
        ll, at = None, None
    else:
        at = {"gaussian": deviance / N, "gamma": deviance / sw, "inverse_gaussian": deviance / sw, "tweedie": phi}.get(family, ONE)
        if family == "gaussian" and weights:
            ll = mp.fsum(log_density(family, y[i], m[i], mu[i], at / w[i], th) for i in range(N))
        else:
            ll = mp.fsum(w[i] * log_density(family, y[i], m[i], mu[i], at, th) for i in range(N))
    case["log_likelihood"] = None if ll is None else float(ll)
    case["deviance"] = float(deviance)
    case["dispersion"] = float(phi)
    case["pearson_chi2"] = float(pearson)
    case["df_residual"] = df
    case["null_deviance"] = r["null_deviance"]
    if ll is not None and family != "tweedie":
        case["aic"] = float(-2 * ll + 2 * (P + (1 if free or free_theta else 0)))
    if free and not quasi:
        case["log_likelihood_dispersion"] = float(at)
        case["log_likelihood_note"] = {
            "gaussian": "R's logLik: at the ML variance, deviance / n" + ("; the weights are prior weights (variance = dispersion / w)" if weights else ""),
            "gamma": "R's logLik: at dispersion = deviance / sum(w), which is not the ML dispersion",
            "inverse_gaussian": "R's logLik: at dispersion = deviance / sum(w), the ML one",
            "tweedie": "the exact density (series) at the Pearson dispersion; R gives none"}[family]
    if family == "gamma":
        def score(p):
            return mp.fsum(w[i] * (log_density(family, y[i], 1, mu[i], p + H, th) - log_density(family, y[i], 1, mu[i], p - H, th)) for i in range(N)) / (2 * H)
        best = mp.findroot(score, at, tol=1e-30)
        case["dispersion_ml"] = float(best)
        case["log_likelihood_ml_dispersion"] = float(mp.fsum(w[i] * log_density(family, y[i], 1, mu[i], best, th) for i in range(N)))
    if family in ("gamma", "inverse_gaussian"):
        case["log_likelihood_pearson_dispersion"] = float(mp.fsum(w[i] * log_density(family, y[i], 1, mu[i], phi, th) for i in range(N)))
    if weights and free:  # the same fit when a row of weight 2 is two rows
        phi_w = pearson / (sw - P)
        at_w = deviance / sw
        case["as_frequency_weights"] = {
            "df_residual": float(sw - P), "dispersion": float(phi_w),
            "std_error": {n_: float(v) for n_, v in zip(NAMES, roots(invert(info) * phi_w))},
            "log_likelihood": float(mp.fsum(w[i] * log_density(family, y[i], 1, mu[i], at_w, th) for i in range(N))),
            "note": "every row repeated w times; log-likelihood at dispersion = deviance / sum(w)"}
    check = {"relative_gradient": rel,
             "r_estimate": gap(beta, start), "r_std_error": gap(se, [r["std_error"][k_] for k_ in NAMES]),
             "r_deviance": gap([deviance], [r["deviance"]]),
             "r_log_likelihood": gap([ll], [r["log_likelihood"]]) if ll is not None and r.get("log_likelihood") is not None else None,
             "r_dispersion": gap([phi], [r["dispersion"]]),
             "r_aic": gap([case["aic"]], [r["aic"]]) if "aic" in case and r.get("aic") is not None else None}
    if free_theta:
        full = invert(-hess)
        case["theta"] = float(th)
        case["theta_std_error"] = float(1 / mp.sqrt(-hess[P, P]))
        case["theta_std_error_joint"] = float(mp.sqrt(full[P, P]))
        case["two_log_likelihood"] = float(2 * ll)
        case["options"]["note"] = ("variance mu + mu^2/theta; theta estimated by ML. theta_std_error is MASS's (observed information of theta, "
                                   "mu held fixed); theta_std_error_joint and std_error_observed_information come from the joint observed Hessian")
        case["options"]["std_error"] = "expected information at the estimated theta, dispersion 1 (summary.negbin)"
        check["r_theta"] = gap([th], [r["theta"]])
        check["r_theta_std_error"] = gap([case["theta_std_error"]], [r["theta_std_error"]])
    elif theta is not None:
        case["theta"] = float(theta)
        case["options"]["std_error"] = "expected information, dispersion 1, theta fixed"
        ph = pearson / df
        case["pearson_dispersion"] = float(ph)
        case["std_error_pearson_dispersion"] = {n_: float(v) for n_, v in zip(NAMES, roots(invert(info) * ph))}
    loose = 1e-4 if free_theta else 1e-5  # R stops when the deviance does, up to the root of epsilon away
    add(case, {"relative_gradient": 1e-14, "r_estimate": loose, "r_std_error": loose, "r_deviance": loose if free_theta else 1e-10,
               "r_log_likelihood": 1e-9, "r_dispersion": 1e-5, "r_theta": 1e-3, "r_theta_std_error": 1e-3, "r_aic": 1e-9}, **check)
    return case


def glms():
    W, T, OFF = NUM["w"], NUM["n"], [mp.log(v) for v in NUM["e"]]
    for link in ("logit", "probit", "cloglog", "cauchit", "log"):
        glm(f"binomial_{link}", "binomial", link, "yb")
        glm(f"binomial_{link}_weights", "binomial", link, "yb", weights=W)
    for link in ("logit", "probit", "cloglog", "cauchit"):
        glm(f"binomial_trials_{link}", "binomial", link, "ys", trials=T,
            note="the log-likelihood includes the binomial coefficients")
    glm("gaussian_identity", "gaussian", "identity", "yg")
    glm("gaussian_identity_weights", "gaussian", "identity", "yg", weights=W)
    glm("gaussian_log", "gaussian", "log", "yp")
    glm("poisson_log", "poisson", "log", "yc")
    glm("poisson_log_weights", "poisson", "log", "yc", weights=W)
    glm("poisson_log_offset", "poisson", "log", "yc", offset=OFF)
    glm("poisson_sqrt", "poisson", "sqrt", "yc")
    glm("poisson_identity", "poisson", "identity", "yc")
    for link in ("inverse", "log", "identity"):
        glm(f"gamma_{link}", "gamma", link, "yp")
    glm("gamma_log_weights", "gamma", "log", "yp", weights=W)
    glm("inverse_gaussian_log", "inverse_gaussian", "log", "yp")
    glm("inverse_gaussian_inverse_squared", "inverse_gaussian", "1/mu^2", "yp")
    for name, target in (("tweedie_1.5_log", "yp"), ("tweedie_1.5_log_zeros", "yc")):
        case = glm(name, "tweedie", "log", target)
        m = sm.GLM([float(v) for v in NUM[target]], XF, family=sm.families.Tweedie(sm.families.links.Log(), 1.5, eql=False)).fit(tol=1e-14, maxiter=500)
        case["check"]["statsmodels_estimate"] = gap([c["estimate"] for c in case["coefficients"].values()], m.params)
        case["check"]["statsmodels_std_error"] = gap([c["std_error"] for c in case["coefficients"].values()], m.bse)
        case["check"]["statsmodels_log_likelihood"] = gap([case["log_likelihood"]], [m.llf])
        print("   statsmodels", {k: v for k, v in case["check"].items() if k.startswith("statsm")})
        assert all(v < 1e-6 for k, v in case["check"].items() if k.startswith("statsm"))
    glm("quasipoisson_log", "poisson", "log", "yc", quasi=True)
    glm("quasibinomial_logit", "binomial", "logit", "yb", quasi=True)
    glm("quasibinomial_trials_logit", "binomial", "logit", "ys", trials=T, quasi=True)
    nb = glm("negative_binomial", "negative_binomial", "log", "yc", free_theta=True)
    m = sm.NegativeBinomial([float(v) for v in NUM["yc"]], XF).fit(disp=0, method="newton", tol=1e-14, maxiter=500)
    nb["check"]["statsmodels_estimate"] = gap([c["estimate"] for c in nb["coefficients"].values()], m.params[:P])
    nb["check"]["statsmodels_theta"] = gap([nb["theta"]], [1 / m.params[P]])
    nb["check"]["statsmodels_std_error_observed"] = gap(nb["std_error_observed_information"].values(), m.bse[:P])
    print("   statsmodels", {k: v for k, v in nb["check"].items() if k.startswith("statsm")})
    glm("negative_binomial_offset", "negative_binomial", "log", "yc", offset=OFF, free_theta=True)
    glm("negative_binomial_weights", "negative_binomial", "log", "yc", weights=W, free_theta=True)
    glm("negative_binomial_theta_2", "negative_binomial", "log", "yc", theta=mp.mpf(2))


# --------------------------------------------- multinomial and ordered models
def multinomial_l(i, z, classes="abc"):
    """z: one linear predictor per class, the first class's 0 when it is left out."""
    full = list(z) if len(z) == 3 else [mp.mpf(0)] + list(z)
    return full[classes.index(CAT["ym"][i])] - mp.log(mp.fsum(mp.exp(t) for t in full))


ZERO = [mp.mpf(0)] * P


def finish(case, theta, names, l, A, w, hess, value, rel, rivals):
    cov = invert(-hess)
    se = roots(cov)
    case["coefficients"] = coefficients(names, theta, se)
    case["vcov"] = matrix(cov)
    case["log_likelihood"] = float(value)
    case["deviance"] = float(-2 * value)
    case["dispersion"] = 1.0
    case["n_parameters"] = len(names)
    check = {"relative_gradient": rel}
    for tag, est, ses, ll in rivals:
        check[f"{tag}_estimate"] = gap(theta, est)
        if ses:
            check[f"{tag}_std_error"] = gap(se, ses)
        check[f"{tag}_log_likelihood"] = gap([value], [ll])
    add(case, {"relative_gradient": 1e-13, **{f"{t}_{k}": m for t in ("r", "clm", "statsmodels")
                                              for k, m in (("estimate", 1e-3), ("std_error", 1e-3), ("log_likelihood", 1e-7))}}, **check)


def multinomials():
    names = [f"{c}:{k}" for c in "bc" for k in NAMES]
    A = [[X[i] + ZERO, ZERO + X[i]] for i in range(N)]
    for name, w in (("multinomial", ONES), ("multinomial_weights", NUM["w"])):
        r = R[name]
        start = [r["estimate"][k] for k in names]
        theta, value, hess, rel = newton(A, multinomial_l, w, start)
        rivals = [("r", start, [r["std_error"][k] for k in names], r["log_likelihood"])]
        if w is ONES:
            m = sm.MNLogit(["abc".index(v) for v in CAT["ym"]], XF).fit(disp=0, method="newton", tol=1e-14, maxiter=200)
            rivals.append(("statsmodels", np.array(m.params).T.ravel(), list(np.array(m.bse).T.ravel()), m.llf))
        finish({"name": name, "software": f"{V['R'].split(' (')[0]}, {r['software']} {V['nnet']}; polished by Newton steps on the exact likelihood in {MP_VERSION}",
                "family": "multinomial", "link": "logit",
                "options": {"target": "ym", "formula": "x1 + x2 + g", "reference": "a", "weights": None if w is ONES else "w (frequencies)",
                            "names": "class:term", "std_error": "inverse of the exact Hessian"}},
               theta, names, multinomial_l, A, w, hess, value, rel, rivals)


def ordered():
    levels = ["1low", "2mid", "3high", "4top"]
    cuts = [f"{a}|{b}" for a, b in zip(levels, levels[1:])]
    names = cuts + NAMES[1:]
    k = [levels.index(v) for v in CAT["yo"]]
    # two predictors per row: the threshold above less x'b and the threshold below less x'b
    A = []
    for i in range(N):
        slopes = [-v for v in X[i][1:]]
        A.append([[mp.mpf(c == j) for c in range(3)] + (slopes if 0 <= j <= 2 else [mp.mpf(0)] * 4) for j in (k[i], k[i] - 1)])
    for name, link, w in [(f"ordered_{l}", l, ONES) for l in ("logit", "probit", "cloglog", "cauchit", "loglog")] + [("ordered_logit_weights", "logit", NUM["w"])]:
        F = LINKS[link]

        def l(i, z):
            hi = F(z[0]) if k[i] < 3 else ONE
            lo = F(z[1]) if k[i] > 0 else mp.mpf(0)
            need(hi > lo)
            return mp.log(hi - lo)

        r, c = R[name], R[name + "/clm"]
        start = [r["estimate"][n_] for n_ in names]
        theta, value, hess, rel = newton(A, l, w, start)
        rivals = [(t, [q["estimate"][n_] for n_ in names], [q["std_error"][n_] for n_ in names], q["log_likelihood"]) for t, q in (("r", r), ("clm", c))]
        programs = f"{V['R'].split(' (')[0]}, MASS::polr {V['MASS']} and ordinal::clm {V['ordinal']}"
        options = {}
        if link == "cauchit":
            # polr puts F(100) for F(infinity) and clm F(1e5): 0.9968 and 0.999997 for the Cauchy. They maximise
            # other functions; each reports just the value of that function.
            for q, big in ((r, mp.mpf(100)), (c, mp.mpf(10) ** 5)):
                est = [q["estimate"][n_] for n_ in names]
                cut = mp.fsum(mp.log(F(z[0] if k[i] < 3 else big) - F(z[1] if k[i] > 0 else -big))
                              for i in range(N) for z in [predictors(A, est, i)])
                assert gap([cut], [q["log_likelihood"]]) < (1e-12 if q is r else 1e-7)
            m = OrderedModel(k, XF[:, 1:], distr=scipy.stats.cauchy).fit(method="bfgs", disp=0, gtol=1e-9, maxiter=2000)
            est = [*m.model.transform_threshold_params(m.params)[1:-1], *m.params[:4]]
            rivals = [("statsmodels", est, None, m.llf)]  # it gives standard errors in another parameterisation
            programs = f"statsmodels {statsmodels.__version__} OrderedModel"
            options["note"] = (f"MASS::polr's own answer is off (log-likelihood {r['log_likelihood']:.6f}): it takes F(100) for F(infinity), "
                               f"which is 0.9968 for the Cauchy; ordinal::clm takes F(1e5) and is off a little ({c['log_likelihood']:.6f})")
            print("   clm is off by", gap(theta, [c["estimate"][n_] for n_ in names]), gap(roots(invert(-hess)), [c["std_error"][n_] for n_ in names]))
        finish({"name": name, "software": f"{programs}; polished by Newton steps on the exact likelihood in {MP_VERSION}",
                "family": "ordered", "link": link,
                "options": {"target": "yo", "formula": "x1 + x2 + g", "levels": levels, "weights": None if w is ONES else "w (frequencies)",
                            "convention": "P(Y <= j) = F(zeta_j - x'beta)",
                            "F": {"logit": "1/(1+exp(-t))", "probit": "Phi(t)", "cloglog": "1-exp(-exp(t))", "cauchit": "1/2+atan(t)/pi", "loglog": "exp(-exp(-t))"}[link],
                            "std_error": "observed information, full Hessian in (thresholds, slopes)", **options}},
               theta, names, l, A, w, hess, value, rel, rivals)


# ---------------------------------------------------------------------- Firth
def firth():
    # no success in group C: its maximum-likelihood coefficient is -infinity
    sep = [v if g != "C" else mp.mpf(0) for v, g in zip(NUM["yb"], CAT["g"])]

    def parts(theta, y, w):
        p = [1 / (1 + mp.exp(-mp.fsum(a * t for a, t in zip(X[i], theta)))) for i in range(N)]
        info = mp.matrix(P)
        for a in range(P):
            for b in range(a + 1):
                info[a, b] = info[b, a] = mp.fsum(w[i] * p[i] * (1 - p[i]) * X[i][a] * X[i][b] for i in range(N))
        ll = mp.fsum(w[i] * (y[i] * mp.log(p[i]) + (1 - y[i]) * mp.log(1 - p[i])) for i in range(N))
        return p, info, ll, ll + mp.log(mp.det(info)) / 2

    for name, y, w in (("firth_logit", NUM["yb"], ONES), ("firth_logit_weights", NUM["yb"], NUM["w"]), ("firth_logit_separated", sep, ONES)):
        r = R[name]
        theta = [mp.mpf(0)] * P
        fn = lambda t: parts(t, y, w)[3]
        # Newton steps whose gradient and Hessian are differences of the penalised log-likelihood itself
        h = mp.mpf(10) ** -12
        for _ in range(60):
            v = fn(theta)
            move = lambda *m: [t + sum(s * h for k, s in m if k == j) for j, t in enumerate(theta)]
            up, dn = [fn(move((a, 1))) for a in range(P)], [fn(move((a, -1))) for a in range(P)]
            g = mp.matrix([(up[a] - dn[a]) / (2 * h) for a in range(P)])
            hess = mp.matrix(P)
            for a in range(P):
                hess[a, a] = (up[a] - 2 * v + dn[a]) / h**2
                for b in range(a):
                    hess[a, b] = hess[b, a] = (fn(move((a, 1), (b, 1))) - fn(move((a, 1), (b, -1))) - fn(move((a, -1), (b, 1))) + fn(move((a, -1), (b, -1)))) / (4 * h**2)
            step = list(mp.lu_solve(-hess, g))
            if sum(s * d for s, d in zip(step, g)) < 0:  # not uphill: take a Fisher step
                step = list(mp.lu_solve(parts(theta, y, w)[1], g))
            f = ONE
            while fn([t + f * s for t, s in zip(theta, step)]) < v - mp.mpf(10) ** -30:
                f /= 2
            theta = [t + f * s for t, s in zip(theta, step)]
            if max(map(abs, step)) < mp.mpf(10) ** -18:
                break
        else:
            raise AssertionError("Firth did not converge")
        # second method: Firth's modified score, sum_i (w_i (y_i - p_i) + h_i (1/2 - p_i)) x_i
        p, info, ll, pll = parts([f64(t) for t in theta], y, w)
        inv = invert(info)
        hat = [w[i] * p[i] * (1 - p[i]) * (mp.matrix([X[i]]) * inv * mp.matrix(X[i]))[0] for i in range(N)]
        terms = [[(w[i] * (y[i] - p[i]) + hat[i] * (HALF - p[i])) * X[i][j] for i in range(N)] for j in range(P)]
        score = max(abs(mp.fsum(t)) / mp.fsum(map(abs, t)) for t in terms)
        # third: scipy on the penalised likelihood in doubles
        yf, wf = np.array([float(v) for v in y]), np.array([float(v) for v in w])

        def minus(b):
            eta = XF @ b
            q = 1 / (1 + np.exp(-eta))
            return -(wf * (yf * eta - np.logaddexp(0, eta))).sum() - 0.5 * np.linalg.slogdet(XF.T @ (XF * (wf * q * (1 - q))[:, None]))[1]

        s = opt.minimize(minus, np.zeros(P), method="BFGS", options={"gtol": 1e-9})
        rng = np.random.default_rng(1)
        for _ in range(30):  # no other maximum is met from other starts
            assert opt.minimize(minus, rng.normal(0, 2, P), method="BFGS", options={"gtol": 1e-9}).fun > s.fun - 1e-9
        augmented = mp.matrix(P)
        for a in range(P):
            for b in range(P):
                augmented[a, b] = mp.fsum((w[i] + hat[i]) * p[i] * (1 - p[i]) * X[i][a] * X[i][b] for i in range(N))
        se = roots(inv)
        case = {"name": name, "software": f"Newton steps on the penalised likelihood in {MP_VERSION}; checked with brglm2 {V['brglm2']} (type AS_mean), the modified score and scipy {scipy.__version__} BFGS (logistf could not be had)",
                "family": "binomial", "link": "logit",
                "options": {"target": "yb" if y is not sep else "yb, but 0 where g is C (so that the ML estimate of gC is -infinity)", "formula": "x1 + x2 + g",
                            "weights": None if w is ONES else "w (frequencies: both the likelihood and the information are weighted)",
                            "penalty": "log-likelihood + 1/2 log det(X'WX)",
                            "std_error": "inverse of the unpenalised expected information X'WX, W = w p(1-p), at the estimate"},
                "coefficients": coefficients(NAMES, theta, se), "vcov": matrix(inv),
                "std_error_augmented_weights": {n_: float(v) for n_, v in zip(NAMES, roots(invert(augmented)))},
                "std_error_augmented_weights_note": "W = (w + h) p(1-p), h the hat values: some programs' choice",
                "std_error_penalised_hessian": {n_: float(v) for n_, v in zip(NAMES, roots(invert(-hess)))},
                "log_likelihood": float(ll), "penalised_log_likelihood": float(pll), "deviance": float(-2 * ll), "dispersion": 1.0}
        add(case, {"modified_score": 1e-13, "r_estimate": 1e-5, "r_std_error": 1e-5, "scipy_estimate": 1e-3},
            modified_score=score, scipy_estimate=gap(theta, s.x),
            r_estimate=gap(theta, [r["estimate"][k] for k in NAMES]), r_std_error=gap(se, [r["std_error"][k] for k in NAMES]))


# --------------------------------------------------------- Huber and quantile
def huber():
    y = NUM["yg"]
    yf = np.array([float(v) for v in y])
    A = [[X[i]] for i in range(N)]
    for k in ("1.345", "0.5"):
        c = mp.mpf(k)

        def l(i, z):
            r = abs(y[i] - z[0])
            return -(r * r / 2 if r <= c else c * r - c * c / 2)

        start = opt.minimize(lambda b: -sum(float(-min(r, float(c)) * r + min(r, float(c)) ** 2 / 2) for r in np.abs(yf - XF @ b)),
                             np.linalg.lstsq(XF, yf, rcond=None)[0], method="BFGS", options={"gtol": 1e-8}).x
        theta, value, hess, rel = newton(A, l, ONES, start)
        res = [y[i] - mp.fsum(a * t for a, t in zip(X[i], theta)) for i in range(N)]
        # the loss is exactly quadratic around the optimum if no residual sits at +-k
        near = min(abs(abs(r) - c) for r in res)
        assert near > 1e-6
        case = {"name": f"huber_{k}", "software": f"Newton steps in {MP_VERSION}; checked with scipy {scipy.__version__} BFGS",
                "family": "huber", "link": "identity",
                "options": {"target": "yg", "formula": "x1 + x2 + g", "k": float(c), "scale": 1, "loss": "r^2/2 for |r| <= k, k|r| - k^2/2 beyond"},
                "coefficients": coefficients(NAMES, theta), "log_likelihood": None, "deviance": None, "dispersion": None,
                "objective": float(-value), "mean_objective": float(-value / N),
                "rows_with_abs_residual_over_k": sum(abs(r) > c for r in res)}
        add(case, {"relative_gradient": 1e-14, "scipy_estimate": 1e-4}, relative_gradient=rel, scipy_estimate=gap(theta, start), closest_residual_to_k=float(near))


def quantile():
    y = NUM["yg"]
    yf = np.array([float(v) for v in y])
    for tau in ("0.25", "0.5", "0.9"):
        t = mp.mpf(tau)
        tf = float(tau)
        eye = np.eye(N)
        lp = opt.linprog(np.r_[np.zeros(P), np.full(N, tf), np.full(N, 1 - tf)], A_eq=np.hstack([XF, eye, -eye]), b_eq=yf,
                         bounds=[(None, None)] * P + [(0, None)] * (2 * N), method="highs")
        r = R[f"quantile_{tau}"]
        # the optimum passes through P rows: solve for it exactly, and certify it by its dual
        basis = sorted(np.argsort(np.abs(yf - XF @ lp.x[:P]))[:P])
        B = mp.matrix([X[i] for i in basis])
        theta = list(mp.lu_solve(B, mp.matrix([y[i] for i in basis])))
        res = [mp.mpf(0) if i in basis else y[i] - mp.fsum(a * b for a, b in zip(X[i], theta)) for i in range(N)]
        rest = [mp.fsum((t - (res[i] < 0)) * X[i][j] for i in range(N) if i not in basis) for j in range(P)]
        dual = list(mp.lu_solve(B.T, -mp.matrix(rest)))  # each must lie in [tau - 1, tau]; strictly inside: unique
        slack = min(min(d - (t - 1), t - d) for d in dual)
        value = mp.fsum(v * (t - (v < 0)) for v in res)
        case = {"name": f"quantile_{tau}", "software": f"scipy {scipy.__version__} linprog (highs); the basic solution solved exactly in {MP_VERSION}; checked with quantreg {V['quantreg']} rq",
                "family": "quantile", "link": "identity",
                "options": {"target": "yg", "formula": "x1 + x2 + g", "tau": tf, "loss": "r (tau - [r < 0]), summed"},
                "coefficients": coefficients(NAMES, theta), "log_likelihood": None, "deviance": None, "dispersion": None,
                "objective": float(value), "mean_objective": float(value / N), "unique": bool(slack > 1e-9),
                "rows_fitted_exactly": [int(i) for i in basis], "rows_fitted_exactly_note": "counted from 0"}
        add(case, {"linprog_objective": 1e-10, "r_estimate": 1e-8, "r_objective": 1e-10},
            dual_slack=float(slack), linprog_objective=gap([value], [lp.fun]), linprog_estimate=gap(theta, lp.x[:P]),
            r_estimate=gap(theta, [r["estimate"][k] for k in NAMES]))
        assert slack >= -1e-25


# ------------------------------------------------- penalties and box bounds
FLOAT_LOSS = {  # value and derivative in the linear predictors of a row's loss, in doubles
    "gaussian": lambda y, z: (0.5 * (y - z[:, 0]) ** 2, (z - y[:, None])),
    "binomial": lambda y, z: (np.logaddexp(0, z[:, 0]) - y * z[:, 0], 1 / (1 + np.exp(-z)) - y[:, None]),
    "poisson": lambda y, z: (np.exp(z[:, 0]) - y * z[:, 0], np.exp(z) - y[:, None]),
}


def float_multinomial(k, z):
    full = z if z.shape[1] == 3 else np.hstack([np.zeros((N, 1)), z])
    lse = np.logaddexp.reduce(full, axis=1)
    p = np.exp(full - lse[:, None])
    hot = np.eye(3)[k]
    return lse - full[np.arange(N), k], (p - hot)[:, 3 - z.shape[1]:]


def penalised(A, l, loss, yf, l1, l2, lower, upper):
    """Minimises mean loss + sum l1|b| + sum l2 b^2/2 within bounds.

    scipy's L-BFGS-B (b split in positive and negative parts) finds which coefficients are
    zero or at a bound; Newton steps in mpmath solve for the others; the KKT conditions are
    then checked for all. Returns the solution, L-BFGS-B's, the objective, the mean loss and
    the largest KKT violation at the solution rounded to doubles.
    """
    p = len(l1)
    AF = np.array([[[float(v) for v in row] for row in rows] for rows in A])
    l1f, l2f = np.array([float(v) for v in l1]), np.array([float(v) for v in l2])

    def fun(uv):
        b = uv[:p] - uv[p:]
        v, d = loss(yf, AF @ b)
        g = np.einsum("im,imp->p", d, AF) / N + l2f * b
        return v.mean() + l1f @ (uv[:p] + uv[p:]) + 0.5 * l2f @ b**2, np.r_[g + l1f, -g + l1f]

    bounds = [(0, None) if l1f[j] else (lower[j], upper[j]) for j in range(p)] + [(0, None) if l1f[j] else (0, 0) for j in range(p)]
    x0 = np.zeros(2 * p)
    for j, (lo, up) in enumerate(bounds):
        x0[j] = np.clip(0, -np.inf if lo is None else lo, np.inf if up is None else up)
    s = opt.minimize(fun, x0, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100000, "maxfun": 10**6, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30})
    rough = s.x[:p] - s.x[p:]

    def smooth(theta):
        v, g, h, _ = total(A, l, [ONE / N] * N, theta)
        return -v, [-g[j] + l2[j] * theta[j] for j in range(p)], -h + mp.diag(l2)

    theta = [mp.mpf(b) for b in rough]
    sign = [0 if not l1[j] else int(np.sign(rough[j])) if abs(rough[j]) > 1e-5 else None for j in range(p)]
    fixed = {}
    for j in range(p):
        if sign[j] is None:
            fixed[j] = mp.mpf(0)
        for b in (lower[j], upper[j]):
            if b is not None and abs(rough[j] - b) < 1e-7:
                fixed[j] = mp.mpf(str(b))
    for j, b in fixed.items():
        theta[j] = b
    free = [j for j in range(p) if j not in fixed]
    for _ in range(60):
        _, g, h = smooth(theta)
        g = mp.matrix([g[j] + l1[j] * (sign[j] or 0) for j in free])
        hf = mp.matrix(len(free))
        for a, j in enumerate(free):
            for b, k in enumerate(free):
                hf[a, b] = h[j, k]
        step = mp.lu_solve(hf, -g)
        for a, j in enumerate(free):
            theta[j] += step[a]
        if max(map(abs, step)) < mp.mpf(10) ** -18:
            break
    else:
        raise AssertionError("no convergence")
    theta = [fixed[j] if j in fixed else f64(theta[j]) for j in range(p)]
    mean_loss, g, _ = smooth(theta)
    worst = mp.mpf(0)
    for j in range(p):
        if l1[j]:
            if j in fixed:
                bad = max(mp.mpf(0), abs(g[j]) - l1[j])
            else:
                assert mp.sign(theta[j]) == sign[j]
                bad = abs(g[j] + l1[j] * sign[j])
        elif j in fixed:
            at_lower = lower[j] is not None and abs(rough[j] - lower[j]) < 1e-7
            bad = max(mp.mpf(0), -g[j] if at_lower else g[j])
        else:
            bad = abs(g[j])
        for b, s_ in ((lower[j], 1), (upper[j], -1)):
            if b is not None:
                bad = max(bad, s_ * (mp.mpf(str(b)) - theta[j]))
        worst = max(worst, bad)
    objective = mean_loss + mp.fsum(l1[j] * abs(theta[j]) + l2[j] * theta[j] ** 2 / 2 for j in range(p))
    return theta, rough, objective, mean_loss, worst, {j: g[j] for j in fixed}


def scalar_problem(family):
    target = {"gaussian": "yg", "binomial": "yb", "poisson": "yc"}[family]
    q, inv = FAMILIES[family][0], LINKS[{"gaussian": "identity", "binomial": "logit", "poisson": "log"}[family]]
    y = NUM[target]
    return target, [[X[i]] for i in range(N)], (lambda i, z: q(y[i], ONE, inv(z[0]))), FLOAT_LOSS[family], np.array([float(v) for v in y])


def elastic_nets():
    lambdas = {"gaussian": ("0.05", "0.3"), "binomial": ("0.01", "0.04"), "poisson": ("0.05", "0.3"), "multinomial": ("0.01", "0.05")}
    none = lambda p: [None] * p
    for family in lambdas:
        for lam in lambdas[family]:
            for alpha in ("1", "0.5") + (("0",) if family == "multinomial" else ()):  # at 0 the two parameterisations differ
                name = f"elastic_net_{family}_{lam}_{alpha}"
                a, b = mp.mpf(lam) * mp.mpf(alpha), mp.mpf(lam) * (1 - mp.mpf(alpha))
                kinds = ["reference", "symmetric"] if family == "multinomial" else [None]
                for kind in kinds:
                    label = name + (f"_{kind}" if kind else "")
                    options = {"formula": "x1 + x2 + g", "lambda": float(lam), "alpha": float(alpha), "standardize": False,
                               "objective": "(1/n) sum loss + lambda (alpha |b|_1 + (1 - alpha)/2 |b|_2^2), intercept free"}
                    if kind is None:
                        target, A, l, loss, yf = scalar_problem(family)
                        free = [True] + [False] * 4
                        names = NAMES
                        spread = lambda th: th
                        options["loss"] = {"gaussian": "(y - eta)^2 / 2", "binomial": "log(1 + exp(eta)) - y eta", "poisson": "exp(eta) - y eta (no log y!)"}[family]
                    else:
                        target, l, loss, yf = "ym", multinomial_l, float_multinomial, np.array(["abc".index(v) for v in CAT["ym"]])
                        options["loss"] = "-log p(class)"
                        if kind == "reference":
                            A = [[X[i] + ZERO, ZERO + X[i]] for i in range(N)]
                            free = ([True] + [False] * 4) * 2
                            names = [f"{c}:{k}" for c in "bc" for k in NAMES]
                            spread = lambda th: th
                            options["parameterisation"] = "class a is the reference: its predictor is 0, the coefficients of b and c are penalised"
                        else:
                            # the intercepts b, c; class a's is minus their sum. Then 4 slopes for each class
                            z4 = [mp.mpf(0)] * 4
                            A = [[[-ONE, -ONE] + X[i][1:] + z4 + z4, [ONE, mp.mpf(0)] + z4 + X[i][1:] + z4, [mp.mpf(0), ONE] + z4 + z4 + X[i][1:]] for i in range(N)]
                            free = [True, True] + [False] * 12
                            names = [f"{c}:{k}" for c in "abc" for k in NAMES]
                            spread = lambda th: [-th[0] - th[1]] + th[2:6] + [th[0]] + th[6:10] + [th[1]] + th[10:14]
                            options["parameterisation"] = "one vector for each of the 3 classes, all penalised (as glmnet); the free intercepts are made to add up to 0"
                    options["target"] = target
                    p = len(free)
                    l1 = [mp.mpf(0) if f else a for f in free]
                    l2 = [mp.mpf(0) if f else b for f in free]
                    th, rough, objective, mean_loss, kkt, _ = penalised(A, l, loss, yf, l1, l2, none(p), none(p))
                    est = spread(th)
                    check = {"kkt_largest_violation": kkt, "lbfgsb_estimate": gap(est, spread(list(rough)))}
                    software = [f"scipy {scipy.__version__} L-BFGS-B, polished by Newton steps in {MP_VERSION}; checked by the KKT conditions"]
                    if label in R:
                        check["r_estimate"] = gap(est, [R[label]["estimate"].get(k, 0) for k in names])
                        software.append(f"and with glmnet {V['glmnet']}")
                    if family == "gaussian":
                        e = ElasticNet(alpha=float(lam), l1_ratio=float(alpha), tol=1e-14, max_iter=10**6).fit(XF[:, 1:], yf)
                        check["sklearn_estimate"] = gap(est, [e.intercept_, *e.coef_])
                        software.append(f"and with scikit-learn {sklearn.__version__} ElasticNet")
                    case = {"name": label, "software": " ".join(software), "family": family,
                            "link": {"gaussian": "identity", "binomial": "logit", "poisson": "log", "multinomial": "logit"}[family], "options": options,
                            "coefficients": coefficients(names, est), "log_likelihood": None, "deviance": None, "dispersion": None,
                            "objective": float(objective), "mean_loss": float(mean_loss), "kkt_largest_violation": float(kkt),
                            "nonzero": sum(v != 0 for v in est)}
                    add(case, {"kkt_largest_violation": 1e-14, "lbfgsb_estimate": 1e-4, "r_estimate": 1e-4, "sklearn_estimate": 1e-7}, **check)


def ridge_and_boxes():
    target, A, l, loss, yf = scalar_problem("binomial")
    lam = mp.mpf("0.1")
    factors = [0, 0, 1, 2, 2]
    zero, none = [mp.mpf(0)] * P, [None] * P
    th, rough, objective, mean_loss, kkt, _ = penalised(A, l, loss, yf, zero, [lam * f for f in factors], none, none)
    case = {"name": "ridge_logistic_factors", "software": f"scipy {scipy.__version__} L-BFGS-B, polished by Newton steps in {MP_VERSION}; checked with glmnet {V['glmnet']}",
            "family": "binomial", "link": "logit",
            "options": {"target": "yb", "formula": "x1 + x2 + g", "lambda": 0.1, "alpha": 0, "standardize": False,
                        "penalty_factors": dict(zip(NAMES, factors)), "loss": "log(1 + exp(eta)) - y eta",
                        "objective": "(1/n) sum loss + lambda/2 sum factor_j b_j^2; the factors are used as they are (glmnet rescales them)"},
            "coefficients": coefficients(NAMES, th), "log_likelihood": float(-mean_loss * N), "deviance": float(2 * mean_loss * N), "dispersion": 1.0,
            "objective": float(objective), "mean_loss": float(mean_loss), "kkt_largest_violation": float(kkt)}
    add(case, {"kkt_largest_violation": 1e-14, "lbfgsb_estimate": 1e-4, "r_estimate": 1e-4}, kkt_largest_violation=kkt,
        lbfgsb_estimate=gap(th, rough), r_estimate=gap(th, [R["ridge_logistic_factors"]["estimate"][k] for k in NAMES]))
    for name, box in (("box_logistic", {"x1": (0, 0.1), "x2": (None, 0)}), ("box_logistic_partly_active", {"x1": (0, 0.1), "x2": (0, 1), "gC": (-0.5, 0.5)})):
        lower = [box.get(k, (None, None))[0] for k in NAMES]
        upper = [box.get(k, (None, None))[1] for k in NAMES]
        th, rough, objective, mean_loss, kkt, mult = penalised(A, l, loss, yf, zero, zero, lower, upper)
        slsqp = opt.minimize(lambda b: (loss(yf, XF @ b[:, None])[0].sum(), XF.T @ loss(yf, XF @ b[:, None])[1][:, 0]), np.zeros(P), jac=True, method="SLSQP",
                             bounds=list(zip(lower, upper)), options={"ftol": 1e-15, "maxiter": 1000})
        case = {"name": name, "software": f"scipy {scipy.__version__} L-BFGS-B, polished by Newton steps in {MP_VERSION}; checked by the KKT conditions and SLSQP" + (f" and glmnet {V['glmnet']}" if name in R else ""),
                "family": "binomial", "link": "logit",
                "options": {"target": "yb", "formula": "x1 + x2 + g", "bounds": {k: list(v) for k, v in box.items()}},
                "coefficients": coefficients(NAMES, th), "log_likelihood": float(-mean_loss * N), "deviance": float(2 * mean_loss * N), "dispersion": 1.0,
                "at_bound": [NAMES[j] for j in mult],
                "gradient_at_bound": {NAMES[j]: float(-g * N) for j, g in mult.items()},
                "gradient_at_bound_note": "derivative of the log-likelihood (a sum over rows): > 0 at an upper bound, < 0 at a lower one",
                "kkt_largest_violation": float(kkt)}
        check = {"kkt_largest_violation": kkt, "lbfgsb_estimate": gap(th, rough), "slsqp_estimate": gap(th, slsqp.x)}
        if name in R:
            check["r_estimate"] = gap(th, [R[name]["estimate"][k] for k in NAMES])
        add(case, {"kkt_largest_violation": 1e-14, "lbfgsb_estimate": 1e-4, "slsqp_estimate": 1e-3, "r_estimate": 1e-4}, **check)


if __name__ == "__main__":
    glms()
    multinomials()
    ordered()
    firth()
    huber()
    quantile()
    elastic_nets()
    ridge_and_boxes()
    with open("reference.json", "w") as f:
        json.dump(OUT, f, indent=1, allow_nan=False)
        f.write("\n")
    print(len(OUT), "cases; Python", sys.version.split()[0], "numpy", np.__version__, "scipy", scipy.__version__,
          "statsmodels", statsmodels.__version__, "scikit-learn", sklearn.__version__, "mpmath", mp.__version__)
