//! Profile-likelihood intervals: all values of a coefficient that a likelihood-ratio test would not refuse.

use linalg::{Values, reduce};
use models::glm::Family;

use super::super::firth::{self, Firth};
use super::super::likelihood::unit_deviances;
use super::super::problem::Problem;
use super::super::solve::solve;
use super::super::{Explanatory, FitOptions, Observations};
use super::{Analysis, is_intercept};
use crate::FitError;
use crate::normal;
use crate::profile::{self, Limits, Lost, Profiled};
use crate::student::two_sided_quantile;

/// An interval; an end without a limit is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A fit in which one coefficient is held.
struct Refitted {
    /// Up to a constant.
    deviance: f64,
    /// Its derivative by the held coefficient.
    slope: f64,
    /// All coefficients.
    point: Vec<f64>,
}

/// Such a fit for a value of the coefficient, from a start for all of them.
type Refit<'d> = Box<dyn Fn(f64, &[f64]) -> Result<Refitted, FitError> + 'd>;

/// Standard errors after which an end is taken to be without a limit.
pub(super) const FAR: f64 = 1e3;

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
        let held = self.held(place)?;
        let beta: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        let least = held(estimate, &beta)?;
        let optimum = Profiled {
            at: estimate,
            fall: 0.0,
            slope: 0.0,
            point: beta,
        };
        let limits = Limits::new(FAR, least.deviance, dispersion.value.recip());
        let end = |sign: f64| -> Result<f64, FitError> {
            let (mut nearest, mut failure) = (f64::INFINITY, None);
            let found = profile::end(
                optimum.clone(),
                sign * error,
                reach,
                limits,
                |b, near: &Profiled| {
                    // The others start where the quadratic approximation of the likelihood has them.
                    let start = near.point.iter().zip(&moves);
                    let start: Vec<f64> = start.map(|(x, by)| x + by * (b - near.at)).collect();
                    match held(b, &start) {
                        Ok(there) => {
                            let fall = (there.deviance - least.deviance) / dispersion.value;
                            nearest = nearest.min((fall.max(0.0).sqrt() - reach).abs());
                            Some(Profiled {
                                at: b,
                                fall,
                                slope: there.slope / dispersion.value,
                                point: there.point,
                            })
                        }
                        Err(error) => {
                            failure = Some(error);
                            None
                        }
                    }
                },
            );
            match (found, failure) {
                // An end that the profile was not seen to reach is the border of what can be fitted.
                (_, Some(failure)) if nearest > 1e-6 * reach => Err(failure),
                (Ok(end), _) => Ok(end),
                (Err(lost), _) => Err(FitError::Inference {
                    reason: match lost {
                        Lost::Better(there) => format!(
                            "with `{name}` held at {} the deviance is smaller than that of the fit, which is not at its optimum; allow more iterations",
                            there.at
                        ),
                        Lost::At(value) => format!(
                            "the profile of `{name}` could not be followed beyond {value}; use a likelihood-ratio test"
                        ),
                    },
                }),
            }
        };
        Ok(Interval {
            low: end(-1.0)?,
            high: end(1.0)?,
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
        let held = self.held(place)?;
        let beta: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        let drop = held(0.0, &beta)?.deviance - held(beta[place], &beta)?.deviance;
        Ok(super::Test::new(
            drop.max(0.0),
            super::Reference::ChiSquare(1.0),
        ))
    }

    /// The fit in which a coefficient has a given value, as a function of that and a start for all coefficients.
    fn held(&self, place: usize) -> Result<Refit<'_>, FitError> {
        if self.specification.is_firth() {
            let firth = Firth::new(&self.problem)?;
            return Ok(Box::new(move |b, start| {
                let start = firth.design().coefficients_from_data(start);
                let held = firth.hold(place, b);
                let limit = firth::STEPS;
                let found = firth.minimise(start, Some(&held), limit)?;
                Ok(Refitted {
                    deviance: 2.0 * found.value,
                    slope: 2.0 * found.multiplier,
                    point: firth.design().coefficients_to_data(&found.x),
                })
            }));
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
        Ok(Box::new(move |b, start| {
            let offset: Vec<f64> = (0..own.len())
                .map(|i| self.problem.offset(i) + b * own[i])
                .collect();
            let mut point = start.to_vec();
            point[place] = b;
            let eta = if names.is_empty() && (constant || !self.problem.intercept) {
                offset
            } else {
                let data = Observations {
                    features: Explanatory::Dense(x.as_ref()),
                    names: names.clone().into(),
                    intercept: self.problem.intercept && !constant,
                    offset: Some(Values::from(&offset)),
                    ..self.problem.data.clone()
                };
                let problem = Problem::new(&self.specification, &data)?;
                let mut start = start.to_vec();
                start.remove(place);
                let solved = solve(&problem, &FitOptions::default().start(start))
                    .or_else(|_| solve(&problem, &FitOptions::default()))?;
                let mut rest = solved
                    .design
                    .coefficients_to_data(&solved.outcome.x)
                    .into_iter();
                for (j, point) in point.iter_mut().enumerate() {
                    if j != place {
                        *point = rest.next().unwrap_or(0.0);
                    }
                }
                solved.at.eta
            };
            let slope = reduce::sum_by(own.len(), |i| match self.problem.weight(i) {
                weight if weight > 0.0 && own[i] != 0.0 => {
                    weight * self.problem.family.terms(eta[i], self.problem.y[i]).slope * own[i]
                }
                _ => 0.0,
            });
            Ok(Refitted {
                deviance: unit_deviances(&self.problem, |i| eta[i]),
                slope: 2.0 * slope,
                point,
            })
        }))
    }
}
