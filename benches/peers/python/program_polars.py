"""polars: a CSV file as one array."""
import polars
from worker import flat


def prepare(method, kind, data, goal):
    path = data.path("x.csv")
    return lambda: polars.read_csv(path).to_numpy(), lambda x: flat(x.sum(axis=0))
