//! A maximum of a likelihood, and what it says.

use autodiff::{Inputs, Shape, Var};
use linalg::{Mat, MatRef};

use super::covariance::{LikelihoodCovariance, covariance};
use super::delta::{Delta, delta};
use super::error::EstimateError;
use super::hypotheses::wald;
use super::range::{Natural, Range};
use crate::solver::Certificate;
use crate::{Coefficient, FitError, Inference, Reference, Test};

/// The maximum of a [`Likelihood`](super::Likelihood).
#[derive(Debug, Clone)]
pub struct LikelihoodFit {
    pub(super) names: Vec<String>,
    pub(super) ranges: Vec<Range>,
    pub(super) shapes: Vec<Shape>,
    pub(super) estimates: Vec<f64>,
    pub(super) log_likelihood: f64,
    pub(super) scores: Mat<f64>,
    pub(super) hessian: Mat<f64>,
    pub(super) inverse: Mat<f64>,
    pub(super) certificate: Certificate,
}

impl LikelihoodFit {
    /// The estimates, one parameter after another, each column after column.
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }
    /// The names of the estimates.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// The log-likelihood at the estimates: minus the sum of what the closure returns.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
    /// How many observations the closure returned.
    pub fn observations(&self) -> usize {
        self.scores.nrows()
    }
    /// What is known about the maximum; the objective is the negative log-likelihood.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
    /// The observed information: the exact Hessian of the negative log-likelihood, p×p.
    pub fn hessian(&self) -> MatRef<'_, f64> {
        self.hessian.as_ref()
    }
    /// The scores: the exact derivatives of the log-likelihood of each observation, n×p. Each column sums to 0 at the maximum.
    pub fn scores(&self) -> MatRef<'_, f64> {
        self.scores.as_ref()
    }
    /// Akaike's criterion, 2p − 2ℓ.
    pub fn aic(&self) -> f64 {
        2.0 * self.estimates.len() as f64 - 2.0 * self.log_likelihood
    }
    /// The Bayesian criterion, p ln n − 2ℓ.
    pub fn bic(&self) -> f64 {
        let n = self.observations() as f64;
        self.estimates.len() as f64 * n.ln() - 2.0 * self.log_likelihood
    }

    /// The covariance matrix of the estimates, p×p.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if the outer product of the scores is singular, groups do not fit the observations, or a variance is 0.
    pub fn covariance(&self, kind: LikelihoodCovariance<'_>) -> Result<Mat<f64>, FitError> {
        let (inverse, scores) = (self.inverse.as_ref(), self.scores.as_ref());
        covariance(kind, inverse, scores, &self.names)
    }

    /// Estimates with standard errors, z statistics, p-values and 95 % intervals.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn coefficients(
        &self,
        kind: LikelihoodCovariance<'_>,
    ) -> Result<Vec<Coefficient>, FitError> {
        let covariance = self.covariance(kind)?;
        let one = |j: usize| Coefficient {
            name: self.names[j].clone(),
            estimate: self.estimates[j],
            inference: Some(Inference::wald(
                self.estimates[j],
                covariance[(j, j)].sqrt(),
            )),
        };
        Ok((0..self.estimates.len()).map(one).collect())
    }

    /// The likelihood-ratio test of the restrictions that lead from this model to a smaller one of the same observations: 2 (ℓ − ℓ₀),
    /// χ² with as many degrees of freedom as parameters that were lost (Wilks 1938).
    ///
    /// # Errors
    /// [`EstimateError::NotNested`] if the other fit has not fewer parameters, other numbers of observations, or a higher likelihood.
    pub fn likelihood_ratio(&self, restricted: &Self) -> Result<Test, FitError> {
        let refuse = |reason: String| Err(EstimateError::NotNested { reason }.into());
        let (p, q) = (self.estimates.len(), restricted.estimates.len());
        if q >= p {
            return refuse(format!("{q} parameters do not restrict {p}"));
        }
        let (n, m) = (self.observations(), restricted.observations());
        if n != m {
            return refuse(format!("they have {n} and {m} observations"));
        }
        let statistic = 2.0 * (self.log_likelihood - restricted.log_likelihood);
        let rounding = 1e-10 * (1.0 + self.log_likelihood.abs());
        if statistic < -rounding {
            return refuse(format!(
                "the smaller one has the higher log-likelihood, {} against {}",
                restricted.log_likelihood, self.log_likelihood
            ));
        }
        Ok(Test::new(
            statistic.max(0.0),
            Reference::ChiSquare((p - q) as f64),
        ))
    }

    /// Wald's test of the linear hypothesis R β = r: (Rβ̂ − r)ᵀ (R V Rᵀ)⁻¹ (Rβ̂ − r), χ² with as many degrees of freedom as R has
    /// rows. R is q×p.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if the sizes do not fit, a row of R follows from others, or there is no such covariance.
    pub fn wald(
        &self,
        kind: LikelihoodCovariance<'_>,
        r: MatRef<'_, f64>,
        values: &[f64],
    ) -> Result<Test, FitError> {
        let covariance = self.covariance(kind)?;
        wald(
            &self.estimates,
            covariance.as_ref(),
            r,
            values,
            f64::INFINITY,
        )
    }

    /// Functions of the parameters with standard errors by the delta method. The closure sees the parameters as the likelihood does,
    /// and may return any shape.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance); [`EstimateError::Function`] if a value or derivative is not finite.
    ///
    /// ```
    /// use train::{LikelihoodCovariance, Likelihood};
    /// // Exponential waiting times: the rate is e^θ; the probability to wait longer than 1 is exp(−e^θ).
    /// let t = [0.5, 2.0, 1.0, 0.5];
    /// let mut model = Likelihood::new(&[(1, 1)], |p| p[0].exp() * p.constant(&t) - p[0]);
    /// let fit = model.fit(&[0.3])?;
    /// let longer = fit.delta(LikelihoodCovariance::Information, |p| (-p[0].exp()).exp())?;
    /// assert!((longer.values[0] - (-1.0_f64).exp()).abs() < 1e-12);
    /// // θ has the variance 1/4, the function the slope −exp(−1).
    /// assert!((longer.std_error(0) - 0.5 * (-1.0_f64).exp()).abs() < 1e-12);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn delta<'env, G>(&self, kind: LikelihoodCovariance<'_>, g: G) -> Result<Delta, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        let covariance = self.covariance(kind)?;
        let (shapes, estimates) = (&self.shapes, &self.estimates);
        delta(shapes, estimates, covariance.as_ref(), f64::INFINITY, g)
    }

    /// Parameter number `index`, from 0, which is free, on the natural scale of what it stands for: the estimate with its standard
    /// error by the delta method, and the 95 % interval of the free parameter transformed, which never leaves the range.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance); [`EstimateError::Parameter`] if there is no such parameter.
    pub fn natural(
        &self,
        kind: LikelihoodCovariance<'_>,
        index: usize,
        range: Range,
    ) -> Result<Natural, FitError> {
        let parameters = self.estimates.len();
        if index >= parameters {
            return Err(EstimateError::Parameter { index, parameters }.into());
        }
        let theta = self.estimates[index];
        let std_error = self.covariance(kind)?[(index, index)].sqrt();
        let wald = Inference::wald(theta, std_error);
        Ok(Natural {
            estimate: range.value(theta),
            std_error: range.slope(theta) * std_error,
            conf_low: range.value(wald.conf_low),
            conf_high: range.value(wald.conf_high),
        })
    }
}
