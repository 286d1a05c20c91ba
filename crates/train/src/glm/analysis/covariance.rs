//! Covariances of the estimates, from the model or from the data.

use std::collections::HashMap;

use linalg::{Mat, MatRef};

use super::super::information::{gram, known};
use super::{Analysis, lone};
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
    /// φ times the inverse of the observed information, the Hessian of the negative log-likelihood in the coefficients (an estimated θ is
    /// held).
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
    /// The covariance of the coefficients; NaN for those that are [`undetermined`](Self::undetermined).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the estimate of it does not exist: an observed information that is not positive definite, fewer than
    /// two clusters, no residual degrees of freedom, a perfect fit, nearly separated classes, Firth's penalty beside a sandwich.
    pub fn covariance(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        let Covariance::Clustered(clusters) = kind else {
            return self.sums.covariance(kind);
        };
        self.refuse_sandwich()?;
        let meat = self.clustered(clusters, &self.scores())?;
        self.sandwich(&meat, &self.undetermined(kind))
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

impl Analysis<'_> {
    /// The coefficients that one row or one cluster determines alone: its scores sum to 0 whatever the truth, so no sandwich says
    /// anything about them, and [`covariance`](Self::covariance) has NaN there.
    pub fn undetermined(&self, kind: &Covariance<'_>) -> Vec<bool> {
        let Covariance::Clustered(clusters) = kind else {
            return self.sums.undetermined(kind);
        };
        let mut out = vec![false; self.parameters()];
        let model = self.design.covariance_to_data(self.inverse.as_ref());
        for direction in self.lone_clusters(clusters) {
            let beta = self.design.coefficients_to_data(&direction);
            lone::mark(&mut out, &beta, model.as_ref());
        }
        out
    }

    /// The directions, in the coordinates of the solvers, of which only one cluster knows anything.
    fn lone_clusters(&self, clusters: &[usize]) -> Vec<Vec<f64>> {
        let d = self.parameters();
        let mut traces: HashMap<usize, f64> = HashMap::new();
        for (i, leverage) in self.leverages().into_iter().enumerate() {
            if leverage > 0.0 {
                *traces.entry(clusters[i]).or_default() += self.copies(i) * leverage;
            }
        }
        traces.retain(|_, trace| lone::may_be_alone(*trace));
        let mut parts: HashMap<usize, Mat<f64>> = HashMap::new();
        self.each_row(|i, z| {
            if self.inside(i) == 0.0 || !traces.contains_key(&clusters[i]) {
                return;
            }
            let part = parts.entry(clusters[i]).or_insert_with(|| Mat::zeros(d, d));
            add_square(part, self.information[i], z);
        });
        let total = gram(&self.design, &known(&self.information));
        let scale: Vec<f64> = (0..d).map(|j| total[(j, j)].sqrt()).collect();
        let of = |part: Mat<f64>| lone::directions((&total - part).as_ref(), &scale);
        parts.into_values().flat_map(of).collect()
    }
}

/// Adds `factor · v vᵀ` to the lower triangle.
pub(super) fn add_square(out: &mut Mat<f64>, factor: f64, v: &[f64]) {
    for (a, x) in v.iter().enumerate() {
        for (b, y) in v[..=a].iter().enumerate() {
            out[(a, b)] += factor * x * y;
        }
    }
}
