//! Randomised quantile residuals.

use models::glm::{Distribution, Family, Weights};

use super::Analysis;
use crate::FitError;
use crate::tails::Tails;

impl Analysis<'_> {
    /// Quantile residuals (Dunn and Smyth 1996; R's `statmod::qresiduals`), normal if the model holds: Φ⁻¹ of the distribution function at
    /// y, for discrete targets between its values before and at y, at the position `uniform(row)` between 0 and 1. They come from the
    /// logarithm of the smaller tail, and stay finite however unlikely the target is. 0 for rows that do not count. With an estimated
    /// dispersion, its value is taken for the truth.
    ///
    /// # Errors
    /// [`FitError::Inference`] for models without a distribution: quasi-likelihood, counts or classes with precisions for weights,
    /// targets of counts that are not whole numbers, and fits without residual degrees of freedom.
    ///
    /// ```
    /// use datasets::Dataset;
    /// use linalg::mat;
    /// use models::glm::{Distribution, GeneralisedLinearModel};
    /// use train::Fit;
    /// let data = Dataset::new(mat![[0.0], [0.0], [1.0], [1.0]], ["group"], vec![1.0, 3.0, 4.0, 8.0], "count");
    /// let model = GeneralisedLinearModel::new(Distribution::Poisson);
    /// let fit = model.fit(&data)?;
    /// let observations = (&data).into();
    /// let residuals = fit.analyse(&model, &observations)?.quantile_residuals(|_| 0.5)?;
    /// // Half of P(Y = 1) beside P(Y = 0), for a mean of 2: Φ⁻¹(2 e⁻²).
    /// assert!((residuals[0] + 0.6107862).abs() < 1e-6);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn quantile_residuals(
        &self,
        mut uniform: impl FnMut(usize) -> f64,
    ) -> Result<Vec<f64>, FitError> {
        self.check_distribution()?;
        (0..self.eta.len())
            .map(|i| {
                if self.inside(i) == 0.0 {
                    return Ok(0.0);
                }
                let [below, at] = match self.tails(i)? {
                    Residual::Normal(z) => return Ok(z),
                    Residual::Between(tails) => tails,
                };
                let residual = below.quantile_between(at, uniform(i));
                if residual.is_nan() {
                    return Err(FitError::Inference {
                        reason: format!(
                            "row {} of the data that are fitted: its distribution is so narrow that its quantile cannot be computed; use the residuals of Pearson",
                            i + 1
                        ),
                    });
                }
                Ok(residual)
            })
            .collect()
    }

    fn check_distribution(&self) -> Result<(), FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        if self.specification.is_quasi() {
            return refuse(
                "quasi-likelihood says mean and variance, and no distribution, so there are no quantile residuals; use those of Pearson, or a negative binomial family",
            );
        }
        if self.dispersion().is_nan() {
            return refuse(
                "there are as many coefficients as rows, so the dispersion cannot be estimated; leave columns out",
            );
        }
        if self.fit.dispersion().estimated && (self.is_perfect() || self.dispersion() <= 0.0) {
            return refuse(
                "the fit is perfect but for rounding errors, so there is no distribution about it; is the target made from the columns?",
            );
        }
        let discrete = !self.fit.dispersion().estimated;
        let precise = self.problem.kind == Weights::Analytic && self.problem.data.weights.is_some();
        if discrete && precise {
            return refuse(
                "weights are precisions, and counts and classes of other precisions have no distribution, so there are no quantile residuals; use those of Pearson",
            );
        }
        Ok(())
    }

    /// The distribution just below the target of a row and at it.
    fn tails(&self, i: usize) -> Result<Residual, FitError> {
        let family = self.problem.family;
        let (y, mu) = (self.problem.y[i], family.mean(self.eta[i]));
        let phi = self.dispersion() / self.inside(i);
        let whole = |y: f64| {
            if y == y.round() {
                return Ok(y);
            }
            Err(FitError::Inference {
                reason: format!(
                    "row {} of the data that are fitted has the target {y}, and quantile residuals of counts need whole numbers; use those of Pearson",
                    i + 1
                ),
            })
        };
        let continuous = |tails: Tails| Residual::Between([tails, tails]);
        Ok(match family.distribution {
            Distribution::Gaussian => Residual::Normal((y - mu) / phi.sqrt()),
            Distribution::Gamma => continuous(Tails::gamma(1.0 / phi, y / (mu * phi))),
            Distribution::InverseGaussian => continuous(Tails::inverse_gaussian(y, mu, phi)),
            Distribution::Tweedie { power } => {
                let at = Tails::tweedie(y, mu, phi, power);
                Residual::Between([if y > 0.0 { at } else { Tails::NONE }, at])
            }
            Distribution::Poisson => {
                let y = whole(y)?;
                Residual::Between([y - 1.0, y].map(|k| Tails::poisson(k, mu)))
            }
            Distribution::NegativeBinomial { theta } => {
                let y = whole(y)?;
                Residual::Between([y - 1.0, y].map(|k| Tails::negative_binomial(k, mu, theta)))
            }
            Distribution::Binomial => {
                let trials = whole(
                    self.problem
                        .data
                        .trials
                        .as_ref()
                        .map_or(1.0, |trials| trials[i]),
                )?;
                let k = whole(self.problem.data.target[i])?;
                // By the losses, which keep their digits where the mean rounds to 0 or 1.
                let [q, p] = [0.0, 1.0].map(|y| (-family.terms(self.eta[i], y).loss).exp());
                Residual::Between([k - 1.0, k].map(|k| Tails::binomial(k, trials, p, q)))
            }
            other => {
                return Err(FitError::Inference {
                    reason: format!(
                        "the distribution {} has no distribution function here, so there are no quantile residuals; use those of Pearson",
                        other.name()
                    ),
                });
            }
        })
    }
}

/// What is known about a residual.
enum Residual {
    /// Itself.
    Normal(f64),
    /// The distribution just below the target and at it.
    Between([Tails; 2]),
}
