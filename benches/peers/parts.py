"""What is measured: the parts, the programs, and the setting with which each reaches the stated optimum."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A program: its name, what it is written for, and the packages whose versions are reported (and installed, for Python)."""

    name: str
    kind: str
    packages: tuple = ()


PROGRAMS = {
    "gradus": Program("Gradus", "gradus", ("train",)),
    "sklearn": Program("scikit-learn", "python", ("scikit-learn", "scipy")),
    "glum": Program("glum", "python", ("glum",)),
    "statsmodels": Program("statsmodels", "python", ("statsmodels",)),
    "torch": Program("PyTorch", "python", ("torch",)),
    "jax": Program("jax", "python", ("jax",)),
    "skglm": Program("skglm", "python", ("skglm",)),
    "pandas": Program("pandas", "python", ("pandas",)),
    "polars": Program("polars", "python", ("polars",)),
    "linfa": Program("linfa", "rust", ("linfa-logistic",)),
    "smartcore": Program("smartcore", "rust", ("smartcore",)),
    "candle": Program("candle", "rust", ("candle-core", "candle-nn")),
    "burn": Program("burn", "rust", ("burn",)),
    "dfdx": Program("dfdx", "rust", ("dfdx",)),
    "glmnet": Program("glmnet", "r", ("glmnet",)),
}


