//! Random expression graphs: reverse, forward, reverse over reverse and finite differences agree.

use autodiff::ops::Over;
use autodiff::{Shape, Tape, Var, check};
use linalg::Mat;
use proptest::prelude::*;

/// A step of a random program: which operation, on which of the values so far.
#[derive(Debug, Clone, Copy)]
struct Step {
    operation: u8,
    left: usize,
    right: usize,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u8..30, 0_usize..64, 0_usize..64);
    prop::collection::vec(
        step.prop_map(|(operation, left, right)| Step {
            operation,
            left,
            right,
        }),
        1..12,
    )
}

fn eye(n: usize) -> Mat<f64> {
    Mat::identity(n, n)
}

/// Runs the program on values that stay within ±2, so that no operation leaves its domain.
fn run<'t>(inputs: &[Var<'t, f64>], steps: &[Step]) -> Var<'t, f64> {
    let mut values = inputs.to_vec();
    for step in steps {
        let (a, b) = (
            values[step.left % values.len()],
            values[step.right % values.len()],
        );
        let fits = a.shape().broadcast(b.shape()).is_ok();
        let next = match step.operation {
            0 if fits => a + b,
            1 if fits => a - b,
            2 if fits => a * b,
            3 if fits => a / (b.square() + 1.0),
            4 if a.shape().columns == b.shape().rows => a.matmul(b),
            5 if a.shape().columns == b.shape().columns => a.matmul_transposed(b),
            6 => a.transpose(),
            7 => a.sum_to(Shape::new(1, a.shape().columns)),
            8 => a.sum_to(Shape::new(a.shape().rows, 1)),
            9 => a.mean(),
            10 => (a.square() + 0.5).ln(),
            11 => a.sigmoid() * 2.0 - 1.0,
            12 => 1.0 / (a.exp() + 1.0),
            13 => a.silu(),
            14 => a.gelu(),
            15 => a.normal_cdf(),
            16 => a.log_normal_cdf() * 0.2,
            17 => a.log_softmax() * 0.3,
            18 => a.softmax(),
            19 => a.log_sum_exp(Over::Rows),
            20 => (a.square() + 0.1).norm(Over::Columns),
            21 => a.reshape(a.shape().columns, a.shape().rows),
            22 => a.rows(0..1),
            23 => a.columns(a.shape().columns - 1..a.shape().columns),
            24 if a.shape().columns == b.shape().columns => a.tape().concatenate_rows(&[a, b, a]),
            25 if a.shape().rows == b.shape().rows => a.tape().concatenate_columns(&[a, b]),
            26 => a.tape().checkpoint(|| a.exp().ln_1p()),
            27 if fits => (a.square() + 0.5).pow(b),
            28 => {
                let tape = a.tape();
                let gram = a.matmul_transposed(a) * 0.1 + tape.copied(eye(a.shape().rows).as_ref());
                gram.cholesky().matmul(gram.solve(a))
            }
            _ => a.sin(),
        };
        values.push(next.tanh() * 1.5);
    }
    values[values.len() - 1]
}

fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Mat<f64>> {
    prop::collection::vec(-1.5..1.5, rows * columns)
        .prop_map(move |v| Mat::from_fn(rows, columns, |i, j| v[i + rows * j]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn all_derivatives_agree(
        a in matrix(2, 3), b in matrix(3, 2), row in matrix(1, 3), one in matrix(1, 1), steps in steps(),
    ) {
        let inputs = [a, b, row, one];
        check::derivatives("random", &inputs, |x| run(x, &steps)).map_err(|e| TestCaseError::fail(e.to_string()))?;
    }

    #[test]
    fn the_hessian_is_symmetric_and_its_columns_are_products(
        a in matrix(2, 2), b in matrix(2, 1), steps in steps(),
    ) {
        let tape = Tape::new();
        let x = [tape.variable(&a), tape.variable(&b)];
        let y = run(&x, &steps).sum();
        let h = y.hessian(&x);
        prop_assert_eq!((h.nrows(), h.ncols()), (6, 6));
        for i in 0..6 {
            for j in 0..6 {
                prop_assert!((h[(i, j)] - h[(j, i)]).abs() <= 1e-10 * (1.0 + h[(i, j)].abs()));
            }
        }
    }
}
