//! A dense design through standardised columns.

use std::ops::Range;
use std::sync::Mutex;

use super::dense::{add_weighted_gram, four};
use super::moments::Moments;
use super::{BLOCK, Design, Scratch, kernels};
use crate::rows::{Partition, Table};
use crate::{Mat, MatMut, MatRef, flat, reduce};

/// A dense design seen through standardised columns: z = (x − location) / scale, after a column of ones if there is an
/// intercept. The data are borrowed and never copied as a whole.
///
/// With an intercept the location is the mean, else 0; the scale is the root mean square of x − location. Fitting in these
/// coordinates makes the units and offsets of the columns harmless.
///
/// ```
/// use linalg::{Design, Standardised, mat};
/// let x = mat![[1.0], [3.0]];
/// let z = Standardised::new(x.as_ref(), true)?;
/// let mut eta = [0.0; 2];
/// z.times(&[0.0, 1.0], &mut eta);
/// assert_eq!(eta, [-1.0, 1.0]);
/// # Ok::<(), linalg::Unstandardisable>(())
/// ```
#[derive(Debug, Clone)]
pub struct Standardised<'a> {
    x: Table<'a>,
    pub(super) intercept: bool,
    pub(super) location: Vec<f64>,
    pub(super) scale: Vec<f64>,
}

/// Why columns cannot be standardised.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unstandardisable {
    /// A column is constant beside an intercept, or zero without one.
    #[error("column {column} is {value} in every row")]
    Constant {
        /// The column, from 0.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// An entry is infinite or NaN.
    #[error("row {row}, column {column}: {value} is no finite number")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The entry.
        value: f64,
    },
}

impl<'a> Standardised<'a> {
    /// Standardises the columns of a matrix.
    ///
    /// # Errors
    /// As [`of_table`](Self::of_table).
    pub fn new(x: MatRef<'a, f64>, intercept: bool) -> Result<Self, Unstandardisable> {
        Self::of_table(Table::Matrix(x), intercept)
    }

    /// Standardises the columns of a table.
    ///
    /// # Errors
    /// The first column that is not finite, or constant, as every column without rows is (the value is NaN then). Columns of finite numbers
    /// that are too large or too small for the squares of a fit pass: their scale says so. Of several processes each gets an error if one
    /// does; an entry that is not finite is named by the process that has it, and is row `usize::MAX` to the others.
    pub fn of_table(x: Table<'a>, intercept: bool) -> Result<Self, Unstandardisable> {
        let cut = x.partition();
        if cut.total() == 0 && x.ncols() > 0 {
            let (column, value) = (0, f64::NAN);
            return Err(Unstandardisable::Constant { column, value });
        }
        let (mut location, mut scale) = (Vec::new(), Vec::new());
        for (column, m) in Moments::of_columns(&x).iter().enumerate() {
            if !(m.mean.is_finite() && m.deviation.is_finite()) {
                let entry = |row: usize| x.block(row..row + 1)[(0, column)];
                let row = cut.first(|row| !entry(row).is_finite());
                // Finite numbers whose spread is not: far beyond any use.
                if cut.communicator().all(row.is_none()) {
                    location.push(0.0);
                    scale.push(f64::INFINITY);
                    continue;
                }
                let value = row.map_or(f64::NAN, entry);
                let row = row.unwrap_or(usize::MAX);
                return Err(Unstandardisable::NotFinite { row, column, value });
            }
            let mean = if intercept { m.mean } else { 0.0 };
            let deviation = if intercept {
                m.deviation
            } else {
                m.deviation.hypot(m.mean)
            };
            // A spread of some rounding errors of the mean is no spread.
            if deviation <= 8.0 * f64::EPSILON * mean.abs() {
                let value = m.mean;
                return Err(Unstandardisable::Constant { column, value });
            }
            location.push(mean);
            scale.push(deviation);
        }
        Ok(Self {
            x,
            intercept,
            location,
            scale,
        })
    }

