//! The objective of multinomial regression.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use linalg::{BinnedSums, Mat, MatMut, MatRef, elementwise, parallel};
use models::glm::softmax;

use super::blocks::{Coefficients, Product};
use super::classes::Classes;
use super::columns::Columns;
use crate::{Differentiable, HessianProducts, Objective, TwiceDifferentiable};

/// Rows whose sums are added to those of others.
const PART: usize = 2048;
/// Numbers of a block of rows, which is to stay in the second cache.
const BLOCK: usize = 1 << 18;

/// What a thread needs for a block of rows.
#[derive(Debug)]
struct Memory {
    block: Mat<f64>,
    eta: Mat<f64>,
    residual: Mat<f64>,
    numbers: Vec<f64>,
}

/// Weighted mean log-loss of K classes plus ½ Σ l2 β², in the coordinates of the solvers. A parameter is a coefficient of a class; those
/// that are held at 0 have no place in the vector.
#[derive(Debug)]
pub(super) struct SoftmaxObjective<'p, 'a> {
    pub(super) design: &'p Columns<'a>,
    /// The class and the weight of each row.
    classes: &'p Classes<'a>,
    /// The place of each parameter: coefficient and class.
    free: &'p [(usize, usize)],
    k: usize,
    ridge: Vec<f64>,
    /// Memory of passes that have ended, for those to come.
    pool: Mutex<Vec<Memory>>,
    /// The point of the last Hessian product, with the probabilities of all rows there.
    at: Option<(Vec<f64>, Probabilities)>,
}

impl<'p, 'a> SoftmaxObjective<'p, 'a> {
    pub(super) fn new(
        design: &'p Columns<'a>,
        classes: &'p Classes<'a>,
        free: &'p [(usize, usize)],
        ridge: &[f64],
    ) -> Self {
        Self {
            design,
            classes,
            free,
            k: classes.labels.len(),
            ridge: free.iter().map(|(j, _)| ridge[*j]).collect(),
            pool: Mutex::new(Vec::new()),
            at: None,
        }
    }

    fn memory(&self) -> Memory {
        let free = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        free.unwrap_or_else(|| Memory {
            block: Mat::new(),
            eta: Mat::zeros(self.block_rows(), self.k),
            residual: Mat::zeros(self.block_rows(), self.k),
            numbers: vec![0.0; self.block_rows() * (self.k + 1)],
        })
    }

    fn give(&self, memory: Memory) {
        if let Ok(mut pool) = self.pool.lock() {
            pool.push(memory);
        }
    }

    /// The rows of all processes.
    pub(super) fn rows(&self) -> usize {
        self.design.partition().total()
    }

    pub(super) fn total(&self) -> f64 {
        self.classes.total
    }

    pub(super) fn classes(&self) -> usize {
        self.k
    }

    pub(super) fn free(&self) -> &[(usize, usize)] {
        self.free
    }

    pub(super) fn mean_ridge(&self) -> f64 {
        self.ridge.iter().sum::<f64>() / self.ridge.len().max(1) as f64
    }

    /// One row a coefficient, one column a class, in the units that the design takes.
    fn matrix(&self, x: &[f64]) -> Mat<f64> {
        let mut b = Mat::zeros(self.design.columns(), self.k);
        for (x, &(j, k)) in x.iter().zip(self.free) {
            b[(j, k)] = *x;
        }
        b
    }

    fn gather(&self, b: MatRef<'_, f64>, x: &mut [f64]) {
        for (x, &(j, k)) in x.iter_mut().zip(self.free) {
            *x = b[(j, k)];
        }
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.classes.weight(row)
    }

    fn block_rows(&self) -> usize {
        (BLOCK / self.design.columns().max(1)).clamp(32, 512) / 16 * 16
    }

    /// For every block of rows: `f(rows, η, residual)` sees the linear predictors and fills in what is to be multiplied by the rows,
    /// and returns a loss. The sums of losses and of products.
    fn pass(&self, b: MatRef<'_, f64>, f: &Pointwise<'_>) -> (f64, Mat<f64>) {
        let (d, k) = (self.design.columns(), self.k);
        let inner = Coefficients::new(self.design, b);
        let block = self.block_rows();
        let (cut, sums) = (
            self.design.partition(),
            Mutex::new(BinnedSums::new(1 + d * k)),
        );
        cut.for_each_leaf(&|leaf| {
            let rows = cut.leaf(leaf);
            let part = |part: usize| {
                let (mut loss, mut sum) = (0.0, Mat::zeros(d, k));
                let mut memory = self.memory();
                let Memory {
                    block: z,
                    eta,
                    residual,
                    numbers,
                } = &mut memory;
                let from = rows.start + part * PART;
                let end = (from + PART).min(rows.end);
                for start in (from..end).step_by(block) {
                    let rows = start..(start + block).min(end);
                    let m = rows.len();
                    let product = Product::new(self.design, rows.clone(), z);
                    let mut eta = eta.as_mut().subrows_mut(0, m);
                    product.times(&inner, eta.as_mut());
                    let mut residual = residual.as_mut().subrows_mut(0, m);
                    loss += f(rows, eta.as_ref(), residual.as_mut(), numbers);
                    product.add_transpose_times(residual.as_ref(), sum.as_mut());
                }
                self.give(memory);
                if let Ok(mut sums) = sums.lock() {
                    sums.add(0, &[loss]);
                    for l in 0..k {
                        sums.add(1 + l * d, sum.col_as_slice(l));
                    }
                }
            };
            parallel::map_reduce(rows.len().div_ceil(PART), &part, &|(), ()| ());
        });
        let mut sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        sums.combine(cut.communicator());
        let mut sum = Mat::zeros(d, k);
        for l in 0..k {
            sums.read(1 + l * d, sum.col_as_slice_mut(l));
        }
        Coefficients::finish(self.design, sum.as_mut());
        (sums.get(0), sum)
    }

