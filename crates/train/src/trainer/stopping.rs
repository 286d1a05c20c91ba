//! When to stop because nothing gets better.

use models::state::Tensor;

use super::{Epoch, History, TrainError};
use crate::schedule::PlateauMode;

/// Stops when a number has not become better for some epochs, and goes back to the parameters of the best one.
///
/// It watches the loss of the validation data (of the training data if there are none), or a metric. A NaN is not better than anything.
///
/// ```
/// use train::{EarlyStopping, schedule::PlateauMode};
/// let stopping = EarlyStopping { min_delta: 0.001, ..EarlyStopping::new(5) }.watching("accuracy", PlateauMode::Max);
/// assert!(stopping.restore_best);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyStopping {
    /// Epochs without improvement that are suffered.
    pub patience: u64,
    /// By how much a number has to be better.
    pub min_delta: f64,
    /// Goes back to the best parameters and buffers at the end, also if the training was not stopped.
    pub restore_best: bool,
    /// The metric that is watched, and what is better; `None` for the loss.
    pub watched: Option<(String, PlateauMode)>,
}

impl EarlyStopping {
    /// After so many epochs without any improvement of the loss.
    pub fn new(patience: u64) -> Self {
        Self {
            patience,
            min_delta: 0.0,
            restore_best: true,
            watched: None,
        }
    }

    /// Watches a metric instead of the loss.
    pub fn watching(mut self, metric: impl Into<String>, better: PlateauMode) -> Self {
        self.watched = Some((metric.into(), better));
        self
    }

    /// Refuses to watch what is not there.
    pub(super) fn check(&self, metrics: &[String]) -> Result<(), TrainError> {
        match &self.watched {
            Some((name, _)) if !metrics.contains(name) => Err(TrainError::Monitor {
                name: name.clone(),
                known: if metrics.is_empty() {
                    "none".to_owned()
                } else {
                    metrics.join(", ")
                },
            }),
            _ => Ok(()),
        }
    }

    /// True if nothing has become better for too long.
    pub(super) fn is_over(&self, epoch: u64, best: &Best) -> bool {
        epoch.saturating_sub(best.epoch) > self.patience
    }

    /// Takes an epoch; true if it is the best so far.
    pub(super) fn observe(&self, best: &mut Best, history: &History, epoch: &Epoch) -> bool {
        let place = |name: &String| history.metrics().iter().position(|metric| metric == name);
        let (value, sign) = match &self.watched {
            Some((name, mode)) => (
                place(name).map_or(f64::NAN, |k| epoch.metrics[k]),
                match mode {
                    PlateauMode::Min => 1.0,
                    PlateauMode::Max => -1.0,
                },
            ),
            None => (monitored(epoch), 1.0),
        };
        let better = sign * value < sign * best.value - self.min_delta
            || (best.epoch == 0 && !value.is_nan());
        if better {
            best.value = value;
            best.epoch = epoch.epoch;
        }
        better
    }
}

/// The number by which a training is judged if nothing else is said.
pub(super) fn monitored(epoch: &Epoch) -> f64 {
    epoch.validation_loss.unwrap_or(epoch.loss)
}

/// The best epoch so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Best {
    /// The number that is watched.
    pub(super) value: f64,
    /// Its epoch; 0 for none.
    pub(super) epoch: u64,
    /// Parameters and buffers, empty if they are not wanted.
    pub(super) state: Vec<Tensor>,
}
