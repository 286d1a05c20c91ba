//! A fitted generalised linear model with everything that is known about it.

use linalg::{Mat, MatRef, reduce};
use models::glm::{
    Distribution, Family, Generalised, GeneralisedLinearModel, GlmModel, Penalty, Weights,
};

use super::columns::Columns;
use super::information::{at_point, inverse_gram};
use super::likelihood::{deviance, log_likelihood, pearson, saturated, unit_deviances};
use super::objective::At;
use super::problem::Problem;
use super::solve::solve;
use super::{
    Coefficient, Explanatory, Fit, FitOptions, INTERCEPT, Observations, Solver, firth, theta,
};
use crate::solver::Certificate;
use crate::{FitError, Inference};

/// How much the target varies beyond what its mean says: variance = dispersion · V(μ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Its value: 1, or Pearson's statistic by the residual degrees of freedom.
    pub value: f64,
    /// True if it was estimated; then t distributions take the place of normal ones.
    pub estimated: bool,
    /// The standard error of an estimate: of Pearson's statistic by the degrees of freedom, whose terms have the variance
    /// 2φ² + p (2p − 1) φ³ μᵖ⁻² where the variance of the target is φ μᵖ.
    pub std_error: Option<f64>,
}

/// The θ of a negative binomial model with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theta {
    /// The estimate.
    pub value: f64,
    /// From its information with the means held fixed.
    pub std_error: f64,
}

/// A fitted generalised linear model.
///
/// ```
/// use datasets::Dataset;
/// use linalg::mat;
/// use models::glm::{Distribution, GeneralisedLinearModel};
/// use train::Fit;
/// let data = Dataset::new(mat![[0.0], [0.0], [1.0], [1.0]], ["group"], vec![1.0, 3.0, 4.0, 8.0], "count");
/// let fit = GeneralisedLinearModel::new(Distribution::Poisson).fit(&data)?;
/// // The means of the groups are 2 and 6.
/// assert!((fit.coefficients()[0].estimate - 2.0_f64.ln()).abs() < 1e-12);
/// assert!((fit.coefficients()[1].estimate - 3.0_f64.ln()).abs() < 1e-12);
/// assert!((fit.coefficients()[1].inference.map_or(0.0, |i| i.std_error) - (1.0 / 4.0 + 1.0 / 12.0_f64).sqrt()).abs() < 1e-12);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug, Clone)]
pub struct GlmFit {
    model: GlmModel,
    target: String,
    labels: Option<Vec<String>>,
    observations: usize,
    freedom: f64,
    penalty: Penalty,
    coefficients: Vec<Coefficient>,
    covariance: Option<Mat<f64>>,
    dispersion: Dispersion,
    theta: Option<Theta>,
    penalised_log_likelihood: Option<f64>,
    pearson: f64,
    log_likelihood: Option<f64>,
    deviance: f64,
    null_deviance: f64,
    effective: f64,
    solver: Solver,
    reason: &'static str,
    certificate: Certificate,
}

