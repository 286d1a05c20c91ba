//! A dense design through standardised columns.

use std::ops::Range;

use super::dense::{add_gram, add_times, add_transpose_times};
use super::{BLOCK, Block, BlockSums, Design, Scratch};
use crate::{Mat, MatMut, MatRef, flat, reduce};

/// A dense design seen through standardised columns: z = (x − location) / scale, after a column of ones if there is an
/// intercept. The data are borrowed and never copied as a whole.
///
/// With an intercept the location is the mean, else 0; the scale is the root mean square of x − location. Fitting in these
/// coordinates makes the units and offsets of the columns harmless.
#[derive(Debug, Clone)]
pub struct Standardised<'a> {
    x: MatRef<'a, f64>,
    intercept: bool,
    location: Vec<f64>,
    scale: Vec<f64>,
}

/// A column that cannot be standardised, because it is constant (with an intercept) or zero (without).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantColumn {
    /// The column, from 0.
    pub column: usize,
    /// Its value.
    pub value: f64,
}

impl<'a> Standardised<'a> {
    /// Standardises the columns of `x`, whose entries must be finite.
    ///
    /// # Errors
    /// The first [`ConstantColumn`].
    pub fn new(x: MatRef<'a, f64>, intercept: bool) -> Result<Self, ConstantColumn> {
        let n = x.nrows() as f64;
        let (mut location, mut scale) = (Vec::new(), Vec::new());
        for j in 0..x.ncols() {
            let value = |i: usize| x[(i, j)];
            // Scaled by the largest entry, so that no square overflows.
            let largest = (0..x.nrows()).fold(0.0_f64, |m, i| m.max(value(i).abs()));
            let unit = if largest > 0.0 { largest } else { 1.0 };
            let mean = if intercept {
                reduce::sum_by(x.nrows(), |i| value(i) / unit) / n
            } else {
                0.0
            };
            let squares = reduce::sum_by(x.nrows(), |i| (value(i) / unit - mean).powi(2));
            let deviation = (squares / n).sqrt();
            // A spread of some rounding errors of the mean is no spread.
            if deviation <= 8.0 * f64::EPSILON * mean.abs() {
                return Err(ConstantColumn {
                    column: j,
                    value: if x.nrows() > 0 { value(0) } else { 0.0 },
                });
            }
            location.push(mean * unit);
            scale.push(deviation * unit);
        }
        Ok(Self {
            x,
            intercept,
            location,
            scale,
        })
    }

