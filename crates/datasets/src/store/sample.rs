//! Rows that show what a recipe has to learn of a table that is read block by block.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::categories::Categories;
use crate::frame::{Index, RowLines, Store};
use crate::{Column, DataError, Frame};

/// Values of a target of numbers beyond which it has no classes.
const MOST_VALUES: usize = 1000;
/// Words beyond which a category is none.
const MOST_LEVELS: usize = 100_000;

/// The first rows of a table, and later ones with a level, a truth, a gap or a class that no row before had in its column.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// The column whose numbers are classes.
    classes: Option<String>,
    first: Option<Frame>,
    columns: Vec<Known>,
    lines: Vec<u64>,
    gaps: HashMap<String, usize>,
}

/// The levels of a category that have come.
#[derive(Debug, Default)]
struct Levels {
    levels: HashSet<String>,
    /// True if one came in two rows, without which a category explains nothing.
    repeated: bool,
}

impl Levels {
    /// The rows with new levels, and the first that repeats one.
    fn add(&mut self, codes: &[u32], levels: &[String]) -> Vec<usize> {
        let new = |level: &String| !self.levels.contains(level);
        let mut wanted: Vec<bool> = levels.iter().map(new).collect();
        if self.repeated && !wanted.contains(&true) {
            return Vec::new();
        }
        let mut rows = Vec::new();
        for (row, code) in codes.iter().enumerate() {
            let Some(wanted) = wanted.get_mut(*code as usize) else {
                continue;
            };
            let first = std::mem::take(wanted);
            if first || !self.repeated {
                rows.push(row);
                self.repeated |= !first;
            }
        }
        self.levels.extend(levels.iter().cloned());
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
    Numbers {
        values: Vec<f64>,
        seen: HashSet<u64>,
        watched: bool,
    },
    Booleans(Vec<Option<bool>>),
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
                let text = |row: usize| column.text(row).map(|text| text.into_owned());
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
        let mut rows: Vec<usize> = (0..block.rows().min(2))
            .filter(|_| self.lines.is_empty())
            .collect();
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
                (
                    Known::Numbers {
                        seen,
                        watched: true,
                        ..
                    },
                    Column::Numbers(values),
                ) => {
                    for (row, value) in values.iter().enumerate() {
                        if seen.len() <= MOST_VALUES
                            && !value.is_nan()
                            && seen.insert(value.to_bits())
                        {
                            rows.push(row);
                        }
                    }
                }
                (Known::Booleans(known), Column::Booleans(values)) => {
                    for truth in [true, false] {
                        let is = |value: &Option<bool>| *value == Some(truth);
                        if !known.iter().any(is) {
                            rows.extend(values.iter().position(is));
                        }
                    }
                }
                (Known::Categories(_, seen), Column::Categories { codes, levels }) => {
                    rows.extend(seen.add(codes, levels));
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
                    (Known::Numbers { values, .. }, Column::Numbers(own)) => values.push(own[row]),
                    (Known::Booleans(values), Column::Booleans(own)) => values.push(own[row]),
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

    fn begin(&mut self, block: &Frame) {
        for (at, name) in block.names().iter().enumerate() {
            self.columns.push(match block.column(at) {
                Column::Numbers(_) => Known::Numbers {
                    values: Vec::new(),
                    seen: HashSet::new(),
                    watched: self.classes.as_deref() == Some(name),
                },
                Column::Booleans(_) => Known::Booleans(Vec::new()),
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
                Known::Numbers { values, .. } => {
                    numbers.push(values);
                    Store::Number(numbers.len() - 1)
                }
                Known::Booleans(values) => Store::Booleans(values.clone()),
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
        (Known::Numbers { .. }, Column::Numbers(_))
            | (Known::Booleans(_), Column::Booleans(_))
            | (Known::Categories(..), Column::Categories { .. })
    )
}
