//! Fitting generalised linear models.

mod objective;
mod report;
mod separation;

use datasets::Dataset;
use linalg::solve::Cholesky;
use linalg::{Design, LinalgError, Mat, MatRef, Scalar, Standardised, reduce};
use models::glm::{BinomialLogit, Family, LogisticModel, LogisticRegression};

use self::objective::GlmObjective;
use self::separation::Stop;
use crate::newton::{Certificate, Newton, Outcome, Status};
use crate::{FitError, Inference};

/// The name of the intercept among the coefficients.
pub const INTERCEPT: &str = "(intercept)";

/// A specification that can be fitted to data.
pub trait Fit {
    /// What comes out.
    type Fitted;
    /// Fits the specification.
    ///
    /// # Errors
    /// [`FitError`], with the names of the columns or the rows at fault.
    fn fit(&self, data: &Dataset) -> Result<Self::Fitted, FitError>;
}

/// One coefficient of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// The name of the column; `(intercept)` for the intercept.
    pub name: String,
    /// The estimate.
    pub estimate: f64,
    /// What the sample says about its uncertainty; `None` for a penalised fit, whose estimates are biased on purpose.
    pub inference: Option<Inference>,
}

/// A fitted logistic regression with everything that is known about it.
///
/// ```
/// use models::LogisticRegression;
/// use train::Fit;
/// let fit = LogisticRegression::new().fit(&datasets::nba_rookie_draft())?;
/// let assist = &fit.coefficients()[3];
/// assert_eq!(assist.name, "assist");
/// assert!(fit.certificate().gradient_max < 1e-10);
/// println!("{fit}");
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LogisticFit {
    model: LogisticModel,
    target: String,
    labels: Option<[String; 2]>,
    observations: usize,
    l2: f64,
    coefficients: Vec<Coefficient>,
    covariance: Option<Mat<f64>>,
    log_likelihood: f64,
    deviance: f64,
    null_deviance: f64,
    certificate: Certificate,
}

impl LogisticFit {
    /// The model, for predictions.
    pub fn model(&self) -> &LogisticModel {
        &self.model
    }
    /// The coefficients, intercept first.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }
    /// The covariance matrix of the estimates (inverse information), in the order of the coefficients; `None` if penalised.
    pub fn covariance(&self) -> Option<MatRef<'_, f64>> {
        self.covariance.as_ref().map(Mat::as_ref)
    }
    /// The name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }
    /// What the data call the classes 0 and 1.
    pub fn labels(&self) -> Option<&[String; 2]> {
        self.labels.as_ref()
    }
    /// The number of rows.
    pub fn observations(&self) -> usize {
        self.observations
    }
    /// The penalty in force.
    pub fn l2(&self) -> f64 {
        self.l2
    }
    /// The logarithm of the likelihood, penalty not included.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
    /// Twice the log-likelihood below that of a perfect fit.
    pub fn deviance(&self) -> f64 {
        self.deviance
    }
    /// The deviance of the model with the intercept alone (without one: of the probability ½).
    pub fn null_deviance(&self) -> f64 {
        self.null_deviance
    }
    /// Akaike's criterion; `None` if penalised, when the number of parameters says too much.
    pub fn aic(&self) -> Option<f64> {
        (self.l2 == 0.0).then_some(2.0 * self.coefficients.len() as f64 - 2.0 * self.log_likelihood)
    }
    /// The Bayesian criterion; `None` if penalised.
    pub fn bic(&self) -> Option<f64> {
        let log_n = (self.observations as f64).ln();
        (self.l2 == 0.0)
            .then_some(log_n * self.coefficients.len() as f64 - 2.0 * self.log_likelihood)
    }
    /// How far the fit can be from the optimum. The gradient is that of the mean loss (plus penalty) in the coefficients.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Fit for LogisticRegression {
    type Fitted = LogisticFit;

    /// Maximum likelihood by Newton's method, on standardised columns; the result is on the data's own scale.
    fn fit(&self, data: &Dataset) -> Result<LogisticFit, FitError> {
        let y = &data.target;
        check(self, data)?;
        if self.has_intercept() && !data.intercept {
            return self.clone().without_intercept().fit(data);
        }
        let n = y.len() as f64;
        let (design, outcome) = solve(self, data)?;
        let objective = GlmObjective::new(&design, BinomialLogit, y, self.penalty());
        let (loss, curvature) = objective.loss_and_curvature(&outcome.x);

        let beta = design.coefficients_to_data(&outcome.x);
        let covariance = (self.penalty() == 0.0)
            .then(|| inverse_information(&design, &outcome, &curvature))
            .transpose()?
            .map(|covariance| design.covariance_to_data(covariance.as_ref()));
        let names = self.has_intercept().then(|| INTERCEPT.to_owned());
        let coefficients = names
            .into_iter()
            .chain(data.feature_names.iter().cloned())
            .zip(&beta)
            .enumerate()
            .map(|(j, (name, &estimate))| {
                let inference = covariance
                    .as_ref()
                    .map(|c| Inference::wald(estimate, c[(j, j)].sqrt()));
                Coefficient {
                    name,
                    estimate,
                    inference,
                }
            })
            .collect();
        let saturated: f64 = y.iter().map(|&y| BinomialLogit.saturated_loss(y)).sum();
        let null_eta = if self.has_intercept() {
            log_odds(reduce::sum(y) / n)
        } else {
            0.0
        };
        let null_loss = reduce::sum_by(y.len(), |i| BinomialLogit.terms(null_eta, y[i]).loss);
        let gradient_max = reduce::max_abs(&design.gradient_to_data(&outcome.gradient));
        let (intercept, slopes) = if self.has_intercept() {
            (beta[0], &beta[1..])
        } else {
            (0.0, &beta[..])
        };
        Ok(LogisticFit {
            model: LogisticModel::new(intercept, slopes.to_vec()),
            target: data.target_name.clone(),
            labels: data.labels.as_deref().and_then(two),
            observations: y.len(),
            l2: self.penalty(),
            coefficients,
            covariance,
            log_likelihood: -loss,
            deviance: 2.0 * (loss - saturated),
            null_deviance: 2.0 * (null_loss - saturated),
            certificate: Certificate {
                gradient_max,
                ..outcome.certificate
            },
        })
    }
}

