//! Logistic regression from data in memory to a certificate. `cargo bench -p train` or `cargo criterion -p train`.

#[path = "../../../benches/reference.rs"]
mod reference;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::Dataset;
use datasets::random::{ChaCha, Stream};
use linalg::{Mat, Scalar};
use models::LogisticRegression;
use train::Fit;

/// Columns that lean on their neighbour, and a target drawn from the model.
fn problem(rows: usize, columns: usize) -> Dataset {
    let mut stream = ChaCha::new(11);
    let mut x = Mat::zeros(rows, columns);
    let mut e = vec![0.0; rows];
    for j in 0..columns {
        stream.fill_normal_f64(&mut e);
        for i in 0..rows {
            x[(i, j)] = if j == 0 {
                e[i]
            } else {
                0.6 * x[(i, j - 1)] + 0.8 * e[i]
            };
        }
    }
    let mut w = vec![0.0; columns];
    stream.fill_normal_f64(&mut w);
    let eta = |i: usize| {
        -0.5 + (0..columns).map(|j| x[(i, j)] * w[j] * 1.5).sum::<f64>() / (columns as f64).sqrt()
    };
    let target = (0..rows)
        .map(|i| f64::from(u8::from(stream.uniform_f64() < Scalar::sigmoid(eta(i)))))
        .collect();
    Dataset::new(x, (0..columns).map(|j| format!("x{j}")), target, "y")
}

fn logistic(c: &mut Criterion) {
    let mut group = c.benchmark_group("train-logistic");
    group.sample_size(10);
    for (rows, columns) in [(100, 5), (10_000, 20), (100_000, 50)] {
        let data = problem(rows, columns);
        group.throughput(Throughput::Bytes((rows * columns * 8) as u64));
        group.bench_function(
            BenchmarkId::new("newton", format!("{rows}x{columns}")),
            |b| {
                b.iter(|| {
                    LogisticRegression::new()
                        .l2(1.0 / rows as f64)
                        .fit(&data)
                        .map(|fit| fit.certificate().gradient_max)
                });
            },
        );
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = logistic, reference::reference
}
criterion_main!(benches);
