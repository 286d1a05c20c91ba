//! The objective of a generalised linear model: mean loss plus penalty.

use linalg::{Block, Design, MatMut, Standardised, Workspace};
use models::glm::Family;

use crate::{Differentiable, Objective, TwiceDifferentiable};

/// Mean loss plus ½·l2·‖β‖², in the coefficients of the standardised columns.
#[derive(Debug)]
pub(crate) struct GlmObjective<'a, F> {
    design: &'a Standardised<'a>,
    family: F,
    y: &'a [f64],
    /// The penalty on each standardised coefficient: l2 / scale², 0 for the intercept.
    penalty: Vec<f64>,
    workspace: Workspace,
}

impl<'a, F: Family> GlmObjective<'a, F> {
    pub(crate) fn new(design: &'a Standardised<'a>, family: F, y: &'a [f64], l2: f64) -> Self {
        let free = design.has_intercept().then_some(0.0).into_iter();
        let penalty = free
            .chain(design.scale().iter().map(|scale| l2 / scale / scale))
            .collect();
        Self {
            design,
            family,
            y,
            penalty,
            workspace: Workspace::new(),
        }
    }

    /// The sum of the losses, without the penalty, and the curvature of every row.
    pub(crate) fn loss_and_curvature(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let mut eta = vec![0.0; self.y.len()];
        self.design.times(x, &mut eta);
        let terms = |i: usize| self.family.terms(eta[i], self.y[i]);
        let loss = linalg::reduce::sum_by(eta.len(), |i| terms(i).loss);
        (loss, (0..eta.len()).map(|i| terms(i).curvature).collect())
    }

    fn pass(&self, x: &[f64], gradient: &mut [f64], gram: Option<MatMut<'_, f64>>) -> f64 {
        let pointwise = |block: Block<'_>| {
            let y = &self.y[block.start..block.start + block.eta.len()];
            self.family
                .block(block.eta, y, block.loss, block.slope, block.curvature);
        };
        self.design
            .pass(x, &pointwise, gradient, gram, &self.workspace)
    }

    fn finish(&self, x: &[f64], loss: f64, gradient: &mut [f64]) -> f64 {
        let n = self.y.len() as f64;
        let mut value = loss / n;
        for ((gradient, &x), &penalty) in gradient.iter_mut().zip(x).zip(&self.penalty) {
            *gradient = *gradient / n + penalty * x;
            value += 0.5 * penalty * x * x;
        }
        value
    }
}

impl<F: Family> Objective for GlmObjective<'_, F> {
    fn dimension(&self) -> usize {
        self.design.columns()
    }
}

impl<F: Family> Differentiable for GlmObjective<'_, F> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let loss = self.pass(x, gradient, None);
        self.finish(x, loss, gradient)
    }
}

impl<F: Family> TwiceDifferentiable for GlmObjective<'_, F> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let loss = self.pass(x, gradient, Some(hessian.as_mut()));
        let n = self.y.len() as f64;
        for j in 0..x.len() {
            for i in 0..x.len() {
                hessian[(i, j)] /= n;
            }
            hessian[(j, j)] += self.penalty[j];
        }
        self.finish(x, loss, gradient)
    }
}
