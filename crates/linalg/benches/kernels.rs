//! Element-wise kernels. Beside them stand a plain read of the same memory (`read`) and matrix products (`linalg-products`), so that a ratio
//! can be formed within one run.
//! `cargo bench -p linalg` or `cargo criterion -p linalg`.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use linalg::{Accum, Mat, Scalar, elementwise, matmul, reduce};

type Kernel<T> = fn(&[T], &mut [T]);

/// Arguments in the domain of every kernel.
fn arguments<T: Scalar>(size: usize) -> Vec<T> {
    (0..size)
        .map(|i| T::from_f64((i as f64 * 0.37).sin().abs() * 0.9 + 0.05))
        .collect()
}

/// All kernels of one kind of numbers, beside a plain read of them.
fn group<T: Scalar>(c: &mut Criterion, kind: &str, kernels: &[(&str, Kernel<T>)]) {
    let mut group = c.benchmark_group(format!("linalg-kernels_{kind}"));
    for (kernel, f) in kernels {
        for size in [64, 4096, 262_144] {
            let (x, mut out) = (arguments::<T>(size), vec![T::ZERO; size]);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_with_input(BenchmarkId::new(*kernel, size), &x, |b, x| {
                b.iter(|| f(black_box(x), black_box(&mut out)));
            });
        }
    }
    for size in [64, 4096, 262_144] {
        let x = arguments::<T>(size);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::new("read", size), &x, |b, x| {
            b.iter(|| reduce::sum(black_box(x)));
        });
    }
    group.finish();
}

const DOUBLE: [(&str, Kernel<f64>); 13] = [
    ("exp", elementwise::exp),
    ("exp_m1", elementwise::exp_m1),
    ("ln", elementwise::ln),
    ("ln_1p", elementwise::ln_1p),
    ("sigmoid", elementwise::sigmoid),
    ("log_sigmoid", elementwise::log_sigmoid),
    ("softplus", elementwise::softplus),
    ("tanh", elementwise::tanh),
    ("erf", elementwise::erf),
    ("erfc", elementwise::erfc),
    ("normal_cdf", elementwise::normal_cdf),
    ("normal_quantile", elementwise::normal_quantile),
    ("sqrt", elementwise::sqrt),
];
const SINGLE: [(&str, Kernel<f32>); 4] = [
    ("exp", elementwise::exp),
    ("ln", elementwise::ln),
    ("sigmoid", elementwise::sigmoid),
    ("tanh", elementwise::tanh),
];

fn kernels(c: &mut Criterion) {
    group(c, "f64", &DOUBLE);
    group(c, "f32", &SINGLE);
}

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("linalg-products");
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

/// The shortest of many runs, in seconds.
fn best(mut f: impl FnMut()) -> f64 {
    let runs = (0..300).map(|_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// Each kernel over 4096 numbers in cache, beside one read of them and beside a large product, in the same run.
fn ratios<T: Scalar>(kind: &str, kernels: &[(&str, Kernel<T>)]) {
    let (x, mut out) = (arguments::<T>(4096), vec![T::ZERO; 4096]);
    let read = best(|| {
        black_box(reduce::sum(black_box(&x)));
    });
    let square = Mat::from_fn(256, 256, |i, j| (i + 2 * j) as f64);
    let mut product = Mat::zeros(256, 256);
    let multiplication = best(|| {
        matmul(
            square.as_ref(),
            square.as_ref(),
            product.as_mut(),
            Accum::Replace,
        );
    }) / 256.0_f64.powi(3);
    println!(
        "\n{kind}: time of an entry, in reads of an entry, and in multiplications of a large product"
    );
    for (name, f) in kernels {
        let time = best(|| f(black_box(&x), black_box(&mut out)));
        let entry = time / 4096.0;
        println!(
            "  {name:16} {:6.2} ns {:7.1} {:7.0}",
            1e9 * entry,
            time / read,
            entry / multiplication
        );
    }
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = kernels, products, reference::reference
}

fn main() {
    benches();
    reference::settings().configure_from_args().final_summary();
    // Not when the benches are only tried, as `cargo test --benches` does.
    if std::env::args().any(|argument| argument == "--bench") {
        ratios("f64", &DOUBLE);
        ratios("f32", &SINGLE);
    }
}
