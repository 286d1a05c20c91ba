//! Means and deviations of columns, of parts and of their unions.

use super::kernels;
use crate::{MatRef, flat, reduce};

/// Number, mean and root mean square about the mean of some entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) count: f64,
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Moments {
    /// Of a short column.
    pub(super) fn of(x: MatRef<'_, f64>) -> Self {
        let count = x.nrows() as f64;
        if let Some(x) = flat(x) {
            let (sum, _) = kernels::moments(x, x[0]);
            let middle = x[0] + sum / count;
            let (sum, squares) = kernels::moments(x, middle);
            let variance = squares / count - (sum / count).powi(2);
            // Squares that neither overflow nor vanish; or entries that are all equal.
            if (1e-280..1e280).contains(&variance) || squares == 0.0 && middle.abs() > 1e-100 {
                return Self {
                    count,
                    mean: middle + sum / count,
                    deviation: variance.sqrt(),
                };
            }
        }
        // In units of the largest entry.
        let n = x.nrows();
        let largest = (0..n).fold(0.0_f64, |m, i| m.max(x[(i, 0)].abs()));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let mean = reduce::sum_by(n, |i| x[(i, 0)] / unit) / count;
        let squares = reduce::sum_by(n, |i| (x[(i, 0)] / unit - mean).powi(2));
        Self {
            count,
            mean: mean * unit,
            deviation: (squares / count).sqrt() * unit,
        }
    }

    /// Of these entries and those together (Chan, Golub and `LeVeque` 1983), in units of the largest number.
    pub(super) fn with(&self, other: &Self) -> Self {
        let count = self.count + other.count;
        let gap = other.mean - self.mean;
        let unit = self.deviation.max(other.deviation).max(gap.abs());
        let square = |x: f64| {
            if unit > 0.0 { (x / unit).powi(2) } else { 0.0 }
        };
        let [a, b] = [self, other].map(|m| m.count / count);
        let variance =
            a * square(self.deviation) + b * square(other.deviation) + a * b * square(gap);
        Self {
            count,
            mean: self.mean + b * gap,
            deviation: variance.sqrt() * unit,
        }
    }
}
