//! Factorisations of either kind of number without a verdict: what differentiable operations are made of. Where a matrix is not
//! invertible, or not positive definite, the answer is NaN, so that it cannot be mistaken for one.

use faer::Side;
use faer::linalg::solvers::{PartialPivLu, Solve};
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};

use crate::{Mat, MatMut, MatRef, Scalar};

fn not_a_number<T: Scalar>() -> T {
    T::from_f64(f64::NAN)
}

/// Replaces B by the solution X of A X = B for a triangular A, of which only the triangle is read; all NaN if the diagonal has a 0.
///
/// # Panics
/// If the shapes do not fit.
///
/// ```
/// use linalg::{mat, solve::plain};
/// let mut x = mat![[2.0], [5.0]];
/// plain::triangular(mat![[2.0, 0.0], [1.0, 4.0]].as_ref(), true, x.as_mut());
/// assert_eq!(x, mat![[1.0], [1.0]]);
/// ```
pub fn triangular<T: Scalar>(a: MatRef<'_, T>, lower: bool, mut x: MatMut<'_, T>) {
    if (0..a.nrows().min(a.ncols())).any(|i| a[(i, i)] == T::ZERO) {
        return x.fill(not_a_number());
    }
    if lower {
        solve_lower_triangular_in_place(a, x, faer::Par::Seq);
    } else {
        solve_upper_triangular_in_place(a, x, faer::Par::Seq);
    }
}

/// The lower triangular L with A = L Lᵀ, from the lower triangle of A; all NaN if A is not positive definite.
///
/// # Panics
/// If A is not square.
///
/// ```
/// use linalg::{mat, solve::plain};
/// let l = plain::cholesky(mat![[4.0_f64, 2.0], [2.0, 10.0]].as_ref());
/// assert_eq!(l, mat![[2.0, 0.0], [1.0, 3.0]]);
/// assert!(plain::cholesky(mat![[-1.0_f64]].as_ref())[(0, 0)].is_nan());
/// ```
pub fn cholesky<T: Scalar>(a: MatRef<'_, T>) -> Mat<T> {
    let n = a.nrows();
    match a.llt(Side::Lower) {
        Ok(factor) => {
            let l = factor.L();
            Mat::from_fn(n, n, |i, j| if i >= j { l[(i, j)] } else { T::ZERO })
        }
        Err(_) => Mat::from_fn(n, n, |_, _| not_a_number()),
    }
}

/// Triangular factors with row exchanges of a square matrix.
#[derive(Debug)]
pub struct Lu<T: Scalar> {
    factor: PartialPivLu<T>,
    singular: bool,
}

impl<T: Scalar> Lu<T> {
    /// Factorises.
    ///
    /// # Panics
    /// If the matrix is not square.
    pub fn new(a: MatRef<'_, T>) -> Self {
        let factor = a.partial_piv_lu();
        let u = factor.U();
        let singular = (0..u.nrows()).any(|i| u[(i, i)] == T::ZERO);
        Self { factor, singular }
    }

    /// Replaces B by the solution X of A X = B, or of Aᵀ X = B; NaN if a pivot is zero.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn solve(&self, transposed: bool, mut x: MatMut<'_, T>) {
        if self.singular {
            x.fill(not_a_number());
        } else if transposed {
            self.factor.solve_transpose_in_place(x);
        } else {
            self.factor.solve_in_place(x);
        }
    }

    /// ln |det A|; negative infinity if it is singular.
    pub fn log_determinant(&self) -> T {
        let u = self.factor.U();
        (0..u.nrows())
            .map(|i| Scalar::ln(Scalar::abs(u[(i, i)])))
            .sum()
    }
}
