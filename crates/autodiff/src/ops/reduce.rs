//! Sums and means over rows, columns or all entries, and their transpose, spreading.

use linalg::{Accum, MatMut, MatRef, Scalar, flat, reduce};

use super::put;
use crate::kernels::{Operand, sum_columns};
use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// Sums over the directions in which `to` has extent 1, divided by `divisor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SumTo {
    /// The shape of the result.
    pub to: Shape,
    /// What the sums are divided by: 1 for sums, a count for means.
    pub divisor: f64,
}

/// Repeats a row, a column or a 1x1 to a matrix of the shape `to`, divided by `divisor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The shape of the result.
    pub to: Shape,
    /// What every entry is divided by.
    pub divisor: f64,
}

impl SumTo {
    /// Sums to the given shape.
    pub const fn to(to: Shape) -> Self {
        Self { to, divisor: 1.0 }
    }
}

impl Spread {
    /// Repeats to the given shape.
    pub const fn to(to: Shape) -> Self {
        Self { to, divisor: 1.0 }
    }
}

impl Op<1> for SumTo {
    fn name(&self) -> &'static str {
        if self.divisor == 1.0 { "sum" } else { "mean" }
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        if self.to.spreads_to(x) {
            Ok(self.to)
        } else {
            Err("a matrix sums to a row, a column or a 1x1 of its own size")
        }
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        let divisor = T::from_f64(self.divisor);
        if self.to == Shape::SCALAR {
            let total = match flat(x) {
                Some(x) => reduce::sum(x),
                None => reduce::sum_by(x.ncols(), |j| {
                    let column = Operand::new(x).column(j, x.nrows());
                    reduce::sum_by(x.nrows(), |i| column.get(i))
                }),
            };
            return put(&mut out[(0, 0)], total / divisor, accum);
        }
        let (rows, columns) = (x.nrows(), x.ncols());
        let x = Operand::new(x);
        if self.to.rows == rows {
            if self.to.columns == columns {
                for j in 0..columns {
                    let column = x.column(j, rows);
                    for i in 0..rows {
                        put(&mut out[(i, j)], column.get(i) / divisor, accum);
                    }
                }
            } else {
                let fill = |j: usize, from: usize, part: &mut [T]| {
                    let column = x.column(j, rows);
                    for (i, part) in part.iter_mut().enumerate() {
                        *part = column.get(from + i);
                    }
                };
                sum_columns(rows, columns, fill, |i, sum| {
                    put(&mut out[(i, 0)], sum / divisor, accum);
                });
            }
        } else {
            for j in 0..columns {
                let column = x.column(j, rows);
                put(
                    &mut out[(0, j)],
                    reduce::sum_by(rows, |i| column.get(i)) / divisor,
                    accum,
                );
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
            dy.add(*self, [dx]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], _y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(
            0,
            Spread {
                to: x.shape(),
                divisor: self.divisor,
            },
            [dy],
        );
    }
}

impl Op<1> for Spread {
    fn name(&self) -> &'static str {
        "spread"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        if x.spreads_to(self.to) {
            Ok(self.to)
        } else {
            Err("a row, a column or a 1x1 can be spread over a matrix")
        }
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        let divisor = T::from_f64(self.divisor);
        let x = Operand::new(x);
        for j in 0..self.to.columns {
            let column = x.column(j, self.to.rows);
            for i in 0..self.to.rows {
                put(&mut out[(i, j)], column.get(i) / divisor, accum);
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
            dy.add(*self, [dx]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], _y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(
            0,
            SumTo {
                to: x.shape(),
                divisor: self.divisor,
            },
            [dy],
        );
    }
}
