//! Multinomial (softmax) regression.

use linalg::{Mat, MatRef};

use super::predictor::{of_row, predictors};
use super::{Penalty, PredictError};

/// What is to be fitted: one of K classes with probability exp(ηₖ) / Σₗ exp(ηₗ), ηₖ = β₀ₖ + x·βₖ. `train` fits it.
///
/// Without a penalty the first class is the reference, whose coefficients are 0. With one, every class has coefficients, and the
/// intercepts sum to 0. The objective is the mean log-loss plus the [`Penalty`] of all classes.
///
/// ```
/// use models::glm::{MultinomialRegression, Penalty};
/// let model = MultinomialRegression::new().penalised(Penalty::ridge(0.1));
/// assert_eq!((model.has_intercept(), model.penalty().l2), (true, 0.1));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultinomialRegression {
    intercept: bool,
    penalty: Penalty,
    firth: bool,
}

impl Default for MultinomialRegression {
    fn default() -> Self {
        Self::new()
    }
}

impl MultinomialRegression {
    /// With intercepts and without a penalty.
    pub fn new() -> Self {
        Self {
            intercept: true,
            penalty: Penalty::none(),
            firth: false,
        }
    }

    /// Leaves the intercepts out.
    pub fn without_intercept(mut self) -> Self {
        self.intercept = false;
        self
    }

    /// With a penalty.
    pub fn penalised(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// With Firth's penalty: half the logarithm of the determinant of the information is added to the log-likelihood, which keeps the
    /// estimates finite when classes are separated.
    pub fn firth(mut self) -> Self {
        self.firth = true;
        self
    }

    /// True if intercepts are fitted.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The penalty.
    pub fn penalty(&self) -> &Penalty {
        &self.penalty
    }

    /// True with Firth's penalty.
    pub fn is_firth(&self) -> bool {
        self.firth
    }
}

/// A fitted multinomial regression.
///
/// ```
/// use linalg::mat;
/// use models::glm::MultinomialModel;
/// let model = MultinomialModel::new(vec![0.0, 0.0], mat![[0.0, 2.0]]);
/// let p = model.predict_proba(mat![[0.0], [1.0]].as_ref())?;
/// assert_eq!(p[(0, 1)], 0.5);
/// assert!((p[(1, 1)] - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-15);
/// assert_eq!(model.predict(mat![[-1.0], [1.0]].as_ref())?, [0, 1]);
/// # Ok::<(), models::glm::PredictError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultinomialModel {
    intercepts: Vec<f64>,
    coefficients: Mat<f64>,
}

impl MultinomialModel {
    /// With an intercept a class, and a matrix of coefficients: one row a feature, one column a class.
    ///
    /// # Panics
    /// If the numbers of classes differ.
    pub fn new(intercepts: Vec<f64>, coefficients: Mat<f64>) -> Self {
        assert_eq!(
            intercepts.len(),
            coefficients.ncols(),
            "a multinomial model has one intercept a class"
        );
        Self {
            intercepts,
            coefficients,
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.intercepts.len()
    }

    /// One a class; 0 without intercepts.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// One row a feature, one column a class.
    pub fn coefficients(&self) -> MatRef<'_, f64> {
        self.coefficients.as_ref()
    }

    /// η: one row an observation, one column a class.
    ///
    /// # Errors
    /// [`PredictError`] if the data have another number of columns than the model has features.
    pub fn linear_predictor(&self, x: MatRef<'_, f64>) -> Result<Mat<f64>, PredictError> {
        predictors(x, self.coefficients.as_ref(), |_, k| self.intercepts[k])
    }

    /// The probability of each class: one row an observation, one column a class. All are NaN for a row with a NaN.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn predict_proba(&self, x: MatRef<'_, f64>) -> Result<Mat<f64>, PredictError> {
        let mut p = self.linear_predictor(x)?;
        let mut row = vec![0.0; self.classes()];
        for i in 0..p.nrows() {
            for (k, row) in row.iter_mut().enumerate() {
                *row = p[(i, k)];
            }
            softmax(&mut row);
            for (k, row) in row.iter().enumerate() {
                p[(i, k)] = *row;
            }
        }
        Ok(p)
    }

    /// The probability of each class for one row, without allocation.
    ///
    /// ```
    /// use linalg::mat;
    /// use models::glm::MultinomialModel;
    /// let model = MultinomialModel::new(vec![0.0, 0.0], mat![[0.0, 1.0]]);
    /// let mut p = [0.0; 2];
    /// model.predict_proba_row(&[0.0], &mut p)?;
    /// assert_eq!(p, [0.5, 0.5]);
    /// # Ok::<(), models::glm::PredictError>(())
    /// ```
    ///
    /// # Errors
    /// [`PredictError`] if the row has another number of entries than the model has features.
    ///
    /// # Panics
    /// If there is not one place in `out` a class.
    pub fn predict_proba_row(&self, row: &[f64], out: &mut [f64]) -> Result<(), PredictError> {
        assert_eq!(out.len(), self.classes(), "there is not one place a class");
        for (k, out) in out.iter_mut().enumerate() {
            let beta = self.coefficients.col_as_slice(k);
            *out = self.intercepts[k] + of_row(row, beta)?;
        }
        softmax(out);
        Ok(())
    }

    /// The most probable class of each row, from 0; the first of several that are equally probable.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor), and [`PredictError::Undefined`] for a row of which a linear predictor is NaN, or
    /// if there is no class.
    pub fn predict(&self, x: MatRef<'_, f64>) -> Result<Vec<usize>, PredictError> {
        let eta = self.linear_predictor(x)?;
        let most = |row: usize| {
            if eta.ncols() == 0 || (0..eta.ncols()).any(|k| eta[(row, k)].is_nan()) {
                return Err(PredictError::Undefined { row });
            }
            let better = |m, k| if eta[(row, k)] > eta[(row, m)] { k } else { m };
            Ok((1..eta.ncols()).fold(0, better))
        };
        (0..eta.nrows()).map(most).collect()
    }
}

/// Replaces linear predictors by probabilities; returns the logarithm of the sum of their exponentials.
///
/// ```
/// let mut eta = [1000.0, 1000.0];
/// let log_sum = models::glm::softmax(&mut eta);
/// assert_eq!((eta, log_sum), ([0.5, 0.5], 1000.0 + 2.0_f64.ln()));
/// ```
pub fn softmax(eta: &mut [f64]) -> f64 {
    let largest = eta.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for eta in eta.iter_mut() {
        *eta = (*eta - largest).exp();
        sum += *eta;
    }
    for eta in eta.iter_mut() {
        *eta /= sum;
    }
    largest + sum.ln()
}
