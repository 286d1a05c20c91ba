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
    /// True if the effect is the mean difference between two values, as of a column of 0 and 1 alone; else it is the mean derivative
    /// of the mean.
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

/// A function of the coefficients with its gradient.
struct Slope {
    value: f64,
    gradient: Vec<f64>,
}

impl Slope {
    fn new(coefficients: usize) -> Self {
        Self {
            value: 0.0,
            gradient: vec![0.0; coefficients],
        }
    }
}

/// Refuses features of another shape than the data, or that are not finite.
pub(super) fn check_features(
    name: &str,
    x: MatRef<'_, f64>,
    (rows, columns): (usize, usize),
) -> Result<(), FitError> {
    let finite = (0..x.ncols()).all(|j| (0..x.nrows()).all(|i| x[(i, j)].is_finite()));
    if (x.nrows(), x.ncols()) == (rows, columns) && finite {
        return Ok(());
    }
    Err(FitError::Inference {
        reason: format!(
            "the effect of {name} needs finite features of all rows, {rows}x{columns}, and these are {}x{}; use a term that is smooth there",
            x.nrows(),
            x.ncols()
        ),
    })
}

impl Analysis<'_> {
    /// Average marginal effects of all columns, over the rows of the data: each column moved by itself, as statsmodels'
    /// `get_margeff(dummy=True)`. For the columns of one category or of a product this is not what Stata's `margins` gives:
    /// [`effect_along`](Self::effect_along) and [`effect_between`](Self::effect_between) are, with the features that a
    /// recipe makes of a changed table. Statistics are z, or t where a dispersion was estimated.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn marginal_effects(&self, covariance: &Covariance<'_>) -> Result<Vec<Effect>, FitError> {
        let x = self.features();
        let matrix = self.covariance(covariance)?;
        let effect = |j: usize| {
            let name = self.problem.data.names[j].clone();
            let mut values = self.problem.rows().map(|i| x[(i, j)]);
            let with = |value: f64| {
                Mat::from_fn(
                    x.nrows(),
                    x.ncols(),
                    |i, c| {
                        if c == j { value } else { x[(i, c)] }
                    },
                )
            };
            let (slope, discrete) = if values.all(|value| value == 0.0 || value == 1.0) {
                (
                    self.difference(with(0.0).as_ref(), with(1.0).as_ref()),
                    true,
                )
            } else {
                let unit = |_, c| f64::from(u8::from(c == j));
                let tangent = Mat::from_fn(x.nrows(), x.ncols(), unit);
                (self.slope(tangent.as_ref()), false)
            };
            self.effect(name, discrete, &slope, matrix.as_ref(), covariance)
        };
        Ok((0..x.ncols()).map(effect).collect())
    }

    /// The average marginal effect of a number that moves the columns of the data at these rates: the mean of the derivative of the
    /// mean, `μ′(η) tᵀβ` for a row t of the rates (`datasets::Recipe::changed` gives them for a column of a table). The standard error is
    /// NaN where it depends on a coefficient that is [`undetermined`](Self::undetermined).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the rates have another shape than the data or are not finite; as [`covariance`](Self::covariance).
    pub fn effect_along(
        &self,
        name: &str,
        rates: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Effect, FitError> {
        check_features(name, rates, self.shape())?;
        let matrix = self.covariance(covariance)?;
        let slope = self.slope(rates);
        Ok(self.effect(name.to_owned(), false, &slope, matrix.as_ref(), covariance))
    }

    /// The average effect of a change of the features of each row from one state to another, offsets held: the mean difference of the
    /// means.
    ///
    /// # Errors
    /// As [`effect_along`](Self::effect_along).
    pub fn effect_between(
        &self,
        name: &str,
        from: MatRef<'_, f64>,
        to: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Effect, FitError> {
        check_features(name, from, self.shape())?;
        check_features(name, to, self.shape())?;
        let matrix = self.covariance(covariance)?;
        let slope = self.difference(from, to);
        Ok(self.effect(name.to_owned(), true, &slope, matrix.as_ref(), covariance))
    }

    fn shape(&self) -> (usize, usize) {
        (self.eta.len(), self.problem.data.names.len())
    }

    /// The mean derivative of the mean along rates of the features, and its gradient in the coefficients.
    fn slope(&self, rates: MatRef<'_, f64>) -> Slope {
        let x = self.features();
        let k = usize::from(self.problem.intercept);
        let beta = self.estimates();
        let mut out = Slope::new(beta.len());
        for (i, share) in self.shares() {
            let mean = self.problem.family.link.mean(self.eta[i]);
            let rate: f64 = (0..rates.ncols())
                .map(|c| rates[(i, c)] * beta[c + k])
                .sum();
            out.value += share * mean.first * rate;
            for (c, gradient) in out.gradient.iter_mut().enumerate() {
                let (entry, own) = if c < k {
                    (1.0, 0.0)
                } else {
                    (x[(i, c - k)], rates[(i, c - k)])
                };
                *gradient += share * (mean.second * rate * entry + mean.first * own);
            }
        }
        out
    }

    /// The mean difference of the mean between two states of the features, and its gradient in the coefficients: column by column, as the
    /// features lie in memory.
    fn difference(&self, from: MatRef<'_, f64>, to: MatRef<'_, f64>) -> Slope {
        let k = usize::from(self.problem.intercept);
        let beta = self.estimates();
        let mut out = Slope::new(beta.len());
        for (x, sign) in [(from, -1.0), (to, 1.0)] {
            let start = if k == 1 { beta[0] } else { 0.0 };
            let mut eta: Vec<f64> = (0..x.nrows())
                .map(|i| start + self.problem.offset(i))
                .collect();
            for (c, beta) in beta[k..].iter().enumerate() {
                let column = x.col(c);
                eta.iter_mut()
                    .zip(column.iter())
                    .for_each(|(eta, x)| *eta += beta * x);
            }
            let mut slopes = vec![0.0; x.nrows()];
            for (i, share) in self.shares() {
                let mean = self.problem.family.link.mean(eta[i]);
                out.value += sign * share * mean.value;
                slopes[i] = sign * share * mean.first;
            }
            if k == 1 {
                out.gradient[0] += slopes.iter().sum::<f64>();
            }
            for (c, gradient) in out.gradient[k..].iter_mut().enumerate() {
                let products = slopes.iter().zip(x.col(c).iter());
                *gradient += products.map(|(slope, x)| slope * x).sum::<f64>();
            }
        }
        out
    }

    fn effect(
        &self,
        name: String,
        discrete: bool,
        slope: &Slope,
        matrix: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Effect {
        let error = super::std_error(matrix, &slope.gradient);
        Effect {
            name,
            discrete,
            estimate: slope.value,
            inference: match self.freedom(covariance) {
                Some(freedom) => Inference::student(slope.value, error, freedom),
                None => Inference::wald(slope.value, error),
            },
        }
    }

    /// The rows that count, with their parts of a mean over all.
    fn shares(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        let total: f64 = self.problem.rows().map(|i| self.copies(i)).sum();
        self.problem
            .rows()
            .map(move |i| (i, self.copies(i) / total))
    }

    /// The columns of the data.
    fn features(&self) -> Mat<f64> {
        let all: Vec<usize> = (0..self.problem.data.names.len()).collect();
        self.dense_columns(&all)
    }

    fn estimates(&self) -> Vec<f64> {
        self.fit.coefficients().iter().map(|c| c.estimate).collect()
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
                let error = super::std_error(matrix.as_ref(), &row);
                let link: Link = self.problem.family.link;
                let mean = link.mean(linear);
                let [low, high] = ends(link, linear, reach * error);
                Predicted {
                    linear,
                    linear_std_error: error,
                    mean: mean.value,
                    std_error: mean.first.abs() * error,
                    interval: Interval { low, high },
                }
            })
            .collect())
    }

    /// The columns of the data with a leading one for the intercept.
    pub(super) fn matrix(&self) -> Mat<f64> {
        let x = self.features();
        let k = usize::from(self.problem.intercept);
        Mat::from_fn(x.nrows(), x.ncols() + k, |i, j| {
            if j < k { 1.0 } else { x[(i, j - k)] }
        })
    }
}

/// The means at both ends of an interval of linear predictors. A link whose means have one sign takes predictors of one sign, too: where
/// the interval reaches beyond them, the mean goes to its limit.
fn ends(link: Link, linear: f64, reach: f64) -> [f64; 2] {
    let at = |eta: f64| link.mean(eta).value;
    let (from, to) = (linear - reach, linear + reach);
    match link {
        Link::Inverse | Link::InverseSquare if from <= 0.0 && linear > 0.0 => {
            [at(to), f64::INFINITY]
        }
        Link::Inverse | Link::InverseSquare if to >= 0.0 && linear < 0.0 => {
            [f64::NEG_INFINITY, at(from)]
        }
        Link::Sqrt if from < 0.0 && to > 0.0 => [0.0, at(from).max(at(to))],
        _ if reach.is_nan() => [f64::NAN; 2],
        _ => {
            let (a, b) = (at(from), at(to));
            if a <= b { [a, b] } else { [b, a] }
        }
    }
}
