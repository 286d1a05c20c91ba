// What other benchmarks are divided by, so that runs of different machines and hours can be compared: included by each bench program as
// a module (`#[path]`), because all of them have to measure it in their own run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};

/// Short measurements: there are many, and a history of them tells more than one long one.
pub fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

/// A polynomial of degree 7 over 4096 numbers in the nearest cache, and a sum over 64 MB: clock and memory.
pub fn reference(c: &mut Criterion) {
    let mut group = c.benchmark_group("reference");
    let x: Vec<f64> = (0..4096).map(|k| f64::from(k) / 4096.0).collect();
    group.throughput(Throughput::Elements(4096));
    group.bench_function("polynomial", |b| {
        b.iter(|| {
            let x = black_box(&x);
            // One chain, so that no compiler makes vectors of it.
            x.iter().fold(0.0, |sum: f64, x| {
                let p = 1.0 + x * (0.5 + x * (0.25 + x * (0.125 + x * (0.0625 + x * 0.03125))));
                sum * 0.5 + p
            })
        });
    });
    let large: Vec<f64> = (0..8 << 20).map(f64::from).collect();
    group.sample_size(10);
    group.throughput(Throughput::Bytes(64 << 20));
    group.bench_function("read", |b| {
        b.iter(|| {
            let mut sums = [0.0; 16];
            for part in black_box(&large).chunks_exact(16) {
                sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            }
            sums.iter().sum::<f64>()
        });
    });
    group.finish();
}
