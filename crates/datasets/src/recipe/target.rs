//! The target, and what goes with it: weights and trials.

use serde::{Deserialize, Serialize};

use super::design::fits;
use super::expression::Expression;
use super::source::{Bound, Kind, Rows, Source};
use crate::{DataError, Frame};

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Response {
    /// A number.
    Number,
    /// One of two classes, coded 0 and 1: numbers in their order, words in alphabetical order.
    Binary,
    /// One of several classes, coded 0, 1, 2, … in the same order.
    Classes,
}

/// How the target, its weights and its trials are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    /// The column of its class, or what its number reads, and after them those of weights and trials.
    pub(super) columns: Vec<Source>,
    /// The number; `None` for the class in the first column.
    pub(super) value: Option<Expression>,
    pub(super) weights: Option<usize>,
    pub(super) trials: Option<Expression>,
}

pub(super) struct TargetValues {
    pub(super) values: Vec<f64>,
    pub(super) weights: Option<Vec<f64>>,
    pub(super) trials: Option<Vec<f64>>,
}

impl Target {
    pub(super) fn labels(&self) -> Option<&[String]> {
        match (&self.value, &self.columns.first()?.kind) {
            (None, Kind::Levels(levels)) => Some(levels),
            _ => None,
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let n = self.columns.len();
        let expression =
            |value: &Option<Expression>| value.as_ref().is_none_or(|value| fits(value, n));
        let class = self.value.is_some() || self.labels().is_some();
        class
            && expression(&self.value)
            && expression(&self.trials)
            && self.weights.is_none_or(|at| at < n)
    }

    pub(super) fn values(&self, frame: &Frame, rows: Rows<'_>) -> Result<TargetValues, DataError> {
        let bound: Vec<Bound<'_>> = self
            .columns
            .iter()
            .map(|source| source.bind(frame, rows))
            .collect::<Result<_, _>>()?;
        let values = match &self.value {
            Some(value) => value.all(&bound, rows),
            None => rows.iter().map(|row| bound[0].get(row)).collect(),
        };
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(frame.term_not_finite(rows.get(row), "the target", values[row]));
        }
        let weights: Option<Vec<f64>> = self
            .weights
            .map(|at| rows.iter().map(|row| bound[at].get(row)).collect());
        if let (Some(weights), Some(at)) = (&weights, self.weights)
            && let Some(row) = weights.iter().position(|weight| *weight < 0.0)
        {
            return Err(DataError::NegativeWeight {
                file: frame.file().to_owned(),
                line: frame.line(rows.get(row)),
                column: self.columns[at].name.clone(),
                value: weights[row],
            });
        }
        if let Some(weights) = &weights
            && let Some(row) = weights.iter().position(|weight| !weight.is_finite())
        {
            return Err(frame.term_not_finite(rows.get(row), "the weight", weights[row]));
        }
        let trials = self.trials.as_ref().map(|trials| trials.all(&bound, rows));
        if let Some(trials) = &trials {
            if let Some(row) = trials.iter().position(|trials| trials.is_infinite()) {
                return Err(frame.term_not_finite(rows.get(row), "the trials", trials[row]));
            }
            let wrong = |row: &usize| !(values[*row] >= 0.0 && values[*row] <= trials[*row]);
            if let Some(row) = (0..values.len()).find(wrong) {
                return Err(DataError::NotSuccesses {
                    file: frame.file().to_owned(),
                    line: frame.line(rows.get(row)),
                    successes: values[row],
                    trials: trials[row],
                });
            }
        }
        Ok(TargetValues {
            values,
            weights,
            trials,
        })
    }
}
