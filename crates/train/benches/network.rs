//! One Adam step of a small network, from forward pass to moved parameters. `cargo bench -p train --bench network`.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::time::{Duration, Instant};

use autodiff::Tape;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use datasets::random::ChaCha;
use linalg::{Mat, parallel};
use models::{Linear, Module, Relu, Sequential, loss};
use train::{Adam, Optimizer};

/// So many steps of a network on `threads` threads, timed.
fn steps([inputs, hidden, outputs]: [usize; 3], batch: usize, count: u64) -> Duration {
    let mut stream = ChaCha::new(3);
    let mut model: Sequential<f32> = Sequential::new()
        .then(Linear::new(inputs, hidden, &mut stream))
        .then(Relu)
        .then(Linear::new(hidden, outputs, &mut stream));
    let x = Mat::<f32>::from_fn(batch, inputs, |i, j| {
        ((i * 31 + j * 17) as f32 * 0.618).sin()
    });
    let classes = Mat::<f32>::from_fn(batch, 1, |i, _| (i % outputs.max(2)) as f32);
    // Slow enough that the model does not learn the batch by heart: gradients that underflow would be measured instead.
    let mut optimizer = Optimizer::new(Adam::new(1e-7));
    let mut tape = Tape::new();
    let start = Instant::now();
    for _ in 0..count {
        tape.clear();
        let prediction = model.forward(tape.constant(&x));
        let target = tape.constant(&classes);
        let cost = if outputs == 1 {
            loss::binary_cross_entropy_with_logits(prediction, target).mean()
        } else {
            loss::softmax_cross_entropy(prediction, target).mean()
        };
        let gradients = cost.backward();
        optimizer.step(&mut model, &gradients);
    }
    start.elapsed()
}

fn step(c: &mut Criterion) {
    let mut group = c.benchmark_group("train-adam_step");
    for (layers, batch) in [([8, 16, 1], 32), ([64, 64, 10], 64), ([784, 128, 10], 128)] {
        for threads in [1, 2] {
            let name = format!("{}-{}-{}", layers[0], layers[1], layers[2]);
            group.bench_function(BenchmarkId::new(name, threads), |bench| {
                bench.iter_custom(|count| {
                    parallel::with_threads(threads, || {
                        parallel::awake(|| steps(layers, batch, count))
                    })
                    .unwrap_or_default()
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = step, reference::reference
}
criterion_main!(benches);
