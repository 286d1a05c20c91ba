//! The tutorials' pictures: sigmoids, costs that are convex or not, and what the other examples compute.
//!
//! `cargo run --release --example pictures -- FOLDER`

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use autodiff::{Tape, Var};
use datasets::{CsvOptions, Description, exam_scores, student_hours};
use linalg::mat;
use models::glm::{Distribution, GeneralisedLinearModel};
use models::loss;
use plots::{
    BoundaryChart, Chart, CorrelationChart, GraphChart, LineChart, NodeKind, Panels, SurfaceChart,
    Theme,
};
use train::{Fit, Sgd};

/// From `low` to `high` in so many equal steps.
pub fn steps(low: f64, high: f64, steps: u32) -> Vec<f64> {
    (0..=steps)
        .map(|k| low + (high - low) * f64::from(k) / f64::from(steps))
        .collect()
}

/// sigmoid(w x + b) at each x, by the tape.
pub fn sigmoid(x: &[f64], w: f64, b: f64) -> Vec<f64> {
    let tape = Tape::new();
    let h = (tape.constant(x) * w + b).sigmoid();
    h.to_mat().col_as_slice(0).to_vec()
}

/// Five rows, one of them far from the others: x and y.
pub const ROWS: ([f64; 5], [f64; 5]) = ([-20.0, 1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0, 0.0]);

/// The mean squared error and the mean cross-entropy of sigmoid(w x) on [`ROWS`], for each w.
pub fn costs(w: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut tape = Tape::new();
    let mut cost = |w: f64| {
        tape.clear();
        let (x, y) = (tape.constant(&ROWS.0), tape.constant(&ROWS.1));
        let logit = x * w;
        let squared = loss::squared_error(logit.sigmoid(), y).mean().item();
        let cross = loss::binary_cross_entropy_with_logits(logit, y).mean();
        (squared, cross.item())
    };
    w.iter().map(|w| cost(*w)).unzip()
}

/// The loss of a probability h where y is 1 and where it is 0: −ln h and −ln (1 − h).
pub fn losses(h: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let tape = Tape::new();
    let h = tape.constant(h);
    let of = |y: Var<'_, f64>| {
        let loss = loss::binary_cross_entropy(h, y);
        loss.to_mat().col_as_slice(0).to_vec()
    };
    (of(tape.full(h.shape(), 1.0)), of(tape.full(h.shape(), 0.0)))
}

/// The least-squares line through the exam scores: intercept and slope.
///
/// # Errors
/// None with these data.
pub fn exam_line() -> Result<(f64, f64), train::FitError> {
    let fit = GeneralisedLinearModel::new(Distribution::Gaussian).fit(&exam_scores())?;
    let found = fit.coefficients();
    Ok((found[0].estimate, found[1].estimate))
}

/// A line through (1, 2), (2, 4), (3, 6) by gradient descent: slope, intercept and cost before each update.
pub fn descent(updates: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut w, mut b) = ([0.0], [0.0]);
    let sgd = Sgd::new(0.01);
    let mut tape = Tape::new();
    let mut way = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..updates {
        tape.clear();
        let (slope, intercept) = (tape.variable(&w), tape.variable(&b));
        let cost = line_cost(&tape, slope, intercept);
        way.0.push(w[0]);
        way.1.push(b[0]);
        way.2.push(cost.item());
        let gradients = cost.backward();
        let (dw, db) = (gradients[slope].as_slice(), gradients[intercept].as_slice());
        sgd.apply(&mut w, dw);
        sgd.apply(&mut b, db);
    }
    way
}

fn line_cost<'t>(tape: &'t Tape<f64>, w: Var<'t, f64>, b: Var<'t, f64>) -> Var<'t, f64> {
    let (x, y) = (
        tape.constant(&[1.0, 2.0, 3.0]),
        tape.constant(&[2.0, 4.0, 6.0]),
    );
    loss::squared_error(x * w + b, y).mean()
}

