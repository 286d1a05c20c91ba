//! The fused pass over a dense design, beside one read of the same memory on the same threads and beside a large matrix
//! product. `cargo bench -p linalg` or `cargo criterion -p linalg`; the last lines print the ratios.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::hint::black_box;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use linalg::{
    Accum, Block, Dense, Design, Mat, MatMut, Standardised, Workspace, elementwise, flat, matmul,
    parallel, reduce,
};

struct Problem {
    x: Mat<f64>,
    y: Vec<f64>,
}

impl Problem {
    fn new(rows: usize, columns: usize) -> Self {
        let noise = |k: usize| ((k as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0);
        let x = Mat::from_fn(rows, columns, |i, j| noise(i * columns + j) - 0.5);
        let y = (0..rows)
            .map(|i| f64::from(u8::from(noise(i + 7) < 0.4)))
            .collect();
        Self { x, y }
    }

    fn pass(
        &self,
        design: &dyn Design,
        gram: Option<MatMut<'_, f64>>,
        workspace: &Workspace,
    ) -> f64 {
        let beta = vec![0.1; design.columns()];
        let mut gradient = vec![0.0; design.columns()];
        let pointwise = |b: Block<'_>| {
            let y = &self.y[b.start..b.start + b.eta.len()];
            elementwise::logistic_loss(b.eta, y, b.loss, b.slope, b.curvature);
        };
        design.pass(&beta, &pointwise, &mut gradient, gram, workspace)
    }

    /// Every entry of X once, in the order of memory, over all threads.
    fn read(&self) -> f64 {
        let x = flat(self.x.as_ref()).expect("columns that lie one after the other");
        let part = 1 << 18;
        let sum = |k: usize| reduce::sum(&x[k * part..((k + 1) * part).min(x.len())]);
        parallel::map_reduce(x.len().div_ceil(part), &sum, &|a, b| a + b).unwrap_or(0.0)
    }
}

fn pass(c: &mut Criterion) {
    let mut group = c.benchmark_group("linalg-design");
    group.sample_size(10);
    for rows in [1000, 30_000, 1_000_000] {
        let problem = Problem::new(rows, 50);
        let workspace = Workspace::new();
        let mut gram = Mat::zeros(50, 50);
        let dense = Dense::new(problem.x.as_ref());
        group.throughput(Throughput::Bytes(rows as u64 * 400));
        group.bench_function(BenchmarkId::new("read", rows), |b| {
            b.iter(|| problem.read());
        });
        group.bench_function(BenchmarkId::new("gradient", rows), |b| {
            b.iter(|| problem.pass(&dense, None, &workspace));
        });
        group.bench_function(BenchmarkId::new("gradient_and_gram", rows), |b| {
            b.iter(|| problem.pass(&dense, Some(gram.as_mut()), &workspace));
        });
    }
    group.finish();
}

/// The best of several runs, interleaved, so that all see the same machine.
fn ratios() {
    let problem = Problem::new(1_000_000, 50);
    let (dense, workspace) = (Dense::new(problem.x.as_ref()), Workspace::new());
    let Ok(standardised) = Standardised::new(problem.x.as_ref(), true) else {
        return;
    };
    let (mut gram, mut larger) = (Mat::zeros(50, 50), Mat::zeros(51, 51));
    let square = Mat::from_fn(512, 512, |i, j| (i + 2 * j) as f64);
    let mut product = Mat::zeros(512, 512);
    let mut best = [f64::INFINITY; 6];
    for _ in 0..12 {
        let mut time = |k: usize, f: &mut dyn FnMut() -> f64| {
            let start = Instant::now();
            black_box(f());
            best[k] = best[k].min(start.elapsed().as_secs_f64());
        };
        time(0, &mut || problem.read());
        time(1, &mut || problem.pass(&dense, None, &workspace));
        time(2, &mut || {
            problem.pass(&dense, Some(gram.as_mut()), &workspace)
        });
        time(3, &mut || problem.pass(&standardised, None, &workspace));
        time(4, &mut || {
            problem.pass(&standardised, Some(larger.as_mut()), &workspace)
        });
        time(5, &mut || {
            matmul(
                square.as_ref(),
                square.as_ref(),
                product.as_mut(),
                Accum::Replace,
            );
            product[(1, 1)]
        });
    }
    let rate = 2.0 * 512.0_f64.powi(3) / best[5];
    println!(
        "\n1,000,000 x 50, as multiples of one read of X ({:.1} ms):",
        1e3 * best[0]
    );
    for (k, name) in [
        (1, "gradient"),
        (2, "gradient and Gram"),
        (3, "standardised gradient"),
        (4, "standardised, both"),
    ] {
        println!("  {name:22} {:5.2}", best[k] / best[0]);
    }
    println!(
        "the Gram matrix alone at {:.2} of the rate of a large product",
        50.0 * 51.0 * 1e6 / (best[2] - best[1]) / rate
    );
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = pass, reference::reference
}

fn main() {
    benches();
    reference::settings().configure_from_args().final_summary();
    // Not when the benches are only tried, as `cargo test --benches` does.
    if std::env::args().any(|argument| argument == "--bench") {
        ratios();
    }
}
