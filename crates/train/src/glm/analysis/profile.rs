//! Profile-likelihood intervals: all values of a coefficient that a likelihood-ratio test would not refuse.

use super::super::firth;
use super::super::problem::Problem;
use super::super::solve::solve;
use super::super::{Explanatory, FitOptions, Observations};
use super::{Analysis, is_intercept};
use crate::FitError;
use crate::normal;
use crate::student::two_sided_quantile;

/// An interval; an end without a limit is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A deviance as a function of a coefficient.
type Deviance<'d> = Box<dyn Fn(f64) -> Result<f64, FitError> + 'd>;

/// Standard errors after which an end is taken to be without a limit.
const FAR: f64 = 1e3;

impl Analysis<'_> {
    /// The interval of a coefficient at a level such as 0.95: where the deviance, minimised over the other coefficients, is above that
    /// of the fit by at most z² (or φ t², where a dispersion was estimated; θ is held). With Firth's penalty, the penalised deviance
    /// (Heinze and Schemper 2002).
    ///
    /// # Errors
    /// If the name is not known, the level is not between 0 and 1, or a fit with the coefficient held fails.
    pub fn profile(&self, name: &str, level: f64) -> Result<Interval, FitError> {
        let place = self.place(name)?;
        if !(level > 0.0 && level < 1.0) {
            return Err(FitError::Inference {
                reason: format!("a level of confidence lies between 0 and 1, and {level} does not"),
            });
        }
        let estimate = self.fit.coefficients()[place].estimate;
        let dispersion = self.fit.dispersion();
        let reach = if dispersion.estimated {
            two_sided_quantile(1.0 - level, self.fit.residual_freedom())
        } else {
            normal::two_sided_quantile(1.0 - level)
        };
        let covariance = self.covariance(&super::Covariance::Expected)?;
        let error = covariance[(place, place)].sqrt();
        let moves: Vec<f64> = (0..self.parameters())
            .map(|k| covariance[(k, place)] / covariance[(place, place)])
            .collect();
        let deviance = self.held(place, moves);
        let least = deviance(estimate)?;
        ends(estimate, error, reach, |b| {
            Ok((deviance(b)? - least) / dispersion.value)
        })
    }

    /// The likelihood-ratio test of Firth's penalised likelihood that a coefficient is 0.
    ///
    /// # Errors
    /// If the name is not known, or the fit with the coefficient held fails.
    pub fn penalised_likelihood_ratio(&self, name: &str) -> Result<super::Test, FitError> {
        if !self.specification.is_firth() {
            return Err(FitError::Inference {
                reason: "Firth's penalty is not in force; use likelihood_ratio".to_owned(),
            });
        }
        let place = self.place(name)?;
        let deviance = self.held(place, vec![0.0; self.parameters()]);
        let estimate = self.fit.coefficients()[place].estimate;
        let drop = deviance(0.0)? - deviance(estimate)?;
        Ok(super::Test::new(
            drop.max(0.0),
            super::Reference::ChiSquare(1.0),
        ))
    }

    /// The deviance (up to a constant) of the fit in which a coefficient has a given value. The others start where the quadratic
    /// approximation of the likelihood has them: by so much a unit of that coefficient.
    fn held(&self, place: usize, moves: Vec<f64>) -> Deviance<'_> {
        if self.specification.is_firth() {
            return Box::new(move |b| {
                let solved =
                    firth::solve_held(&self.problem, &FitOptions::default(), Some((place, b)))?;
                Ok(2.0 * solved.outcome.value)
            });
        }
        let k = usize::from(self.problem.intercept);
        let constant = is_intercept(&self.fit.coefficients()[place].name) && k == 1;
        let others: Vec<usize> = (0..self.problem.data.names.len())
            .filter(|j| constant || *j != place - k)
            .collect();
        let x = self.dense_columns(&others);
        let own = if constant {
            vec![1.0; self.eta.len()]
        } else {
            let own = self.dense_columns(&[place - k]);
            (0..own.nrows()).map(|i| own[(i, 0)]).collect()
        };
        let names: Vec<String> = others
            .iter()
            .map(|&j| self.problem.data.names[j].clone())
            .collect();
        Box::new(move |b| {
            let offset: Vec<f64> = (0..own.len())
                .map(|i| self.problem.offset(i) + b * own[i])
                .collect();
            let data = Observations {
                features: Explanatory::Dense(x.as_ref()),
                names: names.clone().into(),
                intercept: self.problem.intercept && !constant,
                offset: Some(&offset),
                ..self.problem.data.clone()
            };
            if data.names.is_empty() && !data.intercept {
                return Ok(super::super::likelihood::unit_deviances(
                    &self.problem,
                    &offset,
                ));
            }
            let problem = Problem::new(&self.specification, &data)?;
            let step = b - self.fit.coefficients()[place].estimate;
            let all = self.fit.coefficients().iter().zip(&moves).enumerate();
            let start = all
                .filter(|(k, _)| *k != place)
                .map(|(_, (c, by))| c.estimate + by * step)
                .collect();
            let solved = solve(&problem, &FitOptions::default().start(start))
                .or_else(|_| solve(&problem, &FitOptions::default()))?;
            Ok(super::super::likelihood::unit_deviances(
                &problem,
                &solved.at.eta,
            ))
        })
    }
}

/// The values at which a deviance has risen by the square of `reach`, on both sides of the estimate; `above` is by how much it has
/// risen, and `error` the standard error, the unit of the search.
pub(super) fn ends(
    estimate: f64,
    error: f64,
    reach: f64,
    mut above: impl FnMut(f64) -> Result<f64, FitError>,
) -> Result<Interval, FitError> {
    let mut end = |sign: f64| -> Result<f64, FitError> {
        // The signed root, of which normal likelihoods make a straight line.
        let mut at = |t: f64| -> Result<f64, FitError> {
            let above = above(estimate + sign * t * error)?;
            Ok(if above.is_finite() {
                above.max(0.0).sqrt() - reach
            } else {
                f64::INFINITY
            })
        };
        let (mut low, mut below) = (0.0, -reach);
        let mut high = reach;
        let mut value = at(high)?;
        while value < 0.0 {
            (low, below) = (high, value);
            high *= if value > -0.5 * reach { 1.3 } else { 2.0 };
            if high > FAR {
                return Ok(sign * f64::INFINITY);
            }
            value = at(high)?;
        }
        // The Illinois variant of the rule of false position; halving where the likelihood is 0.
        let (mut side, mut beyond) = (0, value);
        for _ in 0..200 {
            let next = if beyond.is_finite() {
                (low * beyond - high * below) / (beyond - below)
            } else {
                0.5 * (low + high)
            };
            let value = at(next)?;
            if (high - low).abs() < 1e-12 * high
                || value == 0.0
                || (next - low).abs().min((high - next).abs()) < 1e-13 * high
            {
                return Ok(estimate + sign * next * error);
            }
            if value > 0.0 {
                (high, beyond) = (next, value);
                if side == 1 {
                    below *= 0.5;
                }
                side = 1;
            } else {
                (low, below) = (next, value);
                if side == -1 {
                    beyond *= 0.5;
                }
                side = -1;
            }
        }
        Ok(estimate + sign * 0.5 * (low + high) * error)
    };
    Ok(Interval {
        low: end(-1.0)?,
        high: end(1.0)?,
    })
}
