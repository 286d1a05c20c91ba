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
    assert!(FUNCTIONS.len() >= 24);
    for (name, range, f) in FUNCTIONS {
        // Short, and long enough for vectors with a rest.
        for (rows, columns) in [(3, 4), (9, 5)] {
            let x = spread(rows, columns, range, 0.1);
            check::derivatives(name, &[x], |v| f(v[0])).unwrap_or_else(|e| panic!("{e}"));
        }
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
    let shapes = [(3, 4), (1, 4), (3, 1), (1, 1), (35, 2), (35, 1), (1, 2)];
    for (name, f) in operations {
        for (rows, columns) in shapes {
            let long = rows == 35 || columns == 2;
            let full = if long { (35, 2) } else { (3, 4) };
            let full = spread(full.0, full.1, &(0.5..2.0), 0.2);
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

type Unary = for<'t> fn(Var<'t, f64>) -> Var<'t, f64>;

fn check_all(cases: &[(&str, Unary)], x: &Mat<f64>) {
    for (name, f) in cases {
        check::derivatives(name, std::slice::from_ref(x), |v| f(v[0]))
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn functions_with_a_setting() {
    let cases: [(&str, Unary); 4] = [
        ("leaky_relu", |x| x.leaky_relu(0.1).exp()),
        ("clamp", |x| x.clamp(-0.5, 1.0).exp() * x),
        ("clamp on one side", |x| {
            x.clamp(0.1, f64::INFINITY).ln() + x
        }),
        ("at_least", |x| x.map(ops::AtLeast(-0.3)).square()),
    ];
    check_all(&cases, &spread(3, 4, &(-2.0..2.0), 0.13));
}

#[test]
fn maxima_masks_and_powers_with_every_broadcast() {
    let operations: [(&str, Binary); 6] = [
        ("maximum", |a, b| a.maximum(b).exp()),
        ("minimum", |a, b| a.minimum(b).exp() * a),
        ("pow", |a, b| a.pow(b)),
        ("keep", |a, b| a.zip(ops::Keep, b.exp())),
        ("select", |a, b| {
            (a - 1.0).select(a.ln() + b, a * b.square())
        }),
        ("unit", |a, b| a.zip(ops::Unit, b)),
    ];
    for (name, f) in operations {
        for (rows, columns) in [(3, 4), (1, 4), (3, 1), (1, 1)] {
            let full = spread(3, 4, &(0.5..2.0), 0.21);
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
fn combinations_of_entries_in_every_direction() {
    use autodiff::ops::Over;
    let x = spread(3, 4, &(-2.0..2.0), 0.17);
    for over in [Over::All, Over::Rows, Over::Columns] {
        type Combination = for<'t> fn(Var<'t, f64>, Over) -> Var<'t, f64>;
        let cases: [(&str, Combination); 5] = [
            ("sum", |x, over| x.exp().sum_over(over)),
            ("mean", |x, over| x.exp().mean_over(over)),
            ("max", |x, over| x.sin().max_over(over).square()),
            ("log_sum_exp", |x, over| x.square().log_sum_exp(over)),
            ("norm", |x, over| x.norm(over).exp()),
        ];
        for (name, f) in cases {
            let label = format!("{name} over {over:?}");
            check::derivatives(&label, std::slice::from_ref(&x), |v| f(v[0], over))
                .unwrap_or_else(|e| panic!("{e}"));
        }
    }
    let cases: [(&str, Unary); 2] = [
        ("softmax", |x| x.softmax().square()),
        ("log_softmax", |x| x.log_softmax().sin()),
    ];
    check_all(&cases, &x);
}

#[test]
fn arrangements() {
    let cases: [(&str, Unary); 6] = [
        ("reshape", |x| x.reshape(6, 2).matmul(x.reshape(2, 6)).sin()),
        ("slice", |x| x.slice(1..3, 0..2).exp() * x.slice(0..2, 2..4)),
        ("rows", |x| x.rows(1..2).square()),
        ("columns", |x| x.columns(0..0).sum() + x.columns(1..4).exp()),
        ("concatenate rows", |x| {
            x.tape().concatenate_rows(&[x.sin(), x.rows(0..1), x * x])
        }),
        ("concatenate columns", |x| {
            let parts = [x.exp(), x.columns(2..3), x.square(), x];
            x.tape().concatenate_columns(&parts)
        }),
    ];
    check_all(&cases, &spread(3, 4, &(-1.0..1.0), 0.1));
    // A part that does not vary.
    check::derivatives(
        "beside a constant",
        &[spread(2, 2, &(-1.0..1.0), 0.3)],
        |v| {
            let constant = v[0].tape().full(Shape::new(2, 1), 3.0);
            let left = v[0].tape().concatenate_columns(&[v[0].exp(), constant]);
            let below = v[0].tape().concatenate_rows(&[left, left.sin()]);
            below.square()
        },
    )
    .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives(
        "place and triangles",
        &[spread(3, 3, &(-1.0..1.0), 0.3)],
        |v| {
            let tape = v[0].tape();
            let to = Shape::new(4, 5);
            let placed = tape.apply(
                ops::Place {
                    to,
                    row: 1,
                    column: 2,
                },
                [v[0].sin()],
            );
            let lower = tape.apply(
                ops::Triangle {
                    lower: true,
                    diagonal: 0.5,
                },
                [v[0]],
            );
            let upper = tape.apply(
                ops::Triangle {
                    lower: false,
                    diagonal: 2.0,
                },
                [v[0]],
            );
            placed.square().sum() + (lower.exp() * upper).sum()
        },
    )
    .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn gathering() {
    let x = spread(4, 3, &(-1.0..1.0), 0.2);
    check::derivatives("gather rows", std::slice::from_ref(&x), |v| {
        let numbers = v[0]
            .tape()
            .copied(linalg::mat![[2.0], [0.0], [2.0]].as_ref());
        v[0].square().gather_rows(numbers).exp()
    })
    .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("gather entries", &[x], |v| {
        let tape = v[0].tape();
        let numbers = tape.copied(linalg::mat![[2.0], [0.0], [1.0], [1.0]].as_ref());
        let entries = v[0].exp().gather_entries(numbers);
        let back = tape.apply(ops::ScatterEntries { columns: 3 }, [entries.sin(), numbers]);
        let rows = tape.apply(ops::ScatterRows { rows: 3 }, [back * v[0], numbers]);
        rows.square()
    })
    .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
#[should_panic(expected = "gather rows: row 1 asks for number 4, and there are 4, counted from 0")]
fn a_row_that_is_not_there() {
    let (x, numbers) = (spread(4, 3, &(-1.0..1.0), 0.2), [1.0, 4.0]);
    let tape = Tape::new();
    let _ = tape.variable(&x).gather_rows(tape.constant(&numbers));
}

#[test]
fn subgradients_are_the_stated_ones() {
    let at = |x: f64, f: Unary| {
        let input = [x];
        let tape = Tape::new();
        let v = tape.variable(&input);
        f(v).backward()[v][(0, 0)]
    };
    assert_eq!(at(0.0, |x| x.relu()), 0.0);
    assert_eq!(at(0.0, |x| x.abs()), 0.0);
    assert_eq!(at(0.0, |x| x.leaky_relu(0.1)), 0.1);
    assert_eq!(at(1.0, |x| x.clamp(0.0, 1.0)), 1.0);
    assert_eq!(at(1.5, |x| x.clamp(0.0, 1.0)), 0.0);
    assert_eq!(at(0.0, |x| x.norm(ops::Over::All)), 0.0);
    assert_eq!(
        at(2.0, |x| x.maximum(x.tape().full(Shape::SCALAR, 2.0))),
        0.5
    );
    let tied = linalg::mat![[1.0, 3.0, 3.0]];
    let tape = Tape::new();
    let v = tape.variable(&tied);
    let gradient = v.max_over(ops::Over::All).backward();
    assert_eq!(gradient[v].as_slice(), [0.0, 0.5, 0.5]);
    // 0 to a power: no NaN from the slope in the exponent.
    let (zero, two) = ([0.0], [2.0]);
    let (a, b) = (tape.variable(&zero), tape.variable(&two));
    let gradient = a.pow(b).backward();
    assert_eq!((gradient[a][(0, 0)], gradient[b][(0, 0)]), (0.0, 0.0));
    // What is not chosen does no harm.
    let negative = [-1.0];
    let x = tape.variable(&negative);
    assert_eq!(x.select(x.ln(), x * 3.0).backward()[x][(0, 0)], 3.0);
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
    let cases: [Case; 4] = [
        (
            "normal cdf",
            |x, _| x.normal_cdf(),
            |x| (x * x - 1.0) * (-0.5 * x * x).exp() * 0.398_942_280_401_432_7,
        ),
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
