//! Checks of the model as a whole: collinearity, calibration, link, dispersion.

use linalg::solve::symmetric_eigen;
use linalg::{Mat, reduce};
use models::glm::{Distribution, Family, GeneralisedLinearModel};

use super::super::{Explanatory, Fit, FitOptions, Observations};
use super::{Analysis, Covariance, Reference, Test};
use crate::{Coefficient, FitError};

/// The test of Hosmer and Lemeshow (1980).
#[derive(Debug, Clone, PartialEq)]
pub struct HosmerLemeshow {
    /// Of each group: rows, observed and expected events.
    pub groups: Vec<(f64, f64, f64)>,
    /// Chi-square with two degrees of freedom less than groups.
    pub test: Test,
}

/// The logistic regression of the target on the logits of the fitted probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// 0 if probabilities are right on the whole.
    pub intercept: Coefficient,
    /// 1 if they are as far from each other as they should be; below 1 if they are too extreme.
    pub slope: Coefficient,
}

/// Whether counts vary more than a Poisson distribution lets them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overdispersion {
    /// Pearson's statistic by the residual degrees of freedom: about 1 if the variance is right.
    pub ratio: f64,
    /// Pearson's statistic against chi-square with those degrees of freedom. For 0/1 targets the ratio says nothing, and there is none.
    pub pearson: Option<Test>,
    /// For Poisson models the score test of Dean (1992) against a variance of μ + α μ²:
    /// Σ ((y − μ)² − y) / √(2 Σ μ²), standard normal if there is none, large if there is.
    pub dean: Option<f64>,
}

