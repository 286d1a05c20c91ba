//! Columns brought to a common size.

use linalg::{Mat, MatMut, MatRef};
use serde::{Deserialize, Serialize};

/// What is subtracted from a column, and what it is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// The mean; the standard deviation with divisor n, as scikit-learn's `StandardScaler`.
    Standard,
    /// The minimum; the range, so that entries lie from 0 to 1.
    MinMax,
    /// The median; the distance between the quartiles, both interpolated linearly. Outliers have no influence.
    Robust,
}

/// A learned scaling: `(x − center) / scale` for each column.
///
/// ```
/// use datasets::{Scaler, Scaling};
/// use linalg::mat;
/// let mut x = mat![[1.0], [2.0], [3.0], [6.0]];
/// let scaler = Scaler::learn(Scaling::MinMax, x.as_ref());
/// scaler.apply(x.as_mut());
/// assert_eq!(x, mat![[0.0], [0.2], [0.4], [1.0]]);
/// scaler.invert(x.as_mut());
/// assert_eq!(x, mat![[1.0], [2.0], [3.0], [6.0]]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// For each column.
    pub center: Vec<f64>,
    /// For each column; 1 for a constant column, which becomes 0, and NaN for one whose spread no double holds.
    pub scale: Vec<f64>,
}

impl Scaler {
    /// Learns from finite entries.
    ///
    /// # Panics
    /// If there is no row.
    #[track_caller]
    pub fn learn(scaling: Scaling, x: MatRef<'_, f64>) -> Self {
        assert!(x.nrows() > 0, "a scaling cannot be learned from no rows");
        let (mut center, mut scale) = (Vec::new(), Vec::new());
        for j in 0..x.ncols() {
            let mut column: Vec<f64> = (0..x.nrows()).map(|i| x[(i, j)]).collect();
            let (c, s) = learn(scaling, &mut column);
            center.push(c);
            scale.push(match s {
                f64::INFINITY => f64::NAN,
                s if s > 0.0 => s,
                _ => 1.0,
            });
        }
        Self { center, scale }
    }

    /// Scales the columns.
    ///
    /// # Panics
    /// If the number of columns differs.
    #[track_caller]
    pub fn apply(&self, x: MatMut<'_, f64>) {
        self.each(x, standard);
    }

    /// Restores the columns.
    ///
    /// # Panics
    /// If the number of columns differs.
    #[track_caller]
    pub fn invert(&self, x: MatMut<'_, f64>) {
        self.each(x, |x, center, scale| x * scale + center);
    }

    #[track_caller]
    fn each(&self, mut x: MatMut<'_, f64>, f: impl Fn(f64, f64, f64) -> f64) {
        assert_eq!(
            x.ncols(),
            self.center.len(),
            "a scaler of another number of columns"
        );
        for j in 0..x.ncols() {
            for i in 0..x.nrows() {
                x[(i, j)] = f(x[(i, j)], self.center[j], self.scale[j]);
            }
        }
    }

    /// The scaled columns as a matrix of their own.
    ///
    /// # Panics
    /// If the number of columns differs.
    #[track_caller]
    pub fn scaled(&self, x: MatRef<'_, f64>) -> Mat<f64> {
        let mut scaled = x.to_owned();
        self.apply(scaled.as_mut());
        scaled
    }
}

fn learn(scaling: Scaling, column: &mut [f64]) -> (f64, f64) {
    match scaling {
        Scaling::Standard => mean_and_deviation(column),
        Scaling::MinMax => {
            let low = column.iter().copied().fold(f64::INFINITY, f64::min);
            let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low, high - low)
        }
        Scaling::Robust => {
            column.sort_by(f64::total_cmp);
            (
                quantile(column, 0.5),
                quantile(column, 0.75) - quantile(column, 0.25),
            )
        }
    }
}

/// The mean, and the root of the mean squared distance from it; 0 for equal numbers. No square over- or underflows.
pub(crate) fn mean_and_deviation(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let first = x.first().copied().unwrap_or(f64::NAN);
    if x.iter().all(|x| *x == first) {
        return (first, 0.0);
    }
    // A power of two, so that dividing by it rounds nothing.
    let largest = linalg::reduce::max_abs(x).max(f64::MIN_POSITIVE);
    let unit = f64::from_bits(largest.to_bits() >> 52 << 52);
    let scaled = |i: usize| x[i] / unit;
    let mean = linalg::reduce::sum_by(x.len(), scaled) / n;
    let squares = linalg::reduce::sum_by(x.len(), |i| (scaled(i) - mean) * (scaled(i) - mean));
    let rest = linalg::reduce::sum_by(x.len(), |i| scaled(i) - mean);
    let variance = (squares - rest * rest / n) / n;
    (mean * unit, variance.max(0.0).sqrt() * unit)
}

/// (x − center) / scale, whose difference may overflow.
pub(crate) fn standard(x: f64, center: f64, scale: f64) -> f64 {
    let distance = x - center;
    if distance.is_finite() {
        distance / scale
    } else {
        x / scale - center / scale
    }
}

/// A quantile of sorted numbers, interpolated linearly (type 7 of Hyndman and Fan 1996, the default of R and NumPy); NaN of none.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = p * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let (part, range) = (place - below as f64, high - low);
    if range.is_finite() {
        low + part * range
    } else {
        (1.0 - part) * low + part * high
    }
}
