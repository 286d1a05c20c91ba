//! What every metric asks of its inputs.

use linalg::MatRef;

use super::MetricError;

/// Checked weights: all 1 if none are given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights<'a> {
    given: Option<&'a [f64]>,
    total: f64,
}

impl<'a> Weights<'a> {
    pub(super) fn new(given: Option<&'a [f64]>, rows: usize) -> Result<Self, MetricError> {
        if rows == 0 {
            return Err(MetricError::Empty);
        }
        let Some(weights) = given else {
            let total = rows as f64;
            return Ok(Self { given, total });
        };
        same(rows, weights.len(), "weights")?;
        let fault = |w: &f64| !(w.is_finite() && *w >= 0.0);
        if let Some(i) = weights.iter().position(fault) {
            let (row, value) = (i + 1, weights[i]);
            return Err(MetricError::Weight { row, value });
        }
        let total: f64 = weights.iter().sum();
        // Products of two such sums have to be numbers.
        if !(total > 1e-100 && total < 1e100) {
            return Err(MetricError::TotalWeight { sum: total });
        }
        Ok(Self { given, total })
    }

    pub(super) fn of(&self, row: usize) -> f64 {
        self.given.map_or(1.0, |weights| weights[row])
    }

    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// The weighted mean of a function of the row; rows of weight 0 have no part in it.
    pub(super) fn mean(&self, f: impl Fn(usize) -> f64, rows: usize) -> f64 {
        let weighted = |row| match self.of(row) {
            0.0 => 0.0,
            weight => weight * f(row),
        };
        (0..rows).map(weighted).sum::<f64>() / self.total
    }
}

pub(super) fn same(expected: usize, found: usize, what: &'static str) -> Result<(), MetricError> {
    if expected == found {
        return Ok(());
    }
    Err(MetricError::Lengths {
        what,
        expected,
        found,
    })
}

pub(super) fn finite(values: &[f64], what: &'static str) -> Result<(), MetricError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(i) => Err(MetricError::NotFinite {
            what,
            row: i + 1,
            value: values[i],
        }),
    }
}

/// Targets of 0 and 1.
pub(super) fn binary(target: &[f64]) -> Result<(), MetricError> {
    match target.iter().position(|&y| y != 0.0 && y != 1.0) {
        None => Ok(()),
        Some(i) => Err(MetricError::Target {
            row: i + 1,
            value: target[i],
        }),
    }
}

pub(super) fn probabilities(probability: &[f64]) -> Result<(), MetricError> {
    let inside = |p: &f64| (0.0..=1.0).contains(p);
    match probability.iter().position(|p| !inside(p)) {
        None => Ok(()),
        Some(i) => Err(MetricError::Probability {
            row: i + 1,
            value: probability[i],
        }),
    }
}

/// Rows of probabilities that add up to 1, to within 1e-4: softmaxes in single precision are
/// off by their rounding.
pub(super) fn distributions(probability: MatRef<'_, f64>) -> Result<(), MetricError> {
    for i in 0..probability.nrows() {
        let mut sum = 0.0;
        for j in 0..probability.ncols() {
            let value = probability[(i, j)];
            if !(0.0..=1.0).contains(&value) {
                return Err(MetricError::Probability { row: i + 1, value });
            }
            sum += value;
        }
        if (sum - 1.0).abs() > 1e-4 {
            return Err(MetricError::ProbabilitySum { row: i + 1, sum });
        }
    }
    Ok(())
}

pub(super) fn classes(of: &[usize], classes: usize, what: &'static str) -> Result<(), MetricError> {
    match of.iter().position(|&class| class >= classes) {
        None => Ok(()),
        Some(i) => Err(MetricError::Class {
            what,
            row: i + 1,
            class: of[i],
            classes,
        }),
    }
}

/// A confidence level.
pub(super) fn level(value: f64) -> Result<(), MetricError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(MetricError::Setting {
        name: "the confidence level",
        value,
        rule: "between 0 and 1, such as 0.95",
    })
}

/// At least so many rows of both classes, of those with a weight.
pub(super) fn both_classes(
    target: &[f64],
    weights: &Weights<'_>,
    needed: usize,
    what: &'static str,
) -> Result<(), MetricError> {
    let mut counts = [0, 0];
    for (row, &y) in target.iter().enumerate() {
        if weights.of(row) > 0.0 {
            counts[usize::from(y == 1.0)] += 1;
        }
    }
    for (class, found) in counts.into_iter().enumerate() {
        if found < needed {
            return Err(MetricError::TooFew {
                what,
                class,
                found,
                needed,
            });
        }
    }
    Ok(())
}

/// Everything that a score and a binary target have to be.
pub(super) fn scored<'a>(
    target: &[f64],
    score: &[f64],
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, MetricError> {
    let weights = Weights::new(weights, target.len())?;
    same(target.len(), score.len(), "scores")?;
    binary(target)?;
    finite(score, "score")?;
    Ok(weights)
}

/// Everything that a probability and a binary target have to be.
pub(super) fn forecast<'a>(
    target: &[f64],
    probability: &[f64],
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, MetricError> {
    let weights = Weights::new(weights, target.len())?;
    same(target.len(), probability.len(), "probabilities")?;
    binary(target)?;
    probabilities(probability)?;
    Ok(weights)
}

/// Everything that the probabilities of several classes (rows x classes) have to be.
pub(super) fn forecasts<'a>(
    target: &[usize],
    probability: MatRef<'_, f64>,
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, MetricError> {
    let weights = Weights::new(weights, target.len())?;
    same(target.len(), probability.nrows(), "rows of probabilities")?;
    classes(target, probability.ncols(), "true")?;
    distributions(probability)?;
    Ok(weights)
}