/// The labels of two classes.
fn two(labels: &[String]) -> Option<[String; 2]> {
    labels.to_vec().try_into().ok()
}

/// How often the columns are standardised anew.
const ROUNDS: usize = 3;

fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// The optimum, with the design in whose coordinates it stands.
///
/// Where extreme rows rule a column's standardisation, the columns can look collinear to the weights of the fit, in which
/// those rows do not count. Then the columns are standardised again by these weights, and the fit goes on.
fn solve<'a>(
    specification: &LogisticRegression,
    data: &'a Dataset,
) -> Result<(Standardised<'a>, Outcome), FitError> {
    let (y, penalised) = (&data.target, specification.penalty() > 0.0);
    let constant = |constant: linalg::ConstantColumn| FitError::ConstantColumn {
        column: data.feature_names[constant.column].clone(),
        value: constant.value,
        intercept: specification.has_intercept(),
    };
    let mut design = Standardised::new(data.features.as_ref(), specification.has_intercept())
        .map_err(constant)?;
    for (column, &spread) in data.feature_names.iter().zip(design.scale()) {
        if !(1e-140..=1e140).contains(&spread) {
            return Err(FitError::Range {
                column: column.clone(),
                spread,
            });
        }
    }
    let mut start = vec![0.0; design.columns()];
    if specification.has_intercept() {
        start[0] = log_odds(reduce::sum(y) / y.len() as f64);
    }
    let mut watch = separation::Watch::new(data, penalised);
    let mut rounds = 0;
    loop {
        let mut objective = GlmObjective::new(&design, BinomialLogit, y, specification.penalty());
        // A round of so many steps is enough for a well-conditioned problem.
        let newton = Newton { iterations: 30 };
        let result = newton.minimise_observed(&mut objective, &start, |_, step| {
            watch.step(&design, y, &step)
        });
        let column = match result {
            Ok(outcome) if outcome.certificate.status == Status::Converged || rounds == ROUNDS => {
                watch.end(&design, y, &outcome)?;
                let certificate = Certificate {
                    iterations: watch.iterations() - 1,
                    ..outcome.certificate
                };
                return Ok((
                    design,
                    Outcome {
                        certificate,
                        ..outcome
                    },
                ));
            }
            Ok(_) => 0,
            Err(Stop::Separated(error)) => return Err(error),
            Err(Stop::Linalg(error)) => {
                if let Some(error) = watch.verdict_of_last_step(&design, y) {
                    return Err(error);
                }
                match (&error, watch.last_point()) {
                    // At the start the weights are equal: a singular Hessian is the columns' fault.
                    (LinalgError::Dependent { .. }, None) => {
                        return Err(collinear(&design, data, &error)
                            .unwrap_or(FitError::Linalg { source: error }));
                    }
                    (LinalgError::Dependent { column, .. }, Some(_)) => *column,
                    _ => return Err(FitError::Linalg { source: error }),
                }
            }
        };
        let last = watch.last_point().unwrap_or(&start).to_vec();
        let k = usize::from(specification.has_intercept());
        let flat = FitError::Flat {
            column: if column < k {
                INTERCEPT.to_owned()
            } else {
                data.feature_names[column - k].clone()
            },
            iterations: watch.iterations(),
        };
        rounds += 1;
        if rounds > ROUNDS {
            return Err(flat);
        }
        let (_, curvature) = objective.loss_and_curvature(&last);
        let beta = design.coefficients_to_data(&last);
        design = design.reweighted(&curvature).map_err(|_| flat)?;
        start = design.coefficients_from_data(&beta);
        watch.restart(&start);
    }
}

