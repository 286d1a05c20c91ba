//! Whether the true class is among the first few.

use linalg::MatRef;

use super::MetricError;
use super::check::{self, Weights};

/// The share of the rows whose class is among the `k` classes with the highest scores (rows x classes).
///
/// Where classes with the same score compete for the last places, the row counts with the probability that a random order gives its
/// class one of them: with h higher scores and t equal ones (its own included) that is (k − h) / t, within 0 … 1. So the result does
/// not depend on how classes are numbered, and constant scores get k by the number of classes; scikit-learn prefers larger numbers.
///
/// # Errors
/// [`MetricError`] if k is 0 or more than there are classes, the shapes differ, a value is NaN or infinite, a class is out of range,
/// or a weight is unusable.
///
/// ```
/// use train::metrics::top_k_accuracy;
/// let score = linalg::mat![[0.5, 0.2, 0.3], [0.3, 0.4, 0.3], [0.1, 0.6, 0.3]];
/// assert_eq!(top_k_accuracy(&[0, 1, 2], score.as_ref(), 1, None)?, 2.0 / 3.0);
/// assert_eq!(top_k_accuracy(&[0, 1, 2], score.as_ref(), 2, None)?, 1.0);
/// // Classes 0 and 2 of the second row are equal.
/// assert_eq!(top_k_accuracy(&[0, 0, 2], score.as_ref(), 2, None)?, 2.5 / 3.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn top_k_accuracy(
    target: &[usize],
    score: MatRef<'_, f64>,
    k: usize,
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let (rows, classes) = (score.nrows(), score.ncols());
    let weights = Weights::new(weights, target.len())?;
    check::same(target.len(), rows, "rows of scores")?;
    check::classes(target, classes, "true")?;
    if k == 0 || k > classes {
        return Err(MetricError::Setting {
            name: "k",
            value: k as f64,
            rule: "at least 1 and at most the number of classes",
        });
    }
    for row in 0..rows {
        for class in 0..classes {
            let value = score[(row, class)];
            if !value.is_finite() {
                return Err(MetricError::NotFinite {
                    what: "score",
                    row: row + 1,
                    value,
                });
            }
        }
    }
    let hit = |row: usize| {
        let own = score[(row, target[row])];
        let count = |f: &dyn Fn(f64) -> bool| (0..classes).filter(|&c| f(score[(row, c)])).count();
        let (higher, equal) = (count(&|s| s > own), count(&|s| s == own));
        (k.saturating_sub(higher) as f64 / equal as f64).min(1.0)
    };
    Ok(weights.mean(hit, rows))
}
