//! Parameters that a single observation or group determines alone, of which sandwiches say nothing.

use std::collections::BTreeMap;

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef};

use super::covariance::named;
use super::error::EstimateError;
use crate::FitError;
use crate::glm::lone;

/// Refuses a sandwich if `rows` (scores, or rows of a Jacobian: one an observation) have nothing to say in some direction without one of
/// the groups, or without one of the rows if there are no groups. `covariance` is the one by the information, up to a factor.
pub(super) fn refuse(
    rows: MatRef<'_, f64>,
    groups: Option<&[usize]>,
    covariance: MatRef<'_, f64>,
    names: &[String],
) -> Result<(), FitError> {
    let (n, p) = (rows.nrows(), rows.ncols());
    let whole = Mat::from_fn(p, p, |a, b| {
        linalg::reduce::sum_by(n, |i| rows[(i, a)] * rows[(i, b)])
    });
    // Rows of scores can all vanish in a direction; the information does not.
    let Ok(information) = Cholesky::new(covariance).map(|factor| factor.inverse()) else {
        return Ok(());
    };
    let size = |j: usize| information[(j, j)].max(0.0).sqrt();
    let factor = (0..p).map(|j| whole[(j, j)] / information[(j, j)]);
    let factor = factor.fold(0.0, f64::max).sqrt();
    let scale: Vec<f64> = (0..p).map(|j| factor * size(j)).collect();
    if scale.iter().any(|s| *s == 0.0 || !s.is_finite()) {
        return Ok(());
    }
    let say = |left: MatRef<'_, f64>, what: &'static str| -> Result<(), FitError> {
        let mut marks = vec![false; p];
        for direction in lone::directions(left, &scale) {
            lone::mark(&mut marks, &direction, covariance);
        }
        let at: Vec<usize> = (0..p).filter(|j| marks[*j]).collect();
        if at.is_empty() {
            return Ok(());
        }
        let parameters = named(names, &at);
        Err(EstimateError::Alone { what, parameters }.into())
    };
    say(whole.as_ref(), "observation")?;
    let Ok(inverse) = Cholesky::new(whole.as_ref()).map(|factor| factor.inverse()) else {
        return Ok(());
    };
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in 0..n {
        parts
            .entry(groups.map_or(i, |groups| groups[i]))
            .or_default()
            .push(i);
    }
    let what = if groups.is_some() {
        "group"
    } else {
        "observation"
    };
    for part in parts.values() {
        let own = Mat::from_fn(p, p, |a, b| {
            part.iter()
                .map(|i| rows[(*i, a)] * rows[(*i, b)])
                .sum::<f64>()
        });
        let trace: f64 = (0..p)
            .map(|a| (0..p).map(|b| inverse[(a, b)] * own[(b, a)]).sum::<f64>())
            .sum();
        if lone::may_be_alone(trace) {
            say((&whole - &own).as_ref(), what)?;
        }
    }
    Ok(())
}
