//! How good predictions are.

use linalg::{MatRef, Scalar};

/// The share of rows whose probability is on the side of 0.5 (at least, or below) that the 0/1 target says.
///
/// NaN for no rows.
///
/// # Panics
/// If the shapes differ.
///
/// ```
/// use linalg::View;
/// let (p, y) = ([0.5, 0.4, 0.9], [1.0, 1.0, 1.0]);
/// assert_eq!(train::metrics::accuracy(View::<f64>::view(&p), View::<f64>::view(&y)), 2.0 / 3.0);
/// ```
#[track_caller]
pub fn accuracy<T: Scalar>(probability: MatRef<'_, T>, target: MatRef<'_, T>) -> f64 {
    let (rows, columns) = (probability.nrows(), probability.ncols());
    assert_eq!(
        (rows, columns),
        (target.nrows(), target.ncols()),
        "accuracy: the shapes differ"
    );
    let half = T::from_f64(0.5);
    let mut right = 0_usize;
    for j in 0..columns {
        for i in 0..rows {
            right += usize::from((probability[(i, j)] >= half) == (target[(i, j)] >= half));
        }
    }
    right as f64 / (rows * columns) as f64
}
