//! The receiver operating characteristic: how the hits grow with the false alarms as the threshold falls.

use linalg::MatRef;

use super::ranking::Ranking;
use super::{Average, MetricError, check};

/// One threshold of a [`RocCurve`]: class 1 is predicted where the score is at least as high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The threshold; +∞ for the first point, at which nothing is predicted to be of class 1.
    pub threshold: f64,
    /// The share of class 0 that is predicted to be of class 1 (1 − specificity).
    pub false_positive_rate: f64,
    /// The share of class 1 that is (recall, sensitivity).
    pub true_positive_rate: f64,
}

/// The curve of the true positive rate against the false positive rate, with a point for every distinct score.
///
/// Rows with equal scores pass the threshold together, so the curve does not depend on their order. It is scikit-learn's
/// `roc_curve` with `drop_intermediate=False`.
///
/// ```
/// use train::metrics::RocCurve;
/// let roc = RocCurve::new(&[0.0, 0.0, 1.0, 1.0], &[0.1, 0.4, 0.35, 0.8], None)?;
/// let rates: Vec<_> = roc.points().iter().map(|p| (p.false_positive_rate, p.true_positive_rate)).collect();
/// assert_eq!(rates, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
/// assert_eq!((roc.points()[2].threshold, roc.area()), (0.4, 0.75));
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    points: Vec<RocPoint>,
    area: f64,
}

impl RocCurve {
    /// From a 0/1 target and a score that is larger where 1 is more likely.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, a value is unusable, or only one class has rows with a weight.
    pub fn new(
        target: &[f64],
        score: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let ranking = Ranking::of_both_classes(target, score, weights, "a ROC curve")?;
        let (positives, negatives) = (ranking.positives(), ranking.negatives());
        let mut points = vec![RocPoint {
            threshold: f64::INFINITY,
            false_positive_rate: 0.0,
            true_positive_rate: 0.0,
        }];
        let (mut twice, mut before) = (0.0, (0.0, 0.0));
        for (i, &threshold) in ranking.scores.iter().enumerate() {
            let (fp, tp) = (ranking.false_positives[i], ranking.true_positives[i]);
            twice += (fp - before.0) * (tp + before.1);
            before = (fp, tp);
            points.push(RocPoint {
                threshold,
                false_positive_rate: fp / negatives,
                true_positive_rate: tp / positives,
            });
        }
        // Trapezia of counts, divided once: whole weights give the area to the last digit.
        let area = (twice / (2.0 * positives * negatives)).clamp(0.0, 1.0);
        Ok(Self { points, area })
    }

    /// The points, from the highest threshold to the lowest: from (0, 0) to (1, 1).
    pub fn points(&self) -> &[RocPoint] {
        &self.points
    }

    /// The area below the curve (AUC): the probability that a random row of class 1 has a higher score than one of class 0, plus
    /// half the probability that they are equal (Mann and Whitney's U by the product of the weights; Hanley and McNeil 1982).
    pub fn area(&self) -> f64 {
        self.area
    }

    /// The point with the largest difference of the two rates (Youden 1950), of several the one with the highest threshold.
    ///
    /// ```
    /// use train::metrics::RocCurve;
    /// let roc = RocCurve::new(&[0.0, 0.0, 1.0, 1.0], &[0.1, 0.4, 0.45, 0.8], None)?;
    /// assert_eq!(roc.youden().threshold, 0.45);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn youden(&self) -> RocPoint {
        let gain = |p: &RocPoint| p.true_positive_rate - p.false_positive_rate;
        let mut best = self.points[0];
        for point in &self.points[1..] {
            if gain(point) > gain(&best) {
                best = *point;
            }
        }
        best
    }
}

/// The area below the [`RocCurve`].
///
/// # Errors
/// [`MetricError`] if the lengths differ, a value is unusable, or only one class has rows with a weight.
///
/// ```
/// use train::metrics::roc_auc;
/// assert_eq!(roc_auc(&[0.0, 1.0, 1.0], &[0.5, 0.5, 0.9], None)?, 0.75);
/// let error = roc_auc(&[1.0, 1.0], &[0.5, 0.9], None).unwrap_err();
/// assert!(error.to_string().starts_with("a ROC curve needs rows of class 0"));
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn roc_auc(target: &[f64], score: &[f64], weights: Option<&[f64]>) -> Result<f64, MetricError> {
    Ok(RocCurve::new(target, score, weights)?.area())
}

/// The area for several classes: each class against the rest, averaged (scikit-learn's `multi_class="ovr"`).
///
/// `score` has rows x classes. [`Average::Macro`] counts every class the same, [`Average::Weighted`] by its rows, and
/// [`Average::Micro`] takes all entries of the one-hot matrix for one binary target.
///
/// # Errors
/// [`MetricError`] if the shapes differ, a value is unusable, or a class has no rows (or all of them).
///
/// ```
/// use train::metrics::{Average, roc_auc_one_vs_rest};
/// let score = linalg::mat![[0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.6, 0.2], [0.1, 0.5, 0.4]];
/// // Against the rest: class 0 has 1, class 1 has 1/3, class 2 has (1 + 1/2) / 2.
/// let area = roc_auc_one_vs_rest(&[0, 1, 1, 2], score.as_ref(), Average::Macro, None)?;
/// assert!((area - (1.0 + 0.75 + 5.0 / 6.0) / 3.0).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn roc_auc_one_vs_rest(
    target: &[usize],
    score: MatRef<'_, f64>,
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let (rows, classes) = (score.nrows(), score.ncols());
    let checked = check::Weights::new(weights, target.len())?;
    check::same(target.len(), rows, "rows of scores")?;
    check::classes(target, classes, "true")?;
    let column = |k: usize| (0..rows).map(|i| score[(i, k)]).collect::<Vec<_>>();
    let indicator = |k: usize| {
        let is = target.iter().map(|&class| f64::from(u8::from(class == k)));
        is.collect::<Vec<_>>()
    };
    if average == Average::Micro {
        let all = |of: &dyn Fn(usize) -> Vec<f64>| (0..classes).flat_map(of).collect::<Vec<_>>();
        let target = all(&indicator);
        let weights = weights.map(|w| all(&|_| w.to_vec()));
        return roc_auc(&target, &all(&column), weights.as_deref());
    }
    if classes < 2 {
        return Err(MetricError::Setting {
            name: "the number of classes",
            value: classes as f64,
            rule: "2 or more, a column of scores for each",
        });
    }
    // If every class has rows, so has the rest of every class.
    let weighs = |row: usize| checked.of(row) > 0.0;
    for class in 0..classes {
        if !(0..rows).any(|row| target[row] == class && weighs(row)) {
            return Err(MetricError::TooFew {
                what: "the area of each class against the rest",
                class,
                found: 0,
                needed: 1,
            });
        }
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for class in 0..classes {
        let against = indicator(class);
        let weight = match average {
            Average::Weighted => checked.mean(|row| against[row], rows),
            _ => 1.0,
        };
        sum += weight * roc_auc(&against, &column(class), weights)?;
        total += weight;
    }
    Ok(sum / total)
}
