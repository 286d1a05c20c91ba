#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod builtin;
mod dataset;
mod error;
pub mod random;
mod table;

pub use builtin::{exam_scores, nba_rookie_draft, student_hours};
pub use dataset::{Dataset, Recipe};
pub use error::DataError;
pub use linalg::{self, Mat};
pub use table::Table;
