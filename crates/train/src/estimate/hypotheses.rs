//! Wald's test for estimates with a covariance.

use linalg::{LinalgError, Mat, MatRef};

use super::error::EstimateError;
use crate::glm::in_variances;
use crate::{FitError, Reference, Test};

/// The test of R β = r: (Rβ̂ − r)ᵀ (R V Rᵀ)⁻¹ (Rβ̂ − r), chi-square with as many degrees of freedom as R has rows, or a part of it, F
/// where the freedom of the covariance is finite.
pub(super) fn wald(
    estimates: &[f64],
    covariance: MatRef<'_, f64>,
    r: MatRef<'_, f64>,
    values: &[f64],
    freedom: f64,
) -> Result<Test, FitError> {
    let parameters = estimates.len();
    let (rows, columns) = (r.nrows(), r.ncols());
    if columns != parameters || rows != values.len() || rows == 0 {
        return Err(EstimateError::Hypothesis {
            rows,
            columns,
            values: values.len(),
            parameters,
        }
        .into());
    }
    let variance = r * covariance * r.transpose();
    let left = |i: usize| -> f64 { (0..parameters).map(|j| r[(i, j)] * estimates[j]).sum() };
    let off = Mat::from_fn(rows, 1, |i, _| left(i) - values[i]);
    let statistic = in_variances(&off, &variance).map_err(|error| match error {
        LinalgError::Dependent { column, .. } | LinalgError::NotPositive { column, .. } => {
            EstimateError::Redundant { row: column + 1 }.into()
        }
        source => FitError::Linalg { source },
    })?;
    let q = rows as f64;
    Ok(if freedom.is_finite() {
        Test::new(statistic / q, Reference::F(q, freedom))
    } else {
        Test::new(statistic, Reference::ChiSquare(q))
    })
}
