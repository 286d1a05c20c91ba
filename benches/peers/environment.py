"""Finds, installs and builds what the parts need, and says in one sentence what cannot be had and why."""
import json
import os
import re
import shutil
import subprocess
import sys

from parts import PROGRAMS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
# Seconds that a peer may take to compile.
PATIENCE = 3600
# PyTorch's wheels without CUDA, for Linux: a tenth of the size of those on the package index.
SMALL_TORCH = ["--index-url", "https://download.pytorch.org/whl/cpu"]


def run(command, **settings):
    """The result of a command; one that is not there has failed, too."""
    settings = {"capture_output": True, "text": True, **settings}
    try:
        return subprocess.run(command, **settings)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"error: no end after {settings['timeout']} seconds")


def complaint(text):
    """The first line of an output that names an error, without paths and addresses."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(error|\w*Error)\b", line, re.IGNORECASE)]
    line = (errors or lines or ["no reason given"])[0]
    line = re.sub(r"\w+://\S+|`?/[\w./-]+`?", "…", line)
    return line[:160].rstrip(".")


class Environment:
    """Where each program runs. `missing` has a reason for each that cannot."""

    def __init__(self, parts, install):
        self.install = install
        self.needed = {entry.program for part in parts for entry in part.entries}
        self.missing = {}
        self.python = sys.executable
        self.built = {}
        self.gradus()
        self.rust()
        self.packages()
        self.r()

    def of(self, kind):
        return [key for key in PROGRAMS if key in self.needed and PROGRAMS[key].kind == kind]

    def cargo(self, *arguments, **settings):
        offline = [] if self.install else ["--offline"]
        return run(["cargo", "build", "--release", "--quiet", *offline, *arguments], **settings)

    def gradus(self):
        """Gradus, the generator and the judge: without them there is nothing to compare."""
        print("building Gradus", flush=True)
        done = self.cargo("-p", "train", "--example", "speed", cwd=ROOT)
        if done.returncode != 0:
            sys.exit(f"Gradus does not build here:\n{done.stderr}")
        done, program = self.peer("common", "peers-data")
        if done.returncode != 0:
            sys.exit(f"the generator does not build here:\n{done.stderr}")
        self.data = program
        self.built["gradus"] = os.path.join(TARGET, "release", "examples", "speed")

    def peer(self, folder, program):
        target = os.path.join(TARGET, "peers", "build")
        manifest = os.path.join(HERE, "rust", folder, "Cargo.toml")
        environment = {**os.environ, "CARGO_TARGET_DIR": target}
        done = self.cargo("--locked", "--manifest-path", manifest, env=environment, timeout=PATIENCE)
        return done, os.path.join(target, "release", program)

    def rust(self):
        """One package for each, so that one that does not compile leaves the others alone."""
        for key in self.of("rust"):
            print(f"building {key}", flush=True)
            done, program = self.peer(key, "peer-" + key)
            if done.returncode == 0:
                self.built[key] = program
            else:
                self.missing[key] = f"does not build here ({complaint(done.stderr)})"

    def packages(self):
        """A virtual environment that sees what is installed anyway, where one can be made; else the interpreter that runs this."""
        folder = os.path.join(TARGET, "peers", "venv")
        python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
        if self.install and self.of("python") and not os.path.exists(python):
            run([sys.executable, "-m", "venv", "--system-site-packages", folder])
        if run([python, "-c", ""]).returncode == 0:
            self.python = python
        if self.install and self.of("python") and self.python == python:
            self.pip()
        for key in self.of("python"):
            modules = "import numpy, program_" + key
            done = run([self.python, "-c", modules], cwd=os.path.join(HERE, "python"))
            if done.returncode != 0:
                self.missing[key] = f"cannot be imported ({complaint(done.stderr)})"

    def pip(self):
        """Installs what is missing, one by one; stops where two in succession fail, as they do without a network."""
        wanted = {"numpy"} | {name for key in self.of("python") for name in PROGRAMS[key].packages}
        with open(os.path.join(HERE, "requirements.txt")) as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
        there, failures = self.versions_of_packages(), 0
        for line in lines:
            name, version = line.split("==")
            if name not in wanted or there.get(name, "").split("+")[0] == version:
                continue
            print(f"installing {line}", flush=True)
            failures = 0 if self.pip_install(name, line) else failures + 1
            if failures == 2:
                return

    def pip_install(self, name, line):
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "15", "--retries", "1"]
        attempts = [[line], [name]]
        if name == "torch" and sys.platform == "linux":
            attempts.insert(0, [line, *SMALL_TORCH])
        return any(run([*pip, *attempt]).returncode == 0 for attempt in attempts)

    def versions_of_packages(self):
        """What Python has, by name."""
        script = "import importlib.metadata as m, json; print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
        done = run([self.python, "-c", script])
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def r(self):
        for key in self.of("r"):
            if shutil.which("Rscript") is None:
                self.missing[key] = "R is not installed"
            elif run(["Rscript", "-e", f"library({key})"]).returncode != 0:
                self.missing[key] = "R does not have the package"

    def command(self, entry, kind):
        """The beginning of the command that runs an entry."""
        program = PROGRAMS[entry.program]
        if program.kind == "python":
            worker = os.path.join(HERE, "python", "worker.py")
            return [self.python, worker, f"{entry.program}/{entry.method}", kind]
        if program.kind == "r":
            return ["Rscript", os.path.join(HERE, "r", entry.program + ".R"), entry.method, kind]
        return [self.built[entry.program], entry.method, kind]

    def versions(self):
        """Lines with what ran: name and versions."""
        packages = self.versions_of_packages()
        lines = []
        for key in sorted(self.needed - set(self.missing), key=list(PROGRAMS).index):
            program = PROGRAMS[key]
            if program.kind == "python":
                found = [f"{name} {packages.get(name, '?')}" for name in program.packages]
            elif program.kind == "r":
                script = f"cat(as.character(packageVersion('{key}')), R.version$major, R.version$minor)"
                version, major, minor = run(["Rscript", "-e", script]).stdout.split()
                found = [f"{key} {version}", f"R {major}.{minor}"]
            else:
                folder = ROOT if key == "gradus" else os.path.join(HERE, "rust", key)
                found = [f"{name} {locked(folder, name)}" for name in program.packages]
            if key == "gradus":
                found = ["Gradus " + locked(ROOT, "train")]
            lines.append(", ".join(found))
        if any(PROGRAMS[key].kind == "python" for key in self.needed - set(self.missing)):
            python = run([self.python, "-c", "import platform; print(platform.python_version())"]).stdout.strip()
            lines.append(f"Python {python}, numpy {packages.get('numpy', '?')}")
        return lines


def locked(folder, name):
    """The version of a crate in the lock file of a folder."""
    with open(os.path.join(folder, "Cargo.lock")) as file:
        found = re.search(rf'name = "{name}"\nversion = "([^"]+)"', file.read())
    return found.group(1) if found else "?"
