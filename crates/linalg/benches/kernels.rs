//! Element-wise kernels and products. `cargo bench -p linalg` or `cargo criterion -p linalg`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linalg::{Accum, Mat, elementwise, matmul, reduce};

fn kernels(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementwise");
    for size in [64, 4096, 262_144] {
        let x: Vec<f64> = (0..size).map(|i| (i as f64 * 0.37).sin() * 5.0).collect();
        let mut out = vec![0.0; size];
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("exp", size), &x, |b, x| {
            b.iter(|| elementwise::exp(black_box(x), &mut out));
        });
        group.bench_with_input(BenchmarkId::new("sigmoid", size), &x, |b, x| {
            b.iter(|| elementwise::sigmoid(black_box(x), &mut out));
        });
        group.bench_with_input(BenchmarkId::new("dot", size), &x, |b, x| {
            b.iter(|| reduce::dot(black_box(x), x));
        });
    }
    group.finish();

    let mut group = c.benchmark_group("matmul");
    for size in [4, 64, 512] {
        let a = Mat::from_fn(size, size, |i, j| (i + 2 * j) as f64);
        let mut out = Mat::zeros(size, size);
        group.throughput(Throughput::Elements((size * size * size) as u64));
        group.bench_with_input(BenchmarkId::new("square", size), &a, |b, a| {
            b.iter(|| {
                matmul(
                    black_box(a).as_ref(),
                    a.as_ref(),
                    out.as_mut(),
                    Accum::Replace,
                );
            });
        });
    }
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
