//! A table with typed columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use linalg::Mat;

use crate::DataError;
use crate::categories::Categories;

/// The code of a missing category.
pub const MISSING_CODE: u32 = u32::MAX;

/// The values of a column, borrowed from a [`Frame`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Column<'f> {
    /// Numbers, NaN where the value is missing.
    Numbers(&'f [f64]),
    /// True, false, or missing.
    Booleans(&'f [Option<bool>]),
    /// Categories.
    Categories {
        /// For each row the number of its level, [`MISSING_CODE`] where the value is missing.
        codes: &'f [u32],
        /// The words, in alphabetical order, or in the order of their numbers if all are numbers.
        levels: &'f [String],
    },
}

impl<'f> Column<'f> {
    /// True if the value of a row is missing.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Booleans(values) => values[row].is_none(),
            Self::Categories { codes, .. } => codes[row] == MISSING_CODE,
        }
    }

    /// The value of a row as a file would have it; `None` if it is missing.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn text(&self, row: usize) -> Option<Cow<'f, str>> {
        if self.is_missing(row) {
            return None;
        }
        Some(match self {
            Self::Numbers(numbers) => Cow::Owned(numbers[row].to_string()),
            Self::Booleans(values) => Cow::Owned((values[row] == Some(true)).to_string()),
            Self::Categories { codes, levels } => Cow::Borrowed(&levels[codes[row] as usize]),
        })
    }
}

/// How a column is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Store {
    /// A column of the frame's matrix.
    Number(usize),
    Booleans(Vec<Option<bool>>),
    Categories(Categories),
}

/// The lines of rows in their file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RowLines {
    /// Each row is a line, from this one on.
    From(u64),
    /// The line of each row.
    Each(Vec<u64>),
}

impl RowLines {
    pub(crate) fn of(&self, row: usize) -> u64 {
        match self {
            Self::From(first) => first + row as u64,
            Self::Each(lines) => lines[row],
        }
    }

    /// The lines of more rows, after these `rows`.
    pub(crate) fn append(&mut self, rows: usize, other: Self, more: usize) {
        match (&mut *self, other) {
            (Self::From(first), Self::From(next)) if *first + rows as u64 == next => {}
            (Self::Each(lines), other) => lines.extend((0..more).map(|row| other.of(row))),
            (_, other) if rows == 0 => *self = other,
            (_, other) => {
                let mine = (0..rows).map(|row| self.of(row));
                *self = Self::Each(mine.chain((0..more).map(|row| other.of(row))).collect());
            }
        }
    }
}

/// The places of names, looked up when a name is first asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index(OnceLock<HashMap<String, usize>>);

/// Frames are equal by what they hold.
impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Named columns of one length, with the file and the lines that they came from.
///
/// ```
/// use datasets::{Column, CsvOptions};
/// let frame = CsvOptions::new().read_from("t.csv", "city,rooms\nLima,3\nBasel,2\n".as_bytes())?;
/// assert_eq!((frame.rows(), frame.names()), (2, &["city".to_owned(), "rooms".to_owned()][..]));
/// assert_eq!(*frame.numbers(1)?, [3.0, 2.0]);
/// assert_eq!(frame.column(0).text(0).as_deref(), Some("Lima"));
/// assert_eq!(frame.line(1), 3);
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub(crate) file: PathBuf,
    pub(crate) first_line: u64,
    /// The names of all columns of the file, also of those that were not wanted.
    pub(crate) file_names: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) index: Index,
    /// The place of each column in the file, from 0.
    pub(crate) places: Vec<usize>,
    pub(crate) rows: usize,
    pub(crate) lines: RowLines,
    /// False if it is known that no value is missing.
    pub(crate) gaps: bool,
    /// All columns of numbers.
    pub(crate) numbers: Mat<f64>,
    pub(crate) stores: Vec<Store>,
}

