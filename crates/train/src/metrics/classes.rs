//! Metrics of class predictions: functions of the confusion matrix.
//!
//! For a class k with true positives TP = C[k, k], false positives FP (predicted k and not k) and false negatives FN (k and not
//! predicted k):
//!
//! `precision = TP / (TP + FP)`,  `recall = TP / (TP + FN)`,  `F_β = (1 + β²) TP / ((1 + β²) TP + β² FN + FP)`
//!
//! (van Rijsbergen 1979, ch. 7). Where the denominator is 0 the metric of a class is `None`, and an average says what becomes of it
//! with [`Undefined`].

use super::{ConfusionMatrix, MetricError};

/// A metric of one class against the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClassMetric {
    /// TP / (TP + FP): of what is predicted to be of the class, the share that is.
    Precision,
    /// TP / (TP + FN): of the class, the share that is found (sensitivity).
    Recall,
    /// The harmonic mean of precision and recall, in which recall counts β times as much (β ≥ 0; 1 is F₁).
    FBeta(f64),
    /// TP / (TP + FP + FN): intersection by union.
    Jaccard,
}

impl ClassMetric {
    fn name(self) -> &'static str {
        match self {
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::FBeta(_) => "F-beta",
            Self::Jaccard => "the Jaccard index",
        }
    }

    /// `None` for 0/0.
    fn value(self, right: f64, predicted: f64, truth: f64) -> Option<f64> {
        let (numerator, denominator) = match self {
            Self::Precision => (right, predicted),
            Self::Recall => (right, truth),
            Self::FBeta(beta) if beta > 1e100 => (right, truth),
            Self::FBeta(beta) => {
                let square = beta * beta;
                ((1.0 + square) * right, square * truth + predicted)
            }
            Self::Jaccard => (right, truth + predicted - right),
        };
        (denominator > 0.0).then(|| numerator / denominator)
    }

    fn check(self) -> Result<(), MetricError> {
        match self {
            Self::FBeta(value) if value.is_nan() || value < 0.0 => Err(MetricError::Setting {
                name: "beta",
                value,
                rule: "0 or more",
            }),
            _ => Ok(()),
        }
    }

    /// When a class has none.
    fn reason(self) -> &'static str {
        match self {
            Self::Precision | Self::FBeta(0.0) => "no row is predicted to be of it",
            Self::Recall => "no row is of it",
            _ => "no row is of it or predicted to be",
        }
    }
}

/// How the metrics of the classes become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// The mean over the classes: each counts the same.
    Macro,
    /// Of the sums of TP, FP and FN over the classes: each row counts the same. With one prediction for every row, micro-averaged
    /// precision, recall and F-beta are the accuracy.
    Micro,
    /// The mean over the classes, each with the weight of its rows.
    Weighted,
}

/// What an average makes of a class whose metric is 0/0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Undefined {
    /// The average is an error that names the class.
    #[default]
    Refuse,
    /// The class is left out of the average (scikit-learn's `zero_division=nan`).
    Skip,
    /// The class counts with this value (scikit-learn's `zero_division`, there 0 with a warning if not said).
    As(f64),
}

impl ConfusionMatrix {
    /// The share of the rows that are predicted right.
    pub fn accuracy(&self) -> f64 {
        self.right() / self.total()
    }

    /// A metric of one class; `None` if it is 0/0, or if β is negative or NaN.
    #[track_caller]
    pub fn class_metric(&self, metric: ClassMetric, class: usize) -> Option<f64> {
        metric.check().ok()?;
        metric.value(
            self.weight(class, class),
            self.predicted(class),
            self.support(class),
        )
    }

    /// Precision of a class; `None` if no row is predicted to be of it.
    #[track_caller]
    pub fn precision(&self, class: usize) -> Option<f64> {
        self.class_metric(ClassMetric::Precision, class)
    }

    /// Recall of a class; `None` if no row is of it. The specificity of a binary prediction is the recall of class 0.
    #[track_caller]
    pub fn recall(&self, class: usize) -> Option<f64> {
        self.class_metric(ClassMetric::Recall, class)
    }

    /// F₁ of a class; `None` if no row is of it or predicted to be.
    #[track_caller]
    pub fn f1(&self, class: usize) -> Option<f64> {
        self.class_metric(ClassMetric::FBeta(1.0), class)
    }

