//! What of an analysis is sums over rows, and needs no number for each of them.

use std::ops::Range;

use linalg::Mat;
use linalg::rows::BLOCK;
use models::glm::{ClassWeights, Distribution, Family, GeneralisedLinearModel, Weights};

use super::super::columns::Columns;
use super::super::information::{at_point, inverse_gram};
use super::super::objective::At;
use super::super::problem::Problem;
use super::super::solve::columns;
use super::super::{GlmFit, Observations};
use super::quadratic;
use crate::FitError;

/// A fit beside its data, as far as that is sums over the rows: robust covariances, conditions, measures of explanation. It keeps nothing
/// for each row, so the rows may be in leaves, on a disk or shared by several processes; all of these have to ask the same.
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
/// let sums = fit.analyse_sums(&model, &(&data).into())?;
/// // Within the groups the counts differ from their means 2 and 6 by 1 and 2: the sandwich has Σ (y − μ)² / (Σ μ)².
/// let robust = sums.covariance(&Covariance::Hc0)?;
/// assert!((robust[(0, 0)] - 2.0 / 16.0).abs() < 1e-12);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct SumAnalysis<'a> {
    pub(super) fit: &'a GlmFit,
    pub(super) original: GeneralisedLinearModel,
    /// With the θ that was found.
    pub(super) specification: GeneralisedLinearModel,
    pub(super) problem: Problem<'a>,
    pub(super) design: Columns<'a>,
    pub(super) at: At,
    /// (Xᵀ W X)⁻¹ in the coordinates of the solvers.
    pub(super) inverse: Mat<f64>,
}

impl GlmFit {
    /// The fit beside the data and the specification that it was made from, for what is sums over the rows.
    ///
    /// # Errors
    /// [`FitError::Inference`] if a penalty is in force, classes have weights of their own, there are more than 5000 coefficients, or if
    /// these are other data; what is wrong with the data themselves.
    pub fn analyse_sums<'a>(
        &'a self,
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Result<SumAnalysis<'a>, FitError> {
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
        if !specification.penalty().is_none() {
            return refuse(
                "a penalty is in force, and statistics of maximum likelihood do not hold for penalised estimates; fit without it",
            );
        }
        if *specification.classes() != ClassWeights::Equal {
            return refuse(
                "classes have weights of their own, so the likelihood is not that of the data; fit without them, or weigh rows",
            );
        }
        if self.theta().is_none() && specification.family() != self.family() {
            return refuse(
                "the specification is not that of the fit; give the one that it was made by",
            );
        }
        let intercept = specification.has_intercept() && data.intercept;
        let names = self.coefficients().iter().map(|c| &c.name);
        if !names.skip(usize::from(intercept)).eq(data.names.iter()) {
            return refuse(
                "the columns are not those of the fit; give the data that it was made from",
            );
        }
        if self.coefficients().len() > MOST {
            return refuse("there are more than 5000 coefficients, too many for a covariance");
        }
        let problem = Problem::new(&specification, data)?;
        let beta: Vec<f64> = self.coefficients().iter().map(|c| c.estimate).collect();
        let design = columns(data, problem.intercept, false)?;
        if design.columns() != beta.len() || problem.number_that_count() != self.observations() {
            return refuse("the data are not those of the fit; give those that it was made from");
        }
        let at = At::new(&problem, &design, &design.coefficients_from_data(&beta));
        let inverse = inverse_gram(&design, &at_point(&problem, &design, &at))?;
        Ok(SumAnalysis {
            fit: self,
            original,
            specification,
            problem,
            design,
            at,
            inverse,
        })
    }
}

/// The coefficients of the largest covariance.
const MOST: usize = 5000;

/// A leverage above this is 1.
pub(super) const ALONE: f64 = 1.0 - 1e-10;

impl SumAnalysis<'_> {
    /// n, repetitions counted.
    pub(super) fn size(&self) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => self.problem.cut.sum(|row| weights[row]),
            _ => self.problem.number_that_count() as f64,
        }
    }

    /// p.
    pub(super) fn parameters(&self) -> usize {
        self.inverse.nrows()
    }

    pub(super) fn dispersion(&self) -> f64 {
        self.fit.dispersion().value
    }

    /// How often a row stands in the data.
    pub(super) fn copies(&self, row: usize) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => weights[row],
            _ => 1.0,
        }
    }

    /// The weight of one copy of a row: its trials, or its precision; 0 for a row that does not count.
    pub(super) fn inside(&self, row: usize) -> f64 {
        match self.problem.weight(row) {
            weight if weight > 0.0 => weight / self.copies(row),
            _ => 0.0,
        }
    }

    /// The score of one copy of a row in its linear predictor: Σ over rows of copies · score · x is the gradient of the log-likelihood
    /// with dispersion 1.
    pub(super) fn score_of(&self, row: usize, eta: f64) -> f64 {
        match self.inside(row) {
            0.0 => 0.0,
            weight => -weight * self.problem.family.terms(eta, self.problem.y[row]).slope,
        }
    }

    pub(super) fn is_gaussian(&self) -> bool {
        self.problem.family.distribution == Distribution::Gaussian
    }

    /// The leverage of one copy of each of some rows, at most a block, from their predictors.
    pub(super) fn leverages_of(
        &self,
        rows: Range<usize>,
        eta: &[f64],
        memory: &mut Mat<f64>,
        out: &mut [f64],
    ) {
        let d = self.parameters();
        match &self.design {
            Columns::Dense(design) => {
                let block = design.block(rows.clone(), memory);
                let half = block * &self.inverse;
                for (k, out) in out.iter_mut().enumerate() {
                    *out = (0..d).map(|j| half[(k, j)] * block[(k, j)]).sum();
                }
            }
            Columns::Sparse(design) => {
                let mut z = vec![0.0; d];
                for (row, out) in rows.clone().zip(&mut *out) {
                    design.row(row, &mut z);
                    *out = quadratic(self.inverse.as_ref(), &z);
                }
            }
        }
        for ((row, eta), out) in rows.zip(eta).zip(out) {
            let information = || self.problem.weight(row) * self.problem.family.information(*eta);
            // What is 1 but for a rounding error is 1.
            *out = match self.inside(row) {
                0.0 => 0.0,
                _ => match *out * information() / self.copies(row) {
                    leverage if leverage > ALONE => 1.0,
                    leverage => leverage,
                },
            };
        }
    }

    /// `f(rows, their predictors, their leverages)` for the blocks of a leaf; without leverages if they are not wanted.
    pub(super) fn blocks(
        &self,
        leaf: usize,
        leverages: bool,
        mut f: impl FnMut(Range<usize>, &[f64], &[f64]),
    ) {
        let mut memory = [[0.0; BLOCK]; 2];
        let mut matrix = Mat::new();
        for rows in self.problem.cut.blocks(leaf) {
            let [eta, own] = memory.each_mut().map(|m| &mut m[..rows.len()]);
            self.at
                .predictors(&self.problem, &self.design, rows.clone(), eta);
            if leverages {
                self.leverages_of(rows.clone(), eta, &mut matrix, own);
            }
            f(rows, eta, own);
        }
    }

    /// True if the residuals are rounding errors of the target.
    pub(super) fn is_perfect(&self) -> bool {
        let squares = |row: usize, eta: f64| {
            let (weight, y) = (self.problem.weight(row), self.problem.y[row]);
            let mu = self.problem.family.mean(eta);
            [weight * (y - mu).powi(2), weight * y * y]
        };
        let [left, all] = self.at.sums(&self.problem, &self.design, &squares);
        left <= 1e-24 * all
    }
}
