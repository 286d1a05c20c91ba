//! Which college players are drafted? The gradient written by hand beside the tape's, then the same model as a module.
//!
//! `cargo run --release --example nba_rookie`

use std::io::{self, Write};

use autodiff::Tape;
use datasets::random::{NumpyLegacy, Torch};
use datasets::{Dataset, nba_rookie_draft};
use linalg::{Mat, Scalar};
use models::{Linear, Module, Sequential, Sigmoid, loss};
use train::{Descent, Optimizer, Sgd};

/// A start or an end of the run.
#[derive(Clone, Debug)]
pub struct Point {
    /// One weight a column.
    pub w: [f64; 3],
    /// The bias.
    pub b: f64,
    /// The summed cross-entropy.
    pub loss: f64,
    /// The predicted probability of each player.
    pub predictions: Vec<f64>,
}

/// The NumPy run: seed 220104, summed cross-entropy, learning rate 0.001. The gradient is `by_hand` or the tape's.
pub fn numpy_run(updates: usize, by_hand: bool) -> (Point, Point) {
    let data = nba_rookie_draft();
    let mut generator = NumpyLegacy::new(220_104);
    let mut w = [generator.normal(), generator.normal(), generator.normal()];
    let mut b = generator.normal();
    let before = evaluate(&data, w, b);
    let sgd = Sgd::new(0.001);
    for _ in 0..updates {
        let (dw, db) = if by_hand {
            gradient_by_hand(&data, w, b)
        } else {
            gradient_by_tape(&data, w, b)
        };
        sgd.apply(&mut w, &dw);
        sgd.apply(std::slice::from_mut(&mut b), &[db]);
    }
    (before, evaluate(&data, w, b))
}

fn evaluate(data: &Dataset, w: [f64; 3], b: f64) -> Point {
    let predictions: Vec<f64> = (0..data.observations())
        .map(|i| predict(data, i, w, b))
        .collect();
    let loss = data
        .target
        .iter()
        .zip(&predictions)
        .map(|(t, p)| -(t * p.ln() + (1.0 - t) * (1.0 - p).ln()))
        .sum();
    Point {
        w,
        b,
        loss,
        predictions,
    }
}

fn predict(data: &Dataset, i: usize, w: [f64; 3], b: f64) -> f64 {
    Scalar::sigmoid((0..3).map(|j| data.features[(i, j)] * w[j]).sum::<f64>() + b)
}

/// The derivative of the summed cross-entropy: Σ (p − t) x, and Σ (p − t).
pub fn gradient_by_hand(data: &Dataset, w: [f64; 3], b: f64) -> ([f64; 3], f64) {
    let (mut dw, mut db) = ([0.0; 3], 0.0);
    for (i, target) in data.target.iter().enumerate() {
        let residual = predict(data, i, w, b) - target;
        for (j, dw) in dw.iter_mut().enumerate() {
            *dw += residual * data.features[(i, j)];
        }
        db += residual;
    }
    (dw, db)
}

/// The same from the cost alone.
pub fn gradient_by_tape(data: &Dataset, w: [f64; 3], b: f64) -> ([f64; 3], f64) {
    let b = [b];
    let tape = Tape::new();
    let (x, t) = (tape.constant(&data.features), tape.constant(&data.target));
    let (w, b) = (tape.variable(&w), tape.variable(&b));
    let p = (x.matmul(w) + b).sigmoid();
    let gradients = loss::binary_cross_entropy(p, t).sum().backward();
    let dw = gradients[w].as_slice();
    ([dw[0], dw[1], dw[2]], gradients[b][(0, 0)])
}

/// The PyTorch run: Sequential(Linear(3, 1), Sigmoid), mean cross-entropy, learning rate 0.001, 3001 updates.
pub fn module_run(
    mut model: Sequential<f32>,
    mut report: impl FnMut(train::DescentReport),
) -> (Vec<f32>, Mat<f32>) {
    let (x, y) = (
        nba_rookie_draft().features_f32(),
        nba_rookie_draft().target_f32(),
    );
    let mut optimizer = Optimizer::new(Sgd::new(0.001));
    Descent::new(3001).report_every(500).run(
        &mut model,
        &mut optimizer,
        (&x, &y),
        |p, t| loss::binary_cross_entropy(p, t).mean(),
        &mut report,
    );
    let parameters = model
        .named_parameters()
        .iter()
        .flat_map(|(_, p)| p.as_slice().to_vec())
        .collect();
    let tape = Tape::new();
    let predictions = model.forward(tape.constant(&x)).to_mat();
    (parameters, predictions)
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    let data = nba_rookie_draft();
    let (before, after) = numpy_run(3000, true);
    writeln!(
        out,
        "gradient at the start, by hand:  {:?}",
        gradient_by_hand(&data, before.w, before.b)
    )?;
    writeln!(
        out,
        "gradient at the start, by tape:  {:?}",
        gradient_by_tape(&data, before.w, before.b)
    )?;
    writeln!(out, "\nloss before {:.14}", before.loss)?;
    writeln!(out, "loss after  {:.14}", after.loss)?;
    writeln!(
        out,
        "W {:.8} {:.8} {:.8}, b {:.8}",
        after.w[0], after.w[1], after.w[2], after.b
    )?;

    writeln!(out, "\nSequential(Linear(3, 1), Sigmoid)")?;
    let model = Sequential::new()
        .then(Linear::new(3, 1, &mut Torch::new(0)))
        .then(Sigmoid);
    let mut reports = Vec::new();
    let (parameters, module) = module_run(model, |report| reports.push(report));
    for report in reports {
        writeln!(out, "{report}")?;
    }
    writeln!(
        out,
        "W {:.3} {:.3} {:.3}, b {:.3}",
        parameters[0], parameters[1], parameters[2], parameters[3]
    )?;

    writeln!(
        out,
        "\nNo.  avg_score  rebound  assist  draft   by hand  as a module"
    )?;
    for i in 0..data.observations() {
        let [score, rebound, assist] = [0, 1, 2].map(|j| data.features[(i, j)]);
        let (hand, module) = (after.predictions[i], module[(i, 0)]);
        writeln!(
            out,
            "{:3}  {score:9}  {rebound:7}  {assist:6}  {:5}  {hand:.8}  {module:.4}",
            i + 1,
            data.target[i]
        )?;
    }
    writeln!(
        out,
        "\nThe weights say: assists first, then rebounds. Twelve rows are too few to be sure of either:"
    )?;
    writeln!(
        out,
        "`gradus fit data/nba_rookie_draft.csv --target draft` shows how wide the intervals are."
    )?;
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
