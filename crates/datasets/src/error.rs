//! What can be wrong with a file, as facts with a place.

use std::path::PathBuf;

use thiserror::Error;

use crate::formula::{FormulaError, suggestion};

/// A hint for a file whose only column holds another delimiter.
fn delimiter(available: &[String]) -> &'static str {
    match available {
        [one] if one.contains([';', '\t', '|']) => " (the cells are to be separated by commas)",
        _ => "",
    }
}

fn suggest(column: &str, available: &[String]) -> String {
    suggestion(column, available.iter().map(String::as_str))
}

fn quoted(words: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text: Vec<String> = words
        .iter()
        .take(SHOWN)
        .map(|word| format!("{word:?}"))
        .collect();
    if words.len() > SHOWN {
        text.push("…".to_owned());
    }
    text.join(", ")
}

/// A table that cannot be used: where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be opened or read.
    #[error("{}: cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Another process found a fault in its share, and says which.
    #[error("another process found a fault in its share of the data")]
    Elsewhere,
    /// The blocks of a table cannot be kept on the disk, or are not what was kept.
    #[error("{}: {problem}", file.display())]
    Store {
        /// The file of the blocks, or the source that they are made of.
        file: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// There are no rows.
    #[error("{}, line {line}: there are no rows of data", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
        /// The line where the first row should be, from 1.
        line: u64,
    },
    /// A quoted cell does not end.
    #[error("{}, line {line}: a quote is opened and never closed", file.display())]
    UnclosedQuote {
        /// The file.
        file: PathBuf,
        /// The line of the quote, from 1.
        line: u64,
    },
    /// A column was asked for twice.
    #[error("{}, line {line}: the column `{column}` is listed twice among the features", file.display())]
    ListedTwice {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// The name.
        column: String,
    },
    /// The bytes of a line are not UTF-8.
    #[error("{}, line {line}: this is not UTF-8 text; save the file as UTF-8", file.display())]
    Encoding {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A row has more or fewer cells than the first one.
    #[error("{}, line {line}: {found} cells where the first line has {expected}", file.display())]
    Ragged {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Cells in this row.
        found: usize,
        /// Cells in the first row.
        expected: usize,
    },
    /// Two columns have the same name.
    #[error("{}, line {line}: two columns are called `{column}`; rename one", file.display())]
    DuplicateColumn {
        /// The file.
        file: PathBuf,
        /// The line of the header, from 1.
        line: u64,
        /// The name.
        column: String,
    },
    /// A column that was asked for does not exist.
    #[error("{}, line {line}: there is no column `{column}`{}; the columns are {}{}", file.display(), suggest(column, available), available.join(", "), delimiter(available))]
    NoSuchColumn {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// What was asked for.
        column: String,
        /// The names that exist.
        available: Vec<String>,
    },
    /// A column that was asked for is in the file, and was not read from it.
    #[error("{}, line {line}: the column `{column}` was not read; those that were are {}", file.display(), read.join(", "))]
    NotRead {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// What was asked for.
        column: String,
        /// The names of the columns that were read.
        read: Vec<String>,
    },
    /// A cell should be a number and is not.
    #[error("{}, line {line}, column `{column}`: {value:?} is not a number; leave the column out or correct the cell", file.display())]
    NotANumber {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },
    /// A number is infinite or too large to be stored.
    #[error("{}, line {line}, column `{column}`: {value:?} is not a finite number", file.display())]
    NotFinite {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },
    /// A target with two classes was asked for, and there are more.
    #[error(
        "{}, line {line}, column `{column}`: {value:?} is a third value beside {:?} and {:?}; a binary target has two",
        file.display(), first_two[0], first_two[1]
    )]
    ThirdClass {
        /// The file.
        file: PathBuf,
        /// The line of the third value, from 1.
        line: u64,
        /// The target.
        column: String,
        /// The third value.
        value: String,
        /// The two values met before.
        first_two: [String; 2],
    },
    /// A target with two classes was asked for, and all rows have the same value.
    #[error("{}, line {line}, column `{column}`: every row says {value:?}; a binary target needs two values", file.display())]
    OneClass {
        /// The file.
        file: PathBuf,
        /// The first line of data, from 1.
        line: u64,
        /// The target.
        column: String,
        /// The only value.
        value: String,
    },
    /// No column is left to explain the target with.
    #[error("{}, line {line}: no column is left beside the target `{target}`", file.display())]
    NoFeatures {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// The target.
        target: String,
    },
    /// The target was also listed as a feature.
    #[error("{}, line {line}: `{column}` is the target and cannot be a feature as well", file.display())]
    TargetAmongFeatures {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// The column.
        column: String,
    },
    /// A line of a sparse file is not `target index:value …`.
    #[error("{}, line {line}: {problem}", file.display())]
    Svmlight {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong, with the word where it is.
        problem: String,
    },
    /// A file is not an `.npy` file of numbers.
    #[error("{}: {problem}", file.display())]
    Npy {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file is not an Arrow or Parquet file, or has a column of a kind that no table has.
    #[error("{}: {problem}", file.display())]
    Arrow {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A cell should be a boolean and is not.
    #[error("{}, line {line}, column `{column}`: {value:?} is neither true nor false", file.display())]
    NotBoolean {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },
    /// Values are missing where none may be.
    #[error("{}, line {line}, column `{column}`: the value is missing ({count} in this column); drop such rows or impute", file.display())]
    MissingValues {
        /// The file.
        file: PathBuf,
        /// The line of the first one, from 1.
        line: u64,
        /// The column.
        column: String,
        /// How many.
        count: usize,
    },
    /// A word that did not occur in the data from which a recipe was learned.
    #[error(
        "{}, line {line}, column `{column}`: {value:?} did not occur when the model was fitted; known are {}",
        file.display(), quoted(known)
    )]
    UnknownCategory {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The word.
        value: String,
        /// The words that occurred.
        known: Vec<String>,
    },
    /// A category with one level, or with another one in every row.
    #[error(
        "{}, line {line}: the category `{column}` has {levels} different words{}; leave it out",
        file.display(), if *levels < 2 { ", too few to explain anything" } else { ", another one in each row" }
    )]
    Levels {
        /// The file.
        file: PathBuf,
        /// The line of the header (or the first line), from 1.
        line: u64,
        /// The column.
        column: String,
        /// How many words.
        levels: usize,
    },
    /// A term is infinite or undefined in a row.
    #[error("{}, line {line}: {term} is {value} there; it must be a finite number in every row", file.display())]
    TermNotFinite {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The term, as it is written.
        term: String,
        /// Its value.
        value: f64,
    },
    /// A weight is negative.
    #[error("{}, line {line}, column `{column}`: the weight {value} is negative", file.display())]
    NegativeWeight {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The weight.
        value: f64,
    },
    /// Successes are not between 0 and the number of trials.
    #[error("{}, line {line}: {successes} successes of {trials} trials", file.display())]
    NotSuccesses {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The target.
        successes: f64,
        /// The trials.
        trials: f64,
    },
    /// A formula is at fault.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// Neither the formula nor the preparation names a target.
    #[error("no target is named: write it left of `~`")]
    NoTarget,
    /// What was asked for does not fit the data.
    #[error("{problem}")]
    Preparation {
        /// What is wrong.
        problem: String,
    },
}
