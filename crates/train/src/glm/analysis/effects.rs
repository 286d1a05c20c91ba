//! Effects and predictions on the scale of the mean, with standard errors by the delta method.

use linalg::{Mat, MatRef};
use models::glm::Link;

use super::{Analysis, Covariance, Interval};
use crate::normal;
use crate::student::two_sided_quantile;
use crate::{FitError, Inference};

/// The average marginal effect of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The column.
    pub name: String,
    /// True if the column has the values 0 and 1 alone, and the effect is the mean difference between them; else it is the mean
    /// derivative of the mean.
    pub discrete: bool,
    /// The effect.
    pub estimate: f64,
    /// Its standard error by the delta method, statistic, p-value and 95 % interval.
    pub inference: Inference,
}

/// A prediction with its uncertainty; of the mean, not of a single outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Predicted {
    /// The linear predictor.
    pub linear: f64,
    /// Its standard error.
    pub linear_std_error: f64,
    /// The mean.
    pub mean: f64,
    /// Its standard error by the delta method.
    pub std_error: f64,
    /// The interval of the linear predictor, taken to the scale of the mean.
    pub interval: Interval,
}

impl Analysis<'_> {
    /// Average marginal effects of all columns, over the rows of the data : each column moved by itself, as statsmodels'
    /// `get_margeff(dummy=True)`. For the columns of one category or of a product this is not what Stata's `margins` gives. Statistics are
    /// z, or t where a dispersion was estimated.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn marginal_effects(&self, covariance: &Covariance<'_>) -> Result<Vec<Effect>, FitError> {
        let matrix = self.covariance(covariance)?;
        let freedom = self.freedom(covariance);
        let k = usize::from(self.problem.intercept);
        let all: Vec<usize> = (0..self.problem.data.names.len()).collect();
        let x = self.dense_columns(&all);
        let link = self.problem.family.link;
        let beta: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        let total: f64 = self.problem.rows().map(|i| self.copies(i)).sum();
        let effect = |j: usize| {
            let mut values = self.problem.rows().map(|i| x[(i, j)]);
            let discrete = values.all(|value| value == 0.0 || value == 1.0);
            let mut estimate = 0.0;
            // Of the effect, in the coefficients.
            let mut gradient = vec![0.0; beta.len()];
            for i in self.problem.rows() {
                let share = self.copies(i) / total;
                let entry = |c: usize| if c < k { 1.0 } else { x[(i, c - k)] };
                if discrete {
                    let without = self.eta[i] - x[(i, j)] * beta[j + k];
                    let [zero, one] = [without, without + beta[j + k]].map(|eta| link.mean(eta));
                    estimate += share * (one.value - zero.value);
                    for (c, gradient) in gradient.iter_mut().enumerate() {
                        *gradient += share
                            * if c == j + k {
                                one.first
                            } else {
                                (one.first - zero.first) * entry(c)
                            };
                    }
                } else {
                    let mean = link.mean(self.eta[i]);
                    estimate += share * mean.first * beta[j + k];
                    for (c, gradient) in gradient.iter_mut().enumerate() {
                        *gradient += share * mean.second * beta[j + k] * entry(c);
                    }
                    gradient[j + k] += share * mean.first;
                }
            }
            let error = super::quadratic(matrix.as_ref(), &gradient).sqrt();
            Effect {
                name: self.problem.data.names[j].clone(),
                discrete,
                estimate,
                inference: match freedom {
                    Some(freedom) => Inference::student(estimate, error, freedom),
                    None => Inference::wald(estimate, error),
                },
            }
        };
        Ok(all.into_iter().map(effect).collect())
    }

    /// Predictions for new rows, offsets included if there are any, with intervals at a level such as 0.95: normal, or by t where a
    /// dispersion was estimated.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the rows have another number of columns than the data, or there is not one offset a row; as
    /// [`covariance`](Self::covariance).
    pub fn predict(
        &self,
        rows: MatRef<'_, f64>,
        offset: Option<&[f64]>,
        level: f64,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Predicted>, FitError> {
        let names = self.problem.data.names.len();
        if offset.is_some() != self.problem.data.offset.is_some() || !(level > 0.0 && level < 1.0) {
            return Err(FitError::Inference {
                reason: format!(
                    "a model with an offset needs one for each new row, and one without has none; the level, here {level}, lies between 0 and 1"
                ),
            });
        }
        if rows.ncols() != names || offset.is_some_and(|offset| offset.len() != rows.nrows()) {
            return Err(FitError::Inference {
                reason: format!(
                    "the new rows have {} columns and the model {names}; each row also needs its offset, if there are any",
                    rows.ncols()
                ),
            });
        }
        let matrix = self.covariance(covariance)?;
        let reach = match self.freedom(covariance) {
            Some(freedom) => two_sided_quantile(1.0 - level, freedom),
            None => normal::two_sided_quantile(1.0 - level),
        };
        let k = usize::from(self.problem.intercept);
        let mut row = vec![1.0; names + k];
        Ok((0..rows.nrows())
            .map(|i| {
                for j in 0..names {
                    row[j + k] = rows[(i, j)];
                }
                let own = self.fit.coefficients().iter().zip(&row);
                let linear = own.map(|(c, x)| c.estimate * x).sum::<f64>()
                    + offset.map_or(0.0, |offset| offset[i]);
                // A rounding error below 0 is none; NaN, of a coefficient without an error, stays.
                let variance = super::quadratic(matrix.as_ref(), &row);
                let error = if variance < 0.0 { 0.0 } else { variance }.sqrt();
                let link: Link = self.problem.family.link;
                let mean = link.mean(linear);
                let [a, b] = [-reach, reach].map(|reach| link.mean(linear + reach * error).value);
                Predicted {
                    linear,
                    linear_std_error: error,
                    mean: mean.value,
                    std_error: mean.first.abs() * error,
                    interval: Interval {
                        low: a.min(b),
                        high: a.max(b),
                    },
                }
            })
            .collect())
    }

    /// The columns of the data with a leading one for the intercept.
    pub(super) fn matrix(&self) -> Mat<f64> {
        let all: Vec<usize> = (0..self.problem.data.names.len()).collect();
        let x = self.dense_columns(&all);
        let k = usize::from(self.problem.intercept);
        Mat::from_fn(x.nrows(), x.ncols() + k, |i, j| {
            if j < k { 1.0 } else { x[(i, j - k)] }
        })
    }
}
