//! The objective of a generalised linear model: mean loss plus penalty.

use std::sync::atomic::{AtomicU64, Ordering};

use linalg::Design as _;
use linalg::{Block, MatMut, Sampled, Workspace, reduce};
use models::glm::Family;

use super::columns::Columns;
use super::problem::Problem;
use crate::{Differentiable, HessianProducts, Objective, TwiceDifferentiable};

/// Rows whose offsets are added together.
const CHUNK: usize = 128;

/// Weighted mean loss plus ½ Σ l2ⱼ xⱼ², in the coordinates of the solvers.
///
/// Where the loss of a row bends down, which a link that is not canonical allows, its expected curvature stands for it: the Hessian
/// is then not exact, but positive definite.
#[derive(Debug)]
pub(super) struct GlmObjective<'p, 'a> {
    design: &'p Columns<'a>,
    problem: &'p Problem<'a>,
    /// One of every so many blocks of rows is looked at.
    every: usize,
    total: f64,
    /// The l2 penalty on each coefficient, 0 for the intercept.
    ridge: Vec<f64>,
    workspace: Workspace,
    /// The point of the last Hessian product, with the weighted curvatures of the rows.
    curvature: Option<(Vec<f64>, Vec<f64>)>,
    /// The point of the last pass over all rows, its weighted loss, and the linear predictors, offsets included.
    point: Vec<f64>,
    loss: f64,
    eta: Vec<AtomicU64>,
}

/// What is known of a point: the linear predictors of all rows, offsets included, and their weighted loss.
#[derive(Debug)]
pub(super) struct At {
    pub(super) eta: Vec<f64>,
    pub(super) loss: f64,
}

impl<'p, 'a> GlmObjective<'p, 'a> {
    pub(super) fn new(design: &'p Columns<'a>, problem: &'p Problem<'a>, ridge: Vec<f64>) -> Self {
        Self {
            design,
            problem,
            every: 1,
            total: problem.total(),
            ridge,
            workspace: Workspace::new(),
            curvature: None,
            point: Vec::new(),
            loss: f64::NAN,
            eta: Vec::new(),
        }
    }

    /// Predictors and loss at a point: those of the last pass, if that was there.
    pub(super) fn last(mut self, x: &[f64]) -> At {
        if self.point == x && self.eta.len() == self.problem.y.len() {
            let eta = std::mem::take(&mut self.eta).into_iter();
            let eta = eta.map(|eta| f64::from_bits(eta.into_inner())).collect();
            return At {
                eta,
                loss: self.loss,
            };
        }
        let eta = self.problem.predictors(self.design, x);
        let problem = self.problem;
        let loss = reduce::sum_filled(eta.len(), &|from, block: &mut [f64]| {
            for (k, out) in block.iter_mut().enumerate() {
                let (i, weight) = (from + k, problem.weight(from + k));
                *out = if weight > 0.0 {
                    weight * problem.family.terms(eta[i], problem.y[i]).loss
                } else {
                    0.0
                };
            }
        });
        At { eta, loss }
    }

    /// The same for one of every so many blocks of rows, with a small penalty on all coefficients, so that what the sample does not
    /// tell stays near 0.
    pub(super) fn sampled(mut self, every: usize) -> Self {
        let sample = Sampled::new(self.design.design(), every);
        let block = sample.block_rows();
        let rows =
            (0..sample.rows() / block).flat_map(|k| sample.original(k * block..(k + 1) * block));
        self.total = match &self.problem.weights {
            Some(weights) => rows.map(|i| weights[i]).sum(),
            None => sample.rows() as f64,
        };
        self.every = every;
        for ridge in &mut self.ridge {
            *ridge += 1.0 / sample.rows() as f64;
        }
        self
    }

    /// The weighted curvature of every row at a point.
    pub(super) fn curvature(&self, x: &[f64]) -> Vec<f64> {
        let eta = self.problem.predictors(self.design, x);
        let mut curvature = vec![0.0; eta.len()];
        linalg::parallel::for_each_part(&mut curvature, 8192, &|start, curvature| {
            for (k, curvature) in curvature.chunks_mut(CHUNK).enumerate() {
                let from = start + k * CHUNK;
                let (mut loss, mut slope) = ([0.0; CHUNK], [0.0; CHUNK]);
                let n = curvature.len();
                let eta = &eta[from..from + n];
                self.rows(from, eta, &mut loss[..n], &mut slope[..n], curvature);
            }
        });
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

    fn pass(&mut self, x: &[f64], gradient: &mut [f64], gram: Option<MatMut<'_, f64>>) -> f64 {
        let whole = self.every == 1;
        if whole && self.eta.is_empty() {
            self.eta
                .resize_with(self.problem.y.len(), AtomicU64::default);
        }
        let keep = |start: usize, eta: &[f64]| {
            if whole {
                for (kept, eta) in self.eta[start..start + eta.len()].iter().zip(eta) {
                    kept.store(eta.to_bits(), Ordering::Relaxed);
                }
            }
        };
        let pointwise = |block: Block<'_>| {
            let Block {
                start,
                eta,
                loss,
                slope,
                curvature,
            } = block;
            let Some(offset) = self.problem.data.offset else {
                keep(start, eta);
                return self.rows(start, eta, loss, slope, curvature);
            };
            for from in (0..eta.len()).step_by(CHUNK) {
                let range = from..eta.len().min(from + CHUNK);
                let mut moved = [0.0; CHUNK];
                let moved = &mut moved[..range.len()];
                for (k, moved) in moved.iter_mut().enumerate() {
                    *moved = eta[from + k] + offset[start + from + k];
                }
                keep(start + from, moved);
                let (loss, slope) = (&mut loss[range.clone()], &mut slope[range.clone()]);
                self.rows(start + from, moved, loss, slope, &mut curvature[range]);
            }
        };
        let loss = self
            .design
            .pass(self.every, x, &pointwise, gradient, gram, &self.workspace);
        if whole {
            self.point.clear();
            self.point.extend_from_slice(x);
            self.loss = loss;
        }
        loss
    }

    fn finish(&self, x: &[f64], loss: f64, gradient: &mut [f64]) -> f64 {
        let mut value = loss / self.total;
        for ((gradient, &x), &penalty) in gradient.iter_mut().zip(x).zip(&self.ridge) {
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
            hessian[(j, j)] += self.ridge[j];
        }
        self.finish(x, loss, gradient)
    }
}

impl HessianProducts for GlmObjective<'_, '_> {
    fn hessian_product(&mut self, x: &[f64], direction: &[f64], product: &mut [f64]) {
        if self.curvature.as_ref().is_none_or(|(point, _)| point != x) {
            self.curvature = Some((x.to_vec(), self.curvature(x)));
        }
        let Some((_, curvature)) = &self.curvature else {
            return;
        };
        let pointwise = |block: Block<'_>| {
            let rows = block.start..block.start + block.eta.len();
            for ((slope, eta), w) in block.slope.iter_mut().zip(block.eta).zip(&curvature[rows]) {
                *slope = w * eta;
            }
            block.loss.fill(0.0);
        };
        self.design
            .pass(1, direction, &pointwise, product, None, &self.workspace);
        for ((product, v), ridge) in product.iter_mut().zip(direction).zip(&self.ridge) {
            *product = *product / self.total + ridge * v;
        }
    }
}