/// The pictures of sigmoids.
fn sigmoids() -> Vec<(&'static str, LineChart)> {
    let x = steps(-5.0, 5.0, 200);
    let alone =
        LineChart::new("The sigmoid", "x", "σ(x)").curve("σ(x)", &x, &sigmoid(&x, 1.0, 0.0));
    let mut weights = LineChart::new("The weight is the steepness", "x", "σ(w x)");
    for w in [0.5, 1.0, 2.0] {
        weights = weights.curve(format!("w = {w}"), &x, &sigmoid(&x, w, 0.0));
    }
    let mut biases = LineChart::new("The bias shifts it", "x", "σ(x + b)");
    for b in [0.5, 1.0, 1.5] {
        biases = biases.curve(format!("b = {b}"), &x, &sigmoid(&x, 1.0, b));
    }
    let (no, yes) = (steps(-5.0, 0.0, 1), steps(0.0, 5.0, 1));
    let threshold = LineChart::new("At or above one half it is 1", "x", "σ(x)")
        .curve("σ(x)", &x, &sigmoid(&x, 1.0, 0.0))
        .curve("decision 0", &no, &[0.0; 2])
        .curve("decision 1", &yes, &[1.0; 2])
        .level("threshold 0.5", 0.5);
    vec![
        ("sigmoid", alone),
        ("sigmoid_weight", weights),
        ("sigmoid_bias", biases),
        ("threshold", threshold),
    ]
}

/// The exam scores, with the line that fits them badly and a penalised logistic curve.
fn exam() -> Result<LineChart, Box<dyn Error + Send + Sync>> {
    let data = exam_scores();
    let scores = data.features.col_as_slice(0);
    let x = steps(40.0, 75.0, 200);
    let (intercept, slope) = exam_line()?;
    let line: Vec<f64> = x.iter().map(|x| intercept + slope * x).collect();
    let logistic = models::LogisticRegression::new().l2(1e-4).fit(&data)?;
    let (b, w) = (
        logistic.coefficients()[0].estimate,
        logistic.coefficients()[1].estimate,
    );
    Ok(
        LineChart::new("A step is badly fitted by a line", "exam score", "passed")
            .points("students", scores, &data.target)
            .curve("line", &x, &line)
            .curve("sigmoid", &x, &sigmoid(&x, w, b))
            .mark("60 passes", 60.0),
    )
}

/// The two costs of one model side by side.
fn convexity() -> Panels {
    let w = steps(-2.0, 6.0, 400);
    let (squared, cross) = costs(&w);
    let panel = |title: &str, y: &[f64]| LineChart::new(title, "w", "cost").curve(title, &w, y);
    Panels::new("Two costs of σ(w x)")
        .panel(panel("Squared error: two minima, flat parts", &squared))
        .panel(panel("Cross-entropy: convex", &cross))
}

/// The cost of the line over slope and intercept, and the way down.
fn surface() -> SurfaceChart {
    let (w, b, _) = descent(2000);
    let cost = |w: f64, b: f64| {
        let tape = Tape::new();
        line_cost(&tape, tape.constant(&[w]), tape.constant(&[b])).item()
    };
    SurfaceChart::new(
        "Down the cost of a line",
        "slope w",
        "intercept b",
        "mean squared error",
        (-0.5, 3.5),
        (-2.0, 2.5),
        cost,
    )
    .path("2000 updates, learning rate 0.01", &w, &b)
    .log_levels()
}

/// Who passes, by hours of lectures and labs.
fn boundary() -> Result<BoundaryChart, Box<dyn Error + Send + Sync>> {
    let data = student_hours();
    let fit = models::LogisticRegression::new().l2(0.01).fit(&data)?;
    let [b, lectures, labs] = [0, 1, 2].map(|k| fit.coefficients()[k].estimate);
    let class = |class: f64| {
        let rows = || (0..6).filter(|i| data.target[*i] == class);
        let column = |j: usize| rows().map(|i| data.features[(i, j)]).collect::<Vec<f64>>();
        (column(0), column(1))
    };
    let (fails, passes) = (class(0.0), class(1.0));
    let chart = BoundaryChart::new(
        "Who passes",
        "lectures / h",
        "labs / h",
        (0.0, 7.0),
        (0.0, 4.0),
        |x, y| sigmoid(&[b + lectures * x + labs * y], 1.0, 0.0)[0],
    );
    Ok(chart
        .subtitle("logistic regression with an l2 penalty of 0.01; without one, no finite estimate exists")
        .points("fails", 0, &fails.0, &fails.1)
        .points("passes", 1, &passes.0, &passes.1))
}

