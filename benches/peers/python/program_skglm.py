"""skglm: coordinate descent on working sets. Its compilation is not timed."""
import numpy as np
from skglm import SparseLogisticRegression
from worker import flat


def prepare(method, kind, data, goal):
    x, y = np.asfortranarray(data["x"]), data.vector("y")
    model = SparseLogisticRegression(alpha=data.vector("strengths")[0], tol=goal, fit_intercept=True)
    model.fit(x, y)
    return lambda: model.fit(x, y), lambda m: flat(m.intercept_, m.coef_)
