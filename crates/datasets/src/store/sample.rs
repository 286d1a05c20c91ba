//! Rows that show what a recipe has to learn of a table that is read block by block.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::categories::Categories;
use crate::frame::{Index, RowLines, Store};
use crate::{Column, DataError, Frame};

/// Values of a target of numbers beyond which it has no classes.
const MOST_VALUES: usize = 1000;
/// Rows at the start that are always there.
const FIRST: usize = 256;
/// Combinations of columns with gaps that are told apart.
const MOST_PATTERNS: usize = 64;
/// Words beyond which a category is none.
const MOST_LEVELS: usize = 100_000;

/// The first rows of a table, and later ones with a level, a truth, a gap or a class that no row before with gaps in the same columns
/// had in its column: whichever rows are dropped for their gaps, every level of the others is there.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// The column whose numbers are classes.
    classes: Option<String>,
    first: Option<Frame>,
    columns: Vec<Known>,
    lines: Vec<u64>,
    gaps: HashMap<String, usize>,
    /// The combinations of columns with gaps that have come.
    patterns: HashSet<u64>,
}

/// The levels of a category that have come, each with the gaps of its rows.
#[derive(Debug, Default)]
struct Levels {
    levels: HashMap<String, HashSet<u64>>,
    /// The gaps of rows that repeated one, without which a category explains nothing.
    repeated: HashSet<u64>,
}

impl Levels {
    /// The rows with new levels or gaps, and the first that repeats one.
    fn add(
        &mut self,
        codes: &[u32],
        levels: &[String],
        pattern: &dyn Fn(usize) -> u64,
    ) -> Vec<usize> {
        let mut rows = Vec::new();
        let mut known: Vec<HashSet<u64>> = (levels.iter())
            .map(|level| self.levels.get(level).cloned().unwrap_or_default())
            .collect();
        for (row, code) in codes.iter().enumerate() {
            let Some(known) = known.get_mut(*code as usize) else {
                continue;
            };
            let gaps = pattern(row);
            if known.insert(gaps) || self.repeated.insert(gaps) {
                rows.push(row);
            }
        }
        for (level, known) in levels.iter().zip(known) {
            self.levels.insert(level.clone(), known);
        }
        rows
    }
}

