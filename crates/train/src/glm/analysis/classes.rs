//! Inference for models of several classes.

use std::collections::HashMap;

use linalg::{Mat, MatRef};
use models::glm::{between, cut_points};

use super::super::{ClassFit, Explanatory, MultinomialFit, Observations, OrderedFit};
use super::hypotheses::wald;
use super::{Covariance, Reference, Test};
use crate::{FitError, Inference};

fn refuse(reason: &str) -> FitError {
    FitError::Inference {
        reason: reason.to_owned(),
    }
}

impl ClassFit {
    /// Wald's test of the linear hypothesis R β = r: one row of `R` an equation, one column a coefficient. With the covariance of the fit,
    /// or with another that is given.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the fit is penalised and has no covariance, if equations depend on each other, or the shapes do not fit.
    pub fn wald_of(
        &self,
        equations: MatRef<'_, f64>,
        right: &[f64],
        covariance: Option<MatRef<'_, f64>>,
    ) -> Result<Test, FitError> {
        let own = covariance.or_else(|| self.covariance());
        let covariance = own.ok_or_else(|| {
            refuse("a penalty is in force, and statistics of maximum likelihood do not hold for penalised estimates; fit without it")
        })?;
        let estimates: Vec<f64> = self.coefficients().iter().map(|c| c.estimate).collect();
        wald(&estimates, covariance, equations, right, None)
    }

    /// The likelihood-ratio test against a fit whose columns are a part of this one's.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the fits are not nested, are penalised, or have other rows, targets or classes.
    pub fn likelihood_ratio(&self, smaller: &ClassFit) -> Result<Test, FitError> {
        if self.aic().is_none() || smaller.aic().is_none() {
            return Err(refuse(
                "a penalty is in force, and a ratio of likelihoods needs fits of maximum likelihood",
            ));
        }
        if self.target() != smaller.target()
            || self.labels() != smaller.labels()
            || self.observations() != smaller.observations()
        {
            return Err(refuse(
                "the fits are of other targets, classes or rows; fit both to the same data",
            ));
        }
        let key = |fit: &ClassFit, k: usize| (fit.classes()[k], fit.coefficients()[k].name.clone());
        let own: Vec<_> = (0..self.coefficients().len())
            .map(|k| key(self, k))
            .collect();
        let nested = (0..smaller.coefficients().len()).all(|k| own.contains(&key(smaller, k)));
        let more = own.len() as f64 - smaller.coefficients().len() as f64;
        if !nested || more < 1.0 {
            return Err(refuse(
                "the second fit has columns that the first has not, or no fewer; give the larger model first",
            ));
        }
        let statistic = 2.0 * (self.log_likelihood() - smaller.log_likelihood());
        Ok(Test::new(statistic, Reference::ChiSquare(more)))
    }

    /// McFadden's, Cox and Snell's and Nagelkerke's measures of what the columns explain; `None` if penalised.
    pub fn pseudo_r2(&self) -> Option<[f64; 3]> {
        self.aic()?;
        let (full, null, n) = (
            self.log_likelihood(),
            -0.5 * self.null_deviance(),
            self.effective,
        );
        let cox = -(2.0 / n * (null - full)).exp_m1();
        Some([1.0 - full / null, cox, cox / -(2.0 / n * null).exp_m1()])
    }

    /// Another covariance of the estimates, and the statistics that follow from it.
    fn with(&mut self, covariance: Mat<f64>) {
        assert_eq!(
            covariance.nrows(),
            self.coefficients.len(),
            "a covariance of other coefficients"
        );
        for (j, c) in self.coefficients.iter_mut().enumerate() {
            c.inference = Some(Inference::wald(c.estimate, covariance[(j, j)].sqrt()));
        }
        self.covariance = Some(covariance);
    }

    /// The sandwich of the observed information and the scores, one row of them an observation.
    fn sandwich(
        &self,
        scores: &Mat<f64>,
        data: &Observations<'_>,
        kind: &Covariance<'_>,
    ) -> Result<Mat<f64>, FitError> {
        let covariance = self.covariance().ok_or_else(|| {
            refuse("a penalty is in force, and covariances of maximum likelihood do not hold for penalised estimates; fit without it")
        })?;
        let (n, p) = (scores.nrows(), scores.ncols());
        let copies = |i: usize| data.weights.map_or(1.0, |weights| weights[i]);
        let (meat, factor) = match kind {
            Covariance::Expected => {
                return Err(refuse(
                    "models of several classes have the observed information; ask for that one",
                ));
            }
            Covariance::Observed => return Ok(covariance.to_owned()),
            _ if self.aic().is_none() => {
                return Err(refuse(
                    "a penalty is in force (Firth's or another), and sandwiches of maximum likelihood do not hold; fit without it",
                ));
            }
            Covariance::Hc2 | Covariance::Hc3 => {
                return Err(refuse(
                    "rows of a model of several classes have no single leverage; use hc0 or hc1, or clusters",
                ));
            }
            Covariance::Hc0 | Covariance::Hc1 => {
                let scaled = Mat::from_fn(n, p, |i, j| copies(i).sqrt() * scores[(i, j)]);
                let size = self.effective;
                let factor = match kind {
                    Covariance::Hc1 if size > p as f64 => size / (size - p as f64),
                    _ => 1.0,
                };
                (scaled.transpose() * &scaled, factor)
            }
            Covariance::Clustered(clusters) => {
                if clusters.len() != n {
                    return Err(refuse(
                        "there is not one cluster a row; give the cluster of each row",
                    ));
                }
                let mut places = HashMap::new();
                let place: Vec<Option<usize>> = (0..n)
                    .map(|i| {
                        let next = places.len();
                        (copies(i) > 0.0).then(|| *places.entry(clusters[i]).or_insert(next))
                    })
                    .collect();
                let groups = places.len();
                if groups < 2 {
                    return Err(refuse(
                        "all rows are in one cluster; a clustered covariance needs at least two, and some 30 to be trusted",
                    ));
                }
                let mut sums: Mat<f64> = Mat::zeros(groups, p);
                for i in 0..n {
                    let Some(place) = place[i] else { continue };
                    for j in 0..p {
                        sums[(place, j)] += copies(i) * scores[(i, j)];
                    }
                }
                let groups = groups as f64;
                (sums.transpose() * &sums, groups / (groups - 1.0))
            }
        };
        let sandwich = covariance * meat * covariance;
        if (0..p).any(|j| sandwich[(j, j)] < 1e-4 * covariance[(j, j)]) {
            return Err(refuse(
                "a robust error is less than a hundredth of the model's, which happens where classes are nearly told apart without error; add rows, or leave columns out",
            ));
        }
        Ok(Mat::from_fn(p, p, |i, j| factor * sandwich[(i, j)]))
    }
}

