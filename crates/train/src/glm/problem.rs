//! What is to be fitted, checked.

use std::borrow::Cow;

use datasets::Dataset;
use linalg::{Block, Design, Scalar, Standardised, Workspace, reduce};
use models::glm::{Distribution, Family, Generalised, GeneralisedLinearModel};

use super::INTERCEPT;
use super::solve::inverse_gram;
use crate::FitError;

/// The coefficients of the largest Hessian, which takes 3.2 GB.
const MOST: usize = 20_000;

/// Data and specification of a fit.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) data: &'a Dataset,
    pub(super) family: Generalised,
    pub(super) intercept: bool,
    pub(super) l2: f64,
    /// The target; shares of successes if there are trials.
    pub(super) y: Cow<'a, [f64]>,
    /// Weights times trials.
    pub(super) weights: Option<Cow<'a, [f64]>>,
    pub(super) offset: Option<&'a [f64]>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        specification: &GeneralisedLinearModel,
        data: &'a Dataset,
    ) -> Result<Self, FitError> {
        let (family, intercept) = (
            specification.family(),
            specification.has_intercept() && data.intercept,
        );
        check(specification, intercept, data)?;
        let mut problem = Self {
            data,
            family,
            intercept,
            l2: specification.penalty(),
            y: Cow::Borrowed(&data.target),
            weights: data.weights.as_deref().map(Cow::Borrowed),
            offset: data.offset.as_deref(),
        };
        if let Some(trials) = &data.trials {
            // No trial says nothing.
            let share = |(y, n): (&f64, &f64)| if *n > 0.0 { y / n } else { 0.0 };
            problem.y = data.target.iter().zip(trials).map(share).collect();
            problem.weights = Some(match &problem.weights {
                Some(weights) => weights.iter().zip(trials).map(|(w, n)| w * n).collect(),
                None => Cow::Borrowed(trials),
            });
        }
        for (i, &y) in problem.y.iter().enumerate() {
            if !family.distribution.accepts(y) {
                let (column, value) = (data.target_name.clone(), data.target[i]);
                return Err(FitError::Outside {
                    row: i + 1,
                    column,
                    value,
                    distribution: family.distribution.name(),
                });
            }
        }
        let first = problem.y[0];
        if family.distribution == Distribution::Binomial
            && (first == 0.0 || first == 1.0)
            && problem.rows().all(|i| problem.y[i] == first)
        {
            return Err(FitError::OneClass {
                column: data.target_name.clone(),
                value: data.target[0],
            });
        }
        Ok(problem)
    }

    /// The rows that count.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.y.len()).filter(|i| self.weight(*i) > 0.0)
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    pub(super) fn offset(&self, row: usize) -> f64 {
        self.offset.map_or(0.0, |offset| offset[row])
    }

    /// The sum of the weights.
    pub(super) fn total(&self) -> f64 {
        match &self.weights {
            Some(weights) => reduce::sum(weights),
            None => self.y.len() as f64,
        }
    }

    /// True if every target is a failure or a success, which combinations of columns may tell apart.
    pub(super) fn is_binary(&self) -> bool {
        self.family.distribution == Distribution::Binomial
            && self.rows().count() == self.y.len()
            && self.y.iter().all(|y| *y == 0.0 || *y == 1.0)
    }

    /// The weighted mean of the target.
    pub(super) fn mean(&self) -> f64 {
        reduce::sum_by(self.y.len(), |i| self.weight(i) * self.y[i]) / self.total()
    }

    /// A point at which the loss is finite: the intercept that gives the mean of the target, or without one, least squares of the
    /// linked targets.
    pub(super) fn start(&self, design: &Standardised<'_>) -> Result<Vec<f64>, FitError> {
        let mut start = vec![0.0; design.columns()];
        let link = self.family.link;
        if self.intercept {
            let offset =
                reduce::sum_by(self.y.len(), |i| self.weight(i) * self.offset(i)) / self.total();
            start[0] = link.of(self.mean()) - offset;
        }
        if self.loss_is_finite(design, &start) {
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
        design.pass(&start, &slopes, &mut right, None, &Workspace::new());
        let inverse = inverse_gram(design, &weights);
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

    fn loss_is_finite(&self, design: &Standardised<'_>, x: &[f64]) -> bool {
        let eta = self.predictors(design, x);
        self.rows()
            .all(|i| self.family.terms(eta[i], self.y[i]).loss.is_finite())
    }

    /// The linear predictors, offsets included.
    pub(super) fn predictors(&self, design: &Standardised<'_>, x: &[f64]) -> Vec<f64> {
        let mut eta = vec![0.0; self.y.len()];
        design.times(x, &mut eta);
        if let Some(offset) = self.offset {
            eta.iter_mut()
                .zip(offset)
                .for_each(|(eta, offset)| *eta += offset);
        }
        eta
    }
}

fn check(
    specification: &GeneralisedLinearModel,
    intercept: bool,
    data: &Dataset,
) -> Result<(), FitError> {
    let l2 = specification.penalty();
    if !(l2 >= 0.0 && l2.is_finite()) {
        return Err(FitError::Penalty { value: l2 });
    }
    let (rows, columns) = (data.features.nrows(), data.features.ncols());
    let extra = [&data.weights, &data.offset, &data.trials];
    if rows != data.target.len()
        || columns != data.feature_names.len()
        || extra
            .iter()
            .any(|values| values.as_ref().is_some_and(|values| values.len() != rows))
    {
        return Err(FitError::Lengths {
            rows,
            targets: data.target.len(),
            columns,
            names: data.feature_names.len(),
        });
    }
    if data.trials.is_some() && specification.family().distribution != Distribution::Binomial {
        return Err(FitError::Unused { what: "trials" });
    }
    if rows == 0 {
        return Err(FitError::NoRows);
    }
    if data.feature_names.iter().any(|name| name == INTERCEPT) {
        return Err(FitError::ReservedName);
    }
    if columns == 0 && !intercept {
        return Err(FitError::NoColumns);
    }
    let not_finite = |row: usize, column: &str, value: f64| FitError::NotFinite {
        row: row + 1,
        column: column.to_owned(),
        value,
    };
    for j in 0..columns {
        for i in 0..rows {
            let value = data.features[(i, j)];
            if !Scalar::is_finite(value) {
                return Err(not_finite(i, &data.feature_names[j], value));
            }
        }
    }
    for (name, values) in ["weights", "offset", "trials"].into_iter().zip(extra) {
        for (i, value) in values.iter().flatten().enumerate() {
            if !value.is_finite() || name != "offset" && *value < 0.0 {
                return Err(not_finite(i, name, *value));
            }
        }
    }
    let counts = |i: &usize| {
        data.weights
            .as_ref()
            .is_none_or(|weights| weights[*i] > 0.0)
    };
    let rows = (0..rows).filter(counts).count();
    let coefficients = columns + usize::from(intercept);
    if coefficients > MOST {
        return Err(FitError::TooManyCoefficients {
            coefficients,
            limit: MOST,
        });
    }
    if rows < coefficients && l2 == 0.0 || rows == 0 {
        return Err(FitError::TooFewRows { rows, coefficients });
    }
    Ok(())
}
