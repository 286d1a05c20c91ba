//! Update rules: how a parameter moves, given its gradient.

use std::collections::HashMap;

use autodiff::Gradients;
use linalg::Scalar;
use models::Module;

/// How one parameter moves. The state belongs to the parameter and starts at its default.
pub trait Rule<T: Scalar> {
    /// What is remembered between steps.
    type State: Default;
    /// Moves `value` by one step. `step` counts from 1.
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

/// A rule with the states of the parameters that it moves.
#[derive(Debug)]
pub struct Optimizer<T: Scalar, R: Rule<T>> {
    rule: R,
    steps: u64,
    states: HashMap<u64, R::State>,
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
        let Self {
            rule,
            steps,
            states,
        } = self;
        let (mut parameters, mut moved) = (0_usize, 0_usize);
        model.visit_mut("", &mut |_, parameter| {
            parameters += 1;
            if let Some(gradient) = gradients.parameter(parameter.id()) {
                moved += 1;
                let state = states.entry(parameter.id()).or_default();
                rule.update(*steps, state, parameter.as_mut_slice(), gradient.as_slice());
            }
        });
        assert!(
            parameters == 0 || moved > 0,
            "optimizer: none of the {parameters} parameters has a gradient; these are the gradients of another model"
        );
    }
}
