//! Average marginal effects of the columns of a table, through every term in which they take part.

use anyhow::Result;
use datasets::{Change, Frame, Recipe, Variable};
use serde::Serialize;
use train::{Analysis, Covariance};

/// The effect of a column, or of a level of one.
#[derive(Debug, Serialize)]
pub(crate) struct Effect {
    /// The column.
    pub(crate) column: String,
    /// What changes, if not the column by one unit: `0 to 1`, or `level against reference`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<String>,
    /// The effect; absent where there is a reason.
    pub(crate) estimate: Option<f64>,
    pub(crate) std_error: Option<f64>,
    pub(crate) p_value: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Effect {
    /// How it is called in a table.
    pub(crate) fn name(&self) -> String {
        match &self.change {
            Some(change) => format!("{}: {change}", self.column),
            None => self.column.clone(),
        }
    }
}

/// The effects of all columns that the features read: derivatives of numbers, differences between 0 and 1, and between the levels of a
/// category and its reference, interactions and functions of columns included, offsets held.
pub(crate) fn effects(
    recipe: &Recipe,
    frame: &Frame,
    analysis: &Analysis<'_>,
    covariance: &Covariance<'_>,
) -> Result<Vec<Effect>> {
    // What is wrong with the covariance is wrong with all effects.
    analysis.covariance(covariance)?;
    let mut out = Vec::new();
    for (column, variable) in recipe.variables() {
        let between = |from: Change<'_>, to: Change<'_>| -> Result<train::Effect> {
            let [from, to] = [from, to].map(|change| recipe.changed(frame, column, change));
            Ok(analysis.effect_between(column, from?.as_ref(), to?.as_ref(), covariance)?)
        };
        let found = |change: Option<String>, effect: Result<train::Effect>| {
            let (effect, reason) = match effect {
                Ok(effect) => (Some(effect), None),
                Err(error) => (None, Some(format!("{error:#}"))),
            };
            let inference = effect.as_ref().map(|effect| effect.inference);
            Effect {
                column: column.to_owned(),
                change,
                estimate: effect.as_ref().map(|effect| effect.estimate),
                std_error: inference.map(|i| i.std_error),
                p_value: inference.map(|i| i.p_value),
                reason,
            }
        };
        let binary = || {
            let own = frame.named(column).and_then(|at| frame.numbers(at));
            own.is_ok_and(|own| own.iter().all(|x| x.is_nan() || *x == 0.0 || *x == 1.0))
        };
        match &variable {
            Variable::Category { levels, reference } => {
                let base = &levels[*reference];
                for level in levels.iter().filter(|level| *level != base) {
                    let effect = between(Change::Level(base), Change::Level(level));
                    out.push(found(Some(format!("{level} against {base}")), effect));
                }
            }
            Variable::Boolean => {
                let effect = between(Change::Value(0.0), Change::Value(1.0));
                out.push(found(Some("0 to 1".to_owned()), effect));
            }
            Variable::Number if binary() => {
                let effect = between(Change::Value(0.0), Change::Value(1.0));
                out.push(found(Some("0 to 1".to_owned()), effect));
            }
            Variable::Number => {
                let rates = recipe.changed(frame, column, Change::Derivative);
                let effect = rates.map_err(anyhow::Error::from).and_then(|rates| {
                    Ok(analysis.effect_along(column, rates.as_ref(), covariance)?)
                });
                out.push(found(None, effect));
            }
            Variable::Several => {
                let reason = "it is part of an offset, or a number in one term and a category in another, so no effect of the features is its own";
                out.push(found(None, Err(anyhow::anyhow!(reason))));
            }
        }
    }
    Ok(out)
}
