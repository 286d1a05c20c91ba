//! Element-wise kernels. Beside each group stand a plain read of the same memory (`read`) and a large matrix product
//! (`reference/matmul`), so that a ratio can be formed within one run.
//! `cargo bench -p linalg` or `cargo criterion -p linalg`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linalg::{Accum, Mat, Scalar, elementwise, matmul, reduce};

type Kernel<T> = fn(&[T], &mut [T]);

fn group<T: Scalar>(c: &mut Criterion, name: &str, kernels: &[(&str, Kernel<T>)]) {
    let mut group = c.benchmark_group(name);
    for size in [64, 4096, 262_144] {
        let x: Vec<T> = (0..size)
            .map(|i| T::from_f64((i as f64 * 0.37).sin().abs() * 0.9 + 0.05))
            .collect();
        let mut out = vec![T::ZERO; size];
        group.throughput(Throughput::Elements(size as u64));
        for (kernel, f) in kernels {
            group.bench_with_input(BenchmarkId::new(*kernel, size), &x, |b, x| {
                b.iter(|| f(black_box(x), black_box(&mut out)));
            });
        }
        group.bench_with_input(BenchmarkId::new("read", size), &x, |b, x| {
            b.iter(|| reduce::sum(black_box(x)));
        });
    }
    group.finish();
}

fn kernels(c: &mut Criterion) {
    use elementwise::{
        erf, exp, ln, ln_1p, log_sigmoid, normal_cdf, normal_quantile, sigmoid, softplus, sqrt,
        tanh,
    };
    group::<f64>(
        c,
        "elementwise_f64",
        &[
            ("exp", exp),
            ("ln", ln),
            ("ln_1p", ln_1p),
            ("sigmoid", sigmoid),
            ("log_sigmoid", log_sigmoid),
            ("softplus", softplus),
            ("tanh", tanh),
            ("erf", erf),
            ("normal_cdf", normal_cdf),
            ("normal_quantile", normal_quantile),
            ("sqrt", sqrt),
        ],
    );
    group::<f32>(
        c,
        "elementwise_f32",
        &[("exp", exp), ("sigmoid", sigmoid), ("tanh", tanh)],
    );
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("reference");
    for size in [4, 64, 512] {
        let a = Mat::from_fn(size, size, |i, j| (i + 2 * j) as f64);
        let mut out = Mat::zeros(size, size);
        group.throughput(Throughput::Elements((size * size * size) as u64));
        group.bench_with_input(BenchmarkId::new("matmul", size), &a, |b, a| {
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

criterion_group!(benches, kernels, products);
criterion_main!(benches);
