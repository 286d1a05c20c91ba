//! Multinomial regression with Firth's penalty, whose derivatives the tape has.

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat};

use super::FitOptions;
use super::columns::Columns;
use crate::solver::{Lbfgs, Newton, Outcome, Status};
use crate::{FitError, LossFunction};

/// Minimises −(ℓ + ½ ln det I) by the total weight, I being the information of all coefficients (Kosmidis and Firth 2011): by
/// L-BFGS to the neighbourhood, then by Newton's method. The coefficients of the classes but the first stand one class after the
/// other.
pub(super) fn solve(
    design: &Columns<'_>,
    classes: &[usize],
    weights: Option<&[f64]>,
    start: &[f64],
    options: &FitOptions,
) -> Result<Outcome, FitError> {
    let Columns::Dense(x) = design else {
        return Err(FitError::Solver {
            solver: "firth",
            reason: "Firth's penalty needs dense data",
        });
    };
    let (n, p) = (classes.len(), design.columns());
    let m = start.len() / p;
    let mut z: Mat<f64> = Mat::zeros(n, p);
    let mut memory = Mat::new();
    for from in (0..n).step_by(512) {
        let rows = from..(from + 512).min(n);
        let block = x.block(rows.clone(), &mut memory);
        z.as_mut().subrows_mut(from, rows.len()).copy_from(block);
    }
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    let w = Mat::from_fn(n, 1, |i, _| weight(i));
    let total: f64 = (0..n).map(weight).sum();
    let own = Mat::from_fn(n, 1, |i, _| classes[i] as f64);
    let reference: Mat<f64> = Mat::zeros(n, 1);
    let mut loss = LossFunction::new(&[(p, m)], |parameters| {
        let (z, w) = (parameters.constant(&z), parameters.constant(&w));
        let tape = parameters[0].tape();
        let eta =
            tape.concatenate_columns(&[parameters.constant(&reference), z.matmul(parameters[0])]);
        let likelihood = (eta.log_softmax().gather_entries(parameters.constant(&own)) * w).sum();
        let probabilities = eta.softmax();
        let class = |k: usize| probabilities.columns(k + 1..k + 2);
        let rows: Vec<_> = (0..m)
            .map(|k| {
                let blocks: Vec<_> = (0..m)
                    .map(|l| {
                        let other = if k == l { 1.0 - class(l) } else { -class(l) };
                        z.transpose().matmul(z * (w * class(k) * other))
                    })
                    .collect();
                tape.concatenate_columns(&blocks)
            })
            .collect();
        let information = tape.concatenate_rows(&rows);
        -(likelihood + information.log_determinant() * 0.5) * (1.0 / total)
    });
    // Dependent columns are named before the tape meets a matrix that it cannot factor.
    let ones = vec![1.0; n];
    let gram = super::information::gram(design, &ones);
    Cholesky::new(gram.as_ref()).map_err(|source| FitError::Linalg { source })?;
    let lbfgs = Lbfgs {
        iterations: options.iterations.unwrap_or(2000),
        tolerance: 1e-8,
        ..Lbfgs::default()
    };
    let near = lbfgs.minimise(&mut loss, start);
    if near.certificate.status != Status::Converged {
        return Ok(near);
    }
    let steps = near.certificate.iterations;
    let newton: Result<Outcome, LinalgError> = Newton::default().minimise(&mut loss, &near.x);
    Ok(match newton {
        Ok(mut outcome) if outcome.certificate.status == Status::Converged => {
            outcome.certificate.iterations += steps;
            outcome
        }
        _ => near,
    })
}
