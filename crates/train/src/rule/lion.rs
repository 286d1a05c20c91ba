//! Steps along the signs of a momentum.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2): value ← value − rate (sign(β₁ m + (1 − β₁) g)
/// + decay · value), then m ← β₂ m + (1 − β₂) g. The decay is decoupled.
///
/// ```
/// use train::{Lion, Rule};
/// let (rule, mut state, mut w) = (Lion::new(0.25), Default::default(), [1.0_f64, 1.0, 1.0]);
/// rule.update(1, &mut state, &mut w, &[1e-9, -7.0, 0.0]);
/// assert_eq!(w, [0.75, 1.25, 1.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    /// The length of every step; about a third to a tenth of Adam's.
    pub learning_rate: f64,
    /// The weight of the momentum in the direction of the step.
    pub beta1: f64,
    /// The weight of the past in the momentum.
    pub beta2: f64,
    /// The part of the value that a step of rate 1 takes away.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Lion {
    /// With this learning rate (the paper's code has 1e-4), β₁ = 0.9, β₂ = 0.99, without decay.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.99,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct LionEntry<T> {
    rate: T,
    keep: [T; 2],
    take: [T; 2],
}

impl<T: Scalar> Entry<T, 1> for LionEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [momentum]: &mut [T; 1]) -> T {
        let along = *momentum * self.keep[0] + gradient * self.take[0];
        *momentum = *momentum * self.keep[1] + self.take[1] * gradient;
        if along > T::ZERO {
            value - self.rate
        } else if along < T::ZERO {
            value + self.rate
        } else {
            // 0, or a NaN, which shall be seen.
            value + along
        }
    }
}

impl<T: Scalar> Rule<T> for Lion {
    named!("lion");

    fn check(&self) -> Result<(), OptimizerError> {
        error::rate("lion", self.learning_rate)?;
        error::fraction("lion", "beta1", self.beta1)?;
        error::fraction("lion", "beta2", self.beta2)?;
        error::not_negative("lion", "weight_decay", self.weight_decay)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["exp_avg"]
    }

    fn update(&self, _step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = Regularised::decoupled(self.weight_decay, self.learning_rate, self.maximize);
        let betas = [self.beta1, self.beta2];
        let entry = LionEntry {
            rate: T::from_f64(self.learning_rate),
            keep: betas.map(T::from_f64),
            take: betas.map(|beta| T::from_f64(1.0 - beta)),
        };
        let states = state.arrays(value.len(), [T::ZERO]);
        sweep(("lion", how), value, gradient, states, entry);
    }
}
