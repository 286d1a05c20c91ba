//! Cholesky factorisation of a symmetric positive definite matrix.

use faer::Side;
use faer::linalg::solvers::{Llt, LltError, Solve};

use super::{Method, Solution, backward_error, expect_square, finite};
use crate::{LinalgError, Mat, MatRef};

/// A squared pivot below this fraction of its column's diagonal entry means that the column depends on the earlier ones.
/// The rounding errors of an accumulated Gram matrix are two orders of magnitude smaller.
const DEPENDENT: f64 = 1e-12;

/// A squared pivot below minus this is no rounding error: the matrix is not positive semidefinite.
const NEGATIVE: f64 = 1e-8;

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
    /// number, [`LinalgError::Dependent`] with the first column that the earlier ones determine,
    /// [`LinalgError::NotPositive`] if the matrix is indefinite.
    pub fn new(a: MatRef<'_, f64>) -> Result<Self, LinalgError> {
        let n = a.nrows();
        expect_square("cholesky", a)?;
        finite("cholesky", a, true)?;
        if let Some(column) = (0..n).find(|&j| a[(j, j)] < 0.0) {
            return Err(LinalgError::NotPositive {
                column,
                pivot: -1.0,
            });
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

    /// The logarithm of the determinant.
    ///
    /// ```
    /// use linalg::{mat, solve::Cholesky};
    /// let factor = Cholesky::new(mat![[4.0, 2.0], [2.0, 3.0]].as_ref())?;
    /// assert!((factor.log_determinant() - 8.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), linalg::LinalgError>(())
    /// ```
    pub fn log_determinant(&self) -> f64 {
        let lower = self.factor.L();
        (0..self.scale.len())
            .map(|j| 2.0 * (lower[(j, j)].ln() - self.scale[j].ln()))
            .sum()
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
        let mut x = self.solve_once(b);
        let residual = b - &self.matrix * &x;
        let refined = &x + self.solve_once(residual.as_ref());
        let (before, after) = (
            backward_error(self.matrix.as_ref(), x.as_ref(), b),
            backward_error(self.matrix.as_ref(), refined.as_ref(), b),
        );
        let better = after <= before || before.is_nan();
        if better {
            x = refined;
        }
        Solution {
            x,
            backward_error: if better { after } else { before },
            method: Method::Cholesky,
        }
    }

    /// The inverse, for covariances: solved column by column, never used to solve.
    pub fn inverse(&self) -> Mat<f64> {
        let n = self.matrix.nrows();
        let x = self.solve(Mat::identity(n, n).as_ref()).x;
        Mat::from_fn(n, n, |i, j| 0.5 * (x[(i, j)] + x[(j, i)]))
    }

    /// Solves A X = B without refinement and without a backward error, for preconditioners.
    ///
    /// ```
    /// use linalg::{mat, solve::Cholesky};
    /// let factor = Cholesky::new(mat![[4.0, 2.0], [2.0, 3.0]].as_ref())?;
    /// let x = factor.solve_once(mat![[8.0], [8.0]].as_ref());
    /// assert!((x[(0, 0)] - 1.0).abs() < 1e-15 && (x[(1, 0)] - 2.0).abs() < 1e-15);
    /// # Ok::<(), linalg::LinalgError>(())
    /// ```
    ///
    /// # Panics
    /// If `b` has another number of rows than the matrix.
    #[track_caller]
    pub fn solve_once(&self, b: MatRef<'_, f64>) -> Mat<f64> {
        assert_eq!(
            b.nrows(),
            self.matrix.nrows(),
            "solve: the right-hand side has another number of rows"
        );
        let scaled = Mat::from_fn(b.nrows(), b.ncols(), |i, j| self.scale[i] * b[(i, j)]);
        let y = self.factor.solve(&scaled);
        Mat::from_fn(b.nrows(), b.ncols(), |i, j| self.scale[i] * y[(i, j)])
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
        let left = scaled[(column, column)]
            - (0..column)
                .map(|i| scaled[(column, i)] * solution[(i, 0)])
                .sum::<f64>();
        if left < -NEGATIVE {
            return LinalgError::NotPositive {
                column,
                pivot: left,
            };
        }
    }
    LinalgError::Dependent {
        column,
        pivot,
        weights,
    }
}
