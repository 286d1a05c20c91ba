//! A rule with the memory of the parameters that it moves.

use std::collections::HashMap;
use std::fmt;

use autodiff::Gradients;
use linalg::Scalar;
use models::Module;

use super::{OptimizerError, Rule, State};
use crate::schedule::Schedule;

/// A rule with the states of the parameters that it moves, and groups of parameters with settings of their own.
///
/// ```
/// use models::{Linear, Module, loss};
/// use autodiff::Tape;
/// use train::{Optimizer, Sgd};
///
/// // The bias at a tenth of the rate, and without decay.
/// let mut optimizer = Optimizer::new(Sgd { weight_decay: 0.5, ..Sgd::new(0.1) })
///     .group(Sgd::new(0.01), |name| name.ends_with("bias"));
/// let mut model = Linear::<f64>::zeros(1, 1);
/// let (x, y) = ([1.0], [2.0]);
/// let tape = Tape::new();
/// let gradients = loss::squared_error(model.forward(tape.constant(&x)), tape.constant(&y)).sum().backward();
/// optimizer.step(&mut model, &gradients);
/// assert_eq!(model.weight().as_slice(), [0.4]);
/// assert_eq!(model.bias().unwrap().as_slice(), [0.04]);
/// ```
pub struct Optimizer<T: Scalar, R: Rule<T>> {
    /// The first takes what no other wants.
    pub(super) groups: Vec<Group<R>>,
    pub(super) steps: u64,
    /// By the identity of the parameter.
    pub(super) entries: HashMap<u64, Entry<T>>,
}

/// Parameters that move by one rule.
pub(super) struct Group<R> {
    pub(super) rule: R,
    /// The learning rate from which schedules count.
    pub(super) base: f64,
    belongs: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// What is kept of one parameter.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) group: usize,
    pub(super) steps: u64,
    pub(super) state: State<T>,
}

impl<T: Scalar, R: Rule<T>> Optimizer<T, R> {
    /// Before the first step.
    ///
    /// # Panics
    /// If a setting of the rule is outside its range; [`try_new`](Self::try_new) says so with an error.
    #[track_caller]
    pub fn new(rule: R) -> Self {
        match Self::try_new(rule) {
            Ok(optimizer) => optimizer,
            Err(error) => panic!("{error}"),
        }
    }

    /// Before the first step.
    ///
    /// # Errors
    /// If a setting of the rule is outside its range.
    ///
    /// ```
    /// use train::{Adam, Optimizer};
    /// let error = Optimizer::<f32, _>::try_new(Adam { beta2: 1.0, ..Adam::new(0.1) }).unwrap_err();
    /// assert_eq!(error.to_string(), "adam: `beta2` is 1; it must be at least 0 and below 1");
    /// ```
    pub fn try_new(rule: R) -> Result<Self, OptimizerError> {
        rule.check()?;
        Ok(Self {
            groups: vec![Group {
                base: rule.learning_rate(),
                rule,
                belongs: Box::new(|_| true),
            }],
            steps: 0,
            entries: HashMap::new(),
        })
    }

    /// Parameters whose names `belongs` accepts move by `rule`. A parameter belongs to the first group that accepts it, and to the
    /// rule of [`new`](Self::new) if none does. To be called before the first step.
    ///
    /// # Panics
    /// If a setting of the rule is outside its range.
    #[track_caller]
    pub fn group(
        mut self,
        rule: R,
        belongs: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        checked(&rule);
        self.groups.push(Group {
            base: rule.learning_rate(),
            rule,
            belongs: Box::new(belongs),
        });
        self
    }

    /// The number of steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The rule of [`new`](Self::new), to change its settings between steps. What decides which arrays are remembered (momentum or
    /// none, for instance) must stay.
    pub fn rule_mut(&mut self) -> &mut R {
        &mut self.groups[0].rule
    }

    /// The rules of all groups, that of [`new`](Self::new) first.
    pub fn rules(&self) -> impl Iterator<Item = &R> {
        self.groups.iter().map(|group| &group.rule)
    }

    /// The rules of all groups, that of [`new`](Self::new) first, to change their settings between steps.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.groups.iter_mut().map(|group| &mut group.rule)
    }

    /// Sets the learning rates of all groups to those of an epoch (or a step, if the schedule counts steps), from the rates that
    /// the groups were made with.
    ///
    /// ```
    /// use train::schedule::StepLr;
    /// use train::{Optimizer, Sgd};
    /// let mut optimizer = Optimizer::<f32, _>::new(Sgd::new(1.0)).group(Sgd::new(0.5), |name| name == "bias");
    /// optimizer.schedule(&StepLr::new(10, 0.5), 25);
    /// let rates: Vec<f64> = optimizer.rules().map(|sgd| sgd.learning_rate).collect();
    /// assert_eq!(rates, [0.25, 0.125]);
    /// ```
    pub fn schedule(&mut self, schedule: &(impl Schedule + ?Sized), epoch: u64) {
        for group in &mut self.groups {
            group
                .rule
                .set_learning_rate(schedule.rate(group.base, epoch));
        }
    }

    /// The learning rates from which schedules count, one a group.
    pub(crate) fn base_rates(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.base).collect()
    }

    /// The group of a parameter with this name.
    pub(crate) fn group_of(&self, name: &str) -> usize {
        group_of(&self.groups, name)
    }

    /// Moves every parameter of the model that has a gradient.
    ///
    /// # Panics
    /// If the model has parameters and none of them has a gradient: the gradients are those of another model, such as the
    /// one of which this is a clone. If a setting of a rule is outside its range.
    #[track_caller]
    pub fn step(&mut self, model: &mut (impl Module<T> + ?Sized), gradients: &Gradients<T>) {
        for group in &self.groups {
            checked(&group.rule);
        }
        self.steps += 1;
        let Self {
            groups, entries, ..
        } = self;
        let (mut parameters, mut moved) = (0_usize, 0_usize);
        model.visit_mut("", &mut |name, parameter| {
            parameters += 1;
            if let Some(gradient) = gradients.parameter(parameter.id()) {
                moved += 1;
                let entry = entries.entry(parameter.id()).or_insert_with(|| Entry {
                    group: group_of(groups, name),
                    steps: 0,
                    state: State::default(),
                });
                entry.steps += 1;
                groups[entry.group].rule.update(
                    entry.steps,
                    &mut entry.state,
                    parameter.as_mut_slice(),
                    gradient.as_slice(),
                );
            }
        });
        assert!(
            parameters == 0 || moved > 0,
            "optimizer: none of the {parameters} parameters has a gradient; these are the gradients of another model"
        );
    }
}

fn group_of<R>(groups: &[Group<R>], name: &str) -> usize {
    let special = groups[1..].iter().position(|group| (group.belongs)(name));
    special.map_or(0, |k| k + 1)
}

#[track_caller]
fn checked<T: Scalar, R: Rule<T>>(rule: &R) {
    if let Err(error) = rule.check() {
        panic!("{error}");
    }
}

impl<R: fmt::Debug> fmt::Debug for Group<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("rule", &self.rule)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl<T: Scalar, R: Rule<T> + fmt::Debug> fmt::Debug for Optimizer<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Optimizer")
            .field("groups", &self.groups)
            .field("steps", &self.steps)
            .field("parameters", &self.entries.len())
            .finish()
    }
}
