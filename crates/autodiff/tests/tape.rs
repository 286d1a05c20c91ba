//! The tape as a user meets it: shapes, panics, memory, and the tutorials' smallest figures.

use autodiff::{Shape, Tape};
use linalg::{Mat, mat};

#[test]
fn exp_and_sigmoid_of_one() {
    let tape = Tape::new();
    let x = tape.constant(&[1.0_f32]);
    assert_eq!(
        format!("{:.4} {:.4}", x.exp(), x.sigmoid()),
        "[[2.7183]] (1x1, exp) [[0.7311]] (1x1, sigmoid)"
    );
}

#[test]
fn gradients_accumulate_as_values() {
    // Tutorial section D: w = 2, z = 2w, differentiated twenty times without clearing.
    let w0 = [2.0_f32];
    let tape = Tape::new();
    let w = tape.variable(&w0);
    let z = w * 2.0;
    let mut total = z.backward();
    for round in 2..=20_u8 {
        total += &z.backward();
        assert_eq!(total[w][(0, 0)], 2.0 * f32::from(round));
        assert_eq!(z.backward()[w][(0, 0)], 2.0);
    }
}

#[test]
#[should_panic(
    expected = "matmul of 6x2 and 3x1: the first must have as many columns as the second has rows"
)]
fn a_product_that_does_not_fit_names_the_shapes() {
    let (x, w) = (Mat::<f64>::zeros(6, 2), Mat::<f64>::zeros(3, 1));
    let tape = Tape::new();
    let _ = tape.constant(&x).matmul(tape.variable(&w));
}

#[test]
#[should_panic(expected = "sub of 6x1 and 1x6")]
fn a_column_and_a_row_are_not_combined() {
    let (column, row) = (Mat::<f64>::zeros(6, 1), Mat::<f64>::zeros(1, 6));
    let tape = Tape::new();
    let _ = tape.constant(&column) - tape.constant(&row);
}

#[test]
#[should_panic(expected = "add: an operand was recorded on tape")]
fn variables_of_two_tapes_are_not_combined() {
    let (one, other) = (Tape::new(), Tape::new());
    let x = [1.0_f64];
    let _ = one.variable(&x) + other.variable(&x);
}

#[test]
#[should_panic(expected = "backward differentiates a number, and this is a 2x1 matrix")]
fn backward_wants_a_number() {
    let x = [1.0_f64, 2.0];
    let tape = Tape::new();
    let _ = tape.variable(&x).exp().backward();
}

#[test]
fn a_constant_output_has_no_gradients() {
    let x = [1.0_f64, 2.0];
    let tape = Tape::new();
    let (c, v) = (tape.constant(&x), tape.variable(&x));
    let gradients = c.mean().backward();
    assert!(gradients.get(v).is_none() && gradients.get(c).is_none());
    assert_eq!(v.detach().sum().backward().max_abs(), 0.0);
}

#[test]
fn empty_matrices_have_empty_gradients() {
    let x = Mat::<f64>::zeros(0, 3);
    let tape = Tape::new();
    let v = tape.variable(&x);
    let total = v.exp().sum();
    assert_eq!(total.item(), 0.0);
    assert_eq!(total.backward()[v].shape(), Shape::new(0, 3));
    assert!(v.mean().item().is_nan());
    // A row that was spread over no rows has a gradient of zeros.
    let row = mat![[1.0, 2.0, 3.0]];
    let r = tape.variable(&row);
    assert_eq!((v + r).sum().backward()[r].as_slice(), &[0.0; 3]);
}

