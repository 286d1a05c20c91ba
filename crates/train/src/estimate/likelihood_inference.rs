//! Intervals and tests that maximise a likelihood again: profiles and score tests.

use autodiff::{Inputs, Var};
use linalg::Mat;

use super::error::EstimateError;
use super::likelihood::Likelihood;
use super::likelihood_fit::LikelihoodFit;
use super::nonlinear::lost_profile;
use super::recording::{entries, laid_out};
use super::singular::unit_diagonal;
use crate::normal::two_sided_quantile;
use crate::profile::{FAR, Limits, ProfileInterval, Profiled, end};
use crate::solver::Status;
use crate::{Differentiable, FitError, Reference, Test};

impl<'env, F> Likelihood<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    /// The interval of values of parameter number `index`, from 0, at which the others can be chosen so that twice the logarithm of the
    /// likelihood ratio is at most the quantile of χ² with one degree of freedom. It does not depend on the parametrisation.
    ///
    /// An end that does not exist is infinite. Where the likelihood ceases to be defined before it has fallen so far, the end is that
    /// border.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if there is no such parameter or level, if a higher likelihood is met, or the profile cannot be followed.
    pub fn profile(
        &mut self,
        fit: &LikelihoodFit,
        index: usize,
        level: f64,
    ) -> Result<ProfileInterval, FitError> {
        let parameters = self.losses.dimension();
        if index >= parameters || fit.estimates.len() != parameters {
            return Err(EstimateError::Parameter { index, parameters }.into());
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(EstimateError::Level { level }.into());
        }
        let (newton, name) = (self.newton, self.parameters.names[index].clone());
        let covariance = &fit.inverse;
        let variance = covariance[(index, index)];
        let least = -fit.log_likelihood;
        let rest: Vec<usize> = (0..parameters).filter(|&k| k != index).collect();
        let mut evaluate = |c: f64, near: &Profiled| -> Option<Profiled> {
            let shift = (c - near.at) / variance;
            let moved = |k: usize| near.point[k] + covariance[(k, index)] * shift;
            let starts = [
                rest.iter().map(|&k| moved(k)).collect::<Vec<_>>(),
                rest.iter().map(|&k| near.point[k]).collect(),
            ];
            starts.iter().find_map(|start| {
                let mut point = near.point.clone();
                point[index] = c;
                let mut sum = self.sum(&point, rest.clone());
                if !rest.is_empty() {
                    let mut gradient = vec![0.0; rest.len()];
                    if !sum.gradient(start, &mut gradient).is_finite() {
                        return None;
                    }
                    let found = newton.minimise(&mut sum, start).ok()?;
                    let near_enough = found.certificate.newton_decrement < 1e-6;
                    if found.certificate.status != Status::Converged && !near_enough {
                        return None;
                    }
                    sum.place(&found.x);
                }
                let point = sum.point.clone();
                let (value, gradient) = self.losses.at(&point, |losses, variables| {
                    let sum = losses.sum();
                    let values = entries(losses);
                    (
                        values.iter().sum::<f64>(),
                        laid_out(&sum.backward(), variables),
                    )
                });
                value.is_finite().then(|| Profiled {
                    at: c,
                    fall: 2.0 * (value - least),
                    slope: 2.0 * gradient[index],
                    point,
                })
            })
        };
        let optimum = Profiled {
            at: fit.estimates[index],
            fall: 0.0,
            slope: 0.0,
            point: fit.estimates.clone(),
        };
        let limits = Limits::new(FAR, least, 2.0);
        let mut ends = [0.0; 2];
        let target = two_sided_quantile(1.0 - level);
        for (found, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            *found = end(
                optimum.clone(),
                sign * variance.sqrt(),
                target,
                limits,
                &mut evaluate,
            )
            .map_err(|lost| lost_profile(&name, lost))?;
        }
        Ok(ProfileInterval {
            estimate: optimum.at,
            level,
            low: ends[0],
            high: ends[1],
        })
    }

    /// Rao's score test that some parameters, by their numbers from 0, have given values, from a start for all of them: gᵀ H⁻¹ g with
    /// the gradient and the exact Hessian of the negative log-likelihood where it is smallest under that hypothesis, chi-square with as
    /// many degrees of freedom as values. The larger model need not be fitted, nor have an estimate.
    ///
    /// # Errors
    /// [`FitError::Start`] and [`FitError::Estimate`] as [`fit`](Self::fit), if there is no such parameter or it is named twice, if the restricted
    /// maximum is not reached, or [`EstimateError::NoScoreTest`].
    ///
    /// ```
    /// use train::Likelihood;
    /// // Poisson counts with the mean e^θ: the score test of a mean of 1 is (Σ y − n)² / n.
    /// let y = [2.0, 0.0, 3.0, 1.0];
    /// let mut counts = Likelihood::new(&[(1, 1)], |p| p[0].exp() - p.constant(&y) * p[0]);
    /// let test = counts.score_test(&[(0, 0.0)], &[0.3])?;
    /// assert!((test.statistic - 1.0).abs() < 1e-12);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn score_test(&mut self, held: &[(usize, f64)], start: &[f64]) -> Result<Test, FitError> {
        let parameters = self.losses.dimension();
        let mut start = start.to_vec();
        let mut free: Vec<usize> = (0..parameters).collect();
        for &(index, value) in held {
            if !free.contains(&index) {
                return Err(EstimateError::Parameter { index, parameters }.into());
            }
            free.retain(|&k| k != index);
            if let Some(start) = start.get_mut(index) {
                *start = value;
            }
        }
        if held.is_empty() {
            let (rows, columns, values) = (0, parameters, 0);
            return Err(EstimateError::Hypothesis {
                rows,
                columns,
                values,
                parameters,
            }
            .into());
        }
        self.check(&start)?;
        let (newton, mut point) = (self.newton, start);
        if !free.is_empty() {
            let begin: Vec<f64> = free.iter().map(|&k| point[k]).collect();
            let mut sum = self.sum(&point, free.clone());
            let found = newton
                .minimise(&mut sum, &begin)
                .map_err(|source| FitError::Linalg { source })?;
            let certificate = found.certificate;
            if certificate.status != Status::Converged && certificate.newton_decrement >= 1e-6 {
                return Err(EstimateError::NotConverged { certificate }.into());
            }
            for (&k, x) in free.iter().zip(&found.x) {
                point[k] = *x;
            }
        }
        let (gradient, hessian) = self.losses.at(&point, |losses, variables| {
            let sum = losses.sum();
            (laid_out(&sum.backward(), variables), sum.hessian(variables))
        });
        // Of the free parameters nothing but rounding is left.
        let gap = Mat::from_fn(parameters, 1, |k, _| {
            if free.contains(&k) { 0.0 } else { gradient[k] }
        });
        let (scaled, d) = unit_diagonal(hessian.as_ref());
        let gap = Mat::from_fn(parameters, 1, |k, _| d[k] * gap[(k, 0)]);
        let statistic = crate::glm::in_variances(&gap, &scaled)
            .map_err(|_| FitError::from(EstimateError::NoScoreTest))?;
        let freedom = held.len() as f64;
        Ok(Test::new(statistic, Reference::ChiSquare(freedom)))
    }
}
