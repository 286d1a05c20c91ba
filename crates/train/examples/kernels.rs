//! A dozen kernels, each run once by its name with a mark around it: what `bench-track instructions` counts under callgrind.
//! `cargo run --release -p train --example kernels -- --list` names them.

use std::hint::black_box;

use autodiff::Tape;
use datasets::generators::regression;
use datasets::random::{ChaCha, Stream};
use datasets::{CsvOptions, Dataset};
use linalg::{Accum, Block, Dense, Design, Mat, Workspace, elementwise, matmul, parallel, reduce};
use models::glm::{Distribution, GeneralisedLinearModel, LogisticModel, Penalty};
use models::{Linear, LogisticRegression, Module, Relu, Sequential, loss};
use train::{Adam, Fit, Optimizer, PathOptions, path};

/// The instructions in here are counted, and no others.
#[inline(never)]
fn gradus_measured(kernel: &mut dyn FnMut()) {
    kernel();
}

fn numbers(count: usize) -> Vec<f64> {
    let mut x = vec![0.0; count];
    ChaCha::new(1).fill_normal_f64(&mut x);
    x
}

fn matrix(rows: usize, columns: usize) -> Mat<f64> {
    let x = numbers(rows * columns);
    Mat::from_fn(rows, columns, |i, j| x[i + j * rows])
}

/// Data of a logistic model.
fn classes(rows: usize, columns: usize) -> Dataset {
    let mut data = regression(rows, columns, 1.0, &mut ChaCha::new(2)).data;
    let half = data.target.iter().sum::<f64>() / rows as f64;
    for (i, y) in data.target.iter_mut().enumerate() {
        // Some rows are on the wrong side, so that the estimate is finite.
        *y = f64::from(u8::from((*y > half) != (i % 5 == 0)));
    }
    data
}

type Element = fn(&[f64], &mut [f64]);

fn element(f: Element) {
    let (x, mut out) = (numbers(4096), vec![0.0; 4096]);
    gradus_measured(&mut || f(black_box(&x), black_box(&mut out)));
}

fn sum() {
    let x = numbers(65_536);
    gradus_measured(&mut || {
        black_box(reduce::sum(black_box(&x)));
    });
}

fn product() {
    let (a, mut out) = (matrix(96, 96), Mat::zeros(96, 96));
    gradus_measured(&mut || matmul(a.as_ref(), a.as_ref(), out.as_mut(), Accum::Replace));
}

/// Gradient and Gram matrix of the logistic loss in one pass.
fn pass() {
    let x = matrix(4000, 20);
    let y: Vec<f64> = (0..4000).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let (design, workspace) = (Dense::new(x.as_ref()), Workspace::new());
    let (beta, mut gradient, mut gram) = ([0.1; 20], [0.0; 20], Mat::zeros(20, 20));
    let pointwise = |b: Block<'_>| {
        let y = &y[b.start..b.start + b.eta.len()];
        elementwise::logistic_loss(b.eta, y, b.loss, b.slope, b.curvature);
    };
    gradus_measured(&mut || {
        let gram = Some(gram.as_mut());
        black_box(design.pass(&beta, &pointwise, &mut gradient, gram, &workspace));
    });
}

fn newton() {
    let data = classes(2000, 10);
    gradus_measured(&mut || {
        let fit = LogisticRegression::new().l2(0.001).fit(&data);
        assert!(fit.is_ok());
    });
}

fn lasso() {
    let data = regression(100, 200, 1.0, &mut ChaCha::new(3)).data;
    let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
    let options = PathOptions {
        count: 20,
        ..PathOptions::default()
    };
    gradus_measured(&mut || {
        let points = path(&model, &(&data).into(), &options);
        assert!(points.is_ok());
    });
}

fn predict() {
    let x = matrix(10_000, 20);
    let model = LogisticModel::new(0.5, (0..20).map(|j| f64::from(j) / 20.0).collect());
    let mut p = vec![0.0; 10_000];
    gradus_measured(&mut || {
        assert!(model.predict_proba_into(x.as_ref(), &mut p).is_ok());
    });
}

/// A step of Adam after a forward and a backward pass.
fn adam() {
    let mut stream = ChaCha::new(4);
    let mut model: Sequential<f32> = Sequential::new()
        .then(Linear::new(64, 32, &mut stream))
        .then(Relu)
        .then(Linear::new(32, 1, &mut stream));
    let x = Mat::<f32>::from_fn(64, 64, |i, j| ((i * 31 + j * 17) as f32 * 0.618).sin());
    let y = Mat::<f32>::from_fn(64, 1, |i, _| (i % 2) as f32);
    let (mut optimizer, mut tape) = (Optimizer::new(Adam::new(1e-7)), Tape::new());
    let mut step = || {
        tape.clear();
        let scores = model.forward(tape.constant(&x));
        let target = tape.constant(&y);
        let cost = loss::binary_cross_entropy_with_logits(scores, target).mean();
        let gradients = cost.backward();
        optimizer.step(&mut model, &gradients);
    };
    // The first step allocates.
    step();
    gradus_measured(&mut step);
}

fn csv() {
    let x = matrix(1000, 8);
    let mut text = "a,b,c,d,e,f,g,h\n".to_owned();
    for i in 0..1000 {
        let cells: Vec<String> = (0..8).map(|j| format!("{:.6}", x[(i, j)])).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    gradus_measured(&mut || {
        let frame = CsvOptions::new().read_from("kernels.csv", text.as_bytes());
        assert!(frame.is_ok_and(|frame| frame.rows() == 1000));
    });
}

const KERNELS: [(&str, fn()); 12] = [
    ("linalg-exp", || element(elementwise::exp)),
    ("linalg-sigmoid", || element(elementwise::sigmoid)),
    ("linalg-softplus", || element(elementwise::softplus)),
    ("linalg-tanh", || element(elementwise::tanh)),
    ("linalg-sum", sum),
    ("linalg-product", product),
    ("linalg-pass", pass),
    ("models-predict", predict),
    ("datasets-csv", csv),
    ("train-newton", newton),
    ("train-lasso_path", lasso),
    ("train-adam_step", adam),
];

fn main() {
    let asked = std::env::args().nth(1).unwrap_or_default();
    if asked == "--list" {
        KERNELS.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    let kernel = KERNELS.iter().find(|(name, _)| *name == asked);
    let Some((_, kernel)) = kernel else {
        eprintln!("there is no kernel {asked:?}; --list names them");
        std::process::exit(2);
    };
    // Counts of several threads depend on how work falls to them.
    if parallel::with_threads(1, *kernel).is_err() {
        std::process::exit(1);
    }
}
