//! The proof of separation: a direction that leaves the rows of a border where they are and moves others to their own side.

use std::ops::Range;

use linalg::solve::symmetric_eigen;
use linalg::{Mat, reduce};

use super::super::Explanatory;
use super::super::columns::Columns;
use super::super::problem::Problem;
use super::side;

/// A margin below this part of the terms that it is summed from is zero.
const ZERO: f64 = 1e-9;
/// Eigenvalues of a correlation matrix below this are zero.
const NULL: f64 = 1e-10;
/// Sparse data of so many entries, zeros included, are looked at as dense ones; larger ones are not looked at.
const MOST: usize = 20_000_000;

/// Some rows: those about whose number and predictor at a point a statement holds.
pub(super) struct Rows<'r> {
    /// In the coordinates of the solvers.
    pub(super) point: &'r [f64],
    pub(super) are: &'r (dyn Fn(usize, f64) -> bool + Sync),
}

impl Rows<'_> {
    /// How many there are in all processes.
    pub(super) fn number(&self, design: &Columns<'_>) -> usize {
        let cut = design.partition();
        cut.sum_leaves(1, &|leaf, sum: &mut [f64]| {
            for rows in cut.blocks(leaf) {
                let mut ones = vec![0.0; rows.len()];
                self.indicate(design, rows, &mut ones);
                sum[0] += reduce::sum(&ones);
            }
        })[0] as usize
    }

    /// 1 for those of a block of rows that are some of these, 0 for the others.
    pub(super) fn indicate(&self, design: &Columns<'_>, rows: Range<usize>, out: &mut [f64]) {
        design.times_block(rows.clone(), self.point, out);
        for (row, out) in rows.zip(out) {
            *out = f64::from(u8::from((self.are)(row, *out)));
        }
    }
}

/// Rows that must not move.
pub(super) struct Border<'b, 'a> {
    pub(super) problem: &'b Problem<'a>,
    pub(super) design: &'b Columns<'a>,
    pub(super) rows: &'b Rows<'b>,
    /// The coefficients that may differ from 0.
    pub(super) free: &'b [bool],
}

impl Border<'_, '_> {
    /// What is left of the coefficients `beta` when the border may not move, if that separates the other rows.
    pub(super) fn separates(&self, beta: &[f64]) -> Option<Vec<f64>> {
        if let Explanatory::Sparse(_) = self.problem.data.features
            && self.problem.y.len().saturating_mul(beta.len()) > MOST
        {
            return None;
        }
        let beta = self.on_border(beta)?;
        // Zero is judged by the terms of the border together: those of a single row may all be rounding errors.
        let largest = |all: bool| {
            self.largest(&|row, on_border, x| {
                if on_border || all && self.problem.weight(row) > 0.0 {
                    self.margin(x, &beta).1
                } else {
                    0.0
                }
            })
        };
        let zero = f64::max(ZERO * largest(false), 1e-3 * ZERO * largest(true));
        // 2 of a row that moves to its own side, 0 of one that stays, infinite of one that does neither.
        let verdict = self.largest(&|row, on_border, x| {
            let (margin, size) = self.margin(x, &beta);
            match side(self.problem, row) {
                _ if self.problem.weight(row) == 0.0 => 0.0,
                Some(side) if !on_border && side * margin > ZERO * size => 2.0,
                _ if margin.abs() <= zero => 0.0,
                _ => f64::INFINITY,
            }
        });
        (verdict == 2.0).then_some(beta)
    }

    /// x·β of a row, and the sum of the sizes of its terms.
    fn margin(&self, x: &[f64], beta: &[f64]) -> (f64, f64) {
        let k = usize::from(self.design.has_intercept());
        let start = if k == 1 { beta[0] } else { 0.0 };
        x.iter()
            .zip(&beta[k..])
            .fold((start, start.abs()), |(sum, size), (x, beta)| {
                let term = x * beta;
                (sum + term, size + term.abs())
            })
    }

    /// `f(row, whether it belongs to the border, its data)` for every row of a leaf.
    fn visit(&self, leaf: usize, mut f: impl FnMut(usize, bool, &[f64])) {
        let (cut, d) = (self.design.partition(), self.problem.data.columns());
        let mut x = vec![0.0; d];
        for rows in cut.blocks(leaf) {
            let mut ones = vec![0.0; rows.len()];
            self.rows.indicate(self.design, rows.clone(), &mut ones);
            let dense = (self.problem.data.features.table()).map(|table| table.block(rows.clone()));
            for (i, (row, one)) in rows.zip(ones).enumerate() {
                match (&dense, self.problem.data.features) {
                    (Some(block), _) => {
                        (x.iter_mut().enumerate()).for_each(|(j, x)| *x = block[(i, j)]);
                    }
                    (None, Explanatory::Sparse(sparse)) => {
                        x.fill(0.0);
                        sparse.row(row).for_each(|(j, value)| x[j] += value);
                    }
                    _ => {}
                }
                f(row, one == 1.0, &x);
            }
        }
    }

