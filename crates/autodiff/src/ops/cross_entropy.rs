//! The cross-entropy of a softmax, row by row.

use linalg::{Accum, MatMut, MatRef, Scalar};

use super::extremes::Entries;
use super::gather::number;
use super::{Mul, Over, Softmax, SumTo, put, softmax};
use crate::{Accumulator, Array, Cotangents, Op, Shape, Zip};

/// −ln of the softmax of each row at the class whose number, from 0, stands in the second operand; a column.
///
/// For logits z and a class whose logit is t it is ln Σ e^(zⱼ − t), evaluated without overflow and, where the class is the largest, through
/// `ln_1p`, so that a loss of 1e-300 is right to the last digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftmaxCrossEntropy;

/// The slope of [`SoftmaxCrossEntropy`]: softmax minus 1 at the class, which is evaluated as minus the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftmaxResidual;

fn classes(x: Shape, classes: Shape) -> Result<(), &'static str> {
    if classes == Shape::new(x.rows, 1) {
        Ok(())
    } else {
        Err("the second is a column with the number of a class for each row")
    }
}

impl Op<2> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax cross-entropy"
    }

    fn shape(&self, [x, c]: [Shape; 2]) -> Result<Shape, &'static str> {
        classes(x, c).map(|()| c)
    }

    fn eval<T: Scalar>(&self, [x, c]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        for i in 0..x.nrows() {
            let class = number(c, i, x.ncols(), "softmax cross-entropy");
            let row = Entries(x.subrows(i, 1));
            let (first, top) = row.first_largest();
            let own = x[(i, class)];
            let loss = if own == top {
                row.exponentials(own, class).ln_1p()
            } else {
                (top - own) + row.exponentials(top, first).ln_1p()
            };
            put(&mut out[(i, 0)], loss, accum);
        }
    }

    fn jvp<A: Array>(
        &self,
        [x, c]: [&A; 2],
        y: &A,
        [dx, _]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let product = A::apply(Zip(Mul), [&A::apply(SoftmaxResidual, [x, c]), dx]);
            dy.add(SumTo::to(y.shape()), [&product]);
        }
    }

    fn vjp<A: Array>(&self, [x, c]: [&A; 2], _: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        if let Some(mut dx) = dx.at(0) {
            dx.add(Zip(Mul), [&A::apply(SoftmaxResidual, [x, c]), dy]);
        }
    }
}

impl Op<2> for SoftmaxResidual {
    fn name(&self) -> &'static str {
        "softmax residual"
    }

    fn shape(&self, [x, c]: [Shape; 2]) -> Result<Shape, &'static str> {
        classes(x, c).map(|()| x)
    }

    fn eval<T: Scalar>(&self, [x, c]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        for i in 0..x.nrows() {
            let class = number(c, i, x.ncols(), "softmax cross-entropy");
            let row = Entries(x.subrows(i, 1));
            let (first, top) = row.first_largest();
            let total = T::ONE + row.exponentials(top, first);
            let mut others = T::ZERO;
            for j in (0..x.ncols()).filter(|&j| j != class) {
                let share = (x[(i, j)] - top).exp() / total;
                others += share;
                put(&mut out[(i, j)], share, accum);
            }
            put(&mut out[(i, class)], -others, accum);
        }
    }

    fn jvp<A: Array>(
        &self,
        [x, _]: [&A; 2],
        _: &A,
        [dx, _]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            curvature(x, dx, &mut dy);
        }
    }

    fn vjp<A: Array>(&self, [x, _]: [&A; 2], _: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        // The curvature is symmetric.
        if let Some(mut dx) = dx.at(0) {
            curvature(x, dy, &mut dx);
        }
    }
}

/// (diag(s) − s sᵀ) d, row by row, for the softmax s.
fn curvature<A: Array>(x: &A, d: &A, to: &mut Accumulator<'_, A>) {
    let over = Over::Columns;
    softmax::curvature(&A::apply(Softmax { over }, [x]), over, d, to);
}
