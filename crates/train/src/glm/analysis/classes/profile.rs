//! Profile-likelihood intervals of the coefficients of models of several classes.

use linalg::Mat;

use super::super::Interval;
use super::super::profile::FAR;
use super::{ClassAnalysis, refuse};
use crate::{FitError, normal};

impl ClassAnalysis<'_> {
    /// The interval of a coefficient or threshold (by its place among [`ClassFit::coefficients`](crate::ClassFit::coefficients)) at a level
    /// such as 0.95: where the deviance, minimised over the other coefficients, is above that of the fit by at most z². An end beyond
    /// which that never happens is infinite. With Firth's penalty, the penalised deviance, whose penalty keeps all columns.
    ///
    /// # Errors
    /// If there is no such coefficient, the level is not between 0 and 1, the fit did not reach its optimum, or no optimum is found with the
    /// coefficient held.
    pub fn profile(&self, place: usize, level: f64) -> Result<Interval, FitError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(refuse(&format!(
                "a level of confidence lies between 0 and 1, and {level} does not"
            )));
        }
        let m = self.parameters();
        let Some(coefficient) = self.fit.coefficients().get(place) else {
            return Err(refuse(&format!(
                "there are {m} coefficients, and none at place {place}"
            )));
        };
        let unit = Mat::from_fn(1, m, |_, j| f64::from(u8::from(j == place)));
        let held = self.equations(unit.as_ref(), 1)?;
        let variance = &unit * &self.map * &self.inverse * self.map.transpose() * unit.transpose();
        let least = self.own_deviance()?;
        let together = self.together();
        let metrics = [self.inverse.as_ref(), together.as_ref()];
        let estimate = coefficient.estimate;
        self.with_objective(|objective| {
            // The next point is near the last one on its side.
            let mut last = (estimate, self.gamma.clone());
            ends(
                estimate,
                variance[(0, 0)].sqrt(),
                normal::two_sided_quantile(1.0 - level),
                |b| {
                    if (b - estimate) * (last.0 - estimate) < 0.0 {
                        last = (estimate, self.gamma.clone());
                    }
                    let (gamma, value) = held.least(objective, &last.1, &[b], &metrics)?;
                    last = (b, gamma);
                    Ok(2.0 * self.classes.total * value - least)
                },
            )
        })
    }
}

/// The values at which a deviance has risen by the square of `reach`, on both sides of the estimate; `above` is by how much it has
/// risen, and `error` the standard error, the unit of the search.
fn ends(
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
            if (high - low).abs() < 1e-11 * high
                || value == 0.0
                || (next - low).abs().min((high - next).abs()) < 1e-11 * high
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
