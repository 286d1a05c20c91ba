//! Functions of the estimates, with standard errors by the delta method.

use autodiff::{Inputs, Shape, Var};
use linalg::{Mat, MatRef};

use super::error::EstimateError;
use super::hypotheses::wald;
use super::recording::{Recording, entries};
use crate::{FitError, Inference, Test, normal, student};

/// Functions of the estimates with their covariance G V Gᵀ, where G is the exact Jacobian at the estimates and V the covariance of the
/// estimates.
#[derive(Debug, Clone)]
pub struct Delta {
    /// The values, column after column.
    pub values: Vec<f64>,
    /// Their covariance matrix, values in the same order.
    pub covariance: Mat<f64>,
    /// Degrees of freedom of the t distribution; infinite where the normal one is used.
    pub(super) freedom: f64,
}

impl Delta {
    /// The standard error of value number `k`, from 0.
    ///
    /// # Panics
    /// If there is no such value.
    #[track_caller]
    pub fn std_error(&self, k: usize) -> f64 {
        // A rounding error below 0 is none; NaN, of a parameter without a variance, stays.
        let variance = self.covariance[(k, k)];
        if variance < 0.0 { 0.0 } else { variance }.sqrt()
    }

    /// The interval of value number `k`, from 0, at a level such as 0.95; `None` if the standard error is 0 or there is none.
    ///
    /// # Errors
    /// [`EstimateError::Level`] for a level that is not between 0 and 1.
    ///
    /// # Panics
    /// If there is no such value.
    #[track_caller]
    pub fn interval(&self, k: usize, level: f64) -> Result<Option<[f64; 2]>, FitError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(EstimateError::Level { level }.into());
        }
        let reach = if self.freedom.is_finite() {
            student::two_sided_quantile(1.0 - level, self.freedom)
        } else {
            normal::two_sided_quantile(1.0 - level)
        };
        let (value, error) = (self.values[k], self.std_error(k));
        Ok((error > 0.0).then_some([value - reach * error, value + reach * error]))
    }

    /// Wald's test that the functions have these values, all at once: chi-square with as many degrees of freedom as values, or F where
    /// the statistics are t.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if there is not one value a function, or one function follows from the others to first order.
    pub fn wald(&self, values: &[f64]) -> Result<Test, FitError> {
        let identity: Mat<f64> = Mat::identity(self.values.len(), self.values.len());
        let covariance = self.covariance.as_ref();
        wald(
            &self.values,
            covariance,
            identity.as_ref(),
            values,
            self.freedom,
        )
    }

    /// Standard error, statistic against 0, p-value and 95 % interval of value number `k`, from 0: z for a likelihood, t for least
    /// squares. `None` if the standard error is 0, as for a constant, or if a parameter that matters has none.
    ///
    /// # Panics
    /// If there is no such value.
    #[track_caller]
    pub fn inference(&self, k: usize) -> Option<Inference> {
        let (value, error) = (self.values[k], self.std_error(k));
        (error > 0.0).then(|| inference(value, error, self.freedom))
    }
}

/// z for infinite degrees of freedom, t otherwise.
pub(super) fn inference(estimate: f64, std_error: f64, freedom: f64) -> Inference {
    if freedom.is_finite() {
        Inference::student(estimate, std_error, freedom)
    } else {
        Inference::wald(estimate, std_error)
    }
}

/// Value, Jacobian and covariance of a function of the parameters.
pub(crate) fn delta<'env, G>(
    shapes: &[Shape],
    estimates: &[f64],
    covariance: MatRef<'_, f64>,
    freedom: f64,
    g: G,
) -> Result<Delta, FitError>
where
    G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    let mut recording = Recording::new(shapes.to_vec(), g);
    let (values, jacobian) = recording.at(estimates, |result, variables| {
        (entries(result), result.jacobian(variables))
    });
    let bad = |value: &f64| !value.is_finite();
    if let Some(value) = values.iter().copied().find(bad) {
        return Err(EstimateError::Function {
            what: "value",
            value,
        }
        .into());
    }
    let slopes = (0..jacobian.ncols()).flat_map(|j| (0..jacobian.nrows()).map(move |i| (i, j)));
    if let Some(value) = slopes.map(|at| jacobian[at]).find(bad) {
        return Err(EstimateError::Function {
            what: "derivative",
            value,
        }
        .into());
    }
    Ok(Delta {
        values,
        covariance: Mat::from_fn(jacobian.nrows(), jacobian.nrows(), |k, l| {
            product(jacobian.as_ref(), covariance, k, l)
        }),
        freedom,
    })
}

/// The entry of J V Jᵀ in row `k` and column `l`. What a function does not depend on does not matter, even if it has no variance.
pub(crate) fn product(
    jacobian: MatRef<'_, f64>,
    covariance: MatRef<'_, f64>,
    k: usize,
    l: usize,
) -> f64 {
    let uses = |k: usize| (0..jacobian.ncols()).filter(move |&j| jacobian[(k, j)] != 0.0);
    uses(k)
        .flat_map(|a| uses(l).map(move |b| (a, b)))
        .map(|(a, b)| jacobian[(k, a)] * covariance[(a, b)] * jacobian[(l, b)])
        .sum()
}
