//! Adam with the largest gradient instead of a mean of squares.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, lerp, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Adamax (Kingma and Ba 2015, section 7): m ← β₁ m + (1 − β₁) g, u ← max(β₂ u, |g| + ε), value ← value − rate/(1 − β₁ᵗ) · m/u.
/// Defaults and arithmetic of `torch.optim.Adamax`.
///
/// ```
/// use train::{Adamax, Rule};
/// let (rule, mut state, mut w) = (Adamax::new(0.5), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[4.0]);
/// assert!((w[0] - 0.5).abs() < 1e-8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adamax {
    /// The length of the longest step.
    pub learning_rate: f64,
    /// The weight of the past in the mean of the gradients.
    pub beta1: f64,
    /// How much of the largest gradient is left after a step.
    pub beta2: f64,
    /// Added to the absolute gradient.
    pub epsilon: f64,
    /// Times the value, added to the gradient.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Adamax {
    /// With this learning rate (PyTorch's is 0.002), β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct AdamaxEntry<T> {
    rate: T,
    epsilon: T,
    take: T,
    keep: T,
}

impl<T: Scalar> Entry<T, 2> for AdamaxEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [mean, largest]: &mut [T; 2]) -> T {
        *mean = lerp(*mean, gradient, self.take);
        let size = Scalar::abs(gradient) + self.epsilon;
        *largest = (*largest * self.keep).larger(size);
        value - self.rate * *mean / *largest
    }
}

impl<T: Scalar> Rule<T> for Adamax {
    named!("adamax");

    fn check(&self) -> Result<(), OptimizerError> {
        let betas = [self.beta1, self.beta2];
        let rest = [self.epsilon, self.weight_decay];
        error::adam("adamax", self.learning_rate, betas, rest)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_inf"]
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        assert!(step > 0, "adamax: steps count from 1");
        let correction = 1.0 - self.beta1.powf(step as f64);
        let entry = AdamaxEntry {
            rate: T::from_f64(self.learning_rate / correction),
            epsilon: T::from_f64(self.epsilon),
            take: T::from_f64(1.0 - self.beta1),
            keep: T::from_f64(self.beta2),
        };
        let how = Regularised::new(self.weight_decay, self.maximize);
        let states = state.arrays(value.len(), [T::ZERO; 2]);
        sweep(("adamax", how), value, gradient, states, entry);
    }
}
