//! Scaled diabetes data, 759 x 8: the model from zeros, and as a module from PyTorch's own start.
//!
//! `cargo run --release --example diabetes PATH`, where the file is a CSV without a header, label last.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use autodiff::Tape;
use datasets::random::Torch;
use datasets::{CsvOptions, DataError, Preparation};
use linalg::Mat;
use models::{Linear, Module, Sequential, Sigmoid, loss};
use train::{Descent, DescentReport, Optimizer, Sgd, metrics};

/// The features and the label in single precision.
///
/// # Errors
/// With file, line and column.
pub fn load(path: &Path) -> Result<(Mat<f32>, Mat<f32>), DataError> {
    let frame = CsvOptions::new().without_header().read(path)?;
    let label = frame.names().len().to_string();
    let data = Preparation::new(label).binary(&frame)?;
    Ok((data.features_f32(), data.target_f32()))
}

/// Trains for 101 updates with learning rate 1; gives a report every tenth epoch, and H at the end.
pub fn train(linear: Linear<f32>, x: &Mat<f32>, y: &Mat<f32>) -> (Vec<DescentReport>, Mat<f32>) {
    let mut model = Sequential::new()
        .named("linear", linear)
        .named("sigmoid", Sigmoid);
    let mut optimizer = Optimizer::new(Sgd::new(1.0));
    let mut reports = Vec::new();
    Descent::new(101).report_every(10).run(
        &mut model,
        &mut optimizer,
        (x, y),
        |h, y| loss::binary_cross_entropy(h, y).mean(),
        |report| reports.push(report),
    );
    let tape = Tape::new();
    let hypothesis = model.forward(tape.constant(x)).to_mat();
    (reports, hypothesis)
}

/// Prints the tutorial from a file of the data.
///
/// # Errors
/// With file, line and column; or if `out` cannot be written.
pub fn tell(path: &Path, out: &mut dyn Write) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (x, y) = load(path)?;
    let first: Vec<String> = (0..x.ncols())
        .map(|j| format!("{:.4}", x[(0, j)]))
        .collect();
    writeln!(
        out,
        "{} x {}; first row {}, label {}",
        x.nrows(),
        x.ncols(),
        first.join(" "),
        y[(0, 0)]
    )?;

    writeln!(out, "\nFrom zeros")?;
    let (reports, hypothesis) = train(Linear::zeros(x.ncols(), 1), &x, &y);
    for report in &reports {
        writeln!(out, "epoch {:4}  cost {:.6}", report.epoch, report.cost)?;
    }
    writeln!(
        out,
        "accuracy {:.2} %",
        100.0 * metrics::accuracy(hypothesis.as_ref(), y.as_ref())
    )?;
    let first: Vec<String> = (0..5.min(x.nrows()))
        .map(|i| format!("{:.4}", hypothesis[(i, 0)]))
        .collect();
    writeln!(out, "H of the first rows: {}", first.join(" "))?;

    writeln!(out, "\nAs a module, from torch.manual_seed(1)")?;
    let (reports, _) = train(Linear::new(x.ncols(), 1, &mut Torch::new(1)), &x, &y);
    for report in &reports {
        writeln!(out, "{report}")?;
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("the path of the data is missing: cargo run --release --example diabetes PATH");
        return ExitCode::from(2);
    };
    match tell(Path::new(&path), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
