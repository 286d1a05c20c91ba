//! What fits of several classes say without their data.

use super::super::super::{ClassFit, Coefficient, MultinomialFit, OrderedFit};
use super::super::{Reference, Test};
use super::refuse;
use crate::{FitError, Status};

impl ClassFit {
    /// The likelihood-ratio test against a fit whose columns are a part of this one's.
    ///
    /// # Errors
    /// [`FitError::Inference`] if the fits are not nested, are penalised, did not reach their optimum, or have other rows, targets or classes.
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
        let reached = |fit: &ClassFit| fit.certificate().status == Status::Converged;
        if !reached(self) || !reached(smaller) {
            return Err(refuse(
                "a fit did not reach its optimum; allow more iterations",
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

    fn report(&mut self, coefficients: Vec<Coefficient>) {
        let same = |(a, b): (&Coefficient, &Coefficient)| a.name == b.name;
        assert!(
            coefficients.len() == self.coefficients.len()
                && coefficients.iter().zip(&self.coefficients).all(same),
            "statistics of other coefficients"
        );
        self.coefficients = coefficients;
    }
}

impl MultinomialFit {
    /// The same fit with other statistics of its coefficients, as [`ClassAnalysis::coefficients`](super::ClassAnalysis::coefficients)
    /// gives them.
    ///
    /// # Panics
    /// If these are other coefficients.
    #[must_use]
    pub fn reported(mut self, coefficients: Vec<Coefficient>) -> Self {
        self.fit.report(coefficients);
        self
    }
}

impl OrderedFit {
    /// The same fit with other statistics of its coefficients, as [`ClassAnalysis::coefficients`](super::ClassAnalysis::coefficients)
    /// gives them.
    ///
    /// # Panics
    /// If these are other coefficients.
    #[must_use]
    pub fn reported(mut self, coefficients: Vec<Coefficient>) -> Self {
        self.fit.report(coefficients);
        self
    }
}
