//! The objective of a generalised linear model: mean loss plus penalty.

use linalg::{Block, Design, MatMut, Standardised, Workspace};
use models::glm::Family;

use super::problem::Problem;
use crate::{Differentiable, Objective, TwiceDifferentiable};

/// Rows whose offsets are added together.
const CHUNK: usize = 128;

/// Weighted mean loss plus ½·l2·‖β‖², in the coefficients of the standardised columns.
///
/// Where the loss of a row bends down, which a link that is not canonical allows, its expected curvature stands for it: the Hessian
/// is then not exact, but positive definite.
#[derive(Debug)]
pub(super) struct GlmObjective<'p, 'a> {
    design: &'p Standardised<'a>,
    problem: &'p Problem<'a>,
    total: f64,
    /// The penalty on each standardised coefficient: l2 / scale², 0 for the intercept.
    penalty: Vec<f64>,
    workspace: Workspace,
}

impl<'p, 'a> GlmObjective<'p, 'a> {
    pub(super) fn new(design: &'p Standardised<'a>, problem: &'p Problem<'a>) -> Self {
        let free = design.has_intercept().then_some(0.0).into_iter();
        let l2 = problem.l2;
        let penalty = free
            .chain(design.scale().iter().map(|scale| l2 / scale / scale))
            .collect();
        Self {
            design,
            problem,
            total: problem.total(),
            penalty,
            workspace: Workspace::new(),
        }
    }

    /// The weighted curvature of every row at a point.
    pub(super) fn curvature(&self, x: &[f64]) -> Vec<f64> {
        let eta = self.problem.predictors(self.design, x);
        let mut terms = [
            vec![0.0; eta.len()],
            vec![0.0; eta.len()],
            vec![0.0; eta.len()],
        ];
        let [loss, slope, curvature] = &mut terms;
        self.rows(0, &eta, loss, slope, curvature);
        let [.., curvature] = terms;
        curvature
    }

    /// The weighted terms of rows whose predictors include the offset.
    fn rows(
        &self,
        start: usize,
        eta: &[f64],
        loss: &mut [f64],
        slope: &mut [f64],
        curvature: &mut [f64],
    ) {
        let Problem {
            family, y, weights, ..
        } = self.problem;
        let rows = start..start + eta.len();
        family.block(eta, &y[rows.clone()], loss, slope, curvature);
        for (curvature, eta) in curvature.iter_mut().zip(eta) {
            if *curvature <= 0.0 {
                *curvature = family.information(*eta);
            }
        }
        if let Some(weights) = weights {
            for (i, weight) in weights[rows].iter().enumerate() {
                for term in [&mut loss[i], &mut slope[i], &mut curvature[i]] {
                    *term = if *weight > 0.0 { *weight * *term } else { 0.0 };
                }
            }
        }
    }

    fn pass(&self, x: &[f64], gradient: &mut [f64], gram: Option<MatMut<'_, f64>>) -> f64 {
        let pointwise = |block: Block<'_>| {
            let Block {
                start,
                eta,
                loss,
                slope,
                curvature,
            } = block;
            let Some(offset) = self.problem.offset else {
                return self.rows(start, eta, loss, slope, curvature);
            };
            for from in (0..eta.len()).step_by(CHUNK) {
                let range = from..eta.len().min(from + CHUNK);
                let mut moved = [0.0; CHUNK];
                let moved = &mut moved[..range.len()];
                for (k, moved) in moved.iter_mut().enumerate() {
                    *moved = eta[from + k] + offset[start + from + k];
                }
                let (loss, slope) = (&mut loss[range.clone()], &mut slope[range.clone()]);
                self.rows(start + from, moved, loss, slope, &mut curvature[range]);
            }
        };
        self.design
            .pass(x, &pointwise, gradient, gram, &self.workspace)
    }

    fn finish(&self, x: &[f64], loss: f64, gradient: &mut [f64]) -> f64 {
        let mut value = loss / self.total;
        for ((gradient, &x), &penalty) in gradient.iter_mut().zip(x).zip(&self.penalty) {
            *gradient = *gradient / self.total + penalty * x;
            value += 0.5 * penalty * x * x;
        }
        value
    }
}

impl Objective for GlmObjective<'_, '_> {
    fn dimension(&self) -> usize {
        self.design.columns()
    }
}

impl Differentiable for GlmObjective<'_, '_> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let loss = self.pass(x, gradient, None);
        self.finish(x, loss, gradient)
    }
}

impl TwiceDifferentiable for GlmObjective<'_, '_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let loss = self.pass(x, gradient, Some(hessian.as_mut()));
        for j in 0..x.len() {
            for i in 0..x.len() {
                hessian[(i, j)] /= self.total;
            }
            hessian[(j, j)] += self.penalty[j];
        }
        self.finish(x, loss, gradient)
    }
}
