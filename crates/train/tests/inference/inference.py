"""Second opinion: compares inference.json with statsmodels. Prints the largest relative difference of
each group and stops with an error when one passes its limit. Needs numpy, scipy, statsmodels, pandas."""
import json, os, warnings
import numpy as np, pandas as pd, statsmodels.api as sm, scipy
from scipy import stats
from statsmodels.discrete.discrete_model import NegativeBinomial, MNLogit
from statsmodels.discrete._diagnostics_count import test_poisson_dispersion
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.stats.outliers_influence import OLSInfluence

warnings.simplefilter("ignore")
here = os.path.dirname(os.path.abspath(__file__))
d = pd.read_csv(os.path.join(here, "data.csv"))
d2 = pd.read_csv(os.path.join(here, "data2.csv"))
J = json.load(open(os.path.join(here, "inference.json")))
M = J["models"]
X = sm.add_constant(d[["x1", "x2", "g"]].to_numpy(float))
bad = []


def vals(o):
    return np.array(list(o.values()) if isinstance(o, dict) else o, float)


def cmp(label, ours, theirs, tol=1e-7):
    a, b = vals(ours), vals(theirs)
    e = np.max(np.abs(a - b) / np.maximum(1e-3 * np.max(np.abs(b)), np.abs(b)))
    print(f"{label:62s} {e:.1e}")
    if not e < tol:
        bad.append(label)


cl = d["cl"].to_numpy()
kw = dict(disp=0, method="newton", maxiter=200, tol=1e-14)
for k, cls, y, off in [("logit", sm.Logit, "yb", None), ("probit", sm.Probit, "yb", None), ("poisson", sm.Poisson, "yc", "off")]:
    o = M[k]
    ex = {"offset": d[off].to_numpy()} if off else {}
    m = cls(d[y].to_numpy(float), X, **ex)
    r = m.fit(**kw)
    cmp(k + " coefficients", o["coefficients"], r.params)
    cmp(k + " vcov (statsmodels: observed information)", o["vcov_observed_information"], r.cov_params())
    cmp(k + " loglik, null, AIC, BIC, McFadden", [o["loglik"], o["loglik_null"], o["aic"], o["bic"], o["pseudo_r2"]["mcfadden"]],
        [r.llf, r.llnull, r.aic, r.bic, r.prsquared], 1e-6)
    r0 = m.fit(cov_type="HC0", **kw)
    cmp(k + " HC0, observed-information bread", o.get("hc0_observed", o["hc0"]), r0.cov_params())
    rc = m.fit(cov_type="cluster", cov_kwds={"groups": cl}, **kw)
    key = o["cluster_none_observed"] if "cluster_none_observed" in o else o["cluster_none"]
    G, n, p = 15, o["n"], o["p"]
    cmp(k + " cluster, (G/(G-1))((n-1)/(n-p))", np.array(key) * G / (G - 1) * (n - 1) / (n - p), rc.cov_params())
    if not off:  # statsmodels has no marginal effects with an offset
        me = r.get_margeff(at="overall", method="dydx", dummy=True)
        cmp(k + " average marginal effects", o["ame"]["estimate"], me.margeff, 1e-6)
        if o["canonical"]:
            cmp(k + " their standard errors", o["ame"]["std_error"], me.margeff_se, 1e-5)

fams = {"gaussian": ("yn", sm.families.Gaussian()), "gamma_log": ("yp", sm.families.Gamma(sm.families.links.Log())),
        "gamma_inverse": ("yp", sm.families.Gamma(sm.families.links.InversePower())), "cloglog": ("yb", sm.families.Binomial(sm.families.links.CLogLog())),
        "logit": ("yb", sm.families.Binomial()), "poisson": ("yc", sm.families.Poisson())}
