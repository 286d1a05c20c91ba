//! Rows and entries by number. The numbers, counted from 0, are a column of the same kind of number as the data: data like any
//! others, so that a replayed program takes new ones. They have no derivative.

use linalg::{Accum, MatMut, MatRef, Scalar};

use super::put;
use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// The whole number in a row of a column of numbers.
///
/// # Panics
/// If it is none, not below `n`, or `n` is so large that numbers of this kind cannot count to it (2²⁴ in single precision).
#[track_caller]
pub(crate) fn number<T: Scalar>(numbers: MatRef<'_, T>, row: usize, n: usize, what: &str) -> usize {
    let value = numbers[(row, 0)].to_f64();
    let whole = value as usize;
    assert!(
        n as f64 * T::EPSILON.to_f64() <= 2.0,
        "{what}: numbers of this precision cannot tell {n} apart"
    );
    assert!(
        whole < n && whole as f64 == value,
        "{what}: row {row} asks for number {value}, and there are {n}, counted from 0"
    );
    whole
}

/// Row k of the result is the row of the first operand whose number stands in row k of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherRows;

/// Adds row k of the first operand to the row whose number stands in row k of the second, from zero: the adjoint of
/// [`GatherRows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScatterRows {
    /// The number of rows of the result.
    pub rows: usize,
}

/// Of each row, the entry in the column whose number stands in the second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherEntries;

/// A matrix of zeros in which each row has its entry in the column whose number stands in the second operand: the adjoint of
/// [`GatherEntries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScatterEntries {
    /// The number of columns of the result.
    pub columns: usize,
}

const COLUMN: &str = "the second is a column with a number for each row";

/// The derivative rules of an operation that is linear in its first operand, with its adjoint.
macro_rules! linear_in_first {
    (|$x:ident| $adjoint:expr) => {
        fn jvp<A: Array>(
            &self,
            [_, numbers]: [&A; 2],
            _: &A,
            [dx, _]: [Option<&A>; 2],
            mut dy: Accumulator<'_, A>,
        ) {
            if let Some(dx) = dx {
                dy.add(*self, [dx, numbers]);
            }
        }

        fn vjp<A: Array>(
            &self,
            [x, numbers]: [&A; 2],
            _: &A,
            dy: &A,
            mut dx: Cotangents<'_, A, 2>,
        ) {
            let $x = x.shape();
            dx.add(0, $adjoint, [dy, numbers]);
        }
    };
}

impl Op<2> for GatherRows {
    fn name(&self) -> &'static str {
        "gather rows"
    }

    fn shape(&self, [x, numbers]: [Shape; 2]) -> Result<Shape, &'static str> {
        if numbers.columns == 1 {
            Ok(Shape::new(numbers.rows, x.columns))
        } else {
            Err("the second is a column of row numbers")
        }
    }

    fn eval<T: Scalar>(
        &self,
        [x, numbers]: [MatRef<'_, T>; 2],
        mut out: MatMut<'_, T>,
        accum: Accum,
    ) {
        for k in 0..numbers.nrows() {
            let i = number(numbers, k, x.nrows(), "gather rows");
            for j in 0..x.ncols() {
                put(&mut out[(k, j)], x[(i, j)], accum);
            }
        }
    }

    linear_in_first!(|x| ScatterRows { rows: x.rows });
}

impl Op<2> for ScatterRows {
    fn name(&self) -> &'static str {
        "scatter rows"
    }

    fn shape(&self, [x, numbers]: [Shape; 2]) -> Result<Shape, &'static str> {
        if numbers == Shape::new(x.rows, 1) {
            Ok(Shape::new(self.rows, x.columns))
        } else {
            Err(COLUMN)
        }
    }

    fn eval<T: Scalar>(
        &self,
        [x, numbers]: [MatRef<'_, T>; 2],
        mut out: MatMut<'_, T>,
        accum: Accum,
    ) {
        if accum == Accum::Replace {
            out.fill(T::ZERO);
        }
        for k in 0..numbers.nrows() {
            let i = number(numbers, k, self.rows, "scatter rows");
            for j in 0..x.ncols() {
                out[(i, j)] += x[(k, j)];
            }
        }
    }

    linear_in_first!(|_x| GatherRows);
}

impl Op<2> for GatherEntries {
    fn name(&self) -> &'static str {
        "gather entries"
    }

    fn shape(&self, [x, numbers]: [Shape; 2]) -> Result<Shape, &'static str> {
        if numbers == Shape::new(x.rows, 1) {
            Ok(numbers)
        } else {
            Err(COLUMN)
        }
    }

    fn eval<T: Scalar>(
        &self,
        [x, numbers]: [MatRef<'_, T>; 2],
        mut out: MatMut<'_, T>,
        accum: Accum,
    ) {
        for i in 0..x.nrows() {
            let j = number(numbers, i, x.ncols(), "gather entries");
            put(&mut out[(i, 0)], x[(i, j)], accum);
        }
    }

    linear_in_first!(|x| ScatterEntries { columns: x.columns });
}

impl Op<2> for ScatterEntries {
    fn name(&self) -> &'static str {
        "scatter entries"
    }

    fn shape(&self, [x, numbers]: [Shape; 2]) -> Result<Shape, &'static str> {
        if x.columns == 1 && numbers == x {
            Ok(Shape::new(x.rows, self.columns))
        } else {
            Err("an entry and a number for each row are needed")
        }
    }

    fn eval<T: Scalar>(
        &self,
        [x, numbers]: [MatRef<'_, T>; 2],
        mut out: MatMut<'_, T>,
        accum: Accum,
    ) {
        if accum == Accum::Replace {
            out.fill(T::ZERO);
        }
        for i in 0..x.nrows() {
            let j = number(numbers, i, self.columns, "scatter entries");
            out[(i, j)] += x[(i, 0)];
        }
    }

    linear_in_first!(|_x| GatherEntries);
}
