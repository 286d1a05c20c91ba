//! Likelihoods and curves of one's own: parameters go in, a closure over variables says the model, and all derivatives are exact.

mod alone;
mod conditions;
mod covariance;
mod curve;
mod curve_inference;
pub(crate) mod delta;
mod error;
mod hypotheses;
mod levenberg;
mod likelihood;
mod likelihood_fit;
mod likelihood_inference;
mod nonlinear;
mod nonlinear_fit;
mod polish;
mod qr;
mod range;
mod recording;
mod report;
mod singular;

pub use covariance::LikelihoodCovariance;
pub use delta::Delta;
pub use error::EstimateError;
pub use likelihood::Likelihood;
pub use likelihood_fit::LikelihoodFit;
pub use nonlinear::NonlinearLeastSquares;
pub use nonlinear_fit::{NonlinearFit, Prediction};
pub use range::{Natural, Range};
