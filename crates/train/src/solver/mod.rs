//! How an objective is made small, and what is proved about the result.

mod conjugate;
mod lbfgs;
mod newton;
mod separable;

use std::fmt;

use linalg::{Mat, reduce};

pub use conjugate::NewtonCg;
pub use lbfgs::Lbfgs;
pub use newton::Newton;
pub use separable::Separable;

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The certificate is within the tolerance, or at the rounding error of the objective: no better point can be told apart.
    Converged,
    /// The limit on iterations was reached; the point is the best one met.
    IterationLimit,
    /// No step lowered the objective or its gradient, though the certificate is not within the tolerance.
    Stalled,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged",
            Self::IterationLimit => "iteration limit reached",
            Self::Stalled => "stalled",
        })
    }
}

/// What a solver can say about the point that it returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Why it stopped.
    pub status: Status,
    /// Steps taken.
    pub iterations: usize,
    /// The largest absolute entry of the gradient, in the objective's own units. With an l1 penalty or bounds: of the smallest
    /// subgradient.
    pub gradient_max: f64,
    /// λ = √(gᵀ H⁻¹ g) by the solver's metric H. ½λ² estimates how far the objective is above its minimum; λ is the distance to the
    /// minimiser in the metric of the Hessian.
    pub newton_decrement: f64,
    /// The largest entry of the step from the returned point: an estimate of the error of the worst coordinate.
    pub distance: f64,
    /// The worst backward error of the linear solves; 0 if there were none.
    pub backward_error: f64,
    /// How far the objective can be above its minimum at most, by a point of the dual problem, where there is one.
    pub duality_gap: Option<f64>,
}

/// Where a solver ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The point.
    pub x: Vec<f64>,
    /// The objective there.
    pub value: f64,
    /// The gradient there (of the smooth part, if there is another).
    pub gradient: Vec<f64>,
    /// The last Hessian that was computed, lower triangle: at the point, unless the solver used it for several steps. Empty if the
    /// solver computes none.
    pub hessian: Mat<f64>,
    /// What is known about it.
    pub certificate: Certificate,
}

impl Outcome {
    /// Of a solver that knows gradients and a step but no Hessian.
    fn without_hessian(
        status: Status,
        iterations: usize,
        x: Vec<f64>,
        value: f64,
        gradient: Vec<f64>,
        step: &[f64],
    ) -> Self {
        let certificate = Certificate {
            status,
            iterations,
            gradient_max: reduce::max_abs(&gradient),
            newton_decrement: (-reduce::dot(&gradient, step)).max(0.0).sqrt(),
            distance: reduce::max_abs(step),
            backward_error: 0.0,
            duality_gap: None,
        };
        Self {
            x,
            value,
            gradient,
            hessian: Mat::new(),
            certificate,
        }
    }
}

/// A step that is about to be made, for an observer who knows more about the objective than its values.
#[derive(Debug)]
pub struct Step<'a> {
    /// Steps made before.
    pub iteration: usize,
    /// The point.
    pub x: &'a [f64],
    /// The objective there.
    pub value: f64,
    /// The direction.
    pub direction: &'a [f64],
    /// λ at the point.
    pub newton_decrement: f64,
}

/// A point is as good as the minimum when half its squared decrement is below this many rounding errors of the objective.
const NEGLIGIBLE: f64 = 1e-8 * f64::EPSILON;

/// The size of an objective for the judgement of rounding errors: a perfect fit has the value 0, but not to more digits than the
/// objective had at the start.
fn size(value: f64, start: f64) -> f64 {
    (value.abs() + f64::EPSILON * start.abs()).max(f64::MIN_POSITIVE)
}

/// True if nothing is left to gain: by the decrement, in rounding errors of the value.
pub(crate) fn negligible(decrement: f64, value: f64) -> bool {
    0.5 * decrement * decrement <= NEGLIGIBLE * value.abs().max(f64::MIN_POSITIVE)
}

/// Whether a trial is better: by its value, or near the minimum, where differences of values are all rounding, by its gradient.
fn better(trial: (f64, &[f64]), current: (f64, &[f64]), expected: f64) -> bool {
    let close = 64.0 * f64::EPSILON * current.0.abs();
    trial.0 <= current.0 + 1e-4 * expected
        || (trial.0 - current.0).abs() <= close
            && reduce::max_abs(trial.1) < reduce::max_abs(current.1)
}
