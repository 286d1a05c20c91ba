//! Fitting generalised linear models.

mod objective;
mod report;
mod separation;

use datasets::Dataset;
use linalg::{LinalgError, Mat, MatRef, Scalar, Standardised, reduce};
use models::glm::{BinomialLogit, Family, LogisticModel, LogisticRegression};

use self::objective::GlmObjective;
use crate::newton::{Certificate, Newton};
use crate::{FitError, Inference};

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
        let n = y.len() as f64;
        let design = Standardised::new(data.features.as_ref(), self.has_intercept()).map_err(
            |constant| {
                let column = data.feature_names[constant.column].clone();
                FitError::ConstantColumn {
                    column,
                    value: constant.value,
                    intercept: self.has_intercept(),
                }
            },
        )?;
        let mut start = vec![0.0; design.columns()];
        let mean = reduce::sum(y) / n;
        if self.has_intercept() {
            start[0] = (mean / (1.0 - mean)).ln();
        }
        let penalised = self.penalty() > 0.0;
        let mut objective = GlmObjective::new(&design, BinomialLogit, y, self.penalty());
        let mut watch = separation::Watch::new(data, penalised);
        let outcome = Newton::default().minimise(&mut objective, &start, |objective, step| {
            watch.step(objective.design(), y, &step)
        });
        let outcome = outcome.map_err(|stop| stop.explain(&design, data, &watch))?;
        if !penalised {
            watch.end(&design, y, &outcome)?;
        }

        let to_data = design.to_data();
        let gamma = MatRef::from_column_major_slice(&outcome.x, outcome.x.len(), 1);
        let beta = &to_data * gamma;
        let beta: Vec<f64> = (0..beta.nrows()).map(|j| beta[(j, 0)]).collect();
        let covariance = if penalised {
            None
        } else {
            let factor = linalg::solve::Cholesky::new(outcome.hessian.as_ref()).map_err(|e| {
                separation::Stop::Linalg(outcome.certificate.iterations, e)
                    .explain(&design, data, &watch)
            })?;
            let covariance = &to_data * factor.inverse() * to_data.transpose();
            Some(Mat::from_fn(beta.len(), beta.len(), |i, j| {
                covariance[(i, j)] / n
            }))
        };
        let names = self
            .has_intercept()
            .then(|| "(intercept)".to_owned())
            .into_iter()
            .chain(data.feature_names.iter().cloned());
        let coefficients = names
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
        let loss = objective.total_loss(&outcome.x);
        let saturated: f64 = y.iter().map(|&y| BinomialLogit.saturated_loss(y)).sum();
        let null_eta = if self.has_intercept() { start[0] } else { 0.0 };
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
            labels: data.labels.clone(),
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
    if rows == 0 {
        return Err(FitError::NoRows);
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
    Ok(())
}

/// The combination of earlier columns that gives a dependent one, on the data's own scale.
pub(crate) fn collinear(
    design: &Standardised<'_>,
    data: &Dataset,
    error: &LinalgError,
) -> Option<FitError> {
    let LinalgError::Dependent {
        column, weights, ..
    } = error
    else {
        return None;
    };
    let k = usize::from(design.has_intercept());
    let name = |j: usize| {
        if j < k {
            "(intercept)".to_owned()
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