/// A sample as it is handed on.
#[derive(Serialize, Deserialize)]
struct Text {
    file: PathBuf,
    first_line: u64,
    file_names: Vec<String>,
    names: Vec<String>,
    places: Vec<usize>,
    columns: Vec<Written>,
    lines: Vec<u64>,
    gaps: HashMap<String, usize>,
    classes: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Written {
    Numbers(Vec<Option<f64>>),
    Booleans(Vec<Option<bool>>),
    Texts(Vec<Option<String>>),
}

/// What is known of a column, and its values in the rows of the sample.
#[derive(Debug)]
enum Known {
    /// With those that have come, if they are classes.
    Numbers(Vec<f64>, Option<HashSet<(u64, u64)>>),
    Booleans(Vec<Option<bool>>, HashSet<(Option<bool>, u64)>),
    Categories(Categories, Levels),
}

impl Sample {
    /// Before the first block: the column whose numbers are classes.
    pub(super) fn watch(&mut self, classes: Option<String>) {
        self.classes = classes;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The rows as text, for other processes and later runs.
    pub(super) fn text(&self) -> String {
        let Some(frame) = self.frame() else {
            return String::new();
        };
        let written = |at: usize| match frame.column(at) {
            Column::Numbers(values) => {
                let number = |x: &f64| (!x.is_nan()).then_some(*x);
                Written::Numbers(values.iter().map(number).collect())
            }
            Column::Booleans(values) => Written::Booleans(values.to_vec()),
            column @ Column::Categories { .. } => {
                let text = |row: usize| column.text(row).map(std::borrow::Cow::into_owned);
                Written::Texts((0..frame.rows()).map(text).collect())
            }
        };
        let text = Text {
            file: frame.file.clone(),
            first_line: frame.first_line,
            file_names: frame.file_names.clone(),
            names: frame.names.clone(),
            places: frame.places.clone(),
            columns: (0..frame.names.len()).map(written).collect(),
            lines: self.lines.clone(),
            gaps: self.gaps.clone(),
            classes: self.classes.clone(),
        };
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Looks at rows that another sample has shown.
    pub(super) fn add_text(&mut self, text: &str) -> Result<(), DataError> {
        let text: Text = serde_json::from_str(text).map_err(|error| DataError::Store {
            file: self.file().to_owned(),
            problem: format!("what a part of the table shows cannot be read: {error}"),
        })?;
        self.classes = self.classes.take().or(text.classes);
        let mut numbers = Vec::new();
        let mut stores = Vec::new();
        for column in text.columns {
            stores.push(match column {
                Written::Numbers(values) => {
                    numbers.push(values);
                    Store::Number(numbers.len() - 1)
                }
                Written::Booleans(values) => Store::Booleans(values),
                Written::Texts(values) => {
                    let mut categories = Categories::default();
                    for value in values {
                        match value {
                            Some(value) => {
                                categories.push(value.as_bytes());
                            }
                            None => categories.push_missing(),
                        }
                    }
                    categories.order();
                    Store::Categories(categories)
                }
            });
        }
        let rows = text.lines.len();
        let number = |i: usize, j: usize| {
            let value: Option<&Option<f64>> = numbers.get(j).and_then(|values| values.get(i));
            value.copied().flatten().unwrap_or(f64::NAN)
        };
        let frame = Frame {
            file: text.file,
            first_line: text.first_line,
            file_names: text.file_names,
            names: text.names,
            index: Index::default(),
            places: text.places,
            rows,
            lines: RowLines::Each(text.lines),
            gaps: !text.gaps.is_empty(),
            numbers: linalg::Mat::from_fn(rows, numbers.len(), number),
            stores,
        };
        let known = self.gaps.clone();
        self.add(&frame)?;
        self.gaps = known;
        for (column, count) in text.gaps {
            *self.gaps.entry(column).or_insert(0) += count;
        }
        Ok(())
    }

    /// How many values are missing in a column.
    pub(super) fn gaps(&self, column: &str) -> usize {
        self.gaps.get(column).copied().unwrap_or(0)
    }

    /// Looks at a block; an error if its columns are not those of the blocks before.
    pub(super) fn add(&mut self, block: &Frame) -> Result<(), DataError> {
        if self.first.is_none() {
            self.begin(block);
        }
        let first = self.first.as_ref().map(Frame::names);
        let alike = first == Some(block.names())
            && (0..self.columns.len()).all(|at| alike(&self.columns[at], &block.column(at)));
        if !alike {
            return Err(DataError::Store {
                file: block.file().to_owned(),
                problem: "its columns or their kinds are not those of the part before; give parts of one table".to_owned(),
            });
        }
        let few = FIRST.saturating_sub(self.lines.len()).min(block.rows());
        let mut rows: Vec<usize> = (0..few).collect();
        let patterns = self.patterns(block);
        let pattern = |row: usize| patterns.get(row).copied().unwrap_or(0);
        for (at, known) in self.columns.iter_mut().enumerate() {
            let column = block.column(at);
            let name = &block.names()[at];
            if block.gaps {
                let mut missing = (0..block.rows()).filter(|row| column.is_missing(*row));
                if let Some(row) = missing.next() {
                    let count = self.gaps.entry(name.clone()).or_insert(0);
                    if *count == 0 {
                        rows.push(row);
                    }
                    *count += 1 + missing.count();
                }
            }
            match (known, column) {
                (Known::Numbers(_, seen), Column::Numbers(values)) => {
                    let watched = seen.iter_mut().flat_map(|seen| {
                        let new = |(row, value): (usize, &f64)| {
                            let fresh = seen.len() <= MOST_VALUES
                                && !value.is_nan()
                                && seen.insert((value.to_bits(), pattern(row)));
                            fresh.then_some(row)
                        };
                        values
                            .iter()
                            .enumerate()
                            .filter_map(new)
                            .collect::<Vec<_>>()
                    });
                    rows.extend(watched);
                }
                (Known::Booleans(_, seen), Column::Booleans(values)) => {
                    for (row, value) in values.iter().enumerate() {
                        if seen.insert((*value, pattern(row))) {
                            rows.push(row);
                        }
                    }
                }
                (Known::Categories(_, seen), Column::Categories { codes, levels }) => {
                    rows.extend(seen.add(codes, levels, &pattern));
                    if seen.levels.len() > MOST_LEVELS {
                        let problem = format!(
                            "the category `{name}` has more than {MOST_LEVELS} different words; leave it out"
                        );
                        return Err(DataError::Preparation { problem });
                    }
                }
                _ => {}
            }
        }
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            self.lines.push(block.line(row));
            for (at, known) in self.columns.iter_mut().enumerate() {
                match (known, block.column(at)) {
                    (Known::Numbers(values, _), Column::Numbers(own)) => values.push(own[row]),
                    (Known::Booleans(values, _), Column::Booleans(own)) => values.push(own[row]),
                    (Known::Categories(values, _), column) => match column.text(row) {
                        Some(text) => {
                            values.push(text.as_bytes());
                        }
                        None => values.push_missing(),
                    },
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// For each row a number that tells in which columns it has gaps; nothing if no row has one.
    fn patterns(&mut self, block: &Frame) -> Vec<u64> {
        if !block.gaps {
            return Vec::new();
        }
        let mut all = vec![0_u64; block.rows()];
        for at in 0..self.columns.len() {
            let column = block.column(at);
            // An odd number for each column, mixed.
            let own = (at as u64 + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31)
                | 1;
            for (row, pattern) in all.iter_mut().enumerate() {
                if column.is_missing(row) {
                    *pattern = pattern.wrapping_add(own);
                }
            }
        }
        for pattern in all.iter_mut().filter(|pattern| **pattern != 0) {
            if self.patterns.len() < MOST_PATTERNS {
                self.patterns.insert(*pattern);
            } else if !self.patterns.contains(pattern) {
                *pattern = 1;
            }
        }
        all
    }

    fn begin(&mut self, block: &Frame) {
        for (at, name) in block.names().iter().enumerate() {
            self.columns.push(match block.column(at) {
                Column::Numbers(_) => {
                    let watched = self.classes.as_deref() == Some(name);
                    Known::Numbers(Vec::new(), watched.then(HashSet::new))
                }
                Column::Booleans(_) => Known::Booleans(Vec::new(), HashSet::new()),
                Column::Categories { .. } => {
                    Known::Categories(Categories::default(), Levels::default())
                }
            });
        }
        // What a frame knows of its file, without its rows.
        self.first = Some(Frame {
            file: block.file.clone(),
            first_line: block.first_line,
            file_names: block.file_names.clone(),
            names: block.names.clone(),
            index: Index::default(),
            places: block.places.clone(),
            rows: 0,
            lines: RowLines::From(block.first_line),
            gaps: false,
            numbers: linalg::Mat::new(),
            stores: Vec::new(),
        });
    }

    /// The rows of the sample as a table; `None` without rows.
    pub(super) fn frame(&self) -> Option<Frame> {
        let mut frame = self.first.clone().filter(|_| !self.lines.is_empty())?;
        frame.rows = self.lines.len();
        frame.lines = RowLines::Each(self.lines.clone());
        frame.gaps = !self.gaps.is_empty();
        let mut numbers = Vec::new();
        for known in &self.columns {
            frame.stores.push(match known {
                Known::Numbers(values, _) => {
                    numbers.push(values);
                    Store::Number(numbers.len() - 1)
                }
                Known::Booleans(values, _) => Store::Booleans(values.clone()),
                Known::Categories(values, _) => {
                    let mut values = values.clone();
                    values.order();
                    Store::Categories(values)
                }
            });
        }
        frame.numbers = linalg::Mat::from_fn(frame.rows, numbers.len(), |i, j| numbers[j][i]);
        Some(frame)
    }

    /// Names the file for messages.
    pub(super) fn comes_from(&mut self, file: &Path) {
        if let Some(first) = &mut self.first {
            file.clone_into(&mut first.file);
        }
    }

    /// The file of the first block.
    pub(super) fn file(&self) -> &Path {
        self.first
            .as_ref()
            .map_or(Path::new(""), |first| first.file())
    }
}

fn alike(known: &Known, column: &Column<'_>) -> bool {
    matches!(
        (known, column),
        (Known::Numbers(..), Column::Numbers(_))
            | (Known::Booleans(..), Column::Booleans(_))
            | (Known::Categories(..), Column::Categories { .. })
    )
}