    /// The largest of numbers of all rows of all processes, none of which is negative.
    fn largest(&self, f: &(impl Fn(usize, bool, &[f64]) -> f64 + Sync)) -> f64 {
        let cut = self.design.partition();
        cut.largest_of_leaves(&|leaf| {
            let mut largest = 0.0_f64;
            self.visit(leaf, |row, on_border, x| {
                largest = largest.max(f(row, on_border, x));
            });
            largest
        })
    }

    /// The sums of numbers of the rows of the border.
    fn sums(&self, length: usize, f: &(impl Fn(&[f64], &mut [f64]) + Sync)) -> Vec<f64> {
        let cut = self.design.partition();
        cut.sum_leaves(length, &|leaf, sums: &mut [f64]| {
            self.visit(leaf, |_, on_border, x| {
                if on_border {
                    f(x, sums);
                }
            });
        })
    }

    /// The part of the coefficients `beta` that gives the rows of the border a predictor of zero. Columns are standardised
    /// over the border alone, so that extreme rows elsewhere do not hide how these differ.
    fn on_border(&self, beta: &[f64]) -> Option<Vec<f64>> {
        let (d, intercept) = (self.problem.data.columns(), self.design.has_intercept());
        let k = usize::from(intercept);
        let largest: Vec<f64> = (0..d)
            .map(|j| {
                let entry = |_: usize, on_border: bool, x: &[f64]| {
                    if on_border { x[j].abs() } else { 0.0 }
                };
                if self.free[j + k] {
                    self.largest(&entry)
                } else {
                    0.0
                }
            })
            .collect();
        let sums = self.sums(1 + d, &|x, sums| {
            sums[0] += 1.0;
            (sums[1..].iter_mut().zip(x)).for_each(|(sum, x)| *sum += x);
        });
        let n = sums[0];
        let mut means = vec![0.0; d];
        if intercept {
            for j in (0..d).filter(|&j| self.free[j + k]) {
                means[j] = sums[1 + j] / n;
            }
        }
        let unit = |j: usize| largest[j].max(f64::MIN_POSITIVE);
        let squares = self.sums(d, &|x, sums| {
            for (j, sum) in sums.iter_mut().enumerate() {
                *sum += ((x[j] - means[j]) / unit(j)).powi(2);
            }
        });
        let mut out = vec![0.0; beta.len()];
        let mut free: Vec<(usize, f64)> = Vec::new();
        for j in (0..d).filter(|&j| self.free[j + k]) {
            let spread = (squares[j] / n).sqrt() * largest[j];
            if spread > 1e-13 * largest[j] {
                free.push((j, spread));
            } else {
                // The same everywhere on the border: any coefficient, taken up by the intercept.
                out[j + k] = beta[j + k];
            }
        }
        let m = free.len();
        let products = self.sums(m * m, &|x, sums| {
            let z = |(j, spread): (usize, f64)| (x[j] - means[j]) / spread;
            let z: Vec<f64> = free.iter().map(|entry| z(*entry)).collect();
            for (a, za) in z.iter().enumerate() {
                for (b, zb) in z.iter().enumerate() {
                    sums[a * m + b] += za * zb;
                }
            }
        });
        let correlation = Mat::from_fn(m, m, |a, b| products[a * m + b] / n);
        let (values, vectors) = symmetric_eigen(correlation.as_ref()).ok()?;
        for (e, _) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value <= NULL * free.len() as f64)
        {
            let along: f64 = free
                .iter()
                .enumerate()
                .map(|(a, (j, spread))| beta[j + k] * spread * vectors[(a, e)])
                .sum();
            for (a, (j, spread)) in free.iter().enumerate() {
                out[j + k] += along * vectors[(a, e)] / spread;
            }
        }
        // What is left of a coefficient by rounding is none.
        let size = |j: usize, beta: f64| beta.abs() * self.design.scale()[j];
        let largest = (0..d).fold(0.0_f64, |m, j| m.max(size(j, out[j + k])));
        for j in 0..d {
            if size(j, out[j + k]) <= 1e-12 * largest {
                out[j + k] = 0.0;
            }
        }
        if intercept {
            out[0] = -means
                .iter()
                .zip(&out[1..])
                .map(|(mean, beta)| mean * beta)
                .sum::<f64>();
        }
        Some(out)
    }
}
