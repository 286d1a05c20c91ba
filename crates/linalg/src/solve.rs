//! Solves that say how good they are.
//!
//! No inverse is formed to solve: a factorisation is kept and applied. Each answer carries its backward error, the
//! smallest relative change of the matrix and the right-hand side for which the answer is exact,
//! max |b − A x| / (|A| |x| + |b|) (Oettli and Prager 1964).

use faer::Side;
use faer::linalg::solvers::{Llt, LltError, Solve};

use crate::{LinalgError, Mat, MatRef};

/// A squared pivot below this fraction of its column's diagonal entry means that the column depends on the earlier ones.
/// The rounding errors of an accumulated Gram matrix are two orders of magnitude smaller.
const DEPENDENT: f64 = 1e-12;

/// A(nswer) x of A x = b with its quality.
#[derive(Debug, Clone)]
pub struct Solution {
    /// The answer, one column a right-hand side.
    pub x: Mat<f64>,
    /// Component-wise backward error of the worst entry.
    pub backward_error: f64,
}

/// The Cholesky factorisation of a symmetric positive definite matrix, scaled to a unit diagonal first, so that the
/// units of the variables do not matter.
///
/// ```
/// use linalg::{mat, solve::Cholesky};
/// let factor = Cholesky::new(mat![[4.0, 2.0], [2.0, 3.0]].as_ref()).unwrap();
/// let answer = factor.solve(mat![[8.0], [7.0]].as_ref());
/// assert!((answer.x[(0, 0)] - 1.25).abs() < 1e-15 && (answer.x[(1, 0)] - 1.5).abs() < 1e-15);
/// assert!(answer.backward_error < 1e-15);
/// ```
#[derive(Debug, Clone)]
pub struct Cholesky {
    matrix: Mat<f64>,
    scale: Vec<f64>,
    factor: Llt<f64>,
}

impl Cholesky {
    /// Factors the symmetric matrix `a`, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`LinalgError::Shape`] if it is not square, [`LinalgError::NotFinite`] with the first entry that is not a finite
    /// number, [`LinalgError::Dependent`] with the first column that the earlier ones determine.
    pub fn new(a: MatRef<'_, f64>) -> Result<Self, LinalgError> {
        let n = a.nrows();
        if n != a.ncols() {
            return Err(LinalgError::Shape {
                operation: "cholesky",
                left_rows: n,
                left_columns: a.ncols(),
                right_rows: n,
                right_columns: n,
            });
        }
        for column in 0..n {
            for row in column..n {
                let value = a[(row, column)];
                if !value.is_finite() {
                    return Err(LinalgError::NotFinite {
                        operation: "cholesky",
                        row,
                        column,
                        value,
                    });
                }
            }
        }
        let scale: Vec<f64> = (0..n)
            .map(|j| {
                if a[(j, j)] > 0.0 {
                    a[(j, j)].sqrt().recip()
                } else {
                    0.0
                }
            })
            .collect();
        let symmetric = |i: usize, j: usize| if i >= j { a[(i, j)] } else { a[(j, i)] };
        let matrix = Mat::from_fn(n, n, symmetric);
        let scaled = Mat::from_fn(n, n, |i, j| {
            if i == j {
                if scale[j] > 0.0 { 1.0 } else { 0.0 }
            } else {
                symmetric(i, j) * scale[i] * scale[j]
            }
        });
        let factor = match scaled.llt(Side::Lower) {
            Ok(factor) => factor,
            Err(LltError::NonPositivePivot { index }) => {
                return Err(dependent(
                    &scaled,
                    &scale,
                    first_small_pivot(&scaled, index),
                    0.0,
                ));
            }
        };
        let lower = factor.L();
        if let Some(column) = (0..n).find(|&j| lower[(j, j)].powi(2) < DEPENDENT) {
            return Err(dependent(
                &scaled,
                &scale,
                column,
                lower[(column, column)].powi(2),
            ));
        }
        Ok(Self {
            matrix,
            scale,
            factor,
        })
    }

    /// The smallest squared pivot of the scaled matrix: 1 − R² of the column that the others explain best, roughly.
    pub fn smallest_pivot(&self) -> f64 {
        let lower = self.factor.L();
        (0..self.matrix.nrows())
            .map(|j| lower[(j, j)].powi(2))
            .fold(1.0, f64::min)
    }

