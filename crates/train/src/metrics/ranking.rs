//! Rows in descending order of their score, equal scores together: what ROC, precision and recall, and thresholds count.

use super::MetricError;
use super::check::{self, Weights};

/// The weights above and at each distinct score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranking {
    /// Distinct scores, descending.
    pub(super) scores: Vec<f64>,
    /// The weight of class 1 at this score or above.
    pub(super) true_positives: Vec<f64>,
    /// The weight of class 0 at this score or above.
    pub(super) false_positives: Vec<f64>,
}

impl Ranking {
    /// O(n log n). Rows of weight 0 are left out.
    pub(super) fn new(
        target: &[f64],
        score: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let weights = check::scored(target, score, weights)?;
        Ok(Self::of(target, score, &weights))
    }

    /// The same, with both classes.
    pub(super) fn of_both_classes(
        target: &[f64],
        score: &[f64],
        weights: Option<&[f64]>,
        what: &'static str,
    ) -> Result<Self, MetricError> {
        let weights = check::scored(target, score, weights)?;
        check::both_classes(target, &weights, 1, what)?;
        Ok(Self::of(target, score, &weights))
    }

    fn of(target: &[f64], score: &[f64], weights: &Weights<'_>) -> Self {
        let mut order: Vec<usize> = (0..target.len())
            .filter(|&row| weights.of(row) > 0.0)
            .collect();
        order.sort_by(|&a, &b| score[b].total_cmp(&score[a]));
        let mut ranking = Self {
            scores: Vec::new(),
            true_positives: Vec::new(),
            false_positives: Vec::new(),
        };
        let (mut positive, mut negative) = (0.0, 0.0);
        // 0 and −0 are equal and stand side by side in the total order.
        for tied in order.chunk_by(|&a, &b| score[a] == score[b]) {
            for &row in tied {
                let class = if target[row] == 1.0 {
                    &mut positive
                } else {
                    &mut negative
                };
                *class += weights.of(row);
            }
            ranking.scores.push(score[tied[0]]);
            ranking.true_positives.push(positive);
            ranking.false_positives.push(negative);
        }
        ranking
    }

    /// The weight of class 1.
    pub(super) fn positives(&self) -> f64 {
        self.true_positives.last().copied().unwrap_or(0.0)
    }

    /// The weight of class 0.
    pub(super) fn negatives(&self) -> f64 {
        self.false_positives.last().copied().unwrap_or(0.0)
    }
}
