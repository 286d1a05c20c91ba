//! What a fit means: a model beside the data that it was fitted to, and what both together say.

mod bootstrap;
mod checks;
mod classes;
mod covariance;
mod delta;
mod effects;
mod hypotheses;
pub(crate) mod lone;
mod profile;
mod quantile;
mod residuals;
mod validity;

use linalg::{Mat, MatRef, parallel};
use models::glm::{Distribution, GeneralisedLinearModel, Weights};

pub use self::bootstrap::Bootstrap;
pub use self::checks::{Calibration, HosmerLemeshow, Overdispersion};
pub use self::classes::ClassAnalysis;
pub use self::covariance::Covariance;
pub use self::effects::{Effect, Predicted};
pub(crate) use self::hypotheses::in_variances;
pub use self::hypotheses::{DevianceRow, Reference, Test, likelihood_ratio};
pub use self::profile::Interval;
pub use self::residuals::{Influence, Residual};
pub use self::validity::{Condition, validity, validity_with_rows};
use super::columns::Columns;
use super::information::{information, inverse_gram, known};
use super::problem::Problem;
use super::solve::columns;
use super::{Coefficient, GlmFit, INTERCEPT, Observations};
use crate::estimate::delta::product;
use crate::{FitError, Inference, Progress};

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
    fit: &'a GlmFit,
    original: GeneralisedLinearModel,
    /// With the θ that was found.
    specification: GeneralisedLinearModel,
    problem: Problem<'a>,
    design: Columns<'a>,
    /// Linear predictors, offsets included.
    eta: Vec<f64>,
    /// The expected information of each row with dispersion 1, all repetitions of the row together.
    information: Vec<f64>,
    /// (Xᵀ W X)⁻¹ in the coordinates of the solvers.
    inverse: Mat<f64>,
    progress: Progress,
}

impl GlmFit {
    /// The fit beside the data and the specification that it was made from.
    ///
    /// # Errors
    /// [`FitError::Inference`] if a penalty is in force or classes have weights of their own, or if these are other data.
    pub fn analyse<'a>(
        &'a self,
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Result<Analysis<'a>, FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        let original = specification.clone();
        let specification = match self.theta() {
            Some(theta) => original.clone().with_theta(theta.value),
            None => original.clone(),
        };
        let problem = Problem::new(&specification, data)?;
        if !problem.penalty.is_none() {
            return refuse(
                "a penalty is in force, and statistics of maximum likelihood do not hold for penalised estimates; fit without it",
            );
        }
        if problem.class_weights {
            return refuse(
                "classes have weights of their own, so the likelihood is not that of the data; fit without them, or weigh rows",
            );
        }
        if self.theta().is_none() && specification.family() != self.family() {
            return refuse(
                "the specification is not that of the fit; give the one that it was made by",
            );
        }
        let names = self.coefficients().iter().map(|c| &c.name);
        if !names
            .skip(usize::from(problem.intercept))
            .eq(data.names.iter())
        {
            return refuse(
                "the columns are not those of the fit; give the data that it was made from",
            );
        }
        let beta: Vec<f64> = self.coefficients().iter().map(|c| c.estimate).collect();
        let design = columns(data, problem.intercept, false)?;
        if design.columns() != beta.len() || problem.rows().count() != self.observations() {
            return refuse("the data are not those of the fit; give those that it was made from");
        }
        let eta = problem.predictors(&design, &design.coefficients_from_data(&beta));
        let information = information(&problem, &eta);
        let inverse = inverse_gram(&design, &known(&information))?;
        Ok(Analysis {
            fit: self,
            original,
            specification,
            problem,
            design,
            eta,
            information,
            inverse,
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

    /// n, repetitions counted.
    fn size(&self) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => {
                linalg::reduce::sum_by(weights.len(), |row| weights[row])
            }
            _ => self.problem.rows().count() as f64,
        }
    }

    /// p.
    fn parameters(&self) -> usize {
        self.inverse.nrows()
    }

    fn dispersion(&self) -> f64 {
        self.fit.dispersion().value
    }

    /// How often a row stands in the data.
    fn copies(&self, row: usize) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => weights[row],
            _ => 1.0,
        }
    }

    /// The weight of one copy of a row: its trials, or its precision; 0 for a row that does not count.
    fn inside(&self, row: usize) -> f64 {
        match self.problem.weight(row) {
            weight if weight > 0.0 => weight / self.copies(row),
            _ => 0.0,
        }
    }

    /// The score of one copy of each row in its linear predictor: Σ over rows of copies · score · x is the gradient of the
    /// log-likelihood with dispersion 1.
    fn scores(&self) -> Vec<f64> {
        (0..self.eta.len())
            .map(|i| match self.inside(i) {
                0.0 => 0.0,
                weight => {
                    let terms = models::glm::Family::terms(
                        &self.problem.family,
                        self.eta[i],
                        self.problem.y[i],
                    );
                    -weight * terms.slope
                }
            })
            .collect()
    }

    /// `f(row, z)` for every row in the coordinates of the solvers.
    fn each_row(&self, f: impl FnMut(usize, &[f64])) {
        self.design.each_row(f);
    }

    /// The leverage of one copy of each row: wᵢ xᵢᵀ (Xᵀ W X)⁻¹ xᵢ, which sum to the number of coefficients over all copies.
    pub fn leverages(&self) -> Vec<f64> {
        let d = self.parameters();
        let mut out = vec![0.0; self.eta.len()];
        if let Columns::Dense(design) = &self.design {
            parallel::for_each_part(&mut out, 512, &|start, out| {
                let mut memory = Mat::new();
                let block = design.block(start..start + out.len(), &mut memory);
                let half = block * &self.inverse;
                for (k, out) in out.iter_mut().enumerate() {
                    *out = (0..d).map(|j| half[(k, j)] * block[(k, j)]).sum();
                }
            });
        } else {
            self.each_row(|i, z| out[i] = quadratic(self.inverse.as_ref(), z));
        }
        for (i, out) in out.iter_mut().enumerate() {
            // What is 1 but for a rounding error is 1.
            *out = match self.inside(i) {
                0.0 => 0.0,
                _ => match *out * self.information[i] / self.copies(i) {
                    leverage if leverage > covariance::ALONE => 1.0,
                    leverage => leverage,
                },
            };
        }
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
        let freedom = self.freedom(covariance);
        let all = self.fit.coefficients().iter().enumerate();
        Ok(all
            .map(|(j, c)| {
                let error = matrix[(j, j)].sqrt();
                let inference = match freedom {
                    Some(freedom) => Inference::student(c.estimate, error, freedom),
                    None => Inference::wald(c.estimate, error),
                };
                Coefficient {
                    inference: (!error.is_nan()).then_some(inference),
                    ..c.clone()
                }
            })
            .collect())
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

    fn is_gaussian(&self) -> bool {
        self.problem.family.distribution == Distribution::Gaussian
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
