//! How multinomial models are fitted.

use linalg::solve::symmetric_eigen;
use linalg::{LinalgError, Mat};

use super::information::gram;
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
            let mut scaling = Scaling::new(objective)?;
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
                        scaling.curvature = objective.mean_curvatures(x);
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

/// An inverse of the Hessian in which all rows have the mean curvature of a class: cₖ ZᵀZ/n + l2 for each, by the eigenvectors of ZᵀZ/n
/// (Böhning 1992 has the bound that inspires it).
struct Scaling {
    vectors: Mat<f64>,
    values: Vec<f64>,
    /// One a class.
    curvature: Vec<f64>,
    ridge: f64,
    free: Vec<(usize, usize)>,
    k: usize,
}

impl Scaling {
    fn new(objective: &SoftmaxObjective<'_, '_>) -> Result<Self, LinalgError> {
        let (n, total) = (objective.rows(), objective.total());
        let weights: Vec<f64> = (0..n).map(|i| objective.weight(i) / total).collect();
        let gram = gram(objective.design, &weights);
        let (values, vectors) = symmetric_eigen(gram.as_ref())?;
        let k = objective.classes();
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(*v));
        // Directions without data are scaled by the penalty, or left alone.
        let ridge = objective.mean_ridge().max(1e-10 * largest);
        Ok(Self {
            vectors,
            values,
            curvature: vec![1.0 / k as f64; k],
            ridge,
            free: objective.free().to_vec(),
            k,
        })
    }

    fn apply(&mut self, r: &mut [f64]) {
        let d = self.vectors.nrows();
        let mut b: Mat<f64> = Mat::zeros(d, self.k);
        for (r, &(j, class)) in r.iter().zip(&self.free) {
            b[(j, class)] = *r;
        }
        let mut turned = Mat::zeros(d, self.k);
        let accum = linalg::Accum::Replace;
        linalg::matmul(self.vectors.transpose(), b.as_ref(), turned.as_mut(), accum);
        for class in 0..self.k {
            for (j, value) in self.values.iter().enumerate() {
                turned[(j, class)] /= self.curvature[class] * value.max(0.0) + self.ridge;
            }
        }
        linalg::matmul(self.vectors.as_ref(), turned.as_ref(), b.as_mut(), accum);
        for (r, &(j, class)) in r.iter_mut().zip(&self.free) {
            *r = b[(j, class)];
        }
    }
}
