//! A CSV file as a table of text whose cells know their lines.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use linalg::Mat;

use crate::DataError;

/// What people write for a missing value.
const MISSING: [&str; 10] = ["", "na", "n/a", "nan", "null", "none", "nil", "?", ".", "-"];

/// A table that was read: names of columns, and rows of text with their line numbers.
///
/// ```
/// use datasets::Table;
/// let table = Table::from_reader("scores.csv", "score,passed\n45,no\n60,yes\n".as_bytes(), true)?;
/// assert_eq!(table.names(), ["score", "passed"]);
/// assert_eq!(table.numbers(0)?, [45.0, 60.0]);
/// assert_eq!(
///     table.numbers(1).unwrap_err().to_string(),
///     "scores.csv, line 2, column `passed`: \"no\" is not a number; leave the column out or correct the cell",
/// );
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    file: PathBuf,
    first_line: u64,
    names: Vec<String>,
    rows: Vec<(u64, StringRecord)>,
}

/// The line of a quote that opens a cell and is never closed. The csv crate would take the rest of the file for the cell.
fn unclosed_quote(text: &[u8]) -> Option<u64> {
    let (mut line, mut opened, mut at_start, mut just_closed) = (1, None, true, false);
    for (k, &byte) in text.iter().enumerate() {
        line += u64::from(byte == b'\n');
        match (opened, byte) {
            // A doubled quote within a cell closes and opens again.
            (None, b'"') if at_start || just_closed => opened = Some(line),
            (Some(_), b'"') => {
                (opened, just_closed, at_start) = (None, true, false);
                continue;
            }
            _ => {}
        }
        just_closed = false;
        at_start =
            matches!(byte, b',' | b'\n' | b'\r') || (k == 2 && text.starts_with(b"\xef\xbb\xbf"));
    }
    opened
}

/// Counts lines up to the record that starts at or after a byte; blank lines belong to no record.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, start: u64) -> u64 {
        let start = (start as usize).min(self.text.len());
        let blank = self.text[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r'))
            .count();
        let end = start + blank;
        self.line += self.text[self.at..end].split(|byte| *byte == b'\n').count() as u64 - 1;
        self.at = end;
        self.line
    }
}

