#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod descent;
mod error;
mod estimate;
mod gamma;
mod glm;
mod inference;
pub mod metrics;
mod objective;
mod rule;
mod solver;
mod student;

pub use descent::{Descent, Report};
pub use error::{FitError, Separation};
pub use estimate::{
    Covariance, Delta, EstimateError, Heteroscedastic, Likelihood, LikelihoodFit, Natural,
    NonlinearFit, NonlinearLeastSquares, Prediction, ProfileInterval, Range, Test,
};
pub use glm::{
    ClassFit, Coefficient, CrossValidation, Dispersion, Explanatory, Fit, FitOptions, GlmFit,
    INTERCEPT, LogisticFit, MultinomialFit, Observations, OrderedFit, PathOptions, PathPoint,
    RobustFit, Solver, Theta, cross_validate, path,
};
pub use inference::Inference;
pub use objective::{
    Differentiable, HessianProducts, LossFunction, Objective, TwiceDifferentiable,
};
pub use rule::{Adam, Optimizer, Rule, Sgd};
pub use solver::{Certificate, Lbfgs, Newton, NewtonCg, Outcome, Separable, Status, Step};
