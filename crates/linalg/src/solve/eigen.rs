//! Eigenvalues of symmetric matrices, and singular values.

use std::cmp::Ordering;

use faer::Side;

use super::{expect_square, finite, held};
use crate::{LinalgError, Mat, MatRef};

/// Eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix, of which the lower triangle is read.
///
/// # Errors
/// [`LinalgError::Shape`] if it is not square, [`LinalgError::NotFinite`] for a non-finite entry,
/// [`LinalgError::NoConvergence`] if the iteration fails, [`LinalgError::Overflow`] if an eigenvalue is too large for a double.
///
/// ```
/// use linalg::{mat, solve::symmetric_eigen};
/// let (values, _) = symmetric_eigen(mat![[2.0, 1.0], [1.0, 2.0]].as_ref())?;
/// assert!((values[0] - 1.0).abs() < 1e-14 && (values[1] - 3.0).abs() < 1e-14);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn symmetric_eigen(a: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), LinalgError> {
    expect_square("symmetric_eigen", a)?;
    finite("symmetric_eigen", a, true)?;
    if a.nrows() == 0 {
        return Ok((Vec::new(), Mat::new()));
    }
    let failed = |_| LinalgError::NoConvergence {
        operation: "symmetric_eigen",
    };
    let eigen = a.self_adjoint_eigen(Side::Lower).map_err(failed)?;
    let values: Vec<f64> = (0..a.nrows())
        .map(|j| eigen.S().column_vector()[j])
        .collect();
    held("symmetric_eigen", "an eigenvalue", &values)?;
    Ok((values, eigen.U().to_owned()))
}

/// A singular value decomposition A = U diag(s) Vᵀ, thin, with s in descending order.
#[derive(Debug, Clone)]
pub struct Svd {
    /// Left singular vectors as columns.
    pub u: Mat<f64>,
    /// Singular values.
    pub s: Vec<f64>,
    /// Right singular vectors as columns.
    pub v: Mat<f64>,
}

impl Svd {
    /// Decomposes a matrix.
    ///
    /// # Errors
    /// [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`], or [`LinalgError::Overflow`] if a singular value is too large for a double.
    ///
    /// ```
    /// use linalg::{mat, solve::Svd};
    /// let svd = Svd::new(mat![[3.0, 0.0], [0.0, -2.0], [0.0, 0.0]].as_ref())?;
    /// assert!((svd.s[0] - 3.0).abs() < 1e-14 && (svd.s[1] - 2.0).abs() < 1e-14);
    /// assert_eq!(svd.rank(), 2);
    /// assert!((svd.condition() - 1.5).abs() < 1e-14);
    /// # Ok::<(), linalg::LinalgError>(())
    /// ```
    pub fn new(a: MatRef<'_, f64>) -> Result<Self, LinalgError> {
        finite("svd", a, false)?;
        if a.nrows() == 0 || a.ncols() == 0 {
            return Ok(Self {
                u: Mat::zeros(a.nrows(), 0),
                s: Vec::new(),
                v: Mat::zeros(a.ncols(), 0),
            });
        }
        let svd = a
            .thin_svd()
            .map_err(|_| LinalgError::NoConvergence { operation: "svd" })?;
        let s: Vec<f64> = (0..a.nrows().min(a.ncols()))
            .map(|j| svd.S().column_vector()[j])
            .collect();
        held("svd", "a singular value", &s)?;
        Ok(Self {
            u: svd.U().to_owned(),
            s,
            v: svd.V().to_owned(),
        })
    }

    /// The number of singular values above the rounding error of the largest.
    pub fn rank(&self) -> usize {
        let size = self.u.nrows().max(self.v.nrows()) as f64;
        let tolerance = self
            .s
            .first()
            .map_or(0.0, |largest| largest * size * f64::EPSILON);
        self.s.iter().filter(|s| **s > tolerance).count()
    }

    /// The largest singular value by the smallest; infinite for a singular matrix, 1 for an empty one.
    pub fn condition(&self) -> f64 {
        match (self.s.first(), self.s.last()) {
            (Some(largest), Some(smallest)) if *smallest > 0.0 => largest / smallest,
            (Some(_), _) => f64::INFINITY,
            _ => 1.0,
        }
    }

    /// The shortest least-squares solution of A X = B, with singular values up to `tolerance` times the largest left out;
    /// NaN for a tolerance that is NaN.
    ///
    /// # Panics
    /// If `b` has another number of rows than A.
    #[track_caller]
    pub fn solve(&self, b: MatRef<'_, f64>, tolerance: f64) -> Mat<f64> {
        assert_eq!(
            b.nrows(),
            self.u.nrows(),
            "svd: the right-hand side has another number of rows"
        );
        let cut = self.s.first().map_or(0.0, |largest| largest * tolerance);
        let mut c = self.u.transpose() * b;
        for (i, s) in self.s.iter().enumerate() {
            for j in 0..c.ncols() {
                c[(i, j)] = match s.partial_cmp(&cut) {
                    Some(Ordering::Greater) => c[(i, j)] / s,
                    Some(_) => 0.0,
                    None => f64::NAN,
                };
            }
        }
        &self.v * c
    }
}
