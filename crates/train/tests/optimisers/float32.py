"""Trajectories of optimisers in single precision, from the published update formulas, with NumPy alone.

PyTorch is not needed: every line is the formula of the rule's paper in the order of operations of `torch.optim`'s single-tensor
loops (documented at https://docs.pytorch.org/docs/stable/optim.html), every array an np.float32 array, every Python number a double
that is rounded when it meets an array, as in PyTorch. Problem: 0.5 (x^2 + 10 y^2 + 100 z^2) + x y from (1, -2, 0.5).
Gradients are of that formula in single precision, too.

    python3 float32.py > float32.json
"""
import json
import math

import numpy as np

F = np.float32


def lerp(a, b, w):
    return a + F(w) * (b - a) if w < 0.5 else b - (b - a) * F(1 - w)


def gradient(p):
    x, y, z = p
    return np.array([x + y, F(10) * y + x, F(100) * z], dtype=F)


def sgd(p, g, s, t, lr, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0):
    g = g + F(weight_decay) * p
    if momentum:
        s["b"] = g.copy() if t == 1 else s["b"] * F(momentum) + F(1 - dampening) * g
        g = g + F(momentum) * s["b"] if nesterov else s["b"]
    return p - F(lr) * g


def adam(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, decoupled=False):
    b1, b2 = betas
    if decoupled:
        p = p * F(1 - lr * weight_decay)
    else:
        g = g + F(weight_decay) * p
    s["m"] = lerp(s.get("m", np.zeros(3, F)), g, 1 - b1)
    s["v"] = s.get("v", np.zeros(3, F)) * F(b2) + F(1 - b2) * g * g
    v = s["v"]
    if amsgrad:
        v = s["max"] = np.maximum(s.get("max", np.zeros(3, F)), v)
    denominator = np.sqrt(v) / F(math.sqrt(1 - b2**t)) + F(eps)
    return p - F(lr / (1 - b1**t)) * s["m"] / denominator


def nadam(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    b1, b2 = betas
    mu, after = (b1 * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1))
    s["product"] = s.get("product", 1.0) * mu
    s["m"] = lerp(s.get("m", np.zeros(3, F)), g, 1 - b1)
    s["v"] = s.get("v", np.zeros(3, F)) * F(b2) + F(1 - b2) * g * g
    denominator = np.sqrt(s["v"] / F(1 - b2**t)) + F(eps)
    p = p - F(lr * (1 - mu) / (1 - s["product"])) * g / denominator
    return p - F(lr * after / (1 - s["product"] * after)) * s["m"] / denominator


def rmsprop(p, g, s, t, lr, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
    s["v"] = s.get("v", np.zeros(3, F)) * F(alpha) + F(1 - alpha) * g * g
    v = s["v"]
    if centered:
        s["m"] = lerp(s.get("m", np.zeros(3, F)), g, 1 - alpha)
        v = v - s["m"] * s["m"]
    root = np.sqrt(v) + F(eps)
    if momentum:
        s["b"] = s.get("b", np.zeros(3, F)) * F(momentum) + g / root
        return p - F(lr) * s["b"]
    return p - F(lr) * g / root


def adagrad(p, g, s, t, lr, lr_decay=0.0, initial=0.0, eps=1e-10):
    s["sum"] = s.get("sum", np.full(3, initial, F)) + g * g
    return p - F(lr / (1 + (t - 1) * lr_decay)) * g / (np.sqrt(s["sum"]) + F(eps))


def adadelta(p, g, s, t, lr, rho=0.9, eps=1e-6):
    s["v"] = s.get("v", np.zeros(3, F)) * F(rho) + F(1 - rho) * g * g
    u = s.get("u", np.zeros(3, F))
    delta = np.sqrt(u + F(eps)) / np.sqrt(s["v"] + F(eps)) * g
    s["u"] = u * F(rho) + F(1 - rho) * delta * delta
    return p - F(lr) * delta


def lion(p, g, s, t, lr, betas=(0.9, 0.99), weight_decay=0.0):
    m = s.get("m", np.zeros(3, F))
    p = p * F(1 - lr * weight_decay)
    p = p - F(lr) * np.sign(m * F(betas[0]) + g * F(1 - betas[0]))
    s["m"] = m * F(betas[1]) + F(1 - betas[1]) * g
    return p


RUNS = {
    "SGD": (sgd, dict(lr=1e-3)),
    "SGD_momentum": (sgd, dict(lr=1e-3, momentum=0.9)),
    "SGD_momentum_dampening": (sgd, dict(lr=1e-3, momentum=0.9, dampening=0.5)),
    "SGD_nesterov_weight_decay": (sgd, dict(lr=1e-3, momentum=0.9, nesterov=True, weight_decay=0.1)),
    "Adam": (adam, dict(lr=1e-2)),
    "Adam_weight_decay": (adam, dict(lr=1e-2, weight_decay=0.1)),
    "Adam_amsgrad": (adam, dict(lr=1e-2, amsgrad=True)),
    "Adam_betas": (adam, dict(lr=2e-2, betas=(0.8, 0.99), eps=1e-6)),
    "AdamW": (adam, dict(lr=1e-2, weight_decay=0.1, decoupled=True)),
    "NAdam": (nadam, dict(lr=1e-2)),
    "RMSprop": (rmsprop, dict(lr=1e-2)),
    "RMSprop_centered_momentum": (rmsprop, dict(lr=1e-2, alpha=0.9, centered=True, momentum=0.5)),
    "Adagrad": (adagrad, dict(lr=0.1)),
    "Adagrad_decay": (adagrad, dict(lr=0.1, lr_decay=0.01, initial=0.1)),
    "Adadelta": (adadelta, dict(lr=1.0)),
    "Lion": (lion, dict(lr=1e-3)),
    "Lion_weight_decay": (lion, dict(lr=1e-3, betas=(0.95, 0.98), weight_decay=0.1)),
}

runs = {}
for name, (rule, settings) in RUNS.items():
    p, state, points = np.array([1, -2, 0.5], F), {}, []
    for t in range(1, 101):
        p = rule(p, gradient(p), state, t, **settings)
        assert p.dtype == F
        if t in (1, 2, 3, 5, 10, 20, 50, 100):
            points.append([t, [float(x) for x in p]])
    runs[name] = points
print("{")
print(",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in runs.items()))
print("}")
