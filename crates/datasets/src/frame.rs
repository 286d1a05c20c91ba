//! A table with typed columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use linalg::Mat;

use crate::DataError;

/// The code of a missing category.
pub const MISSING_CODE: u32 = u32::MAX;

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers, NaN where the value is missing.
    Numbers(Vec<f64>),
    /// True, false, or missing.
    Booleans(Vec<Option<bool>>),
    /// Categories: for each row the number of its level, [`MISSING_CODE`] where the value is missing.
    Categories {
        /// One for each row.
        codes: Vec<u32>,
        /// The words, in alphabetical order, or in the order of their numbers if all are numbers.
        levels: Vec<String>,
    },
}

impl Column {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Booleans(values) => values.len(),
            Self::Categories { codes, .. } => codes.len(),
        }
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if the value of a row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Booleans(values) => values[row].is_none(),
            Self::Categories { codes, .. } => codes[row] == MISSING_CODE,
        }
    }
}

/// The lines of rows in their file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RowLines {
    /// Each row is a line, from this one on.
    From(u64),
    /// The line of each row.
    Each(Vec<u64>),
}

/// Named columns of one length, with the file and the lines that they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub(crate) file: PathBuf,
    pub(crate) first_line: u64,
    pub(crate) names: Vec<String>,
    /// The place of each column in the file, from 0.
    pub(crate) places: Vec<usize>,
    pub(crate) rows: usize,
    pub(crate) columns: Vec<Column>,
    pub(crate) lines: RowLines,
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
    pub fn line(&self, row: usize) -> u64 {
        match &self.lines {
            RowLines::From(first) => first + row as u64,
            RowLines::Each(lines) => lines[row],
        }
    }

    /// A column by its place.
    pub fn column(&self, at: usize) -> &Column {
        &self.columns[at]
    }

    /// The place in this frame of the column with this name, or else of the column of the file with this number, from 1.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`] with the names that exist.
    pub fn position(&self, column: &str) -> Result<usize, DataError> {
        place(&self.names, &self.places, column).ok_or_else(|| DataError::NoSuchColumn {
            file: self.file.clone(),
            line: self.first_line,
            column: column.to_owned(),
            available: self.names.clone(),
        })
    }

    /// A column of numbers, or of booleans as 1 and 0, without a missing one.
    ///
    /// # Errors
    /// [`DataError::NotANumber`] with the first word of a column of categories, [`DataError::MissingValues`] with the first line
    /// and the count.
    pub fn numbers(&self, at: usize) -> Result<Cow<'_, [f64]>, DataError> {
        self.refuse_missing(at)?;
        match &self.columns[at] {
            Column::Numbers(numbers) => Ok(Cow::Borrowed(numbers)),
            Column::Booleans(values) => {
                let number = |value: &Option<bool>| f64::from(u8::from(*value == Some(true)));
                Ok(Cow::Owned(values.iter().map(number).collect()))
            }
            Column::Categories { codes, levels } => Err(DataError::NotANumber {
                file: self.file.clone(),
                line: self.line(0),
                column: self.names[at].clone(),
                value: codes
                    .first()
                    .map_or(String::new(), |k| levels[*k as usize].clone()),
            }),
        }
    }

    /// Refuses a column with missing values.
    ///
    /// # Errors
    /// [`DataError::MissingValues`] with the first line and the count.
    pub fn refuse_missing(&self, at: usize) -> Result<(), DataError> {
        let column = &self.columns[at];
        let mut missing = (0..self.rows).filter(|row| column.is_missing(*row));
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

    /// All columns as a matrix. Columns leave the frame one by one, so that the memory of both together is little more than that of
    /// one.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers).
    pub fn into_matrix(mut self) -> Result<Mat<f64>, DataError> {
        let mut matrix = Mat::zeros(self.rows, self.columns.len());
        for j in 0..self.columns.len() {
            let numbers = self.numbers(j)?;
            if let Some(out) = linalg::flat_mut(matrix.as_mut().col_mut(j).as_mat_mut()) {
                out.copy_from_slice(&numbers);
            }
            self.columns[j] = Column::Numbers(Vec::new());
        }
        Ok(matrix)
    }

    /// The rows of another frame with the same columns, below these.
    pub(crate) fn append(&mut self, other: Self) {
        let rows = self.rows;
        self.rows += other.rows;
        self.lines = match (&self.lines, &other.lines) {
            (RowLines::From(a), RowLines::From(b)) if a + rows as u64 == *b => RowLines::From(*a),
            _ => {
                let mine = (0..rows).map(|row| self.line(row));
                RowLines::Each(
                    mine.chain((0..other.rows).map(|row| other.line(row)))
                        .collect(),
                )
            }
        };
        for (mine, theirs) in self.columns.iter_mut().zip(other.columns) {
            match (mine, theirs) {
                (Column::Numbers(mine), Column::Numbers(theirs)) => extend(mine, &theirs),
                (Column::Booleans(mine), Column::Booleans(theirs)) => extend(mine, &theirs),
                (
                    Column::Categories { codes, levels },
                    Column::Categories {
                        codes: more,
                        levels: names,
                    },
                ) => append_categories(codes, levels, &more, names),
                _ => unreachable!("blocks of one file have columns of the same kinds"),
            }
        }
    }

    /// Puts the levels of all categories in their order.
    pub(crate) fn order_levels(&mut self) {
        for column in &mut self.columns {
            if let Column::Categories { codes, levels } = column {
                order(codes, levels);
            }
        }
    }
}