impl Frame {
    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file, for messages.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line of a row, from 1.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        assert!(row < self.rows, "row {row} of a frame of {}", self.rows);
        self.lines.of(row)
    }

    /// [`line`](Self::line) without the values, whose memory is free then.
    ///
    /// ```
    /// let frame = datasets::CsvOptions::new().read_from("t.csv", "x\n1\n\n2\n".as_bytes())?;
    /// let line = frame.into_lines();
    /// assert_eq!([line(0), line(1)], [2, 4]);
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn into_lines(self) -> impl Fn(usize) -> u64 {
        let lines = self.lines;
        move |row| lines.of(row)
    }

    /// A column by its place in this frame.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn column(&self, at: usize) -> Column<'_> {
        match &self.stores[at] {
            Store::Number(j) => Column::Numbers(self.numbers.col_as_slice(*j)),
            Store::Booleans(values) => Column::Booleans(values),
            Store::Categories(categories) => Column::Categories {
                codes: &categories.codes,
                levels: &categories.levels,
            },
        }
    }

    /// The place in this frame of the column of the file with this name, or else with this number, from 1.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`] with the names that exist, [`DataError::NotRead`] if the file has such a column and this frame
    /// has not.
    pub fn position(&self, column: &str) -> Result<usize, DataError> {
        self.named(column).or_else(|error| {
            let in_file = self.place_in_file(column).ok_or(error)?;
            let here = self.places.iter().position(|at| *at == in_file);
            here.ok_or_else(|| self.not_read(column))
        })
    }

    /// Where the file has a column, read or not: by name, or else by its number, from 1.
    pub(crate) fn place_in_file(&self, column: &str) -> Option<usize> {
        place(&self.file_names, column)
    }

    /// A column as numbers, without a missing one: booleans are 1 and 0, and categories whose words are all numbers are these
    /// numbers.
    ///
    /// # Errors
    /// [`DataError::NotANumber`] with the first word that is none, [`DataError::MissingValues`] with the first line and the count.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn numbers(&self, at: usize) -> Result<Cow<'_, [f64]>, DataError> {
        self.refuse_missing(at)?;
        self.numbers_with_gaps(at, 0..self.rows)
    }

    /// A column as numbers, NaN where they are missing; a word that is no finite number is an error if it stands in these rows.
    pub(crate) fn numbers_with_gaps(
        &self,
        at: usize,
        mut rows: impl Iterator<Item = usize>,
    ) -> Result<Cow<'_, [f64]>, DataError> {
        Ok(match self.column(at) {
            Column::Numbers(values) => Cow::Borrowed(values),
            Column::Booleans(values) => {
                let number = |value: &Option<bool>| {
                    value.map_or(f64::NAN, |value| f64::from(u8::from(value)))
                };
                values.iter().map(number).collect()
            }
            Column::Categories { codes, levels } => {
                let finite = |level: &String| level.parse().ok().filter(|x: &f64| x.is_finite());
                let parsed: Vec<Option<f64>> = levels.iter().map(finite).collect();
                let number = |code: u32| parsed.get(code as usize).copied().flatten();
                let word =
                    |row: &usize| codes[*row] != MISSING_CODE && number(codes[*row]).is_none();
                if let Some(row) = rows.find(word) {
                    return Err(self.not_a_number(at, row));
                }
                let numbers = codes.iter().map(|code| number(*code).unwrap_or(f64::NAN));
                numbers.collect()
            }
        })
    }

    pub(crate) fn not_a_number(&self, at: usize, row: usize) -> DataError {
        DataError::NotANumber {
            file: self.file.clone(),
            line: self.lines.of(row),
            column: self.names[at].clone(),
            value: self.column(at).text(row).unwrap_or_default().into_owned(),
        }
    }

    /// Refuses a column with missing values.
    ///
    /// # Errors
    /// [`DataError::MissingValues`] with the first line and the count.
    ///
    /// # Panics
    /// If there is no such column.
    pub fn refuse_missing(&self, at: usize) -> Result<(), DataError> {
        self.refuse_missing_in(at, 0..self.rows)
    }

    /// The same for some of the rows.
    pub(crate) fn refuse_missing_in(
        &self,
        at: usize,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), DataError> {
        if !self.gaps {
            return Ok(());
        }
        let column = self.column(at);
        let mut missing = rows.filter(|row| column.is_missing(*row));
        match missing.next() {
            None => Ok(()),
            Some(row) => Err(DataError::MissingValues {
                file: self.file.clone(),
                line: self.line(row),
                column: self.names[at].clone(),
                count: 1 + missing.count(),
            }),
        }
    }

    /// The place in this frame of the column with exactly this name.
    ///
    /// # Errors
    /// As [`position`](Self::position).
    pub fn named(&self, name: &str) -> Result<usize, DataError> {
        let places = || self.names.iter().cloned().zip(0..).collect();
        let found = self.index.0.get_or_init(places).get(name).copied();
        found.ok_or_else(|| {
            if self.file_names.iter().any(|known| known == name) {
                self.not_read(name)
            } else {
                self.no_such_column(name)
            }
        })
    }

    fn not_read(&self, column: &str) -> DataError {
        DataError::NotRead {
            file: self.file.clone(),
            line: self.first_line,
            column: column.to_owned(),
            read: self.names.clone(),
        }
    }

    fn no_such_column(&self, column: &str) -> DataError {
        DataError::NoSuchColumn {
            file: self.file.clone(),
            line: self.first_line,
            column: column.to_owned(),
            available: self.file_names.clone(),
        }
    }

    pub(crate) fn term_not_finite(&self, row: usize, term: &str, value: f64) -> DataError {
        DataError::TermNotFinite {
            file: self.file.clone(),
            line: self.line(row),
            term: term.to_owned(),
            value,
        }
    }

    /// All columns as a matrix; without a copy if all hold numbers.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers).
    pub fn into_matrix(self) -> Result<Mat<f64>, DataError> {
        for at in 0..self.stores.len() {
            self.refuse_missing(at)?;
        }
        if self.numbers.ncols() == self.stores.len() {
            return Ok(self.numbers);
        }
        let mut matrix = Mat::zeros(self.rows, self.stores.len());
        for at in 0..self.stores.len() {
            matrix
                .col_as_slice_mut(at)
                .copy_from_slice(&self.numbers(at)?);
        }
        Ok(matrix)
    }

    /// Writes the table as CSV with a header; missing values are empty cells. Numbers read back to the same bits.
    ///
    /// # Errors
    /// What the writer says.
    ///
    /// ```
    /// use datasets::CsvOptions;
    /// let file = "city,rooms\n\"Lima, Peru\",3\nBasel,\n";
    /// let frame = CsvOptions::new().read_from("t.csv", file.as_bytes())?;
    /// let mut text = Vec::new();
    /// frame.write_csv(&mut text).map_err(|_| datasets::DataError::NoTarget)?;
    /// assert_eq!(String::from_utf8_lossy(&text), file);
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn write_csv(&self, writer: impl Write) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(&self.names)?;
        for row in 0..self.rows {
            for at in 0..self.names.len() {
                writer.write_field(self.column(at).text(row).unwrap_or_default().as_bytes())?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()
    }

    /// Puts the levels of all categories in their order.
    pub(crate) fn order_levels(&mut self) {
        for store in &mut self.stores {
            if let Store::Categories(categories) = store {
                categories.order();
            }
        }
    }
}

/// Where a file with these names has a column: by name, or else by its number, from 1.
pub(crate) fn place(names: &[String], column: &str) -> Option<usize> {
    let by_name = names.iter().position(|name| name == column);
    by_name.or_else(|| {
        let number: usize = column.parse().ok()?;
        (1..=names.len()).contains(&number).then(|| number - 1)
    })
}
