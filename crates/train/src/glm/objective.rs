//! The objective of a generalised linear model: mean loss plus penalty.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use linalg::rows::BLOCK;
use linalg::{Block, MatMut, Workspace};
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

/// What is known of a point: its weighted loss, and the linear predictors of all rows, offsets included, if they are in memory.
#[derive(Debug)]
pub(super) struct At {
    x: Vec<f64>,
    /// Empty if the rows are not in memory: then predictors are computed anew.
    pub(super) eta: Vec<f64>,
    pub(super) loss: f64,
}

impl At {
    /// What is known of a point before any loss: it is NaN.
    pub(super) fn new(problem: &Problem<'_>, design: &Columns<'_>, x: &[f64]) -> Self {
        Self {
            x: x.to_vec(),
            eta: if problem.data.features.in_leaves() {
                Vec::new()
            } else {
                problem.predictors(design, x)
            },
            loss: f64::NAN,
        }
    }

    /// The linear predictors of some rows, all of one leaf.
    pub(super) fn predictors(
        &self,
        problem: &Problem<'_>,
        design: &Columns<'_>,
        rows: Range<usize>,
        out: &mut [f64],
    ) {
        if self.eta.is_empty() {
            design.times_block(rows.clone(), &self.x, out);
            add_offset(problem, rows, out);
        } else {
            out.copy_from_slice(&self.eta[rows]);
        }
    }

    /// The sums of numbers of every row of all processes, which `f` writes for a block of rows with their predictors.
    pub(super) fn sums_of_blocks<const K: usize>(
        &self,
        problem: &Problem<'_>,
        design: &Columns<'_>,
        f: &(impl Fn(Range<usize>, &[f64], &mut [[f64; K]]) + Sync),
    ) -> [f64; K] {
        let block = |rows: Range<usize>, out: &mut [[f64; K]]| {
            let mut memory = [0.0; BLOCK];
            let eta = &mut memory[..rows.len()];
            self.predictors(problem, design, rows.clone(), eta);
            f(rows, eta, out);
        };
        problem.cut.of_whole_leaves().sums_of_blocks(&block)
    }

    /// The sums of numbers of every row of all processes that counts, of its number and its predictor.
    pub(super) fn sums<const K: usize>(
        &self,
        problem: &Problem<'_>,
        design: &Columns<'_>,
        f: &(impl Fn(usize, f64) -> [f64; K] + Sync),
    ) -> [f64; K] {
        self.sums_of_blocks(problem, design, &|rows, eta, out| {
            for ((row, eta), out) in rows.zip(eta).zip(out) {
                *out = if problem.weight(row) > 0.0 {
                    f(row, *eta)
                } else {
                    [0.0; K]
                };
            }
        })
    }
}