/// Where a column is: by name, or else by its number in the file, from 1.
pub(crate) fn place(names: &[String], places: &[usize], column: &str) -> Option<usize> {
    let by_name = names.iter().position(|name| name == column);
    by_name.or_else(|| {
        let number: usize = column.parse().ok()?;
        places.iter().position(|at| at + 1 == number)
    })
}

/// Appends, and leaves less room than doubling would.
fn extend<T: Copy>(all: &mut Vec<T>, more: &[T]) {
    if all.capacity() - all.len() < more.len() {
        all.reserve_exact(more.len().max(all.len() / 8));
    }
    all.extend_from_slice(more);
}

fn append_categories(
    codes: &mut Vec<u32>,
    levels: &mut Vec<String>,
    more: &[u32],
    names: Vec<String>,
) {
    let mut known: HashMap<String, u32> = levels.iter().cloned().zip(0..).collect();
    let translated: Vec<u32> = names
        .into_iter()
        .map(|name| {
            *known.entry(name).or_insert_with_key(|name| {
                levels.push(name.clone());
                levels.len() as u32 - 1
            })
        })
        .collect();
    let translate = |code: &u32| {
        translated
            .get(*code as usize)
            .copied()
            .unwrap_or(MISSING_CODE)
    };
    codes.extend(more.iter().map(translate));
}

fn order(codes: &mut [u32], levels: &mut Vec<String>) {
    let number = |level: &String| level.parse::<f64>().ok().filter(|n| n.is_finite());
    let numbers: Option<Vec<f64>> = levels.iter().map(number).collect();
    let mut places: Vec<usize> = (0..levels.len()).collect();
    match numbers {
        Some(numbers) => places.sort_by(|&a, &b| {
            numbers[a]
                .total_cmp(&numbers[b])
                .then_with(|| levels[a].cmp(&levels[b]))
        }),
        None => places.sort_by(|&a, &b| levels[a].cmp(&levels[b])),
    }
    let mut rank = vec![0; levels.len()];
    for (new, &old) in places.iter().enumerate() {
        rank[old] = new as u32;
    }
    *levels = places
        .iter()
        .map(|&old| std::mem::take(&mut levels[old]))
        .collect();
    for code in codes {
        if let Some(new) = rank.get(*code as usize) {
            *code = *new;
        }
    }
}
