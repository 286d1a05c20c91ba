//! Matrix products.

use linalg::{Accum, MatMut, MatRef, Scalar, matmul};

use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// A product of two matrices, either of them transposed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatMul {
    /// Transpose the first operand.
    pub transpose_left: bool,
    /// Transpose the second operand.
    pub transpose_right: bool,
}

impl MatMul {
    /// a b.
    pub const PLAIN: Self = Self {
        transpose_left: false,
        transpose_right: false,
    };
    /// a bᵀ.
    pub const RIGHT_TRANSPOSED: Self = Self {
        transpose_left: false,
        transpose_right: true,
    };
    /// aᵀ b.
    pub const LEFT_TRANSPOSED: Self = Self {
        transpose_left: true,
        transpose_right: false,
    };
}

fn turned<T>(m: MatRef<'_, T>, transpose: bool) -> MatRef<'_, T> {
    if transpose { m.transpose() } else { m }
}

impl Op<2> for MatMul {
    fn name(&self) -> &'static str {
        match (self.transpose_left, self.transpose_right) {
            (false, false) => "matmul",
            (false, true) => "matmul (second transposed)",
            (true, false) => "matmul (first transposed)",
            (true, true) => "matmul (both transposed)",
        }
    }

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        let (rows, inner) = if self.transpose_left {
            (a.columns, a.rows)
        } else {
            (a.rows, a.columns)
        };
        let (other, columns) = if self.transpose_right {
            (b.columns, b.rows)
        } else {
            (b.rows, b.columns)
        };
        if inner == other {
            Ok(Shape::new(rows, columns))
        } else {
            Err("the first must have as many columns as the second has rows")
        }
    }

    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], out: MatMut<'_, T>, accum: Accum) {
        matmul(
            turned(a, self.transpose_left),
            turned(b, self.transpose_right),
            out,
            accum,
        );
    }

    fn columnwise(&self, operand: usize) -> bool {
        operand == 1 && !self.transpose_right
    }

    fn jvp<A: Array>(
        &self,
        [a, b]: [&A; 2],
        _y: &A,
        [da, db]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(da) = da {
            dy.add(*self, [da, b]);
        }
        if let Some(db) = db {
            dy.add(*self, [a, db]);
        }
    }

    fn vjp<A: Array>(&self, [a, b]: [&A; 2], _y: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        let Self {
            transpose_left,
            transpose_right,
        } = *self;
        if transpose_left {
            dx.add(
                0,
                Self {
                    transpose_left: transpose_right,
                    transpose_right: true,
                },
                [b, dy],
            );
        } else {
            dx.add(
                0,
                Self {
                    transpose_left: false,
                    transpose_right: !transpose_right,
                },
                [dy, b],
            );
        }
        if transpose_right {
            dx.add(
                1,
                Self {
                    transpose_left: true,
                    transpose_right: transpose_left,
                },
                [dy, a],
            );
        } else {
            dx.add(
                1,
                Self {
                    transpose_left: !transpose_left,
                    transpose_right: false,
                },
                [a, dy],
            );
        }
    }
}
