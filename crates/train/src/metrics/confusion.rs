//! The confusion matrix: how much weight each pair of a true and a predicted class has.

use std::fmt;

use linalg::{Mat, MatRef};

use super::MetricError;
use super::check::{self, Weights};

/// The weight C[i, j] of the rows of class i that are predicted to be of class j.
///
/// True classes are rows, as in scikit-learn. Without weights the entries are counts. Every metric of class predictions is a
/// function of this matrix.
///
/// ```
/// use train::metrics::ConfusionMatrix;
/// let truth = ["cat", "cat", "dog", "emu"];
/// let c = ConfusionMatrix::of_labels(&truth, &["cat", "dog", "dog", "dog"], None)?;
/// assert_eq!(c.labels(), ["cat", "dog", "emu"]);
/// assert_eq!((c.weight(0, 1), c.accuracy()), (1.0, 0.5));
/// assert_eq!((c.recall(0), c.precision(1), c.precision(2)), (Some(0.5), Some(1.0 / 3.0), None));
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConfusionMatrix {
    labels: Vec<String>,
    cells: Mat<f64>,
    pub(super) truth: Vec<f64>,
    pub(super) predicted: Vec<f64>,
    total: f64,
}

impl ConfusionMatrix {
    /// From classes with the numbers 0, …, `classes` − 1, which are also their labels.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, there are no rows, a class is out of range, or the weights are unusable.
    ///
    /// ```
    /// use train::metrics::ConfusionMatrix;
    /// let c = ConfusionMatrix::new(&[0, 1, 1], &[0, 0, 1], 2, Some(&[1.0, 0.5, 2.0]))?;
    /// assert_eq!((c.weight(1, 0), c.weight(1, 1), c.total()), (0.5, 2.0, 3.5));
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn new(
        truth: &[usize],
        predicted: &[usize],
        classes: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        const MOST: usize = 10_000;
        if classes > MOST {
            return Err(MetricError::Setting {
                name: "the number of classes",
                value: classes as f64,
                rule: "at most 10,000",
            });
        }
        let weights = Weights::new(weights, truth.len())?;
        check::same(truth.len(), predicted.len(), "predictions")?;
        check::classes(truth, classes, "true")?;
        check::classes(predicted, classes, "predicted")?;
        let mut cells = Mat::zeros(classes, classes);
        for (row, (&i, &j)) in truth.iter().zip(predicted).enumerate() {
            cells[(i, j)] += weights.of(row);
        }
        let sum = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            let class = |k| (0..classes).map(|other| of(k, other)).sum();
            (0..classes).map(class).collect()
        };
        Ok(Self {
            labels: (0..classes).map(|class| class.to_string()).collect(),
            truth: sum(&|k, other| cells[(k, other)]),
            predicted: sum(&|k, other| cells[(other, k)]),
            total: weights.total(),
            cells,
        })
    }

    /// From labels of any kind: the classes are those that occur on either side, in ascending order.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, there are no rows, or the weights are unusable.
    pub fn of_labels<L: Ord + fmt::Display>(
        truth: &[L],
        predicted: &[L],
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        let mut labels: Vec<&L> = truth.iter().chain(predicted).collect();
        labels.sort_unstable();
        labels.dedup();
        // Every label was put into the list.
        let place = |label: &L| labels.partition_point(|known| *known < label);
        let [truth, predicted] =
            [truth, predicted].map(|side| side.iter().map(place).collect::<Vec<_>>());
        let names = labels.iter().map(ToString::to_string);
        Self::new(&truth, &predicted, labels.len(), weights)?.labelled(names)
    }

    /// From a probability or score and a 0/1 target: class 1 is predicted where the score is at least the threshold.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, there are no rows, a value is unusable, or the weights are.
    ///
    /// ```
    /// use train::metrics::ConfusionMatrix;
    /// let c = ConfusionMatrix::at_threshold(&[0.0, 1.0, 1.0], &[0.5, 0.4, 0.9], 0.5, None)?;
    /// assert_eq!((c.recall(1), c.precision(1)), (Some(0.5), Some(0.5)));
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn at_threshold(
        target: &[f64],
        score: &[f64],
        threshold: f64,
        weights: Option<&[f64]>,
    ) -> Result<Self, MetricError> {
        check::scored(target, score, weights)?;
        if threshold.is_nan() {
            return Err(MetricError::Setting {
                name: "the threshold",
                value: threshold,
                rule: "a number",
            });
        }
        let truth: Vec<usize> = target.iter().map(|&y| usize::from(y == 1.0)).collect();
        let predicted: Vec<usize> = score.iter().map(|&s| usize::from(s >= threshold)).collect();
        Self::new(&truth, &predicted, 2, weights)
    }

    /// The same with other labels.
    ///
    /// # Errors
    /// [`MetricError::Labels`] if there is not one for every class.
    pub fn labelled<S: Into<String>>(
        self,
        labels: impl IntoIterator<Item = S>,
    ) -> Result<Self, MetricError> {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        if labels.len() == self.classes() {
            return Ok(Self { labels, ..self });
        }
        Err(MetricError::Labels {
            classes: self.classes(),
            found: labels.len(),
        })
    }

    /// How many classes.
    pub fn classes(&self) -> usize {
        self.labels.len()
    }

    /// Their labels.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The matrix: true classes are rows, predicted ones columns.
    pub fn cells(&self) -> MatRef<'_, f64> {
        self.cells.as_ref()
    }

    /// The weight of the rows of one class that are predicted to be of another (or the same).
    ///
    /// # Panics
    /// If there is no such class; so do all methods that take the number of a class.
    #[track_caller]
    pub fn weight(&self, truth: usize, predicted: usize) -> f64 {
        self.cells[(truth, predicted)]
    }

    /// The weight of all rows.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The weight of the rows of a class (its support).
    #[track_caller]
    pub fn support(&self, class: usize) -> f64 {
        self.truth[class]
    }

    /// The weight of the rows that are predicted to be of a class.
    #[track_caller]
    pub fn predicted(&self, class: usize) -> f64 {
        self.predicted[class]
    }

    pub(super) fn right(&self) -> f64 {
        (0..self.classes()).map(|k| self.cells[(k, k)]).sum()
    }
}

/// A table with the labels: true classes downwards, predicted ones across.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = self.classes();
        let cell = |i: usize, j: usize| self.cells[(i, j)].to_string();
        let widths: Vec<usize> = (0..k)
            .map(|j| {
                let cells = (0..k).map(|i| cell(i, j).chars().count());
                cells
                    .chain([self.labels[j].chars().count()])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let corner = "true \\ predicted";
        let names = self.labels.iter().map(|label| label.chars().count());
        let first = names.chain([corner.chars().count()]).max().unwrap_or(0);
        write!(f, "{corner:<first$}")?;
        for (label, width) in self.labels.iter().zip(&widths) {
            write!(f, "  {label:>width$}")?;
        }
        for i in 0..k {
            write!(f, "\n{:<first$}", self.labels[i])?;
            for (j, width) in widths.iter().enumerate() {
                write!(f, "  {:>width$}", cell(i, j))?;
            }
        }
        Ok(())
    }
}
