//! Steps divided by the root of the sum of all squared gradients.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Adagrad (Duchi, Hazan and Singer 2011): s ← s + g², value ← value − rate/(1 + (t − 1) decay) · g / (√s + ε). Defaults and
/// arithmetic of `torch.optim.Adagrad`.
///
/// ```
/// use train::{Adagrad, Rule};
/// let (rule, mut state, mut w) = (Adagrad::new(0.1), Default::default(), [1.0_f64]);
/// rule.update(1, &mut state, &mut w, &[3.0]);
/// rule.update(2, &mut state, &mut w, &[4.0]);
/// assert!((w[0] - (1.0 - 0.1 - 0.1 * 4.0 / 5.0)).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adagrad {
    /// The length of the first step, if the accumulator starts at 0.
    pub learning_rate: f64,
    /// How fast the learning rate falls with the steps, beside the accumulator.
    pub lr_decay: f64,
    /// Where the sum of squares starts.
    pub initial_accumulator_value: f64,
    /// Added to the root of the sum.
    pub epsilon: f64,
    /// Times the value, added to the gradient.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Adagrad {
    /// With this learning rate (PyTorch's is 0.01), ε = 1e-10.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            lr_decay: 0.0,
            initial_accumulator_value: 0.0,
            epsilon: 1e-10,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

#[derive(Clone, Copy)]
struct AdagradEntry<T> {
    rate: T,
    epsilon: T,
}

impl<T: Scalar> Entry<T, 1> for AdagradEntry<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [sum]: &mut [T; 1]) -> T {
        *sum += gradient * gradient;
        value - self.rate * gradient / (Scalar::sqrt(*sum) + self.epsilon)
    }
}

impl<T: Scalar> Rule<T> for Adagrad {
    named!("adagrad");

    fn check(&self) -> Result<(), OptimizerError> {
        let start = self.initial_accumulator_value;
        error::rate("adagrad", self.learning_rate)?;
        error::not_negative("adagrad", "lr_decay", self.lr_decay)?;
        error::not_negative("adagrad", "initial_accumulator_value", start)?;
        error::not_negative("adagrad", "epsilon", self.epsilon)?;
        error::not_negative("adagrad", "weight_decay", self.weight_decay)
    }

    fn arrays(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        assert!(step > 0, "adagrad: steps count from 1");
        let how = (
            "adagrad",
            Regularised::new(self.weight_decay, self.maximize),
        );
        let entry = AdagradEntry {
            rate: T::from_f64(self.learning_rate / (1.0 + (step - 1) as f64 * self.lr_decay)),
            epsilon: T::from_f64(self.epsilon),
        };
        let start = T::from_f64(self.initial_accumulator_value);
        let states = state.arrays(value.len(), [start]);
        sweep(how, value, gradient, states, entry);
    }
}