for k, (y, fam) in fams.items():
    o = M[k]
    g = sm.GLM(d[y].to_numpy(float), X, family=fam, offset=d["off"].to_numpy() if k == "poisson" else None)
    r = g.fit(tol=1e-15, maxiter=300)
    cmp(k + " GLM coefficients", o["coefficients"], r.params)
    cmp(k + " GLM vcov", o["vcov"], r.cov_params(), 1e-6)
    cmp(k + " GLM deviance, null deviance, Pearson, dispersion", [o["deviance"], o["null_deviance"], o["pearson_chi2"], o["dispersion"]],
        [r.deviance, r.null_deviance, r.pearson_chi2, r.scale])
    if "diagnostics" in o:
        f = r.get_influence(observed=False)
        cmp(k + " leverage", o["diagnostics"]["hat"], f.hat_matrix_diag)
        cmp(k + " Pearson residuals", o["diagnostics"]["pearson"], r.resid_pearson)
        cmp(k + " deviance residuals", o["diagnostics"]["deviance"], r.resid_deviance)
        cmp(k + " Cook's distance", o["diagnostics"]["cooks_distance"], f.cooks_distance[0], 1e-6)
    b0 = g.fit(tol=1e-15, maxiter=300, cov_type="HC0")
    cmp(k + " GLM HC0", o["hc0"], b0.cov_params(), 1e-6) if o["canonical"] else None

o = M["gaussian"]
r = sm.OLS(d["yn"].to_numpy(), X).fit()
for t in ("HC0", "HC1", "HC2", "HC3"):
    cmp("gaussian " + t, o[t.lower()], getattr(r, "cov_" + t))
f = OLSInfluence(r)
cmp("gaussian dfbeta", o["diagnostics"]["dfbeta_onestep_first10"], f.dfbeta[:10])
cmp("gaussian dfbetas", o["diagnostics"]["dfbetas_r_first10"], f.dfbetas[:10])
cmp("gaussian externally studentised", o["diagnostics"]["studentised"], f.resid_studentized_external)
pr = r.get_prediction(np.array([[1, q["x1"], q["x2"], q["g"]] for q in J["new_rows"]], float)).summary_frame(0.05)
cmp("gaussian prediction intervals", [o["predict"]["mean_ci_t"]["lower"], o["predict"]["mean_ci_t"]["upper"], o["predict"]["new_observation_ci_t"]["lower"],
    o["predict"]["new_observation_ci_t"]["upper"]], [pr.mean_ci_lower, pr.mean_ci_upper, pr.obs_ci_lower, pr.obs_ci_upper])
ft = r.f_test("x2 = 0, x3 = 0")
cmp("gaussian F test of x2 and g", [o["drop_x2_g"]["f"]["stat"], o["drop_x2_g"]["f"]["p"]], [float(ft.fvalue), float(ft.pvalue)])

o = M["binomial_trials"]
r = sm.GLM(np.c_[d["ys"], d["tr"] - d["ys"]], X, family=sm.families.Binomial()).fit(tol=1e-15)
cmp("trials coefficients", o["coefficients"], r.params)
cmp("trials loglik, deviance, Pearson", [o["loglik"], o["deviance"], o["pearson_chi2"]], [r.llf, r.deviance, r.pearson_chi2])
s = sm.GLM(np.c_[d["ys"], d["tr"] - d["ys"]], X[:, :2], family=sm.families.Binomial()).fit(tol=1e-15)
sc = s.model.score_test(s.params, exog_extra=X[:, 2:])
cmp("trials Rao score test", [o["drop_x2_g"]["rao"]["stat"], o["drop_x2_g"]["rao"]["p"]], [float(np.squeeze(sc[0])), float(np.squeeze(sc[1]))], 1e-6)

for k, y in [("logit", "yb"), ("poisson", "yc"), ("gaussian", "yn")]:
    o = M[k + "_frequency_weights"]
    fam = {"logit": sm.families.Binomial(), "poisson": sm.families.Poisson(), "gaussian": sm.families.Gaussian()}[k]
    r = sm.GLM(d[y].to_numpy(float), X, family=fam, freq_weights=d["w"].to_numpy(), offset=d["off"].to_numpy() if k == "poisson" else None).fit(tol=1e-15)
    cmp(k + " frequency weights: coefficients", o["coefficients"], r.params)
    cmp(k + " frequency weights: vcov", o["vcov"], r.cov_params())
    cmp(k + " frequency weights: loglik" + (" (not gaussian: other scale)" if k == "gaussian" else ""), o["loglik"], r.llf if k != "gaussian" else o["loglik"])

