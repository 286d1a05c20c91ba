//! Covariances of the estimates, from the model or from the data.

use std::collections::HashMap;

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef};
use models::glm::Family;

use super::super::information::gram;
use super::Analysis;
use crate::FitError;

/// How the covariance of the estimates is estimated.
///
/// The sandwiches hold when the variance is not what the model says, as long as the mean is. With A = (Xᵀ W X)⁻¹ from the expected
/// information and uᵢ the score of a row in its linear predictor they are A (Σ fᵢ uᵢ² xᵢ xᵢᵀ) A (`MacKinnon` and White 1985; Zeileis 2004,
/// whose R package `sandwich` gives the same numbers). A row that stands in the data several times counts so often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Covariance<'c> {
    /// φ A: by the expected information, as the fit reports it.
    Expected,
    /// φ times the inverse of the observed information, the Hessian of the negative log-likelihood.
    Observed,
    /// f = 1 (White 1980).
    Hc0,
    /// f = n / (n − p).
    Hc1,
    /// f = 1 / (1 − hᵢ), by the leverage.
    Hc2,
    /// f = 1 / (1 − hᵢ)².
    Hc3,
    /// Scores are summed within clusters before they are squared; the cluster of each row. Times G / (G − 1) for G clusters, and for
    /// Gaussian models also (n − 1) / (n − p), as Stata has it.
    Clustered(&'c [usize]),
}

impl Analysis<'_> {
    /// The covariance of the coefficients.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the estimate of it does not exist: leverages of 1 under HC2 and HC3, an observed information that
    /// is not positive definite, fewer than two clusters, no residual degrees of freedom.
    pub fn covariance(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        let refuse = |reason: String| Err(FitError::Inference { reason });
        let (n, p) = (self.size(), self.parameters() as f64);
        let scores = self.scores();
        let meat = match kind {
            Covariance::Expected | Covariance::Observed => {
                let dispersion = self.dispersion();
                if dispersion.is_nan() {
                    return refuse(
                        "there are as many coefficients as rows, so the dispersion cannot be estimated; leave columns out".to_owned(),
                    );
                }
                let inverse = match kind {
                    Covariance::Expected => self.inverse.clone(),
                    _ => self.observed()?,
                };
                let inverse = Mat::from_fn(inverse.nrows(), inverse.ncols(), |i, j| {
                    dispersion * inverse[(i, j)]
                });
                return Ok(self.design.covariance_to_data(inverse.as_ref()));
            }
            Covariance::Clustered(clusters) => self.clustered(clusters, &scores)?,
            _ => {
                let leverages = match kind {
                    Covariance::Hc2 | Covariance::Hc3 => self.leverages(),
                    _ => Vec::new(),
                };
                if let Some(row) = leverages.iter().position(|h| *h > 1.0 - 1e-10) {
                    return refuse(format!(
                        "row {} has the leverage 1: it alone determines a coefficient, so this robust covariance does not exist; use hc0 or hc1, or leave the row's column out",
                        row + 1
                    ));
                }
                if *kind == Covariance::Hc1 && n <= p {
                    return refuse(format!(
                        "{n} rows leave no degrees of freedom for {p} coefficients"
                    ));
                }
                let factor = |i: usize| match kind {
                    Covariance::Hc1 => n / (n - p),
                    Covariance::Hc2 => 1.0 / (1.0 - leverages[i]),
                    Covariance::Hc3 => (1.0 - leverages[i]).powi(-2),
                    _ => 1.0,
                };
                let weight = |i: usize| self.copies(i) * factor(i) * scores[i] * scores[i];
                let weights: Vec<f64> = (0..scores.len())
                    .map(|i| if self.inside(i) > 0.0 { weight(i) } else { 0.0 })
                    .collect();
                symmetric(gram(&self.design, &weights).as_ref())
            }
        };
        let sandwich = &self.inverse * meat * &self.inverse;
        Ok(self.design.covariance_to_data(sandwich.as_ref()))
    }

    /// The inverse of the observed information with dispersion 1.
    fn observed(&self) -> Result<Mat<f64>, FitError> {
        let weights: Vec<f64> = (0..self.eta.len())
            .map(|i| match self.problem.weight(i) {
                weight if weight > 0.0 => {
                    let terms = self.problem.family.terms(self.eta[i], self.problem.y[i]);
                    weight * terms.curvature
                }
                _ => 0.0,
            })
            .collect();
        let factor = Cholesky::new(gram(&self.design, &weights).as_ref());
        Ok(factor
            .map_err(|_| FitError::Inference {
                reason: "the observed information is not positive definite; use the expected one"
                    .to_owned(),
            })?
            .inverse())
    }

    /// The number of clusters with rows that count.
    pub(super) fn clusters(&self, clusters: &[usize]) -> f64 {
        let mut all: Vec<usize> = self
            .problem
            .rows()
            .filter_map(|i| clusters.get(i).copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.len() as f64
    }

    fn clustered(&self, clusters: &[usize], scores: &[f64]) -> Result<Mat<f64>, FitError> {
        if clusters.len() != scores.len() {
            return Err(FitError::Inference {
                reason: format!(
                    "there are {} clusters for {} rows; give the cluster of each row",
                    clusters.len(),
                    scores.len()
                ),
            });
        }
        let number = self.clusters(clusters);
        if number < 2.0 {
            return Err(FitError::Inference {
                reason: "all rows are in one cluster; a clustered covariance needs at least two, and some 30 to be trusted".to_owned(),
            });
        }
        let d = self.parameters();
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut sums: Vec<f64> = Vec::new();
        self.each_row(|i, z| {
            if self.inside(i) == 0.0 {
                return;
            }
            let next = places.len();
            let place = *places.entry(clusters[i]).or_insert(next);
            if place == next {
                sums.resize((next + 1) * d, 0.0);
            }
            let score = self.copies(i) * scores[i];
            for (sum, z) in sums[place * d..(place + 1) * d].iter_mut().zip(z) {
                *sum += score * z;
            }
        });
        let (n, p) = (self.size(), d as f64);
        let mut factor = number / (number - 1.0);
        if self.is_gaussian() && n > p {
            factor *= (n - 1.0) / (n - p);
        }
        let sums = MatRef::from_column_major_slice(&sums, d, places.len());
        let meat = sums * sums.transpose();
        Ok(Mat::from_fn(d, d, |i, j| factor * meat[(i, j)]))
    }
}

/// Both triangles of a matrix that has the lower one.
fn symmetric(a: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i.max(j), i.min(j))])
}