    /// The same data seen through columns that are standardised with weights: for weights that vanish where the data are
    /// extreme, as the curvatures of a fit do. `weights` writes those of a block of rows.
    ///
    /// # Errors
    /// The first column that is constant where the weights count.
    pub fn reweighted(
        &self,
        weights: &(impl Fn(Range<usize>, &mut [f64]) + Sync),
    ) -> Result<Self, Unstandardisable> {
        let (cut, d) = (self.partition(), self.x.ncols());
        // On top of the present standardisation, which keeps squares in range.
        let moments = |centres: &[f64]| {
            cut.sum_leaves(1 + 2 * d, &|leaf, sums: &mut [f64]| {
                let mut memory = [0.0; BLOCK];
                for rows in cut.blocks(leaf) {
                    let w = &mut memory[..rows.len()];
                    weights(rows.clone(), w);
                    sums[0] += reduce::sum(w);
                    let x = self.x.block(rows);
                    for (j, centre) in centres.iter().enumerate() {
                        let (location, scale) = (self.location[j], self.scale[j]);
                        let z = |i: usize| (x[(i, j)] - location) / scale - centre;
                        sums[1 + 2 * j] += reduce::sum_by(w.len(), |i| w[i] * z(i));
                        sums[2 + 2 * j] += reduce::sum_by(w.len(), |i| w[i] * z(i) * z(i));
                    }
                }
            })
        };
        let mut centres = vec![0.0; d];
        if self.intercept {
            let sums = moments(&centres);
            for (j, centre) in centres.iter_mut().enumerate() {
                *centre = sums[1 + 2 * j] / sums[0];
            }
        }
        let sums = moments(&centres);
        let mut other = self.clone();
        for (j, &mean) in centres.iter().enumerate() {
            let deviation = (sums[2 + 2 * j] / sums[0]).sqrt();
            if deviation.is_nan() || deviation <= 8.0 * f64::EPSILON * mean.abs() {
                return Err(Unstandardisable::Constant {
                    column: j,
                    value: self.location[j] + mean * self.scale[j],
                });
            }
            other.location[j] = self.location[j] + mean * self.scale[j];
            other.scale[j] = deviation * self.scale[j];
        }
        Ok(other)
    }

    /// The triangular factor R of a QR decomposition of diag(√weight) Z, so that `RᵀR` is the weighted Gram matrix without the
    /// loss of half the digits that forming it costs. Blocks of rows are folded into the R of their leaf one after another, and leaves
    /// likewise in their order. `weights` writes those of a block of rows.
    pub fn triangular(&self, weights: &(impl Fn(Range<usize>, &mut [f64]) + Sync)) -> Mat<f64> {
        let (cut, d) = (self.partition(), self.columns());
        let factors: Vec<Mutex<Mat<f64>>> =
            (0..cut.leaves()).map(|_| Mutex::new(Mat::new())).collect();
        cut.for_each_leaf(&|leaf| {
            let mut r: Mat<f64> = Mat::zeros(0, d);
            let mut scratch = Scratch::default();
            scratch.block(BLOCK, d);
            let mut memory = [0.0; BLOCK];
            for rows in cut.blocks(leaf) {
                let w = &mut memory[..rows.len()];
                weights(rows.clone(), w);
                w.iter_mut().for_each(|w| *w = w.sqrt());
                let z = self.load(rows, w, &mut scratch.block);
                r = fold(&r, z);
            }
            if let Ok(mut factor) = factors[leaf].lock() {
                *factor = r;
            }
        });
        let factors = factors
            .into_iter()
            .map(|r| r.into_inner().unwrap_or_else(|_| Mat::new()));
        let mut all: Mat<f64> = Mat::zeros(0, d);
        if cut.communicator().is_alone() {
            for r in factors {
                all = fold(&all, r.as_ref());
            }
            return all;
        }
        // Entries column by column, after the number of rows.
        let mut mine = Vec::new();
        // Of leaves that nobody looked at there is nothing.
        for r in factors.filter(|r| r.nrows() > 0) {
            mine.push(r.nrows() as f64);
            (0..d).for_each(|j| mine.extend_from_slice(r.col_as_slice(j)));
        }
        for numbers in cut.communicator().gather_numbers(&mine) {
            let mut rest = &numbers[..];
            while let Some((rows, entries)) = rest.split_first() {
                let rows = *rows as usize;
                let (own, others) = entries.split_at((rows * d).min(entries.len()));
                let r = Mat::from_fn(rows, d, |i, j| {
                    own.get(i + j * rows).copied().unwrap_or(f64::NAN)
                });
                all = fold(&all, r.as_ref());
                rest = others;
            }
        }
        all
    }

