//! A curve fitted by least squares, and what it says.

use autodiff::{Inputs, Shape, Var};
use linalg::vector::dot;
use linalg::{Mat, MatRef};

use super::delta::{Delta, delta, inference};
use super::error::EstimateError;
use super::levenberg::Stationary;
use super::qr::Qr;
use crate::solver::Certificate;
use crate::student::two_sided_quantile;
use crate::{Coefficient, FitError};

/// Covariances that allow errors of unequal variances (White 1980; Long and Ervin 2000): `(JᵀJ)⁻¹ Jᵀ diag(ω) J (JᵀJ)⁻¹`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heteroscedastic {
    /// ωᵢ = eᵢ².
    Hc0,
    /// ωᵢ = eᵢ² n / (n − p).
    Hc1,
    /// ωᵢ = eᵢ² / (1 − hᵢ), h the leverages of the tangent plane.
    Hc2,
    /// ωᵢ = eᵢ² / (1 − hᵢ)².
    Hc3,
}

/// A curve fitted by [`NonlinearLeastSquares`](super::NonlinearLeastSquares).
#[derive(Debug, Clone)]
pub struct NonlinearFit {
    names: Vec<String>,
    shapes: Vec<Shape>,
    estimates: Vec<f64>,
    fitted: Vec<f64>,
    residuals: Vec<f64>,
    /// √w times the residuals, of observations that count.
    weighted: Vec<f64>,
    /// Their rows of √w J, by columns.
    jacobian: Vec<Vec<f64>>,
    /// (JᵀJ)⁻¹.
    inverse: Mat<f64>,
    covariance: Mat<f64>,
    sum_of_squares: f64,
    total: f64,
    relative_offset: f64,
    certificate: Certificate,
}

impl NonlinearFit {
    pub(super) fn new(
        names: Vec<String>,
        shapes: Vec<Shape>,
        response: &[f64],
        weights: Option<&[f64]>,
        fitted: Vec<f64>,
        found: Stationary,
    ) -> Self {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let counting: Vec<usize> = (0..response.len()).filter(|&i| weight(i) > 0.0).collect();
        let pick = |x: &[f64]| counting.iter().map(|&i| x[i]).collect::<Vec<f64>>();
        let jacobian: Vec<Vec<f64>> = found.jacobian.iter().map(|column| pick(column)).collect();
        let weighted: Vec<f64> = pick(&found.residuals).iter().map(|r| -r).collect();
        // Columns of length 1, so that the units of the parameters do not matter.
        let lengths: Vec<f64> = jacobian.iter().map(|c| super::qr::norm(c)).collect();
        let scaled = jacobian
            .iter()
            .zip(&lengths)
            .map(|(column, d)| column.iter().map(|x| x / d).collect())
            .collect();
        let unit = Qr::new(scaled).inverse_gram();
        let p = jacobian.len();
        let inverse = Mat::from_fn(p, p, |i, j| unit[(i, j)] / lengths[i] / lengths[j]);
        let sum_of_squares = dot(&weighted, &weighted);
        let variance = sum_of_squares / (counting.len() - p) as f64;
        let all: f64 = counting.iter().map(|&i| weight(i)).sum();
        let mean = counting
            .iter()
            .map(|&i| weight(i) * response[i])
            .sum::<f64>()
            / all;
        let total = counting
            .iter()
            .map(|&i| weight(i) * (response[i] - mean).powi(2))
            .sum();
        Self {
            names,
            shapes,
            estimates: found.x,
            residuals: response.iter().zip(&fitted).map(|(y, f)| y - f).collect(),
            fitted,
            covariance: Mat::from_fn(p, p, |i, j| variance * inverse[(i, j)]),
            weighted,
            jacobian,
            inverse,
            sum_of_squares,
            total,
            relative_offset: found.offset,
            certificate: found.certificate,
        }
    }

