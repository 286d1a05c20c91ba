//! What regressions of several classes have in common: the classes of the rows, and the fit.

use linalg::{Mat, MatRef, Values};

use super::{Coefficient, Observations, Solver};
use crate::FitError;
use crate::solver::Certificate;

/// The classes of the rows.
#[derive(Debug)]
pub(super) struct Classes<'a> {
    /// The number of its class for each row, from 0.
    y: Values<'a>,
    pub(super) weights: Option<Values<'a>>,
    pub(super) labels: Vec<String>,
    /// The weight of each class.
    pub(super) counts: Vec<f64>,
    pub(super) total: f64,
}

impl<'a> Classes<'a> {
    pub(super) fn new(data: &Observations<'a>) -> Result<Self, FitError> {
        for (what, there) in [
            ("an offset", data.offset.is_some()),
            ("trials", data.trials.is_some()),
        ] {
            if there {
                return Err(FitError::Unused { what });
            }
        }
        let (cut, y) = (data.partition(), &data.target);
        let known = data.labels.map_or(f64::MAX, |labels| labels.len() as f64);
        let is_class = |y: f64| y >= 0.0 && y < known.min(1e6) && y.fract() == 0.0;
        data.agreed(match data.first(|row| !is_class(y[row])) {
            Some(row) => Err(FitError::Class {
                row: row + 1,
                column: data.target_name.to_owned(),
                value: y[row],
            }),
            None => Ok(()),
        })?;
        let numbered = || {
            let most = cut.largest(|row| y[row] + 1.0) as usize;
            (0..most).map(|k| k.to_string()).collect()
        };
        let labels = data.labels.map_or_else(numbered, <[String]>::to_vec);
        let weights = data.weights.as_ref();
        let counts = cut.sum_leaves(labels.len(), &|leaf, counts: &mut [f64]| {
            for row in cut.leaf(leaf) {
                counts[y[row] as usize] += weights.map_or(1.0, |weights| weights[row]);
            }
        });
        if let Some(empty) = counts.iter().position(|count| *count == 0.0) {
            return Err(FitError::EmptyClass {
                column: data.target_name.to_owned(),
                class: labels[empty].clone(),
            });
        }
        if labels.len() < 2 {
            return Err(FitError::OneClass {
                column: data.target_name.to_owned(),
                value: 0.0,
            });
        }
        Ok(Self {
            y: data.target.clone(),
            weights: data.weights.clone(),
            total: counts.iter().sum(),
            labels,
            counts,
        })
    }

    /// The class of a row.
    pub(super) fn of(&self, row: usize) -> usize {
        self.y[row] as usize
    }

    /// The weight of a row.
    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The rows that this process has.
    pub(super) fn rows(&self) -> usize {
        self.y.len()
    }

    /// The log-likelihood of a model that knows only how frequent the classes are.
    pub(super) fn null_log_likelihood(&self) -> f64 {
        let term = |count: &f64| count * (count / self.total).ln();
        self.counts.iter().map(term).sum()
    }
}

/// What is known about a fit of several classes.
#[derive(Debug, Clone)]
pub struct ClassFit {
    pub(super) target: String,
    pub(super) labels: Vec<String>,
    pub(super) observations: usize,
    pub(super) effective: f64,
    pub(super) coefficients: Vec<Coefficient>,
    pub(super) classes: Vec<Option<usize>>,
    pub(super) covariance: Option<Mat<f64>>,
    pub(super) penalised: bool,
    pub(super) log_likelihood: f64,
    pub(super) null_log_likelihood: f64,
    pub(super) solver: Solver,
    pub(super) reason: &'static str,
    pub(super) certificate: Certificate,
}

impl ClassFit {
    /// The name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }
    /// What the data call the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }
    /// The number of rows whose weight is not 0.
    pub fn observations(&self) -> usize {
        self.observations
    }
    /// The coefficients, one class after the other; of ordered classes slopes, then thresholds named `lower|upper`.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }
    /// The class of each coefficient, from 0; `None` for one that belongs to all.
    pub fn classes(&self) -> &[Option<usize>] {
        &self.classes
    }
    /// The covariance matrix of the estimates (the inverse of the observed information), in the order of the coefficients; `None`
    /// if penalised, or if there are too many.
    pub fn covariance(&self) -> Option<MatRef<'_, f64>> {
        self.covariance.as_ref().map(Mat::as_ref)
    }
    /// The logarithm of the likelihood, penalty not included.
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }
    /// −2 times the log-likelihood.
    pub fn deviance(&self) -> f64 {
        -2.0 * self.log_likelihood
    }
    /// The deviance of the model that knows only how frequent the classes are.
    pub fn null_deviance(&self) -> f64 {
        -2.0 * self.null_log_likelihood
    }
    /// Akaike's criterion; `None` if penalised.
    pub fn aic(&self) -> Option<f64> {
        let parameters = self.coefficients.len() as f64;
        (!self.penalised).then_some(2.0 * parameters - 2.0 * self.log_likelihood)
    }
    /// The Bayesian criterion; `None` if penalised.
    pub fn bic(&self) -> Option<f64> {
        let parameters = self.coefficients.len() as f64;
        (!self.penalised).then(|| self.effective.ln() * parameters - 2.0 * self.log_likelihood)
    }
    /// The solver that made the fit, and why it was chosen.
    pub fn solver(&self) -> (Solver, &'static str) {
        (self.solver, self.reason)
    }
    /// How far the fit can be from the optimum.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}
