//! Why a training cannot begin, go on or be resumed.

use std::path::PathBuf;

use models::state::StateError;
use thiserror::Error;

use crate::OptimizerError;

/// A training that did not come to its end. Rows, columns, epochs and steps are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// No rows, or fewer than one batch where incomplete ones are left out.
    #[error(
        "{data} have {rows} rows, which is not one batch; give more rows or a smaller batch size"
    )]
    NoBatch {
        /// Which data.
        data: &'static str,
        /// Their rows.
        rows: usize,
    },
    /// A batch of an epoch is too small for the model.
    #[error(
        "batches of {size} rows out of {rows} end with one of {last}, and the model needs {needed} in training (batch normalisation): choose another batch size, or leave incomplete batches out (`drop_last`)"
    )]
    SmallBatch {
        /// Rows of the training data.
        rows: usize,
        /// Rows of a batch.
        size: usize,
        /// Rows of the last batch.
        last: usize,
        /// What the model needs.
        needed: usize,
    },
    /// The explanatory variables have other rows than the target.
    #[error(
        "{data} have {x} rows of explanatory variables and {y} rows of the target; give a target for each row"
    )]
    Rows {
        /// Which data.
        data: &'static str,
        /// Rows of the explanatory variables.
        x: usize,
        /// Rows of the target.
        y: usize,
    },
    /// The validation data have other columns than the training data.
    #[error(
        "the validation data have {found} columns {of}, the training data {wanted}; prepare both alike"
    )]
    Columns {
        /// Of the explanatory variables or of the target.
        of: &'static str,
        /// Those of the validation data.
        found: usize,
        /// Those of the training data.
        wanted: usize,
    },
    /// A value of the data is infinite or NaN.
    #[error(
        "{data}, row {row}, column {column} {of}: {value} is not a finite number; drop the row or fill the value in"
    )]
    Data {
        /// Which data.
        data: &'static str,
        /// Of the explanatory variables or of the target.
        of: &'static str,
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// The cost became infinite or NaN. The model has the parameters before that step.
    #[error("the cost is {cost} at step {step}, in epoch {epoch}: {cause}")]
    Cost {
        /// The epoch.
        epoch: u64,
        /// The step.
        step: u64,
        /// The cost.
        cost: f64,
        /// What the doctor found.
        cause: String,
    },
    /// A parameter became infinite or NaN though the cost before the step was a number.
    #[error("`{parameter}` is not finite after step {step}, in epoch {epoch}: {cause}")]
    Parameter {
        /// Its name.
        parameter: String,
        /// The epoch.
        epoch: u64,
        /// The step.
        step: u64,
        /// What the doctor found.
        cause: String,
    },
    /// A schedule gave a learning rate that cannot be used.
    #[error(
        "the schedule gives the learning rate {rate} at step {step}; it must be finite and not negative"
    )]
    Rate {
        /// The step.
        step: u64,
        /// The rate.
        rate: f64,
    },
    /// A number is watched that nobody computes.
    #[error("early stopping watches `{name}`, which is no metric of this training; it has {known}")]
    Monitor {
        /// What is watched.
        name: String,
        /// The metrics.
        known: String,
    },
    /// Two settings that contradict each other.
    #[error("{0}")]
    Settings(&'static str),
    /// A checkpoint cannot be written or read.
    #[error("the checkpoint {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is no checkpoint of this training.
    #[error("the checkpoint {}: {reason}; remove it to start anew, or give another path", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The settings of a rule, or the state of another optimiser.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
    /// The state of another module.
    #[error(transparent)]
    State(#[from] StateError),
}
