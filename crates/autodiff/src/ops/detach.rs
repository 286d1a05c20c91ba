//! A value that is a constant to all derivatives.

use linalg::{Accum, MatMut, MatRef, Scalar, elementwise};

use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// The same values with a derivative of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detach;

impl Op<1> for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        elementwise::over(x, out, accum, |x, out| out.copy_from_slice(x));
    }

    fn jvp<A: Array>(&self, _: [&A; 1], _: &A, _: [Option<&A>; 1], _: Accumulator<'_, A>) {}

    fn vjp<A: Array>(&self, _: [&A; 1], _: &A, _: &A, _: Cotangents<'_, A, 1>) {}

    fn differentiable(&self) -> bool {
        false
    }
}
