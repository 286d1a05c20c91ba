//! Softmax regression on Fisher's irises in two ways: as a module in a training loop, and as a model that is fitted with a certificate.
//!
//! `cargo run --release --example softmax_iris`
//!
//! One species is separated from the others, so that without a penalty no finite optimum exists. With one there is exactly one, and both
//! ways have to end at it.

use datasets::{IRIS_SPECIES, Scaler, Scaling, Splitter, classes, iris};
use linalg::{Mat, MatRef};
use models::glm::{MultinomialRegression, Penalty};
use models::{Linear, Module, Tape, loss};
use train::metrics::{self, ConfusionMatrix};
use train::schedule::CosineAnnealingLr;
use train::{Adam, Fit, MultinomialFit, Optimizer, Trained, Trainer};

/// Half of it times the squares of all weights is added to the mean loss; intercepts are free.
pub const PENALTY: f64 = 0.01;
/// Epochs of the training loop, each with one step.
const EPOCHS: u64 = 3000;

/// What both ways ended with.
#[derive(Debug)]
pub struct Run {
    /// The history of the training loop.
    pub trained: Trained,
    /// The module that it trained.
    pub module: Linear<f64>,
    /// The fit with its certificate.
    pub fit: MultinomialFit,
    /// The largest distance between weights, and between intercepts that are shifted to a sum of 0, of the two.
    pub distance: f64,
    /// The same for the probabilities of the flowers that were held back.
    pub distance_of_probabilities: f64,
    /// The flowers that were held back: true species downwards, predicted ones across.
    pub confusion: ConfusionMatrix,
}

/// Holds back a fifth of each species, and fits the rest twice.
///
/// # Errors
/// What a split, a training, a fit or a metric refuses.
pub fn run(seed: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let data = iris();
    let split = Splitter::stratified(&classes(&data.target))
        .seed(seed)
        .train_test(0.2)?;
    let (mut train, mut held_back) = (data.select(&split.train), data.select(&split.test));
    // What is learned from the data, their means and deviations too, is learned from the training part alone.
    let scaler = Scaler::learn(Scaling::Standard, train.features.as_ref());
    scaler.apply(train.features.as_mut());
    scaler.apply(held_back.features.as_mut());

    // 1. A module and an optimiser. The decay of the weights is the derivative of the penalty; the biases have a group without it.
    let mut module = Linear::zeros(4, 3);
    let rule = Adam {
        weight_decay: PENALTY,
        ..Adam::new(0.1)
    };
    let mut optimizer = Optimizer::new(rule).group(Adam::new(0.1), |name| name == "bias");
    let trained = Trainer::new(EPOCHS)
        .schedule(CosineAnnealingLr::new(EPOCHS))
        .metric("accuracy", metrics::class_accuracy)
        .fit(
            &mut module,
            &mut optimizer,
            (&train.features, &train.target),
            |scores, species| loss::softmax_cross_entropy(scores, species).mean(),
        )?;

    // 2. A specification and its fit.
    let fit = MultinomialRegression::new()
        .penalised(Penalty::ridge(PENALTY))
        .fit(&train)?;

    let (weights, biases) = (module.weight().value(), centred(&module));
    let model = fit.model();
    let mut distance: f64 = 0.0;
    for k in 0..3 {
        distance = distance.max((biases[k] - model.intercepts()[k]).abs());
        for j in 0..4 {
            distance = distance.max((weights[(k, j)] - model.coefficients()[(j, k)]).abs());
        }
    }
    let probabilities = [
        probabilities(&module, held_back.features.as_ref()),
        model.predict_proba(held_back.features.as_ref())?,
    ];
    let predicted = model.predict(held_back.features.as_ref())?;
    let confusion = ConfusionMatrix::new(&classes(&held_back.target), &predicted, 3, None)?;
    Ok(Run {
        distance,
        distance_of_probabilities: (&probabilities[0] - &probabilities[1]).norm_max(),
        confusion: confusion.labelled(IRIS_SPECIES)?,
        trained,
        module,
        fit,
    })
}

/// The biases of a module minus their mean: adding a number to all of them changes no probability.
fn centred(module: &Linear<f64>) -> Vec<f64> {
    let biases = module.bias().map_or(&[][..], |bias| bias.as_slice());
    let mean = biases.iter().sum::<f64>() / biases.len() as f64;
    biases.iter().map(|bias| bias - mean).collect()
}

/// The probability of each species for each flower.
fn probabilities(module: &Linear<f64>, x: MatRef<'_, f64>) -> Mat<f64> {
    let tape = Tape::new();
    module.forward(tape.constant(x)).softmax().to_mat()
}

#[allow(dead_code)] // The tests run the function above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = run(1)?;
    println!("1. A module, trained by Adam");
    for epoch in run.trained.history.epochs().iter().step_by(500) {
        println!("{epoch}  accuracy {:.4}", epoch.metrics[0]);
    }
    println!("\n2. A fit\n{}", run.fit);
    println!("largest distance of coefficients  {:.1e}", run.distance);
    println!(
        "largest distance of probabilities {:.1e}",
        run.distance_of_probabilities
    );
    println!("\nFlowers that were held back:\n{}", run.confusion);
    println!("\n{}", run.confusion.report());
    Ok(())
}
