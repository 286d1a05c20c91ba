//! Whether events happen as often as their probabilities say.

use super::MetricError;
use super::check::{self, Weights};

/// More bins are a mistake.
const MOST_BINS: usize = 1_000_000;

/// How forecasts are put into bins. A forecast on an edge belongs to the lower bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// So many bins of the same width between 0 and 1.
    EqualWidth(usize),
    /// So many bins of about the same weight: edge j of b is the smallest forecast with at least the share j / b of the weight at or
    /// below it. Equal forecasts stay together, so there can be fewer bins.
    EqualCount(usize),
}

/// One bin of a [`CalibrationCurve`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// The weight of its rows, always positive.
    pub weight: f64,
    /// The mean forecast.
    pub forecast: f64,
    /// The share of events.
    pub observed: f64,
}

/// The share of events against the mean forecast, bin by bin (reliability diagram).
///
/// For several classes take the probability of the predicted class as the forecast, and whether it is right as the target.
///
/// ```
/// use train::metrics::{Binning, CalibrationCurve};
/// let (y, p) = ([0.0, 0.0, 1.0, 1.0, 1.0], [0.1, 0.3, 0.4, 0.8, 0.9]);
/// let curve = CalibrationCurve::new(&y, &p, Binning::EqualWidth(2), None)?;
/// let [low, high] = curve.bins() else { panic!() };
/// assert!((low.forecast - 0.8 / 3.0).abs() < 1e-15 && low.observed == 1.0 / 3.0);
/// assert!((high.forecast - 0.85).abs() < 1e-15 && high.observed == 1.0);
/// // (3/5) |1/3 − 0.8/3| + (2/5) |1 − 0.85|, and the larger of the two differences.
/// assert!((curve.expected_error() - 0.1).abs() < 1e-15 && (curve.maximum_error() - 0.15).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationCurve {
    bins: Vec<CalibrationBin>,
}

impl CalibrationCurve {
    /// From a 0/1 target and probabilities of 1.
    ///
    /// # Errors
    /// [`MetricError`] if there is to be no bin, the lengths differ, there are no rows, or a value or weight is unusable.
    pub fn new(
        target: &[f64],
        probability: &[f64],
        binning: Binning,
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let weights = check::forecast(target, probability, weights)?;
        let edges = Self::edges(probability, &weights, binning)?;
        let empty = CalibrationBin {
            weight: 0.0,
            forecast: 0.0,
            observed: 0.0,
        };
        let mut bins = vec![empty; edges.len() + 1];
        for (row, (&p, &y)) in probability.iter().zip(target).enumerate() {
            let bin = &mut bins[edges.partition_point(|&edge| edge < p)];
            let weight = weights.of(row);
            bin.weight += weight;
            bin.forecast += weight * p;
            bin.observed += weight * y;
        }
        bins.retain(|bin| bin.weight > 0.0);
        for bin in &mut bins {
            bin.forecast /= bin.weight;
            bin.observed /= bin.weight;
        }
        Ok(Self { bins })
    }

    /// The bins that have weight, in ascending order.
    pub fn bins(&self) -> &[CalibrationBin] {
        &self.bins
    }

    /// The expected calibration error: the mean of |mean forecast − share of events| over the bins, by weight (Naeini, Cooper and
    /// Hauskrecht 2015). It depends on the bins, and is above 0 by chance also for calibrated forecasts.
    pub fn expected_error(&self) -> f64 {
        let total: f64 = self.bins.iter().map(|bin| bin.weight).sum();
        let terms = self.bins.iter().map(|bin| bin.weight * bin.error());
        terms.sum::<f64>() / total
    }

    /// The maximum calibration error: the largest |mean forecast − share of events| of a bin.
    pub fn maximum_error(&self) -> f64 {
        let errors = self.bins.iter().map(CalibrationBin::error);
        errors.fold(0.0, f64::max)
    }

    /// The inner edges of the bins, ascending.
    pub(super) fn edges(
        probability: &[f64],
        weights: &Weights<'_>,
        binning: Binning,
    ) -> Result<Vec<f64>, MetricError> {
        let (Binning::EqualWidth(count) | Binning::EqualCount(count)) = binning;
        if count == 0 || count > MOST_BINS {
            return Err(MetricError::Setting {
                name: "the number of bins",
                value: count as f64,
                rule: "from 1 to 1,000,000",
            });
        }
        if let Binning::EqualWidth(_) = binning {
            return Ok((1..count).map(|j| j as f64 / count as f64).collect());
        }
        let mut order: Vec<usize> = (0..probability.len()).collect();
        order.sort_by(|&a, &b| probability[a].total_cmp(&probability[b]));
        let mut edges: Vec<f64> = Vec::new();
        let (mut below, mut next) = (0.0, 1);
        for &row in &order {
            below += weights.of(row);
            while next < count && below * count as f64 >= weights.total() * next as f64 {
                edges.push(probability[row]);
                next += 1;
            }
        }
        edges.dedup();
        Ok(edges)
    }
}

impl CalibrationBin {
    /// |mean forecast − share of events|.
    pub fn error(&self) -> f64 {
        (self.forecast - self.observed).abs()
    }
}
