//! Two half moons that no straight line separates: logistic regression beside a small network, and a picture of where each changes its mind.
//!
//! `cargo run --release --example moons_boundary PICTURE.svg` (or `.png`)

use datasets::random::ChaCha;
use datasets::{Dataset, generators};
use linalg::{Mat, View};
use models::{Linear, LogisticModel, LogisticRegression, Module, Sequential, Tanh, Tape, loss};
use plots::{BoundaryChart, Chart, Panels};
use train::schedule::CosineAnnealingLr;
use train::{Adam, Fit, Optimizer, Trainer, metrics};

const EPOCHS: u64 = 1500;

/// Both classifiers, and the shares of new points that they put on the right side.
#[derive(Debug)]
pub struct Run {
    /// The points that were trained on.
    pub data: Dataset,
    /// A straight line.
    pub line: LogisticModel,
    /// 2 inputs, 16 hidden units, one logit.
    pub network: Sequential<f64>,
    /// Of the line on new points.
    pub line_accuracy: f64,
    /// Of the network on new points.
    pub network_accuracy: f64,
}

/// Fits both to 400 points and judges them by 2000 others.
///
/// # Errors
/// What a fit, a training or a prediction refuses.
pub fn run(seed: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let mut stream = ChaCha::new(seed);
    let data = generators::moons(400, 0.2, &mut stream);
    let new = generators::moons(2000, 0.2, &mut stream);

    let fit = LogisticRegression::new().fit(&data)?;
    let line = fit.model().clone();

    let mut network = Sequential::new()
        .named("hidden", Linear::new(2, 16, &mut stream))
        .then(Tanh)
        .named("logit", Linear::new(16, 1, &mut stream));
    Trainer::new(EPOCHS)
        .schedule(CosineAnnealingLr::new(EPOCHS))
        .fit(
            &mut network,
            &mut Optimizer::new(Adam::new(0.02)),
            (&data.features, &data.target),
            |logit, class| loss::binary_cross_entropy_with_logits(logit, class).mean(),
        )?;

    let of_line = line.predict_proba(new.features.as_ref())?;
    let of_network = probabilities(&network, &new.features);
    let accuracy = |p: &[f64]| metrics::accuracy(p.view(), new.target.view());
    Ok(Run {
        line_accuracy: accuracy(&of_line),
        network_accuracy: accuracy(&of_network),
        data,
        line,
        network,
    })
}

/// The probability of class 1 at each point.
pub fn probabilities(network: &Sequential<f64>, points: &Mat<f64>) -> Vec<f64> {
    let tape = Tape::new();
    let p = network.forward(tape.constant(points)).sigmoid().to_mat();
    p.col_as_slice(0).to_vec()
}

/// Both boundaries side by side.
///
/// # Errors
/// What a prediction refuses.
pub fn picture(run: &Run) -> Result<Panels, models::glm::PredictError> {
    // A grid is one batch.
    let (across, down) = ((-1.7, 2.7), (-1.3, 1.8));
    let (columns, rows) = (161, 121);
    let step =
        |(from, to): (f64, f64), k: usize, n: usize| from + (to - from) * k as f64 / (n - 1) as f64;
    let grid = Mat::from_fn(columns * rows, 2, |i, j| match j {
        0 => step(across, i % columns, columns),
        _ => step(down, i / columns, rows),
    });
    let panel = |title: &str, p: &[f64]| {
        let chart = BoundaryChart::new(title, "x1", "x2", across, down, |_, _| 0.5);
        (0..2).fold(chart.grid(columns, p), |chart, class| {
            let rows: Vec<usize> = (0..run.data.observations())
                .filter(|&i| run.data.target[i] == class as f64)
                .collect();
            let [x, y] = [0, 1].map(|j| {
                let values = rows.iter().map(|&i| run.data.features[(i, j)]);
                values.collect::<Vec<_>>()
            });
            chart.points(format!("class {class}"), class, &x, &y)
        })
    };
    let of_line = run.line.predict_proba(grid.as_ref())?;
    Ok(Panels::new("Two half moons")
        .panel(panel("Logistic regression", &of_line))
        .panel(panel(
            "16 hidden units",
            &probabilities(&run.network, &grid),
        )))
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = run(1)?;
    println!("accuracy on 2000 new points");
    println!("logistic regression  {:.4}", run.line_accuracy);
    println!("16 hidden units      {:.4}", run.network_accuracy);
    let path = std::env::args().nth(1);
    let path = path.unwrap_or_else(|| "moons_boundary.svg".to_owned());
    picture(&run)?.save(&path)?;
    println!("picture              {path}");
    Ok(())
}