fn add_offset(problem: &Problem<'_>, rows: Range<usize>, eta: &mut [f64]) {
    if let Some(offset) = &problem.data.offset {
        let mut memory = [0.0; BLOCK];
        for (eta, offset) in eta.iter_mut().zip(offset.rows(rows, &mut memory)) {
            *eta += offset;
        }
    }
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

    /// True if predictors are kept from pass to pass.
    fn keeps(&self) -> bool {
        self.every == 1 && !self.problem.data.features.in_leaves()
    }

    /// Predictors and loss at a point: those of the last pass, if that was there.
    pub(super) fn last(mut self, x: &[f64]) -> At {
        let known = self.point == x;
        let kept = self.eta.len() == self.problem.y.len();
        if known && (kept || !self.keeps()) {
            let eta = std::mem::take(&mut self.eta).into_iter();
            let eta = eta.map(|eta| f64::from_bits(eta.into_inner())).collect();
            return At {
                x: x.to_vec(),
                eta,
                loss: self.loss,
            };
        }
        let mut at = At::new(self.problem, self.design, x);
        let problem = self.problem;
        let loss =
            |i: usize, eta: f64| [problem.weight(i) * problem.family.terms(eta, problem.y[i]).loss];
        at.loss = at.sums(problem, self.design, &loss)[0];
        at
    }

    /// The same for one of every so many blocks of rows, with a small penalty on all coefficients, so that what the sample does not
    /// tell stays near 0.
    pub(super) fn sampled(mut self, every: usize) -> Self {
        let (sample, problem) = (self.design.partition().sampled(every), self.problem);
        let [rows, total] = sample.sums(|row| [1.0, problem.weight(row)]);
        self.total = total;
        self.every = every;
        for ridge in &mut self.ridge {
            *ridge += 1.0 / rows;
        }
        self
    }

    /// The weighted curvatures of a block of rows at a point.
    pub(super) fn curvature_at(&self, x: &[f64], rows: Range<usize>, out: &mut [f64]) {
        let mut memory = [[0.0; CHUNK]; 3];
        for (k, out) in out.chunks_mut(CHUNK).enumerate() {
            let from = rows.start + k * CHUNK;
            let [eta, loss, slope] = memory.each_mut().map(|m| &mut m[..out.len()]);
            let rows = from..from + out.len();
            self.design.times_block(rows.clone(), x, eta);
            add_offset(self.problem, rows, eta);
            self.rows(from, eta, loss, slope, out);
        }
    }

    /// The weighted curvature of every row of this process at a point.
    fn curvature(&self, x: &[f64]) -> Vec<f64> {
        let mut curvature = vec![0.0; self.problem.y.len()];
        let cut = self.design.partition();
        let mut parts = Vec::new();
        let mut rest = &mut curvature[..];
        for leaf in 0..cut.leaves() {
            let (part, others) = std::mem::take(&mut rest).split_at_mut(cut.leaf(leaf).len());
            parts.push(std::sync::Mutex::new(part));
            rest = others;
        }
        cut.visit_leaves(&|leaf| {
            if let Ok(mut part) = parts[leaf].lock() {
                self.curvature_at(x, cut.leaf(leaf), &mut part);
            }
        });
        drop(parts);
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
        let mut memory = [0.0; BLOCK];
        for from in (0..eta.len()).step_by(BLOCK) {
            let to = eta.len().min(from + BLOCK);
            let (eta, loss) = (&eta[from..to], &mut loss[from..to]);
            let (slope, curvature) = (&mut slope[from..to], &mut curvature[from..to]);
            let rows = start + from..start + to;
            let y = y.rows(rows.clone(), &mut memory);
            family.block(eta, y, loss, slope, curvature);
            for (curvature, eta) in curvature.iter_mut().zip(eta) {
                if *curvature <= 0.0 {
                    *curvature = family.information(*eta);
                }
            }
            let Some(weights) = weights else { continue };
            for (i, weight) in weights.rows(rows, &mut memory).iter().enumerate() {
                for term in [&mut loss[i], &mut slope[i], &mut curvature[i]] {
                    *term = if *weight > 0.0 { *weight * *term } else { 0.0 };
                }
            }
        }
    }

    fn pass(&mut self, x: &[f64], gradient: &mut [f64], gram: Option<MatMut<'_, f64>>) -> f64 {
        let keeps = self.keeps();
        if keeps && self.eta.is_empty() {
            self.eta
                .resize_with(self.problem.y.len(), AtomicU64::default);
        }
        let keep = |start: usize, eta: &[f64]| {
            if keeps {
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
            let Some(offset) = &self.problem.data.offset else {
                keep(start, eta);
                return self.rows(start, eta, loss, slope, curvature);
            };
            for from in (0..eta.len()).step_by(CHUNK) {
                let range = from..eta.len().min(from + CHUNK);
                let mut moved = [0.0; CHUNK];
                let moved = &mut moved[..range.len()];
                moved.copy_from_slice(&eta[range.clone()]);
                let mut memory = [0.0; CHUNK];
                let own = offset.rows(start + range.start..start + range.end, &mut memory);
                moved.iter_mut().zip(own).for_each(|(eta, own)| *eta += own);
                keep(start + from, moved);
                let (loss, slope) = (&mut loss[range.clone()], &mut slope[range.clone()]);
                self.rows(start + from, moved, loss, slope, &mut curvature[range]);
            }
        };
        let loss = self
            .design
            .pass(self.every, x, &pointwise, gradient, gram, &self.workspace);
        if self.every == 1 {
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
        // Rows in leaves have theirs computed again: there would be a number for each of them.
        let keeps = self.keeps();
        if keeps && self.curvature.as_ref().is_none_or(|(point, _)| point != x) {
            self.curvature = Some((x.to_vec(), self.curvature(x)));
        }
        let pointwise = |block: Block<'_>| {
            let rows = block.start..block.start + block.eta.len();
            let curvature: &[f64] = match &self.curvature {
                Some((_, curvature)) if keeps => &curvature[rows],
                _ => {
                    self.curvature_at(x, rows, block.curvature);
                    block.curvature
                }
            };
            for ((slope, eta), w) in block.slope.iter_mut().zip(block.eta).zip(curvature) {
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
