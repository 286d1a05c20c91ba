//! The training loop.

mod checkpoint;
mod curvature;
mod data;
mod doctor;
mod error;
mod history;
mod measure;
mod progress;
mod resume;
mod run;
mod stopping;

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use linalg::{MatRef, Scalar, View};
use models::Module;

pub use doctor::Warning;
pub use error::TrainError;
pub use history::{Epoch, History};
pub use stopping::EarlyStopping;

use crate::schedule::{ReduceLrOnPlateau, Schedule};

/// Trains a module in epochs of batches.
///
/// The order of an epoch's rows depends on the seed and the number of the epoch alone, and everything else that changes is part of a
/// checkpoint, so that a training which was killed and run again has the same bits as one that was not.
///
/// ```
/// use datasets::{digits, random::ChaCha};
/// use models::{Linear, Relu, Sequential, loss};
/// use train::{Adam, Optimizer, Trainer, metrics};
///
/// let data = digits();
/// let (x, y) = (data.features_f32(), data.target_f32());
/// let x = linalg::Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] / 16.0);
/// let (train, held_back) = x.as_ref().split_at_row(1437);
/// let (labels, expected) = y.as_ref().split_at_row(1437);
///
/// let mut stream = ChaCha::new(1);
/// let mut model: Sequential<f32> = Sequential::new().then(Linear::new(64, 32, &mut stream)).then(Relu).then(Linear::new(32, 10, &mut stream));
/// let trained = Trainer::new(8)
///     .batch_size(32)
///     .shuffle(1)
///     .validation((held_back, expected))
///     .metric("accuracy", metrics::class_accuracy)
///     .fit(&mut model, &mut Optimizer::new(Adam::new(0.005)), (train, labels), |scores, classes| {
///         loss::softmax_cross_entropy(scores, classes).mean()
///     })?;
/// let accuracy = trained.history.metric("accuracy").unwrap();
/// assert!(accuracy[7] > 0.88 && accuracy[0] < accuracy[7]);
/// # Ok::<(), train::TrainError>(())
/// ```
pub struct Trainer<'a, T: Scalar> {
    epochs: u64,
    batch_size: Option<usize>,
    drop_last: bool,
    seed: Option<u64>,
    schedule: Option<(Every, Box<dyn Schedule + 'a>)>,
    plateau: Option<ReduceLrOnPlateau>,
    clip: Option<Clip>,
    validation: Option<(MatRef<'a, T>, MatRef<'a, T>)>,
    metrics: Vec<(String, Metric<'a, T>)>,
    stopping: Option<EarlyStopping>,
    checkpoint: Option<(PathBuf, Option<u64>)>,
    progress: bool,
    doctor: bool,
    on_step: Vec<OnStep<'a>>,
    on_epoch: Vec<OnEpoch<'a, T>>,
}

type Metric<'a, T> = Box<dyn Fn(MatRef<'_, T>, MatRef<'_, T>) -> f64 + 'a>;
type OnStep<'a> = Box<dyn FnMut(&StepReport) -> ControlFlow<()> + 'a>;
type OnEpoch<'a, T> = Box<dyn FnMut(&Epoch, &dyn Module<T>) -> ControlFlow<()> + 'a>;

/// What a schedule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Epoch,
    Step,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Clip {
    Norm(f64),
    Value(f64),
}

/// A step that was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The epoch that it belongs to, from 1.
    pub epoch: u64,
    /// Steps so far, this one included.
    pub step: u64,
    /// The cost of the batch before the step.
    pub loss: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
}

/// What became of a training.
#[derive(Debug, Clone)]
pub struct Trained {
    /// What was measured after each epoch, those before a resumption included.
    pub history: History,
    /// Why it ended.
    pub stopped: Stopped,
    /// The best epoch, from 1, if [`EarlyStopping`] watched.
    pub best_epoch: Option<u64>,
    /// What the doctor found.
    pub warnings: Vec<Warning>,
}

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// All epochs were made.
    Epochs,
    /// Nothing became better for as long as [`EarlyStopping`] suffers it.
    Early,
    /// A callback said so.
    Callback,
}

impl<'a, T: Scalar> Trainer<'a, T> {
    /// So many epochs, each one batch of all rows in their order, with a doctor and without a progress bar.
    pub fn new(epochs: u64) -> Self {
        Self {
            epochs,
            batch_size: None,
            drop_last: false,
            seed: None,
            schedule: None,
            plateau: None,
            clip: None,
            validation: None,
            metrics: Vec::new(),
            stopping: None,
            checkpoint: None,
            progress: false,
            doctor: true,
            on_step: Vec::new(),
            on_epoch: Vec::new(),
        }
    }