o = M["negative_binomial"]
nb = NegativeBinomial(d["yc"].to_numpy(), X, offset=d["off"].to_numpy())
st = np.r_[vals(o["coefficients"]), o["alpha"]]
r = nb.fit(start_params=st, disp=0, method="bfgs", gtol=1e-9, maxiter=500)
cmp("negative binomial coefficients, alpha", st, r.params, 1e-6)
cmp("negative binomial loglik, null", [o["loglik"], o["loglik_null"]], [r.llf, r.llnull], 1e-6)
cmp("negative binomial joint se (alpha)", [o["alpha_se_joint"]], [np.sqrt(np.linalg.inv(-nb.hessian(st))[-1, -1])], 1e-5)
cmp("negative binomial joint covariance", np.array(o["vcov_joint_observed_beta_theta"])[:4, :4], np.linalg.inv(-nb.hessian(st))[:4, :4], 1e-5)

r = sm.Poisson(d["yc"].to_numpy(), X, offset=d["off"].to_numpy()).fit(**kw)
t = test_poisson_dispersion(r)
od = M["poisson"]["overdispersion"]
# statsmodels' "CT nb1" regresses on the fitted mean as its "CT nb2" does, so it is not compared
cmp("score tests of overdispersion NB2, NB1; Cameron-Trivedi NB2", [od["score_nb2"]["stat"], od["score_nb1"]["stat"], od["cameron_trivedi_nb2"]["t"]],
    [t.statistic[1], t.statistic[2], t.statistic[3]])
mu = r.predict()
a = ((d["yc"] - mu) ** 2 - d["yc"]) / mu
ols = sm.OLS(a, np.ones(len(a)))
cmp("Cameron-Trivedi NB1, homoscedastic and HC0", [od["cameron_trivedi_nb1"]["t"], od["cameron_trivedi_nb1"]["t_hc0"]],
    [float(ols.fit().tvalues.iloc[0]), float(ols.fit(cov_type="HC0").tvalues.iloc[0])])

# calibration, Hosmer-Lemeshow
o = M["logit"]
yb = d["yb"].to_numpy(float)
mu = sm.Logit(yb, X).fit(**kw).predict()
gr = pd.qcut(mu, 10, labels=False)
rk = np.ceil((np.argsort(np.argsort(mu)) + 1) * 10 / len(mu))
for k, g in (("quantile_groups", gr), ("equal_count_groups", rk)):
    t = pd.DataFrame(dict(g=g, y=yb, p=mu)).groupby("g").agg(n=("y", "size"), o=("y", "sum"), e=("p", "sum"))
    s = ((t.o - t.e) ** 2 / (t.e * (1 - t.e / t.n))).sum()
    cmp("Hosmer-Lemeshow " + k, [o["hosmer_lemeshow"][k]["stat"], o["hosmer_lemeshow"][k]["p"]], [s, stats.chi2.sf(s, 8)])
ps = np.array(o["calibration"]["shifted_probabilities"])
L = np.log(ps / (1 - ps))
c = sm.Logit(yb, np.c_[np.ones(len(L)), L]).fit(**kw)
cmp("calibration intercept, slope", [o["calibration"]["shifted"]["intercept"], o["calibration"]["shifted"]["slope"]], c.params)
cmp("calibration covariance", o["calibration"]["shifted"]["vcov"], c.cov_params())
c = sm.Logit(yb, np.ones(len(L)), offset=L).fit(**kw)
cmp("calibration in the large", [o["calibration"]["shifted"]["in_the_large"], o["calibration"]["shifted"]["in_the_large_se"]], [c.params[0], c.bse[0]])
e = X @ vals(o["coefficients"])
c = sm.Logit(yb, np.c_[np.ones(len(e)), e, e * e]).fit(**kw)
cmp("logit link test", [o["link_test"]["eta2_stat"], o["link_test"]["eta2_p"]], [c.tvalues[2], c.pvalues[2]], 1e-6)

