//! The Brier score (1950) and what it is made of.

use linalg::MatRef;

use super::calibration::{Binning, CalibrationCurve};
use super::{MetricError, check};

/// The mean squared difference of probability and outcome: Σ w (p − y)² / Σ w, from 0 (best) to 1.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::brier_score;
/// assert!((brier_score(&[0.0, 1.0, 1.0, 0.0], &[0.1, 0.9, 0.8, 0.3], None)? - 0.0375).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn brier_score(
    target: &[f64],
    probability: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = check::forecast(target, probability, weights)?;
    Ok(weights.mean(|i| (probability[i] - target[i]).powi(2), target.len()))
}

/// Brier's original score for several classes: `Σ_i w_i Σ_k (p_ik − y_ik)² / Σ w`, from 0 (best) to 2. For two classes it is twice the
/// [`brier_score`].
///
/// # Errors
/// [`MetricError`] if the shapes differ, there are no rows, a class is out of range, a row does not add up to 1, or a weight is
/// unusable.
///
/// ```
/// use train::metrics::brier_score_classes;
/// let p = linalg::mat![[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]];
/// assert_eq!(brier_score_classes(&[0, 1], p.as_ref(), None)?, 0.375 / 2.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn brier_score_classes(
    target: &[usize],
    probability: MatRef<'_, f64>,
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = check::forecasts(target, probability, weights)?;
    let score = |i: usize| {
        let square = |k: usize| {
            let outcome = if target[i] == k { 1.0 } else { 0.0 };
            (probability[(i, k)] - outcome).powi(2)
        };
        (0..probability.ncols()).map(square).sum::<f64>()
    };
    Ok(weights.mean(score, target.len()))
}

/// The parts of a Brier score (Murphy 1973). With groups k of weight share `n_k`, mean forecast `p̄_k` and event share `ȳ_k`:
///
/// score = reliability − resolution + uncertainty + spread within groups
///
/// `reliability = Σ n_k (p̄_k − ȳ_k)²`,  `resolution = Σ n_k (ȳ_k − ȳ)²`,  `uncertainty = ȳ (1 − ȳ)`
///
/// The last part is `Σ n_k (var_k(p) − 2 cov_k(p, y))` (Stephenson, Coelho and Jolliffe 2008). It is 0 where all forecasts of a group
/// are equal ([`new`](Self::new)), and keeps the sum exact for bins.
///
/// ```
/// use train::metrics::{BrierDecomposition, brier_score};
/// let (y, p) = ([0.0, 0.0, 1.0, 1.0, 1.0, 0.0], [0.2, 0.2, 0.2, 0.8, 0.8, 0.8]);
/// let parts = BrierDecomposition::new(&y, &p, None)?;
/// assert!((parts.reliability - (0.2_f64 - 1.0 / 3.0).powi(2)).abs() < 1e-15);
/// assert!((parts.resolution - (1.0_f64 / 6.0).powi(2)).abs() < 1e-15);
/// assert_eq!((parts.uncertainty, parts.within), (0.25, 0.0));
/// assert!((parts.score() - brier_score(&y, &p, None)?).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrierDecomposition {
    /// How far the forecasts of the groups are from what happened: 0 for calibrated forecasts.
    pub reliability: f64,
    /// How much what happened differs between the groups: larger is better.
    pub resolution: f64,
    /// The score of always forecasting the share of events.
    pub uncertainty: f64,
    /// What the forecasts within groups add.
    pub within: f64,
}

impl BrierDecomposition {
    /// With a group for every distinct forecast: Murphy's decomposition.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
    pub fn new(
        target: &[f64],
        probability: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let checked = check::forecast(target, probability, weights)?;
        let mut distinct: Vec<f64> = probability.to_vec();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let group = |i: usize| distinct.partition_point(|&p| p < probability[i]);
        let groups = Groups::new(target, probability, &checked, distinct.len(), &group);
        // The mean of equal forecasts, to the last digit.
        Ok(groups.parts(|k| distinct[k], |_, _| 0.0))
    }