impl Analysis<'_> {
    /// The variance inflation factor of each column: by how much its standard error is larger for the other columns, squared. From
    /// the correlations of the estimates, weights of the fit included (Fox and Monette 1992; R's `car::vif` for one column a term).
    pub fn variance_inflation(&self) -> Vec<(String, f64)> {
        let k = usize::from(self.problem.intercept);
        let d = self.parameters() - k;
        let covariance = self.design.covariance_to_data(self.inverse.as_ref());
        let part = Mat::from_fn(d, d, |i, j| {
            covariance[(i + k, j + k)]
                / (covariance[(i + k, i + k)] * covariance[(j + k, j + k)]).sqrt()
        });
        // det R₁₁ det R₂₂ / det R is, for one column, the diagonal of the inverse of the correlations.
        let inverse = linalg::solve::Cholesky::new(part.as_ref()).map(|factor| factor.inverse());
        let value = |j: usize| {
            inverse
                .as_ref()
                .map_or(f64::INFINITY, |inverse| inverse[(j, j)])
        };
        let names = self.problem.data.names.iter().enumerate();
        names.map(|(j, name)| (name.clone(), value(j))).collect()
    }

    /// The condition indices of the columns, intercept included, each scaled to length 1: the largest singular value by each
    /// (Belsley, Kuh and Welsch 1980). Above 30 some columns are nearly combinations of others.
    ///
    /// # Errors
    /// If the singular values do not converge.
    pub fn condition_indices(&self) -> Result<Vec<f64>, FitError> {
        let x = self.matrix();
        let rows: Vec<usize> = self.problem.rows().collect();
        let d = x.ncols();
        let length = |j: usize| reduce::sum_by(rows.len(), |i| x[(rows[i], j)].powi(2)).sqrt();
        let lengths: Vec<f64> = (0..d).map(length).collect();
        let gram = Mat::from_fn(d, d, |a, b| {
            reduce::sum_by(rows.len(), |i| x[(rows[i], a)] * x[(rows[i], b)])
                / lengths[a]
                / lengths[b]
        });
        let (values, _) =
            symmetric_eigen(gram.as_ref()).map_err(|source| FitError::Linalg { source })?;
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(*v));
        let mut out: Vec<f64> = values
            .iter()
            .map(|value| (largest / value.max(f64::EPSILON * largest)).sqrt())
            .collect();
        out.sort_by(f64::total_cmp);
        Ok(out)
    }

    /// Hosmer and Lemeshow's test with so many groups: rows in the order of their probabilities, cut at the quantiles of these (type 7 of
    /// Hyndman and Fan, upper ends included).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the model is not binomial with 0/1 targets, or there are fewer than 3 groups.
    pub fn hosmer_lemeshow(&self, groups: usize) -> Result<HosmerLemeshow, FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        if !self.problem.is_binomial() || self.problem.data.trials.is_some() {
            return refuse(
                "Hosmer and Lemeshow's test is for binomial models with a target of 0 and 1",
            );
        }
        if groups < 3 || groups > self.problem.rows().count() {
            return refuse(
                "Hosmer and Lemeshow's test needs at least 3 groups, and not more than there are rows",
            );
        }
        let mut rows: Vec<(f64, usize)> = self
            .problem
            .rows()
            .map(|i| (self.problem.family.mean(self.eta[i]), i))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if rows.iter().any(|(_, i)| self.copies(*i) != 1.0) {
            return refuse(
                "Hosmer and Lemeshow's groups are of rows; write repeated rows out, without weights",
            );
        }
        let quantile = |g: usize| {
            let place = (g * (rows.len() - 1)) as f64 / groups as f64;
            let (low, part) = (place.floor(), place.fract());
            let low = low as usize;
            let next = rows[(low + 1).min(rows.len() - 1)].0;
            rows[low].0 + part * (next - rows[low].0)
        };
        let mut ends: Vec<f64> = (1..=groups).map(quantile).collect();
        ends.dedup();
        let mut out = vec![(0.0, 0.0, 0.0); ends.len()];
        for &(p, i) in &rows {
            let group = ends.partition_point(|end| *end < p).min(ends.len() - 1);
            let copies = self.copies(i);
            out[group].0 += copies;
            out[group].1 += copies * self.problem.y[i];
            out[group].2 += copies * p;
        }
        if out.len() < 3 {
            return refuse(
                "the fitted probabilities have too few values for Hosmer and Lemeshow's groups",
            );
        }
        let term = |(n, observed, expected): &(f64, f64, f64)| {
            // A group that is all 0 or all 1 to the last digit of its probabilities, and as it should be, says nothing.
            if observed == expected {
                return 0.0;
            }
            (observed - expected).powi(2) / (expected * (1.0 - expected / n))
        };
        let statistic = out.iter().map(term).sum();
        let freedom = (out.len() - 2) as f64;
        Ok(HosmerLemeshow {
            test: Test::new(statistic, Reference::ChiSquare(freedom)),
            groups: out,
        })
    }

    /// The calibration of the fit on its own data, where it is 0 and 1 for the logit link, or of other predictors of the same rows.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the model is not binomial; as the fit of the regression.
    pub fn calibration(&self, predictors: Option<&[f64]>) -> Result<Calibration, FitError> {
        if !self.problem.is_binomial() {
            return Err(FitError::Inference {
                reason: "calibration is of probabilities; the model is not binomial".to_owned(),
            });
        }
        if predictors.is_some_and(|given| given.len() != self.eta.len()) {
            return Err(FitError::Inference {
                reason: "there is not one predictor a row; give one for each".to_owned(),
            });
        }
        let logits: Vec<f64> = match predictors {
            Some(given) => given.to_vec(),
            None => self
                .eta
                .iter()
                .map(|eta| models::glm::Link::Logit.of(self.problem.family.mean(*eta)))
                .collect(),
        };
        let model =
            GeneralisedLinearModel::new(Distribution::Binomial).weights_are(self.problem.kind);
        let mut found = self.regress(&model, &[("logit", logits)])?.into_iter();
        match (found.next(), found.next()) {
            (Some(intercept), Some(slope)) => Ok(Calibration { intercept, slope }),
            _ => Err(FitError::NoRows),
        }
    }

    /// Pregibon's link test: the coefficient of the square of the linear predictor beside itself, which is 0 if link and columns are right.
    ///
    /// # Errors
    /// As the fit.
    pub fn link_test(&self) -> Result<Coefficient, FitError> {
        let squares = self.eta.iter().map(|eta| eta * eta).collect();
        let columns = [("predictor", self.eta.clone()), ("its square", squares)];
        let found = self.regress(&self.specification, &columns)?;
        found.into_iter().next_back().ok_or(FitError::NoRows)
    }

    /// A fit of the same target to other columns, beside an intercept.
    fn regress(
        &self,
        model: &GeneralisedLinearModel,
        columns: &[(&str, Vec<f64>)],
    ) -> Result<Vec<Coefficient>, FitError> {
        let x = Mat::from_fn(self.eta.len(), columns.len(), |i, j| columns[j].1[i]);
        let data = Observations {
            features: Explanatory::Dense(x.as_ref()),
            names: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            intercept: true,
            offset: None,
            ..self.problem.data.clone()
        };
        let fit = model.fit_observations(&data, &FitOptions::default())?;
        Ok(fit.coefficients().to_vec())
    }

    /// Whether the target varies more than the model says.
    pub fn overdispersion(&self) -> Overdispersion {
        let known = !self.fit.dispersion().estimated;
        let dean = (self.has_counts() && known).then(|| {
            let (mut above, mut squares) = (0.0, 0.0);
            for i in self.problem.rows() {
                let (y, mu) = (self.problem.y[i], self.problem.family.mean(self.eta[i]));
                above += self.copies(i) * ((y - mu).powi(2) - y);
                squares += self.copies(i) * mu * mu;
            }
            above / (2.0 * squares).sqrt()
        });
        let (ratio, pearson) = self.pearson_test();
        Overdispersion {
            ratio,
            pearson,
            dean,
        }
    }

    /// The default statistics, for the report of a fit.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn summary(&self) -> Result<Vec<Coefficient>, FitError> {
        self.coefficients(&Covariance::Expected)
    }
}
