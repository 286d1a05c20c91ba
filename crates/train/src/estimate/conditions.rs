//! The conditions behind the statistics of likelihoods and curves of one's own, and what to do where one fails.

use linalg::solve::symmetric_eigen;
use linalg::{Mat, MatRef};

use super::covariance::LikelihoodCovariance;
use super::error::list;
use super::likelihood_fit::LikelihoodFit;
use super::nonlinear_fit::NonlinearFit;
use super::qr::{Qr, columns, norm};
use super::range::Range;
use super::singular::{PART, unit_diagonal};
use crate::solver::Certificate;
use crate::{Condition, Reference, Test};

/// √(largest / smallest eigenvalue) of the scaled information from which parameters are hardly told apart.
const ILL: f64 = 1e4;
/// A ratio of robust and model-based standard errors beyond this, or its inverse, speaks against the distribution.
const APART: f64 = 1.5;

/// The list under construction.
#[derive(Default)]
struct Conditions(Vec<Condition>);

impl Conditions {
    fn add(&mut self, name: &'static str, holds: bool, found: String, remedy: &str) {
        let detail = if holds {
            found
        } else {
            format!("{found}: {remedy}")
        };
        self.0.push(Condition {
            name,
            holds,
            detail,
        });
    }

    fn convergence(&mut self, certificate: &Certificate, distance: f64) {
        self.add(
            "convergence",
            certificate.status == crate::Status::Converged && distance <= 1e-3,
            format!("estimates are within some {distance:.1e} standard errors of the optimum"),
            "the optimum was not reached well enough for the standard errors; start nearer to it, or give parameters similar sizes",
        );
    }

    /// From the inverse of the information, which is positive definite.
    fn information(&mut self, inverse: MatRef<'_, f64>, names: &[String]) {
        // The largest eigenvalue of the inverse has the direction of which the data say least.
        let (index, at) = match symmetric_eigen(unit_diagonal(inverse).0.as_ref()) {
            Ok((values, vectors)) => {
                let last = values.len().saturating_sub(1);
                let ratio = values.last().copied().unwrap_or(1.0)
                    / values.first().map_or(1.0, |v| v.max(f64::MIN_POSITIVE));
                let at = (0..names.len()).filter(|&j| vectors[(j, last)].abs() > PART);
                (ratio.sqrt(), at.map(|j| names[j].clone()).collect())
            }
            Err(_) => (f64::INFINITY, names.to_vec()),
        };
        let holds = index < ILL;
        let found = if holds {
            format!("the condition index of the information is {index:.1}")
        } else {
            format!(
                "the condition index of the information is {index:.1e}, and the data hardly tell {} apart",
                list(&at)
            )
        };
        self.add(
            "information",
            holds,
            found,
            "fix one of these parameters, or write the model in others, such as values of the curve",
        );
    }

    fn minimum(&mut self, negative: Option<&[String]>) {
        let found = match negative {
            None => "the Hessian is positive definite".to_owned(),
            Some(names) => format!(
                "the sum of squares falls or stays when {} change, though the tangent plane has a minimum here",
                list(names)
            ),
        };
        self.add(
            "curvature",
            negative.is_none(),
            found,
            "this is a saddle point, or the residuals are larger than the curve's own bends; start from other points, and use profile intervals",
        );
    }

    fn border(&mut self, names: &[String], ranges: &[Range], estimates: &[f64], errors: &[f64]) {
        let near = |j: usize| ranges[j].border(estimates[j]) < errors[j];
        let at: Vec<String> = (0..names.len())
            .filter(|&j| ranges[j] != Range::Real && near(j))
            .map(|j| names[j].clone())
            .collect();
        if ranges.iter().all(|range| *range == Range::Real) {
            return;
        }
        self.add(
            "border",
            at.is_empty(),
            if at.is_empty() {
                "no restricted parameter is within a standard error of an end of its range".to_owned()
            } else {
                format!("within a standard error of an end of its range is {}", list(&at))
            },
            "Wald's statistics do not hold there; use profile intervals, or a likelihood ratio, whose p-value for a parameter at the border is half",
        );
    }

