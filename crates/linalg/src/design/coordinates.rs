//! From standardised coordinates to those of the data and back.

use super::{Design, Standardised};
use crate::{Mat, MatRef};

impl Standardised<'_> {
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
}
