//! Evaluation without derivatives, checkpoints, and derivatives as tables.

use autodiff::{Shape, Tape, Var, check};
use linalg::{Mat, mat};

fn matrix(rows: usize, columns: usize) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| ((i * 7 + j * 3) as f64 * 0.37).sin())
}

#[test]
fn what_is_evaluated_without_derivatives_is_a_constant() {
    let x0 = matrix(2, 3);
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let records = tape.len();
    let y = tape.no_grad(|| x.exp().ln().square());
    assert_eq!(y.to_mat(), x.exp().ln().square().to_mat());
    assert!(tape.len() > records);
    let gradients = (y * x).sum().backward();
    assert_eq!(gradients[x].as_mat(), y.to_mat().as_ref());
    assert!(y.sum().backward().get(x).is_none());
    // A variable that is returned as it is becomes a constant too.
    let same = tape.no_grad(|| x);
    assert!(same.sum().backward().get(x).is_none());
    assert_eq!(same.to_mat(), x0);
}

#[test]
fn a_parameter_first_seen_without_derivatives_has_them_later() {
    let w0 = [2.0];
    let tape = Tape::new();
    let before = tape.no_grad(|| tape.parameter(1, &w0) * 3.0);
    let after = tape.parameter(1, &w0) * before;
    assert_eq!(after.backward().parameter(1).map(|g| g[(0, 0)]), Some(6.0));
}

#[test]
#[should_panic(expected = "were dropped at the end of its `checkpoint` or `no_grad`")]
fn an_intermediate_value_is_gone_after_the_scope() {
    let x0 = [2.0];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let mut kept = None;
    tape.no_grad(|| {
        let inside = x.exp();
        kept = Some(inside);
        inside.square()
    });
    let _ = kept.map(|inside| inside + x);
}

#[test]
fn derivatives_are_recorded_again_after_a_panic_in_a_scope() {
    let x0 = [2.0];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let scope = std::panic::AssertUnwindSafe(|| tape.no_grad(|| panic!("as told")));
    assert!(std::panic::catch_unwind(scope).is_err());
    assert_eq!((x * x).backward()[x][(0, 0)], 4.0);
}

fn deep<'t>(x: Var<'t, f64>, w: Var<'t, f64>, layers: usize) -> Var<'t, f64> {
    let mut h = x;
    for _ in 0..layers {
        h = h.matmul(w).tanh() + x;
    }
    h
}

#[test]
fn a_checkpointed_computation_has_the_same_derivatives_to_the_bit() {
    let (x0, w0, direction) = (matrix(4, 3), matrix(3, 3), matrix(3, 3));
    let plain = |tape: &Tape<f64>, checkpoints: bool| {
        let (x, w) = (tape.variable(&x0), tape.variable(&w0));
        let mut h = x;
        for _ in 0..3 {
            h = if checkpoints {
                // With a segment within the segment.
                tape.checkpoint(|| deep(tape.checkpoint(|| deep(h, w, 2)), w, 2))
            } else {
                deep(deep(h, w, 2), w, 2)
            };
        }
        let cost = h.square().mean();
        let gradients = cost.backward();
        let product = cost.hvp(&[(w, direction.as_ref())]);
        let again = cost.backward();
        let recorded = cost.grad(&[w])[0].square().sum().backward();
        let found = [&gradients, &product, &again, &recorded];
        let mut all: Vec<Mat<f64>> = found.map(|g| g[w].as_mat().to_owned()).into();
        all.push(gradients[x].as_mat().to_owned());
        all.push(cost.jvp(&[(w, direction.as_ref())]));
        all.push(cost.hessian(&[w]));
        all
    };
    let mut tape = Tape::new();
    let expected = plain(&tape, false);
    tape.clear();
    assert_eq!(plain(&tape, true), expected);
    tape.clear();
    assert_eq!(plain(&tape, false), expected);
}

