//! The checker over every operation, to second order, and a sample to third.

use autodiff::ops::{self, FUNCTIONS, MatMul, SumTo, Transpose};
use autodiff::{Shape, Tape, Var, check};
use linalg::Mat;

/// A matrix with entries spread over a range.
fn spread(rows: usize, columns: usize, range: &std::ops::Range<f64>, phase: f64) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| {
        let t = ((i + rows * j) as f64 * 0.618_033_988 + phase).fract();
        range.start + (range.end - range.start) * t
    })
}

#[test]
fn every_function_passes_the_checker() {
    assert!(FUNCTIONS.len() >= 19);
    for (name, range, f) in FUNCTIONS {
        let x = spread(3, 4, range, 0.1);
        check::derivatives(name, &[x], |v| f(v[0])).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn every_function_passes_the_checker_on_the_negative_side_where_it_has_one() {
    for (name, range, f) in FUNCTIONS
        .iter()
        .filter(|(name, ..)| ["abs", "sign", "step", "relu"].contains(name))
    {
        let x = spread(3, 4, range, 0.3);
        let x = Mat::from_fn(3, 4, |i, j| -x[(i, j)]);
        check::derivatives(name, &[x], |v| f(v[0])).unwrap_or_else(|e| panic!("{e}"));
    }
}

type Binary = for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;

#[test]
fn every_binary_operation_passes_the_checker_with_every_broadcast() {
    let operations: [(&str, Binary); 5] = [
        ("add", |a, b| a + b),
        ("sub", |a, b| a - b),
        ("mul", |a, b| a * b),
        ("div", |a, b| a / b),
        ("mul and div", |a, b| {
            a * b / (b + 1.0) + 2.0 / a - a / 3.0 - 1.0
        }),
    ];
    let shapes = [(3, 4), (1, 4), (3, 1), (1, 1)];
    for (name, f) in operations {
        for (rows, columns) in shapes {
            let full = spread(3, 4, &(0.5..2.0), 0.2);
            let other = spread(rows, columns, &(0.5..2.0), 0.7);
            let label = format!("{name} with {rows}x{columns}");
            for inputs in [[full.clone(), other.clone()], [other, full]] {
                check::derivatives(&label, &inputs, |v| f(v[0], v[1]))
                    .unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}

#[test]
fn powers() {
    for exponent in [-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0] {
        let x = spread(2, 3, &(0.4..2.0), 0.3);
        check::derivatives("powf", &[x], |v| v[0].powf(exponent)).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn bounds_and_affine_maps() {
    let x = spread(3, 3, &(-2.0..2.0), 0.05);
    check::derivatives("at_least", std::slice::from_ref(&x), |v| {
        v[0].map(ops::AtLeast(0.3)).exp()
    })
    .unwrap_or_else(|e| panic!("{e}"));
    for (scale, offset) in [(-1.0, 0.0), (2.5, -1.0), (0.0, 3.0), (1.0, 2.0)] {
        let op = ops::Affine { scale, offset };
        check::derivatives("affine", std::slice::from_ref(&x), |v| v[0].map(op).sin())
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn products_with_every_transposition() {
    for (transpose_left, transpose_right) in
        [(false, false), (false, true), (true, false), (true, true)]
    {
        let op = MatMul {
            transpose_left,
            transpose_right,
        };
        let a = if transpose_left {
            spread(4, 3, &(-1.0..1.0), 0.1)
        } else {
            spread(3, 4, &(-1.0..1.0), 0.1)
        };
        let b = if transpose_right {
            spread(2, 4, &(-1.0..1.0), 0.5)
        } else {
            spread(4, 2, &(-1.0..1.0), 0.5)
        };
        check::derivatives("matmul", &[a, b], |v| {
            v[0].tape().apply(op, [v[0], v[1]]).tanh()
        })
        .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn sums_means_and_transposes() {
    let x = spread(3, 4, &(-1.0..1.0), 0.1);
    for to in [
        Shape::new(1, 4),
        Shape::new(3, 1),
        Shape::SCALAR,
        Shape::new(3, 4),
    ] {
        for divisor in [1.0, 3.0] {
            check::derivatives("sum", std::slice::from_ref(&x), |v| {
                v[0].tape().apply(SumTo { to, divisor }, [v[0].square()])
            })
            .unwrap_or_else(|e| panic!("{e}"));
        }
        let y = spread(to.rows, to.columns, &(-1.0..1.0), 0.4);
        let spread = ops::Spread {
            to: Shape::new(3, 4),
            divisor: 2.0,
        };
        check::derivatives("spread", &[y], |v| v[0].tape().apply(spread, [v[0]]).sin())
            .unwrap_or_else(|e| panic!("{e}"));
    }
    check::derivatives("mean", std::slice::from_ref(&x), |v| v[0].exp().mean())
        .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("transpose", &[x], |v| {
        v[0].tape().apply(Transpose, [v[0].square()])
    })
    .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn aliased_operands_and_unused_ones() {
    let x = spread(3, 2, &(0.3..1.5), 0.2);
    check::derivatives("x·x + x", std::slice::from_ref(&x), |v| v[0] * v[0] + v[0])
        .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("x / x·x - x", std::slice::from_ref(&x), |v| {
        v[0] / (v[0] * v[0]) - v[0]
    })
    .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("xᵀx", std::slice::from_ref(&x), |v| {
        v[0].transpose().matmul(v[0])
    })
    .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("unused", &[x.clone(), x], |v| v[0].square())
        .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn a_wrong_slope_is_caught_and_located() {
    use autodiff::{Elementwise, Number};
    use linalg::Scalar;

    #[derive(Debug, Clone, Copy)]
    struct Wrong;
    impl Elementwise for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }
        fn value<T: Scalar>(self, x: T) -> T {
            x * x
        }
        fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
            d * x.affine(2.0, 1e-6)
        }
    }
    let x = spread(2, 2, &(0.5..1.0), 0.2);
    let error = check::derivatives("wrong", &[x], |v| v[0].map(Wrong)).unwrap_err();
    assert_eq!(
        (error.name.as_str(), error.operand, error.entry),
        ("wrong", 0, (0, 0))
    );
    assert!(error.to_string().contains("finite differences"), "{error}");
}

#[test]
fn third_order() {
    // d³/dx³ of sigmoid, tanh and exp, from reverse over reverse over reverse and from nested duals.
    type Case = (&'static str, Binary, fn(f64) -> f64);
    let cases: [Case; 3] = [
        (
            "sigmoid",
            |x, _| x.sigmoid(),
            |x| {
                let s = 1.0 / (1.0 + (-x).exp());
                s * (1.0 - s) * (1.0 - 6.0 * s + 6.0 * s * s)
            },
        ),
        (
            "tanh",
            |x, _| x.tanh(),
            |x| {
                let t = x.tanh();
                -2.0 * (1.0 - t * t) * (1.0 - 3.0 * t * t)
            },
        ),
        (
            "x³·exp",
            |x, _| x * x * x * x.exp(),
            |x| (x.powi(3) + 9.0 * x * x + 18.0 * x + 6.0) * x.exp(),
        ),
    ];
    for (name, f, third) in cases {
        for at in [-1.3, 0.0, 0.4, 2.0] {
            let input = [at];
            let tape = Tape::new();
            let x = tape.variable(&input);
            let d1 = f(x, x).grad(&[x])[0];
            let d2 = d1.grad(&[x])[0];
            let d3 = d2.backward()[x][(0, 0)];
            assert!(
                (d3 - third(at)).abs() < 1e-12 * third(at).abs().max(1.0),
                "{name} at {at}: {d3} {}",
                third(at)
            );
            let one = Mat::from_fn(1, 1, |_, _| 1.0);
            let by_hvp = d1.hvp(&[(x, one.as_ref())])[x][(0, 0)];
            assert!(
                (by_hvp - d3).abs() < 1e-12 * d3.abs().max(1.0),
                "{name} at {at}"
            );
        }
    }
}