    /// With the bins of a calibration curve as groups, for forecasts that are rarely equal.
    ///
    /// # Errors
    /// [`MetricError`] if there is to be no bin, the lengths differ, there are no rows, or a value or weight is unusable.
    ///
    /// ```
    /// use train::metrics::{Binning, BrierDecomposition, brier_score};
    /// let (y, p) = ([0.0, 0.0, 1.0, 1.0], [0.1, 0.2, 0.7, 0.9]);
    /// let parts = BrierDecomposition::binned(&y, &p, Binning::EqualWidth(2), None)?;
    /// // The group of 0.1 and 0.2 has the mean 0.15, the other one 0.8.
    /// assert!((parts.reliability - (0.15_f64.powi(2) + 0.2_f64.powi(2)) / 2.0).abs() < 1e-15);
    /// assert!((parts.within - (0.05_f64.powi(2) + 0.1_f64.powi(2)) / 2.0).abs() < 1e-15);
    /// assert!((parts.score() - brier_score(&y, &p, None)?).abs() < 1e-15);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn binned(
        target: &[f64],
        probability: &[f64],
        binning: Binning,
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let checked = check::forecast(target, probability, weights)?;
        let edges = CalibrationCurve::edges(probability, &checked, binning)?;
        let group = |i: usize| edges.partition_point(|&edge| edge < probability[i]);
        let groups = Groups::new(target, probability, &checked, edges.len() + 1, &group);
        let spread = |i: usize, k: usize| {
            let p = probability[i] - groups.forecast[k];
            p * (p - 2.0 * (target[i] - groups.event[k]))
        };
        Ok(groups.parts(|k| groups.forecast[k], spread))
    }

    /// Reliability − resolution + uncertainty + within: the Brier score.
    pub fn score(&self) -> f64 {
        self.reliability - self.resolution + self.uncertainty + self.within
    }
}

/// Shares, mean forecasts and event shares of groups.
struct Groups<'a> {
    of: Vec<usize>,
    weights: &'a check::Weights<'a>,
    share: Vec<f64>,
    forecast: Vec<f64>,
    event: Vec<f64>,
    events: f64,
}

impl<'a> Groups<'a> {
    fn new(
        target: &[f64],
        probability: &[f64],
        weights: &'a check::Weights<'a>,
        count: usize,
        group: &dyn Fn(usize) -> usize,
    ) -> Self {
        let of: Vec<usize> = (0..target.len()).map(group).collect();
        let (mut share, mut forecast, mut event) =
            (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        for (i, &k) in of.iter().enumerate() {
            let weight = weights.of(i);
            share[k] += weight;
            forecast[k] += weight * probability[i];
            event[k] += weight * target[i];
        }
        for k in 0..count {
            if share[k] > 0.0 {
                forecast[k] /= share[k];
                event[k] /= share[k];
            }
            share[k] /= weights.total();
        }
        Self {
            events: weights.mean(|i| target[i], target.len()),
            of,
            weights,
            share,
            forecast,
            event,
        }
    }

    fn parts(
        &self,
        forecast: impl Fn(usize) -> f64,
        spread: impl Fn(usize, usize) -> f64,
    ) -> BrierDecomposition {
        let over = |square: &dyn Fn(usize) -> f64| -> f64 {
            let shares = self.share.iter().enumerate();
            shares.map(|(k, share)| share * square(k)).sum()
        };
        let within = |i: usize| spread(i, self.of[i]);
        BrierDecomposition {
            reliability: over(&|k| (forecast(k) - self.event[k]).powi(2)),
            resolution: over(&|k| (self.event[k] - self.events).powi(2)),
            uncertainty: self.events * (1.0 - self.events),
            within: self.weights.mean(within, self.of.len()),
        }
    }
}
