//! Multinomial regression with Firth's penalty, whose derivatives the tape has.

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat};

use super::FitOptions;
use super::classes::Classes;
use super::columns::Columns;
use crate::solver::{Lbfgs, Newton, Outcome, Status};
use crate::{FitError, LossFunction, TwiceDifferentiable};

/// What Firth's objective is computed from, a row an observation.
#[derive(Debug)]
pub(super) struct FirthData {
    z: Mat<f64>,
    weights: Mat<f64>,
    /// The class of each row.
    own: Mat<f64>,
    /// The linear predictors of the first class.
    reference: Mat<f64>,
    total: f64,
}

impl FirthData {
    pub(super) fn new(design: &Columns<'_>, classes: &Classes<'_>) -> Result<Self, FitError> {
        let Columns::Dense(_) = design else {
            return Err(FitError::Solver {
                solver: "firth",
                reason: "Firth's penalty needs dense data",
            });
        };
        let n = classes.rows();
        let mut z: Mat<f64> = Mat::zeros(n, design.columns());
        design.each_row(|i, row| {
            for (j, value) in row.iter().enumerate() {
                z[(i, j)] = *value;
            }
        });
        let weight = |i: usize| classes.weight(i);
        Ok(Self {
            z,
            weights: Mat::from_fn(n, 1, |i, _| weight(i)),
            own: Mat::from_fn(n, 1, |i, _| classes.of(i) as f64),
            reference: Mat::zeros(n, 1),
            total: (0..n).map(weight).sum(),
        })
    }

    /// −(ℓ + ½ ln det I) by the total weight, I being the information of all coefficients, for `m` classes beside the first.
    pub(super) fn objective(&self, m: usize) -> impl TwiceDifferentiable {
        LossFunction::new(&[(self.z.ncols(), m)], move |parameters| {
            let (z, w) = (
                parameters.constant(&self.z),
                parameters.constant(&self.weights),
            );
            let tape = parameters[0].tape();
            let eta = tape.concatenate_columns(&[
                parameters.constant(&self.reference),
                z.matmul(parameters[0]),
            ]);
            let own = eta
                .log_softmax()
                .gather_entries(parameters.constant(&self.own));
            let likelihood = (own * w).sum();
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
            -(likelihood + information.log_determinant() * 0.5) * (1.0 / self.total)
        })
    }
}

/// Minimises Firth's objective (Kosmidis and Firth 2011): by L-BFGS to the neighbourhood, then by Newton's method. The coefficients of
/// the classes but the first stand one class after the other.
pub(super) fn solve(
    design: &Columns<'_>,
    classes: &Classes<'_>,
    start: &[f64],
    options: &FitOptions,
) -> Result<Outcome, FitError> {
    let data = FirthData::new(design, classes)?;
    let mut loss = data.objective(start.len() / design.columns());
    // Dependent columns are named before the tape meets a matrix that it cannot factor.
    let gram = super::information::gram(design, &|_, ones| ones.fill(1.0));
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
