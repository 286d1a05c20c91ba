//! Predictions of batches, beside one read of their data, and of one row. `cargo bench -p models --bench predict`.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linalg::{Mat, reduce};
use models::glm::LogisticModel;

fn predictions(c: &mut Criterion) {
    let mut group = c.benchmark_group("models-predict");
    group.sample_size(20);
    let d = 50;
    let beta: Vec<f64> = (0..d).map(|j| (j as f64).cos()).collect();
    let model = LogisticModel::new(0.5, beta);
    for n in [1, 5_000, 500_000] {
        let x = Mat::from_fn(n, d, |i, j| ((i * 13 + j * 7) as f64 * 0.1).sin());
        group.throughput(Throughput::Bytes((n * d * size_of::<f64>()) as u64));
        let mut p = vec![0.0; n];
        group.bench_function(BenchmarkId::new("batch", n), |b| {
            b.iter(|| model.predict_proba_into(black_box(x.as_ref()), &mut p));
        });
        if n == 1 {
            let row: Vec<f64> = (0..d).map(|j| x[(0, j)]).collect();
            group.bench_function(BenchmarkId::new("row", n), |b| {
                b.iter(|| model.predict_proba_row(black_box(&row)));
            });
        }
        group.bench_function(BenchmarkId::new("read", n), |b| {
            let column = |j: usize| x.col_as_slice(j);
            b.iter(|| {
                (0..d)
                    .map(|j| reduce::sum(black_box(column(j))))
                    .sum::<f64>()
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = predictions, reference::reference
}
criterion_main!(benches);