#[test]
fn checkpoints_pass_the_checker() {
    check::derivatives("checkpoint", &[matrix(3, 2), matrix(2, 2)], |v| {
        let tape = v[0].tape();
        let h = tape.checkpoint(|| v[0].matmul(v[1]).sigmoid());
        tape.checkpoint(|| h.square().matmul_transposed(v[1]).sin())
    })
    .unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn hessians_and_jacobians_agree_with_their_columns() {
    let (x0, b0) = (matrix(5, 4), matrix(1, 4));
    let data = matrix(3, 5);
    let tape = Tape::new();
    let (x, b) = (tape.variable(&x0), tape.variable(&b0));
    let y = ((tape.constant(&data).matmul(x) + b).sigmoid() * b).transpose();
    let cost = y.square().sum() + (x.columns(0..1) * x.columns(1..2)).sum() * b.sum();
    let hessian = cost.hessian(&[x, b]);
    let jacobian = y.jacobian(&[x, b]);
    assert_eq!(
        (hessian.nrows(), jacobian.nrows(), jacobian.ncols()),
        (24, 12, 24)
    );
    for k in 0..24 {
        let mut direction = [Mat::zeros(5, 4), Mat::zeros(1, 4)];
        if k < 20 {
            direction[0][(k % 5, k / 5)] = 1.0;
        } else {
            direction[1][(0, k - 20)] = 1.0;
        }
        let along = [(x, direction[0].as_ref()), (b, direction[1].as_ref())];
        let product = cost.hvp(&along);
        let column: Vec<f64> = [x, b]
            .iter()
            .flat_map(|v| product[*v].as_slice().to_vec())
            .collect();
        let slope = y.jvp(&along);
        for (i, expected) in column.iter().enumerate() {
            assert!((hessian[(i, k)] - expected).abs() < 1e-14, "entry {i}, {k}");
        }
        for i in 0..12 {
            assert!((jacobian[(i, k)] - slope[(i % 4, i / 4)]).abs() < 1e-14);
        }
    }
    // Few outputs: by reverse sweeps.
    let few = y.sum_to(Shape::SCALAR).jacobian(&[b]);
    let gradient = y.sum().backward();
    for j in 0..4 {
        assert!((few[(0, j)] - gradient[b][(0, j)]).abs() < 1e-15);
    }
}

#[test]
fn values_are_shown_with_shape_and_origin() {
    let x0 = mat![[0.0, 1.0], [2.0, 3.0]];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    assert_eq!(format!("{x}"), "[[0, 1]\n [2, 3]] (2x2, variable)");
    assert_eq!(
        format!("{:.3}", x.sum().sigmoid()),
        "[[0.998]] (1x1, sigmoid)"
    );
    let large = Mat::from_fn(200, 10, |i, j| (10 * i + j) as f64);
    let text = format!("{}", tape.constant(&large));
    assert!(text.contains("[0, 1, 2, …, 7, 8, 9]\n"), "{text}");
    assert!(
        text.ends_with("[1990, 1991, 1992, …, 1997, 1998, 1999]] (200x10, constant)"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 7);
}

#[test]
fn a_computation_is_drawn() {
    let (x0, w0) = (matrix(6, 2), matrix(2, 1));
    let tape = Tape::new();
    let (x, w) = (tape.constant(&x0), tape.variable(&w0));
    let unused = x.exp();
    let cost = x.matmul(w).sigmoid().mean();
    let graph = cost.to_dot(&[(w, "W"), (x, "x \"train\"")]);
    for line in [
        "n1 [label=\"W\\n2x1\", shape=box",
        "n0 [label=\"x \\\"train\\\"\\n6x2\", shape=box",
        "n3 [label=\"matmul\\n6x1\", shape=ellipse]",
        "n0 -> n3;",
        "n1 -> n3;",
        "n4 [label=\"sigmoid\\n6x1\"",
        "n5 [label=\"mean\\n1x1\"",
    ] {
        assert!(graph.contains(line), "{line}\n{graph}");
    }
    assert!(!graph.contains("exp"), "{graph}");
    assert!(tape.to_dot(&[(unused, "unused")]).contains("unused"));
}