/// The inverse of the information matrix in standardised coordinates. From the Hessian where that is well conditioned, from
/// a QR decomposition of the weighted design where forming the Hessian has cost digits.
fn inverse_information(
    design: &Standardised<'_>,
    outcome: &Outcome,
    curvature: &[f64],
) -> Result<Mat<f64>, FitError> {
    let n = design.rows() as f64;
    let factor =
        Cholesky::new(outcome.hessian.as_ref()).map_err(|source| FitError::Linalg { source })?;
    if factor.smallest_pivot() > 1e-3 {
        let inverse = factor.inverse();
        return Ok(Mat::from_fn(inverse.nrows(), inverse.ncols(), |i, j| {
            inverse[(i, j)] / n
        }));
    }
    let r = design.triangular(curvature);
    let d = r.ncols();
    // R⁻¹, column by column, by back substitution.
    let mut inverse: Mat<f64> = Mat::zeros(d, d);
    for j in 0..d {
        for i in (0..=j).rev() {
            let mut sum = if i == j { 1.0 } else { 0.0 };
            for l in i + 1..=j {
                sum -= r[(i, l)] * inverse[(l, j)];
            }
            inverse[(i, j)] = sum / r[(i, i)];
        }
    }
    Ok(&inverse * inverse.transpose())
}

fn check(specification: &LogisticRegression, data: &Dataset) -> Result<(), FitError> {
    let l2 = specification.penalty();
    if !(l2 >= 0.0 && l2.is_finite()) {
        return Err(FitError::Penalty { value: l2 });
    }
    let (rows, columns) = (data.features.nrows(), data.features.ncols());
    if rows != data.target.len() || columns != data.feature_names.len() {
        return Err(FitError::Lengths {
            rows,
            targets: data.target.len(),
            columns,
            names: data.feature_names.len(),
        });
    }
    for (what, unused) in [
        ("weights", data.weights.is_some()),
        ("offsets", data.offset.is_some()),
        ("trials", data.trials.is_some()),
    ] {
        if unused {
            return Err(FitError::Unused { what });
        }
    }
    if rows == 0 {
        return Err(FitError::NoRows);
    }
    if data.feature_names.iter().any(|name| name == INTERCEPT) {
        return Err(FitError::ReservedName);
    }
    if columns == 0 && !specification.has_intercept() {
        return Err(FitError::NoColumns);
    }
    for j in 0..columns {
        for i in 0..rows {
            let value = data.features[(i, j)];
            if !Scalar::is_finite(value) {
                return Err(FitError::NotFinite {
                    row: i + 1,
                    column: data.feature_names[j].clone(),
                    value,
                });
            }
        }
    }
    for (i, &value) in data.target.iter().enumerate() {
        if value != 0.0 && value != 1.0 {
            return Err(FitError::Target {
                row: i + 1,
                column: data.target_name.clone(),
                value,
            });
        }
    }
    if data.target.iter().all(|y| *y == data.target[0]) {
        return Err(FitError::OneClass {
            column: data.target_name.clone(),
            value: data.target[0],
        });
    }
    let coefficients = columns + usize::from(specification.has_intercept());
    if rows < coefficients && l2 == 0.0 {
        return Err(FitError::TooFewRows { rows, coefficients });
    }
    Ok(())
}

/// The combination of earlier columns that gives a dependent one, on the data's own scale.
fn collinear(design: &Standardised<'_>, data: &Dataset, error: &LinalgError) -> Option<FitError> {
    let LinalgError::Dependent {
        column, weights, ..
    } = error
    else {
        return None;
    };
    let k = usize::from(design.has_intercept());
    let name = |j: usize| {
        if j < k {
            INTERCEPT.to_owned()
        } else {
            data.feature_names[j - k].clone()
        }
    };
    let scale = |j: usize| if j < k { 1.0 } else { design.scale()[j - k] };
    let combination = (k..*column)
        .filter(|&j| weights[j].abs() > 1e-6)
        .map(|j| (name(j), weights[j] * scale(*column) / scale(j)))
        .collect();
    Some(FitError::Collinear {
        column: name(*column),
        combination,
    })
}