    /// The data behind.
    pub fn table(&self) -> Table<'a> {
        self.x
    }

    /// Rows of the standardised columns, written into memory that is made large enough: at most 512.
    ///
    /// # Panics
    /// If there are no such rows, or more than 512.
    pub fn block<'b>(&self, rows: Range<usize>, memory: &'b mut Mat<f64>) -> MatRef<'b, f64> {
        if memory.nrows() < rows.len() || memory.ncols() != self.columns() {
            *memory = Mat::zeros(rows.len(), self.columns());
        }
        let ones = [1.0; BLOCK];
        let n = rows.len();
        self.load(rows, &ones[..n], memory)
    }

    /// The data behind, if their columns are so well centred that it costs no more than two digits to centre and scale products
    /// instead of them; with what is subtracted from the columns, and what they are divided by.
    pub fn raw(&self) -> Option<(Table<'a>, &[f64], &[f64])> {
        let close = |(location, scale): (&f64, &f64)| location.abs() <= 32.0 * scale;
        let all = self.location.iter().zip(&self.scale).all(close);
        all.then_some((self.x, &self.location[..], &self.scale[..]))
    }

    /// One standardised column, written out.
    ///
    /// # Panics
    /// If there is no such column, or the length is not the number of rows.
    pub fn column(&self, j: usize, out: &mut [f64]) {
        assert_eq!(out.len(), self.x.nrows(), "design: a length does not fit");
        let inverse = 1.0 / self.scale[j];
        let cut = self.x.partition();
        for leaf in 0..cut.leaves() {
            let rows = cut.leaf(leaf);
            let x = self.x.block(rows.clone());
            for (i, out) in out[rows].iter_mut().enumerate() {
                *out = (x[(i, j)] - self.location[j]) * inverse;
            }
        }
    }

    /// Inner products of some standardised columns with a vector: `columns` of the data, the first of which is number `first`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn columns_times(
        &self,
        columns: MatRef<'_, f64>,
        first: usize,
        u: &[f64],
        out: &mut [f64],
    ) {
        assert_eq!(
            (columns.nrows(), columns.ncols()),
            (u.len(), out.len()),
            "design: a length does not fit"
        );
        for (k, out) in out.chunks_mut(4).enumerate() {
            let (at, n) = (4 * k, out.len());
            let location =
                [0, 1, 2, 3].map(|l| self.location[first + at + if l < n { l } else { 0 }]);
            let dots = match four(columns, at) {
                Some(columns) => kernels::centred_dots(&columns, location, u),
                None => [0, 1, 2, 3].map(|l| {
                    let term = |i: usize| (columns[(i, at + l)] - location[l]) * u[i];
                    if l < n {
                        reduce::sum_by(u.len(), term)
                    } else {
                        0.0
                    }
                }),
            };
            for (l, out) in out.iter_mut().enumerate() {
                *out = dots[l] / self.scale[first + at + l];
            }
        }
    }

    /// The rows of a block, each times its weight; a product is rounded once more than a quotient, by half a unit, and is four
    /// times as fast.
    fn load<'b>(
        &self,
        rows: Range<usize>,
        weights: &[f64],
        block: &'b mut Mat<f64>,
    ) -> MatRef<'b, f64> {
        let k = usize::from(self.intercept);
        let data = self.x.block(rows.clone());
        let mut z = block.as_mut().subrows_mut(0, rows.len());
        if self.intercept {
            for (i, weight) in weights.iter().enumerate() {
                z[(i, 0)] = *weight;
            }
        }
        let mut scaled = [0.0; BLOCK];
        let scaled = &mut scaled[..rows.len()];
        for (j, (&location, &scale)) in self.location.iter().zip(&self.scale).enumerate() {
            let inverse = 1.0 / scale;
            for (scaled, weight) in scaled.iter_mut().zip(weights) {
                *scaled = weight * inverse;
            }
            let x = data.col(j);
            let column = z.as_mut().col_mut(j + k).as_mat_mut();
            if let (Some(x), Some(column)) = (flat(x.as_mat()), crate::flat_mut(column)) {
                kernels::centre(x, location, scaled, column);
            } else {
                for i in 0..rows.len() {
                    z[(i, j + k)] = (x[i] - location) * scaled[i];
                }
            }
        }
        block.as_ref().subrows(0, rows.len())
    }
}