# both ends of every profile interval: refit with the coefficient fixed, the deviance rises by the stated amount
F = sm.families
full = {"gaussian": ("yn", F.Gaussian()), "logit": ("yb", F.Binomial()), "probit": ("yb", F.Binomial(F.links.Probit())), "cloglog": ("yb", F.Binomial(F.links.CLogLog())),
        "poisson": ("yc", F.Poisson()), "quasipoisson": ("yc", F.Poisson()), "gamma_log": ("yp", F.Gamma(F.links.Log())), "gamma_inverse": ("yp", F.Gamma(F.links.InversePower()))}
for k, (yy, fam) in full.items():
    o = M[k]
    off = d["off"].to_numpy() if "offset" in o else np.zeros(len(d))
    for key, target in (("profile_ci", stats.chi2.ppf(.95, 1)), ("profile_ci_z", stats.chi2.ppf(.95, 1)), ("profile_ci_t", stats.t.ppf(.975, o["df_residual"]) ** 2)):
        if key not in o:
            continue
        got = []
        for j, nmj in enumerate(o["coefficients"]):
            fr = [i for i in range(4) if i != j]
            for end in o[key][nmj]:
                q = sm.GLM(d[yy].to_numpy(float), X[:, fr], family=fam, offset=off + X[:, j] * end).fit(tol=1e-15, maxiter=300, start_params=vals(o["coefficients"])[fr])
                got.append((q.deviance - o["deviance"]) / o["dispersion"])
        cmp(f"{k} {key}: rise of the deviance at the 8 ends", np.full(8, target), got, 1e-9)

O = J["ordered_logit"]
cut = np.array(O["cutpoints"])
y3 = np.searchsorted(cut, d["yn"].to_numpy(), side="right")
m = OrderedModel(y3, X[:, 1:], distr="logit")
v = vals(O["coefficients"])
st = np.r_[v[:4], np.log(v[4] - v[3])]
cmp("ordered logit loglik", O["loglik"], m.loglike(st))
cmp("ordered logit gradient (1 + g)", 1 + m.score(st), np.ones(5), 1e-5)
r = MNLogit(y3, X).fit(**kw)
Q = J["multinomial"]
cmp("multinomial coefficients", Q["coefficients"], r.params.T.ravel())
cmp("multinomial vcov", Q["vcov_observed_information"], r.cov_params(), 1e-6)
cmp("multinomial loglik", Q["loglik"], r.llf)

# Firth: the modified score by hand, profile ends give the right drop of the penalised likelihood
F = J["firth"]["data2"]
Z = np.c_[np.ones(25), d2["z1"], d2["z2"]]
y = d2["y"].to_numpy()


def pll(b):
    e = Z @ b
    u = 1 / (1 + np.exp(-e))
    return y @ e - np.logaddexp(0, e).sum() + 0.5 * np.linalg.slogdet(Z.T * (u * (1 - u)) @ Z)[1]


cmp("Firth penalised loglik", F["penalised_loglik"], pll(vals(F["coefficients"])))
from scipy.optimize import minimize
b = vals(F["coefficients"])
for j, k in enumerate(F["coefficients"]):
    for end in F["profile_ci"][k]:
        fr = [i for i in range(3) if i != j]
        def neg(v):
            q = b.copy(); q[j] = end; q[fr] = v
            return -pll(q)
        best = minimize(neg, b[fr], method="Nelder-Mead", options=dict(xatol=1e-10, fatol=1e-13, maxiter=8000))
        cmp(f"Firth profile end {k} {end:.4f}", 2 * (F["penalised_loglik"] + best.fun), stats.chi2.ppf(0.95, 1))
print("statsmodels", sm.__version__ if hasattr(sm, "__version__") else __import__("statsmodels").__version__, "scipy", scipy.__version__, "numpy", np.__version__)
if bad:
    raise SystemExit("DIFFERENT: " + "; ".join(bad))
print("all agree")
