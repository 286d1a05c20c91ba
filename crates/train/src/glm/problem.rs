//! What is to be fitted, checked.

use std::borrow::Cow;

use linalg::{Block, Workspace, reduce};
use models::glm::{
    ClassWeights, Distribution, Family, Generalised, GeneralisedLinearModel, Link, Penalty, Weights,
};

use super::columns::Columns;
use super::information::inverse_gram;
use super::{INTERCEPT, Observations};
use crate::FitError;

/// Data and specification of a fit.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) data: Observations<'a>,
    pub(super) family: Generalised,
    pub(super) intercept: bool,
    pub(super) penalty: Penalty,
    pub(super) kind: Weights,
    /// The target; shares of successes if there are trials.
    pub(super) y: Cow<'a, [f64]>,
    /// Weights times trials times weights of classes.
    pub(super) weights: Option<Cow<'a, [f64]>>,
    /// True if classes have weights of their own, which are no property of the data.
    pub(super) class_weights: bool,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Result<Self, FitError> {
        let (family, intercept) = (
            specification.family(),
            specification.has_intercept() && data.intercept,
        );
        check(specification.penalty(), intercept, data)?;
        if data.trials.is_some() && family.distribution != Distribution::Binomial {
            return Err(FitError::Unused { what: "trials" });
        }
        let mut problem = Self::unchecked(specification, data);
        for (i, &y) in problem.y.iter().enumerate() {
            if !family.distribution.accepts(y) {
                let (column, value) = (data.target_name.to_owned(), data.target[i]);
                return Err(FitError::Outside {
                    row: i + 1,
                    column,
                    value,
                    distribution: family.distribution.name(),
                });
            }
        }
        let parameter = match family.distribution {
            Distribution::NegativeBinomial { theta } if !(theta > 0.0 && theta.is_finite()) => {
                Some(("theta", theta))
            }
            Distribution::Tweedie { power } if !(power > 1.0 && power < 2.0) => {
                Some(("power", power))
            }
            _ => None,
        };
        if let Some((what, value)) = parameter {
            return Err(FitError::Setting { what, value });
        }
        let Some(first) = problem.rows().next().map(|i| problem.y[i]) else {
            return Err(FitError::NoRows);
        };
        if first == 0.0
            && !family.distribution.accepts_mean(0.0)
            && family.distribution != Distribution::Binomial
            && problem.rows().all(|i| problem.y[i] == 0.0)
        {
            return Err(FitError::AllZero {
                column: data.target_name.to_owned(),
                distribution: family.distribution.name(),
            });
        }
        if family.distribution == Distribution::Binomial
            && (first == 0.0 || first == 1.0)
            && problem.rows().all(|i| problem.y[i] == first)
        {
            return Err(FitError::OneClass {
                column: data.target_name.to_owned(),
                value: first,
            });
        }
        problem.weigh_classes(specification.classes())?;
        Ok(problem)
    }

    /// Targets as shares of successes, weights with trials; nothing is checked, and classes have equal weights.
    pub(super) fn unchecked(
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Self {
        let mut problem = Self {
            data: data.clone(),
            family: specification.family(),
            intercept: specification.has_intercept() && data.intercept,
            penalty: specification.penalty().clone(),
            kind: specification.weights(),
            y: Cow::Borrowed(data.target),
            weights: data.weights.map(Cow::Borrowed),
            class_weights: *specification.classes() != ClassWeights::Equal,
        };
        if let Some(trials) = data.trials {
            // No trial says nothing.
            let share = |(y, n): (&f64, &f64)| if *n > 0.0 { y / n } else { 0.0 };
            problem.y = data.target.iter().zip(trials).map(share).collect();
            problem.weights = Some(match &problem.weights {
                Some(weights) => weights.iter().zip(trials).map(|(w, n)| w * n).collect(),
                None => Cow::Borrowed(trials),
            });
        }
        problem
    }

    fn weigh_classes(&mut self, classes: &ClassWeights) -> Result<(), FitError> {
        if *classes == ClassWeights::Equal {
            return Ok(());
        }
        if self.family.distribution != Distribution::Binomial {
            return Err(FitError::Unused {
                what: "class weights",
            });
        }
        let mut counts = [0.0; 2];
        for i in 0..self.y.len() {
            counts[0] += self.weight(i) * (1.0 - self.y[i]);
            counts[1] += self.weight(i) * self.y[i];
        }
        let weights = match classes {
            ClassWeights::Given(given) => match given.as_slice() {
                &[a, b] if a > 0.0 && b > 0.0 && (a + b).is_finite() => [a, b],
                _ => {
                    return Err(FitError::ClassWeights {
                        given: given.clone(),
                        classes: 2,
                    });
                }
            },
            _ => counts.map(|count| f64::midpoint(counts[0], counts[1]) / count),
        };
        // A share of successes has both classes: its weight and its share change.
        let (mut y, mut all) = (self.y.to_vec(), Vec::with_capacity(self.y.len()));
        for (i, y) in y.iter_mut().enumerate() {
            let (yes, no) = (weights[1] * *y, weights[0] * (1.0 - *y));
            all.push(self.weight(i) * (yes + no));
            *y = yes / (yes + no);
        }
        self.y = y.into();
        self.weights = Some(all.into());
        Ok(())
    }

    /// The rows that count.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.y.len()).filter(|i| self.weight(*i) > 0.0)
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    pub(super) fn offset(&self, row: usize) -> f64 {
        self.data.offset.map_or(0.0, |offset| offset[row])
    }

    /// The sum of the weights.
    pub(super) fn total(&self) -> f64 {
        match &self.weights {
            Some(weights) => reduce::sum(weights),
            None => self.y.len() as f64,
        }
    }

    /// True if targets are failures and successes, which combinations of columns may tell apart.
    pub(super) fn is_binomial(&self) -> bool {
        self.family.distribution == Distribution::Binomial
    }

    /// The weighted mean of the target.
    pub(super) fn mean(&self) -> f64 {
        reduce::sum_by(self.y.len(), |i| self.weight(i) * self.y[i]) / self.total()
    }

    /// A point at which the loss is finite: the intercept that gives the mean of the target, or without one, least squares of the
    /// linked targets.
    pub(super) fn start(&self, design: &Columns<'_>) -> Result<Vec<f64>, FitError> {
        let mut start = vec![0.0; design.columns()];
        let link = self.family.link;
        if self.intercept {
            let offset =
                reduce::sum_by(self.y.len(), |i| self.weight(i) * self.offset(i)) / self.total();
            start[0] = link.of(self.mean()) - offset;
        }
        if self.is_always_finite() || self.loss_is_finite(design, &start) {
            return Ok(start);
        }
        // One step of iterated weighted least squares from the targets themselves, moved into the range of the means.
        let inside = |y: f64| match self.family.distribution {
            Distribution::Gaussian => y,
            Distribution::Binomial => 0.5 * (y + 0.5),
            _ => y.max(0.1 * self.mean()),
        };
        let eta: Vec<f64> = self.y.iter().map(|y| link.of(inside(*y))).collect();
        let information = |i: usize| self.weight(i) * self.family.information(eta[i]);
        let weights: Vec<f64> = (0..self.y.len()).map(information).collect();
        let pull: Vec<f64> = (0..self.y.len())
            .map(|i| weights[i] * (eta[i] - self.offset(i)))
            .collect();
        let mut right = vec![0.0; design.columns()];
        let slopes = |block: Block<'_>| {
            let rows = block.start..block.start + block.eta.len();
            block.slope.copy_from_slice(&pull[rows]);
            block.loss.fill(0.0);
            block.curvature.fill(0.0);
        };
        design.pass(1, &start, &slopes, &mut right, None, &Workspace::new());
        let inverse = inverse_gram(design, &weights)?;
        for (j, start) in start.iter_mut().enumerate() {
            *start = reduce::sum_by(right.len(), |k| inverse[(j, k)] * right[k]);
        }
        if self.loss_is_finite(design, &start) {
            return Ok(start);
        }
        Err(FitError::NoStart {
            family: self.family.name(),
            link: self.family.link(),
        })
    }

    /// True if every linear predictor gives a mean that the distribution can have.
    pub(super) fn is_always_finite(&self) -> bool {
        match self.family.distribution {
            Distribution::Gaussian => self.family.link == Link::Identity,
            Distribution::Binomial => matches!(
                self.family.link,
                Link::Logit | Link::Probit | Link::Cloglog | Link::Cauchit
            ),
            _ => self.family.link == Link::Log,
        }
    }

    fn loss_is_finite(&self, design: &Columns<'_>, x: &[f64]) -> bool {
        let eta = self.predictors(design, x);
        self.rows()
            .all(|i| self.family.terms(eta[i], self.y[i]).loss.is_finite())
    }

    /// The linear predictors, offsets included.
    pub(super) fn predictors(&self, design: &Columns<'_>, x: &[f64]) -> Vec<f64> {
        let mut eta = vec![0.0; self.y.len()];
        design.times(x, &mut eta);
        if let Some(offset) = self.data.offset {
            eta.iter_mut()
                .zip(offset)
                .for_each(|(eta, offset)| *eta += offset);
        }
        eta
    }
}

