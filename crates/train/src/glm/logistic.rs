//! Logistic regression: the generalised linear model that the tutorials end with.

use std::fmt;
use std::ops::Deref;

use models::glm::{LogisticModel, LogisticRegression};

use super::{Fit, FitOptions, GlmFit, Observations};
use crate::FitError;

/// A fitted logistic regression with everything that is known about it: a [`GlmFit`] whose model speaks of probabilities.
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
    fit: GlmFit,
    model: LogisticModel,
}

impl LogisticFit {
    /// The model, for predictions.
    pub fn model(&self) -> &LogisticModel {
        &self.model
    }

    /// The logarithm of the likelihood, penalty not included.
    pub fn log_likelihood(&self) -> f64 {
        self.fit.log_likelihood().unwrap_or(f64::NAN)
    }
}

impl Deref for LogisticFit {
    type Target = GlmFit;

    fn deref(&self) -> &GlmFit {
        &self.fit
    }
}

impl fmt::Display for LogisticFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fit.fmt(f)
    }
}

impl Fit for LogisticRegression {
    type Fitted = LogisticFit;

    fn fit_observations(
        &self,
        data: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<LogisticFit, FitError> {
        let neither = |row: usize| data.target[row] != 0.0 && data.target[row] != 1.0;
        let wrong = match &data.trials {
            Some(_) => None,
            None => data.partition().first(neither),
        };
        data.agreed(match wrong {
            Some(row) => Err(FitError::Target {
                row: row + 1,
                column: data.target_name.to_owned(),
                value: data.target[row],
            }),
            None => Ok(()),
        })?;
        let fit = self.generalised().fit_observations(data, options)?;
        let model =
            LogisticModel::new(fit.model().intercept(), fit.model().coefficients().to_vec());
        Ok(LogisticFit { fit, model })
    }
}
