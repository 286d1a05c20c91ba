//! Hours of lectures and of lab work against pass or fail: logistic regression, three ways to write the same model.
//!
//! `cargo run --release --example student_hours`

use std::io::{self, Write};

use autodiff::{Tape, Var};
use datasets::random::Torch;
use datasets::student_hours;
use linalg::{Mat, mat};
use models::{Linear, Module, Sequential, Sigmoid, loss, parameters};
use train::{Descent, DescentReport, Optimizer, Sgd};

/// What a run ends with.
#[derive(Debug)]
pub struct Run {
    /// The cost before each update.
    pub costs: Vec<f32>,
    /// The weights, 2x1.
    pub w: Mat<f32>,
    /// The bias, 1x1.
    pub b: Mat<f32>,
    /// H after the last update.
    pub hypothesis: Vec<f32>,
}

/// 1. Explicit parameters, and the cost written out or taken from the library.
pub fn explicit_parameters(updates: usize, library_loss: bool) -> Run {
    let (x_train, y_train) = (student_hours().features_f32(), student_hours().target_f32());
    let (mut w0, mut b0) = (mat![[0.0_f32], [0.0]], mat![[0.0_f32]]);
    let sgd = Sgd::new(1.0);
    let mut costs = Vec::new();
    let mut tape = Tape::new();
    for _ in 0..updates {
        tape.clear();
        let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
        let (w, b) = (tape.variable(&w0), tape.variable(&b0));
        let hypothesis = (x.matmul(w) + b).sigmoid();
        let cost = if library_loss {
            loss::binary_cross_entropy(hypothesis, y).mean()
        } else {
            -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean()
        };
        costs.push(cost.item());
        let gradients = cost.backward();
        let (dw, db) = (&gradients[w], &gradients[b]);
        sgd.apply(w0.col_as_slice_mut(0), dw.as_slice());
        sgd.apply(b0.col_as_slice_mut(0), db.as_slice());
    }
    tape.clear();
    let hypothesis =
        (tape.constant(&x_train).matmul(tape.constant(&w0)) + tape.constant(&b0)).sigmoid();
    let hypothesis = hypothesis.to_mat().col_as_slice(0).to_vec();
    Run {
        costs,
        w: w0,
        b: b0,
        hypothesis,
    }
}

/// 2. A Sequential, with or without names for its layers.
pub fn sequential(linear: Linear<f32>, names: bool) -> Sequential<f32> {
    if names {
        Sequential::new()
            .named("linear", linear)
            .named("sigmoid", Sigmoid)
    } else {
        Sequential::new().then(linear).then(Sigmoid)
    }
}

/// 3. A module of one's own.
#[derive(Debug)]
pub struct BinaryClassifier {
    /// From two features to one logit.
    pub linear: Linear<f32>,
    /// From the logit to a probability.
    pub sigmoid: Sigmoid,
}

impl Module<f32> for BinaryClassifier {
    fn forward<'t>(&'t self, x: Var<'t, f32>) -> Var<'t, f32> {
        self.sigmoid.forward(self.linear.forward(x))
    }
    parameters!(f32: linear);
}

/// Trains a module with full batches and learning rate 1, and reports every hundredth epoch.
pub fn train_module(
    model: &mut dyn Module<f32>,
    updates: usize,
    report: impl FnMut(DescentReport),
) {
    let (x, y) = (student_hours().features_f32(), student_hours().target_f32());
    let mut optimizer = Optimizer::new(Sgd::new(1.0));
    Descent::new(updates).report_every(100).run(
        model,
        &mut optimizer,
        (&x, &y),
        |h, y| loss::binary_cross_entropy(h, y).mean(),
        report,
    );
}

fn tell_training(model: &mut dyn Module<f32>, out: &mut dyn Write) -> io::Result<()> {
    let mut reports = Vec::new();
    train_module(model, 1001, |report| reports.push(report));
    reports
        .iter()
        .try_for_each(|report| writeln!(out, "{report}"))
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    let (x_train, y_train) = (student_hours().features_f32(), student_hours().target_f32());
    let one = [1.0_f32];
    let tape = Tape::new();
    let (x, y, one) = (
        tape.constant(&x_train),
        tape.constant(&y_train),
        tape.constant(&one),
    );
    writeln!(
        out,
        "exp(1) = {:.4}, sigmoid(1) = {:.4}",
        one.exp().item(),
        one.sigmoid().item()
    )?;
    writeln!(out, "x is {}, y is {}", x.shape(), y.shape())?;

    let zero = explicit_parameters(0, false);
    let start = tape.full(autodiff::Shape::new(6, 1), zero.hypothesis[0]);
    let losses = -(y * start.ln() + (1.0 - y) * (1.0 - start).ln());
    writeln!(
        out,
        "\nH at the start:\n{start:.4}\nloss of each sample:\n{losses:.4}\nmean {:.4}",
        losses.mean().item()
    )?;

    writeln!(out, "\n1. Explicit parameters")?;
    let run = explicit_parameters(1001, false);
    for (epoch, cost) in run.costs.iter().enumerate().step_by(100) {
        writeln!(out, "epoch {epoch:4}  cost {cost:.6}")?;
    }
    writeln!(
        out,
        "W = {:.4} {:.4}, b = {:.4}",
        run.w[(0, 0)],
        run.w[(1, 0)],
        run.b[(0, 0)]
    )?;
    let hypothesis: Vec<String> = run.hypothesis.iter().map(|h| format!("{h:.4e}")).collect();
    writeln!(out, "H = {}", hypothesis.join(" "))?;
    let predictions: Vec<bool> = run.hypothesis.iter().map(|h| *h >= 0.5).collect();
    writeln!(out, "H >= 0.5: {predictions:?}")?;

    writeln!(
        out,
        "\nThe same with the library's loss, counting updates from 1"
    )?;
    let run = explicit_parameters(1000, true);
    for (epoch, cost) in run.costs.iter().enumerate().skip(99).step_by(100) {
        writeln!(out, "update {:4}  cost {cost:.6}", epoch + 1)?;
    }
    writeln!(
        out,
        "W = {:.4} {:.4}, b = {:.4}",
        run.w[(0, 0)],
        run.w[(1, 0)],
        run.b[(0, 0)]
    )?;

    writeln!(out, "\n2. Sequential(Linear(2, 1), Sigmoid)")?;
    let mut model = sequential(Linear::new(2, 1, &mut Torch::new(1)), false);
    tell_training(&mut model, out)?;

    writeln!(out, "\n3. A module of one's own")?;
    let mut model = BinaryClassifier {
        linear: Linear::new(2, 1, &mut Torch::new(1)),
        sigmoid: Sigmoid,
    };
    tell_training(&mut model, out)?;
    for (name, parameter) in model.named_parameters() {
        writeln!(out, "{name}: {:?}", parameter.as_slice())?;
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
