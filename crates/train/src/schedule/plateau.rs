//! Lower when nothing gets better.

use linalg::Scalar;

use super::not_negative;
use crate::{Optimizer, Rule};

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlateauMode {
    /// A smaller number: a loss.
    #[default]
    Min,
    /// A larger number: an accuracy.
    Max,
}

/// How much better it has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlateauThreshold {
    /// By this part of the best number.
    Relative(f64),
    /// By this number.
    Absolute(f64),
}

/// What is remembered between epochs, as plain numbers to be stored with a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateauState {
    /// The best number so far.
    pub best: f64,
    /// Epochs since it.
    pub bad_epochs: u64,
    /// Epochs in which nothing is counted, after a reduction.
    pub cooldown: u64,
}

/// The learning rate times a factor when a number has not become better for some epochs: PyTorch's `ReduceLROnPlateau`. A NaN is not
/// better than anything.
///
/// ```
/// use train::schedule::ReduceLrOnPlateau;
/// use train::{Optimizer, Sgd};
/// let mut optimizer = Optimizer::<f32, _>::new(Sgd::new(1.0));
/// let mut plateau = ReduceLrOnPlateau { patience: 1, ..ReduceLrOnPlateau::new(0.5) };
/// let rates = [3.0, 2.0, 2.0, 2.0, 1.0].map(|loss| {
///     plateau.step(&mut optimizer, loss);
///     optimizer.rule_mut().learning_rate
/// });
/// assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReduceLrOnPlateau {
    /// The factor of a reduction.
    pub factor: f64,
    /// What is better.
    pub mode: PlateauMode,
    /// Epochs without improvement that are suffered.
    pub patience: u64,
    /// How much better a number has to be.
    pub threshold: PlateauThreshold,
    /// Epochs after a reduction in which nothing is counted.
    pub cooldown: u64,
    /// No rate becomes smaller.
    pub minimum: f64,
    /// A smaller change of the rate is not made.
    pub epsilon: f64,
    /// What is remembered; `None` before the first epoch.
    pub state: Option<PlateauState>,
}

impl ReduceLrOnPlateau {
    /// With this factor (PyTorch's default is 0.1), a patience of 10 epochs, a relative threshold of 1e-4, for a loss.
    ///
    /// # Panics
    /// If the factor is not in [0, 1).
    #[track_caller]
    pub fn new(factor: f64) -> Self {
        not_negative("reduce lr on plateau: the factor", factor);
        assert!(
            factor < 1.0,
            "reduce lr on plateau: the factor is {factor}; it must be below 1"
        );
        Self {
            factor,
            mode: PlateauMode::Min,
            patience: 10,
            threshold: PlateauThreshold::Relative(1e-4),
            cooldown: 0,
            minimum: 0.0,
            epsilon: 1e-8,
            state: None,
        }
    }

    /// Takes the number of an epoch; true if the rate is to be reduced.
    pub fn observe(&mut self, metric: f64) -> bool {
        let worst = match self.mode {
            PlateauMode::Min => f64::INFINITY,
            PlateauMode::Max => f64::NEG_INFINITY,
        };
        let mut state = self.state.unwrap_or(PlateauState {
            best: worst,
            bad_epochs: 0,
            cooldown: 0,
        });
        if self.better(metric, state.best) {
            state.best = metric;
            state.bad_epochs = 0;
        } else {
            state.bad_epochs += 1;
        }
        if state.cooldown > 0 {
            state.cooldown -= 1;
            state.bad_epochs = 0;
        }
        let reduce = state.bad_epochs > self.patience;
        if reduce {
            state.cooldown = self.cooldown;
            state.bad_epochs = 0;
        }
        self.state = Some(state);
        reduce
    }

    /// Takes the number of an epoch and reduces the rates of all groups if it is time. True if it was.
    pub fn step<T: Scalar, R: Rule<T>>(
        &mut self,
        optimizer: &mut Optimizer<T, R>,
        metric: f64,
    ) -> bool {
        let reduce = self.observe(metric);
        if reduce {
            for rule in optimizer.rules_mut() {
                let old = rule.learning_rate();
                rule.set_learning_rate(self.reduced(old));
            }
        }
        reduce
    }

    /// The rate after a reduction.
    pub fn reduced(&self, rate: f64) -> f64 {
        let new = (rate * self.factor).max(self.minimum);
        if rate - new > self.epsilon { new } else { rate }
    }

    fn better(&self, metric: f64, best: f64) -> bool {
        match (self.mode, self.threshold) {
            (PlateauMode::Min, PlateauThreshold::Relative(t)) => metric < best * (1.0 - t),
            (PlateauMode::Min, PlateauThreshold::Absolute(t)) => metric < best - t,
            (PlateauMode::Max, PlateauThreshold::Relative(t)) => metric > best * (1.0 + t),
            (PlateauMode::Max, PlateauThreshold::Absolute(t)) => metric > best + t,
        }
    }
}
