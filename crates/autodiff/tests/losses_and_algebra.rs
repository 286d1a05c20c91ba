//! The checker over losses and linear algebra, and both where they are at their limits.

use autodiff::{Shape, Tape, Var, check, ops};
use linalg::Mat;

type Unary = for<'t> fn(Var<'t, f64>) -> Var<'t, f64>;

fn check_all(cases: &[(&str, Unary)], x: &Mat<f64>) {
    for (name, f) in cases {
        check::derivatives(name, std::slice::from_ref(x), |v| f(v[0]))
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A matrix with entries spread over a range.
fn spread(rows: usize, columns: usize, range: &std::ops::Range<f64>, phase: f64) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| {
        let t = ((i + rows * j) as f64 * 0.618_033_988 + phase).fract();
        range.start + (range.end - range.start) * t
    })
}

#[test]
fn losses() {
    for (name, range, f) in autodiff::loss::LOSSES {
        let inputs = [spread(3, 4, range, 0.1), spread(3, 4, &(0.1..0.9), 0.4)];
        check::derivatives(name, &inputs, |v| f(v[0], v[1])).unwrap_or_else(|e| panic!("{e}"));
    }
    check::derivatives(
        "softmax cross-entropy",
        &[spread(4, 3, &(-2.0..2.0), 0.2)],
        |v| {
            let tape = v[0].tape();
            let classes = tape.copied(linalg::mat![[2.0], [0.0], [1.0], [1.0]].as_ref());
            autodiff::loss::softmax_cross_entropy(v[0], classes)
        },
    )
    .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn losses_are_exact_for_logits_of_any_size() {
    use autodiff::loss;
    let tape = Tape::new();
    for (z, y, expected) in [
        (1000.0_f64, 1.0, 0.0),
        (1000.0, 0.0, 1000.0),
        (-1000.0, 1.0, 1000.0),
        (-1000.0, 0.0, 0.0),
        (700.0, 1.0, (-700.0_f64).exp()),
        (40.0, 1.0, (-40.0_f64).exp()),
        (-40.0, 0.0, (-40.0_f64).exp()),
    ] {
        let near = |x: f64| (x - expected).abs() <= 4e-16 * expected;
        let (z1, y1) = (
            tape.copied(linalg::mat![[z]].as_ref()),
            tape.copied(linalg::mat![[y]].as_ref()),
        );
        let binary = loss::binary_cross_entropy_with_logits(z1, y1).item();
        assert!(near(binary), "binary {z} {y}: {binary:e}");
        let pair = tape.copied(linalg::mat![[0.0, z]].as_ref());
        let softmax = loss::softmax_cross_entropy(pair, y1).item();
        assert!(near(softmax), "softmax {z} {y}: {softmax:e}");
    }
    // The gradient of a class that is far ahead is minus the share of the others, not the rounding of p - 1.
    let logits = linalg::mat![[40.0, 0.0, 0.0]];
    let z = tape.variable(&logits);
    let gradient =
        loss::softmax_cross_entropy(z, tape.copied(linalg::mat![[0.0]].as_ref())).backward();
    let share = (-40.0_f64).exp();
    assert!((gradient[z][(0, 0)] + 2.0 * share).abs() < 1e-15 * share);
}

#[test]
fn linear_algebra() {
    let a = Mat::from_fn(3, 3, |i, j| {
        if i == j {
            3.0
        } else {
            0.3 * (i as f64 - 1.7 * j as f64).sin()
        }
    });
    let b = spread(3, 2, &(-1.0..1.0), 0.4);
    check::derivatives("solve", &[a.clone(), b.clone()], |v| v[0].solve(v[1]).sin())
        .unwrap_or_else(|e| panic!("{e}"));
    check::derivatives("solve with the transpose", &[a.clone(), b.clone()], |v| {
        v[0].tape()
            .apply(ops::Solve { transposed: true }, [v[0], v[1]])
    })
    .unwrap_or_else(|e| panic!("{e}"));
    for lower in [true, false] {
        for transposed in [true, false] {
            let op = ops::TriangularSolve { lower, transposed };
            check::derivatives("triangular solve", &[a.clone(), b.clone()], |v| {
                v[0].tape().apply(op, [v[0], v[1]])
            })
            .unwrap_or_else(|e| panic!("{e}"));
        }
    }
    let cases: [(&str, Unary); 4] = [
        ("cholesky", |a| a.cholesky().sin()),
        ("log determinant", |a| a.log_determinant().sin()),
        ("inverse", |a| a.inverse().square()),
        ("a normal log-likelihood", |a| {
            let l = a.matmul_transposed(a).cholesky();
            let ones = a.tape().full(Shape::new(3, 1), 1.0);
            l.solve_triangular(true, ones).square().sum() + a.matmul_transposed(a).log_determinant()
        }),
    ];
    check_all(&cases, &a);
}

#[test]
fn matrices_that_cannot_be_factorised_give_nan() {
    let tape = Tape::new();
    let (singular, b): (Mat<f64>, Mat<f64>) = (
        linalg::mat![[1.0, 2.0], [2.0, 4.0]],
        linalg::mat![[1.0], [1.0]],
    );
    let (a, b) = (tape.variable(&singular), tape.constant(&b));
    assert!(a.solve(b).get(0, 0).is_nan() && a.inverse().get(1, 1).is_nan());
    assert_eq!(a.log_determinant().item(), f64::NEG_INFINITY);
    assert!((-a).cholesky().get(0, 0).is_nan());
}