    fn observations(&mut self, n: usize, p: usize, needed: f64) {
        let share = n as f64 / p as f64;
        self.add(
            "observations",
            share >= needed,
            format!("{share:.1} observations for each parameter"),
            &format!("{needed} are needed for Wald's statistics; use profile intervals, or fewer parameters"),
        );
    }

    /// `shares` are from 0 to 1 and sum to the number of parameters.
    fn domination(&mut self, shares: &[f64], of: &str, counting: &[usize]) {
        let most = shares.iter().fold(0.0_f64, |m, h| m.max(*h));
        let high: Vec<String> = (0..shares.len())
            .filter(|&i| shares[i] > 0.5)
            .map(|i| (counting[i] + 1).to_string())
            .collect();
        let some = high.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        self.add(
            "leverage",
            high.is_empty(),
            if high.is_empty() {
                format!("the largest part of one observation in {of} is {most:.2}")
            } else {
                format!("{} observations (number {some}) are more than half of {of} in some direction", high.len())
            },
            "the fit follows them, and standard errors rest on them; look at them, and fit without them",
        );
    }
}

/// sᵢᵀ (SᵀS)⁻¹ sᵢ for the rows of a matrix of full rank; none where it has not.
fn shares(scores: MatRef<'_, f64>) -> Option<Vec<f64>> {
    let all = columns(scores);
    let lengths: Vec<f64> = all.iter().map(|c| norm(c)).collect();
    if scores.nrows() < scores.ncols() || lengths.contains(&0.0) {
        return None;
    }
    let scaled: Vec<Vec<f64>> = all
        .iter()
        .zip(&lengths)
        .map(|(column, d)| column.iter().map(|x| x / d).collect())
        .collect();
    let qr = Qr::new(scaled.clone());
    if qr.rank(1e-10) < scaled.len() {
        return None;
    }
    let row = |i: usize| scaled.iter().map(|column| column[i]).collect::<Vec<f64>>();
    let share = |i: usize| qr.transposed_solve(&row(i)).iter().map(|z| z * z).sum();
    Some((0..scores.nrows()).map(share).collect())
}

impl LikelihoodFit {
    /// The conditions behind standard errors and p-values, in a fixed order: `convergence` (within 1e-3 standard errors),
    /// `information` (a condition index below 1e4 after scaling, with the parameters that are hardly told apart), `border` (no parameter of
    /// a [`ranged`](super::Likelihood::ranged) model within a standard error of an end of its range), `observations` (10 for each
    /// parameter), `leverage` (no observation with more than half of the outer product of the scores in a direction) and `distribution` (robust
    /// standard errors at most 1.5 times the model's, and the other way round). A Hessian that is indefinite is no fit but an error.
    pub fn validity(&self) -> Vec<Condition> {
        let mut out = Conditions::default();
        let (n, p) = (self.observations(), self.estimates.len());
        out.convergence(&self.certificate, self.certificate.newton_decrement);
        out.information(self.inverse.as_ref(), &self.names);
        let error = |covariance: &Mat<f64>| -> Vec<f64> {
            (0..p).map(|j| covariance[(j, j)].sqrt()).collect()
        };
        let errors = error(&self.inverse);
        out.border(&self.names, &self.ranges, &self.estimates, &errors);
        out.observations(n, p, 10.0);
        let all: Vec<usize> = (0..n).collect();
        if let Some(shares) = shares(self.scores()) {
            out.domination(&shares, "the scores' squares", &all);
        }
        // Few observations say little about a ratio of variances.
        if n >= 10 * p
            && let Ok(robust) = self.covariance(LikelihoodCovariance::Sandwich)
        {
            let ratios = error(&robust).into_iter().zip(&errors).map(|(a, b)| a / b);
            let far = |r: f64| r.max(r.recip());
            let worst = ratios.fold(1.0_f64, |w, r| if far(r) > far(w) { r } else { w });
            out.add(
                "distribution",
                far(worst) <= APART,
                format!("a robust standard error is {worst:.2} times the model's"),
                "the distribution varies otherwise than the model says; use LikelihoodCovariance::Sandwich, or another distribution",
            );
        }
        out.0
    }
}