    /// Probabilities of every row at a point.
    fn probabilities(&self, x: &[f64]) -> Probabilities {
        let (b, k) = (self.matrix(x), self.k);
        let mut all = Probabilities {
            inner: Coefficients::new(self.design, b.as_ref()),
            kept: Vec::new(),
        };
        // Rows that are not in memory have theirs computed again.
        if let Columns::Dense(z) = self.design
            && z.table().matrix().is_none()
        {
            return all;
        }
        let mut kept = vec![0.0; self.classes.rows() * k];
        let block = self.block_rows();
        parallel::for_each_part(&mut kept, PART * k, &|start, out| {
            for (part, out) in out.chunks_mut(block * k).enumerate() {
                let from = start / k + part * block;
                all.compute(self, from..from + out.len() / k, out);
            }
        });
        all.kept = kept;
        all
    }

    /// Residuals into the gradient, with the penalty; the objective.
    fn finish(&self, x: &[f64], loss: f64, sum: MatRef<'_, f64>, gradient: &mut [f64]) -> f64 {
        self.gather(sum, gradient);
        let mut value = loss / self.total();
        for ((gradient, x), ridge) in gradient.iter_mut().zip(x).zip(&self.ridge) {
            *gradient = *gradient / self.total() + ridge * x;
            value += 0.5 * ridge * x * x;
        }
        value
    }

    /// The mean of p (1 − p) of each class at a point.
    pub(super) fn mean_curvatures(&mut self, x: &[f64]) -> Vec<f64> {
        let (p, k) = (self.probabilities_at(x), self.k);
        let (cut, total) = (self.design.partition(), self.total());
        let means = cut.sum_leaves(k, &|leaf, means: &mut [f64]| {
            let mut memory = vec![0.0; self.block_rows() * k];
            p.each_block(self, cut.leaf(leaf), &mut memory, |rows, p| {
                for (row, p) in rows.zip(p.chunks(k)) {
                    let weight = self.weight(row) / total;
                    for (mean, p) in means.iter_mut().zip(p) {
                        *mean += weight * p * (1.0 - p);
                    }
                }
            });
        });
        self.at = Some((x.to_vec(), p));
        means
    }

    fn probabilities_at(&mut self, x: &[f64]) -> Probabilities {
        match self.at.take() {
            Some((point, p)) if point == x => p,
            _ => self.probabilities(x),
        }
    }
}

/// The probabilities of all rows at a point: in memory, a row after the other, or to be computed block by block.
struct Probabilities {
    inner: Coefficients,
    kept: Vec<f64>,
}

impl std::fmt::Debug for Probabilities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probabilities").finish_non_exhaustive()
    }
}

impl Probabilities {
    /// Of at most a block of rows.
    fn compute(&self, objective: &SoftmaxObjective<'_, '_>, rows: Range<usize>, out: &mut [f64]) {
        let (m, k) = (rows.len(), objective.k);
        let mut memory = objective.memory();
        let product = Product::new(objective.design, rows, &mut memory.block);
        let mut eta = memory.eta.as_mut().subrows_mut(0, m);
        product.times(&self.inner, eta.as_mut());
        for (i, row) in out.chunks_mut(k).enumerate() {
            for (l, p) in row.iter_mut().enumerate() {
                *p = eta[(i, l)];
            }
            softmax(row);
        }
        objective.give(memory);
    }

    /// `f(rows, probabilities)` for blocks of some rows, one after the other; memory for one is needed.
    fn each_block(
        &self,
        objective: &SoftmaxObjective<'_, '_>,
        rows: Range<usize>,
        memory: &mut [f64],
        mut f: impl FnMut(Range<usize>, &[f64]),
    ) {
        let (block, k) = (objective.block_rows(), objective.k);
        for start in rows.clone().step_by(block) {
            let rows = start..(start + block).min(rows.end);
            if self.kept.is_empty() {
                let out = &mut memory[..rows.len() * k];
                self.compute(objective, rows.clone(), out);
                f(rows, out);
            } else {
                let kept = &self.kept[rows.start * k..rows.end * k];
                f(rows, kept);
            }
        }
    }
}