impl GlmFit {
    /// The model, for predictions.
    pub fn model(&self) -> &GlmModel {
        &self.model
    }
    /// Distribution and link.
    pub fn family(&self) -> Generalised {
        self.model.family()
    }
    /// The coefficients, intercept first.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }
    /// The same fit with other statistics of its coefficients, as [`Analysis::coefficients`](super::Analysis::coefficients) gives them.
    ///
    /// # Panics
    /// If these are other coefficients.
    #[must_use]
    pub fn reported(mut self, coefficients: Vec<Coefficient>) -> Self {
        let same = |(a, b): (&Coefficient, &Coefficient)| a.name == b.name;
        assert!(
            coefficients.len() == self.coefficients.len()
                && coefficients.iter().zip(&self.coefficients).all(same),
            "statistics of other coefficients"
        );
        self.coefficients = coefficients;
        self
    }
    /// The covariance matrix of the estimates (dispersion times the inverse of the expected information), in the order of the
    /// coefficients; `None` if penalised.
    pub fn covariance(&self) -> Option<MatRef<'_, f64>> {
        self.covariance.as_ref().map(Mat::as_ref)
    }
    /// The name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }
    /// What the data call the classes 0 and 1.
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }
    /// The number of rows whose weight is not 0.
    pub fn observations(&self) -> usize {
        self.observations
    }
    /// Observations, repeated as their weights say, less coefficients.
    pub fn residual_freedom(&self) -> f64 {
        self.freedom
    }
    /// The penalty in force.
    pub fn penalty(&self) -> &Penalty {
        &self.penalty
    }
    /// The solver that made the fit, and why it was chosen.
    pub fn solver(&self) -> (Solver, &'static str) {
        (self.solver, self.reason)
    }
    /// True if the fit is one of maximum likelihood, so that what is known about those holds.
    fn unpenalised(&self) -> bool {
        self.penalty.is_none() && self.penalised_log_likelihood.is_none()
    }
    /// The dispersion.
    pub fn dispersion(&self) -> Dispersion {
        self.dispersion
    }
    /// The θ of a negative binomial model, if it was estimated.
    pub fn theta(&self) -> Option<Theta> {
        self.theta
    }
    /// The log-likelihood with Firth's penalty, if that was asked for.
    pub fn penalised_log_likelihood(&self) -> Option<f64> {
        self.penalised_log_likelihood
    }
    /// Pearson's statistic Σ w (y − μ)² / V(μ).
    pub fn pearson(&self) -> f64 {
        self.pearson
    }
    /// The logarithm of the likelihood, penalty not included; `None` for Tweedie's distribution, which has no closed form.
    pub fn log_likelihood(&self) -> Option<f64> {
        self.log_likelihood
    }
    /// Twice the log-likelihood below that of a perfect fit, for dispersion 1.
    pub fn deviance(&self) -> f64 {
        self.deviance
    }
    /// The deviance of the model with intercept and offset alone (without intercept: of a linear predictor of 0 or the offset).
    pub fn null_deviance(&self) -> f64 {
        self.null_deviance
    }
    /// Parameters that were estimated: coefficients, and a dispersion.
    fn parameters(&self) -> f64 {
        let others = [self.dispersion.estimated, self.theta.is_some()];
        (self.coefficients.len() + others.into_iter().filter(|other| *other).count()) as f64
    }
    /// Akaike's criterion; `None` if penalised, when the number of parameters says too much.
    pub fn aic(&self) -> Option<f64> {
        let likelihood = self.log_likelihood.filter(|_| self.unpenalised())?;
        Some(2.0 * self.parameters() - 2.0 * likelihood)
    }
    /// The Bayesian criterion; `None` if penalised.
    pub fn bic(&self) -> Option<f64> {
        let likelihood = self.log_likelihood.filter(|_| self.unpenalised())?;
        Some(self.effective.ln() * self.parameters() - 2.0 * likelihood)
    }
    /// How far the fit can be from the optimum. The gradient is that of the mean loss (plus penalty) in the coefficients.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Fit for GeneralisedLinearModel {
    type Fitted = GlmFit;

    /// Maximum likelihood, penalised or not, on columns of comparable size; the result is on the data's own scale.
    fn fit_observations(
        &self,
        data: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<GlmFit, FitError> {
        let mut theta = None;
        let (problem, solved) = if self.estimates_theta() {
            let found = theta::estimate(self, data, options)?;
            theta = Some(Theta {
                value: found.theta,
                std_error: found.std_error,
            });
            (found.problem, found.solved)
        } else {
            let problem = Problem::new(self, data)?;
            let solved = if self.is_firth() {
                firth::solve(&problem, options)?
            } else {
                solve(&problem, options)?
            };
            (problem, solved)
        };
        let (design, outcome) = (&solved.design, &solved.outcome);
        let at = &solved.at;
        let beta = design.coefficients_to_data(&outcome.x);
        // With the θ that was found.
        let specification = match theta {
            Some(theta) => self.clone().with_theta(theta.value),
            None => self.clone(),
        };
        let saturated = saturated(&problem);
        let deviance = deviance(&problem, design, at, saturated);
        let pearson = pearson(&problem, design, at);
        let observations = problem.number_that_count();
        // Trials are no repetitions of rows.
        let effective = match (&data.weights, problem.kind) {
            (Some(weights), Weights::Frequency) => problem.cut.sum(|row| weights[row]),
            _ => observations as f64,
        };
        // A penalised coefficient that is 0 takes no freedom.
        let used = if problem.penalty.is_none() {
            beta.len()
        } else {
            beta.iter().filter(|b| **b != 0.0).count()
        };
        let freedom = effective - used as f64;
        let own = !matches!(
            problem.family.distribution,
            Distribution::Binomial | Distribution::Poisson | Distribution::NegativeBinomial { .. }
        );
        let estimated = self.is_quasi() || own;
        let value = match (estimated, freedom > 0.0) {
            (false, _) => 1.0,
            (true, true) => pearson / freedom,
            (true, false) => f64::NAN,
        };
        let dispersion = Dispersion {
            value,
            estimated,
            std_error: estimated
                .then(|| (term_variance(&problem, design, at, value) / freedom).sqrt()),
        };
        let known = problem.penalty.is_none() && !problem.class_weights && beta.len() <= MOST;
        let covariance = if known {
            Some(covariance(&problem, design, at, dispersion.value)?)
        } else {
            None
        };
        let names = problem.intercept.then(|| INTERCEPT.to_owned());
        let names = names.into_iter().chain(data.names.iter().cloned());
        let coefficient = |(j, (name, &estimate)): (usize, (String, &f64))| {
            let inference = covariance.as_ref().map(|covariance| {
                let error = covariance[(j, j)].sqrt();
                if estimated {
                    Inference::student(estimate, error, freedom)
                } else {
                    Inference::wald(estimate, error)
                }
            });
            Coefficient {
                name,
                estimate,
                inference,
            }
        };
        let coefficients = names.zip(&beta).enumerate().map(coefficient).collect();
        let (intercept, slopes) = if problem.intercept {
            (beta[0], &beta[1..])
        } else {
            (0.0, &beta[..])
        };
        // The gradient in the data's own coordinates, or there the smallest subgradient.
        let separable = solved.terms.separable(design);
        let smallest: Vec<f64> = (0..beta.len())
            .map(|j| separable.subgradient(j, outcome.x[j], outcome.gradient[j]))
            .collect();
        Ok(GlmFit {
            model: GlmModel::new(problem.family, intercept, slopes.to_vec()),
            target: data.target_name.to_owned(),
            labels: data.labels.map(<[String]>::to_vec),
            observations,
            freedom,
            penalty: problem.penalty.clone(),
            coefficients,
            covariance,
            dispersion,
            theta,
            penalised_log_likelihood: self.is_firth().then_some(-outcome.value),
            pearson,
            log_likelihood: if self.is_quasi() {
                None
            } else {
                log_likelihood(&problem, design, at, deviance)
            },
            deviance,
            null_deviance: null_deviance(&specification, &problem, saturated)?,
            effective,
            solver: solved.solver,
            reason: solved.reason,
            certificate: Certificate {
                gradient_max: reduce::max_abs(&design.gradient_to_data(&smallest)),
                ..outcome.certificate
            },
        })
    }
}

