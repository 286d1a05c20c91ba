"""PyTorch: L-BFGS for logistic regression, the tutorial's loop, and steps of Adam."""
import torch
from torch import nn
from worker import flat


def prepare(method, kind, data, goal):
    return {"logistic": logistic, "tutorial": tutorial, "network": network}[kind](data, goal)


def numbers(parameters):
    return flat(*[parameter.detach().numpy() for parameter in parameters])


def logistic(data, goal):
    x, y = torch.from_numpy(data.rows("x")), torch.from_numpy(data.vector("y"))
    n, d = x.shape

    def work():
        w = torch.zeros(d, dtype=torch.float64, requires_grad=True)
        b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [w, b], max_iter=500, tolerance_grad=goal, tolerance_change=0, line_search_fn="strong_wolfe"
        )

        def closure():
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(x @ w + b, y) + w.dot(w) / (2 * n)
            loss.backward()
            return loss

        optimizer.step(closure)
        return b, w

    return work, numbers


def tutorial(data, goal):
    x_train, y_train = (torch.from_numpy(data.rows(name, "float32")) for name in "xy")

    def work():
        w, b = torch.zeros((2, 1), requires_grad=True), torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([w, b], lr=1)
        for _ in range(int(goal)):
            hypothesis = torch.sigmoid(x_train.matmul(w) + b)
            cost = -(y_train * torch.log(hypothesis) + (1 - y_train) * torch.log(1 - hypothesis)).mean()
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
        return w, b

    return work, numbers


def two_layers(data):
    layers = []
    for weight, bias in (("w1", "b1"), ("w2", "b2")):
        w, b = torch.from_numpy(data.rows(weight, "float32")), torch.from_numpy(data.rows(bias, "float32")).ravel()
        layer = nn.Linear(w.shape[1], w.shape[0])
        layer.load_state_dict({"weight": w, "bias": b})
        layers.append(layer)
    return nn.Sequential(layers[0], nn.ReLU(), layers[1])


def network(data, goal):
    x, y = (torch.from_numpy(data.rows(name, "float32")) for name in "xy")
    loss = nn.BCEWithLogitsLoss()
    if data["b2"].size > 1:
        y, loss = y.ravel().long(), nn.CrossEntropyLoss()

    def work():
        model = two_layers(data)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
        for _ in range(int(goal)):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
        return model.parameters()

    return work, numbers
