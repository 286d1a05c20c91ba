//! Functions of the estimates, with standard errors by the delta method.

use autodiff::{Inputs, Shape, Var};
use linalg::{Mat, MatRef};

use super::error::EstimateError;
use super::recording::{Recording, entries};
use crate::{FitError, Inference};

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
        self.covariance[(k, k)].max(0.0).sqrt()
    }

    /// Standard error, statistic against 0, p-value and 95 % interval of value number `k`, from 0: z for a likelihood, t for least
    /// squares. `None` if the standard error is 0, as for a constant.
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
pub(super) fn delta<'env, G>(
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
        covariance: &jacobian * covariance * jacobian.transpose(),
        freedom,
    })
}
