//! A curve fitted by least squares, and what it says.

use autodiff::{Inputs, Var};
use linalg::vector::dot;
use linalg::{Mat, MatRef};

use super::delta::{Delta, delta, inference};
use super::error::EstimateError;
use super::levenberg::Stationary;
use super::qr::Qr;
use super::recording::Parameters;
use crate::solver::Certificate;
use crate::student::two_sided_quantile;
use crate::{Coefficient, Covariance, FitError};

/// A curve fitted by [`NonlinearLeastSquares`](super::NonlinearLeastSquares).
#[derive(Debug, Clone)]
pub struct NonlinearFit {
    pub(super) parameters: Parameters,
    pub(super) estimates: Vec<f64>,
    fitted: Vec<f64>,
    residuals: Vec<f64>,
    /// The places of the observations that count.
    pub(super) counting: Vec<usize>,
    /// Their weights.
    pub(super) weights: Vec<f64>,
    /// √w times their residuals.
    pub(super) weighted: Vec<f64>,
    /// Their rows of √w J, by columns.
    pub(super) jacobian: Vec<Vec<f64>>,
    /// (JᵀJ)⁻¹.
    pub(super) inverse: Mat<f64>,
    covariance: Mat<f64>,
    /// The Hessian of half the sum of squares.
    pub(super) hessian: Mat<f64>,
    sum_of_squares: f64,
    total: f64,
    relative_offset: f64,
    certificate: Certificate,
}

impl NonlinearFit {
    pub(super) fn new(
        parameters: Parameters,
        response: &[f64],
        weights: Option<&[f64]>,
        fitted: Vec<f64>,
        found: Stationary,
        hessian: Mat<f64>,
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
            parameters,
            estimates: found.x,
            weights: counting.iter().map(|&i| weight(i)).collect(),
            counting,
            hessian,
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
        &self.parameters.names
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
    pub fn residual_freedom(&self) -> f64 {
        (self.weighted.len() - self.estimates.len()) as f64
    }
    /// Σ wᵢ (yᵢ − fᵢ)².
    pub fn residual_sum_of_squares(&self) -> f64 {
        self.sum_of_squares
    }
    /// s = √(Σ wᵢ (yᵢ − fᵢ)² / (n − p)), in units of the response.
    pub fn residual_sd(&self) -> f64 {
        (self.sum_of_squares / self.residual_freedom()).sqrt()
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

    /// ln L of normal errors with the variance of the largest likelihood, S/n: −n/2 (ln 2π + 1 − ln n + ln S) + ½ Σ ln wᵢ, as R's
    /// `logLik` has it.
    pub fn log_likelihood(&self) -> f64 {
        let n = self.weighted.len() as f64;
        let one = std::f64::consts::TAU.ln() + 1.0 - n.ln() + self.sum_of_squares.ln();
        0.5 * (self.weights.iter().map(|w| w.ln()).sum::<f64>() - n * one)
    }
    /// Akaike's criterion, 2 (p + 1) − 2ℓ: the variance of the errors is a parameter, too.
    pub fn aic(&self) -> f64 {
        2.0 * (self.estimates.len() + 1) as f64 - 2.0 * self.log_likelihood()
    }
    /// The Bayesian criterion, (p + 1) ln n − 2ℓ.
    pub fn bic(&self) -> f64 {
        let n = self.weighted.len() as f64;
        (self.estimates.len() + 1) as f64 * n.ln() - 2.0 * self.log_likelihood()
    }

    /// Estimates with standard errors, t statistics with n − p degrees of freedom, p-values and 95 % intervals.
    ///
    /// # Errors
    /// [`EstimateError::NoResiduals`] if the curve meets every observation exactly.
    pub fn coefficients(&self) -> Result<Vec<Coefficient>, FitError> {
        self.coefficients_of(&Covariance::Expected)
    }

    /// The same by another covariance; with clusters the t statistics have one degree of freedom less than there are clusters.
    ///
    /// # Errors
    /// As [`covariance_of`](Self::covariance_of).
    pub fn coefficients_of(
        &self,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Coefficient>, FitError> {
        let (matrix, freedom) = self.covariance_and_freedom(covariance)?;
        let one = |j: usize| Coefficient {
            name: self.parameters.names[j].clone(),
            estimate: self.estimates[j],
            inference: Some(inference(self.estimates[j], matrix[(j, j)].sqrt(), freedom)),
        };
        Ok((0..self.estimates.len()).map(one).collect())
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
        let covariance = self.covariance();
        self.delta_by(covariance, self.residual_freedom(), g)
    }

    /// The same by another covariance.
    ///
    /// # Errors
    /// As [`delta`](Self::delta) and [`covariance_of`](Self::covariance_of).
    pub fn delta_of<'env, G>(&self, covariance: &Covariance<'_>, g: G) -> Result<Delta, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        let (matrix, freedom) = self.covariance_and_freedom(covariance)?;
        self.delta_by(matrix.as_ref(), freedom, g)
    }

    fn delta_by<'env, G>(
        &self,
        covariance: MatRef<'_, f64>,
        freedom: f64,
        g: G,
    ) -> Result<Delta, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        let shapes = &self.parameters.shapes;
        delta(shapes, &self.estimates, covariance, freedom, g)
    }

    /// The curve at new points: the closure returns their fitted values, as the curve does at the old ones.
    ///
    /// # Errors
    /// [`EstimateError::Level`] for a level that is not between 0 and 1, [`EstimateError::Function`] if a value or derivative is not finite.
    pub fn predict<'env, G>(&self, level: f64, curve: G) -> Result<Vec<Prediction>, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        self.predicted(level, &self.delta(curve)?)
    }

    /// The same with the errors of another covariance, for the value of the curve and for what it adds to a new observation.
    ///
    /// # Errors
    /// As [`predict`](Self::predict) and [`covariance_of`](Self::covariance_of).
    pub fn predict_of<'env, G>(
        &self,
        level: f64,
        covariance: &Covariance<'_>,
        curve: G,
    ) -> Result<Vec<Prediction>, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        self.predicted(level, &self.delta_of(covariance, curve)?)
    }

    fn predicted(&self, level: f64, found: &Delta) -> Result<Vec<Prediction>, FitError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(EstimateError::Level { level }.into());
        }
        let t = two_sided_quantile(1.0 - level, found.freedom);
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
