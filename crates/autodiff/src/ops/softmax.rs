//! Log-sum-exp, softmax and its logarithm, over rows, columns or all entries.
//!
//! The largest entry is subtracted first, which is exact or nearly so; what is rounded then is of the size of ln n, however large
//! the entries are.

use linalg::{Accum, MatMut, MatRef, Scalar};

use super::extremes::Entries;
use super::{Mul, Over, Sub, SumTo, put};
use crate::{Accumulator, Array, Cotangents, Op, Shape, Zip};

/// ln Σ eˣ without overflow; −∞ of no entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSumExp {
    /// In which direction.
    pub over: Over,
}

/// eˣ / Σ eˣ without overflow; NaN where the largest entry is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax {
    /// In which direction.
    pub over: Over,
}

/// x − ln Σ eˣ without overflow; NaN where the largest entry is infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSoftmax {
    /// In which direction.
    pub over: Over,
}

/// The largest entry, and the sum of the exponentials of the others less the largest.
fn top_and_tail<T: Scalar>(x: Entries<'_, T>) -> (T, T) {
    let (first, top) = x.first_largest();
    (top, x.exponentials(top, first))
}

impl Op<1> for LogSumExp {
    fn name(&self) -> &'static str {
        "log_sum_exp"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(self.over.of(x))
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        self.over.each(x, out, accum, |x| {
            let (top, tail) = top_and_tail(x);
            // The largest is 1 exactly; the others are the tail, which `ln_1p` keeps to the last digit.
            if top.is_finite() {
                top + tail.ln_1p()
            } else {
                top
            }
        });
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let s = A::apply(Softmax { over: self.over }, [x]);
            dy.add(SumTo::to(y.shape()), [&A::apply(Zip(Mul), [&s, dx])]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        let s = A::apply(Softmax { over: self.over }, [x]);
        dx.add(0, Zip(Mul), [&s, dy]);
    }
}

impl Op<1> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        self.over.each_group(x, &mut out, |group, mut out| {
            let (top, tail) = top_and_tail(group.entries);
            let total = T::ONE + tail;
            for j in 0..out.ncols() {
                for i in 0..out.nrows() {
                    let share = (group.entries.0[(i, j)] - top).exp() / total;
                    put(&mut out[(i, j)], share, accum);
                }
            }
        });
    }

    fn jvp<A: Array>(&self, _: [&A; 1], y: &A, [dx]: [Option<&A>; 1], mut dy: Accumulator<'_, A>) {
        if let Some(dx) = dx {
            curvature(y, self.over, dx, &mut dy);
        }
    }

    fn vjp<A: Array>(&self, _: [&A; 1], y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        // The Jacobian is symmetric.
        if let Some(mut dx) = dx.at(0) {
            curvature(y, self.over, dy, &mut dx);
        }
    }
}

/// (diag(s) − s sᵀ) d for each group of the softmax s.
pub(crate) fn curvature<A: Array>(s: &A, over: Over, d: &A, to: &mut Accumulator<'_, A>) {
    let weighted = A::apply(Zip(Mul), [s, d]);
    let mean = A::apply(SumTo::to(over.of(s.shape())), [&weighted]);
    to.add(Zip(Mul), [s, &A::apply(Zip(Sub), [d, &mean])]);
}

impl Op<1> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        self.over.each_group(x, &mut out, |group, mut out| {
            let (top, tail) = top_and_tail(group.entries);
            let tail = tail.ln_1p();
            for j in 0..out.ncols() {
                for i in 0..out.nrows() {
                    let value = (group.entries.0[(i, j)] - top) - tail;
                    put(&mut out[(i, j)], value, accum);
                }
            }
        });
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        _: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let s = A::apply(Softmax { over: self.over }, [x]);
            let to = SumTo::to(self.over.of(x.shape()));
            let mean = A::apply(to, [&A::apply(Zip(Mul), [&s, dx])]);
            dy.add(Zip(Sub), [dx, &mean]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        if let Some(mut dx) = dx.at(0) {
            let s = A::apply(Softmax { over: self.over }, [x]);
            let total = A::apply(SumTo::to(self.over.of(x.shape())), [dy]);
            dx.add(Zip(Sub), [dy, &A::apply(Zip(Mul), [&s, &total])]);
        }
    }
}
