//! What cannot be drawn, and why.

use std::path::PathBuf;

use thiserror::Error;

/// A picture that cannot be made. Its sentence says what to change.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// Nothing in the data can be drawn.
    #[error("there is nothing to draw: {what}")]
    Empty {
        /// What is missing.
        what: String,
    },
    /// Two lists that belong together differ in length.
    #[error("{what} has {found} values where {expected} are needed")]
    Lengths {
        /// The list.
        what: String,
        /// The length that it must have.
        expected: usize,
        /// The length that it has.
        found: usize,
    },
    /// A value that has no meaning in this chart.
    #[error("{what}, entry {index} (counted from 0): {value} is not {needed}")]
    Value {
        /// The list.
        what: String,
        /// Its entry.
        index: usize,
        /// What stands there.
        value: f64,
        /// What may stand there.
        needed: &'static str,
    },
    /// An edge of a graph that leads nowhere or back.
    #[error("the edge from node {from} to node {to} {problem}")]
    Edge {
        /// Where it starts.
        from: usize,
        /// Where it ends.
        to: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More parts than anyone can read.
    #[error("{what}: {found} are more than can be read in one picture; draw at most {most}")]
    TooMany {
        /// The parts.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A picture too small to hold its text, or too large for memory.
    #[error(
        "a picture of {width} x {height} pixels cannot be drawn; choose sides from {least} to {most}"
    )]
    Size {
        /// The width that was asked for.
        width: u32,
        /// The height.
        height: u32,
        /// The smallest side.
        least: u32,
        /// The largest side.
        most: u32,
    },
    /// The SVG could not be turned into pixels.
    #[error("the picture cannot be turned into pixels: {reason}")]
    Raster {
        /// The reason.
        reason: String,
    },
    /// A file name without a known ending.
    #[error("{}: pictures are saved as .svg or .png (the latter with the feature `png`); choose one of these endings", file.display())]
    Extension {
        /// The file.
        file: PathBuf,
    },
    /// The file could not be written.
    #[error("{}: cannot be written: {reason}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's reason. The sentence has it, so it is no further cause in a chain of errors.
        reason: std::io::Error,
    },
}

impl PlotError {
    pub(crate) fn empty(what: impl Into<String>) -> Self {
        Self::Empty { what: what.into() }
    }

    /// An error unless `found` is `expected`.
    pub(crate) fn lengths(what: &str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found {
            return Ok(());
        }
        Err(Self::Lengths {
            what: what.to_owned(),
            expected,
            found,
        })
    }

    /// An error for the first value that does not satisfy `holds`.
    pub(crate) fn values(
        what: &str,
        values: &[f64],
        needed: &'static str,
        holds: impl Fn(f64) -> bool,
    ) -> Result<(), Self> {
        match values.iter().position(|v| !holds(*v)) {
            None => Ok(()),
            Some(index) => Err(Self::Value {
                what: what.to_owned(),
                index,
                value: values[index],
                needed,
            }),
        }
    }
}
