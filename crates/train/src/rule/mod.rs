//! Update rules: how a parameter moves, given its gradient.
//!
//! A rule is a settings type with the names and defaults of `torch.optim`, and one formula for an entry. The formulae keep the
//! order of the operations of PyTorch's single-tensor loops, so that trajectories differ by rounding alone.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod clip;
mod decoupled;
mod error;
mod export;
mod lion;
mod nadam;
mod optimizer;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
mod state;
mod sweep;

use linalg::Scalar;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use clip::{clip_norm, clip_value};
pub use decoupled::Decoupled;
pub use error::OptimizerError;
pub(crate) use export::place;
pub use export::{OptimizerState, ParameterState};
pub use lion::Lion;
pub use nadam::NAdam;
pub use optimizer::Optimizer;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use rprop::Rprop;
pub use sgd::Sgd;
pub use state::State;

/// How one parameter moves. What it remembers between steps belongs to the parameter and starts at its default.
///
/// A rule of one's own:
///
/// ```
/// use train::{OptimizerError, Rule, State};
///
/// /// Steps of one length along the signs of the gradient.
/// #[derive(Debug)]
/// struct SignDescent { learning_rate: f64 }
/// impl Rule<f64> for SignDescent {
///     fn name(&self) -> &'static str { "sign descent" }
///     fn learning_rate(&self) -> f64 { self.learning_rate }
///     fn set_learning_rate(&mut self, rate: f64) { self.learning_rate = rate }
///     fn update(&self, _: u64, _: &mut State<f64>, value: &mut [f64], gradient: &[f64]) {
///         value.iter_mut().zip(gradient).for_each(|(x, g)| *x -= self.learning_rate * g.signum());
///     }
/// }
///
/// let mut w = [1.0, 2.0];
/// SignDescent { learning_rate: 0.5 }.update(1, &mut State::default(), &mut w, &[3.0, -0.1]);
/// assert_eq!(w, [0.5, 2.5]);
/// ```
pub trait Rule<T: Scalar> {
    /// What messages call it.
    fn name(&self) -> &'static str;

    /// The learning rate of the next step.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate, as schedules do.
    fn set_learning_rate(&mut self, rate: f64);

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`OptimizerError::Option`] with the first setting that is outside its range.
    fn check(&self) -> Result<(), OptimizerError> {
        error::rate(self.name(), self.learning_rate())
    }

    /// The largest learning rate with which the steps do not diverge on a quadratic cost of this curvature; `None` for rules whose steps
    /// do not grow with the gradient, and where it is not known.
    fn largest_stable_rate(&self, curvature: f64) -> Option<f64> {
        let _ = curvature;
        None
    }

    /// The names of the arrays that are remembered for a parameter, in the order of [`State::arrays`]; PyTorch's names where it
    /// has them. What has no name here is stored under its place.
    fn arrays(&self) -> &'static [&'static str] {
        &[]
    }

    /// The names of the numbers that are remembered, in the order of [`State::numbers`].
    fn numbers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Moves `value` by one step. `step` counts the steps of this parameter, from 1.
    ///
    /// # Panics
    /// If the lengths of value, gradient and state differ.
    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]);
}

/// The two methods of [`Rule`] that every rule with a field `learning_rate` writes alike, and its name.
macro_rules! named {
    ($name:literal) => {
        fn name(&self) -> &'static str {
            $name
        }
        fn learning_rate(&self) -> f64 {
            self.learning_rate
        }
        fn set_learning_rate(&mut self, rate: f64) {
            self.learning_rate = rate;
        }
    };
}
use named;
