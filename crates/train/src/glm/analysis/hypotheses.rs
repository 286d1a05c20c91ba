//! Tests of hypotheses about the coefficients.

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat, MatRef};
use models::glm::{Distribution, Family, GeneralisedLinearModel};

use super::super::information::{inverse_gram, known};
use super::super::{Explanatory, Fit, FitOptions, GlmFit, Observations};
use super::{Analysis, Covariance, is_intercept};
use crate::estimate::delta::product;
use crate::{FitError, chi_square, student};

/// What a statistic is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// Chi-square with these degrees of freedom.
    ChiSquare(f64),
    /// F with these degrees of freedom, of the numerator and of the denominator.
    F(f64, f64),
}

/// A test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The statistic.
    pub statistic: f64,
    /// What it would be distributed like if the hypothesis held.
    pub reference: Reference,
    /// The probability of a statistic at least this large if the hypothesis held.
    pub p_value: f64,
}

impl Test {
    /// A statistic and its reference.
    ///
    /// ```
    /// use train::{Reference, Test};
    /// let test = Test::new(5.991464547107979, Reference::ChiSquare(2.0));
    /// assert!((test.p_value - 0.05).abs() < 1e-14);
    /// ```
    pub fn new(statistic: f64, reference: Reference) -> Self {
        let p_value = match reference {
            Reference::ChiSquare(freedom) => chi_square::upper_tail(statistic, freedom),
            Reference::F(a, b) => student::f_upper_tail(statistic, a, b),
        };
        Self {
            statistic,
            reference,
            p_value,
        }
    }
}

/// One line of an analysis of deviance.
#[derive(Debug, Clone, PartialEq)]
pub struct DevianceRow {
    /// The columns that this line adds; none for the first, the model without columns.
    pub columns: Vec<String>,
    /// The deviance with them.
    pub deviance: f64,
    /// Residual degrees of freedom.
    pub freedom: f64,
    /// Against the line before; chi-square, or F with the dispersion of the whole model where one was estimated.
    pub test: Option<Test>,
}

/// The likelihood-ratio test of a fit against one whose columns are a part of its own: the difference of the deviances, by the
/// dispersion if it is known (chi-square), else F with the dispersion of the larger fit.
///
/// # Errors
/// [`FitError::Inference`] if the fits are not nested, are penalised, or have other rows, targets or families.
pub fn likelihood_ratio(larger: &GlmFit, smaller: &GlmFit) -> Result<Test, FitError> {
    let refuse = |reason: &str| {
        Err(FitError::Inference {
            reason: reason.to_owned(),
        })
    };
    if [larger, smaller]
        .iter()
        .any(|fit| !fit.penalty().is_none() || fit.penalised_log_likelihood().is_some())
    {
        return refuse(
            "a penalty is in force, and a ratio of likelihoods needs fits of maximum likelihood",
        );
    }
    if larger.target() != smaller.target() || larger.observations() != smaller.observations() {
        return refuse("the fits are of other targets or other rows; fit both to the same data");
    }
    let (a, b) = (larger.family(), smaller.family());
    // An estimated θ differs between nested models, a given one does not.
    let same = match (larger.theta(), smaller.theta()) {
        (Some(_), Some(_)) => true,
        (None, None) => a.distribution == b.distribution,
        _ => false,
    };
    let alike = larger.dispersion().estimated == smaller.dispersion().estimated;
    if !same || a.link != b.link || !alike {
        return refuse(
            "the fits are of other families, links or parameters of these, and nested models have the same",
        );
    }
    let reached = |fit: &GlmFit| fit.certificate().status == crate::Status::Converged;
    if !reached(larger) || !reached(smaller) {
        return refuse("a fit did not reach its optimum; allow more iterations");
    }
    let has = |name: &str| larger.coefficients().iter().any(|c| c.name == name);
    let nested = smaller.coefficients().iter().all(|c| has(&c.name));
    let more = larger.coefficients().len() as f64 - smaller.coefficients().len() as f64;
    if !nested || more < 1.0 {
        return refuse(
            "the second fit has columns that the first has not, or no fewer; give the larger model first",
        );
    }
    let (Some(full), Some(part), false) = (
        larger.log_likelihood(),
        smaller.log_likelihood(),
        larger.dispersion().estimated,
    ) else {
        let drop = smaller.deviance() - larger.deviance();
        return Ok(drop_test(drop, more, larger));
    };
    // With a θ of its own each.
    if larger.theta().is_some() {
        return Ok(Test::new(2.0 * (full - part), Reference::ChiSquare(more)));
    }
    let drop = smaller.deviance() - larger.deviance();
    Ok(drop_test(drop, more, larger))
}

/// The test of a drop in deviance by so many coefficients.
fn drop_test(drop: f64, freedom: f64, larger: &GlmFit) -> Test {
    let dispersion = larger.dispersion();
    if dispersion.estimated {
        let statistic = drop / freedom / dispersion.value;
        Test::new(statistic, Reference::F(freedom, larger.residual_freedom()))
    } else {
        Test::new(drop, Reference::ChiSquare(freedom))
    }
}

