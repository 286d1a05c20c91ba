#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod chi_square;
mod descent;
mod error;
mod estimate;
mod gamma;
mod glm;
mod inference;
mod journal;
pub mod metrics;
mod module_loss;
#[cfg(feature = "mpi")]
pub mod mpi;
mod normal;
mod objective;
mod profile;
mod progress;
mod rule;
pub mod schedule;
pub mod selection;
mod shared;
mod solver;
mod student;
mod tails;
mod trainer;

pub use descent::{Descent, DescentReport};
pub use error::{FitError, Separation};
pub use estimate::{
    Delta, EstimateError, Likelihood, LikelihoodCovariance, LikelihoodFit, Natural, NonlinearFit,
    NonlinearLeastSquares, Prediction, Range,
};
pub use glm::{
    Analysis, Bootstrap, Calibration, ClassAnalysis, ClassFit, Coefficient, Condition, Covariance,
    CrossValidation, DevianceRow, Dispersion, Effect, Explanatory, Fit, FitOptions, GlmFit,
    HosmerLemeshow, INTERCEPT, Influence, Interval, LogisticFit, MultinomialFit, Observations,
    OrderedFit, Overdispersion, PathOptions, PathPoint, Predicted, Reference, Residual, RobustFit,
    Solver, SumAnalysis, Test, Theta, cross_validate, folds, likelihood_ratio, path, validity,
    validity_with_rows,
};
pub use inference::Inference;
pub use journal::Journal;
pub use module_loss::ModuleLoss;
pub use objective::{
    Differentiable, HessianProducts, LossFunction, Objective, TwiceDifferentiable,
};
pub use profile::ProfileInterval;
pub use progress::Progress;
pub use rule::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Decoupled, Lion, NAdam, Optimizer, OptimizerError,
    OptimizerState, ParameterState, RAdam, RmsProp, Rprop, Rule, Sgd, State, clip_norm, clip_value,
};
pub use shared::{SharedEpoch, SharedTraining};
pub use solver::{Certificate, Lbfgs, Newton, NewtonCg, Outcome, Separable, Status, Step};
pub use trainer::{
    EarlyStopping, Epoch, History, StepReport, Stopped, TrainError, Trained, Trainer, Warning,
};