impl NonlinearFit {
    /// The conditions behind standard errors and p-values, in a fixed order: `convergence` (within 1e-3 standard errors by the
    /// relative offset), `residuals` (more than rounding errors), `information` (a condition index of the scaled Jacobian below 1e4, with the
    /// parameters that are hardly told apart), `curvature` (a positive definite Hessian of the sum of squares), `border` (no parameter of a
    /// [`ranged`](super::NonlinearLeastSquares::ranged) curve within a standard error of an end of its range), `observations` (5 for each
    /// parameter), `leverage` (none above ½) and `variance` (Koenker's test of the squared residuals on the fitted values with a p-value of 0.001
    /// or more).
    pub fn validity(&self) -> Vec<Condition> {
        let mut out = Conditions::default();
        let (n, p) = (self.weighted.len(), self.estimates.len());
        out.convergence(self.certificate(), self.relative_offset());
        let size = |x: &[f64]| self.counting.iter().map(|&i| x[i] * x[i]).sum::<f64>();
        let perfect = size(self.residuals()) <= 1e-24 * size(self.fitted());
        out.add(
            "residuals",
            !perfect,
            if perfect {
                "the curve meets every observation but for rounding errors"
            } else {
                "the residuals are more than rounding errors"
            }
            .to_owned(),
            "standard errors and p-values mean nothing; is the response made from the curve?",
        );
        out.information(self.inverse.as_ref(), self.names());
        if !perfect {
            let negative = super::singular::curvature(self.hessian.as_ref());
            let negative = match negative {
                Ok(super::singular::Curvature::Positive) => None,
                Ok(
                    super::singular::Curvature::Negative(at) | super::singular::Curvature::Flat(at),
                ) => Some(super::covariance::named(self.names(), &at)),
                Err(_) => Some(self.names().to_vec()),
            };
            out.minimum(negative.as_deref());
        }
        let errors: Vec<f64> = (0..p).map(|j| self.covariance()[(j, j)].sqrt()).collect();
        out.border(
            self.names(),
            &self.parameters.ranges,
            &self.estimates,
            &errors,
        );
        out.observations(n, p, 5.0);
        let leverages = self.leverages_of_counting();
        out.domination(
            &leverages,
            "the squares of the tangent plane",
            &self.counting,
        );
        if let Some(test) = self.variance_test().filter(|_| !perfect) {
            out.add(
                "variance",
                test.p_value >= 1e-3,
                format!(
                    "the squared residuals depend on the fitted values with p {:.1e}",
                    test.p_value
                ),
                "the errors have unequal variances; use weights, or Covariance::Hc3",
            );
        }
        out.0
    }

    /// Koenker's (1981) studentised form of the test of Breusch and Pagan: n R² of the regression of the squared (weighted) residuals on
    /// the fitted values, chi-square with one degree of freedom if the variance does not depend on the mean. None for constant fitted values.
    pub fn variance_test(&self) -> Option<Test> {
        let n = self.weighted.len() as f64;
        let squares: Vec<f64> = self.weighted.iter().map(|e| e * e).collect();
        let fitted: Vec<f64> = self.counting.iter().map(|&i| self.fitted()[i]).collect();
        let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
        let (a, b) = (mean(&squares), mean(&fitted));
        let sum = |f: &dyn Fn(usize) -> f64| (0..squares.len()).map(f).sum::<f64>();
        let both = sum(&|i| (squares[i] - a) * (fitted[i] - b));
        let own = sum(&|i| (squares[i] - a).powi(2)) * sum(&|i| (fitted[i] - b).powi(2));
        let size = fitted.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
        let spread = fitted.iter().fold(0.0_f64, |m, f| m.max((f - b).abs()));
        (own > 0.0 && spread > 1e-12 * size)
            .then(|| Test::new(n * both * both / own, Reference::ChiSquare(1.0)))
    }
}
