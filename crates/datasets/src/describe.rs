//! What a table holds, column by column, and how its numbers go together.

use std::fmt;

use linalg::reduce;
use serde::Serialize;

use crate::scaling::{mean_and_deviation, quantile, standard};
use crate::{Column, Frame};

/// A summary of a table.
///
/// ```
/// use datasets::{CsvOptions, Description, Summary};
/// let file = "hours,city\n1,Lima\n2,Lima\n,Basel\n4,Basel\n";
/// let frame = CsvOptions::new().read_from("t.csv", file.as_bytes())?;
/// let description = Description::of(&frame);
/// let hours = &description.columns[0];
/// assert_eq!((hours.count, hours.missing), (3, 1));
/// assert!(matches!(&hours.summary, Summary::Numbers { mean, median, .. } if *mean == 7.0 / 3.0 && *median == 2.0));
/// assert!(matches!(&description.columns[1].summary, Summary::Levels { levels } if levels[0] == ("Basel".to_owned(), 2)));
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// Rows of the table.
    pub rows: usize,
    /// The columns.
    pub columns: Vec<ColumnDescription>,
    /// The columns of the correlation matrix: those of numbers and booleans.
    pub correlated: Vec<String>,
    /// Pearson's correlations, row by row, of the rows in which both have a value; NaN (`null`) for a constant or fewer than two
    /// rows.
    pub correlations: Vec<Vec<f64>>,
}

/// A column in a [`Description`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// Values that are not missing.
    pub count: usize,
    /// Values that are.
    pub missing: usize,
    /// What they are.
    pub summary: Summary,
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "type")]
pub enum Summary {
    /// Numbers; all NaN if there are none.
    Numbers {
        /// The arithmetic mean.
        mean: f64,
        /// The standard deviation with divisor n − 1; NaN of one number.
        deviation: f64,
        /// The smallest.
        minimum: f64,
        /// A quarter is not above it.
        lower_quartile: f64,
        /// Half is not above it.
        median: f64,
        /// Three quarters are not above it.
        upper_quartile: f64,
        /// The largest.
        maximum: f64,
    },
    /// Booleans.
    Booleans {
        /// How many are true.
        yes: usize,
    },
    /// Words and how often they occur.
    Levels {
        /// In the order of the levels.
        levels: Vec<(String, usize)>,
    },
}

impl Description {
    /// Summarises a table.
    pub fn of(frame: &Frame) -> Self {
        let describe = |at: usize| {
            let column = frame.column(at);
            let missing = (0..frame.rows())
                .filter(|row| column.is_missing(*row))
                .count();
            ColumnDescription {
                name: frame.names()[at].clone(),
                count: frame.rows() - missing,
                missing,
                summary: summary(column),
            }
        };
        let columns: Vec<ColumnDescription> = (0..frame.names().len()).map(describe).collect();
        let numbers: Vec<(String, Vec<f64>)> = (0..columns.len())
            .filter_map(|at| {
                let values = match frame.column(at) {
                    Column::Numbers(numbers) => numbers.to_vec(),
                    Column::Booleans(values) => {
                        let number = |value: &Option<bool>| {
                            value.map_or(f64::NAN, |v| f64::from(u8::from(v)))
                        };
                        values.iter().map(number).collect()
                    }
                    Column::Categories { .. } => return None,
                };
                Some((columns[at].name.clone(), values))
            })
            .collect();
        let whole: Vec<Option<Vec<f64>>> = numbers.iter().map(|(_, a)| standardised(a)).collect();
        let n = numbers.len();
        let mut correlations = vec![vec![0.0; n]; n];
        for j in 0..n {
            for k in 0..=j {
                let r = match (&whole[j], &whole[k]) {
                    (Some(a), Some(b)) => mean_product(a, b),
                    _ => correlation(&numbers[j].1, &numbers[k].1),
                };
                (correlations[j][k], correlations[k][j]) = (r, r);
            }
        }
        Self {
            rows: frame.rows(),
            correlations,
            correlated: numbers.into_iter().map(|(name, _)| name).collect(),
            columns,
        }
    }
}

fn summary(column: Column<'_>) -> Summary {
    match column {
        Column::Numbers(numbers) => {
            let mut present: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
            let n = present.len() as f64;
            let (mean, deviation) = mean_and_deviation(&present);
            present.sort_by(f64::total_cmp);
            let at = |p: f64| quantile(&present, p);
            Summary::Numbers {
                mean,
                deviation: deviation * (n / (n - 1.0)).sqrt(),
                minimum: at(0.0),
                lower_quartile: at(0.25),
                median: at(0.5),
                upper_quartile: at(0.75),
                maximum: at(1.0),
            }
        }
        Column::Booleans(values) => Summary::Booleans {
            yes: values.iter().filter(|value| **value == Some(true)).count(),
        },
        Column::Categories { codes, levels } => {
            let mut counts = vec![0; levels.len()];
            for code in codes {
                if let Some(count) = counts.get_mut(*code as usize) {
                    *count += 1;
                }
            }
            Summary::Levels {
                levels: levels.iter().cloned().zip(counts).collect(),
            }
        }
    }
}

