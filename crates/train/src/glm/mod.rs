//! Fitting generalised linear models.

mod analysis;
mod blocks;
mod classes;
mod columns;
mod coordinate;
mod cross_validation;
mod duality;
mod firth;
mod fit;
mod information;
mod likelihood;
mod logistic;
mod multinomial;
mod multinomial_firth;
mod multinomial_solve;
mod objective;
mod observations;
mod options;
mod ordered;
mod path;
mod problem;
pub(crate) mod report;
mod robust;
mod separation;
mod softmax;
mod solve;
mod terms;
mod theta;
mod working;

use datasets::Dataset;

pub use self::analysis::{
    Analysis, Bootstrap, Calibration, ClassAnalysis, Condition, Covariance, DevianceRow, Effect,
    HosmerLemeshow, Influence, Interval, Overdispersion, Predicted, Reference, Residual,
    SumAnalysis, Test, likelihood_ratio, validity, validity_with_rows,
};
pub(crate) use self::analysis::{in_variances, lone};
pub use self::classes::ClassFit;
pub use self::cross_validation::{CrossValidation, cross_validate, folds};
pub use self::fit::{Dispersion, GlmFit, Theta};
pub use self::logistic::LogisticFit;
pub use self::multinomial::MultinomialFit;
pub use self::observations::{Explanatory, Observations};
pub use self::options::{FitOptions, Solver};
pub use self::ordered::OrderedFit;
pub use self::path::{PathOptions, PathPoint, path};
pub use self::robust::RobustFit;
use crate::{FitError, Inference};

/// The name of the intercept among the coefficients.
pub const INTERCEPT: &str = "(intercept)";

/// A specification that can be fitted to data.
pub trait Fit {
    /// What comes out.
    type Fitted;

    /// Fits the specification to data that are borrowed, dense or sparse.
    ///
    /// # Errors
    /// [`FitError`], with the names of the columns or the rows at fault.
    fn fit_observations(
        &self,
        observations: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<Self::Fitted, FitError>;

    /// Fits the specification, in the way that suits it.
    ///
    /// # Errors
    /// [`FitError`], with the names of the columns or the rows at fault.
    fn fit(&self, data: &Dataset) -> Result<Self::Fitted, FitError> {
        self.fit_observations(&data.into(), &FitOptions::default())
    }

    /// Fits the specification in the way that the options say.
    ///
    /// # Errors
    /// [`FitError`], with the names of the columns or the rows at fault.
    fn fit_with(&self, data: &Dataset, options: &FitOptions) -> Result<Self::Fitted, FitError> {
        self.fit_observations(&data.into(), options)
    }
}

/// One coefficient of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// The name of the column; `(intercept)` for the intercept.
    pub name: String,
    /// The estimate.
    pub estimate: f64,
    /// What the sample says about its uncertainty; `None` for a penalised fit, whose estimates are biased on purpose.
    pub inference: Option<Inference>,
}