    /// The estimates, one parameter after another, each column after column.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }
    /// The names of the estimates.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// f at the estimates, for all observations.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }
    /// y − f, for all observations, without weights.
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }
    /// Observations of positive weight.
    pub fn observations(&self) -> usize {
        self.weighted.len()
    }
    /// n − p.
    pub fn freedom(&self) -> f64 {
        (self.weighted.len() - self.estimates.len()) as f64
    }
    /// Σ wᵢ (yᵢ − fᵢ)².
    pub fn residual_sum_of_squares(&self) -> f64 {
        self.sum_of_squares
    }
    /// s = √(Σ wᵢ (yᵢ − fᵢ)² / (n − p)), in units of the response.
    pub fn residual_sd(&self) -> f64 {
        (self.sum_of_squares / self.freedom()).sqrt()
    }
    /// 1 − Σ wᵢ (yᵢ − fᵢ)² / Σ wᵢ (yᵢ − ȳ)², ȳ the weighted mean. It can be negative for a curve that contains no constant; NaN for a
    /// constant response.
    pub fn r_squared(&self) -> f64 {
        1.0 - self.sum_of_squares / self.total
    }
    /// What is known about the minimum of ½ Σ wᵢ (yᵢ − fᵢ)²; the Newton decrement is by the metric `JᵀJ`.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
    /// The tangential part of the residual vector by its normal part, each by the root of its degrees of freedom (Bates and Watts 1981):
    /// parameters are within about this part of their standard errors.
    pub fn relative_offset(&self) -> f64 {
        self.relative_offset
    }
    /// `s² (JᵀJ)⁻¹`, from the QR factorisation of J.
    pub fn covariance(&self) -> MatRef<'_, f64> {
        self.covariance.as_ref()
    }

    /// Estimates with standard errors, t statistics with n − p degrees of freedom, p-values and 95 % intervals.
    ///
    /// # Errors
    /// [`EstimateError::NoResiduals`] if the curve meets every observation exactly.
    pub fn coefficients(&self) -> Result<Vec<Coefficient>, FitError> {
        self.with_covariance(self.covariance())
    }

    /// The same with standard errors that allow errors of unequal variances.
    ///
    /// # Errors
    /// [`EstimateError::NoResiduals`] if a standard error is 0 or, for an observation of leverage 1, not finite.
    pub fn robust_coefficients(&self, kind: Heteroscedastic) -> Result<Vec<Coefficient>, FitError> {
        self.with_covariance(self.robust_covariance(kind).as_ref())
    }

    fn with_covariance(&self, covariance: MatRef<'_, f64>) -> Result<Vec<Coefficient>, FitError> {
        let one = |j: usize| {
            let error = covariance[(j, j)].sqrt();
            if !(error > 0.0 && error.is_finite()) {
                return Err(EstimateError::NoResiduals.into());
            }
            Ok(Coefficient {
                name: self.names[j].clone(),
                estimate: self.estimates[j],
                inference: Some(inference(self.estimates[j], error, self.freedom())),
            })
        };
        (0..self.estimates.len()).map(one).collect()
    }

    /// `(JᵀJ)⁻¹ Jᵀ diag(ω) J (JᵀJ)⁻¹`, p×p.
    pub fn robust_covariance(&self, kind: Heteroscedastic) -> Mat<f64> {
        let (n, p) = (self.weighted.len(), self.estimates.len());
        let j = Mat::from_fn(n, p, |i, j| self.jacobian[j][i]);
        let influence = &j * &self.inverse;
        let omega = |i: usize| {
            let square = self.weighted[i].powi(2);
            let leverage: f64 = (0..p).map(|k| influence[(i, k)] * j[(i, k)]).sum();
            match kind {
                Heteroscedastic::Hc0 => square,
                Heteroscedastic::Hc1 => square * n as f64 / (n - p) as f64,
                // 1 but for a rounding error.
                _ if leverage > 1.0 - 1e-10 => f64::NAN,
                Heteroscedastic::Hc2 => square / (1.0 - leverage),
                Heteroscedastic::Hc3 => square / (1.0 - leverage).powi(2),
            }
        };
        let omega: Vec<f64> = (0..n).map(omega).collect();
        let weighted = Mat::from_fn(n, p, |i, k| omega[i] * influence[(i, k)]);
        influence.transpose() * weighted
    }

    /// Functions of the parameters with standard errors by the delta method. The closure sees the parameters as the curve does, and
    /// may return any shape.
    ///
    /// # Errors
    /// [`EstimateError::Function`] if a value or derivative is not finite.
    pub fn delta<'env, G>(&self, g: G) -> Result<Delta, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        delta(
            &self.shapes,
            &self.estimates,
            self.covariance(),
            self.freedom(),
            g,
        )
    }

    /// The curve at new points: the closure returns their fitted values, as the curve does at the old ones.
    ///
    /// # Errors
    /// [`EstimateError::Level`] for a level that is not between 0 and 1, [`EstimateError::Function`] if a value or derivative is not finite.
    pub fn predict<'env, G>(&self, level: f64, curve: G) -> Result<Vec<Prediction>, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        if !(level > 0.0 && level < 1.0) {
            return Err(EstimateError::Level { level }.into());
        }
        let found = self.delta(curve)?;
        let t = two_sided_quantile(1.0 - level, self.freedom());
        let one = |k: usize| {
            let (value, error) = (found.values[k], found.std_error(k));
            let new = error.hypot(self.residual_sd());
            Prediction {
                value,
                std_error: error,
                confidence: [value - t * error, value + t * error],
                prediction: [value - t * new, value + t * new],
            }
        };
        Ok((0..found.values.len()).map(one).collect())
    }
}

/// The curve at a new point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The value of the curve.
    pub value: f64,
    /// The standard error of that value, by the delta method.
    pub std_error: f64,
    /// The interval for the value of the curve.
    pub confidence: [f64; 2],
    /// The interval for a new observation of weight 1.
    pub prediction: [f64; 2],
}