    /// The same data seen through columns that are standardised with weights: for weights that vanish where the data are
    /// extreme, as the curvatures of a fit do.
    ///
    /// # Errors
    /// The first column that is constant where the weights count.
    ///
    /// # Panics
    /// If there is not one weight a row.
    pub fn reweighted(&self, weights: &[f64]) -> Result<Self, ConstantColumn> {
        assert_eq!(
            weights.len(),
            self.rows(),
            "design: there is not one weight a row"
        );
        let total = reduce::sum(weights);
        let mut other = self.clone();
        for j in 0..self.x.ncols() {
            // On top of the present standardisation, which keeps squares in range.
            let z = |i: usize| (self.x[(i, j)] - self.location[j]) / self.scale[j];
            let n = weights.len();
            let mean = if self.intercept {
                reduce::sum_by(n, |i| weights[i] * z(i)) / total
            } else {
                0.0
            };
            let deviation =
                (reduce::sum_by(n, |i| weights[i] * (z(i) - mean).powi(2)) / total).sqrt();
            if deviation.is_nan() || deviation <= 8.0 * f64::EPSILON * mean.abs() {
                return Err(ConstantColumn {
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
    /// loss of half the digits that forming it costs. Blocks of rows are folded into R one after another.
    ///
    /// # Panics
    /// If there is not one weight a row.
    pub fn triangular(&self, weights: &[f64]) -> Mat<f64> {
        assert_eq!(
            weights.len(),
            self.rows(),
            "design: there is not one weight a row"
        );
        let d = self.columns();
        let mut r: Mat<f64> = Mat::zeros(0, d);
        let mut scratch = Scratch::default();
        for start in (0..self.rows()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows());
            scratch.block(BLOCK, d);
            let z = self.load(start..end, &mut scratch.block);
            let top = r.nrows();
            let stacked = Mat::from_fn(top + end - start, d, |i, j| {
                if i < top {
                    r[(i, j)]
                } else {
                    weights[start + i - top].sqrt() * z[(i - top, j)]
                }
            });
            r = stacked.qr().thin_R().to_owned();
        }
        r
    }

    /// The coefficients of the standardised columns from those of the data, intercept first.
    pub fn coefficients_from_data(&self, beta: &[f64]) -> Vec<f64> {
        let k = usize::from(self.intercept);
        let mut gamma = beta.to_vec();
        for (j, (location, scale)) in self.location.iter().zip(&self.scale).enumerate() {
            gamma[j + k] = scale * beta[j + k];
            if self.intercept {
                gamma[0] += location * beta[j + k];
            }
        }
        gamma
    }

    /// The coefficients of the data from those of the standardised columns, intercept first.
    pub fn coefficients_to_data(&self, gamma: &[f64]) -> Vec<f64> {
        let k = usize::from(self.intercept);
        let mut beta = gamma.to_vec();
        for (j, (location, scale)) in self.location.iter().zip(&self.scale).enumerate() {
            beta[j + k] = gamma[j + k] / scale;
            if self.intercept {
                beta[0] -= location * beta[j + k];
            }
        }
        beta
    }

    /// True if the first column is the intercept.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// What the columns of the data are divided by.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// The covariance matrix of the coefficients of the data from that of the standardised ones, A C Aᵀ with β = A γ.
    pub fn covariance_to_data(&self, covariance: MatRef<'_, f64>) -> Mat<f64> {
        let d = self.columns();
        let k = usize::from(self.intercept);
        // A row at a time, so that scales of 1e±150 are divided by one after the other.
        let half = Mat::from_fn(d, d, |i, j| self.combine(i, |l| covariance[(l, j)], k));
        Mat::from_fn(d, d, |i, j| self.combine(j, |l| half[(i, l)], k))
    }

    /// Row `i` of A times a vector.
    fn combine(&self, i: usize, v: impl Fn(usize) -> f64, k: usize) -> f64 {
        if i >= k {
            return v(i) / self.scale[i - k];
        }
        let ratio = |j: usize| self.location[j] / self.scale[j];
        v(0) - (0..self.scale.len())
            .map(|j| ratio(j) * v(j + 1))
            .sum::<f64>()
    }

    /// The gradient in the coefficients of the data from that in the standardised ones: A⁻ᵀ g.
    pub fn gradient_to_data(&self, gradient: &[f64]) -> Vec<f64> {
        let k = usize::from(self.intercept);
        let mut out = gradient.to_vec();
        for (j, (location, scale)) in self.location.iter().zip(&self.scale).enumerate() {
            out[j + k] = scale * gradient[j + k]
                + if self.intercept {
                    location * gradient[0]
                } else {
                    0.0
                };
        }
        out
    }

    fn load<'b>(&self, rows: Range<usize>, block: &'b mut Mat<f64>) -> MatRef<'b, f64> {
        let k = usize::from(self.intercept);
        let mut z = block.as_mut().subrows_mut(0, rows.len());
        if self.intercept {
            z.as_mut().col_mut(0).fill(1.0);
        }
        for (j, (&location, &scale)) in self.location.iter().zip(&self.scale).enumerate() {
            let x = self.x.col(j).subrows(rows.start, rows.len());
            let column = z.as_mut().col_mut(j + k).as_mat_mut();
            if let (Some(x), Some(column)) = (flat(x.as_mat()), crate::flat_mut(column)) {
                // A product is rounded once more than a quotient, by half a unit, and is four times as fast.
                let inverse = 1.0 / scale;
                for (z, x) in column.iter_mut().zip(x) {
                    *z = (x - location) * inverse;
                }
            } else {
                for i in 0..rows.len() {
                    z[(i, j + k)] = (x[i] - location) * (1.0 / scale);
                }
            }
        }
        block.as_ref().subrows(0, rows.len())
    }
}

impl Design for Standardised<'_> {
    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.ncols() + usize::from(self.intercept)
    }

    fn times_block(&self, rows: Range<usize>, gamma: &[f64], eta: &mut [f64]) {
        let k = usize::from(self.intercept);
        eta.fill(if self.intercept { gamma[0] } else { 0.0 });
        for (j, (&location, &scale)) in self.location.iter().zip(&self.scale).enumerate() {
            let x = self.x.col(j).subrows(rows.start, rows.len());
            let inverse = 1.0 / scale;
            for (i, eta) in eta.iter_mut().enumerate() {
                *eta = gamma[j + k].mul_add((x[i] - location) * inverse, *eta);
            }
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        let k = usize::from(self.intercept);
        if self.intercept {
            out[0] += reduce::sum(u);
        }
        for (j, (&location, &scale)) in self.location.iter().zip(&self.scale).enumerate() {
            let x = self.x.col(j).subrows(rows.start, rows.len());
            let inverse = 1.0 / scale;
            out[j + k] += reduce::sum_by(u.len(), |i| (x[i] - location) * inverse * u[i]);
        }
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        scratch.block(rows.len(), self.columns());
        let z = self.load(rows, &mut scratch.block);
        add_gram(z, w, out, scratch.weighted.as_mut());
    }

    /// The block is standardised once for all its products.
    fn pass_block(
        &self,
        rows: Range<usize>,
        gamma: &[f64],
        pointwise: &dyn Fn(Block<'_>),
        sums: &mut BlockSums<'_>,
    ) {
        let n = rows.len();
        sums.scratch.block(n, self.columns());
        let z = self.load(rows.clone(), &mut sums.scratch.block);
        let [eta, loss, slope, curvature] = sums.rows.each_mut().map(|r| &mut r[..n]);
        eta.fill(0.0);
        add_times(z, gamma, eta);
        pointwise(Block {
            start: rows.start,
            eta,
            loss,
            slope,
            curvature,
        });
        *sums.loss += reduce::sum(loss);
        add_transpose_times(z, slope, sums.gradient);
        if let Some(gram) = &mut sums.gram {
            add_gram(z, curvature, gram.as_mut(), sums.scratch.weighted.as_mut());
        }
    }
}