    /// The average of a metric over the classes.
    ///
    /// A matrix may have classes without a row on either side, which are 0/0 in every metric; those of
    /// [`of_labels`](Self::of_labels) have none, as in scikit-learn.
    ///
    /// # Errors
    /// [`MetricError::Undefined`] if the metric of a class is 0/0 and `undefined` refuses it, or if nothing is left;
    /// [`MetricError::Setting`] for a β below 0.
    ///
    /// ```
    /// use train::metrics::{Average, ClassMetric, ConfusionMatrix, Undefined};
    /// let c = ConfusionMatrix::new(&[0, 0, 1, 2], &[0, 1, 1, 1], 3, None)?;
    /// let f1 = |average| c.average(ClassMetric::FBeta(1.0), average, Undefined::Refuse);
    /// assert!((f1(Average::Macro)? - (2.0 / 3.0 + 0.5 + 0.0) / 3.0).abs() < 1e-15);
    /// assert_eq!(f1(Average::Micro)?, c.accuracy());
    /// // Nothing is predicted to be of class 2.
    /// let precision = |undefined| c.average(ClassMetric::Precision, Average::Macro, undefined);
    /// assert!(precision(Undefined::Refuse).is_err());
    /// assert!((precision(Undefined::As(0.0))? - 4.0 / 9.0).abs() < 1e-15);
    /// assert!((precision(Undefined::Skip)? - 2.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn average(
        &self,
        metric: ClassMetric,
        average: Average,
        undefined: Undefined,
    ) -> Result<f64, MetricError> {
        metric.check()?;
        if average == Average::Micro {
            // The total is positive, and so is each of the denominators.
            let (right, total) = (self.right(), self.total());
            return metric
                .value(right, total, total)
                .ok_or_else(|| self.nothing(metric));
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for class in 0..self.classes() {
            let value = match (self.class_metric(metric, class), undefined) {
                (Some(value), _) | (None, Undefined::As(value)) => value,
                (None, Undefined::Skip) => continue,
                (None, Undefined::Refuse) => {
                    return Err(MetricError::Undefined {
                        what: format!("{} of class {}", metric.name(), self.labels()[class]),
                        reason: format!(
                            "{}; leave the class out with Undefined::Skip or give it a value with Undefined::As",
                            metric.reason()
                        ),
                    });
                }
            };
            let weight = match average {
                Average::Weighted => self.support(class),
                _ => 1.0,
            };
            sum += weight * value;
            total += weight;
        }
        if total > 0.0 {
            return Ok(sum / total);
        }
        Err(self.nothing(metric))
    }

    fn nothing(&self, metric: ClassMetric) -> MetricError {
        MetricError::Undefined {
            what: format!("the average of {}", metric.name()),
            reason: format!(
                "it is undefined for every one of the {} classes that would count",
                self.classes()
            ),
        }
    }

    /// The mean recall of the classes that have rows (as in scikit-learn): what accuracy would be if they were equally large.
    ///
    /// ```
    /// use train::metrics::ConfusionMatrix;
    /// let c = ConfusionMatrix::new(&[0, 0, 0, 1], &[0, 0, 1, 1], 2, None)?;
    /// assert!((c.balanced_accuracy() - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-15);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls: Vec<f64> = (0..self.classes()).filter_map(|k| self.recall(k)).collect();
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }

    /// Matthews' correlation coefficient: the correlation of true and predicted class (Matthews 1975; for several classes
    /// Gorodkin 2004). With c the weight of the right predictions, s of all, `t_k` and `p_k` of the rows of class k and of those
    /// predicted to be:
    ///
    /// `(c s − Σ t_k p_k) / √((s² − Σ p_k²) (s² − Σ t_k²))`
    ///
    /// `None` if all rows are of one class or all predictions are, where a correlation is 0/0 (scikit-learn says 0).
    ///
    /// ```
    /// use train::metrics::ConfusionMatrix;
    /// let c = ConfusionMatrix::new(&[1, 1, 1, 0], &[1, 0, 1, 1], 2, None)?;
    /// assert!((c.matthews().unwrap() + 1.0 / 3.0).abs() < 1e-15);
    /// assert_eq!(ConfusionMatrix::new(&[1, 0], &[1, 1], 2, None)?.matthews(), None);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn matthews(&self) -> Option<f64> {
        let share = |class: usize| {
            let s = self.total();
            (self.support(class) / s, self.predicted(class) / s)
        };
        let several = |of: &[f64]| of.iter().filter(|w| **w > 0.0).count() > 1;
        if !(several(&self.truth) && several(&self.predicted)) {
            return None;
        }
        let (mut both, mut truth, mut predicted) = (0.0, 0.0, 0.0);
        for class in 0..self.classes() {
            let (t, p) = share(class);
            both += t * p;
            truth += t * (1.0 - t);
            predicted += p * (1.0 - p);
        }
        Some(((self.accuracy() - both) / (truth * predicted).sqrt()).clamp(-1.0, 1.0))
    }

    /// Cohen's κ (1960): (accuracy − e) / (1 − e), where `e = Σ t_k p_k / s²` is the accuracy expected of predictions that do not
    /// depend on the class. `None` if truth and predictions are all of one and the same class.
    ///
    /// ```
    /// use train::metrics::ConfusionMatrix;
    /// let c = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 0, 1, 0], 2, None)?;
    /// assert_eq!(c.kappa(), Some(0.5));
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn kappa(&self) -> Option<f64> {
        let square = self.total() * self.total();
        let terms = self.truth.iter().zip(&self.predicted);
        let expected = terms.map(|(t, p)| t * p).sum::<f64>() / square;
        let alone = (0..self.classes()).any(|k| self.weight(k, k) == self.total());
        (!alone && expected < 1.0).then(|| (self.accuracy() - expected) / (1.0 - expected))
    }
}
