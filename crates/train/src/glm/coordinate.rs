//! Coordinate descent.
use super::columns::Columns;
use super::problem::Problem;
use super::terms::Terms;
use super::FitOptions;
use crate::FitError;
use crate::solver::Outcome;
pub(super) fn can(_: &Problem<'_>) -> bool { false }
pub(super) fn descend(_: &Problem<'_>, _: &Terms, _: &Columns<'_>, _: &[f64], _: &FitOptions) -> Result<Outcome, FitError> {
    Err(FitError::NoColumns)
}
