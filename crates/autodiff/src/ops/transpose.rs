//! Rows for columns.

use linalg::{Accum, MatMut, MatRef, Scalar};

use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// The transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transpose;

impl Op<1> for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(Shape::new(x.columns, x.rows))
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        for j in 0..out.ncols() {
            for i in 0..out.nrows() {
                match accum {
                    Accum::Replace => out[(i, j)] = x[(j, i)],
                    Accum::Add => out[(i, j)] += x[(j, i)],
                }
            }
        }
    }

    fn jvp<A: Array>(
        &self,
        _x: [&A; 1],
        _y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            dy.add(Self, [dx]);
        }
    }

    fn vjp<A: Array>(&self, _x: [&A; 1], _y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(0, Self, [dy]);
    }
}