@dataclass(frozen=True)
class Entry:
    """One row of a table. `goal` is what the program itself is told, where that differs from the part's."""

    label: str
    program: str
    method: str = "default"
    goal: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One table. `bar` is the quality that counts as the optimum; `steps` divides the time of a loop."""

    name: str
    title: str
    kind: str
    sizes: tuple
    quick: tuple
    goal: float
    quality: str
    entries: tuple
    bar: float | None = None
    steps: int = 1
    repeats: int = 2
    text: str = ""


LOGISTIC = (
    Entry("Gradus", "gradus"),
    Entry("scikit-learn newton-cholesky", "sklearn", "newton-cholesky"),
    Entry("scikit-learn newton-cg", "sklearn", "newton-cg"),
    Entry("scikit-learn lbfgs", "sklearn", "lbfgs"),
    Entry("glum", "glum"),
    Entry("statsmodels Logit", "statsmodels", "newton", note="without the penalty: its optimum is another"),
    Entry("PyTorch L-BFGS", "torch"),
    Entry("jax, Newton, jit", "jax"),
    Entry("smartcore", "smartcore"),
    Entry("linfa-logistic", "linfa"),
)

GRADIENT = "largest gradient entry"
GAP = "largest relative duality gap"
TASK = "Objective: mean log-loss + ½ (1/n) ‖w‖², the intercept free, down to a largest gradient entry of "


def logistic(rows, quick, repeats):
    return Part(
        f"logistic-{rows}",
        f"Logistic regression, {rows:,} x 50",
        "logistic",
        (rows, 50),
        (quick, 50),
        1e-8,
        GRADIENT,
        LOGISTIC,
        bar=1e-8,
        repeats=repeats,
        text=TASK + "1e-8, from data in memory, each program in the layout that it prefers.",
    )


def adam(name, sizes, steps):
    batch, inputs, hidden, outputs = sizes
    return Part(
        name,
        f"One step of Adam, Linear({inputs}, {hidden}), ReLU, Linear({hidden}, {outputs}), batches of {batch}",
        "network",
        sizes,
        sizes,
        steps,
        f"loss after {steps} steps",
        (
            Entry("Gradus", "gradus"),
            Entry("Gradus, threads kept awake", "gradus", "awake"),
            Entry("PyTorch", "torch"),
            Entry("jax, jit", "jax"),
            Entry("candle", "candle"),
            Entry("burn, flex", "burn"),
            Entry("dfdx", "dfdx"),
        ),
        steps=steps,
        repeats=3,
        text="float32, cross-entropy, rate 1e-4, all from the same weights and on the same batch: programs that do the same work "
        "show the same loss. Forward pass, backward pass and update; the mean of a loop.",
    )


def lasso(family, gap, thresh, scikit_learn):
    entries = [Entry("Gradus", "gradus"), Entry(f"glmnet, thresh = {thresh:g}", "glmnet", goal=thresh)]
    if scikit_learn:
        # scikit-learn measures the gap by the squared norm of y, which is twice the loss of no model.
        entries.append(Entry("scikit-learn lasso_path", "sklearn", goal=gap / 2))
    return Part(
        f"lasso-{family}-{gap:g}",
        f"Lasso path, 1000 x 5000, 100 penalties, {family}, to a gap of {gap:g}",
        f"lasso-{family}",
        (1000, 5000),
        (200, 1000),
        gap,
        GAP,
        tuple(entries),
        bar=gap,
        text="Objective: " + ("½ mean squared error" if family == "gaussian" else "mean log-loss") + " + λ ‖w‖₁, the intercept "
        "free, for 100 λ from the smallest without coefficients down to 1 % of it. Gaps are by the loss of no model, and the worst of the path "
        "counts. Thresholds of glmnet, which does not know the gap, were chosen so that it reaches it.",
    )


# The short ones first: the tables of a run that is stopped are there.
PARTS = (
    Part(
        "tutorial",
        "One epoch of a small logistic regression, 6 x 2, by the tape",
        "tutorial",
        (),
        (),
        1001,
        "distance to the exact parameters",
        (
            Entry("Gradus", "gradus", "tape"),
            Entry("Gradus, recorded program", "gradus", "program"),
            Entry("PyTorch", "torch"),
            Entry("jax, jit", "jax"),
            Entry("candle", "candle"),
            Entry("burn, flex", "burn"),
            Entry("dfdx", "dfdx"),
        ),
        bar=1e-4,
        steps=1001,
        repeats=10,
        text="float32, gradient descent with rate 1, the cost written out; the mean of 1001 epochs.",
    ),
    adam("adam-784", (128, 784, 128, 10), 100),
    adam("adam-8", (32, 8, 16, 1), 2000),
    Part(
        "csv",
        "Reading a CSV file of 100 MB, 500,000 x 21 numbers, into one array",
        "csv",
        (500_000, 21),
        (50_000, 21),
        0,
        "largest difference of a column's sum",
        (Entry("Gradus", "gradus"), Entry("pandas", "pandas"), Entry("polars", "polars")),
        bar=1e-8,
        repeats=3,
    ),
    Part(
        "l1",
        "One logistic regression with an l1 penalty, 1000 x 5000",
        "l1",
        (1000, 5000),
        (200, 1000),
        1e-6,
        GAP,
        (
            Entry("Gradus", "gradus"),
            Entry("skglm", "skglm", goal=1e-7),
            Entry("scikit-learn liblinear", "sklearn", "liblinear", 1e-6, "penalises the intercept: its optimum is another"),
        ),
        bar=1e-6,
        repeats=3,
        text="Objective: mean log-loss + λ ‖w‖₁, the intercept free, λ a tenth of the smallest without coefficients, to a relative duality "
        "gap of 1e-6.",
    ),
    logistic(100_000, 20_000, 2),
    lasso("gaussian", 1e-4, 1e-11, True),
    lasso("gaussian", 1e-6, 1e-15, False),
    lasso("binomial", 1e-4, 4e-10, False),
    lasso("binomial", 1e-6, 1e-14, False),
    Part(
        "sparse",
        "Sparse logistic regression, 200,000 x 50,000, 40 draws a row, Zipf columns",
        "sparse",
        (200_000, 50_000, 40),
        (10_000, 2_000, 40),
        1e-8,
        GRADIENT,
        (
            Entry("Gradus", "gradus"),
            Entry("scikit-learn newton-cg", "sklearn", "newton-cg"),
            Entry("scikit-learn liblinear", "sklearn", "liblinear", 1e-6, "penalises the intercept: its optimum is another"),
            Entry("scikit-learn saga", "sklearn", "saga", 1e-4, "a smaller tolerance takes minutes"),
        ),
        bar=1e-8,
        repeats=1,
        text=TASK + "1e-8.",
    ),
    Part(
        "softmax",
        "Softmax regression, 60,000 x 784, 10 classes",
        "softmax",
        (60_000, 784, 10),
        (2_000, 100, 10),
        1e-5,
        GRADIENT,
        (
            Entry("Gradus", "gradus"),
            Entry("scikit-learn newton-cg", "sklearn", "newton-cg"),
            Entry("scikit-learn lbfgs", "sklearn", "lbfgs"),
        ),
        bar=1e-5,
        repeats=1,
        text=TASK + "1e-5.",
    ),
    logistic(1_000_000, 50_000, 1),
)


def chosen(names):
    """The parts whose names begin with one of these; all if there are none."""
    return [part for part in PARTS if not names or any(part.name.startswith(name) for name in names)]
