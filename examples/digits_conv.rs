//! Handwritten digits again, read by a network that knows that pixels have neighbours, beside the one that does not.
//!
//! `cargo run --release --example digits_conv`

use autodiff::ops::Window;
use datasets::random::ChaCha;
use models::{Conv2d, Dropout, Flatten, Linear, Module, Relu, Sequential};

#[path = "digits_mlp.rs"]
pub mod digits_mlp;

use digits_mlp::Run;

/// Times that the training part is gone through.
pub const EPOCHS: u64 = 25;

/// 16 kernels of 3x3 on the image, 32 that move by two pixels on what those see, then 10 scores: about as many numbers as the hidden layer has.
pub fn network(seed: u64) -> Sequential<f32> {
    let mut stream = ChaCha::new(seed);
    let near = Window {
        image: [1, 8, 8],
        outputs: 16,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
    };
    let far = Window {
        image: [16, 8, 8],
        outputs: 32,
        stride: [2, 2],
        ..near
    };
    Sequential::new()
        .named("near", Conv2d::new(near, &mut stream))
        .then(Relu)
        .named("far", Conv2d::new(far, &mut stream))
        .then(Relu)
        .then(Flatten)
        .then(Dropout::new(0.5, seed))
        .named("scores", Linear::new(32 * 4 * 4, 10, &mut stream))
}

/// Split, first numbers and order of the rows from one seed: the same split as that of the other network.
///
/// # Errors
/// None for these data.
pub fn run(seed: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let digits = digits_mlp::split(seed)?;
    let mut model = network(seed);
    let trained = digits_mlp::train(&mut model, &digits, (EPOCHS, seed))?;
    Ok(Run {
        trained,
        confusion: digits_mlp::judge(&model, &digits)?,
        parameters: model.parameter_count(),
    })
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", network(1).summary(64));
    let convolutions = run(1)?;
    print!("{}", convolutions.trained.history);
    println!(
        "\nDigits that were held back:\n{}\n",
        convolutions.confusion
    );
    let dense = digits_mlp::run(1)?;
    println!("network        parameters  accuracy");
    for (name, run) in [("convolutions", convolutions), ("hidden layer", dense)] {
        let accuracy = run.confusion.accuracy();
        println!("{name:<13}  {:>10}  {accuracy:8.4}", run.parameters);
    }
    Ok(())
}
