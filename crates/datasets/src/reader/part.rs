//! One part of a file, a whole number of records, as columns.

use super::boundaries::{Dialect, lines};
use super::options::{CsvOptions, Kind};
use crate::categories::Categories;

/// The values of one column in a part.
#[derive(Debug)]
pub(super) enum Cells {
    Numbers(Vec<f64>),
    Booleans(Vec<Option<bool>>),
    Categories(Categories),
    Ignored,
}

impl Cells {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Boolean => Self::Booleans(Vec::new()),
            Kind::Category => Self::Categories(Categories::default()),
            Kind::Ignore => Self::Ignored,
        }
    }

    fn with_capacity(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::with_capacity(rows)),
            kind => Self::new(kind),
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
            Self::Categories(categories) => {
                if missing() {
                    categories.push_missing();
                } else {
                    categories.push(cell).ok_or(Wrong::NotText)?;
                }
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
    /// True if a value may be missing.
    pub(super) gaps: bool,
    /// The line of each row, from 0 at the start of the part, if a row is not a line.
    pub(super) lines: Option<Vec<u64>>,
    /// The line at which the part starts.
    pub(super) line: u64,
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

/// Reads all records of a part, up to the first fault.
pub(super) fn parse(
    text: &[u8],
    quotes: bool,
    kinds: &[Kind],
    dialect: Dialect,
    options: &CsvOptions,
) -> Part {
    if !quotes && let Some(part) = plain(text, kinds, dialect, options) {
        return part;
    }
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
    // A carriage return by itself ends a record and no line.
    let mut returns = memchr::memchr_iter(b'\r', text);
    let lone = returns.any(|at| text.get(at + 1) != Some(&b'\n'));
    let lines = (lone || rows as u64 != line_count + last).then(|| all_lines(text, dialect));
    Part {
        columns,
        rows,
        gaps: true,
        lines,
        line: 0,
        line_count,
        fault,
    }
}

/// Reads a part in which every line is a record of cells without quotes, in one pass over the text. `None` if it is not one, or if
/// anything is wrong with it.
fn plain(text: &[u8], kinds: &[Kind], dialect: Dialect, options: &CsvOptions) -> Option<Part> {
    let (delimiter, width) = (dialect.delimiter, kinds.len());
    let within_numbers = delimiter.is_ascii_alphanumeric() || b"+-.".contains(&delimiter);
    if within_numbers || dialect.comment.is_some() || options.values_stand_for_missing {
        return None;
    }
    let line_count = lines(text);
    let most = line_count as usize + 1;
    let mut columns: Vec<Cells> = kinds
        .iter()
        .map(|kind| Cells::with_capacity(*kind, most))
        .collect();
    let (mut rest, mut rows, mut gaps) = (text, 0, false);
    while !rest.is_empty() {
        for (at, column) in columns.iter_mut().enumerate() {
            let number = match column {
                Cells::Numbers(numbers) => decimal(rest)
                    .or_else(|| fast_float2::parse_partial::<f64, _>(rest).ok())
                    .filter(|(number, length)| {
                        let ends = rest
                            .get(*length)
                            .is_none_or(|end| *end == delimiter || *end == b'\n');
                        ends && number.is_finite()
                    })
                    .map(|(number, length)| {
                        numbers.push(number);
                        length
                    }),
                _ => None,
            };
            let length = if let Some(length) = number {
                length
            } else {
                let end = memchr::memchr2(delimiter, b'\n', rest).unwrap_or(rest.len());
                // A blank line or a carriage return within one is not plain.
                let cell = &rest[..end];
                let cell = if at + 1 == width {
                    cell.strip_suffix(b"\r").unwrap_or(cell)
                } else {
                    cell
                };
                if width == 1 && cell.is_empty() || cell.contains(&b'\r') {
                    return None;
                }
                gaps |= options.is_missing(cell.trim_ascii());
                column.push(at, cell.trim_ascii(), options).ok()?;
                end
            };
            let end = rest.get(length).copied().unwrap_or(b'\n');
            if (end == delimiter) == (at + 1 == width) {
                return None;
            }
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        rows += 1;
    }
    Some(Part {
        columns,
        rows,
        gaps,
        lines: None,
        line: 0,
        line_count,
        fault: None,
    })
}

/// A short decimal number at the start of a text, and its length: sign, digits, point, digits, at most 15 digits in all. Then its
/// digits and the power of ten are exact, and their quotient is rounded once.
#[inline(always)]
fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let text: &[u8; 20] = text.first_chunk()?;
    let negative = text[0] == b'-';
    let start = usize::from(negative);
    let (mut at, mut digits, mut point) = (start, 0_u64, usize::MAX);
    loop {
        let digit = text[at].wrapping_sub(b'0');
        if digit < 10 {
            digits = 10 * digits + u64::from(digit);
        } else if text[at] == b'.' && point == usize::MAX {
            point = at;
        } else {
            break;
        }
        at += 1;
        if at == 17 {
            return None;
        }
    }
    let places = if point == usize::MAX {
        0
    } else {
        at - point - 1
    };
    let count = at - start - usize::from(point != usize::MAX);
    if count == 0 || count > 15 || matches!(text[at], b'e' | b'E') {
        return None;
    }
    let number = digits as f64 / POWERS[places];
    Some((if negative { -number } else { number }, at))
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
