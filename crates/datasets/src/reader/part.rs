//! One part of a file, a whole number of records, as columns.

use std::collections::HashMap;

use super::boundaries::{Dialect, lines};
use super::options::{CsvOptions, Kind};
use crate::frame::MISSING_CODE;

/// The values of one column in a part.
#[derive(Debug)]
pub(super) enum Cells {
    Numbers(Vec<f64>),
    Booleans(Vec<Option<bool>>),
    Codes(Vec<u32>, Levels),
    Ignored,
}

impl Cells {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Boolean => Self::Booleans(Vec::new()),
            Kind::Category => Self::Codes(Vec::new(), Levels::default()),
            Kind::Ignore => Self::Ignored,
        }
    }

    fn push(&mut self, column: usize, cell: &[u8], options: &CsvOptions) -> Result<(), Wrong> {
        let missing = || options.is_missing(cell);
        let value = || String::from_utf8_lossy(cell).into_owned();
        let not_text = || std::str::from_utf8(cell).is_err();
        let stands_for_missing = options.values_stand_for_missing && missing();
        match self {
            Self::Ignored => {}
            Self::Numbers(numbers) => {
                numbers.push(match number(cell) {
                    Some(number) if number.is_finite() && !stands_for_missing => number,
                    _ if missing() => f64::NAN,
                    Some(_) => {
                        return Err(Wrong::NotFinite {
                            column,
                            value: value(),
                        });
                    }
                    None if not_text() => return Err(Wrong::NotText),
                    None => {
                        return Err(Wrong::NotANumber {
                            column,
                            value: value(),
                        });
                    }
                });
            }
            Self::Booleans(values) => {
                values.push(match boolean(cell) {
                    Some(value) if !stands_for_missing => Some(value),
                    _ if missing() => None,
                    _ if not_text() => return Err(Wrong::NotText),
                    _ => {
                        return Err(Wrong::NotBoolean {
                            column,
                            value: value(),
                        });
                    }
                });
            }
            Self::Codes(codes, levels) => {
                codes.push(if missing() {
                    MISSING_CODE
                } else {
                    levels.code(cell).ok_or(Wrong::NotText)?
                });
            }
        }
        Ok(())
    }
}

/// What was found in a part.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) columns: Vec<Cells>,
    pub(super) rows: usize,
    /// The line of each row, from 0 at the start of the part, if a row is not a line.
    pub(super) lines: Option<Vec<u64>>,
    /// The lines of the whole part.
    pub(super) line_count: u64,
    pub(super) fault: Option<Fault>,
}

/// Something wrong with a record.
#[derive(Debug)]
pub(super) struct Fault {
    /// Its line, from 0 at the start of the part.
    pub(super) line: u64,
    pub(super) what: Wrong,
}

#[derive(Debug)]
pub(super) enum Wrong {
    Ragged { found: usize },
    NotText,
    NotANumber { column: usize, value: String },
    NotFinite { column: usize, value: String },
    NotBoolean { column: usize, value: String },
    Other(String),
}

pub(super) fn records(text: &[u8], dialect: Dialect) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .comment(dialect.comment)
        .from_reader(text)
}

/// Counts lines up to the record that starts at or after a byte; blank and comment lines belong to no record.
pub(super) struct Lines<'t> {
    text: &'t [u8],
    comment: Option<u8>,
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t [u8], comment: Option<u8>) -> Self {
        Self {
            text,
            comment,
            at: 0,
            line: 0,
        }
    }

    pub(super) fn of(&mut self, start: u64) -> u64 {
        let mut end = (start as usize).min(self.text.len());
        loop {
            let rest = &self.text[end..];
            let blank = rest
                .iter()
                .take_while(|b| matches!(b, b'\n' | b'\r'))
                .count();
            end += blank;
            match self.text.get(end) {
                Some(byte) if Some(*byte) == self.comment => {
                    let rest = &self.text[end..];
                    end += memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                }
                _ => break,
            }
        }
        self.line += lines(&self.text[self.at..end]);
        self.at = end;
        self.line
    }
}

pub(super) fn number(cell: &[u8]) -> Option<f64> {
    fast_float2::parse(cell).ok()
}

/// What the words of a boolean say.
pub(super) fn boolean(cell: &[u8]) -> Option<bool> {
    let is = |words: [&str; 5]| {
        words
            .iter()
            .any(|word| word.as_bytes().eq_ignore_ascii_case(cell))
    };
    if is(["true", "yes", "t", "y", "1"]) {
        Some(true)
    } else if is(["false", "no", "f", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// A dictionary that is filled while it is read.
#[derive(Debug, Default)]
pub(super) struct Levels {
    codes: HashMap<Box<[u8]>, u32>,
    names: Vec<String>,
}

impl Levels {
    fn code(&mut self, cell: &[u8]) -> Option<u32> {
        if let Some(code) = self.codes.get(cell) {
            return Some(*code);
        }
        let name = std::str::from_utf8(cell).ok()?.to_owned();
        let code = self.names.len() as u32;
        self.names.push(name);
        self.codes.insert(cell.into(), code);
        Some(code)
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }
}

/// Reads all records of a part, up to the first fault.
pub(super) fn parse(text: &[u8], kinds: &[Kind], dialect: Dialect, options: &CsvOptions) -> Part {
    let mut columns: Vec<Cells> = kinds.iter().map(|kind| Cells::new(*kind)).collect();
    let (mut rows, line_count) = (0, lines(text));
    let mut reader = records(text, dialect);
    let mut record = csv::ByteRecord::new();
    let wrong = loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(Wrong::Other(error.to_string())),
        }
        if record.len() != kinds.len() {
            let found = record.len();
            break Some(Wrong::Ragged { found });
        }
        let cells = columns.iter_mut().zip(&record).enumerate();
        let fault = cells
            .into_iter()
            .find_map(|(at, (column, cell))| column.push(at, cell.trim_ascii(), options).err());
        if fault.is_some() {
            break fault;
        }
        rows += 1;
    };
    let fault = wrong.map(|what| {
        let start = record.position().map_or(0, csv::Position::byte);
        let line = Lines::new(text, dialect.comment).of(start);
        Fault { line, what }
    });
    // A last line without a line feed is a line too.
    let last = u64::from(text.last().is_some_and(|byte| *byte != b'\n'));
    let lines = (rows as u64 != line_count + last).then(|| all_lines(text, dialect));
    Part {
        columns,
        rows,
        lines,
        line_count,
        fault,
    }
}

/// The line of every record.
fn all_lines(text: &[u8], dialect: Dialect) -> Vec<u64> {
    let mut lines = Lines::new(text, dialect.comment);
    let mut found = Vec::new();
    let mut reader = records(text, dialect);
    let mut record = csv::ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut record) {
        found.push(lines.of(record.position().map_or(0, csv::Position::byte)));
    }
    found
}
