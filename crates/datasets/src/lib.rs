#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod builtin;
mod categories;
mod dataset;
mod error;
mod frame;
pub mod generators;
pub mod npy;
pub mod random;
mod reader;
mod sparse;
mod split;
mod table;

pub use builtin::{
    IRIS_SPECIES, breast_cancer, diabetes_progression, digits, exam_scores, iris, nba_rookie_draft,
    student_hours,
};
pub use dataset::{Dataset, Recipe};
pub use error::DataError;
pub use frame::{Column, Frame, MISSING_CODE};
pub use linalg::{self, Mat};
pub use reader::{Blocks, CsvOptions, Kind};
pub use sparse::SparseDataset;
pub use split::{Split, SplitError, Splitter, bootstrap, classes, permutation, shuffle};
pub use table::Table;
