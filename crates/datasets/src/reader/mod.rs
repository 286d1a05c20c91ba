//! CSV files, block by block: a buffer is cut at ends of records, its parts are read in parallel, and their columns joined.

mod assemble;
mod blocks;
mod boundaries;
mod options;
mod part;
mod schema;
mod source;

pub use blocks::Blocks;
pub use options::{CsvOptions, Kind};
