//! Tests of hypotheses about the coefficients of models of several classes.

use linalg::{Mat, MatRef};

use super::super::hypotheses::wald;
use super::super::{Covariance, DevianceRow, Reference, Test};
use super::held::Equations;
use super::response::Kind;
use super::{ClassAnalysis, refuse};
use crate::{FitError, Status};

impl ClassAnalysis<'_> {
    /// One equation for each coefficient of these columns, in all classes: that it is 0.
    fn without(&self, columns: &[&str]) -> Result<Mat<f64>, FitError> {
        let mut places = Vec::new();
        for (k, column) in columns.iter().enumerate() {
            if columns[..k].contains(column) {
                return Err(refuse("a column is named twice; name each once"));
            }
            let all = self.fit.coefficients().iter().enumerate();
            let own = all.filter(|(_, c)| c.name == *column).map(|(j, _)| j);
            let before = places.len();
            places.extend(own);
            if places.len() == before {
                return Err(FitError::UnknownColumn {
                    column: (*column).to_owned(),
                });
            }
        }
        Ok(Mat::from_fn(places.len(), self.parameters(), |i, j| {
            f64::from(u8::from(places[i] == j))
        }))
    }

    /// Wald's test that the coefficients of these columns are 0 in all classes.
    ///
    /// # Errors
    /// If a name is not known or stands there twice, or as [`covariance`](Self::covariance).
    pub fn wald(&self, columns: &[&str], covariance: &Covariance<'_>) -> Result<Test, FitError> {
        let equations = self.without(columns)?;
        self.wald_of(
            equations.as_ref(),
            &vec![0.0; equations.nrows()],
            covariance,
        )
    }

    /// Wald's test of the linear hypothesis R β = r: one row of `R` an equation, one column a coefficient.
    ///
    /// # Errors
    /// [`FitError::Inference`] if equations depend on each other or the shapes do not fit; as [`covariance`](Self::covariance).
    pub fn wald_of(
        &self,
        equations: MatRef<'_, f64>,
        right: &[f64],
        covariance: &Covariance<'_>,
    ) -> Result<Test, FitError> {
        let matrix = self.covariance(covariance)?;
        wald(&self.estimates(), matrix.as_ref(), equations, right, None)
    }

    /// The likelihood-ratio test that the coefficients of these columns are 0 in all classes. With Firth's penalty the ratio is of
    /// penalised likelihoods, whose penalty keeps all columns (Heinze and Schemper 2002).
    ///
    /// # Errors
    /// If a name is not known or stands there twice, or as [`likelihood_ratio_of`](Self::likelihood_ratio_of).
    pub fn likelihood_ratio(&self, columns: &[&str]) -> Result<Test, FitError> {
        let equations = self.without(columns)?;
        self.likelihood_ratio_of(equations.as_ref(), &vec![0.0; equations.nrows()])
    }

    /// The likelihood-ratio test of the linear hypothesis R β = r, by the optimum among the coefficients for which it holds.
    ///
    /// # Errors
    /// [`FitError::Inference`] if equations depend on each other or the shapes do not fit, [`FitError::NotConverged`] if that optimum is
    /// not found.
    pub fn likelihood_ratio_of(
        &self,
        equations: MatRef<'_, f64>,
        right: &[f64],
    ) -> Result<Test, FitError> {
        let (_, deviance) = self.held(equations, right)?;
        let drop = (deviance - self.own_deviance()?).max(0.0);
        Ok(Test::new(
            drop,
            Reference::ChiSquare(equations.nrows() as f64),
        ))
    }

    /// Rao's score test that the coefficients of these columns are 0 in all classes: the gradient of this model's likelihood at the
    /// estimates of the model without them, by its expected information there.
    ///
    /// # Errors
    /// If a name is not known or stands there twice, or as [`score_of`](Self::score_of).
    pub fn score(&self, columns: &[&str]) -> Result<Test, FitError> {
        let equations = self.without(columns)?;
        self.score_of(equations.as_ref(), &vec![0.0; equations.nrows()])
    }

    /// Rao's score test of the linear hypothesis R β = r.
    ///
    /// # Errors
    /// As [`likelihood_ratio_of`](Self::likelihood_ratio_of), and with Firth's penalty.
    pub fn score_of(&self, equations: MatRef<'_, f64>, right: &[f64]) -> Result<Test, FitError> {
        if self.firth {
            return Err(refuse(
                "Firth's penalty is in force, and a score test needs a fit of maximum likelihood; use the ratio of penalised likelihoods",
            ));
        }
        let (gamma, _) = self.held(equations, right)?;
        let mut score = vec![0.0; self.parameters()];
        self.each_row(&gamma, |i, z, u| {
            let mut own = self.predictors.score(u, self.classes.of(i));
            own.iter_mut().for_each(|own| *own *= self.copies(i));
            self.predictors.add(&own, z, &mut score);
        });
        let inverse = self.inverse_information(&gamma)?;
        let statistic = Self::variance(&inverse, &score);
        Ok(Test::new(
            statistic,
            Reference::ChiSquare(equations.nrows() as f64),
        ))
    }

    /// The analysis of deviance: the terms of the model (groups of columns) added one after the other to the intercepts or thresholds.
    /// Residual degrees of freedom are n (K − 1) less the coefficients, for K classes, as for multinomial counts.
    ///
    /// # Errors
    /// If a name is not known or stands there twice, or a smaller model has no finite estimate.
    pub fn deviance_table(&self, terms: &[Vec<String>]) -> Result<Vec<DevianceRow>, FitError> {
        let named: Vec<&str> = terms.iter().flatten().map(String::as_str).collect();
        let all: Vec<&str> = self.data.names.iter().map(String::as_str).collect();
        if let Some(other) = named.iter().find(|name| !all.contains(name)) {
            return Err(FitError::UnknownColumn {
                column: (*other).to_owned(),
            });
        }
        if named
            .iter()
            .enumerate()
            .any(|(k, name)| named[..k].contains(name))
        {
            return Err(refuse("a column is named twice; name each once"));
        }
        let cases = self.classes.total * self.predictors.number as f64;
        let mut rows: Vec<DevianceRow> = Vec::new();
        for k in 0..=terms.len() {
            let kept: Vec<&str> = terms[..k].iter().flatten().map(String::as_str).collect();
            let left = all.iter().filter(|name| !kept.contains(name));
            let left: Vec<&str> = left.copied().collect();
            let equations = self.without(&left)?;
            let deviance = if left.is_empty() {
                self.own_deviance()?
            } else {
                self.held(equations.as_ref(), &vec![0.0; equations.nrows()])?
                    .1
            };
            let parameters = (self.parameters() - equations.nrows()) as f64;
            let freedom = cases - parameters;
            // The deviance of a penalised likelihood is no test.
            let test = rows.last().filter(|_| !self.firth).map(|before| {
                let drop = (before.deviance - deviance).max(0.0);
                Test::new(drop, Reference::ChiSquare(before.freedom - freedom))
            });
            rows.push(DevianceRow {
                columns: match k {
                    0 => Vec::new(),
                    k => terms[k - 1].clone(),
                },
                deviance,
                freedom,
                test,
            });
        }
        Ok(rows)
    }

    /// The coefficients of the solvers for which the likelihood is largest while R β = r, and −2 times its logarithm there (penalised, if
    /// Firth's penalty is in force).
    pub(super) fn held(
        &self,
        equations: MatRef<'_, f64>,
        right: &[f64],
    ) -> Result<(Vec<f64>, f64), FitError> {
        let held = self.equations(equations, right.len())?;
        let together = self.together();
        let (gamma, value) = self.with_objective(|objective| {
            let metrics = [self.inverse.as_ref(), together.as_ref()];
            held.least(objective, &self.gamma, right, &metrics)
        })?;
        Ok((gamma, 2.0 * self.classes.total * value))
    }

    /// Equations for the coefficients of the data as such for those of the solvers.
    pub(super) fn equations(
        &self,
        equations: MatRef<'_, f64>,
        right: usize,
    ) -> Result<Equations, FitError> {
        if equations.ncols() != self.parameters() || right != equations.nrows() || right == 0 {
            return Err(refuse(
                "a hypothesis has one row an equation, one column a coefficient, and one right-hand side an equation",
            ));
        }
        Equations::new(equations * &self.map)
            .map_err(|source| FitError::Linalg { source })?
            .ok_or_else(|| {
                refuse("the equations of the hypothesis depend on each other; leave some out")
            })
    }

    /// −2 times the logarithm of the likelihood of the fit, penalised if Firth's penalty is in force. Refused
    /// away from the optimum, from which differences mean nothing.
    pub(super) fn own_deviance(&self) -> Result<f64, FitError> {
        if self.fit.certificate().status != Status::Converged {
            return Err(refuse(
                "the fit did not reach its optimum, from which likelihoods are counted; allow more iterations",
            ));
        }
        let mut gradient = vec![0.0; self.parameters()];
        let value =
            self.with_objective(|objective| Ok(objective.gradient(&self.gamma, &mut gradient)))?;
        Ok(2.0 * self.classes.total * value)
    }

    /// The inverse of a metric in which thresholds move together rather than apart, so that they stay in order.
    pub(super) fn together(&self) -> Mat<f64> {
        let (m, cuts) = (self.parameters(), self.predictors.number);
        let ordered = matches!(self.predictors.kind, Kind::Ordered(_));
        Mat::from_fn(m, m, |i, j| {
            let both = ordered && i < cuts && j < cuts;
            f64::from(u8::from(i == j)) + if both { 1e8 } else { 0.0 }
        })
    }
}
