#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod descent;
mod error;
mod glm;
mod inference;
pub mod metrics;
mod newton;
mod objective;
mod rule;
mod student;

pub use descent::{Descent, Report};
pub use error::{FitError, Separation};
pub use glm::{Coefficient, Dispersion, Fit, GlmFit, INTERCEPT, LogisticFit};
pub use inference::Inference;
pub use newton::{Certificate, Newton, Outcome, Status, Step};
pub use objective::{
    Differentiable, HessianProducts, LossFunction, Objective, TwiceDifferentiable,
};
pub use rule::{Adam, Optimizer, Rule, Sgd};
