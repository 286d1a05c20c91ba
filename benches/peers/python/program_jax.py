"""jax: compiled Newton steps for logistic regression, the tutorial's epoch and Adam's step compiled. Compilation is not timed."""
import jax
import jax.numpy as jnp
import numpy as np
from worker import flat

jax.config.update("jax_enable_x64", True)


def prepare(method, kind, data, goal):
    work, numbers = {"logistic": logistic, "tutorial": tutorial, "network": network}[kind](data, goal)
    work()
    return work, numbers


def logistic(data, goal):
    x, y = jnp.asarray(data.rows("x")), jnp.asarray(data.vector("y"))
    n, d = x.shape

    def objective(p, x, y):
        eta = x @ p[1:] + p[0]
        return jnp.mean(jax.nn.softplus(eta) - y * eta) + p[1:] @ p[1:] / (2 * n)

    @jax.jit
    def step(p, x, y):
        gradient = jax.grad(objective)(p, x, y)
        mu = jax.nn.sigmoid(x @ p[1:] + p[0])
        weights = mu * (1 - mu) / n
        cross = x.T @ weights
        square = x.T @ (x * weights[:, None]) + jnp.eye(d) / n
        hessian = jnp.block([[weights.sum()[None, None], cross[None, :]], [cross[:, None], square]])
        return p - jnp.linalg.solve(hessian, gradient), jnp.abs(gradient).max()

    def work():
        p = jnp.zeros(d + 1)
        while True:
            following, largest = step(p, x, y)
            if largest <= goal:
                return p
            p = following

    return work, flat


def tutorial(data, goal):
    x, y = (jnp.asarray(data.rows(name, "float32")) for name in "xy")

    def cost(p):
        hypothesis = jax.nn.sigmoid(x @ p[0] + p[1])
        return -jnp.mean(y * jnp.log(hypothesis) + (1 - y) * jnp.log(1 - hypothesis))

    @jax.jit
    def epoch(p):
        return jax.tree.map(lambda value, slope: value - slope, p, jax.grad(cost)(p))

    def work():
        p = jnp.zeros((2, 1), "float32"), jnp.zeros(1, "float32")
        for _ in range(int(goal)):
            p = epoch(p)
        return jax.block_until_ready(p)

    return work, lambda p: flat(*p)


def network(data, goal):
    x, y = (jnp.asarray(data.rows(name, "float32")) for name in "xy")
    start = tuple(jnp.asarray(data.rows(name, "float32")) for name in ("w1", "b1", "w2", "b2"))

    def loss(p):
        w1, b1, w2, b2 = p
        z = jax.nn.relu(x @ w1.T + b1.T) @ w2.T + b2.T
        if z.shape[1] == 1:
            return jnp.mean(jax.nn.softplus(z) - y * z)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y.astype("int32"), axis=1))

    @jax.jit
    def step(p, m, v, t):
        g = jax.grad(loss)(p)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        first, second = 1 - 0.9**t, 1 - 0.999**t
        moved = lambda p, m, v: p - 1e-4 * (m / first) / (jnp.sqrt(v / second) + 1e-8)
        return jax.tree.map(moved, p, m, v), m, v, t + 1

    def work():
        zeros = jax.tree.map(jnp.zeros_like, start)
        state = start, zeros, zeros, jnp.float32(1)
        for _ in range(int(goal)):
            state = step(*state)
        return jax.block_until_ready(state)[0]

    return work, lambda p: flat(*map(np.asarray, p))
