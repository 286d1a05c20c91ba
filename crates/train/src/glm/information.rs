//! Gram matrices of the design for weights of the rows, and their inverses.

use std::ops::Range;

use linalg::solve::Cholesky;
use linalg::{Mat, parallel};

use super::columns::Columns;
use super::objective::At;
use super::problem::Problem;
use super::solve::MANY;
use crate::FitError;

/// Writes the weights of a block of rows.
pub(super) type RowWeights<'w> = dyn Fn(Range<usize>, &mut [f64]) + Sync + 'w;

/// Bytes of the triangular factors of leaves that are kept at once: beyond them, the Gram matrix has to do.
const FACTORS: usize = 64 << 20;

/// Weights that are known.
pub(super) fn known(weights: &[f64]) -> impl Fn(Range<usize>, &mut [f64]) + Sync + '_ {
    |rows, out| out.copy_from_slice(&weights[rows])
}

/// Fisher's information of every row at a point, times its weight.
pub(super) fn at_point<'w>(
    problem: &'w Problem<'_>,
    design: &'w Columns<'_>,
    at: &'w At,
) -> impl Fn(Range<usize>, &mut [f64]) + Sync + 'w {
    |rows, out| {
        at.predictors(problem, design, rows.clone(), out);
        for (row, out) in rows.zip(out) {
            let weight = problem.weight(row);
            *out = if weight > 0.0 {
                weight * problem.family.information(*out)
            } else {
                0.0
            };
        }
    }
}

/// The inverse of Σ wᵢ zᵢ zᵢᵀ for weights of the rows, in the coordinates of the solvers.
///
/// From the matrix itself where there are many rows and it is well conditioned, else from a QR decomposition of the weighted
/// design, which does not lose the digits that forming the matrix costs.
pub(super) fn inverse_gram(
    design: &Columns<'_>,
    weights: &RowWeights<'_>,
) -> Result<Mat<f64>, FitError> {
    let d = design.columns();
    let cut = design.partition();
    let rows = cut.total();
    let few = rows.div_ceil(linalg::rows::LEAF).saturating_mul(8 * d * d) <= FACTORS;
    let standardised = match design {
        Columns::Dense(x) if rows < MANY => x,
        _ => {
            let gram = gram(design, weights);
            let factor = Cholesky::new(gram.as_ref());
            match (design, factor) {
                (Columns::Dense(x), Err(_)) if few => x,
                (Columns::Dense(x), Ok(factor)) if few && factor.smallest_pivot() < 1e-5 => x,
                (_, Ok(factor)) => return Ok(factor.inverse()),
                (_, Err(source)) => return Err(FitError::Linalg { source }),
            }
        }
    };
    let r = standardised.triangular(&weights);
    if r.nrows() < d {
        return Err(FitError::TooFewRows {
            rows: r.nrows(),
            coefficients: d,
        });
    }
    // R⁻¹, column by column, by back substitution.
    let mut inverse: Mat<f64> = Mat::zeros(d, d);
    for j in 0..d {
        for i in (0..=j).rev() {
            let mut sum = if i == j { 1.0 } else { 0.0 };
            for l in i + 1..=j {
                sum -= r[(i, l)] * inverse[(l, j)];
            }
            inverse[(i, j)] = sum / r[(i, i)];
        }
    }
    Ok(&inverse * inverse.transpose())
}

/// Σ wᵢ zᵢ zᵢᵀ.
pub(super) fn gram(design: &Columns<'_>, weights: &RowWeights<'_>) -> Mat<f64> {
    sampled_gram(design, weights, 1)
}

/// The same over one of every so many blocks of rows.
pub(super) fn sampled_gram(
    design: &Columns<'_>,
    weights: &RowWeights<'_>,
    every: usize,
) -> Mat<f64> {
    let d = design.columns();
    let mut out = Mat::zeros(d, d);
    let pointwise = |block: linalg::Block<'_>| {
        let rows = block.start..block.start + block.eta.len();
        weights(rows, block.curvature);
        block.slope.fill(0.0);
        block.loss.fill(0.0);
    };
    let (zeros, workspace) = (vec![0.0; d], linalg::Workspace::new());
    let mut gradient = vec![0.0; d];
    design.pass(
        every,
        &zeros,
        &pointwise,
        &mut gradient,
        Some(out.as_mut()),
        &workspace,
    );
    out
}

/// The same at linear predictors that are known.
pub(super) fn information(problem: &Problem<'_>, eta: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; eta.len()];
    parallel::for_each_part(&mut out, 4096, &|start, out| {
        for (k, out) in out.iter_mut().enumerate() {
            let weight = problem.weight(start + k);
            if weight > 0.0 {
                *out = weight * problem.family.information(eta[start + k]);
            }
        }
    });
    out
}
