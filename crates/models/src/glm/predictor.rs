//! The linear predictor of new rows.

use linalg::{Accum, Mat, MatRef, matmul};
use thiserror::Error;

/// New data that do not fit a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the data have {found} columns and the model {expected} features")]
#[non_exhaustive]
pub struct PredictError {
    /// Columns of the data.
    pub found: usize,
    /// Features of the model.
    pub expected: usize,
}

/// start(i) + x·β for each row i; one column of coefficients a class.
pub(super) fn predictors(
    x: MatRef<'_, f64>,
    coefficients: MatRef<'_, f64>,
    start: impl Fn(usize, usize) -> f64,
) -> Result<Mat<f64>, PredictError> {
    let (found, expected) = (x.ncols(), coefficients.nrows());
    if found != expected {
        return Err(PredictError { found, expected });
    }
    let mut eta = Mat::from_fn(x.nrows(), coefficients.ncols(), start);
    matmul(x, coefficients, eta.as_mut(), Accum::Add);
    Ok(eta)
}

/// The same for one column of coefficients, as a vector.
pub(super) fn predictor(
    x: MatRef<'_, f64>,
    coefficients: &[f64],
    start: impl Fn(usize) -> f64,
) -> Result<Vec<f64>, PredictError> {
    let beta = MatRef::from_column_major_slice(coefficients, coefficients.len(), 1);
    let eta = predictors(x, beta, |i, _| start(i))?;
    Ok((0..x.nrows()).map(|i| eta[(i, 0)]).collect())
}