/// The rows as dense ones, one after the other.
fn row(data: &Observations<'_>, i: usize, out: &mut [f64]) {
    match data.features {
        Explanatory::Dense(x) => {
            for (j, out) in out.iter_mut().enumerate() {
                *out = x[(i, j)];
            }
        }
        Explanatory::Sparse(x) => {
            out.fill(0.0);
            for (j, value) in x.row(i) {
                out[j] += value;
            }
        }
    }
}

fn check(fit: &ClassFit, data: &Observations<'_>, features: usize) -> Result<(), FitError> {
    let rows = (0..data.target.len())
        .filter(|i| data.weights.is_none_or(|weights| weights[*i] > 0.0))
        .count();
    let known = |y: &f64| *y >= 0.0 && y.fract() == 0.0 && *y < fit.labels().len() as f64;
    if data.names.len() != features || rows != fit.observations() || !data.target.iter().all(known)
    {
        return Err(refuse(
            "the data are not those of the fit; give those that it was made from",
        ));
    }
    Ok(())
}

impl MultinomialFit {
    /// The same fit with another covariance of its estimates, and the statistics that follow from it.
    ///
    /// # Panics
    /// If it is of other coefficients.
    #[must_use]
    pub fn with_covariance(mut self, covariance: Mat<f64>) -> Self {
        self.fit.with(covariance);
        self
    }

    /// The covariance of the estimates: of the model, or a sandwich of the observed information and the scores (`Hc0`, `Hc1` with
    /// n / (n − p), `Clustered` with G / (G − 1)).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the fit is penalised, the data are others, or the kind does not exist for several classes.
    pub fn covariance_of(
        &self,
        data: &Observations<'_>,
        kind: &Covariance<'_>,
    ) -> Result<Mat<f64>, FitError> {
        let model = self.model();
        let d = model.coefficients().nrows();
        check(self, data, d)?;
        let k = usize::from(self.coefficients().len() == (model.classes() - 1) * (d + 1));
        let mut scores: Mat<f64> = Mat::zeros(data.target.len(), self.coefficients().len());
        let (mut x, mut p) = (vec![0.0; d], vec![0.0; model.classes()]);
        for i in 0..data.target.len() {
            row(data, i, &mut x);
            model
                .predict_proba_row(&x, &mut p)
                .map_err(|error| refuse(&error.to_string()))?;
            for class in 1..p.len() {
                let own = f64::from(u8::from(data.target[i] == class as f64)) - p[class];
                let at = (class - 1) * (d + k);
                if at + d + k > scores.ncols() {
                    continue;
                }
                if k == 1 {
                    scores[(i, at)] = own;
                }
                for (j, x) in x.iter().enumerate() {
                    scores[(i, at + k + j)] = own * x;
                }
            }
        }
        self.sandwich(&scores, data, kind)
    }
}

impl OrderedFit {
    /// The same fit with another covariance of its estimates, and the statistics that follow from it.
    ///
    /// # Panics
    /// If it is of other coefficients.
    #[must_use]
    pub fn with_covariance(mut self, covariance: Mat<f64>) -> Self {
        self.fit.with(covariance);
        self
    }

    /// The covariance of the estimates: of the model, or a sandwich of the observed information and the scores (`Hc0`, `Hc1` with
    /// n / (n − p), `Clustered` with G / (G − 1)).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the data are others, or the kind does not exist for several classes.
    pub fn covariance_of(
        &self,
        data: &Observations<'_>,
        kind: &Covariance<'_>,
    ) -> Result<Mat<f64>, FitError> {
        let model = self.model();
        let d = model.coefficients().len();
        check(self, data, d)?;
        let mut scores: Mat<f64> = Mat::zeros(data.target.len(), self.coefficients().len());
        let mut x = vec![0.0; d];
        for i in 0..data.target.len() {
            row(data, i, &mut x);
            let eta: f64 = x.iter().zip(model.coefficients()).map(|(x, b)| x * b).sum();
            let class = data.target[i] as usize;
            let (a, b) = cut_points(model.thresholds(), class, eta);
            let [upper, lower] = between(model.link(), a, b).slope;
            for (j, x) in x.iter().enumerate() {
                scores[(i, j)] = (upper + lower) * x;
            }
            if class < model.thresholds().len() {
                scores[(i, d + class)] -= upper;
            }
            if class > 0 {
                scores[(i, d + class - 1)] -= lower;
            }
        }
        self.sandwich(&scores, data, kind)
    }
}
