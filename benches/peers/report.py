"""Writes what was measured, for people: a table a part, losses as plainly as wins."""
import datetime
import os
import platform
import re

from environment import run
from parts import PROGRAMS


def seconds(value):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def remark(part, row):
    """What a reader must know about a row."""
    remarks = []
    if row.ratio is not None and row.ratio < 1 and row.entry.program != "gradus":
        remarks.append("**Gradus slower**")
    if row.failure:
        remarks.append(row.failure)
    elif part.bar is not None and not row.quality <= part.bar:
        remarks.append("optimum not reached")
    if row.entry.note:
        remarks.append(row.entry.note)
    return "; ".join(remarks)


def table(part, rows):
    lines = [f"| program | time | by Gradus' | {part.quality} | |", "| --- | ---: | ---: | ---: | --- |"]
    ranked = sorted(rows, key=lambda row: (row.seconds is None, row.seconds))
    for row in ranked:
        cells = ["–", "–", "–"]
        if row.seconds is not None:
            quality = f"{row.quality:.5g}" if part.bar is None else f"{row.quality:.1e}"
            cells = [seconds(row.seconds), f"{row.ratio:.2f}", quality]
        lines.append(" | ".join([f"| {row.entry.label}", *cells, remark(part, row)]) + " |")
    return "\n".join(lines)


def slower(results):
    """The rows of other programs that took less time than Gradus, the largest loss first."""
    lost = [
        (row.ratio, part, row)
        for part, rows in results
        for row in rows
        if row.ratio is not None and row.ratio < 1 and row.entry.program != "gradus"
    ]
    lines = []
    for ratio, part, row in sorted(lost, key=lambda loss: loss[0]):
        gradus = next(other for other in rows_of(results, part) if other.entry.program == "gradus")
        more = remark(part, row).replace("**Gradus slower**", "").lstrip("; ")
        lines.append(
            f"- {part.title}: {row.entry.label} {seconds(row.seconds)}, Gradus {seconds(gradus.seconds)}: "
            f"Gradus takes {1 / ratio:.2f} times as long" + (f" ({more})." if more else ".")
        )
    return "\n".join(lines) or "Nowhere in this run."


def rows_of(results, part):
    return next(rows for other, rows in results if other is part)


def first(path, pattern, fallback):
    try:
        with open(path) as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else fallback


def machine():
    """Model, cores, memory, system and compiler."""
    model = first("/proc/cpuinfo", r"^model name\s*:(.*)$", platform.processor() or platform.machine())
    try:
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError):
        memory = "unknown memory"
    system = first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)', platform.system())
    rustc = run(["rustc", "--version"]).stdout.split(" (")[0].strip()
    return f"{model}, {os.cpu_count()} cores, {memory}, {system}, {rustc}"


INTRODUCTION = """# Beside other programs

Written by `python3 benches/peers/run.py`; what is run and how is in [benches/peers](../benches/peers/README.md). All programs get the same
generated data in the same run, and their runs alternate; the best time of each counts, on the default number of threads of
each program. Absolute times differ from machine to machine: the ratios are what to look at. A ratio above 1 says that Gradus is faster. The
quality is recomputed for all programs by one function from the numbers that they returned."""


def busy(loads):
    """Whether others used the machine: the programs themselves keep no more threads busy than there are cores."""
    if not loads:
        return ""
    text = f"Load average between the parts: {min(loads):.1f} to {max(loads):.1f}."
    if max(loads) > os.cpu_count() + 0.5:
        text += " **The machine was not idle**: other work took turns with all programs, which costs those with many threads more than others."
    return text


def document(results, environment, loads, quick):
    missing = [f"- {PROGRAMS[key].name}: {reason}." for key, reason in environment.missing.items()]
    parts = [INTRODUCTION]
    if quick:
        parts.append("**A quick run: the data are smaller than the titles say, and each program ran once. For trying, not for comparing.**")
    parts += [
        f"Date: {datetime.date.today().isoformat()}. Machine: {machine()}. {busy(loads)}",
        "## Where Gradus is slower",
        slower(results),
        "## Versions",
        "\n".join(f"- {line}" for line in environment.versions()),
        "## Left out",
        "\n".join(missing) or "None of the programs.",
    ]
    for part, rows in results:
        parts += [f"## {part.title}", *([part.text] if part.text else []), table(part, rows)]
    parts += [
        "## To repeat",
        "```sh\npython3 benches/peers/run.py\n```",
        "`--parts logistic csv` runs some parts, `--quick` small data, `--no-install` downloads nothing, `--out FILE` writes elsewhere.",
    ]
    return "\n\n".join(parts) + "\n"
