"""pandas: a CSV file as one array."""
import pandas
from worker import flat


def prepare(method, kind, data, goal):
    path = data.path("x.csv")
    return lambda: pandas.read_csv(path).to_numpy(), lambda x: flat(x.sum(axis=0))
