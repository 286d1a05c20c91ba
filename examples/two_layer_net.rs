//! A module of one's own with two linear layers and a clamp at 0 between them, trained on squared error.
//!
//! `cargo run --release --example two_layer_net`

use std::io::{self, Write};

use autodiff::Var;
use datasets::random::{Stream, Torch};
use linalg::Mat;
use models::{Linear, Module, loss, parameters};
use train::{Descent, DescentReport, Optimizer, Sgd};

/// Linear, clamp at 0, Linear.
#[derive(Debug)]
pub struct TwoLayerNet {
    /// From the inputs to the hidden units.
    pub linear1: Linear<f32>,
    /// From the hidden units to the outputs.
    pub linear2: Linear<f32>,
}

impl TwoLayerNet {
    /// With the given numbers of inputs, hidden units and outputs.
    pub fn new(inputs: usize, hidden: usize, outputs: usize, stream: &mut dyn Stream) -> Self {
        Self {
            linear1: Linear::new(inputs, hidden, stream),
            linear2: Linear::new(hidden, outputs, stream),
        }
    }
}

impl Module<f32> for TwoLayerNet {
    fn forward<'t>(&'t self, x: Var<'t, f32>) -> Var<'t, f32> {
        self.linear2.forward(self.linear1.forward(x).relu())
    }
    parameters!(f32: linear1, linear2);
}

/// Trains on random data as the PyTorch manual does: 64 rows, 1000 inputs, 100 hidden units, 10 outputs, summed squared
/// error, learning rate 1e-4, 500 updates.
pub fn run(report: impl FnMut(DescentReport)) {
    let (rows, inputs, hidden, outputs) = (64, 1000, 100, 10);
    let mut stream = Torch::new(0);
    let mut normal = |rows: usize, columns: usize| {
        let mut values = vec![0.0; rows * columns];
        stream.fill_normal_f32(&mut values);
        // PyTorch fills row by row.
        Mat::from_fn(rows, columns, |i, j| values[i * columns + j])
    };
    let (x, y) = (normal(rows, inputs), normal(rows, outputs));
    let mut model = TwoLayerNet::new(inputs, hidden, outputs, &mut stream);
    let mut optimizer = Optimizer::new(Sgd::new(1e-4));
    Descent::new(500).report_every(100).run(
        &mut model,
        &mut optimizer,
        (&x, &y),
        |prediction, y| loss::squared_error(prediction, y).sum(),
        report,
    );
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    let mut reports = Vec::new();
    run(|report| reports.push(report));
    for report in reports {
        writeln!(
            out,
            "update {:3}  summed squared error {:.4}",
            report.epoch, report.cost
        )?;
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
