//! Average marginal effects of the columns of a table, through every term in which they take part.

use anyhow::Result;
use datasets::linalg::{Mat, MatRef};
use datasets::{Change, Frame, Recipe, Variable};
use serde::Serialize;
use train::{Analysis, ClassAnalysis, Covariance, FitError};

/// Why an effect has no error.
const UNDETERMINED: &str = "it depends on a coefficient that a single row or cluster determines, which has no robust error";

/// The effect of a column, or of a level of one.
#[derive(Debug, Serialize)]
pub(crate) struct Effect {
    /// The class whose probability it is on, of a model of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    /// The column.
    pub(crate) column: String,
    /// What changes, if not the column by one unit: `0 to 1`, or `level against reference`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change: Option<String>,
    /// The effect.
    pub(crate) estimate: Option<f64>,
    pub(crate) std_error: Option<f64>,
    pub(crate) p_value: Option<f64>,
    /// Why there is none, or no error.
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

/// A fit beside its data, which has effects on one mean or on the probabilities of several classes.
pub(crate) trait Affected {
    /// The labels of the classes; one without a label for a mean.
    fn classes(&self) -> Vec<Option<String>>;
    /// Refuses a covariance that does not exist.
    fn check(&self, covariance: &Covariance<'_>) -> Result<(), FitError>;
    /// The effects of a number, by the rates of the features; one for each class.
    fn along(
        &self,
        column: &str,
        rates: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError>;
    /// The effects of a change of the features; one for each class.
    fn between(
        &self,
        column: &str,
        states: [MatRef<'_, f64>; 2],
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError>;
}

impl Affected for Analysis<'_> {
    fn classes(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn check(&self, covariance: &Covariance<'_>) -> Result<(), FitError> {
        self.covariance(covariance).map(drop)
    }

    fn along(
        &self,
        column: &str,
        rates: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError> {
        Ok(vec![self.effect_along(column, rates, covariance)?])
    }

    fn between(
        &self,
        column: &str,
        [from, to]: [MatRef<'_, f64>; 2],
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError> {
        Ok(vec![self.effect_between(column, from, to, covariance)?])
    }
}

impl Affected for ClassAnalysis<'_> {
    fn classes(&self) -> Vec<Option<String>> {
        self.fit().labels().iter().cloned().map(Some).collect()
    }

    fn check(&self, covariance: &Covariance<'_>) -> Result<(), FitError> {
        self.covariance(covariance).map(drop)
    }

    fn along(
        &self,
        column: &str,
        rates: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError> {
        self.effect_along(column, rates, covariance)
    }

    fn between(
        &self,
        column: &str,
        [from, to]: [MatRef<'_, f64>; 2],
        covariance: &Covariance<'_>,
    ) -> Result<Vec<train::Effect>, FitError> {
        self.effect_between(column, from, to, covariance)
    }
}

/// The effects of all columns that the features read: derivatives of numbers, differences between 0 and 1, and between the levels of a
/// category and its reference, interactions and functions of columns included, offsets held. Class after class, if there are several.
pub(crate) fn effects(
    recipe: &Recipe,
    frame: &Frame,
    analysis: &dyn Affected,
    covariance: &Covariance<'_>,
) -> Result<Vec<Effect>> {
    // What is wrong with the covariance is wrong with all effects.
    analysis.check(covariance)?;
    let classes = analysis.classes();
    let mut out: Vec<Vec<Effect>> = classes.iter().map(|_| Vec::new()).collect();
    for (column, variable) in recipe.variables() {
        let changed = |to: Change<'_>| recipe.changed(frame, column, to);
        let between = |from: &Mat<f64>, to: Change<'_>| -> Result<Vec<train::Effect>> {
            let to = changed(to)?;
            Ok(analysis.between(column, [from.as_ref(), to.as_ref()], covariance)?)
        };
        let switched = || between(&changed(Change::Value(0.0))?, Change::Value(1.0));
        let mut add = |change: Option<String>, found: Result<Vec<train::Effect>>| {
            let (found, failure) = match found {
                Ok(found) => (found, None),
                Err(error) => (Vec::new(), Some(format!("{error:#}"))),
            };
            for (k, class) in classes.iter().enumerate() {
                let effect = found.get(k);
                let inference = effect.map(|effect| effect.inference);
                let inference = inference.filter(|i| !i.std_error.is_nan());
                let unknown =
                    || (effect.is_some() && inference.is_none()).then(|| UNDETERMINED.to_owned());
                out[k].push(Effect {
                    class: class.clone(),
                    column: column.to_owned(),
                    change: change.clone(),
                    estimate: effect.map(|effect| effect.estimate),
                    std_error: inference.map(|i| i.std_error),
                    p_value: inference.map(|i| i.p_value),
                    reason: failure.clone().or_else(unknown),
                });
            }
        };
        let binary = || {
            let own = frame.named(column).and_then(|at| frame.numbers(at));
            own.is_ok_and(|own| own.iter().all(|x| x.is_nan() || *x == 0.0 || *x == 1.0))
        };
        match &variable {
            Variable::Category { levels, reference } => {
                let base = &levels[*reference];
                // All levels are held against one state of the features, which is made once.
                let from = changed(Change::Level(base));
                for level in levels.iter().filter(|level| *level != base) {
                    let effect = match &from {
                        Ok(from) => between(from, Change::Level(level)),
                        Err(error) => Err(anyhow::anyhow!("{error}")),
                    };
                    add(Some(format!("{level} against {base}")), effect);
                }
            }
            Variable::Boolean => {
                add(Some("0 to 1".to_owned()), switched());
            }
            Variable::Number if binary() => {
                add(Some("0 to 1".to_owned()), switched());
            }
            Variable::Number => {
                let rates = recipe.changed(frame, column, Change::Derivative);
                let effect = rates
                    .map_err(anyhow::Error::from)
                    .and_then(|rates| Ok(analysis.along(column, rates.as_ref(), covariance)?));
                add(None, effect);
            }
            Variable::Several => {
                let reason = "it is part of an offset, or a number in one term and a category in another, so no effect of the features is its own";
                add(None, Err(anyhow::anyhow!(reason)));
            }
        }
    }
    Ok(out.into_iter().flatten().collect())
}
