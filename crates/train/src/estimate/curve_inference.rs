//! Covariances, tests and residuals of a curve fitted by least squares.

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef};

use super::alone;
use super::covariance::{clustered, named};
use super::error::EstimateError;
use super::hypotheses::wald;
use super::nonlinear_fit::NonlinearFit;
use super::singular::{Curvature, curvature};
use crate::{Covariance, FitError, Reference, Test};

/// A leverage above this is 1.
const ALONE: f64 = 1.0 - 1e-10;
/// A variance of a sandwich below this part of the model's is a rounding error.
const NOTHING: f64 = 1e-10;

impl NonlinearFit {
    /// The covariance of the estimates of a kind, p×p, with rows of √w J for the rows of a design and weighted residuals e for the scores:
    /// `s² (JᵀJ)⁻¹` (expected), `s² H⁻¹` with the exact Hessian H of half the sum of squares (observed), and for errors of unequal
    /// variances or within clusters the sandwiches of [`Covariance`] around `(JᵀJ)⁻¹` (White 1980; Long and Ervin 2000), clusters with the
    /// factor G / (G − 1) · (n − 1) / (n − p), as R's `sandwich::vcovCL` has them.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if the curve meets every observation exactly, an observation has the leverage 1 (HC2, HC3), the clusters do
    /// not fit the observations or determine a parameter alone, or H is not positive definite.
    ///
    /// ```
    /// use train::{Covariance, NonlinearLeastSquares};
    /// // A mean: HC0 is the mean square of the residuals by n.
    /// let y = [1.0, 2.0, 6.0];
    /// let mut mean = NonlinearLeastSquares::new(&[(1, 1)], &y, |p| p[0] + p.constant(&[0.0, 0.0, 0.0]));
    /// let fit = mean.fit(&[0.0])?;
    /// assert!((fit.covariance_of(&Covariance::Hc0)?[(0, 0)] - 14.0 / 9.0).abs() < 1e-12);
    /// assert!((fit.covariance_of(&Covariance::Expected)?[(0, 0)] - 7.0 / 3.0).abs() < 1e-12);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn covariance_of(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        Ok(self.covariance_and_freedom(kind)?.0)
    }

    /// With the degrees of freedom of t statistics.
    pub(super) fn covariance_and_freedom(
        &self,
        kind: &Covariance<'_>,
    ) -> Result<(Mat<f64>, f64), FitError> {
        let (n, p) = (self.weighted.len(), self.estimates.len());
        let variance = self.residual_sd().powi(2);
        let j = Mat::from_fn(n, p, |i, k| self.jacobian[k][i]);
        let mut freedom = self.residual_freedom();
        let matrix = match kind {
            Covariance::Expected => self.covariance().to_owned(),
            Covariance::Observed => {
                let inverse = self.inverse_hessian()?;
                Mat::from_fn(p, p, |a, b| variance * inverse[(a, b)])
            }
            Covariance::Clustered(groups) => {
                let scores = Mat::from_fn(n, p, |i, k| self.weighted[i] * j[(i, k)]);
                let groups = self.of_counting(groups)?;
                let (middle, number) = clustered(scores.as_ref(), self.inverse.as_ref(), &groups)?;
                alone::refuse(
                    j.as_ref(),
                    Some(&groups),
                    self.inverse.as_ref(),
                    self.names(),
                )?;
                freedom = number as f64 - 1.0;
                let factor = (n as f64 - 1.0) / (n - p) as f64;
                Mat::from_fn(p, p, |a, b| factor * middle[(a, b)])
            }
            Covariance::Hc0 | Covariance::Hc1 | Covariance::Hc2 | Covariance::Hc3 => {
                let influence = &j * &self.inverse;
                let omega = self.squares(kind)?;
                alone::refuse(j.as_ref(), None, self.inverse.as_ref(), self.names())?;
                let weighted = Mat::from_fn(n, p, |i, k| omega[i] * influence[(i, k)]);
                influence.transpose() * weighted
            }
        };
        for k in 0..p {
            let model = self.covariance()[(k, k)];
            if !(model > 0.0 && model.is_finite()) {
                return Err(EstimateError::NoResiduals.into());
            }
            let variance = matrix[(k, k)];
            if variance.is_nan() || variance <= NOTHING * model {
                let what = "the covariance by residuals";
                let parameters = named(self.names(), &[k]);
                return Err(EstimateError::Singular { what, parameters }.into());
            }
        }
        Ok((matrix, freedom))
    }

    /// The squared residuals as a kind of sandwich has them.
    fn squares(&self, kind: &Covariance<'_>) -> Result<Vec<f64>, FitError> {
        let (n, p) = (self.weighted.len(), self.estimates.len());
        let leverages = self.leverages_of_counting();
        let divide = matches!(kind, Covariance::Hc2 | Covariance::Hc3);
        if let Some(i) = leverages.iter().position(|h| divide && *h > ALONE) {
            let observation = self.counting[i] + 1;
            return Err(EstimateError::Leverage { observation }.into());
        }
        let one = |i: usize| {
            let square = self.weighted[i].powi(2);
            match kind {
                Covariance::Hc1 => square * n as f64 / (n - p) as f64,
                Covariance::Hc2 => square / (1.0 - leverages[i]),
                Covariance::Hc3 => square / (1.0 - leverages[i]).powi(2),
                _ => square,
            }
        };
        Ok((0..n).map(one).collect())
    }

    /// The groups of the observations that count.
    fn of_counting(&self, groups: &[usize]) -> Result<Vec<usize>, FitError> {
        let (found, observations) = (groups.len(), self.fitted().len());
        if found != observations {
            let what = "groups";
            return Err(EstimateError::Lengths {
                what,
                found,
                observations,
            }
            .into());
        }
        Ok(self.counting.iter().map(|&i| groups[i]).collect())
    }

    fn inverse_hessian(&self) -> Result<Mat<f64>, FitError> {
        let hessian = self.hessian.as_ref();
        let what = "the Hessian of the sum of squares";
        let all = || self.names().to_vec();
        let parameters = match curvature(hessian).map_err(|source| FitError::Linalg { source })? {
            Curvature::Negative(at) | Curvature::Flat(at) => named(self.names(), &at),
            Curvature::Positive => match Cholesky::new(hessian) {
                Ok(factor) => return Ok(factor.inverse()),
                Err(_) => all(),
            },
        };
        Err(EstimateError::Singular { what, parameters }.into())
    }

    /// The leverages of the tangent plane, wᵢ jᵢᵀ (JᵀWJ)⁻¹ jᵢ, for all observations; 0 for those of weight 0. They sum to p.
    pub fn leverages(&self) -> Vec<f64> {
        self.spread(&self.leverages_of_counting())
    }

    pub(super) fn leverages_of_counting(&self) -> Vec<f64> {
        let p = self.estimates.len();
        let one = |i: usize| -> f64 {
            let row: Vec<f64> = self.jacobian.iter().map(|column| column[i]).collect();
            let half = |a: usize| (0..p).map(|b| self.inverse[(a, b)] * row[b]).sum::<f64>();
            (0..p).map(|a| row[a] * half(a)).sum()
        };
        (0..self.weighted.len()).map(one).collect()
    }

    /// Residuals in units of their standard deviations: √wᵢ (yᵢ − fᵢ) / (s √(1 − hᵢ)); 0 for observations of weight 0, and NaN where
    /// the leverage is 1.
    pub fn standardised_residuals(&self) -> Vec<f64> {
        let s = self.residual_sd();
        let each = self.leverages_of_counting().into_iter().zip(&self.weighted);
        let one = |(h, e): (f64, &f64)| {
            if h > ALONE {
                f64::NAN
            } else {
                e / (s * (1.0 - h).sqrt())
            }
        };
        self.spread(&each.map(one).collect::<Vec<_>>())
    }

    /// Cook's distances by the tangent plane: r² h / (p (1 − h)) for standardised residuals r; 0 for observations of weight 0.
    pub fn cooks_distances(&self) -> Vec<f64> {
        let p = self.estimates.len() as f64;
        let each = self
            .standardised_residuals()
            .into_iter()
            .zip(self.leverages());
        each.map(|(r, h)| r * r * h / (p * (1.0 - h))).collect()
    }

    fn spread(&self, counting: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.fitted().len()];
        for (&i, value) in self.counting.iter().zip(counting) {
            out[i] = *value;
        }
        out
    }

    /// Wald's test of the linear hypothesis R θ = r by the tangent plane: F with as many degrees of freedom of the numerator as R has
    /// rows, and n − p of the denominator (one less than there are clusters). R is q×p.
    ///
    /// # Errors
    /// [`FitError::Estimate`] if the sizes do not fit or a row of R follows from others; as [`covariance_of`](Self::covariance_of).
    pub fn wald(
        &self,
        kind: &Covariance<'_>,
        r: MatRef<'_, f64>,
        values: &[f64],
    ) -> Result<Test, FitError> {
        let (matrix, freedom) = self.covariance_and_freedom(kind)?;
        wald(&self.estimates, matrix.as_ref(), r, values, freedom)
    }

    /// The F test of the restrictions that lead from this curve to a smaller one of the same observations and weights:
    /// (S₀ − S) / (p − q) by S / (n − p), as R's `anova` of two `nls` fits (Bates and Watts 1988, 3.10).
    ///
    /// # Errors
    /// [`EstimateError::NotNested`] if the other fit has not fewer parameters, has other observations or weights, or fits better.
    pub fn f_test(&self, restricted: &Self) -> Result<Test, FitError> {
        let drop = self.drop_from(restricted)?;
        let (more, freedom) = (self.restrictions(restricted), self.residual_freedom());
        let statistic = drop / more / self.residual_sd().powi(2);
        Ok(Test::new(statistic, Reference::F(more, freedom)))
    }

    /// The likelihood-ratio test of the same restrictions for normal errors, n ln(S₀ / S), chi-square with p − q degrees of freedom. It
    /// holds for many observations, where the F test is nearly exact for few.
    ///
    /// # Errors
    /// As [`f_test`](Self::f_test).
    pub fn likelihood_ratio(&self, restricted: &Self) -> Result<Test, FitError> {
        let drop = self.drop_from(restricted)?;
        let n = self.weighted.len() as f64;
        let statistic = n * (drop / self.residual_sum_of_squares()).ln_1p();
        let more = self.restrictions(restricted);
        Ok(Test::new(statistic, Reference::ChiSquare(more)))
    }

    fn restrictions(&self, restricted: &Self) -> f64 {
        self.estimates.len() as f64 - restricted.estimates.len() as f64
    }

    /// S₀ − S, if the two can be compared.
    fn drop_from(&self, restricted: &Self) -> Result<f64, FitError> {
        let refuse = |reason: String| Err(EstimateError::NotNested { reason }.into());
        let (p, q) = (self.estimates.len(), restricted.estimates.len());
        if q >= p {
            return refuse(format!("{q} parameters do not restrict {p}"));
        }
        let (n, m) = (self.observations(), restricted.observations());
        if n != m {
            return refuse(format!("they have {n} and {m} observations"));
        }
        let response = |fit: &Self| -> Vec<f64> {
            let parts = fit.fitted().iter().zip(fit.residuals());
            parts.map(|(f, e)| f + e).collect()
        };
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (a.abs() + b.abs() + 1.0);
        let same = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(close);
        if !same(&response(self), &response(restricted)) || self.counting != restricted.counting {
            return refuse("they have other responses".to_owned());
        }
        if !same(&self.weights, &restricted.weights) {
            return refuse("they have other weights".to_owned());
        }
        let (s, s0) = (
            self.residual_sum_of_squares(),
            restricted.residual_sum_of_squares(),
        );
        if s0 < s * (1.0 - 1e-10) {
            return refuse(format!(
                "the smaller one has the smaller sum of squares, {s0} against {s}, so that the larger is not at its minimum"
            ));
        }
        if s == 0.0 {
            return Err(EstimateError::NoResiduals.into());
        }
        Ok((s0 - s).max(0.0))
    }
}
