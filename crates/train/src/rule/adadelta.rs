//! Steps in the units of the parameters.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Adadelta (Zeiler 2012): v ← ρ v + (1 − ρ) g², Δ = √(u + ε)/√(v + ε) · g, u ← ρ u + (1 − ρ) Δ², value ← value − rate · Δ.
/// Defaults and arithmetic of `torch.optim.Adadelta`.
///
/// ```
/// use train::{Adadelta, Rule};
/// let (rule, mut state, mut w) = (Adadelta::default(), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[2.0]);
/// assert!((w[0] - (1.0 - 2.0 * (1e-6_f64 / (0.1 * 4.0 + 1e-6)).sqrt())).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adadelta {
    /// A factor of the steps.
    pub learning_rate: f64,
    /// The weight of the past in both means of squares.
    pub rho: f64,
    /// Added under both roots; its own root is the scale of the first steps.
    pub epsilon: f64,
    /// Times the value, added to the gradient.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Adadelta {
    /// With this factor of the steps, ρ = 0.9, ε = 1e-6.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            rho: 0.9,
            epsilon: 1e-6,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl Default for Adadelta {
    /// With factor 1.
    fn default() -> Self {
        Self::new(1.0)
    }
}

#[derive(Clone, Copy)]
struct AdadeltaEntry<T> {
    rate: T,
    epsilon: T,
    keep: T,
    take: T,
}

impl<T: Scalar> Entry<T, 2> for AdadeltaEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [square, steps]: &mut [T; 2]) -> T {
        *square = *square * self.keep + self.take * gradient * gradient;
        let scale = Scalar::sqrt(*square + self.epsilon);
        let delta = Scalar::sqrt(*steps + self.epsilon) / scale * gradient;
        *steps = *steps * self.keep + self.take * delta * delta;
        value - self.rate * delta
    }
}

impl<T: Scalar> Rule<T> for Adadelta {
    named!("adadelta");

    fn check(&self) -> Result<(), OptimizerError> {
        error::rate("adadelta", self.learning_rate)?;
        error::fraction("adadelta", "rho", self.rho)?;
        error::not_negative("adadelta", "epsilon", self.epsilon)?;
        error::not_negative("adadelta", "weight_decay", self.weight_decay)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn update(&self, _step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = (
            "adadelta",
            Regularised::new(self.weight_decay, self.maximize),
        );
        let entry = AdadeltaEntry {
            rate: T::from_f64(self.learning_rate),
            epsilon: T::from_f64(self.epsilon),
            keep: T::from_f64(self.rho),
            take: T::from_f64(1.0 - self.rho),
        };
        let states = state.arrays(value.len(), [T::ZERO; 2]);
        sweep(how, value, gradient, states, entry);
    }
}