/// Sees rows and their linear predictors, fills in what the rows are to be multiplied by, returns a loss; with memory for its own use.
type Pointwise<'f> =
    dyn Fn(Range<usize>, MatRef<'_, f64>, MatMut<'_, f64>, &mut [f64]) -> f64 + Sync + 'f;

impl Objective for SoftmaxObjective<'_, '_> {
    fn dimension(&self) -> usize {
        self.free.len()
    }
}

impl Differentiable for SoftmaxObjective<'_, '_> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let b = self.matrix(x);
        let k = self.k;
        let residuals = |rows: Range<usize>,
                         eta: MatRef<'_, f64>,
                         mut out: MatMut<'_, f64>,
                         numbers: &mut [f64]| {
            let m = rows.len();
            let (largest, rest) = numbers.split_at_mut(m);
            largest.fill(f64::NEG_INFINITY);
            for l in 0..k {
                for (i, largest) in largest.iter_mut().enumerate() {
                    *largest = largest.max(eta[(i, l)]);
                }
            }
            // Exponentials class by class, by the vector kernel.
            let mut shifted = [0.0; 512];
            for (l, exps) in rest.chunks_mut(m).take(k).enumerate() {
                for (i, shifted) in shifted[..m].iter_mut().enumerate() {
                    *shifted = eta[(i, l)] - largest[i];
                }
                elementwise::exp(&shifted[..m], exps);
            }
            let mut loss = 0.0;
            for (i, row) in rows.enumerate() {
                let sum: f64 = (0..k).map(|l| rest[l * m + i]).sum();
                let (class, weight) = (self.classes.of(row), self.weight(row));
                let inverse = if weight > 0.0 { weight / sum } else { 0.0 };
                for l in 0..k {
                    out[(i, l)] = rest[l * m + i] * inverse;
                }
                if weight > 0.0 {
                    loss += weight * (largest[i] + sum.ln() - eta[(i, class)]);
                    out[(i, class)] -= weight;
                }
            }
            loss
        };
        let (loss, sum) = self.pass(b.as_ref(), &residuals);
        self.finish(x, loss, sum.as_ref(), gradient)
    }
}

impl HessianProducts for SoftmaxObjective<'_, '_> {
    fn hessian_product(&mut self, x: &[f64], direction: &[f64], product: &mut [f64]) {
        let (p, k) = (self.probabilities_at(x), self.k);
        let v = self.matrix(direction);
        let bent = |rows: Range<usize>,
                    eta: MatRef<'_, f64>,
                    mut out: MatMut<'_, f64>,
                    memory: &mut [f64]| {
            let first = rows.start;
            p.each_block(self, rows, memory, |rows, p| {
                for (row, p) in rows.zip(p.chunks(k)) {
                    let (i, weight) = (row - first, self.weight(row));
                    let mean: f64 = p.iter().enumerate().map(|(l, p)| p * eta[(i, l)]).sum();
                    for (l, p) in p.iter().enumerate() {
                        out[(i, l)] = weight * p * (eta[(i, l)] - mean);
                    }
                }
            });
            0.0
        };
        let (_, sum) = self.pass(v.as_ref(), &bent);
        self.gather(sum.as_ref(), product);
        for ((product, v), ridge) in product.iter_mut().zip(direction).zip(&self.ridge) {
            *product = *product / self.total() + ridge * v;
        }
        self.at = Some((x.to_vec(), p));
    }
}

impl TwiceDifferentiable for SoftmaxObjective<'_, '_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let p = self.probabilities_at(x);
        let k = self.k;
        for a in 0..k {
            for b in 0..=a {
                let pairs: Vec<(usize, usize)> = (0..self.free.len())
                    .filter(|r| self.free[*r].1 == a)
                    .flat_map(|r| {
                        let of_b = (0..self.free.len()).filter(|c| self.free[*c].1 == b);
                        of_b.map(move |c| (r, c))
                    })
                    .collect();
                if pairs.is_empty() {
                    continue;
                }
                let weights = |rows: Range<usize>, out: &mut [f64]| {
                    let first = rows.start;
                    let mut memory = vec![0.0; self.block_rows() * k];
                    p.each_block(self, rows, &mut memory, |rows, p| {
                        for (row, p) in rows.zip(p.chunks(k)) {
                            let own = if a == b { 1.0 - p[b] } else { -p[b] };
                            out[row - first] = self.weight(row) * p[a] * own;
                        }
                    });
                };
                let gram = super::information::gram(self.design, &weights);
                for (r, c) in pairs {
                    let entry = gram[(self.free[r].0, self.free[c].0)] / self.total();
                    hessian[(r, c)] = entry;
                    hessian[(c, r)] = entry;
                }
            }
        }
        for (j, ridge) in self.ridge.iter().enumerate() {
            hessian[(j, j)] += ridge;
        }
        self.at = Some((x.to_vec(), p));
        self.gradient(x, gradient)
    }
}
