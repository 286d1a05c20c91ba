"""scikit-learn: logistic and softmax regression, dense and sparse; a lasso path; a fit with an l1 penalty."""
import numpy as np
from sklearn.linear_model import LogisticRegression, lasso_path
from worker import flat


def prepare(method, kind, data, goal):
    if kind == "lasso-gaussian":
        return path(data, goal)
    if kind == "l1":
        return l1(method, data, goal)
    y = data.vector("y")
    x = compressed_rows(data) if kind == "sparse" else data.rows("x")
    # C = 1 is the penalty ½ (1/n) ‖w‖² on the mean loss.
    model = LogisticRegression(C=1.0, solver=method, tol=goal, max_iter=2000)
    return lambda: model.fit(x, y), lambda m: flat(m.intercept_, m.coef_)


def compressed_rows(data):
    import scipy.sparse as sp

    columns, starts = (data.vector(name).astype(np.int32) for name in ("columns", "starts"))
    shape = tuple(int(size) for size in data.vector("size"))
    return sp.csr_matrix((data.vector("values"), columns, starts), shape=shape)


def path(data, goal):
    """The columns have mean 0, so the intercept is the mean of y, which `lasso_path` leaves to its caller."""
    x, y, strengths = np.asfortranarray(data["x"]), data.vector("y"), data.vector("strengths")

    def numbers(result):
        _, coefficients, _ = result
        return flat(np.vstack([np.full(strengths.size, y.mean()), coefficients]).T)

    return lambda: lasso_path(x, y - y.mean(), alphas=strengths, tol=goal), numbers


def l1(method, data, goal):
    x, y = data.rows("x"), data.vector("y")
    c = 1 / (y.size * data.vector("strengths")[0])
    model = LogisticRegression(C=c, l1_ratio=1.0, solver=method, tol=goal, max_iter=2000)
    return lambda: model.fit(x, y), lambda m: flat(m.intercept_, m.coef_)