/// The mean variance of the terms of Pearson's statistic, for an exponential dispersion model of variance φ μᵖ (Jørgensen 1997); of
/// quasi-likelihood without the third cumulant, which that does not specify.
fn term_variance(problem: &Problem<'_>, design: &Columns<'_>, at: &At, dispersion: f64) -> f64 {
    let power = match problem.family.distribution {
        Distribution::Gamma => 2.0,
        Distribution::InverseGaussian => 3.0,
        Distribution::Tweedie { power } => power,
        _ => 0.0,
    };
    let square = 2.0 * dispersion * dispersion;
    if power == 0.0 {
        return square;
    }
    let factor = power * (2.0 * power - 1.0) * dispersion.powi(3);
    let term = |i: usize, eta: f64| {
        let own = match problem.kind {
            Weights::Frequency => problem.weight(i),
            Weights::Analytic => 1.0 / problem.weight(i),
        };
        [own * problem.family.mean(eta).powf(power - 2.0)]
    };
    let number = match problem.kind {
        Weights::Frequency => problem.total(),
        Weights::Analytic => problem.number_that_count() as f64,
    };
    square + factor * at.sums(problem, design, &term)[0] / number
}

/// The coefficients of the largest covariance matrix.
const MOST: usize = 5000;

/// Dispersion times the inverse of the expected information, on the data's own scale.
fn covariance(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    at: &At,
    dispersion: f64,
) -> Result<Mat<f64>, FitError> {
    let weights = at_point(problem, design, at);
    let covariance = design.covariance_to_data(inverse_gram(design, &weights)?.as_ref());
    Ok(Mat::from_fn(
        covariance.nrows(),
        covariance.ncols(),
        |i, j| dispersion * covariance[(i, j)],
    ))
}

/// The intercept of the model without columns.
pub(super) fn intercept_alone(
    specification: &GeneralisedLinearModel,
    problem: &Problem<'_>,
) -> Result<f64, FitError> {
    if problem.data.offset.is_none() {
        return Ok(problem.family.link.of(problem.mean()));
    }
    let none = MatRef::from_column_major_slice(&[], problem.y.len(), 0);
    let data = Observations {
        features: match problem.data.features {
            Explanatory::Leaves { leaves, .. } => Explanatory::Leaves { leaves, columns: 0 },
            _ => Explanatory::Dense(none),
        },
        names: Vec::new().into(),
        ..problem.data.clone()
    };
    let alone = specification.clone().penalised(Penalty::none());
    let alone = Problem::new(&alone, &data)?;
    Ok(solve(&alone, &FitOptions::default())?.outcome.x[0])
}

fn null_deviance(
    specification: &GeneralisedLinearModel,
    problem: &Problem<'_>,
    saturated: f64,
) -> Result<f64, FitError> {
    if problem.intercept && problem.data.offset.is_some() {
        let intercept = intercept_alone(specification, problem)?;
        return Ok(unit_deviances(problem, |i| intercept + problem.offset(i)));
    }
    let common = problem.family.link.of(problem.mean());
    let eta = |i: usize| {
        if problem.intercept {
            common
        } else {
            problem.offset(i)
        }
    };
    if problem.data.offset.is_none() && problem.family.distribution != Distribution::Gaussian {
        // Given the mean, all these losses are linear in the target: that of the mean target stands for all.
        let loss = problem.family.terms(eta(0), problem.mean()).loss * problem.total();
        return Ok(2.0 * (loss - saturated));
    }
    Ok(unit_deviances(problem, eta))
}
