//! The tutorial's epoch, eager and replayed, and a larger logistic loss, with the ratios that the project promises.
//! `cargo bench -p autodiff` or `cargo criterion -p autodiff`.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::hint::black_box;
use std::time::Instant;

use autodiff::{Program, Tape, Var};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use linalg::{Block, Dense, Design, Mat, View, WithIntercept, Workspace, elementwise, mat};

/// The tutorial's cost.
fn cost<'t>(x: Var<'t, f32>, y: Var<'t, f32>, w: Var<'t, f32>, b: Var<'t, f32>) -> Var<'t, f32> {
    let hypothesis = (x.matmul(w) + b).sigmoid();
    -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean()
}

fn descend(value: &mut [f32], gradient: &[f32]) {
    for (value, gradient) in value.iter_mut().zip(gradient) {
        *value -= gradient;
    }
}

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
    let mut group = c.benchmark_group("autodiff-epoch");
    group.bench_function("student_hours", |bench| {
        bench.iter(|| {
            tape.clear();
            let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
            let (w, b) = (tape.variable(&w0), tape.variable(&b0));
            let gradients = cost(x, y, w, b).backward();
            let (dw, db) = (gradients[w].as_slice(), gradients[b].as_slice());
            descend(&mut w0, dw);
            descend(&mut b0, db);
        });
    });
    let mut program = Program::record(&[(2, 1), (1, 1)], &[], |p, _| {
        cost(p.constant(&x_train), p.constant(&y_train), p[0], p[1])
    });
    let (mut w0, mut b0) = ([0.0_f32; 2], [0.0_f32]);
    group.bench_function("student_hours_replayed", |bench| {
        bench.iter(|| {
            let (_, gradients) = program.gradient(&[w0.view(), b0.view()], &[]);
            descend(&mut w0, gradients.of(0));
            descend(&mut b0, gradients.of(1));
        });
    });
    group.finish();
}

/// A logistic regression by tape and by linalg's fused pass.
struct Logistic {
    x: Mat<f64>,
    y: Vec<f64>,
    w: Mat<f64>,
    b: [f64; 1],
    direction: Mat<f64>,
}

impl Logistic {
    fn new(rows: usize, columns: usize) -> Self {
        Self {
            x: Mat::from_fn(rows, columns, |i, j| {
                ((i * 31 + j * 17) as f64 * 0.618).sin()
            }),
            y: (0..rows).map(|i| f64::from(u8::from(i % 3 == 0))).collect(),
            w: Mat::from_fn(columns, 1, |j, _| (j as f64).cos()),
            b: [0.1],
            direction: Mat::from_fn(columns, 1, |j, _| (j as f64).sin()),
        }
    }

    fn tape(&self, tape: &mut Tape<f64>, kind: &str) -> f64 {
        tape.clear();
        let (x, y) = (tape.constant(&self.x), tape.constant(&self.y));
        let (w, b) = (tape.variable(&self.w), tape.variable(&self.b));
        let z = x.matmul(w) + b;
        let cost = (z.softplus() - y * z).mean();
        match kind {
            "value" => cost.item(),
            "gradient" => cost.backward()[w][(0, 0)],
            _ => cost.hvp(&[(w, self.direction.as_ref())])[w][(0, 0)],
        }
    }

    fn fused(&self, workspace: &Workspace) -> f64 {
        let design = WithIntercept(Dense::new(self.x.as_ref()));
        let beta: Vec<f64> = (0..=self.w.nrows())
            .map(|j| {
                if j == 0 {
                    self.b[0]
                } else {
                    self.w[(j - 1, 0)]
                }
            })
            .collect();
        let mut gradient = vec![0.0; beta.len()];
        let pointwise = |b: Block<'_>| {
            let y = &self.y[b.start..b.start + b.eta.len()];
            elementwise::logistic_loss(b.eta, y, b.loss, b.slope, b.curvature);
        };
        design.pass(&beta, &pointwise, &mut gradient, None, workspace)
    }
}

const KINDS: [&str; 3] = ["value", "gradient", "hessian_product"];

fn logistic_loss(c: &mut Criterion) {
    let mut group = c.benchmark_group("autodiff-logistic");
    for rows in [100, 10_000, 100_000] {
        let problem = Logistic::new(rows, 50);
        let mut tape = Tape::new();
        group.throughput(Throughput::Bytes((rows * 50 * 8) as u64));
        for kind in KINDS {
            group.bench_function(BenchmarkId::new(kind, rows), |bench| {
                bench.iter(|| black_box(problem.tape(&mut tape, kind)));
            });
        }
    }
    group.finish();
}

/// The best of several rounds, interleaved, so that all see the same machine.
fn ratios() {
    println!("ratios on one problem of 50 columns; the bars are 3, 3 and 3");
    for rows in [100_000, 1_000_000] {
        let problem = Logistic::new(rows, 50);
        let (mut tape, workspace) = (Tape::new(), Workspace::new());
        let mut best = [f64::INFINITY; 4];
        for _ in 0..12 {
            for (k, best) in best.iter_mut().enumerate() {
                let start = Instant::now();
                black_box(match KINDS.get(k) {
                    Some(kind) => problem.tape(&mut tape, kind),
                    None => problem.fused(&workspace),
                });
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
        let [value, gradient, product, fused] = best;
        println!(
            "  {rows} rows: gradient / value {:.2}, Hessian product / gradient {:.2}, gradient / fused pass {:.2}",
            gradient / value,
            product / gradient,
            gradient / fused
        );
    }
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = tutorial_epoch, logistic_loss, reference::reference
}

fn main() {
    benches();
    reference::settings().configure_from_args().final_summary();
    // Not when the benches are only tried, as `cargo test --benches` does.
    if std::env::args().any(|argument| argument == "--bench") {
        ratios();
    }
}
