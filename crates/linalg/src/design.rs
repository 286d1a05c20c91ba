//! The matrix of explanatory variables and the products that fitting needs.

use faer::linalg::matmul::matmul as faer_matmul;

use crate::{Mat, MatMut, MatRef, flat, reduce};

/// Rows that are visited together, so that they are still in cache for the second and third product.
const BLOCK: usize = 512;

/// What a pointwise loss gives for a block of rows.
#[derive(Debug)]
pub struct Block<'a> {
    /// The first row of the block.
    pub start: usize,
    /// The linear predictors of its rows.
    pub eta: &'a [f64],
    /// To be filled with the slopes of the loss in the linear predictor.
    pub slope: &'a mut [f64],
    /// To be filled with its curvatures.
    pub curvature: &'a mut [f64],
}

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

    /// The triangular factor R of a QR decomposition of diag(√weight) Z, so that RᵀR is the weighted Gram matrix without the
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
        let mut block = self.block_memory();
        for start in (0..self.rows()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows());
            let z = self.load(start, end, &mut block);
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

    /// Rows.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// Columns, the intercept included.
    pub fn columns(&self) -> usize {
        self.x.ncols() + usize::from(self.intercept)
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

    /// The linear predictor Z γ of every row.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn times(&self, gamma: &[f64], eta: &mut [f64]) {
        assert_eq!(
            eta.len(),
            self.rows(),
            "design: the output has another length"
        );
        let mut block = self.block_memory();
        for start in (0..self.rows()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows());
            let z = self.load(start, end, &mut block);
            predict(z, gamma, &mut eta[start..end]);
        }
    }

    /// One visit of every row: the linear predictor, the pointwise loss (which fills slopes and curvatures and returns the
    /// sum of the losses of its block), the gradient Zᵀ slope, and if asked for the lower triangle of Zᵀ diag(curvature) Z.
    /// Returns the sum of the losses. Nothing is divided by the number of rows.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn pass(
        &self,
        gamma: &[f64],
        mut pointwise: impl FnMut(Block<'_>) -> f64,
        gradient: &mut [f64],
        mut gram: Option<MatMut<'_, f64>>,
    ) -> f64 {
        assert_eq!(
            gradient.len(),
            self.columns(),
            "design: the gradient has another length"
        );
        gradient.fill(0.0);
        if let Some(gram) = &mut gram {
            gram.fill(0.0);
        }
        let mut block = self.block_memory();
        let mut weighted = self.block_memory();
        let [mut eta, mut slope, mut curvature] = [[0.0; BLOCK]; 3];
        let mut loss = 0.0;
        for start in (0..self.rows()).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.rows());
            let rows = end - start;
            let z = self.load(start, end, &mut block);
            predict(z, gamma, &mut eta[..rows]);
            loss += pointwise(Block {
                start,
                eta: &eta[..rows],
                slope: &mut slope[..rows],
                curvature: &mut curvature[..rows],
            });
            for (j, gradient) in gradient.iter_mut().enumerate() {
                *gradient += reduce::sum_by(rows, |i| z[(i, j)] * slope[i]);
            }
            if let Some(gram) = &mut gram {
                let mut w = weighted.as_mut().subrows_mut(0, rows);
                for j in 0..z.ncols() {
                    for i in 0..rows {
                        w[(i, j)] = curvature[i] * z[(i, j)];
                    }
                }
                faer_matmul(
                    gram.as_mut(),
                    faer::Accum::Add,
                    z.transpose(),
                    w.as_ref(),
                    1.0,
                    faer::Par::Seq,
                );
            }
        }
        loss
    }

    fn block_memory(&self) -> Mat<f64> {
        Mat::zeros(BLOCK.min(self.rows().max(1)), self.columns())
    }

    fn load<'b>(&self, start: usize, end: usize, block: &'b mut Mat<f64>) -> MatRef<'b, f64> {
        let rows = end - start;
        let k = usize::from(self.intercept);
        let mut z = block.as_mut().subrows_mut(0, rows);
        if self.intercept {
            z.as_mut().col_mut(0).fill(1.0);
        }
        for (j, (&location, &scale)) in self.location.iter().zip(&self.scale).enumerate() {
            let mut column = z.as_mut().col_mut(j + k);
            let x = self.x.col(j).subrows(start, rows);
            if let Some(x) = flat(x.as_mat()) {
                for (i, x) in x.iter().enumerate() {
                    column[i] = (x - location) / scale;
                }
            } else {
                for i in 0..rows {
                    column[i] = (x[i] - location) / scale;
                }
            }
        }
        block.as_ref().subrows(0, rows)
    }
}

fn predict(z: MatRef<'_, f64>, gamma: &[f64], eta: &mut [f64]) {
    eta.fill(0.0);
    for (j, &gamma) in gamma.iter().enumerate() {
        for (i, eta) in eta.iter_mut().enumerate() {
            *eta += gamma * z[(i, j)];
        }
    }
}
