//! Covariances of the estimates of models of several classes.

use std::collections::HashMap;

use linalg::Mat;
use linalg::solve::Cholesky;

use super::super::super::Coefficient;
use super::super::covariance::add_square;
use super::super::{Covariance, lone};
use super::{ClassAnalysis, refuse};
use crate::{FitError, Inference};

impl ClassAnalysis<'_> {
    /// The covariance of the coefficients: of the model by its observed or its expected information (of multinomial models they are the
    /// same), or a sandwich of the observed information and the scores (`Hc0`, `Hc1` with n / (n − p), `Clustered` with G / (G − 1)).
    /// NaN for coefficients that are [`undetermined`](Self::undetermined).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the estimate of it does not exist: a kind that needs the leverage of a row, of which models of several
    /// classes have none, fewer than two clusters, nearly separated classes, Firth's penalty beside a sandwich.
    pub fn covariance(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        let mut out = self.to_covariance_of_data(&self.covariance_of_solver(kind)?);
        let alone = self.undetermined(kind)?;
        let model = self.to_covariance_of_data(&self.inverse);
        if lone::vanishes(&out, &model, 1.0, &alone) {
            return Err(refuse(&format!(
                "{}; use profile intervals (--profile), add rows, or leave columns out",
                lone::VANISHES
            )));
        }
        lone::without(&mut out, &alone);
        Ok(out)
    }

    /// Statistics of all coefficients for a covariance of theirs.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn coefficients(&self, covariance: &Covariance<'_>) -> Result<Vec<Coefficient>, FitError> {
        let matrix = self.covariance(covariance)?;
        let all = self.fit.coefficients().iter().enumerate();
        Ok(all
            .map(|(j, c)| {
                let error = matrix[(j, j)].sqrt();
                Coefficient {
                    inference: (!error.is_nan()).then(|| Inference::wald(c.estimate, error)),
                    ..c.clone()
                }
            })
            .collect())
    }

    /// The covariance in the coordinates of the solvers.
    pub(super) fn covariance_of_solver(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        match kind {
            Covariance::Observed => return Ok(self.inverse.clone()),
            Covariance::Expected => return self.inverse_information(&self.gamma),
            _ => {}
        }
        if self.firth {
            return Err(refuse(lone::FIRTH));
        }
        let (n, p) = (self.classes.total, self.parameters());
        let (meat, factor) = match kind {
            Covariance::Hc0 => (self.meat(None), 1.0),
            Covariance::Hc1 if n > p as f64 => (self.meat(None), n / (n - p as f64)),
            Covariance::Hc1 => {
                return Err(refuse(&format!(
                    "{n} rows leave no degrees of freedom for {p} coefficients"
                )));
            }
            Covariance::Clustered(clusters) => {
                let groups = self.groups(clusters)?;
                (self.meat(Some(clusters)), groups / (groups - 1.0))
            }
            _ => {
                return Err(refuse(
                    "rows of a model of several classes have no single leverage; use hc0 or hc1, or clusters",
                ));
            }
        };
        let sandwich = &self.inverse * meat * &self.inverse;
        Ok(Mat::from_fn(p, p, |i, j| factor * sandwich[(i, j)]))
    }

    fn to_covariance_of_data(&self, covariance: &Mat<f64>) -> Mat<f64> {
        let m = self.parameters();
        let out = &self.map * covariance * self.map.transpose();
        Mat::from_fn(m, m, |i, j| 0.5 * (out[(i, j)] + out[(j, i)]))
    }

    /// The coefficients that one row or one cluster determines alone: its scores sum to 0 whatever the truth, so no sandwich says
    /// anything about them, and [`covariance`](Self::covariance) has NaN there.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn undetermined(&self, kind: &Covariance<'_>) -> Result<Vec<bool>, FitError> {
        let m = self.parameters();
        let mut out = vec![false; m];
        let clusters = match kind {
            Covariance::Expected | Covariance::Observed => return Ok(out),
            Covariance::Clustered(clusters) => {
                self.groups(clusters)?;
                Some(*clusters)
            }
            _ => None,
        };
        let group = |i: usize| clusters.map_or(i, |clusters| clusters[i]);
        // A copy of a row is a row, but in the same cluster.
        let copies = |i: usize| clusters.map_or(1.0, |_| self.copies(i));
        let mut total: Mat<f64> = Mat::zeros(m, m);
        self.each_square(&self.gamma, |i, share, score| {
            add_square(&mut total, self.copies(i) * share, score);
        });
        let inverse = self.inverse_information(&self.gamma)?;
        let mut traces: HashMap<usize, f64> = HashMap::new();
        self.each_square(&self.gamma, |i, share, score| {
            *traces.entry(group(i)).or_default() +=
                copies(i) * share * Self::variance(&inverse, score);
        });
        traces.retain(|_, trace| lone::may_be_alone(*trace));
        let mut parts: HashMap<usize, Mat<f64>> = HashMap::new();
        self.each_square(&self.gamma, |i, share, score| {
            if traces.contains_key(&group(i)) {
                let part = parts.entry(group(i)).or_insert_with(|| Mat::zeros(m, m));
                add_square(part, copies(i) * share, score);
            }
        });
        let scale: Vec<f64> = (0..m).map(|j| total[(j, j)].sqrt()).collect();
        let model = self.to_covariance_of_data(&self.inverse);
        for part in parts.into_values() {
            for direction in lone::directions((&total - part).as_ref(), &scale) {
                lone::mark(&mut out, &self.to_data(&direction), model.as_ref());
            }
        }
        Ok(out)
    }

    /// `f(row, share, score)` for every row that counts and every class: its probability at γ, and what the score of the row would be.
    fn each_square(&self, gamma: &[f64], mut f: impl FnMut(usize, f64, &[f64])) {
        self.each_row(gamma, |i, z, u| {
            for (class, share) in self.predictors.response(u).p.iter().enumerate() {
                f(i, *share, &self.row_score(class, z, u));
            }
        });
    }

    /// The number of clusters with rows that count.
    fn groups(&self, clusters: &[usize]) -> Result<f64, FitError> {
        if clusters.len() != self.data.target.len() {
            return Err(refuse(&format!(
                "there are {} clusters for {} rows; give the cluster of each row",
                clusters.len(),
                self.data.target.len()
            )));
        }
        let rows = (0..clusters.len()).filter(|i| self.copies(*i) > 0.0);
        let mut all: Vec<usize> = rows.map(|i| clusters[i]).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() < 2 {
            return Err(refuse(
                "all rows are in one cluster; a clustered covariance needs at least two, and some 30 to be trusted",
            ));
        }
        Ok(all.len() as f64)
    }

    /// Σ of the squared scores of rows, or of the sums of clusters.
    fn meat(&self, clusters: Option<&[usize]>) -> Mat<f64> {
        let p = self.parameters();
        let mut out: Mat<f64> = Mat::zeros(p, p);
        let mut sums: HashMap<usize, Vec<f64>> = HashMap::new();
        let mut order = Vec::new();
        self.each_row(&self.gamma, |i, z, u| {
            let score = self.row_score(self.classes.of(i), z, u);
            let copies = self.copies(i);
            let Some(clusters) = clusters else {
                return add_square(&mut out, copies, &score);
            };
            let sum = sums.entry(clusters[i]).or_insert_with(|| {
                order.push(clusters[i]);
                vec![0.0; p]
            });
            sum.iter_mut()
                .zip(&score)
                .for_each(|(sum, s)| *sum += copies * s);
        });
        for cluster in order {
            add_square(&mut out, 1.0, &sums[&cluster]);
        }
        Mat::from_fn(p, p, |i, j| out[(i.max(j), i.min(j))])
    }

    /// The inverse of the expected information at a point, both in the coordinates of the solvers: of a row, the mean over the classes
    /// of the squared scores.
    pub(super) fn inverse_information(&self, gamma: &[f64]) -> Result<Mat<f64>, FitError> {
        let p = self.parameters();
        let mut out: Mat<f64> = Mat::zeros(p, p);
        self.each_square(gamma, |i, share, score| {
            add_square(&mut out, self.copies(i) * share, score);
        });
        let factor = Cholesky::new(out.as_ref()).map_err(|source| FitError::Linalg { source })?;
        Ok(factor.inverse())
    }
}