/// The triangular factor of rows above others.
fn fold(r: &Mat<f64>, z: MatRef<'_, f64>) -> Mat<f64> {
    let top = r.nrows();
    let stacked = Mat::from_fn(top + z.nrows(), z.ncols(), |i, j| {
        if i < top { r[(i, j)] } else { z[(i - top, j)] }
    });
    stacked.qr().thin_R().to_owned()
}

impl Design for Standardised<'_> {
    fn partition(&self) -> Partition<'_> {
        self.x.partition()
    }

    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.ncols() + usize::from(self.intercept)
    }

    fn times_block(&self, rows: Range<usize>, gamma: &[f64], eta: &mut [f64]) {
        let k = usize::from(self.intercept);
        eta.fill(if self.intercept { gamma[0] } else { 0.0 });
        let x = self.x.block(rows);
        let d = x.ncols();
        for j in (0..d).step_by(4) {
            // Columns beyond the last repeat the first of the group, with coefficient 0.
            let at = |l: usize| if j + l < d { j + l } else { j };
            let weight = |l: usize| {
                if j + l < d {
                    gamma[j + l + k] / self.scale[j + l]
                } else {
                    0.0
                }
            };
            let location = [0, 1, 2, 3].map(|l| self.location[at(l)]);
            let weights = [0, 1, 2, 3].map(weight);
            if let Some(columns) = four(x, j) {
                kernels::add_centred_columns(&columns, location, weights, eta);
                continue;
            }
            for l in 0..(d - j).min(4) {
                for (i, eta) in eta.iter_mut().enumerate() {
                    *eta += weights[l] * (x[(i, j + l)] - location[l]);
                }
            }
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        let k = usize::from(self.intercept);
        if self.intercept {
            out[0] += reduce::sum(u);
        }
        let x = self.x.block(rows);
        let d = x.ncols();
        for j in (0..d).step_by(4) {
            let n = (d - j).min(4);
            let location = [0, 1, 2, 3].map(|l| self.location[if l < n { j + l } else { j }]);
            let dots = match four(x, j) {
                Some(columns) => kernels::centred_dots(&columns, location, u),
                None => [0, 1, 2, 3].map(|l| {
                    let term = |i: usize| (x[(i, j + l)] - location[l]) * u[i];
                    if l < n {
                        reduce::sum_by(u.len(), term)
                    } else {
                        0.0
                    }
                }),
            };
            for l in 0..n {
                out[j + l + k] += dots[l] / self.scale[j + l];
            }
        }
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        mut out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        scratch.block(rows.len(), self.columns());
        if w.iter().all(|w| *w >= 0.0) {
            // The product of one matrix with itself: half as much memory as with its weighted copy.
            let mut roots = [0.0; BLOCK];
            let roots = &mut roots[..w.len()];
            for (root, w) in roots.iter_mut().zip(w) {
                *root = w.sqrt();
            }
            let z = self.load(rows, roots, &mut scratch.block);
            return add_weighted_gram(z, z, out.as_mut());
        }
        let ones = [1.0; BLOCK];
        let n = rows.len();
        scratch.weighted(n, self.columns());
        let z = self.load(rows.clone(), &ones[..n], &mut scratch.block);
        let weighted = self.load(rows, w, &mut scratch.weighted);
        add_weighted_gram(z, weighted, out.as_mut());
    }
}