#[test]
fn data_in_any_layout_are_read() {
    let x = mat![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let big = Mat::from_fn(5, 7, |i, j| (i * 7 + j) as f64);
    let views = [
        x.as_ref(),
        big.submatrix(1, 2, 2, 3),
        big.transpose().submatrix(0, 1, 2, 3),
        x.as_ref().reverse_rows(),
    ];
    let w = mat![[0.1], [0.2], [0.3]];
    for view in views {
        let copy = view.to_owned();
        let tape = Tape::new();
        let (a, b) = (tape.variable(view), tape.variable(&copy));
        let w = tape.constant(&w);
        let row = tape.copied(mat![[1.0, -1.0, 2.0]].as_ref());
        for (one, other) in [
            (a.exp(), b.exp()),
            (a * row, b * row),
            (a.matmul(w), b.matmul(w)),
            (a.transpose(), b.transpose()),
        ] {
            assert_eq!(one.to_mat(), other.to_mat());
            let gradient = (one * other).sum().backward();
            assert_eq!(gradient[a].as_mat(), gradient[b].as_mat());
        }
        for shape in [Shape::SCALAR, Shape::new(2, 1), Shape::new(1, 3)] {
            assert_eq!(a.sum_to(shape).to_mat(), b.sum_to(shape).to_mat());
        }
    }
}

#[test]
fn a_parameter_recorded_twice_is_one_variable() {
    let mut w0 = [3.0_f64];
    let tape = Tape::new();
    let product = tape.parameter(7, &w0) * tape.parameter(7, &w0);
    let gradients = product.backward();
    assert_eq!(gradients.parameter(7).map(|g| g[(0, 0)]), Some(6.0));
    // Changed and recorded again without clearing, it is read anew.
    w0[0] = 5.0;
    let product = tape.parameter(7, &w0) * tape.parameter(7, &w0);
    assert_eq!(product.item(), 25.0);
    assert_eq!(
        product.backward().parameter(7).map(|g| g[(0, 0)]),
        Some(10.0)
    );
}

#[test]
fn hessian_of_a_quadratic_is_its_matrix() {
    let a = mat![[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 4.0]];
    let (x0, c0) = (mat![[1.0], [2.0], [3.0]], [5.0]);
    let tape = Tape::new();
    let (a_, x, c) = (tape.constant(&a), tape.variable(&x0), tape.variable(&c0));
    let q = (x * a_.matmul(x)).sum() * 0.5 + c * x.sum();
    let hessian = q.hessian(&[x, c]);
    for i in 0..3 {
        for j in 0..3 {
            assert_eq!(hessian[(i, j)], a[(i, j)]);
        }
        assert_eq!((hessian[(i, 3)], hessian[(3, i)]), (1.0, 1.0));
    }
    assert_eq!(hessian[(3, 3)], 0.0);
}

#[test]
#[should_panic(expected = "parameter 1 was recorded on tape")]
fn one_identity_is_one_matrix() {
    let (long, short) = (vec![1.0_f64; 4], vec![2.0; 4]);
    let tape = Tape::new();
    let p = tape.parameter(1, &long);
    let _ = p + tape.parameter(1, &short);
}

#[test]
fn directions_of_one_variable_add_up() {
    let x0 = [3.0_f64];
    let one = mat![[1.0]];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let y = x * x * x;
    assert_eq!(y.jvp(&[(x, one.as_ref()), (x, one.as_ref())])[(0, 0)], 54.0);
    assert_eq!(
        y.hvp(&[(x, one.as_ref()), (x, one.as_ref())])[x][(0, 0)],
        36.0
    );
    let sum = y.backward() + y.backward();
    assert_eq!(sum[x][(0, 0)], 54.0);
}

#[test]
#[should_panic(expected = "no gradient for")]
fn gradients_belong_to_a_tape() {
    let x0 = [3.0_f64];
    let (one, other) = (Tape::new(), Tape::new());
    let (x, y) = (one.variable(&x0), other.variable(&x0));
    let _ = &(x * x).backward()[y];
}

#[test]
#[should_panic(expected = "hessian: 1x1 mul")]
fn a_hessian_is_with_respect_to_variables() {
    let x0 = [3.0_f64];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let y = x * x;
    let _ = y.exp().hessian(&[y]);
}

/// An operation whose rule fails or lies.
#[derive(Debug, Clone, Copy)]
struct Faulty {
    panics: bool,
}

impl autodiff::Op<1> for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }
    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }
    fn eval<T: linalg::Scalar>(
        &self,
        [x]: [linalg::MatRef<'_, T>; 1],
        mut out: linalg::MatMut<'_, T>,
        _: linalg::Accum,
    ) {
        out.copy_from(x);
    }
    fn jvp<A: autodiff::Array>(
        &self,
        _: [&A; 1],
        _: &A,
        _: [Option<&A>; 1],
        _: autodiff::Accumulator<'_, A>,
    ) {
    }
    fn vjp<A: autodiff::Array>(
        &self,
        _: [&A; 1],
        _: &A,
        dy: &A,
        mut dx: autodiff::Cotangents<'_, A, 1>,
    ) {
        assert!(!self.panics, "as told");
        dx.add(0, autodiff::ops::SumTo::to(Shape::SCALAR), [dy]);
    }
}

#[test]
fn a_sweep_that_panics_leaves_nothing_behind() {
    let x0 = vec![1.0_f64, 2.0];
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let square = x * x;
    let root = tape.apply(Faulty { panics: true }, [x]).sum() + square.sum();
    let sweep = std::panic::AssertUnwindSafe(|| root.backward());
    assert!(std::panic::catch_unwind(sweep).is_err());
    assert_eq!((x * 3.0).sum().backward()[x].as_slice(), [3.0, 3.0]);
    assert_eq!(square.sum().backward()[x].as_slice(), [2.0, 4.0]);
}

#[test]
#[should_panic(expected = "the vjp rule of faulty gave operand 0, a 2x1 matrix, a cotangent of")]
fn a_rule_that_gives_another_shape_is_caught() {
    let x0 = [1.0_f64, 2.0];
    let tape = Tape::new();
    let _ = tape
        .apply(Faulty { panics: false }, [tape.variable(&x0)])
        .sum()
        .backward();
}
