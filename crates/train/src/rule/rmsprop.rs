//! Steps divided by the root mean square of recent gradients.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, lerp, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// `RMSprop` (Tieleman and Hinton 2012): v ← α v + (1 − α) g², value ← value − rate · g / (√v + ε). Centred (Graves 2013), the
/// square of the running mean of gradients is taken from v first; with momentum μ the step goes along b ← μ b + g / (√v + ε).
/// Defaults and arithmetic of `torch.optim.RMSprop`.
///
/// ```
/// use train::{RmsProp, Rule};
/// let (rule, mut state, mut w) = (RmsProp::new(0.01), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[-3.0]);
/// // v is 0.01 g² after the first step.
/// assert!((w[0] - 1.1).abs() < 1e-8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    /// The length of a step, roughly.
    pub learning_rate: f64,
    /// The weight of the past in the mean of squares.
    pub alpha: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// The weight of the past in the step; 0 for none.
    pub momentum: f64,
    /// Divides by an estimate of the standard deviation instead of the root mean square.
    pub centered: bool,
    /// Times the value, added to the gradient.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl RmsProp {
    /// With this learning rate (PyTorch's is 0.01), α = 0.99, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            alpha: 0.99,
            epsilon: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct RmsEntry<T> {
    rate: T,
    epsilon: T,
    keep: T,
    take: T,
    momentum: T,
    centered: bool,
}

impl<T: Scalar> RmsEntry<T> {
    /// The root of the mean of squares.
    #[inline(always)]
    fn root(self, gradient: T, square: &mut T) -> T {
        *square = *square * self.keep + self.take * gradient * gradient;
        Scalar::sqrt(*square) + self.epsilon
    }

    /// The standard deviation.
    #[inline(always)]
    fn deviation(self, gradient: T, square: &mut T, mean: &mut T) -> T {
        *square = *square * self.keep + self.take * gradient * gradient;
        *mean = lerp(*mean, gradient, self.take);
        Scalar::sqrt(*square - *mean * *mean) + self.epsilon
    }
}

impl<T: Scalar> Entry<T, 1> for RmsEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [square]: &mut [T; 1]) -> T {
        value - self.rate * gradient / self.root(gradient, square)
    }
}

impl<T: Scalar> Entry<T, 2> for RmsEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [square, other]: &mut [T; 2]) -> T {
        if self.centered {
            value - self.rate * gradient / self.deviation(gradient, square, other)
        } else {
            *other = *other * self.momentum + gradient / self.root(gradient, square);
            value - self.rate * *other
        }
    }
}

impl<T: Scalar> Entry<T, 3> for RmsEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [square, mean, buffer]: &mut [T; 3]) -> T {
        let scale = self.deviation(gradient, square, mean);
        *buffer = *buffer * self.momentum + gradient / scale;
        value - self.rate * *buffer
    }
}

impl<T: Scalar> Rule<T> for RmsProp {
    named!("rmsprop");

    fn check(&self) -> Result<(), OptimizerError> {
        error::rate("rmsprop", self.learning_rate)?;
        error::fraction("rmsprop", "alpha", self.alpha)?;
        error::not_negative("rmsprop", "epsilon", self.epsilon)?;
        error::not_negative("rmsprop", "momentum", self.momentum)?;
        error::not_negative("rmsprop", "weight_decay", self.weight_decay)
    }

    fn arrays(&self) -> &'static [&'static str] {
        match (self.centered, self.momentum == 0.0) {
            (false, true) => &["square_avg"],
            (false, false) => &["square_avg", "momentum_buffer"],
            (true, true) => &["square_avg", "grad_avg"],
            (true, false) => &["square_avg", "grad_avg", "momentum_buffer"],
        }
    }

    fn update(&self, _step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = (
            "rmsprop",
            Regularised::new(self.weight_decay, self.maximize),
        );
        let entry = RmsEntry {
            rate: T::from_f64(self.learning_rate),
            epsilon: T::from_f64(self.epsilon),
            keep: T::from_f64(self.alpha),
            take: T::from_f64(1.0 - self.alpha),
            momentum: T::from_f64(self.momentum),
            centered: self.centered,
        };
        let n = value.len();
        match Rule::<T>::arrays(self).len() {
            1 => sweep(how, value, gradient, state.arrays(n, [T::ZERO]), entry),
            2 => sweep(how, value, gradient, state.arrays(n, [T::ZERO; 2]), entry),
            _ => sweep(how, value, gradient, state.arrays(n, [T::ZERO; 3]), entry),
        }
    }
}