/// Pearson's correlation of the rows in which both have a value.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let (a, b): (Vec<f64>, Vec<f64>) = both.map(|(a, b)| (*a, *b)).unzip();
    let ((mean_a, sd_a), (mean_b, sd_b)) = (mean_and_deviation(&a), mean_and_deviation(&b));
    if a.len() < 2 || sd_a == 0.0 || sd_b == 0.0 {
        return f64::NAN;
    }
    let products = reduce::sum_by(a.len(), |i| {
        standard(a[i], mean_a, sd_a) * standard(b[i], mean_b, sd_b)
    });
    (products / a.len() as f64).clamp(-1.0, 1.0)
}

/// The standard scores of a column without missing values that varies.
fn standardised(a: &[f64]) -> Option<Vec<f64>> {
    if a.len() < 2 || a.iter().any(|x| x.is_nan()) {
        return None;
    }
    let (mean, sd) = mean_and_deviation(a);
    (sd != 0.0).then(|| a.iter().map(|x| standard(*x, mean, sd)).collect())
}

/// Pearson's correlation of two columns by their standard scores.
fn mean_product(a: &[f64], b: &[f64]) -> f64 {
    (reduce::sum_by(a.len(), |i| a[i] * b[i]) / a.len() as f64).clamp(-1.0, 1.0)
}

/// A matrix of more columns than this is a list of its largest entries in text.
const MATRIX: usize = 20;

/// The pairs of columns with the largest correlations, by their size.
fn strongest(correlations: &[Vec<f64>], count: usize) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = (0..correlations.len())
        .flat_map(|j| (0..j).map(move |k| (k, j)))
        .filter(|(k, j)| !correlations[*k][*j].is_nan())
        .collect();
    let size = |(k, j): &(usize, usize)| correlations[*k][*j].abs();
    pairs.sort_by(|a, b| size(b).total_cmp(&size(a)));
    pairs.truncate(count);
    pairs
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .columns
            .iter()
            .map(|column| column.name.chars().count())
            .max()
            .unwrap_or(0)
            .clamp(6, 60);
        let number = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let columns = number(self.columns.len(), "column");
        writeln!(f, "{}, {columns}\n", number(self.rows, "row"))?;
        writeln!(
            f,
            "{:width$}  {:9} {:>9} {:>9}  values",
            "column", "type", "count", "missing"
        )?;
        for column in &self.columns {
            let ColumnDescription {
                name,
                count,
                missing,
                summary,
            } = column;
            let (kind, values) = match summary {
                Summary::Numbers {
                    mean,
                    deviation,
                    minimum,
                    lower_quartile,
                    median,
                    upper_quartile,
                    maximum,
                } => {
                    if *count == 0 {
                        writeln!(
                            f,
                            "{name:width$}  {:9} {count:>9} {missing:>9}  no values",
                            "number"
                        )?;
                        continue;
                    }
                    let five = [minimum, lower_quartile, median, upper_quartile, maximum];
                    let five: Vec<String> = five.iter().map(|x| short(**x)).collect();
                    let text = format!(
                        "mean {}{}; min, quartiles, max: {}",
                        short(*mean),
                        if deviation.is_nan() {
                            String::new()
                        } else {
                            format!(" ± {}", short(*deviation))
                        },
                        five.join(", ")
                    );
                    ("number", text)
                }
                Summary::Booleans { yes } => {
                    ("boolean", format!("{yes} true, {} false", count - yes))
                }
                Summary::Levels { levels } => {
                    const SHOWN: usize = 5;
                    let shown: Vec<String> = levels
                        .iter()
                        .take(SHOWN)
                        .map(|(level, n)| format!("{level} ({n})"))
                        .collect();
                    let more = if levels.len() > SHOWN { ", …" } else { "" };
                    (
                        "category",
                        format!("{} levels: {}{more}", levels.len(), shown.join(", ")),
                    )
                }
            };
            writeln!(
                f,
                "{name:width$}  {kind:9} {count:>9} {missing:>9}  {values}"
            )?;
        }
        if self.correlated.len() > MATRIX {
            let columns = self.correlated.len();
            writeln!(f, "\nthe strongest correlations of {columns} columns")?;
            for (j, k) in strongest(&self.correlations, MATRIX) {
                let (a, b) = (&self.correlated[j], &self.correlated[k]);
                writeln!(f, "{:>7.3}  {a}, {b}", self.correlations[j][k])?;
            }
        } else if self.correlated.len() > 1 {
            writeln!(f, "\ncorrelations")?;
            write!(f, "{:width$}", "")?;
            self.correlated
                .iter()
                .try_for_each(|name| write!(f, "  {name:>7}"))?;
            writeln!(f)?;
            for (name, row) in self.correlated.iter().zip(&self.correlations) {
                write!(f, "{name:width$}")?;
                for (other, r) in self.correlated.iter().zip(row) {
                    let space = other.chars().count().max(7);
                    write!(f, "  {r:>space$.3}")?;
                }
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// Six significant digits.
fn short(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 || (1e-4..1e6).contains(&size) {
        let digits = (5 - size.log10().floor().max(-5.0) as i32).clamp(0, 9) as usize;
        let text = format!("{x:.digits$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{x:.5e}")
    }
}
