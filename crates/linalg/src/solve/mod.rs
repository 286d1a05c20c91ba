//! Solves that say how good they are.
//!
//! No inverse is formed to solve: a factorisation is kept and applied. Each answer carries its backward error, the
//! smallest relative change of the matrix and the right-hand side for which the answer is exact,
//! max |b − A x| / (|A| |x| + |b|) (Oettli and Prager 1964), and the method that gave it: where a factorisation fails or its
//! answer is poor, a safer one is used, and the answer says so.

mod cholesky;
mod eigen;
pub mod extended;
mod least_squares;
pub mod plain;
mod square;

pub use self::cholesky::Cholesky;
pub use self::eigen::{Svd, symmetric_eigen};
pub use self::least_squares::{LeastSquares, least_squares};
pub use self::square::{Ldlt, solve, solve_symmetric};
use crate::{LinalgError, Mat, MatRef};

/// The factorisation that gave an answer, from the fastest to the safest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Cholesky.
    Cholesky,
    /// Symmetric indefinite, with pivots of order 1 and 2 (Bunch and Kaufman 1977).
    Ldlt,
    /// Triangular factors with row exchanges.
    Lu,
    /// QR with column pivoting.
    Qr,
    /// Singular values.
    Svd,
}

/// An answer X of A X = B with its quality.
#[derive(Debug, Clone)]
pub struct Solution {
    /// The answer, one column a right-hand side.
    pub x: Mat<f64>,
    /// Component-wise backward error of the worst entry.
    pub backward_error: f64,
    /// What gave it.
    pub method: Method,
}

/// A component-wise backward error above this is poor: a backward stable solve with one refinement stays far below.
const POOR: f64 = 1e-11;

/// The larger of two numbers, NaN if either is.
fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

/// max |b − A x| / (|A| |x| + |b|), entry by entry; NaN if the answer is not finite.
fn backward_error(a: MatRef<'_, f64>, x: MatRef<'_, f64>, b: MatRef<'_, f64>) -> f64 {
    let mut worst = 0.0_f64;
    for j in 0..b.ncols() {
        for i in 0..a.nrows() {
            let (mut residual, mut size) = (b[(i, j)], b[(i, j)].abs());
            for k in 0..a.ncols() {
                let (entry, factor) = (a[(i, k)], x[(k, j)]);
                residual = entry.mul_add(-factor, residual);
                size += (entry * factor).abs();
            }
            if size > 0.0 || residual.is_nan() {
                worst = worse(worst, residual.abs() / size);
            }
        }
    }
    worst
}

fn expect_square(operation: &'static str, a: MatRef<'_, f64>) -> Result<(), LinalgError> {
    if a.nrows() == a.ncols() {
        Ok(())
    } else {
        Err(shape(operation, a, a))
    }
}

fn shape(operation: &'static str, left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> LinalgError {
    LinalgError::Shape {
        operation,
        left_rows: left.nrows(),
        left_columns: left.ncols(),
        right_rows: right.nrows(),
        right_columns: right.ncols(),
    }
}

/// Refuses a result with a number that no double holds.
fn held<'x>(
    operation: &'static str,
    what: &'static str,
    numbers: impl IntoIterator<Item = &'x f64>,
) -> Result<(), LinalgError> {
    if numbers.into_iter().all(|x| x.is_finite()) {
        Ok(())
    } else {
        Err(LinalgError::Overflow { operation, what })
    }
}

/// Names the first entry (of the lower triangle, if so) that is not finite.
fn finite(operation: &'static str, a: MatRef<'_, f64>, lower: bool) -> Result<(), LinalgError> {
    for column in 0..a.ncols() {
        for row in (if lower { column } else { 0 })..a.nrows() {
            let value = a[(row, column)];
            if !value.is_finite() {
                return Err(LinalgError::NotFinite {
                    operation,
                    row,
                    column,
                    value,
                });
            }
        }
    }
    Ok(())
}
