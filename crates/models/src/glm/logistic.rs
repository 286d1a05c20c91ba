//! Logistic regression.

use linalg::{MatRef, Scalar};

use super::predictor::{of_row, predictor, predictor_into};
use super::{ClassWeights, Distribution, GeneralisedLinearModel, Link, Penalty, PredictError};

/// What is to be fitted: a logistic regression and its penalty. `train` fits it.
///
/// The objective is the mean log-loss plus the [`Penalty`], whose documentation says what scikit-learn, glmnet, statsmodels and
/// PyTorch call the same numbers. It is the [`GeneralisedLinearModel`] of the binomial distribution with the logit link.
///
/// ```
/// use models::glm::{LogisticRegression, Penalty};
/// let model = LogisticRegression::new().penalised(Penalty::lasso(0.1));
/// assert_eq!(model.penalty().l1, 0.1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    model: GeneralisedLinearModel,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self::new()
    }
}

impl LogisticRegression {
    /// With an intercept and without a penalty.
    pub fn new() -> Self {
        Self {
            model: GeneralisedLinearModel::new(Distribution::Binomial),
        }
    }

    /// Leaves the intercept out.
    pub fn without_intercept(self) -> Self {
        Self {
            model: self.model.without_intercept(),
        }
    }

    /// With the penalty ½·`l2`·‖β‖² on the mean log-loss, in the place of any other. `train` refuses a negative or non-finite value.
    pub fn l2(self, l2: f64) -> Self {
        self.penalised(Penalty::ridge(l2))
    }

    /// With a penalty.
    pub fn penalised(self, penalty: Penalty) -> Self {
        Self {
            model: self.model.penalised(penalty),
        }
    }

    /// With Firth's penalty: see [`GeneralisedLinearModel::firth`].
    pub fn firth(self) -> Self {
        Self {
            model: self.model.firth(),
        }
    }

    /// Weights the two classes.
    pub fn class_weights(self, classes: ClassWeights) -> Self {
        Self {
            model: self.model.class_weights(classes),
        }
    }

    /// True if an intercept is fitted.
    pub fn has_intercept(&self) -> bool {
        self.model.has_intercept()
    }

    /// The penalty.
    pub fn penalty(&self) -> &Penalty {
        self.model.penalty()
    }

    /// The same as a generalised linear model.
    pub fn generalised(&self) -> &GeneralisedLinearModel {
        &self.model
    }
}

/// A fitted logistic regression.
///
/// ```
/// use linalg::mat;
/// use models::glm::LogisticModel;
/// let model = LogisticModel::new(-1.0, vec![0.5, 0.25]);
/// let p = model.predict_proba(mat![[2.0, 0.0], [2.0, 4.0]].as_ref())?;
/// assert_eq!(p, [0.5, 1.0 / (1.0 + (-1.0_f64).exp())]);
/// assert_eq!(model.predict(mat![[2.0, 0.0], [0.0, 0.0]].as_ref(), 0.5)?, [true, false]);
/// # Ok::<(), models::glm::PredictError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticModel {
    intercept: f64,
    coefficients: Vec<f64>,
}

impl LogisticModel {
    /// The model with these numbers; an intercept of 0 is none.
    pub fn new(intercept: f64, coefficients: Vec<f64>) -> Self {
        Self {
            intercept,
            coefficients,
        }
    }

    /// β₀.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// β, one a feature.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// η = β₀ + x·β for each row.
    ///
    /// # Errors
    /// [`PredictError`] if the data have another number of columns than the model has features.
    pub fn linear_predictor(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>, PredictError> {
        predictor(x, &self.coefficients, |_| self.intercept, |_| {})
    }

    /// The probability of class 1 for each row; NaN for a row with a NaN.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn predict_proba(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>, PredictError> {
        predictor(x, &self.coefficients, |_| self.intercept, probabilities)
    }

    /// [`predict_proba`](Self::predict_proba) into a vector of the caller's: in parallel, at the speed with which `x` is read (columns
    /// that are adjacent in memory are the fastest), without allocation.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    ///
    /// # Panics
    /// If there is not one place in `out` a row.
    pub fn predict_proba_into(
        &self,
        x: MatRef<'_, f64>,
        out: &mut [f64],
    ) -> Result<(), PredictError> {
        predictor_into(
            x,
            &self.coefficients,
            |_| self.intercept,
            probabilities,
            out,
        )
    }

    /// The probability of class 1 for one row, without allocation.
    ///
    /// ```
    /// let model = models::glm::LogisticModel::new(-1.0, vec![0.5, 0.25]);
    /// assert_eq!(model.predict_proba_row(&[2.0, 0.0])?, 0.5);
    /// # Ok::<(), models::glm::PredictError>(())
    /// ```
    ///
    /// # Errors
    /// [`PredictError`] if the row has another number of entries than the model has features.
    pub fn predict_proba_row(&self, row: &[f64]) -> Result<f64, PredictError> {
        Ok((self.intercept + of_row(row, &self.coefficients)?).sigmoid())
    }

    /// True for each row whose probability is at least the threshold.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor), and [`PredictError::Undefined`] for a row whose probability is NaN.
    pub fn predict(&self, x: MatRef<'_, f64>, threshold: f64) -> Result<Vec<bool>, PredictError> {
        let p = self.predict_proba(x)?;
        match p.iter().position(|p| p.is_nan()) {
            Some(row) => Err(PredictError::Undefined { row }),
            None => Ok(p.into_iter().map(|p| p >= threshold).collect()),
        }
    }
}

/// Linear predictors become probabilities.
fn probabilities(eta: &mut [f64]) {
    Link::Logit.means(eta);
}