    /// Solves A X = B for the columns of `b`, with one step of iterative refinement.
    ///
    /// # Panics
    /// If `b` has another number of rows than the matrix.
    #[track_caller]
    pub fn solve(&self, b: MatRef<'_, f64>) -> Solution {
        assert_eq!(
            b.nrows(),
            self.matrix.nrows(),
            "solve: the right-hand side has another number of rows"
        );
        let mut x = self.apply(b);
        let residual = b - &self.matrix * &x;
        let refined = &x + self.apply(residual.as_ref());
        let (before, after) = (self.backward_error(&x, b), self.backward_error(&refined, b));
        if after <= before {
            x = refined;
        }
        Solution {
            x,
            backward_error: before.min(after),
        }
    }

    /// The inverse, for covariances: solved column by column, never used to solve.
    pub fn inverse(&self) -> Mat<f64> {
        let n = self.matrix.nrows();
        let x = self.solve(Mat::identity(n, n).as_ref()).x;
        Mat::from_fn(n, n, |i, j| 0.5 * (x[(i, j)] + x[(j, i)]))
    }

    fn apply(&self, b: MatRef<'_, f64>) -> Mat<f64> {
        let scaled = Mat::from_fn(b.nrows(), b.ncols(), |i, j| self.scale[i] * b[(i, j)]);
        let y = self.factor.solve(&scaled);
        Mat::from_fn(b.nrows(), b.ncols(), |i, j| self.scale[i] * y[(i, j)])
    }

    fn backward_error(&self, x: &Mat<f64>, b: MatRef<'_, f64>) -> f64 {
        let n = self.matrix.nrows();
        let mut worst = 0.0_f64;
        for j in 0..b.ncols() {
            for i in 0..n {
                let (mut residual, mut size) = (b[(i, j)], b[(i, j)].abs());
                for k in 0..n {
                    let term = self.matrix[(i, k)] * x[(k, j)];
                    residual -= term;
                    size += term.abs();
                }
                if size > 0.0 {
                    worst = worst.max(residual.abs() / size);
                }
            }
        }
        worst
    }
}

/// A factorisation may break down at a column after the first dependent one, when rounding leaves that a tiny positive
/// pivot: look for the first small one among the leading columns.
fn first_small_pivot(scaled: &Mat<f64>, broken: usize) -> usize {
    let leading = scaled.submatrix(0, 0, broken, broken);
    match leading.llt(Side::Lower) {
        Ok(factor) => {
            let lower = factor.L();
            (0..broken)
                .find(|&j| lower[(j, j)].powi(2) < DEPENDENT)
                .unwrap_or(broken)
        }
        Err(LltError::NonPositivePivot { index }) => index.min(broken),
    }
}

fn dependent(scaled: &Mat<f64>, scale: &[f64], column: usize, pivot: f64) -> LinalgError {
    let mut weights = vec![0.0; column];
    if let Ok(factor) = scaled.submatrix(0, 0, column, column).llt(Side::Lower) {
        let rhs = Mat::from_fn(column, 1, |i, _| scaled[(column, i)]);
        let solution = factor.solve(&rhs);
        for (j, weight) in weights.iter_mut().enumerate() {
            let back = if scale[column] > 0.0 {
                scale[j] / scale[column]
            } else {
                0.0
            };
            *weight = solution[(j, 0)] * back;
        }
    }
    LinalgError::Dependent {
        column,
        pivot,
        weights,
    }
}

/// Eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix, of which the lower triangle is read.
///
/// # Errors
/// [`LinalgError::Shape`] if it is not square, [`LinalgError::NotFinite`] for a non-finite entry or if the iteration fails.
///
/// ```
/// use linalg::{mat, solve::symmetric_eigen};
/// let (values, _) = symmetric_eigen(mat![[2.0, 1.0], [1.0, 2.0]].as_ref())?;
/// assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn symmetric_eigen(a: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), LinalgError> {
    let n = a.nrows();
    if n != a.ncols() {
        return Err(LinalgError::Shape {
            operation: "symmetric_eigen",
            left_rows: n,
            left_columns: a.ncols(),
            right_rows: n,
            right_columns: n,
        });
    }
    let not_finite = |row, column, value| LinalgError::NotFinite {
        operation: "symmetric_eigen",
        row,
        column,
        value,
    };
    for column in 0..n {
        for row in column..n {
            if !a[(row, column)].is_finite() {
                return Err(not_finite(row, column, a[(row, column)]));
            }
        }
    }
    let eigen = a
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| not_finite(0, 0, f64::NAN))?;
    let values = (0..n).map(|j| eigen.S().column_vector()[j]).collect();
    Ok((values, eigen.U().to_owned()))
}
