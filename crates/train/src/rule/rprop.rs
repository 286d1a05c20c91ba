//! Step lengths from the signs of gradients.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// `Rprop` (Riedmiller and Braun 1993), for gradients of all data: every entry moves against the sign of its gradient by a length that
/// grows while the sign stays and shrinks when it changes; then the entry rests for a step. Defaults and arithmetic of
/// `torch.optim.Rprop`.
///
/// ```
/// use train::{Rprop, Rule};
/// let (rule, mut state, mut w) = (Rprop::new(0.5), Default::default(), [1.0_f64]);
/// let mut at = |step, g| { rule.update(step, &mut state, &mut w, &[g]); w[0] };
/// // Lengths of 0.5 and 0.6, a rest, and half of that.
/// for ((step, gradient), expected) in [(1, 9.0), (2, 0.1), (3, -1.0), (4, -1.0)].into_iter().zip([0.5, -0.1, -0.1, 0.2]) {
///     assert!((at(step, gradient) - expected).abs() < 1e-15);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rprop {
    /// The length of the first step.
    pub learning_rate: f64,
    /// The factors of a length when the sign changes and when it stays.
    pub etas: [f64; 2],
    /// The smallest and the largest length.
    pub step_sizes: [f64; 2],
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Rprop {
    /// With this first length (PyTorch's is 0.01), factors 0.5 and 1.2, lengths between 1e-6 and 50.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            etas: [0.5, 1.2],
            step_sizes: [1e-6, 50.0],
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct RpropEntry<T> {
    etas: [T; 2],
    sizes: [T; 2],
}

impl<T: Scalar> Entry<T, 2> for RpropEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [previous, size]: &mut [T; 2]) -> T {
        let same = gradient * *previous;
        let (factor, gradient) = if same > T::ZERO {
            (self.etas[1], gradient)
        } else if same < T::ZERO {
            (self.etas[0], T::ZERO)
        } else {
            (T::ONE, gradient)
        };
        let length = *size * factor;
        *size = if length < self.sizes[0] {
            self.sizes[0]
        } else if length > self.sizes[1] {
            self.sizes[1]
        } else {
            length
        };
        *previous = gradient;
        if gradient > T::ZERO {
            value - *size
        } else if gradient < T::ZERO {
            value + *size
        } else {
            // 0, or a NaN, which shall be seen.
            value + gradient
        }
    }
}

impl<T: Scalar> Rule<T> for Rprop {
    named!("rprop");

    fn check(&self) -> Result<(), OptimizerError> {
        error::rate("rprop", self.learning_rate)?;
        error::fraction("rprop", "etas[0]", self.etas[0])?;
        error::not_negative("rprop", "etas[1] - 1", self.etas[1] - 1.0)?;
        let [smallest, largest] = self.step_sizes;
        error::not_negative("rprop", "step_sizes[0]", smallest)?;
        error::not_negative("rprop", "step_sizes[1] - step_sizes[0]", largest - smallest)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["prev", "step_size"]
    }

    fn update(&self, _step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let entry = RpropEntry {
            etas: self.etas.map(T::from_f64),
            sizes: self.step_sizes.map(T::from_f64),
        };
        let how = Regularised::new(0.0, self.maximize);
        let start = [T::ZERO, T::from_f64(self.learning_rate)];
        let states = state.arrays(value.len(), start);
        sweep(("rprop", how), value, gradient, states, entry);
    }
}
