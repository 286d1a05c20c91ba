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

    /// The matrix A that takes coefficients of standardised columns to those of the data, β = A γ, intercept first.
    pub fn to_data(&self) -> Mat<f64> {
        let k = usize::from(self.intercept);
        let mut a = Mat::zeros(self.columns(), self.columns());
        if self.intercept {
            a[(0, 0)] = 1.0;
        }
        for (j, (location, scale)) in self.location.iter().zip(&self.scale).enumerate() {
            a[(j + k, j + k)] = 1.0 / scale;
            if self.intercept {
                a[(0, j + k)] = -location / scale;
            }
        }
        a
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
