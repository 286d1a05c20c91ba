//! Covariances of the estimates that are sums over rows.

use std::ops::Range;
use std::sync::Mutex;

use linalg::rows::BLOCK;
use linalg::solve::Cholesky;
use linalg::{Mat, MatRef};
use models::glm::Family;

use super::super::Coefficient;
use super::super::information::gram;
use super::sums::{ALONE, SumAnalysis};
use super::{Covariance, lone};
use crate::{FitError, Inference};

impl SumAnalysis<'_> {
    /// The covariance of the coefficients; NaN for those that are [`undetermined`](Self::undetermined).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the estimate of it does not exist: an observed information that is not positive definite, no residual
    /// degrees of freedom, a perfect fit, nearly separated classes, Firth's penalty beside a sandwich. [`FitError::InMemory`] of clusters,
    /// for which [`Analysis::covariance`](super::Analysis::covariance) is.
    pub fn covariance(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        let refuse = |reason: String| Err(FitError::Inference { reason });
        if !matches!(kind, Covariance::Expected | Covariance::Observed) {
            self.refuse_sandwich()?;
        }
        let meat = match kind {
            Covariance::Expected | Covariance::Observed => {
                let dispersion = self.dispersion();
                if dispersion.is_nan() {
                    return refuse(
                        "there are as many coefficients as rows, so the dispersion cannot be estimated; leave columns out".to_owned(),
                    );
                }
                let inverse = match kind {
                    Covariance::Expected => self.inverse.clone(),
                    _ => self.observed()?,
                };
                let inverse = Mat::from_fn(inverse.nrows(), inverse.ncols(), |i, j| {
                    dispersion * inverse[(i, j)]
                });
                return Ok(self.design.covariance_to_data(inverse.as_ref()));
            }
            Covariance::Clustered(_) => {
                return Err(FitError::InMemory {
                    what: "a clustered covariance",
                });
            }
            _ => {
                let mut larger = 1.0;
                if *kind == Covariance::Hc1 {
                    let (n, p) = (self.size(), self.parameters() as f64);
                    if n <= p {
                        return refuse(format!(
                            "{n} rows leave no degrees of freedom for {p} coefficients"
                        ));
                    }
                    larger = n / (n - p);
                }
                self.meat(kind, larger)
            }
        };
        self.sandwich(&meat, &self.undetermined(kind))
    }

    /// A (meat) A on the scale of the data, without the coefficients that a row or cluster determines alone.
    pub(super) fn sandwich(&self, meat: &Mat<f64>, alone: &[bool]) -> Result<Mat<f64>, FitError> {
        let sandwich = &self.inverse * meat * &self.inverse;
        let mut sandwich = self.design.covariance_to_data(sandwich.as_ref());
        let model = self.design.covariance_to_data(self.inverse.as_ref());
        if lone::vanishes(&sandwich, &model, self.dispersion(), alone) {
            return Err(FitError::Inference {
                reason: format!(
                    "{}; use profile intervals (--profile) or Firth's penalty (--firth)",
                    lone::VANISHES
                ),
            });
        }
        lone::without(&mut sandwich, alone);
        Ok(sandwich)
    }

    /// Σ fᵢ uᵢ² zᵢ zᵢᵀ.
    fn meat(&self, kind: &Covariance<'_>, larger: f64) -> Mat<f64> {
        let leverages = matches!(kind, Covariance::Hc2 | Covariance::Hc3);
        let factor = |leverage: f64| match kind {
            Covariance::Hc1 => larger,
            // A row that determines a coefficient alone has a score of 0, and no share in the others.
            Covariance::Hc2 | Covariance::Hc3 if leverage > ALONE => 0.0,
            Covariance::Hc2 => 1.0 / (1.0 - leverage),
            Covariance::Hc3 => (1.0 - leverage).powi(-2),
            _ => 1.0,
        };
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            let (mut memory, mut matrix) = ([0.0; BLOCK], Mat::new());
            for (k, out) in out.chunks_mut(BLOCK).enumerate() {
                let from = rows.start + k * BLOCK;
                let (rows, eta) = (from..from + out.len(), &mut memory[..out.len()]);
                self.at
                    .predictors(&self.problem, &self.design, rows.clone(), eta);
                if leverages {
                    self.leverages_of(rows.clone(), eta, &mut matrix, out);
                }
                for ((row, eta), out) in rows.zip(eta).zip(out) {
                    let score = self.score_of(row, *eta);
                    *out = if self.inside(row) > 0.0 {
                        self.copies(row) * factor(*out) * score * score
                    } else {
                        0.0
                    };
                }
            }
        };
        symmetric(gram(&self.design, &weights).as_ref())
    }

    /// Refuses sandwiches that would be of rounding errors, or of another likelihood.
    pub(super) fn refuse_sandwich(&self) -> Result<(), FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        if self.specification.is_firth() {
            return refuse(lone::FIRTH);
        }
        if self.fit.residual_freedom() <= 0.0 {
            return refuse(
                "there are as many coefficients as rows, so residuals are 0 whatever the truth; leave columns out",
            );
        }
        if self.is_perfect() {
            return refuse(
                "the fit is perfect but for rounding errors, so residuals say nothing about standard errors; is the target made from the columns?",
            );
        }
        Ok(())
    }

    /// The inverse of the observed information with dispersion 1.
    fn observed(&self) -> Result<Mat<f64>, FitError> {
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            self.at
                .predictors(&self.problem, &self.design, rows.clone(), out);
            for (row, out) in rows.zip(out) {
                *out = match self.problem.weight(row) {
                    weight if weight > 0.0 => {
                        let terms = self.problem.family.terms(*out, self.problem.y[row]);
                        weight * terms.curvature
                    }
                    _ => 0.0,
                };
            }
        };
        let factor = Cholesky::new(gram(&self.design, &weights).as_ref());
        Ok(factor
            .map_err(|_| FitError::Inference {
                reason: "the observed information is not positive definite; use the expected one"
                    .to_owned(),
            })?
            .inverse())
    }

    /// The coefficients that one row determines alone: its score is 0 whatever the truth, so no sandwich says anything about them, and
    /// [`covariance`](Self::covariance) has NaN there. Of clusters none is known here.
    pub fn undetermined(&self, kind: &Covariance<'_>) -> Vec<bool> {
        let d = self.parameters();
        let mut out = vec![false; d];
        if matches!(
            kind,
            Covariance::Expected | Covariance::Observed | Covariance::Clustered(_)
        ) {
            return out;
        }
        let directions = Mutex::new(Vec::new());
        let cut = self.problem.cut.of_whole_leaves();
        cut.for_each_leaf(&|leaf| {
            self.blocks(leaf, true, |rows, _, leverages| {
                for (row, leverage) in rows.zip(leverages) {
                    if *leverage > ALONE
                        && let Ok(mut directions) = directions.lock()
                    {
                        let z = self.design.row(row);
                        let entry =
                            |a: usize| (0..d).map(|b| self.inverse[(a, b)] * z[b]).sum::<f64>();
                        directions.extend((0..d).map(entry));
                    }
                }
            });
        });
        let mine: Vec<f64> = directions.into_inner().unwrap_or_default();
        let all = cut.communicator().gather_numbers(&mine).concat();
        let model = self.design.covariance_to_data(self.inverse.as_ref());
        for direction in all.chunks(d.max(1)) {
            let beta = self.design.coefficients_to_data(direction);
            lone::mark(&mut out, &beta, model.as_ref());
        }
        out
    }

    /// A covariance of the coefficients, and their statistics by it: z, or t with the residual degrees of freedom where a dispersion was
    /// estimated. None for a coefficient that one row determines alone.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn statistics_of(
        &self,
        kind: &Covariance<'_>,
    ) -> Result<(Mat<f64>, Vec<Coefficient>), FitError> {
        let covariance = self.covariance(kind)?;
        let estimated = self.fit.dispersion().estimated;
        let freedom = estimated.then(|| self.fit.residual_freedom());
        let coefficients = self.statistics(covariance.as_ref(), freedom);
        Ok((covariance, coefficients))
    }

    pub(super) fn statistics(
        &self,
        covariance: MatRef<'_, f64>,
        freedom: Option<f64>,
    ) -> Vec<Coefficient> {
        let all = self.fit.coefficients().iter().enumerate();
        all.map(|(j, c)| {
            let error = covariance[(j, j)].sqrt();
            let inference = match freedom {
                Some(freedom) => Inference::student(c.estimate, error, freedom),
                None => Inference::wald(c.estimate, error),
            };
            Coefficient {
                inference: (!error.is_nan()).then_some(inference),
                ..c.clone()
            }
        })
        .collect()
    }
}

/// Both triangles of a matrix that has the lower one.
fn symmetric(a: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i.max(j), i.min(j))])
}