/// gapᵀ V⁻¹ gap for a column and its variance.
pub(crate) fn in_variances(gap: &Mat<f64>, variance: &Mat<f64>) -> Result<f64, LinalgError> {
    let solved = Cholesky::new(variance.as_ref())?.solve(gap.as_ref()).x;
    Ok((0..gap.nrows()).map(|i| gap[(i, 0)] * solved[(i, 0)]).sum())
}

/// Wald's test of R β = r for estimates with a covariance: chi-square, or F with so many degrees of freedom of the denominator.
pub(super) fn wald(
    estimates: &[f64],
    covariance: MatRef<'_, f64>,
    equations: MatRef<'_, f64>,
    right: &[f64],
    freedom: Option<f64>,
) -> Result<Test, FitError> {
    let refuse = |reason: &str| FitError::Inference {
        reason: reason.to_owned(),
    };
    let q = equations.nrows();
    if equations.ncols() != estimates.len() || right.len() != q || q == 0 {
        return Err(refuse(
            "a hypothesis has one row an equation, one column a coefficient, and one right-hand side an equation",
        ));
    }
    let gap = Mat::from_fn(q, 1, |i, _| {
        let left: f64 = (0..estimates.len())
            .map(|j| equations[(i, j)] * estimates[j])
            .sum();
        left - right[i]
    });
    // What an equation does not speak of does not matter, even if it has no variance.
    let of_gap = Mat::from_fn(q, q, |k, l| product(equations, covariance, k, l));
    let statistic = in_variances(&gap, &of_gap).map_err(|_| {
        refuse("the equations of the hypothesis depend on each other, or on estimates without variance; leave some out")
    })?;
    let q = q as f64;
    Ok(match freedom {
        Some(freedom) => Test::new(statistic / q, Reference::F(q, freedom)),
        None => Test::new(statistic, Reference::ChiSquare(q)),
    })
}

