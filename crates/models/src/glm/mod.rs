//! Generalised linear models: a family (how the target is distributed around its mean) over a linear predictor
//! η = β₀ + x·β.
//!
//! A specification such as [`LogisticRegression`] says what is to be fitted; the crate `train` fits it and gives a fitted
//! model such as [`LogisticModel`]. The objective is the *mean* loss plus the penalty; the intercept is never penalised.

mod distribution;
mod family;
mod link;
mod logistic;
mod multinomial;
mod ordered;
mod penalty;
mod predictor;
mod robust;
mod specification;

pub use distribution::{Distribution, Generalised};
pub use family::{BinomialLogit, Family, Terms};
pub use link::{Link, Mean, UnknownName};
pub use logistic::{LogisticModel, LogisticRegression};
pub use multinomial::{MultinomialModel, MultinomialRegression, softmax};
pub use ordered::{BetweenTerms, OrderedModel, OrderedRegression, between, cut_points};
pub use penalty::Penalty;
pub use predictor::PredictError;
pub use robust::{RobustLoss, RobustRegression};
pub use specification::{ClassWeights, GeneralisedLinearModel, GlmModel, Weights};
