//! Gradient descent with momentum.

use linalg::Scalar;

use super::sweep::{Entry, Regularised, sweep};
use super::{OptimizerError, Rule, State, error, named};

/// Gradient descent: value ← value − `learning_rate` · gradient. With momentum μ the step goes along the buffer
/// b ← μ b + (1 − dampening) gradient, which starts at the first gradient; Nesterov's along gradient + μ b (Sutskever, Martens, Dahl
/// and Hinton 2013, in the form of `torch.optim.SGD`).
///
/// ```
/// use train::{Rule, Sgd};
/// let mut w = [1.0_f32, 2.0];
/// Sgd::new(0.5).apply(&mut w, &[1.0, -1.0]);
/// assert_eq!(w, [0.5, 2.5]);
///
/// let sgd = Sgd { momentum: 0.5, ..Sgd::new(1.0) };
/// let (mut state, mut w) = (Default::default(), [0.0_f64]);
/// sgd.update(1, &mut state, &mut w, &[1.0]);
/// sgd.update(2, &mut state, &mut w, &[1.0]);
/// assert_eq!(w, [-2.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// The length of a step along the gradient.
    pub learning_rate: f64,
    /// The weight of the past in the buffer; 0 for none.
    pub momentum: f64,
    /// 1 minus the weight of the gradient in the buffer.
    pub dampening: f64,
    /// Looks ahead along the buffer.
    pub nesterov: bool,
    /// Times the value, added to the gradient: an l2 penalty of half as much.
    pub weight_decay: f64,
    /// Goes up instead of down.
    pub maximize: bool,
}

impl Sgd {
    /// With this learning rate, without momentum and weight decay.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            maximize: false,
        }
    }

    /// One step for a bare slice.
    ///
    /// # Panics
    /// If the lengths differ, or with momentum, which needs a memory: use [`Rule::update`] or an [`Optimizer`](crate::Optimizer).
    #[track_caller]
    pub fn apply<T: Scalar>(&self, value: &mut [T], gradient: &[T]) {
        assert!(
            self.momentum == 0.0,
            "sgd: momentum needs a state; use an optimizer"
        );
        assert_eq!(
            value.len(),
            gradient.len(),
            "sgd: the gradient has another length than the value"
        );
        self.update(1, &mut State::default(), value, gradient);
    }
}

#[derive(Clone, Copy)]
struct Plain<T> {
    rate: T,
}

impl<T: Scalar> Entry<T, 0> for Plain<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, _: &mut [T; 0]) -> T {
        value - self.rate * gradient
    }
}

#[derive(Clone, Copy)]
struct Momentum<T> {
    rate: T,
    keep: T,
    take: T,
    nesterov: bool,
}

impl<T: Scalar> Entry<T, 1> for Momentum<T> {
    #[inline(always)]
    fn moved(self, value: T, gradient: T, [buffer]: &mut [T; 1]) -> T {
        *buffer = *buffer * self.keep + self.take * gradient;
        let along = if self.nesterov {
            gradient + self.keep * *buffer
        } else {
            *buffer
        };
        value - self.rate * along
    }
}

impl<T: Scalar> Rule<T> for Sgd {
    named!("sgd");

    fn check(&self) -> Result<(), OptimizerError> {
        error::rate("sgd", self.learning_rate)?;
        error::not_negative("sgd", "momentum", self.momentum)?;
        error::finite("sgd", "dampening", self.dampening)?;
        error::not_negative("sgd", "weight_decay", self.weight_decay)?;
        if self.nesterov {
            error::nesterov("sgd", self.momentum, self.dampening)?;
        }
        Ok(())
    }

    fn arrays(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 {
            &[]
        } else {
            &["momentum_buffer"]
        }
    }

    /// 2/L for plain descent, 2 (1 + μ)/L with momentum (Polyak 1964), 2 (1 + μ)/((1 + 2 μ) L) with Nesterov's: where the roots of the
    /// recurrence on a quadratic leave the unit circle. Weight decay adds to the curvature.
    fn largest_stable_rate(&self, curvature: f64) -> Option<f64> {
        if self.maximize || self.dampening != 0.0 {
            return None;
        }
        let ahead = if self.nesterov { self.momentum } else { 0.0 };
        let curvature = curvature + self.weight_decay;
        Some(2.0 * (1.0 + self.momentum) / ((1.0 + 2.0 * ahead) * curvature))
    }

    fn update(&self, _step: u64, state: &mut State<T>, value: &mut [T], gradient: &[T]) {
        let how = ("sgd", Regularised::new(self.weight_decay, self.maximize));
        let rate = T::from_f64(self.learning_rate);
        if self.momentum == 0.0 {
            return sweep(how, value, gradient, [], Plain { rate });
        }
        // The buffer starts at the first gradient, whatever the dampening; μ · 0 adds nothing to it.
        let take = if state.is_new() {
            1.0
        } else {
            1.0 - self.dampening
        };
        let entry = Momentum {
            rate,
            keep: T::from_f64(self.momentum),
            take: T::from_f64(take),
            nesterov: self.nesterov,
        };
        let states = state.arrays(value.len(), [T::ZERO]);
        sweep(how, value, gradient, states, entry);
    }
}