/// What every model asks of its data and its penalty.
pub(super) fn check(
    penalty: &Penalty,
    intercept: bool,
    data: &Observations<'_>,
) -> Result<(), FitError> {
    for (what, value) in [("l1", penalty.l1), ("l2", penalty.l2)] {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(FitError::Setting { what, value });
        }
    }
    let (rows, columns) = (data.rows(), data.columns());
    let extra = [data.weights, data.offset, data.trials];
    if rows != data.target.len()
        || columns != data.names.len()
        || extra
            .iter()
            .any(|values| values.is_some_and(|values| values.len() != rows))
    {
        return Err(FitError::Lengths {
            rows,
            targets: data.target.len(),
            columns,
            names: data.names.len(),
        });
    }
    if rows == 0 {
        return Err(FitError::NoRows);
    }
    if data.names.iter().any(|name| name == INTERCEPT) {
        return Err(FitError::ReservedName);
    }
    if columns == 0 && !intercept {
        return Err(FitError::NoColumns);
    }
    for (name, values) in ["weights", "offset", "trials"].into_iter().zip(extra) {
        for (row, &value) in values.into_iter().flatten().enumerate() {
            if value < 0.0 && name != "offset" {
                return Err(FitError::Negative {
                    row: row + 1,
                    column: name.to_owned(),
                    value,
                });
            }
            if !value.is_finite() {
                return Err(FitError::NotFinite {
                    row: row + 1,
                    column: name.to_owned(),
                    value,
                });
            }
        }
    }
    let (low, high) =
        data.target
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &y| {
                (
                    if y < low { y } else { low },
                    if y > high { y } else { high },
                )
            });
    // Squares of these have to be numbers, as those of columns.
    let (spread, most) = (high - low, high.abs().max(low.abs()));
    if most.is_finite() && (most > 1e140 || spread > 0.0 && spread < 1e-140) {
        return Err(FitError::Range {
            column: data.target_name.to_owned(),
            spread: if most > 1e140 { most } else { spread },
        });
    }
    let rows = match data.weights {
        Some(weights) => weights.iter().filter(|w| **w > 0.0).count(),
        None => rows,
    };
    let coefficients = columns + usize::from(intercept);
    if rows < coefficients && penalty.l1 + penalty.l2 == 0.0 || rows == 0 {
        return Err(FitError::TooFewRows { rows, coefficients });
    }
    Ok(())
}