impl Analysis<'_> {
    /// Wald's test that these coefficients are 0: chi-square, or F where a dispersion was estimated.
    ///
    /// # Errors
    /// If a name is not known, a coefficient is named twice, or as [`covariance`](Self::covariance).
    pub fn wald(&self, names: &[&str], covariance: &Covariance<'_>) -> Result<Test, FitError> {
        let p = self.parameters();
        let mut r = Mat::zeros(names.len(), p);
        for (row, name) in names.iter().enumerate() {
            r[(row, self.place(name)?)] = 1.0;
        }
        self.wald_of(r.as_ref(), &vec![0.0; names.len()], covariance)
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
        let freedom = self.freedom(covariance);
        let beta: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        wald(&beta, matrix.as_ref(), equations, right, freedom)
    }

    /// The fit to the same rows without some columns; an estimated θ is estimated anew.
    ///
    /// # Errors
    /// If a name is not known, or as the fit.
    pub fn without(&self, names: &[&str]) -> Result<GlmFit, FitError> {
        self.smaller(names, &self.original)
    }

    fn smaller(
        &self,
        names: &[&str],
        specification: &GeneralisedLinearModel,
    ) -> Result<GlmFit, FitError> {
        for name in names {
            self.place(name)?;
        }
        let keep: Vec<usize> = self
            .problem
            .data
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| !names.contains(&name.as_str()))
            .map(|(j, _)| j)
            .collect();
        let intercept = self.problem.intercept && !names.iter().any(|name| is_intercept(name));
        self.with_columns(&keep, intercept, specification)
    }

    pub(super) fn with_columns(
        &self,
        keep: &[usize],
        intercept: bool,
        specification: &GeneralisedLinearModel,
    ) -> Result<GlmFit, FitError> {
        let x = self.dense_columns(keep);
        let names = keep.iter().map(|&j| self.problem.data.names[j].clone());
        let data = Observations {
            features: Explanatory::Dense(x.as_ref()),
            names: names.collect(),
            intercept,
            ..self.problem.data.clone()
        };
        specification.fit_observations(&data, &FitOptions::default())
    }

    /// Columns of the data, copied.
    pub(super) fn dense_columns(&self, keep: &[usize]) -> Mat<f64> {
        dense_columns(&self.problem.data, keep)
    }

    /// The likelihood-ratio test that the coefficients of these columns are 0, by a fit without them.
    ///
    /// # Errors
    /// As [`without`](Self::without).
    pub fn likelihood_ratio(&self, names: &[&str]) -> Result<Test, FitError> {
        likelihood_ratio(self.fit, &self.without(names)?)
    }

    /// Rao's score test that the coefficients of these columns are 0: the gradient of this model's likelihood at the estimates of the
    /// model without them, by its expected information there. Chi-square, or F with the dispersion of this fit where one is estimated.
    ///
    /// # Errors
    /// As [`without`](Self::without).
    pub fn score(&self, names: &[&str]) -> Result<Test, FitError> {
        let mut once = names.to_vec();
        once.sort_unstable();
        once.dedup();
        if self.specification.is_firth() || once.is_empty() || once.len() != names.len() {
            return Err(FitError::Inference {
                reason: "a score test needs a fit of maximum likelihood, and columns of which none is named twice".to_owned(),
            });
        }
        // With the same θ: it is no part of the hypothesis.
        let smaller = self.smaller(names, &self.specification)?;
        let estimate = |name: &String| {
            let own = smaller.coefficients().iter().find(|c| c.name == *name);
            own.map_or(0.0, |c| c.estimate)
        };
        let beta: Vec<f64> = self.names().iter().map(estimate).collect();
        let gamma = self.design.coefficients_from_data(&beta);
        let eta = self.problem.predictors(&self.design, &gamma);
        let weights = super::information(&self.problem, &eta);
        let slopes: Vec<f64> = (0..eta.len())
            .map(|i| match self.problem.weight(i) {
                weight if weight > 0.0 => {
                    -weight * self.problem.family.terms(eta[i], self.problem.y[i]).slope
                }
                _ => 0.0,
            })
            .collect();
        let mut score = Mat::zeros(self.parameters(), 1);
        self.each_row(|i, z| {
            for (j, z) in z.iter().enumerate() {
                score[(j, 0)] += slopes[i] * z;
            }
        });
        let inverse = inverse_gram(&self.design, &known(&weights))?;
        let column: Vec<f64> = (0..self.parameters()).map(|j| score[(j, 0)]).collect();
        let statistic = super::quadratic(inverse.as_ref(), &column);
        let q = names.len() as f64;
        let dispersion = self.fit.dispersion();
        Ok(if dispersion.estimated {
            let freedom = self.fit.residual_freedom();
            Test::new(statistic / q / dispersion.value, Reference::F(q, freedom))
        } else {
            Test::new(statistic, Reference::ChiSquare(q))
        })
    }

    /// The analysis of deviance: the terms of the model (groups of columns) added one after the other.
    ///
    /// # Errors
    /// If a name is not known, or a fit of a smaller model fails.
    pub fn deviance_table(&self, terms: &[Vec<String>]) -> Result<Vec<DevianceRow>, FitError> {
        let mut keep: Vec<usize> = Vec::new();
        let first = self.with_columns(&keep, self.problem.intercept, &self.specification);
        // Without intercept and columns there is nothing to fit: the deviance is known.
        let (mut before, mut freedom) = match first {
            Ok(fit) => (fit.deviance(), fit.residual_freedom()),
            Err(_) => (
                self.fit.null_deviance(),
                self.size() - f64::from(u8::from(self.problem.intercept)),
            ),
        };
        let mut rows = vec![DevianceRow {
            columns: Vec::new(),
            deviance: before,
            freedom,
            test: None,
        }];
        for term in terms {
            for name in term {
                let places = &self.problem.data.names;
                let place = places.iter().position(|own| own == name);
                keep.push(place.ok_or_else(|| FitError::UnknownColumn {
                    column: name.clone(),
                })?);
            }
            let fit = self.with_columns(&keep, self.problem.intercept, &self.specification)?;
            let (deviance, left) = (fit.deviance(), fit.residual_freedom());
            rows.push(DevianceRow {
                columns: term.clone(),
                deviance,
                freedom: left,
                // The deviance of a penalised likelihood is no test.
                test: (!self.specification.is_firth())
                    .then(|| drop_test(before - deviance, freedom - left, self.fit)),
            });
            (before, freedom) = (deviance, left);
        }
        Ok(rows)
    }

    /// True if counts are fitted, whose variance is known.
    pub(super) fn has_counts(&self) -> bool {
        self.problem.family.distribution == Distribution::Poisson
    }
}

/// Some columns of the data.
pub(super) fn dense_columns(data: &Observations<'_>, keep: &[usize]) -> Mat<f64> {
    match data.features {
        Explanatory::Dense(x) => Mat::from_fn(x.nrows(), keep.len(), |i, j| x[(i, keep[j])]),
        Explanatory::Leaves { leaves, .. } => {
            let mut out = Mat::zeros(data.rows(), keep.len());
            for (leaf, start) in leaves.starts().windows(2).map(|pair| pair[0]).enumerate() {
                let x = leaves.leaf(leaf);
                for (to, from) in keep.iter().enumerate() {
                    for i in 0..x.nrows() {
                        out[(start + i, to)] = x[(i, *from)];
                    }
                }
            }
            out
        }
        Explanatory::Sparse(x) => {
            let mut out = Mat::zeros(data.rows(), keep.len());
            for i in 0..data.rows() {
                for (column, value) in x.row(i) {
                    if let Some(j) = keep.iter().position(|k| *k == column) {
                        out[(i, j)] += value;
                    }
                }
            }
            out
        }
    }
}
