#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod chi_square;
mod descent;
mod error;
mod estimate;
mod gamma;
mod glm;
mod inference;
pub mod metrics;
mod normal;
mod objective;
mod rule;
pub mod selection;
mod solver;
mod student;

pub use descent::{Descent, Report};
pub use error::{FitError, Separation};
pub use estimate::{
    Delta, EstimateError, Heteroscedastic, Likelihood, LikelihoodCovariance, LikelihoodFit,
    Natural, NonlinearFit, NonlinearLeastSquares, Prediction, ProfileInterval, Range,
};
pub use glm::{
    Analysis, Bootstrap, Calibration, ClassFit, Coefficient, Condition, Covariance,
    CrossValidation, DevianceRow, Dispersion, Effect, Explanatory, Fit, FitOptions, GlmFit,
    HosmerLemeshow, INTERCEPT, Influence, Interval, LogisticFit, MultinomialFit, Observations,
    OrderedFit, Overdispersion, PathOptions, PathPoint, Predicted, Reference, Residual, RobustFit,
    Solver, Test, Theta, cross_validate, likelihood_ratio, path, validity,
};
pub use inference::Inference;
pub use objective::{
    Differentiable, HessianProducts, LossFunction, Objective, TwiceDifferentiable,
};
pub use rule::{Adam, Optimizer, Rule, Sgd};
pub use solver::{Certificate, Lbfgs, Newton, NewtonCg, Outcome, Separable, Status, Step};
