//! Adam that waits until its mean of squares is worth something.

use linalg::Scalar;

use super::adam::Moments;
use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// `RAdam` (Liu et al. 2020): [`Adam`](crate::Adam) with steps along the mean alone while the variance of the mean of squares is not
/// bounded (ρₜ ≤ 5; five steps with β₂ = 0.999), and times √((ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)) from then on, where
/// ρ∞ = 2/(1−β₂) − 1 and ρₜ = ρ∞ − 2 t β₂ᵗ/(1−β₂ᵗ). Defaults and arithmetic of `torch.optim.RAdam`.
///
/// ```
/// use train::{RAdam, Rule};
/// let (rule, mut state, mut w) = (RAdam::new(0.1), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[4.0]);
/// // The first steps are those of gradient descent with a corrected momentum.
/// assert!((w[0] - 0.6).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RAdam {
    /// The length of a step, roughly, after the first ones.
    pub learning_rate: f64,
    /// The weight of the past in the mean of the gradients.
    pub beta1: f64,
    /// The weight of the past in the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// Times the value, added to the gradient, or decoupled.
    pub weight_decay: f64,
    /// The decay shrinks the value instead of entering the gradient.
    pub decoupled_weight_decay: bool,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl RAdam {
    /// With this learning rate (PyTorch's is 0.001), β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }

    /// The factor for the variance; `None` while it is not bounded.
    fn rectification(&self, step: u64) -> Option<f64> {
        let decayed = self.beta2.powf(step as f64);
        let limit = 2.0 / (1.0 - self.beta2) - 1.0;
        let rho = limit - 2.0 * step as f64 * decayed / (1.0 - decayed);
        (rho > 5.0).then(|| {
            ((rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho)).sqrt()
        })
    }
}

#[derive(Clone, Copy)]
struct RAdamEntry<T> {
    rate: T,
    correction: T,
    root: T,
    epsilon: T,
    moments: Moments<T>,
    rectification: T,
    rectified: bool,
}

impl<T: Scalar> Entry<T, 2> for RAdamEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [mean, square]: &mut [T; 2]) -> T {
        self.moments.remember(gradient, mean, square);
        let along = *mean / self.correction * self.rate;
        if self.rectified {
            let scale = self.root / (Scalar::sqrt(*square) + self.epsilon);
            value - along * scale * self.rectification
        } else {
            value - along
        }
    }
}

impl<T: Scalar> Rule<T> for RAdam {
    named!("radam");

    fn check(&self) -> Result<(), OptimizerError> {
        let betas = [self.beta1, self.beta2];
        let rest = [self.epsilon, self.weight_decay];
        error::adam("radam", self.learning_rate, betas, rest)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        assert!(step > 0, "radam: steps count from 1");
        let correction = |beta: f64| 1.0 - beta.powf(step as f64);
        let rectification = self.rectification(step);
        let entry = RAdamEntry {
            rate: T::from_f64(self.learning_rate),
            correction: T::from_f64(correction(self.beta1)),
            root: T::from_f64(correction(self.beta2).sqrt()),
            epsilon: T::from_f64(self.epsilon),
            moments: Moments::new(self.beta1, self.beta2),
            rectification: T::from_f64(rectification.unwrap_or(1.0)),
            rectified: rectification.is_some(),
        };
        let (decay, rate) = (self.weight_decay, self.learning_rate);
        let how = Regularised::chosen(self.decoupled_weight_decay, decay, rate, self.maximize);
        let states = state.arrays(value.len(), [T::ZERO; 2]);
        sweep(("radam", how), value, gradient, states, entry);
    }
}