/// The logistic cost on the tape.
pub fn graph() -> GraphChart {
    let data = student_hours();
    let (w0, b0) = (mat![[0.0], [0.0]], mat![[0.0]]);
    let tape = Tape::new();
    let (x, y) = (tape.constant(&data.features), tape.constant(&data.target));
    let (w, b) = (tape.variable(&w0), tape.variable(&b0));
    let h = (x.matmul(w) + b).sigmoid();
    let cost = -(y * h.ln() + (1.0 - y) * (1.0 - h).ln()).mean();
    let nodes = cost.graph(&[(x, "x"), (y, "y"), (w, "W"), (b, "b")]);
    let mut chart = GraphChart::new("The logistic cost on the tape");
    for node in &nodes {
        let kind = match node.origin {
            autodiff::Origin::Variable => NodeKind::Variable,
            autodiff::Origin::Constant => NodeKind::Constant,
            autodiff::Origin::Operation(_) => NodeKind::Operation,
        };
        chart = chart.node(node.name.as_str(), node.shape.to_string(), kind);
    }
    let place = |index: usize| nodes.iter().position(|n| n.index == index);
    for (at, node) in nodes.iter().enumerate() {
        for from in node.operands.iter().filter_map(|i| place(*i)) {
            chart = chart.edge(from, at);
        }
    }
    chart
}

/// The correlations of the players' numbers.
fn players() -> Result<CorrelationChart, Box<dyn Error + Send + Sync>> {
    let file = include_str!("../data/nba_rookie_draft.csv");
    let frame = CsvOptions::new().read_from("nba_rookie_draft.csv", file.as_bytes())?;
    let described = Description::of(&frame);
    let values = described.correlations.concat();
    Ok(CorrelationChart::new(
        "What goes with being drafted",
        &described.correlated,
        &values,
    )
    .subtitle("twelve rows are too few to tell"))
}

/// The loss of a probability where y is 1 and where it is 0.
fn two_losses() -> LineChart {
    let h = steps(0.005, 0.995, 198);
    let (one, zero) = losses(&h);
    LineChart::new("The loss of a probability", "H", "loss")
        .curve("−ln H, y = 1", &h, &one)
        .curve("−ln (1 − H), y = 0", &h, &zero)
}

/// How the cost of a line falls.
fn cost() -> LineChart {
    let (_, _, cost) = descent(2000);
    let updates: Vec<f64> = (1..=cost.len()).map(|k| k as f64).collect();
    LineChart::new("The cost of a line falls", "update", "mean squared error")
        .curve("cost before the update", &updates, &cost)
        .log_y()
}

/// Saves a picture in light and in dark.
fn save(
    folder: &Path,
    name: &str,
    chart: impl Chart + Clone,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    chart.save(folder.join(format!("{name}.svg")))?;
    chart.save(folder.join(format!("{name}.png")))?;
    chart
        .theme(Theme::Dark)
        .save(folder.join(format!("{name}_dark.svg")))?;
    Ok(())
}

/// The names of all pictures.
pub const NAMES: [&str; 12] = [
    "sigmoid",
    "sigmoid_weight",
    "sigmoid_bias",
    "threshold",
    "exam_scores",
    "losses",
    "convexity",
    "cost",
    "surface",
    "boundary",
    "graph",
    "correlation",
];

/// Writes pictures, each as `NAME.svg`, `NAME.png` and `NAME_dark.svg`, and prints their names.
///
/// # Errors
/// If a file cannot be written, or a name is not one of [`NAMES`].
pub fn write(
    folder: &Path,
    names: &[&str],
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    std::fs::create_dir_all(folder)?;
    for name in names {
        match *name {
            "exam_scores" => save(folder, name, exam()?)?,
            "losses" => save(folder, name, two_losses())?,
            "convexity" => save(folder, name, convexity())?,
            "cost" => save(folder, name, cost())?,
            "surface" => save(folder, name, surface())?,
            "boundary" => save(folder, name, boundary()?)?,
            "graph" => save(folder, name, graph())?,
            "correlation" => save(folder, name, players()?)?,
            _ => match sigmoids().into_iter().find(|(known, _)| known == name) {
                Some((_, chart)) => save(folder, name, chart)?,
                None => return Err(format!("there is no picture {name}").into()),
            },
        }
        writeln!(out, "{name}")?;
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the functions above.
fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = std::env::args().nth(1);
    let folder = Path::new(folder.as_deref().unwrap_or("pictures"));
    write(folder, &NAMES, &mut io::stdout().lock())
}
