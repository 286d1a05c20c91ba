//! Profile-likelihood intervals of the coefficients of models of several classes.

use linalg::Mat;

use super::super::Interval;
use super::super::profile::ends;
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
