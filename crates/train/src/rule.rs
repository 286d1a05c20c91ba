//! Update rules: how a parameter moves, given its gradient.

use std::collections::HashMap;

use autodiff::Gradients;
use linalg::{Scalar, elementwise, parallel};
use models::Module;

/// How one parameter moves. The state belongs to the parameter and starts at its default.
pub trait Rule<T: Scalar> {
    /// What is remembered between steps.
    type State: Default;
    /// Moves `value` by one step. `step` counts the steps of this parameter, from 1.
    ///
    /// # Panics
    /// If the lengths of value and gradient differ.
    fn update(&self, step: u64, state: &mut Self::State, value: &mut [T], gradient: &[T]);
}

/// Gradient descent: value ← value − `learning_rate` · gradient.
///
/// ```
/// use train::Sgd;
/// let mut w = [1.0_f32, 2.0];
/// Sgd::new(0.5).apply(&mut w, &[1.0, -1.0]);
/// assert_eq!(w, [0.5, 2.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// The length of a step along the gradient.
    pub learning_rate: f64,
}

impl Sgd {
    /// With this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate }
    }

    /// One step for a bare slice.
    ///
    /// # Panics
    /// If the lengths differ.
    #[track_caller]
    pub fn apply<T: Scalar>(&self, value: &mut [T], gradient: &[T]) {
        assert_eq!(
            value.len(),
            gradient.len(),
            "sgd: the gradient has another length than the value"
        );
        let rate = T::from_f64(self.learning_rate);
        for (value, gradient) in value.iter_mut().zip(gradient) {
            *value -= rate * *gradient;
        }
    }
}

impl<T: Scalar> Rule<T> for Sgd {
    type State = ();
    fn update(&self, _step: u64, _state: &mut (), value: &mut [T], gradient: &[T]) {
        self.apply(value, gradient);
    }
}

/// Adam (Kingma and Ba 2015): steps along a running mean of gradients, divided by the root of a running mean of their squares.
/// The defaults and the arithmetic are PyTorch's.
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
}

/// The running means of [`Adam`].
#[derive(Debug, Clone, PartialEq)]
pub struct Moments<T> {
    mean: Vec<T>,
    square: Vec<T>,
}

impl<T> Default for Moments<T> {
    fn default() -> Self {
        Self {
            mean: Vec::new(),
            square: Vec::new(),
        }
    }
}

impl Adam {
    /// With this learning rate, β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl<T: Scalar> Rule<T> for Adam {
    type State = Moments<T>;

    fn update(&self, step: u64, state: &mut Moments<T>, value: &mut [T], gradient: &[T]) {
        let n = value.len();
        assert_eq!(
            n,
            gradient.len(),
            "adam: the gradient has another length than the value"
        );
        assert!(step > 0, "adam: steps count from 1");
        state.mean.resize(n, T::ZERO);
        state.square.resize(n, T::ZERO);
        let correction = |beta: f64| 1.0 - beta.powf(step as f64);
        let step = AdamStep {
            rate: T::from_f64(self.learning_rate / correction(self.beta1)),
            scale: T::from_f64(1.0 / correction(self.beta2).sqrt()),
            epsilon: T::from_f64(self.epsilon),
            keep: [self.beta1, self.beta2].map(T::from_f64),
            take: [1.0 - self.beta1, 1.0 - self.beta2].map(T::from_f64),
        };
        let states = [&mut state.mean[..], &mut state.square[..]];
        in_parts(
            value,
            gradient,
            states,
            &|value, gradient, [mean, square]| {
                elementwise::vectorised(AdamLoop {
                    step,
                    value,
                    gradient,
                    mean,
                    square,
                });
            },
        );
    }
}

/// The numbers of one step of [`Adam`].
#[derive(Debug, Clone, Copy)]
struct AdamStep<T> {
    rate: T,
    scale: T,
    epsilon: T,
    keep: [T; 2],
    take: [T; 2],
}

struct AdamLoop<'a, T> {
    step: AdamStep<T>,
    value: &'a mut [T],
    gradient: &'a [T],
    mean: &'a mut [T],
    square: &'a mut [T],
}

impl<T: Scalar> elementwise::Loop for AdamLoop<'_, T> {
    #[inline(always)]
    fn run(self) {
        let AdamStep {
            rate,
            scale,
            epsilon,
            keep,
            take,
        } = self.step;
        let n = self.value.len();
        let (value, gradient) = (&mut self.value[..n], &self.gradient[..n]);
        let (mean, square) = (&mut self.mean[..n], &mut self.square[..n]);
        for i in 0..n {
            let g = gradient[i];
            mean[i] = keep[0] * mean[i] + take[0] * g;
            square[i] = keep[1] * square[i] + take[1] * g * g;
            value[i] -= rate * mean[i] / (Scalar::sqrt(square[i]) * scale + epsilon);
        }
    }
}

/// Calls `f` with parts of a parameter, its gradient and its state, in parallel if they are long. Entries are independent, so
/// the bits do not depend on the parts.
fn in_parts<T: Scalar, const K: usize>(
    value: &mut [T],
    gradient: &[T],
    states: [&mut [T]; K],
    f: &(impl Fn(&mut [T], &[T], [&mut [T]; K]) + Sync),
) {
    if value.len() <= 2 * parallel::LEAF {
        return f(value, gradient, states);
    }
    let at = value.len() / 2;
    let (value, more) = value.split_at_mut(at);
    let (gradient, rest) = gradient.split_at(at);
    let mut behind = [const { None }; K];
    let mut k = 0;
    let states = states.map(|state| {
        let (state, after) = state.split_at_mut(at);
        behind[k] = Some(after);
        k += 1;
        state
    });
    let behind = behind.map(Option::unwrap_or_default);
    parallel::join(
        || in_parts(value, gradient, states, f),
        || in_parts(more, rest, behind, f),
    );
}

/// A rule with the states of the parameters that it moves.
#[derive(Debug)]
pub struct Optimizer<T: Scalar, R: Rule<T>> {
    rule: R,
    steps: u64,
    /// The steps and the state of every parameter.
    states: HashMap<u64, (u64, R::State)>,
}

impl<T: Scalar, R: Rule<T>> Optimizer<T, R> {
    /// Before the first step.
    pub fn new(rule: R) -> Self {
        Self {
            rule,
            steps: 0,
            states: HashMap::new(),
        }
    }

    /// The number of steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The rule, to change its settings between steps.
    pub fn rule_mut(&mut self) -> &mut R {
        &mut self.rule
    }

    /// Moves every parameter of the model that has a gradient.
    ///
    /// # Panics
    /// If the model has parameters and none of them has a gradient: the gradients are those of another model, such as the
    /// one of which this is a clone.
    #[track_caller]
    pub fn step(&mut self, model: &mut (impl Module<T> + ?Sized), gradients: &Gradients<T>) {
        self.steps += 1;
        let Self { rule, states, .. } = self;
        let (mut parameters, mut moved) = (0_usize, 0_usize);
        model.visit_mut("", &mut |_, parameter| {
            parameters += 1;
            if let Some(gradient) = gradients.parameter(parameter.id()) {
                moved += 1;
                let (steps, state) = states.entry(parameter.id()).or_default();
                *steps += 1;
                rule.update(*steps, state, parameter.as_mut_slice(), gradient.as_slice());
            }
        });
        assert!(
            parameters == 0 || moved > 0,
            "optimizer: none of the {parameters} parameters has a gradient; these are the gradients of another model"
        );
    }
}
