//! Precision, recall and F₁ of every class in one table.

use std::fmt;

use super::ConfusionMatrix;

/// One class of a [`ClassReport`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// Its label.
    pub label: String,
    /// Of what is predicted to be of the class, the share that is; `None` if nothing is predicted to be.
    pub precision: Option<f64>,
    /// Of the class, the share that is found; `None` if no row is of it.
    pub recall: Option<f64>,
    /// Their harmonic mean; `None` if no row is of the class or predicted to be.
    pub f1: Option<f64>,
    /// The weight of its rows.
    pub support: f64,
}

/// Precision, recall, F₁ and support of every class, and the accuracy; prints as a table in which 0/0 is a dash.
///
/// ```
/// use train::metrics::ConfusionMatrix;
/// let c = ConfusionMatrix::of_labels(&["cat", "cat", "dog", "emu"], &["cat", "dog", "dog", "dog"], None)?;
/// let report = c.report();
/// assert_eq!(report.rows[1].precision, Some(1.0 / 3.0));
/// let table = "
/// class  precision  recall      F1  support
/// cat       1.0000  0.5000  0.6667        2
/// dog       0.3333  1.0000  0.5000        1
/// emu            -  0.0000  0.0000        1
/// accuracy 0.5000";
/// assert_eq!(report.to_string(), table.trim_start());
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassReport {
    /// The classes in their order.
    pub rows: Vec<ClassRow>,
    /// The share of the rows that are predicted right.
    pub accuracy: f64,
}

impl ConfusionMatrix {
    /// Precision, recall, F₁ and support of every class.
    pub fn report(&self) -> ClassReport {
        let row = |class: usize| ClassRow {
            label: self.labels()[class].clone(),
            precision: self.precision(class),
            recall: self.recall(class),
            f1: self.f1(class),
            support: self.support(class),
        };
        ClassReport {
            rows: (0..self.classes()).map(row).collect(),
            accuracy: self.accuracy(),
        }
    }
}

impl fmt::Display for ClassReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.rows.iter().map(|row| row.label.chars().count());
        let first = labels.chain([5]).max().unwrap_or(5);
        let share = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.4}"));
        writeln!(
            f,
            "{:<first$}  {:>9}  {:>6}  {:>6}  {:>7}",
            "class", "precision", "recall", "F1", "support"
        )?;
        for row in &self.rows {
            writeln!(
                f,
                "{:<first$}  {:>9}  {:>6}  {:>6}  {:>7}",
                row.label,
                share(row.precision),
                share(row.recall),
                share(row.f1),
                row.support
            )?;
        }
        write!(f, "accuracy {:.4}", self.accuracy)
    }
}