    /// Batches of so many rows; the last of an epoch may be smaller.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn batch_size(mut self, rows: usize) -> Self {
        assert!(rows > 0, "a batch has at least one row");
        self.batch_size = Some(rows);
        self
    }

    /// Leaves the last batch of an epoch out if it is smaller than the others, as batch normalisation may need it.
    pub fn drop_last(mut self) -> Self {
        self.drop_last = true;
        self
    }

    /// Another order of the rows in every epoch, from this seed. Data that do not stand row after row in memory are copied once.
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The learning rate by the number of the epoch, from 0.
    pub fn schedule(mut self, schedule: impl Schedule + 'a) -> Self {
        self.schedule = Some((Every::Epoch, Box::new(schedule)));
        self
    }

    /// The learning rate by the number of the step, from 0.
    pub fn schedule_steps(mut self, schedule: impl Schedule + 'a) -> Self {
        self.schedule = Some((Every::Step, Box::new(schedule)));
        self
    }

    /// Lowers the learning rate when the loss of the validation data (of the training data if there are none) does not become better.
    pub fn reduce_on_plateau(mut self, plateau: ReduceLrOnPlateau) -> Self {
        self.plateau = Some(plateau);
        self
    }

    /// Scales gradients down to this norm: [`clip_norm`](crate::clip_norm).
    pub fn clip_norm(mut self, norm: f64) -> Self {
        self.clip = Some(Clip::Norm(norm));
        self
    }

    /// Keeps entries of gradients between −value and value: [`clip_value`](crate::clip_value).
    pub fn clip_value(mut self, value: f64) -> Self {
        self.clip = Some(Clip::Value(value));
        self
    }

    /// Data that are not trained on, measured after every epoch in evaluation mode.
    pub fn validation(mut self, (x, y): (impl View<'a, T>, impl View<'a, T>)) -> Self {
        self.validation = Some((x.view(), y.view()));
        self
    }

    /// A number computed after every epoch from all predictions and targets of the validation data, or of the training data if there
    /// are none.
    pub fn metric(
        mut self,
        name: impl Into<String>,
        metric: impl Fn(MatRef<'_, T>, MatRef<'_, T>) -> f64 + 'a,
    ) -> Self {
        self.metrics.push((name.into(), Box::new(metric)));
        self
    }

    /// Stops when nothing becomes better.
    pub fn early_stopping(mut self, stopping: EarlyStopping) -> Self {
        self.stopping = Some(stopping);
        self
    }

    /// Writes all that a training needs to go on to a file after every epoch. If the file is there when the training begins, it goes on
    /// from it; one of other data, another model, another batch size or seed is refused.
    ///
    /// The file is a safetensors file. It is replaced whole or not at all. What callbacks remember is not in it, nor are the cost and
    /// the settings of the rule other than learning rates: those have to be the same again.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>) -> Self {
        self.checkpoint = Some((path.into(), None));
        self
    }

    /// The same, written after so many steps as well.
    ///
    /// # Panics
    /// If `steps` is 0.
    #[track_caller]
    pub fn checkpoint_steps(mut self, path: impl Into<PathBuf>, steps: u64) -> Self {
        assert!(
            steps > 0,
            "a checkpoint after every 0th step cannot be written"
        );
        self.checkpoint = Some((path.into(), Some(steps)));
        self
    }

    /// A bar with loss, rate and time left on standard error, where that is a terminal.
    pub fn progress(mut self, shown: bool) -> Self {
        self.progress = shown;
        self
    }

    /// Looks for usual faults before the training and at its end, and for growth after every epoch; see [`Warning`]. It is there unless this
    /// takes it away.
    pub fn doctor(mut self, wanted: bool) -> Self {
        self.doctor = wanted;
        self
    }

    /// Called after every step; `Break` ends the training.
    pub fn on_step(mut self, callback: impl FnMut(&StepReport) -> ControlFlow<()> + 'a) -> Self {
        self.on_step.push(Box::new(callback));
        self
    }

    /// Called after every epoch with what was measured and the model in evaluation mode; `Break` ends the training.
    pub fn on_epoch(
        mut self,
        callback: impl FnMut(&Epoch, &dyn Module<T>) -> ControlFlow<()> + 'a,
    ) -> Self {
        self.on_epoch.push(Box::new(callback));
        self
    }
}

impl<T: Scalar> fmt::Debug for Trainer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("epochs", &self.epochs)
            .field("batch_size", &self.batch_size)
            .field("seed", &self.seed)
            .field("early_stopping", &self.stopping)
            .field("checkpoint", &self.checkpoint)
            .finish_non_exhaustive()
    }
}
