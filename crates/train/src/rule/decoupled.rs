//! Weight decay for any rule.

use linalg::Scalar;

use super::{OptimizerError, Rule, State, error};

/// Any rule with decoupled weight decay (Loshchilov and Hutter 2019): value ← (1 − rate · decay) value, then the rule's step.
/// With [`Adam`](crate::Adam) it is [`AdamW`](crate::AdamW), with [`Sgd`](crate::Sgd) and momentum the paper's SGDW.
///
/// ```
/// use train::{Adam, AdamW, Decoupled, Rule};
/// let (mut a, mut b) = ([1.0_f64, -2.0], [1.0, -2.0]);
/// Decoupled { rule: Adam::new(0.1), weight_decay: 0.01 }.update(1, &mut Default::default(), &mut a, &[3.0, 4.0]);
/// AdamW::new(0.1).update(1, &mut Default::default(), &mut b, &[3.0, 4.0]);
/// assert_eq!(a, b);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decoupled<R> {
    /// The rule.
    pub rule: R,
    /// The part of the value that a step of rate 1 takes away.
    pub weight_decay: f64,
}

impl<T: Scalar, R: Rule<T>> Rule<T> for Decoupled<R> {
    fn name(&self) -> &'static str {
        self.rule.name()
    }

    fn learning_rate(&self) -> f64 {
        self.rule.learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.rule.set_learning_rate(rate);
    }

    fn check(&self) -> Result<(), OptimizerError> {
        self.rule.check()?;
        error::not_negative(self.rule.name(), "weight_decay", self.weight_decay)
    }

    fn largest_stable_rate(&self, curvature: f64) -> Option<f64> {
        self.rule.largest_stable_rate(curvature)
    }

    fn arrays(&self) -> &'static [&'static str] {
        self.rule.arrays()
    }

    fn numbers(&self) -> &'static [&'static str] {
        self.rule.numbers()
    }

    fn update(&self, step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let keep = T::from_f64(1.0 - self.rule.learning_rate() * self.weight_decay);
        value.iter_mut().for_each(|x| *x *= keep);
        self.rule.update(step, state, value, gradient);
    }
}
