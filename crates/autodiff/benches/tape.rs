//! The tutorial's epoch and a larger logistic loss. `cargo bench -p autodiff` or `cargo criterion -p autodiff`.

use std::hint::black_box;

use autodiff::Tape;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linalg::{Mat, mat};

fn tutorial_epoch(c: &mut Criterion) {
    let x_train = mat![
        [1.0_f32, 2.0],
        [2.0, 3.0],
        [3.0, 1.0],
        [4.0, 3.0],
        [5.0, 3.0],
        [6.0, 2.0]
    ];
    let y_train = [0.0_f32, 0.0, 0.0, 1.0, 1.0, 1.0];
    let (mut w0, mut b0) = ([0.0_f32; 2], [0.0_f32]);
    let mut tape = Tape::new();
    c.benchmark_group("epoch")
        .bench_function("student_hours", |bench| {
            bench.iter(|| {
                tape.clear();
                let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
                let (w, b) = (tape.variable(&w0), tape.variable(&b0));
                let hypothesis = (x.matmul(w) + b).sigmoid();
                let cost = -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean();
                let gradients = cost.backward();
                let (dw, db) = (gradients[w].as_slice(), gradients[b].as_slice());
                w0[0] -= dw[0];
                w0[1] -= dw[1];
                b0[0] -= db[0];
            });
        });
}

fn logistic_loss(c: &mut Criterion) {
    let mut group = c.benchmark_group("logistic");
    for rows in [100, 10_000, 100_000] {
        let columns = 50;
        let x0 = Mat::from_fn(rows, columns, |i, j| {
            ((i * 31 + j * 17) as f64 * 0.618).sin()
        });
        let y0 = Mat::from_fn(rows, 1, |i, _| f64::from(u8::from(i % 3 == 0)));
        let (w0, b0) = (Mat::from_fn(columns, 1, |j, _| (j as f64).cos()), [0.1]);
        let direction = Mat::from_fn(columns, 1, |j, _| (j as f64).sin());
        let mut tape = Tape::new();
        group.throughput(Throughput::Bytes((rows * columns * 8) as u64));
        for kind in ["value", "gradient", "hessian_product"] {
            group.bench_function(BenchmarkId::new(kind, rows), |bench| {
                bench.iter(|| {
                    tape.clear();
                    let (x, y) = (tape.constant(&x0), tape.constant(&y0));
                    let (w, b) = (tape.variable(&w0), tape.variable(&b0));
                    let z = x.matmul(w) + b;
                    let cost = (z.softplus() - y * z).mean();
                    match kind {
                        "value" => black_box(cost.item()),
                        "gradient" => cost.backward()[w][(0, 0)],
                        _ => cost.hvp(&[(w, direction.as_ref())])[w][(0, 0)],
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, tutorial_epoch, logistic_loss);
criterion_main!(benches);
