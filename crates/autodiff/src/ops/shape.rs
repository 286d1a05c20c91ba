//! The same entries in another arrangement: transposed, in another shape, cut out, put in, side by side.

use std::ops::Range;

use linalg::{Accum, MatMut, MatRef, Scalar};

use super::put;
use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// The rule of an operation that is linear in its one operand: the tangent goes the same way, the cotangent by the adjoint.
macro_rules! linear {
    (|$this:ident, $x:ident| $adjoint:expr) => {
        fn jvp<A: Array>(
            &self,
            _: [&A; 1],
            _: &A,
            [dx]: [Option<&A>; 1],
            mut dy: Accumulator<'_, A>,
        ) {
            if let Some(dx) = dx {
                dy.add(self.clone(), [dx]);
            }
        }

        fn vjp<A: Array>(&self, [x]: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
            let ($this, $x) = (self, x.shape());
            dx.add(0, $adjoint, [dy]);
        }
    };
}

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
                put(&mut out[(i, j)], x[(j, i)], accum);
            }
        }
    }

    linear!(|_op, _x| Transpose);
}

/// The entries, read row after row, in another shape, filled row after row, as in NumPy and PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reshape {
    /// The shape of the result.
    pub to: Shape,
}

impl Op<1> for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        if x.len() == self.to.len() {
            Ok(self.to)
        } else {
            Err("the new shape must have as many entries")
        }
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        let (rows, columns) = (self.to.rows, self.to.columns);
        if x.ncols() == 1 && columns == 1 || x.nrows() == 1 && rows == 1 {
            return copy(x, out, accum);
        }
        for j in 0..columns {
            for i in 0..rows {
                let k = i * columns + j;
                put(&mut out[(i, j)], x[(k / x.ncols(), k % x.ncols())], accum);
            }
        }
    }

    linear!(|_op, x| Reshape { to: x });
}

fn copy<T: Scalar>(x: MatRef<'_, T>, mut out: MatMut<'_, T>, accum: Accum) {
    match accum {
        Accum::Replace => out.copy_from(x),
        Accum::Add => out += x,
    }
}

/// The part of a matrix in a range of rows and a range of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its rows.
    pub rows: Range<usize>,
    /// Its columns.
    pub columns: Range<usize>,
}

/// A matrix of zeros in which a range of rows and columns is filled: the adjoint of [`Slice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The shape of the result.
    pub to: Shape,
    /// The first filled row.
    pub row: usize,
    /// The first filled column.
    pub column: usize,
}

impl Op<1> for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        let within = |r: &Range<usize>, n: usize| r.start <= r.end && r.end <= n;
        if within(&self.rows, x.rows) && within(&self.columns, x.columns) {
            Ok(Shape::new(self.rows.len(), self.columns.len()))
        } else {
            Err("the ranges of rows and columns must lie within the matrix")
        }
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        copy(
            x.submatrix(self.rows.start, self.columns.start, rows, columns),
            out,
            accum,
        );
    }

    linear!(|op, x| Place {
        to: x,
        row: op.rows.start,
        column: op.columns.start,
    });
}

impl Op<1> for Place {
    fn name(&self) -> &'static str {
        "place"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        if self.row + x.rows <= self.to.rows && self.column + x.columns <= self.to.columns {
            Ok(self.to)
        } else {
            Err("it must fit where it is to be placed")
        }
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        if accum == Accum::Replace {
            out.fill(T::ZERO);
        }
        let part = out.submatrix_mut(self.row, self.column, x.nrows(), x.ncols());
        copy(x, part, accum);
    }

    linear!(|op, x| Slice {
        rows: op.row..op.row + x.rows,
        columns: op.column..op.column + x.columns,
    });
}

/// Two matrices, the second below or beside the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concatenate {
    /// The second below the first.
    Rows,
    /// The second to the right of the first.
    Columns,
}

impl Concatenate {
    /// Where the second starts.
    fn second(self, a: Shape) -> (usize, usize) {
        match self {
            Self::Rows => (a.rows, 0),
            Self::Columns => (0, a.columns),
        }
    }
}

impl Op<2> for Concatenate {
    fn name(&self) -> &'static str {
        match self {
            Self::Rows => "concatenate rows",
            Self::Columns => "concatenate columns",
        }
    }

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        match self {
            Self::Rows if a.columns == b.columns => Ok(Shape::new(a.rows + b.rows, a.columns)),
            Self::Rows => Err("they must have the same number of columns"),
            Self::Columns if a.rows == b.rows => Ok(Shape::new(a.rows, a.columns + b.columns)),
            Self::Columns => Err("they must have the same number of rows"),
        }
    }

    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], out: MatMut<'_, T>, accum: Accum) {
        let (first, second) = match self {
            Self::Rows => out.split_at_row_mut(a.nrows()),
            Self::Columns => out.split_at_col_mut(a.ncols()),
        };
        copy(a, first, accum);
        copy(b, second, accum);
    }

    fn jvp<A: Array>(
        &self,
        [a, _]: [&A; 2],
        y: &A,
        [da, db]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        let to = y.shape();
        let (row, column) = self.second(a.shape());
        match (da, db) {
            (Some(da), Some(db)) => dy.add(*self, [da, db]),
            (Some(da), None) => dy.add(
                Place {
                    to,
                    row: 0,
                    column: 0,
                },
                [da],
            ),
            (None, Some(db)) => dy.add(Place { to, row, column }, [db]),
            (None, None) => {}
        }
    }

    fn vjp<A: Array>(&self, [a, b]: [&A; 2], _: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        let (a, b) = (a.shape(), b.shape());
        let (row, column) = self.second(a);
        let part = |row: usize, column: usize, shape: Shape| Slice {
            rows: row..row + shape.rows,
            columns: column..column + shape.columns,
        };
        dx.add(0, part(0, 0, a), [dy]);
        dx.add(1, part(row, column, b), [dy]);
    }
}

/// A square matrix with one triangle kept, its diagonal multiplied, and the other triangle zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triangle {
    /// Keep the lower triangle, else the upper.
    pub lower: bool,
    /// The factor of the diagonal.
    pub diagonal: f64,
}

impl Op<1> for Triangle {
    fn name(&self) -> &'static str {
        if self.lower {
            "lower triangle"
        } else {
            "upper triangle"
        }
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        super::square(x)
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        let factor = T::from_f64(self.diagonal);
        for j in 0..x.ncols() {
            for i in 0..x.nrows() {
                let value = if i == j {
                    factor * x[(i, j)]
                } else if (i > j) == self.lower {
                    x[(i, j)]
                } else {
                    T::ZERO
                };
                put(&mut out[(i, j)], value, accum);
            }
        }
    }

    linear!(|op, _x| *op);
}
