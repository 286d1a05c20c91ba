//! Covariance matrices of maximum-likelihood estimates.

use std::collections::BTreeMap;

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef};

use super::alone;
use super::error::EstimateError;
use super::singular::{Curvature, curvature};
use crate::FitError;

/// Where the covariance of maximum-likelihood estimates comes from. H is the exact Hessian of the negative log-likelihood at the
/// estimates, S the n×p matrix of the scores of the observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LikelihoodCovariance<'g> {
    /// H⁻¹, the inverse of the observed information: right if the model is.
    #[default]
    Information,
    /// `(SᵀS)⁻¹`, the inverse of the outer product of the scores (Berndt, Hall, Hall and Hausman 1974): the same for many observations
    /// of a model that is right.
    Scores,
    /// `H⁻¹ SᵀS H⁻¹` (Huber 1967; White 1982): right also where the model gets the distribution wrong, but not what is estimated.
    Sandwich,
    /// `G / (G − 1) · H⁻¹ (Σ_g s_g s_gᵀ) H⁻¹`, with `s_g` the sum of the scores of a group: observations of one group may depend on each
    /// other. The slice has the number of its group for each observation; G is how many there are.
    Clustered(&'g [usize]),
}

/// Names of the parameters at some places.
pub(super) fn named(names: &[String], at: &[usize]) -> Vec<String> {
    at.iter().map(|&j| names[j].clone()).collect()
}

/// The inverse of a Hessian, or why there is none.
pub(super) fn inverse_hessian(
    hessian: MatRef<'_, f64>,
    names: &[String],
) -> Result<Mat<f64>, FitError> {
    let parameters = match curvature(hessian).map_err(|source| FitError::Linalg { source })? {
        Curvature::Negative(at) => {
            let parameters = named(names, &at);
            return Err(EstimateError::Saddle { parameters }.into());
        }
        Curvature::Flat(at) => named(names, &at),
        Curvature::Positive => match Cholesky::new(hessian) {
            Ok(factor) => return Ok(factor.inverse()),
            Err(_) => names.to_vec(),
        },
    };
    let what = "the Hessian";
    Err(EstimateError::Singular { what, parameters }.into())
}

/// `G / (G − 1) · A (Σ_g s_g s_gᵀ) A` for sums of the rows of `scores` within groups, and G.
pub(super) fn clustered(
    scores: MatRef<'_, f64>,
    a: MatRef<'_, f64>,
    groups: &[usize],
) -> Result<(Mat<f64>, usize), FitError> {
    let (n, p) = (scores.nrows(), scores.ncols());
    if groups.len() != n {
        let (what, found) = ("groups", groups.len());
        return Err(EstimateError::Lengths {
            what,
            found,
            observations: n,
        }
        .into());
    }
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (i, group) in groups.iter().enumerate() {
        let sum = sums.entry(*group).or_insert_with(|| vec![0.0; p]);
        for (j, sum) in sum.iter_mut().enumerate() {
            *sum += scores[(i, j)];
        }
    }
    let groups = sums.len();
    if groups < 2 {
        return Err(EstimateError::TooFewGroups { groups }.into());
    }
    let rows: Vec<Vec<f64>> = sums.into_values().collect();
    let influence = Mat::from_fn(groups, p, |g, j| rows[g][j]) * a;
    let factor = groups as f64 / (groups as f64 - 1.0);
    let middle = influence.transpose() * &influence;
    Ok((Mat::from_fn(p, p, |i, j| factor * middle[(i, j)]), groups))
}

/// The covariance of a kind. `scores` has a row for each observation.
pub(super) fn covariance(
    kind: LikelihoodCovariance<'_>,
    inverse: MatRef<'_, f64>,
    scores: MatRef<'_, f64>,
    names: &[String],
) -> Result<Mat<f64>, FitError> {
    let (n, p) = (scores.nrows(), scores.ncols());
    let covariance = match kind {
        LikelihoodCovariance::Information => inverse.to_owned(),
        LikelihoodCovariance::Scores => {
            let what = "the outer product of the scores";
            let columns = super::qr::columns(scores);
            if n < p {
                let parameters = names.to_vec();
                return Err(EstimateError::Singular { what, parameters }.into());
            }
            let flat =
                super::singular::columns(&columns).map_err(|source| FitError::Linalg { source })?;
            if !flat.is_empty() {
                let parameters = named(names, &flat);
                return Err(EstimateError::Singular { what, parameters }.into());
            }
            let lengths: Vec<f64> = columns.iter().map(|c| super::qr::norm(c)).collect();
            let scaled = columns
                .iter()
                .zip(&lengths)
                .map(|(column, d)| column.iter().map(|x| x / d).collect())
                .collect();
            let unit = super::qr::Qr::new(scaled).inverse_gram();
            Mat::from_fn(p, p, |i, j| unit[(i, j)] / lengths[i] / lengths[j])
        }
        LikelihoodCovariance::Sandwich => {
            alone::refuse(scores, None, inverse, names)?;
            let influence = scores * inverse;
            influence.transpose() * &influence
        }
        LikelihoodCovariance::Clustered(groups) => {
            let clustered = clustered(scores, inverse, groups)?.0;
            alone::refuse(scores, Some(groups), inverse, names)?;
            clustered
        }
    };
    for j in 0..p {
        let variance = covariance[(j, j)];
        if !(variance > 0.0 && variance.is_finite()) {
            let what = "the covariance";
            let parameters = vec![names[j].clone()];
            return Err(EstimateError::Singular { what, parameters }.into());
        }
    }
    Ok(covariance)
}
