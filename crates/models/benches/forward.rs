//! Modules forwards and backwards. `cargo bench -p models` or `cargo criterion -p models`.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::hint::black_box;

use autodiff::Tape;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::random::ChaCha;
use linalg::Mat;
use models::{Linear, Module, Relu, Sequential, loss};

fn two_layers(c: &mut Criterion) {
    let mut group = c.benchmark_group("models-two_layers");
    for (inputs, hidden, outputs, batch) in [(8, 16, 1, 32), (64, 32, 4, 64), (784, 128, 10, 128)] {
        let mut stream = ChaCha::new(1);
        let model: Sequential<f32> = Sequential::new()
            .then(Linear::new(inputs, hidden, &mut stream))
            .then(Relu)
            .then(Linear::new(hidden, outputs, &mut stream));
        let x = Mat::from_fn(batch, inputs, |i, j| ((i * 13 + j * 7) as f32 * 0.1).sin());
        let y = Mat::from_fn(batch, outputs, |i, j| f32::from(u8::from(i % outputs == j)));
        let mut tape = Tape::new();
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(
            BenchmarkId::new("gradient", format!("{inputs}-{hidden}-{outputs}")),
            |b| {
                b.iter(|| {
                    tape.clear();
                    let prediction = model.forward(tape.constant(black_box(&x)));
                    loss::binary_cross_entropy_with_logits(prediction, tape.constant(&y))
                        .mean()
                        .backward()
                        .max_abs()
                });
            },
        );
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = two_layers, reference::reference
}
criterion_main!(benches);
