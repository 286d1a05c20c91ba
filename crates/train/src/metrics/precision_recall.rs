//! Precision against recall as the threshold falls.

use super::MetricError;
use super::ranking::Ranking;

/// One threshold of a [`PrecisionRecallCurve`]: class 1 is predicted where the score is at least as high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionRecallPoint {
    /// The threshold.
    pub threshold: f64,
    /// Of what is predicted to be of class 1, the share that is.
    pub precision: f64,
    /// Of class 1, the share that is found.
    pub recall: f64,
}

/// Precision and recall at every distinct score.
///
/// It is scikit-learn's `precision_recall_curve` from the other end, without the point (recall 0, precision 1) that is added
/// there: no threshold has it.
///
/// ```
/// use train::metrics::PrecisionRecallCurve;
/// let curve = PrecisionRecallCurve::new(&[0.0, 0.0, 1.0, 1.0], &[0.1, 0.4, 0.35, 0.8], None)?;
/// let points: Vec<_> = curve.points().iter().map(|p| (p.recall, p.precision)).collect();
/// assert_eq!(points, [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0), (1.0, 0.5)]);
/// assert!((curve.average_precision() - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    points: Vec<PrecisionRecallPoint>,
}

impl PrecisionRecallCurve {
    /// From a 0/1 target and a score that is larger where 1 is more likely.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, a value is unusable, or class 1 has no row with a weight.
    pub fn new(
        target: &[f64],
        score: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let ranking = Ranking::new(target, score, weights)?;
        let positives = ranking.positives();
        if positives == 0.0 {
            return Err(MetricError::TooFew {
                what: "a precision-recall curve",
                class: 1,
                found: 0,
                needed: 1,
            });
        }
        let point = |i: usize| {
            let (tp, fp) = (ranking.true_positives[i], ranking.false_positives[i]);
            PrecisionRecallPoint {
                threshold: ranking.scores[i],
                precision: tp / (tp + fp),
                recall: tp / positives,
            }
        };
        let points = (0..ranking.scores.len()).map(point).collect();
        Ok(Self { points })
    }

    /// The points, from the highest threshold to the lowest: recall ascends to 1.
    pub fn points(&self) -> &[PrecisionRecallPoint] {
        &self.points
    }

    /// The area below the curve as a sum of steps: `AP = Σ (R_n − R_{n−1}) P_n` over the
    /// thresholds from the highest, with `R_0 = 0`.
    ///
    /// Points are not joined by straight lines, which would promise precisions that no threshold has (Davis and Goadrich 2006).
    pub fn average_precision(&self) -> f64 {
        let mut before = 0.0;
        let mut sum = 0.0;
        for point in &self.points {
            sum += (point.recall - before) * point.precision;
            before = point.recall;
        }
        sum
    }
}

/// The average precision of a [`PrecisionRecallCurve`].
///
/// # Errors
/// [`MetricError`] if the lengths differ, a value is unusable, or class 1 has no row with a weight.
///
/// ```
/// use train::metrics::average_precision;
/// assert_eq!(average_precision(&[1.0, 0.0, 0.0], &[0.9, 0.4, 0.1], None)?, 1.0);
/// // A constant score has the share of class 1.
/// assert_eq!(average_precision(&[1.0, 0.0, 0.0, 0.0], &[0.5; 4], None)?, 0.25);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn average_precision(
    target: &[f64],
    score: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    Ok(PrecisionRecallCurve::new(target, score, weights)?.average_precision())
}
