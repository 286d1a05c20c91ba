//! The objective of multinomial regression.

use std::ops::Range;
use std::sync::Mutex;

use linalg::{Mat, MatMut, MatRef, elementwise, parallel};
use models::glm::softmax;

use super::blocks::{Coefficients, Product};
use super::columns::Columns;
use crate::{Differentiable, HessianProducts, Objective, TwiceDifferentiable};

/// Rows of a leaf of the tree of sums.
const LEAF: usize = 2048;
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
    /// The class of each row.
    classes: &'p [usize],
    weights: Option<&'p [f64]>,
    total: f64,
    /// The place of each parameter: coefficient and class.
    free: &'p [(usize, usize)],
    k: usize,
    ridge: Vec<f64>,
    /// Memory of passes that have ended, for those to come.
    pool: Mutex<Vec<Memory>>,
    /// The point of the last Hessian product, with the probabilities of all rows, a row after the other.
    at: Option<(Vec<f64>, Vec<f64>)>,
}

impl<'p, 'a> SoftmaxObjective<'p, 'a> {
    pub(super) fn new(
        design: &'p Columns<'a>,
        (classes, k): (&'p [usize], usize),
        weights: Option<&'p [f64]>,
        free: &'p [(usize, usize)],
        ridge: &[f64],
    ) -> Self {
        Self {
            design,
            classes,
            weights,
            total: weights.map_or(classes.len() as f64, linalg::reduce::sum),
            free,
            k,
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

    pub(super) fn rows(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn total(&self) -> f64 {
        self.total
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
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn block_rows(&self) -> usize {
        (BLOCK / self.design.columns().max(1)).clamp(32, 512) / 16 * 16
    }

    /// For every block of rows: `f(rows, η, residual)` sees the linear predictors and fills in what is to be multiplied by the rows,
    /// and returns a loss. The sums of losses and of products.
    fn pass(&self, b: MatRef<'_, f64>, f: &Pointwise<'_>) -> (f64, Mat<f64>) {
        let (n, d, k) = (self.classes.len(), self.design.columns(), self.k);
        let inner = Coefficients::new(self.design, b);
        let block = self.block_rows();
        let sums = parallel::map_reduce(
            n.div_ceil(LEAF),
            &|leaf| {
                let (mut loss, mut sum) = (0.0, Mat::zeros(d, k));
                let mut memory = self.memory();
                let Memory {
                    block: z,
                    eta,
                    residual,
                    numbers,
                } = &mut memory;
                let end = ((leaf + 1) * LEAF).min(n);
                for start in (leaf * LEAF..end).step_by(block) {
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
                (loss, sum)
            },
            &|mut a, b| {
                a.0 += b.0;
                a.1 += b.1;
                a
            },
        );
        let (loss, mut sum) = sums.unwrap_or_else(|| (0.0, Mat::zeros(d, k)));
        Coefficients::finish(self.design, sum.as_mut());
        (loss, sum)
    }

    /// Probabilities of every row at a point, a row after the other.
    pub(super) fn probabilities(&self, x: &[f64]) -> Vec<f64> {
        let (b, k) = (self.matrix(x), self.k);
        let inner = Coefficients::new(self.design, b.as_ref());
        let mut out = vec![0.0; self.classes.len() * k];
        let block = self.block_rows();
        parallel::for_each_part(&mut out, LEAF * k, &|start, out| {
            let mut memory = Mat::new();
            let mut eta = Mat::zeros(block, k);
            for (part, out) in out.chunks_mut(block * k).enumerate() {
                let from = start / k + part * block;
                let m = out.len() / k;
                let product = Product::new(self.design, from..from + m, &mut memory);
                let mut eta = eta.as_mut().subrows_mut(0, m);
                product.times(&inner, eta.as_mut());
                for (i, row) in out.chunks_mut(k).enumerate() {
                    for (l, p) in row.iter_mut().enumerate() {
                        *p = eta[(i, l)];
                    }
                    softmax(row);
                }
            }
        });
        out
    }

    /// Residuals into the gradient, with the penalty; the objective.
    fn finish(&self, x: &[f64], loss: f64, sum: MatRef<'_, f64>, gradient: &mut [f64]) -> f64 {
        self.gather(sum, gradient);
        let mut value = loss / self.total;
        for ((gradient, x), ridge) in gradient.iter_mut().zip(x).zip(&self.ridge) {
            *gradient = *gradient / self.total + ridge * x;
            value += 0.5 * ridge * x * x;
        }
        value
    }

    /// The mean of p (1 − p) of each class at a point.
    pub(super) fn mean_curvatures(&mut self, x: &[f64]) -> Vec<f64> {
        let (p, k) = (self.probabilities_at(x), self.k);
        let mut means = vec![0.0; k];
        for (row, p) in p.chunks(k).enumerate() {
            let weight = self.weight(row) / self.total;
            for (mean, p) in means.iter_mut().zip(p) {
                *mean += weight * p * (1.0 - p);
            }
        }
        self.at = Some((x.to_vec(), p));
        means
    }

    fn probabilities_at(&mut self, x: &[f64]) -> Vec<f64> {
        match self.at.take() {
            Some((point, p)) if point == x => p,
            _ => self.probabilities(x),
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
                let (class, weight) = (self.classes[row], self.weight(row));
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
        let bent =
            |rows: Range<usize>, eta: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: &mut [f64]| {
                for (i, row) in rows.enumerate() {
                    let (p, weight) = (&p[row * k..(row + 1) * k], self.weight(row));
                    let mean: f64 = p.iter().enumerate().map(|(l, p)| p * eta[(i, l)]).sum();
                    for (l, p) in p.iter().enumerate() {
                        out[(i, l)] = weight * p * (eta[(i, l)] - mean);
                    }
                }
                0.0
            };
        let (_, sum) = self.pass(v.as_ref(), &bent);
        self.gather(sum.as_ref(), product);
        for ((product, v), ridge) in product.iter_mut().zip(direction).zip(&self.ridge) {
            *product = *product / self.total + ridge * v;
        }
        self.at = Some((x.to_vec(), p));
    }
}

impl TwiceDifferentiable for SoftmaxObjective<'_, '_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let p = self.probabilities_at(x);
        let (n, k) = (self.classes.len(), self.k);
        let mut weights = vec![0.0; n];
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
                for (i, weight) in weights.iter_mut().enumerate() {
                    let (pa, pb) = (p[i * k + a], p[i * k + b]);
                    let own = if a == b { 1.0 - pb } else { -pb };
                    *weight = self.weight(i) * pa * own;
                }
                let gram = super::information::gram(self.design, &weights);
                for (r, c) in pairs {
                    let entry = gram[(self.free[r].0, self.free[c].0)] / self.total;
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
