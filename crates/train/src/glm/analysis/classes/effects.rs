//! Effects on the probabilities of the classes and predictions of these, with standard errors by the delta method.

use linalg::MatRef;
use models::glm::Link;

use super::super::{Covariance, Effect, Interval, Predicted};
use super::{ClassAnalysis, refuse};
use crate::{FitError, Inference, normal};

impl ClassAnalysis<'_> {
    /// Average marginal effects of all columns on the probability of each class, over the rows of the data: for each class, one for each
    /// column, which is moved by itself. Those of a column sum to 0 over the classes. The mean derivative of the probability, or for a
    /// column of 0 and 1 the mean difference between these (as R's `marginaleffects` has them for a numeric and for a binary variable).
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn marginal_effects(
        &self,
        covariance: &Covariance<'_>,
    ) -> Result<Vec<Vec<Effect>>, FitError> {
        let matrix = self.covariance_of_solver(covariance)?;
        let (d, q, m) = (
            self.data.names.len(),
            self.predictors.number,
            self.parameters(),
        );
        let k = usize::from(self.design.has_intercept());
        let scaling: Vec<(f64, f64)> = (0..d).map(|j| self.scaling(j)).collect();
        let discrete = self.binary();
        let mut estimates = vec![vec![0.0; d]; q + 1];
        let mut gradients = vec![vec![vec![0.0; m]; d]; q + 1];
        let mut moved = Vec::new();
        self.each_row(&self.gamma, |i, z, u| {
            let share = self.copies(i) / self.classes.total;
            let here = self.predictors.response(u);
            for j in 0..d {
                let (factor, shift) = scaling[j];
                if discrete[j] {
                    for (sign, value) in [(1.0, 1.0), (-1.0, 0.0)] {
                        moved.clear();
                        moved.extend_from_slice(z);
                        moved[j + k] = value * factor - shift;
                        let there = self.predictors.at(&self.gamma, &moved);
                        let there = self.predictors.response(&there);
                        for class in 0..=q {
                            estimates[class][j] += sign * share * there.p[class];
                            let weights: Vec<f64> = (0..q)
                                .map(|c| sign * share * there.first[(class, c)])
                                .collect();
                            let out = &mut gradients[class][j];
                            self.predictors.add(&weights, &moved, out);
                        }
                    }
                    continue;
                }
                // The derivatives of the predictors in the column.
                let slopes: Vec<f64> = (0..q)
                    .map(|c| {
                        let (at, sign) = self.predictors.slope(c, j + k);
                        sign * factor * self.gamma[at]
                    })
                    .collect();
                let bend = self.predictors.bend(u, &here.p, &slopes);
                for class in 0..=q {
                    let weights: Vec<f64> = (0..q).map(|c| share * bend[(class, c)]).collect();
                    self.predictors.add(&weights, z, &mut gradients[class][j]);
                    for (c, slope) in slopes.iter().enumerate() {
                        let first = share * here.first[(class, c)];
                        let (at, sign) = self.predictors.slope(c, j + k);
                        estimates[class][j] += first * slope;
                        gradients[class][j][at] += first * sign * factor;
                    }
                }
            }
        });
        let effect = |class: usize, j: usize| {
            let (estimate, gradient) = (estimates[class][j], &gradients[class][j]);
            let error = Self::variance(&matrix, gradient).sqrt();
            Effect {
                name: self.data.names[j].clone(),
                discrete: discrete[j],
                estimate,
                inference: Inference::wald(estimate, error),
            }
        };
        Ok((0..=q)
            .map(|class| (0..d).map(|j| effect(class, j)).collect())
            .collect())
    }

    /// For each column, whether it has the values 0 and 1 alone.
    fn binary(&self) -> Vec<bool> {
        let mut out = vec![true; self.data.names.len()];
        let k = usize::from(self.design.has_intercept());
        let scaling: Vec<(f64, f64)> = (0..out.len()).map(|j| self.scaling(j)).collect();
        match self.data.features {
            crate::Explanatory::Dense(x) => {
                for (j, out) in out.iter_mut().enumerate() {
                    let mut rows = (0..x.nrows()).filter(|i| self.copies(*i) > 0.0);
                    *out = rows.all(|i| x[(i, j)] == 0.0 || x[(i, j)] == 1.0);
                }
            }
            crate::Explanatory::Sparse(_) => self.each_row(&self.gamma, |_, z, _| {
                for (j, out) in out.iter_mut().enumerate() {
                    let (factor, shift) = scaling[j];
                    *out &= z[j + k] == -shift || z[j + k] == factor - shift;
                }
            }),
        }
        out
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
        let matrix = self.covariance_of_solver(covariance)?;
        let reach = normal::two_sided_quantile(1.0 - level);
        let k = usize::from(self.design.has_intercept());
        let scaling: Vec<(f64, f64)> = (0..d).map(|j| self.scaling(j)).collect();
        let mut z = vec![1.0; self.predictors.entries];
        let mut out = Vec::with_capacity(rows.nrows());
        for i in 0..rows.nrows() {
            for (j, (factor, shift)) in scaling.iter().enumerate() {
                z[j + k] = rows[(i, j)] * factor - shift;
            }
            let response = self
                .predictors
                .response(&self.predictors.at(&self.gamma, &z));
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
                self.predictors.add(&weights, &z, &mut gradient);
                let std_error = Self::variance(&matrix, &gradient).sqrt();
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
