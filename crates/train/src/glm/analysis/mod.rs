//! What a fit means: a model beside the data that it was fitted to, and what both together say.

mod bootstrap;
mod checks;
mod classes;
mod covariance;
mod delta;
mod effects;
mod explained;
mod hypotheses;
pub(crate) mod lone;
mod profile;
mod quantile;
mod residuals;
mod sandwich;
mod sums;
mod validity;

use std::ops::Deref;

use linalg::{Mat, MatRef, parallel};
use models::glm::GeneralisedLinearModel;

pub use self::bootstrap::Bootstrap;
pub use self::checks::{Calibration, HosmerLemeshow, Overdispersion};
pub use self::classes::ClassAnalysis;
pub use self::covariance::Covariance;
pub use self::effects::{Effect, Predicted};
pub(crate) use self::hypotheses::in_variances;
pub use self::hypotheses::{DevianceRow, Reference, Test, likelihood_ratio};
pub use self::profile::Interval;
pub use self::residuals::{Influence, Residual};
pub use self::sums::SumAnalysis;
pub use self::validity::{Condition, validity, validity_with_rows};
use super::information::information;
use super::{Coefficient, GlmFit, INTERCEPT, Observations};
use crate::estimate::delta::product;
use crate::{FitError, Progress};

/// A fit beside its data.
///
/// Statistics are those of maximum likelihood; with Firth's penalty, those that hold there too. Covariances are of the estimates in the
/// units of the data, in the order of the coefficients.
///
/// ```
/// use datasets::Dataset;
/// use linalg::mat;
/// use models::glm::{Distribution, GeneralisedLinearModel};
/// use train::{Covariance, Fit};
/// let x = mat![[0.0], [0.0], [1.0], [1.0]];
/// let data = Dataset::new(x, ["group"], vec![1.0, 3.0, 4.0, 8.0], "count");
/// let model = GeneralisedLinearModel::new(Distribution::Poisson);
/// let fit = model.fit(&data)?;
/// let analysis = fit.analyse(&model, &(&data).into())?;
/// // Within the groups the counts differ from their means 2 and 6 by 1 and 2: the sandwich has Σ (y − μ)² / (Σ μ)².
/// let robust = analysis.covariance(&Covariance::Hc0)?;
/// assert!((robust[(0, 0)] - 2.0 / 16.0).abs() < 1e-12);
/// assert!((robust[(1, 1)] - (2.0 / 16.0 + 8.0 / 144.0)).abs() < 1e-12);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct Analysis<'a> {
    sums: SumAnalysis<'a>,
    /// Linear predictors, offsets included.
    eta: Vec<f64>,
    /// The expected information of each row with dispersion 1, all repetitions of the row together.
    information: Vec<f64>,
    progress: Progress,
}

/// What works without a number for each row.
impl<'a> Deref for Analysis<'a> {
    type Target = SumAnalysis<'a>;

    fn deref(&self) -> &SumAnalysis<'a> {
        &self.sums
    }
}

impl GlmFit {
    /// The fit beside the data and the specification that it was made from.
    ///
    /// # Errors
    /// [`FitError::Inference`] if a penalty is in force or classes have weights of their own, or if these are other data;
    /// [`FitError::InMemory`] of leaves, for which [`analyse_sums`](Self::analyse_sums) is.
    pub fn analyse<'a>(
        &'a self,
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Result<Analysis<'a>, FitError> {
        data.in_memory("an analysis of every row")?;
        let sums = self.analyse_sums(specification, data)?;
        let eta = sums.at.eta.clone();
        let information = information(&sums.problem, &eta);
        Ok(Analysis {
            sums,
            eta,
            information,
            progress: Progress::default(),
        })
    }
}

impl<'a> Analysis<'a> {
    /// Tells of the samples of a bootstrap.
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// The fit.
    pub fn fit(&self) -> &'a GlmFit {
        self.fit
    }

    /// The score of one copy of each row in its linear predictor: Σ over rows of copies · score · x is the gradient of the
    /// log-likelihood with dispersion 1.
    fn scores(&self) -> Vec<f64> {
        let all = self.eta.iter().enumerate();
        all.map(|(i, eta)| self.score_of(i, *eta)).collect()
    }

    /// `f(row, z)` for every row in the coordinates of the solvers.
    fn each_row(&self, f: impl FnMut(usize, &[f64])) {
        self.design.each_row(f);
    }

    /// The leverage of one copy of each row: wᵢ xᵢᵀ (Xᵀ W X)⁻¹ xᵢ, which sum to the number of coefficients over all copies.
    pub fn leverages(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.eta.len()];
        parallel::for_each_part(&mut out, linalg::rows::BLOCK, &|start, out| {
            let rows = start..start + out.len();
            let eta = &self.eta[rows.clone()];
            self.leverages_of(rows, eta, &mut Mat::new(), out);
        });
        out
    }

    /// The names of the coefficients.
    fn names(&self) -> Vec<String> {
        let coefficients = self.fit.coefficients().iter();
        coefficients.map(|c| c.name.clone()).collect()
    }

    /// The place of a coefficient.
    fn place(&self, name: &str) -> Result<usize, FitError> {
        let mut names = self.fit.coefficients().iter();
        names
            .position(|c| c.name == name)
            .ok_or_else(|| FitError::UnknownColumn {
                column: name.to_owned(),
            })
    }

    /// Statistics of all coefficients for a covariance of theirs: z, or t with the residual degrees of freedom where a dispersion was
    /// estimated (with clusters, one less than their number). None for a coefficient that one row or cluster determines alone.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn coefficients(&self, covariance: &Covariance<'_>) -> Result<Vec<Coefficient>, FitError> {
        let matrix = self.covariance(covariance)?;
        Ok(self.statistics(matrix.as_ref(), self.freedom(covariance)))
    }

    /// The degrees of freedom of t statistics; none for normal ones.
    fn freedom(&self, covariance: &Covariance<'_>) -> Option<f64> {
        if !self.fit.dispersion().estimated {
            return None;
        }
        Some(match covariance {
            Covariance::Clustered(clusters) => self.clusters(clusters) - 1.0,
            _ => self.fit.residual_freedom(),
        })
    }
}

/// xᵀ A x.
fn quadratic(a: MatRef<'_, f64>, x: &[f64]) -> f64 {
    let row = |i: usize| (0..x.len()).map(|j| a[(i, j)] * x[j]).sum::<f64>();
    (0..x.len()).map(|i| x[i] * row(i)).sum()
}

/// The standard error of a function of the coefficients with this gradient. NaN where one that matters has no variance.
fn std_error(covariance: MatRef<'_, f64>, gradient: &[f64]) -> f64 {
    let row = MatRef::from_row_major_slice(gradient, 1, gradient.len());
    let variance = product(row, covariance, 0, 0);
    // A rounding error below 0 is none.
    if variance < 0.0 { 0.0 } else { variance }.sqrt()
}

/// True for the intercept.
fn is_intercept(name: &str) -> bool {
    name == INTERCEPT
}
