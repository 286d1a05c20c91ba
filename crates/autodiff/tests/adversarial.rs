//! Inputs that nobody means: values and gradients without a panic, NaN in and NaN out; shapes that cannot be are refused by name.

#![allow(missing_docs)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::ops::{Over, Window};
use autodiff::{Shape, Tape, Var, loss};
use linalg::Mat;

const HARD: [f64; 9] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e308,
    -1e308,
    1e-308,
    5e-324,
    -0.0,
    1.0,
];

type Function = (&'static str, for<'t> fn(Var<'t, f64>) -> Var<'t, f64>);

const FUNCTIONS: [Function; 20] = [
    ("exp", |v| v.exp()),
    ("ln", |v| v.ln()),
    ("sqrt", |v| v.sqrt()),
    ("sigmoid", |v| v.sigmoid()),
    ("softplus", |v| v.softplus()),
    ("tanh", |v| v.tanh()),
    ("relu", |v| v.relu()),
    ("sin", |v| v.sin()),
    ("softmax", |v| v.softmax()),
    ("log_softmax", |v| v.log_softmax()),
    ("log_sum_exp", |v| v.log_sum_exp(Over::All)),
    ("sum", |v| v.sum()),
    ("mean", |v| v.mean()),
    ("max over rows", |v| v.max_over(Over::Rows)),
    ("max over columns", |v| v.max_over(Over::Columns)),
    ("norm", |v| v.norm(Over::All)),
    ("clamp", |v| v.clamp(-1.0, 1.0)),
    ("powf", |v| v.powf(1.5)),
    ("product", |v| v.matmul(v.transpose())),
    ("quotient", |v| v.exp() / v),
];

/// Matrices of a shape: all entries hard, or the first.
fn matrices(rows: usize, columns: usize) -> Vec<Mat<f64>> {
    let both = HARD.map(|hard| {
        [
            Mat::from_fn(rows, columns, |_, _| hard),
            Mat::from_fn(rows, columns, |i, j| if i + j == 0 { hard } else { 0.5 }),
        ]
    });
    both.into_iter().flatten().collect()
}

fn has_nan(x: &Mat<f64>) -> bool {
    (0..x.ncols()).any(|j| (0..x.nrows()).any(|i| x[(i, j)].is_nan()))
}

#[test]
fn functions_pass_nan_on_and_never_panic() {
    for (rows, columns) in [(1, 1), (3, 3), (1, 4)] {
        for x in matrices(rows, columns) {
            for (name, f) in FUNCTIONS {
                let tape = Tape::new();
                let v = tape.variable(&x);
                let y = f(v);
                assert!(has_nan(&y.to_mat()) || !has_nan(&x), "{name} of {x:?}");
                let gradient = y.sum().grad(&[v])[0].to_mat();
                assert_eq!(
                    (gradient.nrows(), gradient.ncols()),
                    (rows, columns),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn losses_pass_nan_on_and_never_panic() {
    for (rows, columns) in [(0, 0), (0, 3), (3, 0), (1, 1), (3, 3)] {
        for p in matrices(rows, columns) {
            for y in matrices(rows, columns) {
                for (name, _, f) in loss::LOSSES {
                    let tape = Tape::new();
                    let (p, y) = (tape.variable(&p), tape.variable(&y));
                    let cost = f(p, y);
                    let nan = has_nan(&p.to_mat()) || has_nan(&y.to_mat());
                    assert!(has_nan(&cost.to_mat()) || !nan, "{name} of {p:?}, {y:?}");
                    cost.sum().backward();
                }
            }
        }
    }
}

type Use = Box<dyn Fn(&Tape<f64>)>;

/// The words of a panic.
fn words(f: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(f)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
}

#[test]
fn shapes_that_cannot_be_are_refused_by_name() {
    let window = Window {
        image: [1, 2, 2],
        outputs: 1,
        kernel: [1, 1],
        stride: [1, 1],
        padding: [1 << 63, 1],
    };
    assert_eq!(window.result()[1], 4);
    assert_eq!(window.result()[0], usize::MAX);
    let (max, half) = (usize::MAX, 1 << (usize::BITS / 2));
    let x = Mat::<f64>::zeros(2, 4);
    let cases: [(&str, Use); 6] = [
        (
            "more entries",
            Box::new(move |t| _ = t.full(Shape::new(max, 2), 1.0)),
        ),
        (
            "more entries",
            Box::new(move |t| _ = t.full(Shape::new(half, half), 1.0)),
        ),
        (
            "more entries",
            Box::new(move |t| _ = t.constant(&[1.0]).reshape(max, max)),
        ),
        (
            "reshape",
            Box::new(|t| _ = t.constant(&[1.0]).reshape(2, 2)),
        ),
        (
            "entries",
            Box::new(move |t| {
                let x = t.copied(x.as_ref());
                x.convolve(window, t.full(Shape::SCALAR, 1.0));
            }),
        ),
        (
            "smooth_l1",
            Box::new(|t| {
                let x = t.constant(&[0.0]);
                loss::smooth_l1(x, x, 1e-320);
            }),
        ),
    ];
    for (expected, f) in cases {
        let found = words(|| f(&Tape::new())).unwrap_or_default();
        assert!(found.contains(expected), "{expected}: {found}");
    }
    assert!(Shape::new(usize::MAX, 0).is_empty() && !Shape::new(usize::MAX, 2).is_empty());
}
