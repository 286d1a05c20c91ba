//! Adam with Nesterov's momentum.

use linalg::Scalar;

use super::adam::Moments;
use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// `NAdam` (Dozat 2016): [`Adam`](crate::Adam) that looks ahead along its mean. Defaults and arithmetic of `torch.optim.NAdam`.
///
/// With μₜ = β₁ (1 − ½ · 0.96^(t ψ)), ψ the momentum decay, and Mₜ = μ₁ ⋯ μₜ: value ← value −
/// rate (1 − μₜ)/(1 − Mₜ) · g/d − rate μₜ₊₁/(1 − Mₜ₊₁) · m/d, d = √(v/(1 − β₂ᵗ)) + ε.
///
/// ```
/// use train::{NAdam, Rule};
/// let rule = NAdam { momentum_decay: 0.0, ..NAdam::new(0.1) };
/// let (mut state, mut w) = (Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[4.0]);
/// // μ = 0.45 at every step: the gradient has the weight 1, the mean of 0.4 the weight 0.45 / (1 - 0.45²).
/// let expected = 1.0 - 0.1 * (1.0 + 0.1 * 0.45 / (1.0 - 0.2025));
/// assert!((w[0] - expected).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NAdam {
    /// The length of a step, roughly.
    pub learning_rate: f64,
    /// The weight of the past in the mean of the gradients, in the end.
    pub beta1: f64,
    /// The weight of the past in the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// Times the value, added to the gradient, or decoupled.
    pub weight_decay: f64,
    /// How fast the momentum rises from half of β₁ to β₁.
    pub momentum_decay: f64,
    /// The decay shrinks the value instead of entering the gradient.
    pub decoupled_weight_decay: bool,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl NAdam {
    /// With this learning rate (PyTorch's is 0.002), β₁ = 0.9, β₂ = 0.999, ε = 1e-8, momentum decay 0.004.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            momentum_decay: 4e-3,
            decoupled_weight_decay: false,
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct NAdamEntry<T> {
    rates: [T; 2],
    correction: T,
    epsilon: T,
    moments: Moments<T>,
}

impl<T: Scalar> Entry<T, 2> for NAdamEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [mean, square]: &mut [T; 2]) -> T {
        self.moments.remember(gradient, mean, square);
        let scale = Scalar::sqrt(*square / self.correction) + self.epsilon;
        let value = value - self.rates[0] * gradient / scale;
        value - self.rates[1] * *mean / scale
    }
}

impl<T: Scalar> Rule<T> for NAdam {
    named!("nadam");

    fn check(&self) -> Result<(), OptimizerError> {
        let betas = [self.beta1, self.beta2];
        let rest = [self.epsilon, self.weight_decay];
        error::adam("nadam", self.learning_rate, betas, rest)?;
        error::not_negative("nadam", "momentum_decay", self.momentum_decay)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["mu_product"]
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        assert!(step > 0, "nadam: steps count from 1");
        let mu = |t: f64| self.beta1 * (1.0 - 0.5 * 0.96_f64.powf(t * self.momentum_decay));
        let (now, next) = (mu(step as f64), mu((step + 1) as f64));
        let product = &mut state.numbers([1.0])[0];
        *product *= now;
        let rates = [
            self.learning_rate * (1.0 - now) / (1.0 - *product),
            self.learning_rate * next / (1.0 - *product * next),
        ];
        let entry = NAdamEntry {
            rates: rates.map(T::from_f64),
            correction: T::from_f64(1.0 - self.beta2.powf(step as f64)),
            epsilon: T::from_f64(self.epsilon),
            moments: Moments::new(self.beta1, self.beta2),
        };
        let (decay, rate) = (self.weight_decay, self.learning_rate);
        let how = Regularised::chosen(self.decoupled_weight_decay, decay, rate, self.maximize);
        let states = state.arrays(value.len(), [T::ZERO; 2]);
        sweep(("nadam", how), value, gradient, states, entry);
    }
}
