#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod batches;
mod builtin;
mod categories;
mod dataset;
mod describe;
mod error;
mod formula;
mod frame;
pub mod generators;
pub mod npy;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod random;
mod reader;
mod recipe;
mod scaling;
mod sparse;
mod split;
#[cfg(feature = "parquet")]
pub mod store;
mod write;

pub use batches::Batches;
pub use builtin::{
    IRIS_SPECIES, breast_cancer, diabetes_progression, digits, exam_scores, iris, nba_rookie_draft,
    student_hours,
};
pub use dataset::Dataset;
pub use describe::{ColumnDescription, Description, Summary};
pub use error::DataError;
pub use formula::{Formula, FormulaError, suggestion};
pub use frame::{Column, Frame, MISSING_CODE};
pub use linalg::{self, Mat};
pub use reader::{Blocks, CsvOptions, Kind};
pub use recipe::{Change, Features, Missing, Preparation, Recipe, Response, Variable};
pub use scaling::{Scaler, Scaling};
pub use sparse::SparseDataset;
pub use split::{Split, SplitError, Splitter, bootstrap, classes, deal, permutation, shuffle};
pub use write::{exit_between_files, write_file};

/// The arithmetic of a [`Recipe`], step by step, for exports: what [`Recipe::plan`] gives.
pub mod plan {
    pub use crate::recipe::{Arithmetic, Function, Input, InputKind, Plan, Step};
}
