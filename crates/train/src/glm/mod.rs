//! Fitting generalised linear models.

mod fit;
mod likelihood;
mod logistic;
mod objective;
mod problem;
mod report;
mod separation;
mod solve;

use datasets::Dataset;

pub use self::fit::{Dispersion, GlmFit};
pub use self::logistic::LogisticFit;
use crate::{FitError, Inference};

/// The name of the intercept among the coefficients.
pub const INTERCEPT: &str = "(intercept)";

/// A specification that can be fitted to data.
pub trait Fit {
    /// What comes out.
    type Fitted;
    /// Fits the specification.
    ///
    /// # Errors
    /// [`FitError`], with the names of the columns or the rows at fault.
    fn fit(&self, data: &Dataset) -> Result<Self::Fitted, FitError>;
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
