//! What the loop of the `Trainer` adds to the steps that it makes, side by side: `cargo run --release -p train --example trainer_cost`.

use std::time::Instant;

use autodiff::Tape;
use datasets::random::ChaCha;
use linalg::{Mat, parallel};
use models::{Linear, Module, Relu, Sequential, loss};
use train::{Adam, Optimizer, Trainer};

fn model([inputs, hidden, outputs]: [usize; 3]) -> Sequential<f32> {
    let mut stream = ChaCha::new(3);
    Sequential::new()
        .then(Linear::new(inputs, hidden, &mut stream))
        .then(Relu)
        .then(Linear::new(hidden, outputs, &mut stream))
}

/// Seconds a step of a loop by hand over the same batches, of the trainer in order, and of the trainer with shuffled rows.
fn compare(layers: [usize; 3], batch: usize, batches: usize, epochs: usize) -> [f64; 3] {
    let n = batch * batches;
    let x = Mat::<f32>::from_fn(n, layers[0], |i, j| {
        ((i * 31 + j * 17) as f32 * 0.618).sin()
    });
    let y = Mat::<f32>::from_fn(n, 1, |i, _| (i % layers[2]) as f32);
    let steps = (batches * epochs) as f64;

    let mut own = model(layers);
    let mut optimizer = Optimizer::new(Adam::new(1e-6));
    let mut tape = Tape::new();
    let start = Instant::now();
    for _ in 0..epochs {
        for k in 0..batches {
            tape.clear();
            let (x, y) = (x.subrows(k * batch, batch), y.subrows(k * batch, batch));
            let prediction = own.forward(tape.constant(x));
            let cost = loss::softmax_cross_entropy(prediction, tape.constant(y)).mean();
            let gradients = cost.backward();
            optimizer.step(&mut own, &gradients);
        }
    }
    let by_hand = start.elapsed().as_secs_f64() / steps;

    let trainers = [None, Some(7)].map(|seed| {
        let mut own = model(layers);
        let mut optimizer = Optimizer::new(Adam::new(1e-6));
        let mut trainer = Trainer::new(epochs as u64).batch_size(batch);
        if let Some(seed) = seed {
            trainer = trainer.shuffle(seed);
        }
        let start = Instant::now();
        let trained = trainer.fit(&mut own, &mut optimizer, (&x, &y), |scores, classes| {
            loss::softmax_cross_entropy(scores, classes).mean()
        });
        assert!(trained.is_ok_and(|trained| trained.history.epochs().len() == epochs));
        start.elapsed().as_secs_f64() / steps
    });
    [by_hand, trainers[0], trainers[1]]
}

fn main() {
    println!("microseconds a step: by hand, trainer in order (ratio), trainer shuffled (ratio)");
    for threads in [1, 2] {
        for (layers, batch, batches, epochs) in [
            ([8, 16, 2], 32, 32, 400),
            ([784, 128, 10], 128, 10, 60),
            ([784, 128, 10], 128, 80, 8),
        ] {
            let rounds = parallel::with_threads(threads, || {
                parallel::awake(|| {
                    let mut rounds: Vec<[f64; 3]> = (0..5)
                        .map(|_| compare(layers, batch, batches, epochs))
                        .collect();
                    rounds.sort_by(|a, b| (a[1] / a[0]).total_cmp(&(b[1] / b[0])));
                    rounds[2]
                })
            });
            if let Ok([hand, ordered, shuffled]) = rounds {
                println!(
                    "{threads} threads  {}-{}-{}, {batches} batches of {batch}: {:8.2}  {:8.2} ({:.3})  {:8.2} ({:.3})",
                    layers[0],
                    layers[1],
                    layers[2],
                    1e6 * hand,
                    1e6 * ordered,
                    ordered / hand,
                    1e6 * shuffled,
                    shuffled / hand
                );
            }
        }
    }
}
