//! Which parameters a singular matrix does not tell apart.

use linalg::solve::symmetric_eigen;
use linalg::{LinalgError, Mat, MatRef};

use super::qr::{Qr, norm};

/// An entry of a unit vector above this takes part in the direction.
pub(super) const PART: f64 = 0.05;

/// The parameters of the direction in which the columns of a Jacobian, each scaled to length 1, are dependent to working precision;
/// none if they are independent. A column of zeros is one by itself.
pub(super) fn columns(jacobian: &[Vec<f64>]) -> Result<Vec<usize>, LinalgError> {
    let lengths: Vec<f64> = jacobian.iter().map(|column| norm(column)).collect();
    let zeros: Vec<usize> = (0..lengths.len()).filter(|&j| lengths[j] == 0.0).collect();
    if !zeros.is_empty() {
        return Ok(zeros);
    }
    let scaled: Vec<Vec<f64>> = jacobian
        .iter()
        .zip(&lengths)
        .map(|(column, d)| column.iter().map(|x| x / d).collect())
        .collect();
    let rows = jacobian.first().map_or(0, Vec::len);
    let p = jacobian.len();
    let svd = Qr::new(scaled).svd()?;
    let tolerance = f64::EPSILON * rows.max(p) as f64;
    match (svd.s.first(), svd.s.last()) {
        (Some(most), Some(least)) if *least <= tolerance * most => {
            Ok((0..p).filter(|&j| svd.v[(j, p - 1)].abs() > PART).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// What the curvature of a symmetric matrix says, after scaling to a unit diagonal.
#[derive(Debug, PartialEq)]
pub(super) enum Curvature {
    /// Positive definite to working precision.
    Positive,
    /// Zero in a direction of these parameters.
    Flat(Vec<usize>),
    /// Negative in a direction of these parameters.
    Negative(Vec<usize>),
}

/// A scaled eigenvalue below this is rounding: the Hessian of a sum carries the rounding errors of its terms.
const FLAT: f64 = 1e-12;

pub(super) fn curvature(h: MatRef<'_, f64>) -> Result<Curvature, LinalgError> {
    let p = h.nrows();
    let zeros: Vec<usize> = (0..p).filter(|&j| h[(j, j)] == 0.0).collect();
    if !zeros.is_empty() {
        return Ok(Curvature::Flat(zeros));
    }
    let (values, vectors) = symmetric_eigen(unit_diagonal(h).0.as_ref())?;
    let direction = |k: usize| (0..p).filter(|&j| vectors[(j, k)].abs() > PART).collect();
    Ok(match values.first() {
        Some(least) if *least < -FLAT => Curvature::Negative(direction(0)),
        Some(least) if *least <= FLAT => Curvature::Flat(direction(0)),
        _ => Curvature::Positive,
    })
}

/// D H D with |diagonal| 1, and D; the lower triangle is read.
pub(super) fn unit_diagonal(h: MatRef<'_, f64>) -> (Mat<f64>, Vec<f64>) {
    let p = h.nrows();
    let d: Vec<f64> = (0..p)
        .map(|j| {
            let entry = h[(j, j)].abs();
            if entry > 0.0 {
                entry.sqrt().recip()
            } else {
                1.0
            }
        })
        .collect();
    let scaled = Mat::from_fn(p, p, |i, j| {
        d[i] * d[j] * if i >= j { h[(i, j)] } else { h[(j, i)] }
    });
    (scaled, d)
}
