//! Effects on the probabilities of the classes and predictions of these, with standard errors by the delta method.

use linalg::{Mat, MatRef};
use models::glm::Link;

use super::super::effects::check_features;
use super::super::hypotheses::dense_columns;
use super::super::{Covariance, Effect, Interval, Predicted, std_error};
use super::response::Kind;
use super::{ClassAnalysis, refuse};
use crate::{FitError, Inference, normal};

/// A probability as a function of the coefficients of the data, with its gradient.
#[derive(Clone)]
struct Slope {
    value: f64,
    gradient: Vec<f64>,
}

impl ClassAnalysis<'_> {
    /// Average marginal effects of all columns on the probability of each class, over the rows of the data: for each class, one for each
    /// column of the design, which is moved by itself: the mean derivative of the probability, or for a column of 0 and 1 the mean
    /// difference between these. Those of a column sum to 0 over the classes. For the columns of one category or of a product this is
    /// not what R's `marginaleffects` gives: [`effect_along`](Self::effect_along) and [`effect_between`](Self::effect_between) are,
    /// with the features that a recipe makes of a changed table.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn marginal_effects(
        &self,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Vec<Effect>>, FitError> {
        let x = self.features();
        let d = self.data.names.len();
        let mut out = vec![Vec::with_capacity(d); self.predictors.number + 1];
        for (j, name) in self.data.names.iter().enumerate() {
            let with = |value: f64| {
                Mat::from_fn(x.nrows(), d, |i, c| if c == j { value } else { x[(i, c)] })
            };
            let mut rows = (0..x.nrows()).filter(|i| self.copies(*i) > 0.0);
            let effects = if rows.all(|i| x[(i, j)] == 0.0 || x[(i, j)] == 1.0) {
                self.effect_between(name, with(0.0).as_ref(), with(1.0).as_ref(), covariance)
            } else {
                let rates = Mat::from_fn(x.nrows(), d, |_, c| f64::from(u8::from(c == j)));
                self.effect_along(name, rates.as_ref(), covariance)
            }?;
            for (out, effect) in out.iter_mut().zip(effects) {
                out.push(effect);
            }
        }
        Ok(out)
    }

    /// The average marginal effect on the probability of each class of a number that moves the columns of the data at these rates: the
    /// mean derivative of the probability (`datasets::Recipe::changed` gives the rates of a column of a table). One for each class; they
    /// sum to 0. The standard error is NaN where it depends on a coefficient without a variance.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the rates have another shape than the data or are not finite; as [`covariance`](Self::covariance).
    pub fn effect_along(
        &self,
        name: &str,
        rates: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Effect>, FitError> {
        check_features(name, rates, self.shape())?;
        let matrix = self.covariance(covariance)?;
        let (x, beta, mut slopes) = (self.features(), self.plain(), self.slopes_at_zero());
        for i in self.counting() {
            let share = self.copies(i) / self.classes.total;
            let (here, along) = (
                self.entries(x.as_ref(), i, 1.0),
                self.entries(rates, i, 0.0),
            );
            let u = self.predictors.at(&beta, &here);
            let response = self.predictors.response(&u);
            // The predictors are linear, so these are their derivatives.
            let rise = self.predictors.at(&self.without_cuts(&beta), &along);
            let bend = self.predictors.bend(&u, &response.p, &rise);
            for (class, slope) in slopes.iter_mut().enumerate() {
                let part = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
                    (0..rise.len()).map(|c| share * f(c)).collect()
                };
                let first = part(&|c| response.first[(class, c)]);
                slope.value += first.iter().zip(&rise).map(|(f, r)| f * r).sum::<f64>();
                let second = part(&|c| bend[(class, c)]);
                self.predictors.add(&second, &here, &mut slope.gradient);
                let before = slope.gradient[..self.cuts()].to_vec();
                self.predictors.add(&first, &along, &mut slope.gradient);
                // Thresholds do not move along.
                slope.gradient[..before.len()].copy_from_slice(&before);
            }
        }
        Ok(self.effects(name, false, slopes, matrix.as_ref()))
    }

    /// The average effect on the probability of each class of a change of the features of each row from one state to another: the mean
    /// difference of the probabilities, one for each class.
    ///
    /// # Errors
    /// As [`effect_along`](Self::effect_along).
    ///
    /// ```
    /// use datasets::Dataset;
    /// use linalg::Mat;
    /// use models::glm::MultinomialRegression;
    /// use train::{Covariance, Fit};
    /// // A category of three levels, with 4 rows each, of which 1, 2 and 3 are of class 1: two columns, of which one is 1 at most.
    /// let dummy = |i: usize, j: usize| f64::from(u8::from(i / 4 == j + 1));
    /// let y: Vec<f64> = (0..12).map(|i| f64::from(u8::from(i % 4 <= i / 4))).collect();
    /// let data = Dataset::new(Mat::from_fn(12, 2, dummy), ["b", "c"], y, "class");
    /// let fit = MultinomialRegression::new().fit(&data)?;
    /// let observations = (&data).into();
    /// let analysis = fit.analyse(&observations)?;
    /// let at = |level: usize| Mat::from_fn(12, 2, |_, j| f64::from(u8::from(j + 1 == level)));
    /// let effects = analysis.effect_between("c", at(0).as_ref(), at(2).as_ref(), &Covariance::Observed)?;
    /// // The difference of the shares 3/4 and 1/4, with the variance of two of them.
    /// assert!((effects[1].estimate - 0.5).abs() < 1e-9);
    /// assert!((effects[1].inference.std_error - (2.0 * 0.75 * 0.25 / 4.0_f64).sqrt()).abs() < 1e-9);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn effect_between(
        &self,
        name: &str,
        from: MatRef<'_, f64>,
        to: MatRef<'_, f64>,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Effect>, FitError> {
        check_features(name, from, self.shape())?;
        check_features(name, to, self.shape())?;
        let matrix = self.covariance(covariance)?;
        let (beta, mut slopes) = (self.plain(), self.slopes_at_zero());
        for i in self.counting() {
            let share = self.copies(i) / self.classes.total;
            for (x, sign) in [(from, -share), (to, share)] {
                let there = self.entries(x, i, 1.0);
                let response = self.predictors.response(&self.predictors.at(&beta, &there));
                for (class, slope) in slopes.iter_mut().enumerate() {
                    slope.value += sign * response.p[class];
                    let weights: Vec<f64> = (0..self.predictors.number)
                        .map(|c| sign * response.first[(class, c)])
                        .collect();
                    self.predictors.add(&weights, &there, &mut slope.gradient);
                }
            }
        }
        Ok(self.effects(name, true, slopes, matrix.as_ref()))
    }

    fn effects(
        &self,
        name: &str,
        discrete: bool,
        slopes: Vec<Slope>,
        covariance: MatRef<'_, f64>,
    ) -> Vec<Effect> {
        let effect = |slope: Slope| {
            let gradient = self.in_data_order(slope.gradient);
            Effect {
                name: name.to_owned(),
                discrete,
                estimate: slope.value,
                inference: Inference::wald(slope.value, std_error(covariance, &gradient)),
            }
        };
        slopes.into_iter().map(effect).collect()
    }

    fn slopes_at_zero(&self) -> Vec<Slope> {
        let zero = Slope {
            value: 0.0,
            gradient: vec![0.0; self.parameters()],
        };
        vec![zero; self.predictors.number + 1]
    }

    fn shape(&self) -> (usize, usize) {
        (self.data.target.len(), self.data.names.len())
    }

    /// The rows that count.
    fn counting(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.data.target.len()).filter(|i| self.copies(*i) > 0.0)
    }

    /// The columns of the data.
    fn features(&self) -> Mat<f64> {
        let all: Vec<usize> = (0..self.data.names.len()).collect();
        dense_columns(&self.data, &all)
    }

    /// How many thresholds there are.
    fn cuts(&self) -> usize {
        match self.predictors.kind {
            Kind::Multinomial => 0,
            Kind::Ordered(_) => self.predictors.number,
        }
    }

    /// The coefficients of the data in the order of the solvers, where thresholds come first.
    fn plain(&self) -> Vec<f64> {
        let mut beta = self.estimates();
        beta.rotate_right(self.cuts());
        beta
    }

    fn in_data_order(&self, mut gradient: Vec<f64>) -> Vec<f64> {
        gradient.rotate_left(self.cuts());
        gradient
    }

    fn without_cuts(&self, beta: &[f64]) -> Vec<f64> {
        let mut beta = beta.to_vec();
        beta[..self.cuts()].fill(0.0);
        beta
    }

    /// The entries of a row, with `constant` for the intercept or the thresholds.
    fn entries(&self, x: MatRef<'_, f64>, i: usize, constant: f64) -> Vec<f64> {
        let k = self.predictors.entries - x.ncols();
        let row = (0..x.ncols()).map(|j| x[(i, j)]);
        std::iter::repeat_n(constant, k).chain(row).collect()
    }

    /// The probabilities of the classes for new rows: for each row, one for each class, with intervals at a level such as 0.95. The linear
    /// predictor of a probability is its logit here, by whose standard error (the delta method's) the interval is made, as in R's
    /// `ordinal::predict.clm`.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the rows have another number of columns than the data, or the level is not between 0 and 1; as
    /// [`covariance`](Self::covariance).
    pub fn predict(
        &self,
        rows: MatRef<'_, f64>,
        level: f64,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Vec<Predicted>>, FitError> {
        let d = self.data.names.len();
        if rows.ncols() != d || !(level > 0.0 && level < 1.0) {
            return Err(refuse(&format!(
                "the new rows have {} columns and the model {d}; the level, here {level}, lies between 0 and 1",
                rows.ncols()
            )));
        }
        let matrix = self.covariance(covariance)?;
        let beta = self.plain();
        let reach = normal::two_sided_quantile(1.0 - level);
        let mut out = Vec::with_capacity(rows.nrows());
        for i in 0..rows.nrows() {
            let here = self.entries(rows, i, 1.0);
            let response = self.predictors.response(&self.predictors.at(&beta, &here));
            let one = |class: usize| {
                let p = response.p[class];
                // One minus p, by the others, keeps its digits where p is nearly 1.
                let rest: f64 = (0..response.p.len())
                    .filter(|l| *l != class)
                    .map(|l| response.p[l])
                    .sum();
                let weights: Vec<f64> = (0..self.predictors.number)
                    .map(|c| response.first[(class, c)])
                    .collect();
                let mut gradient = vec![0.0; self.parameters()];
                self.predictors.add(&weights, &here, &mut gradient);
                let std_error = std_error(matrix.as_ref(), &self.in_data_order(gradient));
                let (linear, linear_std_error) = ((p / rest).ln(), std_error / (p * rest));
                let [low, high] = [-reach, reach]
                    .map(|reach| Link::Logit.mean(linear + reach * linear_std_error).value);
                Predicted {
                    linear,
                    linear_std_error,
                    mean: p,
                    std_error,
                    interval: Interval { low, high },
                }
            };
            out.push((0..response.p.len()).map(one).collect());
        }
        Ok(out)
    }
}
