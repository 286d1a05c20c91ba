//! Logistic regression.

use thiserror::Error;

use linalg::{Accum, Mat, MatRef, Scalar, matmul};

/// What is to be fitted: a logistic regression and its penalty. `train` fits it.
///
/// The objective is the mean log-loss plus ½·`l2`·‖β‖², without the intercept. The same fit elsewhere, for n observations:
/// scikit-learn's `C` = 1/(n·l2), glmnet's `lambda` = l2 with `alpha = 0` (on columns that are not standardised),
/// statsmodels' `alpha` = l2 with `L1_wt = 0`, PyTorch's `weight_decay` = l2 on the weights with a mean loss.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    pub(crate) intercept: bool,
    pub(crate) l2: f64,
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
            intercept: true,
            l2: 0.0,
        }
    }

    /// Leaves the intercept out.
    pub fn without_intercept(mut self) -> Self {
        self.intercept = false;
        self
    }

    /// Adds ½·`l2`·‖β‖² to the mean log-loss. `train` refuses a negative or non-finite value.
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// True if an intercept is fitted.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The penalty.
    pub fn penalty(&self) -> f64 {
        self.l2
    }
}

/// New data that do not fit a model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the data have {found} columns and the model {expected} features")]
#[non_exhaustive]
pub struct PredictError {
    /// Columns of the data.
    pub found: usize,
    /// Features of the model.
    pub expected: usize,
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
        let (found, expected) = (x.ncols(), self.coefficients.len());
        if found != expected {
            return Err(PredictError { found, expected });
        }
        let mut eta = Mat::from_fn(x.nrows(), 1, |_, _| self.intercept);
        let beta = MatRef::from_column_major_slice(&self.coefficients, expected, 1);
        matmul(x, beta, eta.as_mut(), Accum::Add);
        Ok((0..x.nrows()).map(|i| eta[(i, 0)]).collect())
    }

    /// The probability of class 1 for each row.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn predict_proba(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>, PredictError> {
        Ok(self
            .linear_predictor(x)?
            .into_iter()
            .map(Scalar::sigmoid)
            .collect())
    }

    /// True for each row whose probability is at least the threshold.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn predict(&self, x: MatRef<'_, f64>, threshold: f64) -> Result<Vec<bool>, PredictError> {
        Ok(self
            .predict_proba(x)?
            .into_iter()
            .map(|p| p >= threshold)
            .collect())
    }
}
