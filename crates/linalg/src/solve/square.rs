//! Square systems: symmetric ones that need not be positive definite, and general ones.

use faer::Side;
use faer::linalg::solvers::{Lblt, PartialPivLu, Solve};

use super::{Cholesky, Method, POOR, Solution, Svd, backward_error, expect_square, finite, shape};
use crate::{LinalgError, Mat, MatRef};

/// The factorisation P A Pᵀ = L D Lᵀ of a symmetric matrix with D of 1x1 and 2x2 blocks.
///
/// ```
/// use linalg::{mat, solve::Ldlt};
/// let factor = Ldlt::new(mat![[0.0, 2.0], [2.0, 0.0]].as_ref())?;
/// assert_eq!(factor.inertia(), (1, 1, 0));
/// let (log_size, sign) = factor.log_determinant();
/// assert!((log_size - 4.0_f64.ln()).abs() < 1e-15 && sign == -1.0);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ldlt {
    factor: Lblt<f64>,
}

impl Ldlt {
    /// Factors the symmetric matrix `a`, of which the lower triangle is read.
    ///
    /// # Errors
    /// [`LinalgError::Shape`] or [`LinalgError::NotFinite`].
    pub fn new(a: MatRef<'_, f64>) -> Result<Self, LinalgError> {
        expect_square("ldlt", a)?;
        finite("ldlt", a, true)?;
        Ok(Self {
            factor: a.lblt(Side::Lower),
        })
    }

    /// The eigenvalues of the blocks of D.
    fn pivots(&self) -> Vec<f64> {
        let (d, e) = (
            self.factor.B_diag().column_vector(),
            self.factor.B_subdiag().column_vector(),
        );
        let n = d.nrows();
        let mut out = Vec::with_capacity(n);
        let mut j = 0;
        while j < n {
            if j + 1 < n && e[j] != 0.0 {
                let (mean, half) = (0.5 * (d[j] + d[j + 1]), 0.5 * (d[j] - d[j + 1]));
                let radius = half.hypot(e[j]);
                out.extend([mean + radius, mean - radius]);
                j += 2;
            } else {
                out.push(d[j]);
                j += 1;
            }
        }
        out
    }

    /// How many eigenvalues are positive, negative and zero (Sylvester's law of inertia).
    pub fn inertia(&self) -> (usize, usize, usize) {
        let pivots = self.pivots();
        let count = |f: fn(&f64) -> bool| pivots.iter().filter(|p| f(p)).count();
        (
            count(|p| *p > 0.0),
            count(|p| *p < 0.0),
            count(|p| *p == 0.0),
        )
    }

    /// The logarithm of the absolute determinant, and its sign.
    pub fn log_determinant(&self) -> (f64, f64) {
        self.pivots().iter().fold((0.0, 1.0), |(sum, sign), p| {
            let sign = if *p == 0.0 { 0.0 } else { sign * p.signum() };
            (sum + p.abs().ln(), sign)
        })
    }
}

/// Solves a symmetric system, of whose matrix the lower triangle is read: by Cholesky if the matrix is positive definite, else
/// by Bunch and Kaufman's factorisation, and if that answer is poor by singular values.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`], or [`LinalgError::Singular`] if the
/// matrix has not full rank and the right-hand side is not in its range.
///
/// ```
/// use linalg::{mat, solve::{Method, solve_symmetric}};
/// let answer = solve_symmetric(mat![[0.0, 2.0], [2.0, 1.0]].as_ref(), mat![[2.0], [3.0]].as_ref())?;
/// assert_eq!(answer.method, Method::Ldlt);
/// assert!((answer.x[(0, 0)] - 1.0).abs() < 1e-15 && answer.backward_error < 1e-15);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn solve_symmetric(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<Solution, LinalgError> {
    expect_square("solve_symmetric", a)?;
    if a.nrows() != b.nrows() {
        return Err(shape("solve_symmetric", a, b));
    }
    finite("solve_symmetric", b, false)?;
    if let Ok(factor) = Cholesky::new(a) {
        let solution = factor.solve(b);
        if solution.backward_error <= POOR {
            return Ok(solution);
        }
    }
    let full = Mat::from_fn(a.nrows(), a.ncols(), |i, j| {
        if i >= j { a[(i, j)] } else { a[(j, i)] }
    });
    let factor = Ldlt::new(a)?.factor;
    refined(full.as_ref(), b, Method::Ldlt, |b| factor.solve(b))
        .map_or_else(|| by_singular_values(full.as_ref(), b), Ok)
}

/// Solves a square system: by LU with row exchanges, and if that answer is poor by singular values.
///
/// # Errors
/// As [`solve_symmetric`].
///
/// ```
/// use linalg::{mat, solve};
/// let answer = solve::solve(mat![[0.0, 1.0], [2.0, 3.0]].as_ref(), mat![[1.0], [5.0]].as_ref())?;
/// assert!((answer.x[(0, 0)] - 1.0).abs() < 1e-15 && (answer.x[(1, 0)] - 1.0).abs() < 1e-15);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn solve(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<Solution, LinalgError> {
    expect_square("solve", a)?;
    if a.nrows() != b.nrows() {
        return Err(shape("solve", a, b));
    }
    finite("solve", a, false)?;
    finite("solve", b, false)?;
    let factor: PartialPivLu<f64> = a.partial_piv_lu();
    refined(a, b, Method::Lu, |b| factor.solve(b)).map_or_else(|| by_singular_values(a, b), Ok)
}

/// An answer with one step of refinement, if it is good.
fn refined(
    a: MatRef<'_, f64>,
    b: MatRef<'_, f64>,
    method: Method,
    apply: impl Fn(MatRef<'_, f64>) -> Mat<f64>,
) -> Option<Solution> {
    let first = apply(b);
    let second = &first + apply((b - a * &first).as_ref());
    let errors = [&first, &second].map(|x| backward_error(a, x.as_ref(), b));
    let (x, error) = if errors[1] <= errors[0] {
        (second, errors[1])
    } else {
        (first, errors[0])
    };
    (error <= POOR).then_some(Solution {
        x,
        backward_error: error,
        method,
    })
}

fn by_singular_values(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<Solution, LinalgError> {
    let svd = Svd::new(a)?;
    let x = svd.solve(b, a.nrows() as f64 * f64::EPSILON);
    let error = backward_error(a, x.as_ref(), b);
    if error <= 1e3 * POOR {
        return Ok(Solution {
            x,
            backward_error: error,
            method: Method::Svd,
        });
    }
    Err(LinalgError::Singular {
        rank: svd.rank(),
        size: a.nrows(),
        backward_error: error,
    })
}
