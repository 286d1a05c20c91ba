//! Handwritten digits of 8x8 pixels, read by a network with one hidden layer.
//!
//! `cargo run --release --example digits_mlp`

use datasets::random::ChaCha;
use datasets::{Splitter, classes, digits};
use linalg::Mat;
use models::{Dropout, Linear, Module, Relu, Sequential, Tape, loss};
use train::metrics::{self, ConfusionMatrix};
use train::schedule::CosineAnnealingLr;
use train::{Adam, Optimizer, TrainError, Trained, Trainer};

/// Times that the training part is gone through.
pub const EPOCHS: u64 = 40;

/// Pixels from 0 to 1, a digit a row, and which digit it is: four fifths of each digit to train on, one to judge by.
#[derive(Debug)]
pub struct Digits {
    /// Pixels to train on.
    pub x: Mat<f32>,
    /// Their digits, one column.
    pub y: Mat<f32>,
    /// Pixels that are held back.
    pub x_held_back: Mat<f32>,
    /// Their digits, one column.
    pub y_held_back: Mat<f32>,
}

/// What a training ended with.
#[derive(Debug)]
pub struct Run {
    /// Its history.
    pub trained: Trained,
    /// What became of the digits that were held back: true ones downwards, predicted ones across.
    pub confusion: ConfusionMatrix,
    /// The numbers that were trained.
    pub parameters: usize,
}

/// Draws which digits are held back.
///
/// # Errors
/// None for these data.
pub fn split(seed: u64) -> Result<Digits, datasets::SplitError> {
    let mut data = digits();
    for j in 0..64 {
        for pixel in data.features.col_as_slice_mut(j) {
            *pixel /= 16.0;
        }
    }
    let split = Splitter::stratified(&classes(&data.target))
        .seed(seed)
        .train_test(0.2)?;
    let (train, held_back) = (data.select(&split.train), data.select(&split.test));
    Ok(Digits {
        x: train.features_f32(),
        y: train.target_f32(),
        x_held_back: held_back.features_f32(),
        y_held_back: held_back.target_f32(),
    })
}

/// 64 pixels, 128 hidden units, 10 scores.
pub fn network(seed: u64) -> Sequential<f32> {
    let mut stream = ChaCha::new(seed);
    Sequential::new()
        .named("hidden", Linear::new(64, 128, &mut stream))
        .then(Relu)
        .then(Dropout::new(0.2, seed))
        .named("scores", Linear::new(128, 10, &mut stream))
}

/// Trains any network that makes ten scores of 64 pixels. How long is fixed beforehand: the digits that are held back decide nothing.
///
/// # Errors
/// [`TrainError`].
pub fn train(
    model: &mut Sequential<f32>,
    digits: &Digits,
    (epochs, seed): (u64, u64),
) -> Result<Trained, TrainError> {
    Trainer::new(epochs)
        .batch_size(32)
        .shuffle(seed)
        .schedule(CosineAnnealingLr::new(epochs))
        .validation((&digits.x_held_back, &digits.y_held_back))
        .metric("accuracy", metrics::class_accuracy)
        .fit(
            model,
            &mut Optimizer::new(Adam::new(0.005)),
            (&digits.x, &digits.y),
            |scores, digits| loss::softmax_cross_entropy(scores, digits).mean(),
        )
}

/// What a trained network makes of the digits that were held back.
///
/// # Errors
/// None for networks of ten scores.
pub fn judge(
    model: &Sequential<f32>,
    digits: &Digits,
) -> Result<ConfusionMatrix, metrics::MetricError> {
    let tape = Tape::new();
    let scores = model.forward(tape.constant(&digits.x_held_back)).to_mat();
    let predicted = metrics::predicted_classes(scores.as_ref());
    let truth = digits.y_held_back.col_as_slice(0);
    let truth: Vec<usize> = truth.iter().map(|digit| *digit as usize).collect();
    ConfusionMatrix::new(&truth, &predicted, 10, None)
}

/// Split, first numbers and order of the rows from one seed.
///
/// # Errors
/// None for these data.
pub fn run(seed: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let digits = split(seed)?;
    let mut model = network(seed);
    let trained = train(&mut model, &digits, (EPOCHS, seed))?;
    Ok(Run {
        trained,
        confusion: judge(&model, &digits)?,
        parameters: model.parameter_count(),
    })
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", network(1).summary(64));
    let run = run(1)?;
    print!("{}", run.trained.history);
    println!("\nDigits that were held back:\n{}", run.confusion);
    println!("\n{}", run.confusion.report());
    Ok(())
}
