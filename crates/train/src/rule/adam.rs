//! Adam and its descendants.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, lerp, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Adam (Kingma and Ba 2015): steps along a running mean m of gradients, divided by the root of a running mean v of their squares.
///
/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², value ← value − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε). The defaults and
/// the arithmetic are those of `torch.optim.Adam`.
///
/// ```
/// use train::{Adam, Rule};
/// let (adam, mut state, mut w) = (Adam::new(0.1), Default::default(), [1.0_f64]);
/// adam.update(1, &mut state, &mut w, &[4.0]);
/// // The first step has the length of the learning rate.
/// assert!((w[0] - 0.9).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// The length of a step, roughly.
    pub learning_rate: f64,
    /// The weight of the past in the mean of the gradients.
    pub beta1: f64,
    /// The weight of the past in the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// Times the value, added to the gradient; [`AdamW`] for decoupled decay.
    pub weight_decay: f64,
    /// Divides by the largest mean of squares so far (Reddi, Kale and Kumar 2018).
    pub amsgrad: bool,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Adam {
    /// With this learning rate, β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            amsgrad: false,
            maximize: false,
        }
    }

    fn checked(&self, rule: &'static str) -> Result<(), OptimizerError> {
        let betas = [self.beta1, self.beta2];
        let rest = [self.epsilon, self.weight_decay];
        error::adam(rule, self.learning_rate, betas, rest)
    }

    fn names(&self) -> &'static [&'static str] {
        if self.amsgrad {
            &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
        } else {
            &["exp_avg", "exp_avg_sq"]
        }
    }

    fn moved<T: Scalar>(
        &self,
        how: (&'static str, Regularised<T>),
        step: u64,
        state: &mut State<T>,
        value: &mut [T],
        gradient: &[T],
    ) {
        assert!(step > 0, "{}: steps count from 1", how.0);
        let correction = |beta: f64| 1.0 - beta.powf(step as f64);
        let entry = AdamEntry {
            rate: T::from_f64(self.learning_rate / correction(self.beta1)),
            // A product is half the price of a division, for one more rounding.
            inverse_root: T::from_f64(1.0 / correction(self.beta2).sqrt()),
            epsilon: T::from_f64(self.epsilon),
            moments: Moments::new(self.beta1, self.beta2),
        };
        let n = value.len();
        if self.amsgrad {
            let states = state.arrays(n, [T::ZERO; 3]);
            sweep(how, value, gradient, states, entry);
        } else {
            let states = state.arrays(n, [T::ZERO; 2]);
            sweep(how, value, gradient, states, entry);
        }
    }
}

/// How running means of gradients and of their squares go on.
#[derive(Clone, Copy)]
pub(super) struct Moments<T> {
    take: T,
    keep_square: T,
    take_square: T,
}

impl<T: Scalar> Moments<T> {
    pub(super) fn new(beta1: f64, beta2: f64) -> Self {
        Self {
            take: T::from_f64(1.0 - beta1),
            keep_square: T::from_f64(beta2),
            take_square: T::from_f64(1.0 - beta2),
        }
    }

    #[inline(always)]
    pub(super) fn remember(self, gradient: T, mean: &mut T, square: &mut T) {
        *mean = lerp(*mean, gradient, self.take);
        *square = *square * self.keep_square + self.take_square * gradient * gradient;
    }
}

/// The numbers of one step.
#[derive(Clone, Copy)]
struct AdamEntry<T> {
    rate: T,
    inverse_root: T,
    epsilon: T,
    moments: Moments<T>,
}

impl<T: Scalar> AdamEntry<T> {
    #[inline(always)]
    fn step(self, value: T, mean: T, square: T) -> T {
        value - self.rate * mean / (Scalar::sqrt(square) * self.inverse_root + self.epsilon)
    }
}

impl<T: Scalar> Entry<T, 2> for AdamEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [mean, square]: &mut [T; 2]) -> T {
        self.moments.remember(gradient, mean, square);
        self.step(value, *mean, *square)
    }
}

impl<T: Scalar> Entry<T, 3> for AdamEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [mean, square, largest]: &mut [T; 3]) -> T {
        self.moments.remember(gradient, mean, square);
        *largest = largest.larger(*square);
        self.step(value, *mean, *largest)
    }
}

impl<T: Scalar> Rule<T> for Adam {
    named!("adam");

    fn check(&self) -> Result<(), OptimizerError> {
        self.checked("adam")
    }

    fn arrays(&self) -> &'static [&'static str] {
        self.names()
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = Regularised::new(self.weight_decay, self.maximize);
        self.moved(("adam", how), step, state, value, gradient);
    }
}

/// [`Adam`] with decoupled weight decay (Loshchilov and Hutter 2019): the value is multiplied by 1 − rate · decay before the step
/// and the gradient stays as it is. Defaults and arithmetic of `torch.optim.AdamW`.
///
/// ```
/// use train::{AdamW, Rule};
/// let (rule, mut state, mut w) = (AdamW::new(0.1), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[4.0]);
/// assert!((w[0] - (1.0 - 0.1 * 0.01 - 0.1)).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// The length of a step, roughly.
    pub learning_rate: f64,
    /// The weight of the past in the mean of the gradients.
    pub beta1: f64,
    /// The weight of the past in the mean of their squares.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// The part of the value that a step of rate 1 takes away.
    pub weight_decay: f64,
    /// Divides by the largest mean of squares so far.
    pub amsgrad: bool,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl AdamW {
    /// With this learning rate, β₁ = 0.9, β₂ = 0.999, ε = 1e-8, and a decay of 0.01.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
            amsgrad: false,
            maximize: false,
        }
    }

    fn adam(&self) -> Adam {
        Adam {
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
            amsgrad: self.amsgrad,
            maximize: self.maximize,
        }
    }
}

impl<T: Scalar> Rule<T> for AdamW {
    named!("adamw");

    fn check(&self) -> Result<(), OptimizerError> {
        self.adam().checked("adamw")
    }

    fn arrays(&self) -> &'static [&'static str] {
        self.adam().names()
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = Regularised::decoupled(self.weight_decay, self.learning_rate, self.maximize);
        self.adam()
            .moved(("adamw", how), step, state, value, gradient);
    }
}
