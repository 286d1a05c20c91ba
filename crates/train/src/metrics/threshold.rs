//! The threshold that costs least.

use super::MetricError;
use super::ranking::Ranking;

/// What the two kinds of error cost, in any unit; right predictions cost nothing.
///
/// ```
/// use train::metrics::Costs;
/// let (target, score) = ([0.0, 0.0, 1.0, 0.0, 1.0], [0.1, 0.2, 0.3, 0.6, 0.7]);
/// // Errors of the same cost: predicting 1 from 0.7 on makes one error.
/// let best = Costs::new(1.0, 1.0)?.threshold(&target, &score, None)?;
/// assert_eq!((best.threshold, best.cost, best.false_negatives), (0.7, 0.2, 1.0));
/// // A missed event costs as much as five false alarms: predict 1 from 0.3 on.
/// let best = Costs::new(1.0, 5.0)?.threshold(&target, &score, None)?;
/// assert_eq!((best.threshold, best.cost, best.false_positives), (0.3, 0.2, 1.0));
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    false_positive: f64,
    false_negative: f64,
}

/// A threshold and what it costs on the data that it was chosen on (new data will cost more, on average).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostThreshold {
    /// Predict class 1 where the score is at least this; +∞ if it costs least never to.
    pub threshold: f64,
    /// The mean cost of a row.
    pub cost: f64,
    /// The weight of the rows of class 0 that are predicted to be of class 1.
    pub false_positives: f64,
    /// The weight of the rows of class 1 that are predicted to be of class 0.
    pub false_negatives: f64,
}

impl Costs {
    /// Of a false positive and of a false negative.
    ///
    /// # Errors
    /// [`MetricError::Setting`] unless both lie between 0 and 1e100 and one is positive.
    pub fn new(false_positive: f64, false_negative: f64) -> Result<Self, MetricError> {
        for (name, value) in [
            ("the cost of a false positive", false_positive),
            ("the cost of a false negative", false_negative),
        ] {
            if !(0.0..=1e100).contains(&value) {
                let rule = "from 0 to 1e100";
                return Err(MetricError::Setting { name, value, rule });
            }
        }
        if false_positive + false_negative == 0.0 {
            return Err(MetricError::Setting {
                name: "the sum of the costs",
                value: 0.0,
                rule: "positive: without costs every threshold is as good as another",
            });
        }
        Ok(Self {
            false_positive,
            false_negative,
        })
    }

    /// The threshold for true probabilities: predict 1 from c₀ / (c₀ + c₁) on, where c₀ and c₁ are the costs of false positives and
    /// false negatives (Elkan 2001). It needs no data, but calibrated probabilities.
    ///
    /// ```
    /// assert_eq!(train::metrics::Costs::new(1.0, 4.0)?.bayes_threshold(), 0.2);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn bayes_threshold(&self) -> f64 {
        // Divided first, so that the sum of large costs is finite.
        let largest = self.false_positive.max(self.false_negative);
        let (fp, fneg) = (self.false_positive / largest, self.false_negative / largest);
        fp / (fp + fneg)
    }

    /// The threshold with the smallest cost on these data: (c₀ FP + c₁ FN) / Σ w, over +∞ and every distinct score.
    ///
    /// A threshold between two neighbouring scores predicts the same as the higher one, so these are all. Of thresholds that cost the
    /// same, the highest is taken: it predicts class 1 for the fewest rows. Both classes need not occur.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
    pub fn threshold(
        &self,
        target: &[f64],
        score: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<CostThreshold, MetricError> {
        let ranking = Ranking::new(target, score, weights)?;
        let positives = ranking.positives();
        let total = positives + ranking.negatives();
        let at = |threshold: f64, tp: f64, fp: f64| CostThreshold {
            threshold,
            cost: (self.false_positive * fp + self.false_negative * (positives - tp)) / total,
            false_positives: fp,
            false_negatives: positives - tp,
        };
        let mut best = at(f64::INFINITY, 0.0, 0.0);
        for (i, &score) in ranking.scores.iter().enumerate() {
            let point = at(score, ranking.true_positives[i], ranking.false_positives[i]);
            if point.cost < best.cost {
                best = point;
            }
        }
        Ok(best)
    }
}
