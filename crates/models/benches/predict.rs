//! Predictions: a batch beside one read of its data, and one row. `cargo bench -p models --bench predict`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use linalg::{Mat, reduce};
use models::glm::LogisticModel;

fn predictions(c: &mut Criterion) {
    let (n, d) = (500_000, 50);
    let x = Mat::from_fn(n, d, |i, j| ((i * 13 + j * 7) as f64 * 0.1).sin());
    let beta: Vec<f64> = (0..d).map(|j| (j as f64).cos()).collect();
    let model = LogisticModel::new(0.5, beta);
    let mut p = vec![0.0; n];
    let mut group = c.benchmark_group("predict");
    group.sample_size(20);
    group.throughput(Throughput::Bytes((n * d * size_of::<f64>()) as u64));
    group.bench_function("a read of the data", |b| {
        let column = |j: usize| x.col_as_slice(j);
        b.iter(|| {
            (0..d)
                .map(|j| reduce::sum(black_box(column(j))))
                .sum::<f64>()
        });
    });
    group.bench_function("500,000 x 50", |b| {
        b.iter(|| model.predict_proba_into(black_box(x.as_ref()), &mut p));
    });
    group.throughput(Throughput::Elements(1));
    let row: Vec<f64> = (0..d).map(|j| x[(7, j)]).collect();
    group.bench_function("one row of 50", |b| {
        b.iter(|| model.predict_proba_row(black_box(&row)));
    });
    group.finish();
}

criterion_group!(benches, predictions);
criterion_main!(benches);
