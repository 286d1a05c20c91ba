"""statsmodels: Newton's method. Logit has no ridge penalty, so its optimum is another one."""
import statsmodels.api as sm
from worker import flat


def prepare(method, kind, data, goal):
    x, y = sm.add_constant(data.rows("x")), data.vector("y")
    return lambda: sm.Logit(y, x).fit(method=method, tol=goal, disp=0), lambda fit: flat(fit.params)