impl Table {
    /// Reads a file. Without a header the columns are called `x1`, `x2`, ….
    ///
    /// # Errors
    /// [`DataError`] with file and line for whatever is not a table.
    pub fn open(path: impl AsRef<Path>, header: bool) -> Result<Self, DataError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| DataError::Read {
            file: path.to_owned(),
            source,
        })?;
        Self::from_reader(path, file, header)
    }

    /// Reads from anything; `file` is the name for messages.
    ///
    /// # Errors
    /// As [`open`](Table::open).
    pub fn from_reader(
        file: impl AsRef<Path>,
        mut reader: impl Read,
        header: bool,
    ) -> Result<Self, DataError> {
        let file = file.as_ref().to_owned();
        let mut text = Vec::new();
        if let Err(source) = reader.read_to_end(&mut text) {
            return Err(DataError::Read { file, source });
        }
        if let Some(line) = unclosed_quote(&text) {
            return Err(DataError::UnclosedQuote { file, line });
        }
        let mut lines = Lines {
            text: &text,
            at: 0,
            line: 1,
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(&text[..]);
        let mut table = Self {
            file,
            first_line: 1,
            names: Vec::new(),
            rows: Vec::new(),
        };
        let mut record = StringRecord::new();
        let mut header = header;
        let mut width = None;
        loop {
            let line = lines.of(reader.position().byte());
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => return Err(table.reading_failed(line, error)),
            }
            let expected = *width.get_or_insert(record.len());
            if record.len() != expected {
                return Err(DataError::Ragged {
                    file: table.file,
                    line,
                    found: record.len(),
                    expected,
                });
            }
            if table.names.is_empty() {
                table.first_line = line;
                if std::mem::take(&mut header) {
                    table.names = record.iter().map(str::to_owned).collect();
                    table.unique_names()?;
                    continue;
                }
                table.names = (1..=expected).map(|k| format!("x{k}")).collect();
            }
            table.rows.push((line, record.clone()));
        }
        if table.rows.is_empty() {
            let line = table.first_line + u64::from(!table.names.is_empty());
            return Err(DataError::Empty {
                file: table.file,
                line,
            });
        }
        Ok(table)
    }

    fn reading_failed(&self, line: u64, error: csv::Error) -> DataError {
        let file = self.file.clone();
        match error.into_kind() {
            csv::ErrorKind::Utf8 { .. } => DataError::Encoding { file, line },
            csv::ErrorKind::Io(source) => DataError::Read { file, source },
            other => DataError::Read {
                file,
                source: std::io::Error::other(format!("{other:?}")),
            },
        }
    }

    fn unique_names(&self) -> Result<(), DataError> {
        for (k, name) in self.names.iter().enumerate() {
            if self.names[..k].contains(name) {
                let (file, column) = (self.file.clone(), name.clone());
                return Err(DataError::DuplicateColumn {
                    file,
                    line: self.first_line,
                    column,
                });
            }
        }
        Ok(())
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The file, for messages.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The first line of the file that holds anything.
    pub(crate) fn first_line(&self) -> u64 {
        self.first_line
    }

    /// The line of a row, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.rows[row].0
    }

    /// The position of a column, given by its name or, if no column has that name, by its number from 1.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`] with the names that exist.
    pub fn position(&self, column: &str) -> Result<usize, DataError> {
        let numbers = 1..=self.names.len();
        self.named(column).or_else(|error| {
            let number = column.parse().ok().filter(|k| numbers.contains(k));
            number.map(|k: usize| k - 1).ok_or(error)
        })
    }

    /// The position of the column with exactly this name.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`] with the names that exist.
    pub fn named(&self, column: &str) -> Result<usize, DataError> {
        self.names
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| DataError::NoSuchColumn {
                file: self.file.clone(),
                line: self.first_line,
                column: column.to_owned(),
                available: self.names.clone(),
            })
    }

    /// A cell as text.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        &self.rows[row].1[column]
    }

    /// A cell as text that is not missing.
    ///
    /// # Errors
    /// [`DataError::Missing`].
    pub fn present(&self, row: usize, column: usize) -> Result<&str, DataError> {
        let value = self.cell(row, column);
        if MISSING
            .iter()
            .any(|missing| missing.eq_ignore_ascii_case(value))
        {
            let (file, line) = (self.file.clone(), self.line(row));
            return Err(DataError::Missing {
                file,
                line,
                column: self.names[column].clone(),
                value: value.to_owned(),
            });
        }
        Ok(value)
    }

    /// A cell as a number.
    ///
    /// # Errors
    /// [`DataError::Missing`], [`DataError::NotANumber`] or [`DataError::NotFinite`].
    pub fn number(&self, row: usize, column: usize) -> Result<f64, DataError> {
        let text = self.present(row, column)?;
        let place = || {
            (
                self.file.clone(),
                self.line(row),
                self.names[column].clone(),
                text.to_owned(),
            )
        };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => {
                let (file, line, column, value) = place();
                Err(DataError::NotFinite {
                    file,
                    line,
                    column,
                    value,
                })
            }
            Err(_) => {
                let (file, line, column, value) = place();
                Err(DataError::NotANumber {
                    file,
                    line,
                    column,
                    value,
                })
            }
        }
    }

    /// A column as numbers.
    ///
    /// # Errors
    /// The first cell that is not a finite number.
    pub fn numbers(&self, column: usize) -> Result<Vec<f64>, DataError> {
        (0..self.rows())
            .map(|row| self.number(row, column))
            .collect()
    }

    /// Several columns as a matrix, one row a row of the table.
    ///
    /// # Errors
    /// The first cell, row by row, that is not a finite number.
    pub fn matrix(&self, columns: &[usize]) -> Result<Mat<f64>, DataError> {
        let mut matrix = Mat::zeros(self.rows(), columns.len());
        for row in 0..self.rows() {
            for (j, &column) in columns.iter().enumerate() {
                matrix[(row, j)] = self.number(row, column)?;
            }
        }
        Ok(matrix)
    }
}
