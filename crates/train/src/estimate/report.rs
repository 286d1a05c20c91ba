//! Fits of likelihoods and curves of one's own as tables.

use std::fmt;

use super::{LikelihoodCovariance, LikelihoodFit, NonlinearFit};
use crate::Condition;
use crate::glm::report::{certificate, significant, table};

impl fmt::Display for LikelihoodFit {
    /// Estimate, standard error by the observed information, z, p and 95 % interval of each parameter; below, likelihood, certificate,
    /// and the conditions that do not hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Maximum likelihood, {} observations\n",
            self.observations()
        )?;
        match self.coefficients(LikelihoodCovariance::Information) {
            Ok(coefficients) => table(f, coefficients.iter(), "z")?,
            Err(error) => writeln!(f, "no standard errors: {error}\n")?,
        }
        writeln!(f, "log-likelihood {:.6}", self.log_likelihood())?;
        writeln!(f, "AIC {:.4}   BIC {:.4}", self.aic(), self.bic())?;
        certificate(f, "newton", self.certificate())?;
        cautions(f, &self.validity())
    }
}

impl fmt::Display for NonlinearFit {
    /// Estimate, standard error, t, p and 95 % interval of each parameter; below, residual standard deviation, certificate, and
    /// the conditions that do not hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Nonlinear least squares, {} observations\n",
            self.observations()
        )?;
        match self.coefficients() {
            Ok(coefficients) => table(f, coefficients.iter(), "t")?,
            Err(error) => writeln!(f, "no standard errors: {error}\n")?,
        }
        writeln!(
            f,
            "residual standard deviation {} on {} degrees of freedom   R² {:.6}",
            significant(self.residual_sd()),
            self.residual_freedom(),
            self.r_squared()
        )?;
        certificate(f, "levenberg-marquardt", self.certificate())?;
        cautions(f, &self.validity())
    }
}

/// A line for each condition that does not hold.
fn cautions(f: &mut fmt::Formatter<'_>, conditions: &[Condition]) -> fmt::Result {
    for condition in conditions.iter().filter(|condition| !condition.holds) {
        writeln!(f, "CAUTION, {}: {}", condition.name, condition.detail)?;
    }
    Ok(())
}
