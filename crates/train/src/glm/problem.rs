//! What is to be fitted, checked.

use std::ops::Range;

use linalg::{Block, Partition, Values, Workspace, reduce};
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
    /// The leaves of the rows.
    pub(super) cut: Partition<'a>,
    pub(super) family: Generalised,
    pub(super) intercept: bool,
    pub(super) penalty: Penalty,
    pub(super) kind: Weights,
    /// The target; shares of successes if there are trials.
    pub(super) y: Values<'a>,
    /// Weights times trials times weights of classes.
    pub(super) weights: Option<Values<'a>>,
    /// True if classes have weights of their own, which are no property of the data.
    pub(super) class_weights: bool,
    /// Over all processes: the rows, the sum of the weights, and of weights times targets.
    rows: usize,
    total: f64,
    events: f64,
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
        let outside = |row: usize| !family.distribution.accepts(problem.y[row]);
        let accepted = match data.first(outside) {
            Some(row) => Err(FitError::Outside {
                row: row + 1,
                column: data.target_name.to_owned(),
                value: data.target[row],
                distribution: family.distribution.name(),
            }),
            None => Ok(()),
        };
        data.agreed(accepted)?;
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
        let is = |truth: bool| f64::from(u8::from(truth));
        let [counted, zeros, ones] = problem.cut.sums(|row| {
            let (counts, y) = (problem.weight(row) > 0.0, problem.y[row]);
            [is(counts), is(counts && y == 0.0), is(counts && y == 1.0)]
        });
        if counted == 0.0 {
            return Err(FitError::NoRows);
        }
        let binomial = family.distribution == Distribution::Binomial;
        if counted == zeros && !binomial && !family.distribution.accepts_mean(0.0) {
            return Err(FitError::AllZero {
                column: data.target_name.to_owned(),
                distribution: family.distribution.name(),
            });
        }
        if binomial && (counted == zeros || counted == ones) {
            return Err(FitError::OneClass {
                column: data.target_name.to_owned(),
                value: if counted == ones { 1.0 } else { 0.0 },
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
            cut: data.partition(),
            family: specification.family(),
            intercept: specification.has_intercept() && data.intercept,
            penalty: specification.penalty().clone(),
            kind: specification.weights(),
            y: data.target.clone(),
            weights: data.weights.clone(),
            class_weights: *specification.classes() != ClassWeights::Equal,
            rows: 0,
            total: 0.0,
            events: 0.0,
        };
        if let Some(trials) = &data.trials {
            // No trial says nothing.
            let share = |(y, n): (f64, f64)| if n > 0.0 { y / n } else { 0.0 };
            problem.y = data.target.iter().zip(trials.iter()).map(share).collect();
            problem.weights = Some(match &problem.weights {
                Some(weights) => (weights.iter().zip(trials.iter()))
                    .map(|(w, n)| w * n)
                    .collect(),
                None => trials.clone(),
            });
        }
        problem.count();
        problem
    }

    /// Takes the sums that are asked for again and again.
    fn count(&mut self) {
        let this = &*self;
        let [rows, total, events] = this.cut.sums(|row| {
            let weight = this.weight(row);
            [1.0, weight, weight * this.y[row]]
        });
        (self.rows, self.total, self.events) = (rows as usize, total, events);
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
        let counts = self.cut.sums(|i| {
            let (weight, y) = (self.weight(i), self.y[i]);
            [weight * (1.0 - y), weight * y]
        });
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
        self.count();
        Ok(())
    }

    /// The rows of this process that count.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.y.len()).filter(|i| self.weight(*i) > 0.0)
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    pub(super) fn offset(&self, row: usize) -> f64 {
        self.data.offset.as_ref().map_or(0.0, |offset| offset[row])
    }

    /// The rows of all processes.
    pub(super) fn number_of_rows(&self) -> usize {
        self.rows
    }

    /// The rows of all processes that count.
    pub(super) fn number_that_count(&self) -> usize {
        match self.weights {
            Some(_) => self.cut.number(|row| self.weight(row) > 0.0),
            None => self.rows,
        }
    }

    /// The sum of the weights.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// True if targets are failures and successes, which combinations of columns may tell apart.
    pub(super) fn is_binomial(&self) -> bool {
        self.family.distribution == Distribution::Binomial
    }

    /// A decrement that is within the rounding errors of the targets: of normal ones far from 0, residuals have few digits.
    pub(super) fn rounding(&self) -> f64 {
        let plain = self.family.link == Link::Identity
            && self.family.distribution == Distribution::Gaussian;
        if plain {
            let largest = self.cut.largest(|row| match self.weight(row) {
                weight if weight > 0.0 => self.y[row].abs(),
                _ => 0.0,
            });
            4.0 * f64::EPSILON * largest
        } else {
            0.0
        }
    }

    /// The weighted mean of the target.
    pub(super) fn mean(&self) -> f64 {
        self.events / self.total
    }

    /// A point at which the loss is finite: the intercept that gives the mean of the target, or without one, least squares of the
    /// linked targets.
    pub(super) fn start(&self, design: &Columns<'_>) -> Result<Vec<f64>, FitError> {
        let mut start = vec![0.0; design.columns()];
        let link = self.family.link;
        if self.intercept {
            let offset = match self.data.offset {
                Some(_) => self.cut.sum(|i| self.weight(i) * self.offset(i)) / self.total(),
                None => 0.0,
            };
            start[0] = link.of(self.mean()) - offset;
        }
        if self.is_always_finite() || self.loss_is_finite(design, &start) {
            return Ok(start);
        }
        // One step of iterated weighted least squares from the targets themselves, moved into the range of the means.
        let mean = self.mean();
        let linked = |i: usize| {
            let y = self.y[i];
            link.of(match self.family.distribution {
                Distribution::Gaussian => y,
                Distribution::Binomial => 0.5 * (y + 0.5),
                _ => y.max(0.1 * mean),
            })
        };
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            for (i, out) in rows.zip(out) {
                *out = self.weight(i) * self.family.information(linked(i));
            }
        };
        let mut right = vec![0.0; design.columns()];
        let slopes = |block: Block<'_>| {
            let rows = block.start..block.start + block.eta.len();
            weights(rows.clone(), block.slope);
            for (i, slope) in rows.zip(block.slope) {
                *slope *= linked(i) - self.offset(i);
            }
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
        design.all([x], &|i, [eta]| {
            let eta = eta + self.offset(i);
            self.weight(i) == 0.0 || self.family.terms(eta, self.y[i]).loss.is_finite()
        })
    }

    /// The linear predictors of the rows of this process, offsets included.
    pub(super) fn predictors(&self, design: &Columns<'_>, x: &[f64]) -> Vec<f64> {
        let mut eta = vec![0.0; self.y.len()];
        design.times(x, &mut eta);
        if let Some(offset) = &self.data.offset {
            eta.iter_mut()
                .zip(offset.iter())
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
    let extra = [&data.weights, &data.offset, &data.trials];
    if rows != data.target.len()
        || columns != data.names.len()
        || extra
            .iter()
            .any(|values| values.as_ref().is_some_and(|values| values.len() != rows))
    {
        return Err(FitError::Lengths {
            rows,
            targets: data.target.len(),
            columns,
            names: data.names.len(),
        });
    }
    let cut = data.partition();
    let all = cut.total();
    if all == 0 {
        return Err(FitError::NoRows);
    }
    if data.names.iter().any(|name| name == INTERCEPT) {
        return Err(FitError::ReservedName);
    }
    if columns == 0 && !intercept {
        return Err(FitError::NoColumns);
    }
    for (name, values) in ["weights", "offset", "trials"].into_iter().zip(extra) {
        let Some(values) = values else { continue };
        let column = name.to_owned();
        let negative = |value: f64| value < 0.0 && name != "offset";
        let bad = |row: usize| !values[row].is_finite() || negative(values[row]);
        let fault = match data.first(bad) {
            Some(row) if negative(values[row]) => Err(FitError::Negative {
                row: row + 1,
                column,
                value: values[row],
            }),
            Some(row) => Err(FitError::NotFinite {
                row: row + 1,
                column,
                value: values[row],
            }),
            None => Ok(()),
        };
        data.agreed(fault)?;
    }
    // Squares of these have to be numbers, as those of columns. What is no number is the distribution's to refuse.
    let size = |y: f64| if y.is_finite() { y } else { 0.0 };
    let most = cut.largest(|row| size(data.target[row]).abs());
    let finite = cut.all(|row| data.target[row].is_finite());
    // From the largest and from the least: the spread is the larger distance from any value.
    let spread = || {
        let lowest = most - cut.largest(|row| most - size(data.target[row]));
        cut.largest(|row| size(data.target[row]) - lowest)
    };
    let narrow = |spread: f64| spread > 0.0 && spread < 1e-140;
    if finite && (most > 1e140 || most < 1e-120 && narrow(spread())) {
        return Err(FitError::Range {
            column: data.target_name.to_owned(),
            spread: if most > 1e140 { most } else { spread() },
        });
    }
    let rows = match &data.weights {
        Some(weights) => cut.number(|row| weights[row] > 0.0),
        None => all,
    };
    let coefficients = columns + usize::from(intercept);
    if rows < coefficients && penalty.l1 + penalty.l2 == 0.0 || rows == 0 {
        return Err(FitError::TooFewRows { rows, coefficients });
    }
    Ok(())
}
