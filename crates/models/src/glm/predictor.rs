//! The linear predictor of new rows.

use linalg::{Accum, Dense, Design, Mat, MatRef, matmul, parallel, vector};
use thiserror::Error;

/// New data that do not fit a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The data have another number of columns than the model has features.
    #[error("the data have {found} columns and the model {expected} features")]
    Columns {
        /// Columns of the data.
        found: usize,
        /// Features of the model.
        expected: usize,
    },
    /// The probabilities of a row are not numbers, so it belongs to no class.
    #[error(
        "row {row} has no class, as its probabilities are NaN; leave rows with missing or infinite features out"
    )]
    Undefined {
        /// The first such row, from 0.
        row: usize,
    },
}

/// Rows that stay in cache, and rows that a thread takes at once.
const BLOCK: usize = 512;
const PART: usize = 16 * BLOCK;

fn check(found: usize, expected: usize) -> Result<(), PredictError> {
    if found == expected {
        Ok(())
    } else {
        Err(PredictError::Columns { found, expected })
    }
}

/// start(i) + x·β for each row i; one column of coefficients a class.
pub(super) fn predictors(
    x: MatRef<'_, f64>,
    coefficients: MatRef<'_, f64>,
    start: impl Fn(usize, usize) -> f64,
) -> Result<Mat<f64>, PredictError> {
    check(x.ncols(), coefficients.nrows())?;
    let mut eta = Mat::from_fn(x.nrows(), coefficients.ncols(), start);
    matmul(x, coefficients, eta.as_mut(), Accum::Add);
    Ok(eta)
}

/// The same for one column of coefficients, into a vector, and then `finish` for the rows of a block.
///
/// # Panics
/// If there is not one place a row.
pub(super) fn predictor_into(
    x: MatRef<'_, f64>,
    coefficients: &[f64],
    start: impl Fn(usize) -> f64 + Sync,
    finish: impl Fn(&mut [f64]) + Sync,
    out: &mut [f64],
) -> Result<(), PredictError> {
    check(x.ncols(), coefficients.len())?;
    assert_eq!(out.len(), x.nrows(), "there is not one place a row");
    let design = Dense::new(x);
    parallel::for_each_part(out, PART, &|from, out| {
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let from = from + k * BLOCK;
            design.times_block(from..from + out.len(), coefficients, out);
            for (i, out) in out.iter_mut().enumerate() {
                *out += start(from + i);
            }
            finish(out);
        }
    });
    Ok(())
}

/// [`predictor_into`] a new vector.
pub(super) fn predictor(
    x: MatRef<'_, f64>,
    coefficients: &[f64],
    start: impl Fn(usize) -> f64 + Sync,
    finish: impl Fn(&mut [f64]) + Sync,
) -> Result<Vec<f64>, PredictError> {
    let mut out = vec![0.0; x.nrows()];
    predictor_into(x, coefficients, start, finish, &mut out)?;
    Ok(out)
}

/// x·β of one row.
pub(super) fn of_row(row: &[f64], coefficients: &[f64]) -> Result<f64, PredictError> {
    check(row.len(), coefficients.len())?;
    Ok(vector::dot(row, coefficients))
}
