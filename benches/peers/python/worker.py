"""Times one program of Python on data from files: worker.py PROGRAM/METHOD KIND FOLDER OUT REPEATS GOAL.

Prints the seconds of each run; the numbers that the last one found go to OUT as doubles, for the judge. Each program has a module of its
own with `prepare(method, kind, data, goal)`, which returns the work to be timed and a function that turns its result into numbers.
Whatever is done once (loading, layout, compilation) is done in `prepare` and is not timed.
"""
import importlib
import os
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")


class Data:
    """The matrices of a folder, by their names."""

    def __init__(self, folder):
        self.folder = folder

    def __getitem__(self, name):
        return np.load(os.path.join(self.folder, name + ".npy"))

    def vector(self, name):
        return self[name].ravel()

    def rows(self, name, dtype=float):
        """Row after row, which most programs prefer; the files are column after column."""
        return np.ascontiguousarray(self[name], dtype=dtype)

    def path(self, name):
        return os.path.join(self.folder, name)


def flat(*arrays):
    """Numbers of several arrays, one after the other, row by row."""
    return np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])


def main():
    program, kind, folder, out, repeats, goal = sys.argv[1:]
    program, method = program.split("/")
    module = importlib.import_module("program_" + program)
    work, numbers = module.prepare(method, kind, Data(folder), float(goal))
    for _ in range(int(repeats)):
        start = time.perf_counter()
        result = work()
        print(f"seconds {time.perf_counter() - start:e}", flush=True)
        numbers(result).tofile(out)


if __name__ == "__main__":
    main()
