//! How multinomial models are fitted.

use std::ops::Range;

use linalg::solve::Cholesky;
use linalg::{Design, LinalgError, Mat};

use super::columns::Columns;
use super::information::sampled_gram;
use super::softmax::SoftmaxObjective;
use super::{FitOptions, Solver};
use crate::solver::{Lbfgs, Newton, NewtonCg, Outcome, Separable};

/// The optimum; `direction` becomes the last step, which says more than an error does about where a fit went.
pub(super) fn solve(
    objective: &mut SoftmaxObjective<'_, '_>,
    separable: &Separable,
    start: &[f64],
    solver: Solver,
    options: &FitOptions,
    direction: &mut Vec<f64>,
) -> Result<Outcome, LinalgError> {
    let tolerance = options.tolerance.unwrap_or(1e-10);
    match solver {
        Solver::Lbfgs => {
            let lbfgs = Lbfgs {
                iterations: options.iterations.unwrap_or(5000),
                tolerance,
                ..Lbfgs::default()
            };
            let scaling = Scaling::new(objective)?;
            lbfgs.minimise_preconditioned(
                objective,
                start,
                |_, _, r| {
                    scaling.apply(r);
                    true
                },
                |_, step| {
                    direction.clear();
                    direction.extend_from_slice(step.direction);
                    Ok::<(), LinalgError>(())
                },
            )
        }
        Solver::NewtonCg => {
            let newton = NewtonCg {
                iterations: options.iterations.unwrap_or(200),
                tolerance,
                ..NewtonCg::default()
            };
            let mut scaling = Scaling::new(objective)?;
            let mut point = Vec::new();
            newton.minimise_preconditioned(
                objective,
                start,
                |objective, x, r, z| {
                    if point != x {
                        point = x.to_vec();
                        scaling.move_to(objective, x);
                    }
                    z.copy_from_slice(r);
                    scaling.apply(z);
                },
                |_, step| {
                    direction.clear();
                    direction.extend_from_slice(step.direction);
                    Ok::<(), LinalgError>(())
                },
            )
        }
        _ => {
            let newton = Newton {
                iterations: options.iterations.unwrap_or(100),
                ..Newton::default()
            };
            newton.minimise_composite(objective, separable, start, None, |_, step| {
                direction.clear();
                direction.extend_from_slice(step.direction);
                Ok::<(), LinalgError>(())
            })
        }
    }
}

/// An inverse of the Hessian in which all rows have the mean curvature of a class, cₖ (ZᵀZ/n + ridge), times the mean curvature of all
/// where the penalty is compared with it (Böhning 1992 has the bound that inspires it).
struct Scaling {
    /// ZᵀZ/n, from a sample of rows if they are many.
    gram: Mat<f64>,
    factor: Cholesky,
    /// One a class.
    curvature: Vec<f64>,
    ridge: f64,
    free: Vec<(usize, usize)>,
    k: usize,
}

/// Rows of a sample for each coefficient.
const SAMPLE: usize = 25;

impl Scaling {
    fn new(objective: &SoftmaxObjective<'_, '_>) -> Result<Self, LinalgError> {
        let (n, total) = (objective.rows(), objective.total());
        let every = match objective.design {
            Columns::Dense(x) => (n / (SAMPLE * x.columns())).max(1),
            Columns::Sparse(_) => 1,
        };
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            for (row, out) in rows.zip(out) {
                *out = every as f64 * objective.weight(row) / total;
            }
        };
        let mut gram = sampled_gram(objective.design, &weights, every);
        if every > 1 {
            // A standardised column has the mean square 1, of which a sample of its rows may have missed some.
            for j in 0..gram.nrows() {
                gram[(j, j)] = gram[(j, j)].max(1.0);
            }
        }
        let k = objective.classes();
        let curvature = vec![1.0 / k as f64; k];
        let ridge = objective.mean_ridge();
        Ok(Self {
            factor: factor(&gram, ridge * k as f64)?,
            gram,
            curvature,
            ridge,
            free: objective.free().to_vec(),
            k,
        })
    }

    /// The scaling for another point; the old one serves if that cannot be made.
    fn move_to(&mut self, objective: &mut SoftmaxObjective<'_, '_>, x: &[f64]) {
        let curvature = objective.mean_curvatures(x);
        let mean = curvature.iter().sum::<f64>() / self.k as f64;
        if let Ok(factor) = factor(&self.gram, self.ridge / mean) {
            (self.curvature, self.factor) = (curvature, factor);
        }
    }

    fn apply(&self, r: &mut [f64]) {
        let mut b: Mat<f64> = Mat::zeros(self.gram.nrows(), self.k);
        for (r, &(j, class)) in r.iter().zip(&self.free) {
            b[(j, class)] = *r / self.curvature[class];
        }
        let b = self.factor.solve_once(b.as_ref());
        for (r, &(j, class)) in r.iter_mut().zip(&self.free) {
            *r = b[(j, class)];
        }
    }
}

/// Of the matrix with so much more on its diagonal, at least some rounding errors of it.
fn factor(gram: &Mat<f64>, ridge: f64) -> Result<Cholesky, LinalgError> {
    let d = gram.nrows();
    let largest = (0..d).fold(0.0_f64, |m, j| m.max(gram[(j, j)]));
    let ridge = ridge.max(1e-10 * largest);
    let sum = Mat::from_fn(d, d, |i, j| gram[(i, j)] + if i == j { ridge } else { 0.0 });
    Cholesky::new(sum.as_ref())
}
