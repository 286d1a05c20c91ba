#!/usr/bin/env python3
"""Gradus beside its peers, on the same data, in one run: python3 benches/peers/run.py [--parts NAME ...] [--quick] [--no-install] [--out FILE]

Needs Python 3.10, which runs this, and a Rust toolchain. Whatever else cannot be had is left out and named.
"""
import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass

# Also for an isolated interpreter (python3 -I).
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import report
from environment import ROOT, Environment, complaint, run
from parts import PARTS, Entry, chosen

# A program that took this long altogether in a part is not run again there.
ENOUGH = 60
LIMIT = 900


@dataclass
class Row:
    """What came of one entry of a part."""

    entry: Entry
    seconds: float | None = None
    quality: float | None = None
    ratio: float | None = None
    failure: str = ""
    spent: float = 0.0


def once(environment, part, row, folder):
    """One process of one program: several runs, of which the best counts."""
    goal = part.goal if row.entry.goal is None else row.entry.goal
    out = os.path.join(folder, "out")
    command = environment.command(row.entry, part.kind) + [folder, out, str(part.repeats), repr(float(goal))]
    done = run(command, timeout=LIMIT)
    times = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("seconds")]
    if done.returncode != 0 or not times:
        row.failure = f"failed: {complaint(done.stderr)}"
        return
    row.spent += sum(times)
    row.seconds = min([seconds / part.steps for seconds in times] + [row.seconds or float("inf")])
    row.quality = float(run([environment.data, "judge", part.kind, folder, out]).stdout)


def measure(environment, part, folder, options):
    sizes = [str(size) for size in (part.quick if options.quick else part.sizes)]
    if run([environment.data, "generate", part.kind, folder, *sizes]).returncode != 0:
        raise SystemExit(f"the data of {part.name} cannot be written: is there space in the folder for temporary files?")
    rows = [Row(entry) for entry in part.entries if entry.program not in environment.missing]
    for _ in range(1 if options.quick else options.rounds):
        for row in rows:
            if not row.failure and row.spent < ENOUGH:
                once(environment, part, row, folder)
    gradus = next(row for row in rows if row.entry.program == "gradus")
    for row in rows:
        if row.seconds is not None and gradus.seconds is not None:
            row.ratio = row.seconds / gradus.seconds
    return rows


def arguments():
    parser = argparse.ArgumentParser(description="Gradus beside its peers, on the same data, in one run.")
    names = ", ".join(part.name for part in PARTS)
    parser.add_argument("--parts", nargs="+", default=[], help=f"beginnings of names among {names}; all if not said")
    parser.add_argument("--quick", action="store_true", help="small data, each program once: to see whether it works")
    parser.add_argument("--no-install", action="store_true", help="download nothing")
    parser.add_argument("--rounds", type=int, default=3, help="how often the programs take turns")
    parser.add_argument("--out", help="where the tables go: docs/benchmarks.md if all is run, else nowhere but here")
    options = parser.parse_args()
    # A trial does not take the place of the measurements.
    if options.out is None and not options.parts and not options.quick:
        options.out = os.path.join(ROOT, "docs", "benchmarks.md")
    return options


def main():
    options = arguments()
    parts = chosen(options.parts)
    environment = Environment(parts, not options.no_install)
    for key, reason in environment.missing.items():
        print(f"left out: {key} {reason}")
    loads, results = [], []
    for part in parts:
        loads += [os.getloadavg()[0]] if hasattr(os, "getloadavg") else []
        folder = tempfile.mkdtemp(prefix="peers-")
        try:
            results.append((part, measure(environment, part, folder, options)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(f"\n{part.title}\n{report.table(*results[-1])}", flush=True)
        # After each part, so that a run that is stopped leaves what it measured.
        if options.out:
            with open(options.out, "w", encoding="utf-8") as file:
                file.write(report.document(results, environment, loads, options.quick))


if __name__ == "__main__":
    main()
