//! The columns that a recipe reads, and what it fills gaps with.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{Column, CsvOptions, DataError, Frame, MISSING_CODE};

/// Which rows of a frame are used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows<'r> {
    All(usize),
    Kept(&'r [usize]),
}

impl Rows<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::All(rows) => rows,
            Self::Kept(rows) => rows.len(),
        }
    }

    /// The row of the frame.
    pub(super) fn get(self, row: usize) -> usize {
        match self {
            Self::All(_) => row,
            Self::Kept(rows) => rows[row],
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.len()).map(move |row| self.get(row))
    }
}

/// What a recipe takes from a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Number,
    /// 1 for true, 0 for false.
    Boolean,
    /// The number of a level, from 0.
    Levels(Vec<String>),
    /// 1 where the value is missing, else 0.
    Missing,
}

/// A column that a recipe reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// What stands for a missing value: a number, or the number of a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fill: Option<f64>,
    /// True if rows without a value are dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) drop: bool,
}

/// The values of a column.
#[derive(Debug)]
pub(super) enum Bound<'f> {
    /// Without gaps.
    Whole(Cow<'f, [f64]>),
    /// NaN is to be replaced.
    Gaps(Cow<'f, [f64]>, f64),
    Levels(Cow<'f, [u32]>, u32),
}

impl Bound<'_> {
    pub(super) fn copy(&self, rows: Rows<'_>, from: usize, out: &mut [f64]) {
        match (self, rows) {
            (Self::Whole(values), Rows::All(_)) => {
                out.copy_from_slice(&values[from..from + out.len()]);
            }
            _ => {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = self.get(rows.get(from + k));
                }
            }
        }
    }

    /// The number, or the number of the level.
    pub(super) fn get(&self, row: usize) -> f64 {
        match self {
            Self::Gaps(values, fill) if values[row].is_nan() => *fill,
            Self::Whole(values) | Self::Gaps(values, _) => values[row],
            Self::Levels(..) => f64::from(self.level(row)),
        }
    }

    /// The number of the level.
    pub(super) fn level(&self, row: usize) -> u32 {
        match self {
            Self::Levels(codes, fill) if codes[row] == MISSING_CODE => *fill,
            Self::Levels(codes, _) => codes[row],
            Self::Whole(_) | Self::Gaps(..) => 0,
        }
    }
}

/// The number of a level that is not known.
const UNKNOWN: u32 = MISSING_CODE - 1;

/// The texts of the levels that occur in these rows, in their order, as numbers if the column holds numbers.
pub(super) fn levels(column: Column<'_>, rows: Rows<'_>) -> Vec<String> {
    match column {
        Column::Categories { codes, levels } => {
            let mut seen = vec![false; levels.len()];
            for row in rows.iter().filter(|row| codes[*row] != MISSING_CODE) {
                seen[codes[row] as usize] = true;
            }
            let seen = levels.iter().zip(seen).filter(|(_, seen)| *seen);
            seen.map(|(level, _)| level.clone()).collect()
        }
        Column::Booleans(values) => {
            let occurs = |value: bool| rows.iter().any(|row| values[row] == Some(value));
            let both = [false, true].into_iter().filter(|value| occurs(*value));
            both.map(|value| value.to_string()).collect()
        }
        Column::Numbers(values) => {
            let mut found: Vec<f64> = rows
                .iter()
                .map(|row| values[row] + 0.0)
                .filter(|x| !x.is_nan())
                .collect();
            found.sort_by(f64::total_cmp);
            found.dedup();
            found.iter().map(f64::to_string).collect()
        }
    }
}

impl Source {
    /// Options that read the column as it was read when the recipe was learned, if the file has it.
    pub(super) fn told_to_options(options: CsvOptions, source: &Self) -> CsvOptions {
        // Numbers are recognised in any spelling; other words are taken as they are written.
        let word = |level: &String| {
            let number = level.parse::<f64>();
            !number.is_ok_and(|number| number.to_string() == *level)
        };
        let boolean = |level: &String| level == "true" || level == "false";
        match &source.kind {
            Kind::Boolean => options.boolean_if_there(&source.name),
            // The levels of booleans in a formula.
            Kind::Levels(levels) if levels.iter().all(boolean) => {
                options.boolean_if_there(&source.name)
            }
            Kind::Levels(levels) if levels.iter().any(word) => {
                options.category_if_there(&source.name)
            }
            Kind::Levels(_) | Kind::Number | Kind::Missing => options,
        }
    }

    /// Finds the column in a frame; what is not as it was learned is an error that names it.
    pub(super) fn bind<'f>(
        &self,
        frame: &'f Frame,
        rows: Rows<'_>,
    ) -> Result<Bound<'f>, DataError> {
        let at = frame.named(&self.name)?;
        let column = frame.column(at);
        if self.kind == Kind::Missing {
            let missing = |row: usize| f64::from(u8::from(column.is_missing(row)));
            return Ok(Bound::Whole((0..frame.rows()).map(missing).collect()));
        }
        if self.fill.is_none() {
            frame.refuse_missing_in(at, rows.iter())?;
        }
        if let Kind::Levels(levels) = &self.kind {
            let codes = self.codes(frame, at, levels, rows)?;
            return Ok(Bound::Levels(codes, self.fill.unwrap_or(0.0) as u32));
        }
        self.refuse_other_kind(frame, at, rows)?;
        let values = frame.numbers_with_gaps(at, rows.iter())?;
        Ok(match self.fill {
            Some(fill) => Bound::Gaps(values, fill),
            None => Bound::Whole(values),
        })
    }

    /// Booleans where the recipe learned numbers, and numbers but 0 and 1 where it learned booleans.
    fn refuse_other_kind(&self, frame: &Frame, at: usize, rows: Rows<'_>) -> Result<(), DataError> {
        match (&self.kind, frame.column(at)) {
            (Kind::Number, Column::Booleans(values)) => {
                match rows.iter().find(|row| values[*row].is_some()) {
                    Some(row) => Err(frame.not_a_number(at, row)),
                    None => Ok(()),
                }
            }
            (Kind::Boolean, Column::Numbers(values)) => {
                let other =
                    |row: &usize| !(values[*row].is_nan() || [0.0, 1.0].contains(&values[*row]));
                match rows.iter().find(other) {
                    Some(row) => Err(DataError::NotBoolean {
                        file: frame.file().to_owned(),
                        line: frame.line(row),
                        column: self.name.clone(),
                        value: values[row].to_string(),
                    }),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn codes<'f>(
        &self,
        frame: &'f Frame,
        at: usize,
        levels: &[String],
        rows: Rows<'_>,
    ) -> Result<Cow<'f, [u32]>, DataError> {
        let column = frame.column(at);
        let known: HashMap<&str, u32> = levels.iter().map(String::as_str).zip(0..).collect();
        let unknown = |row: usize| DataError::UnknownCategory {
            file: frame.file().to_owned(),
            line: frame.line(row),
            column: self.name.clone(),
            value: column.text(row).unwrap_or_default().into_owned(),
            known: levels.to_vec(),
        };
        let codes: Vec<u32> = match column {
            Column::Categories { codes, levels: own } => {
                if own == levels {
                    return Ok(Cow::Borrowed(codes));
                }
                let number = |level: &String| known.get(level.as_str()).copied().unwrap_or(UNKNOWN);
                let translated: Vec<u32> = own.iter().map(number).collect();
                let translate = |code: &u32| translated.get(*code as usize).copied();
                codes
                    .iter()
                    .map(|code| translate(code).unwrap_or(MISSING_CODE))
                    .collect()
            }
            Column::Booleans(values) => {
                let number = |value: bool| {
                    known
                        .get(value.to_string().as_str())
                        .copied()
                        .unwrap_or(UNKNOWN)
                };
                let (no, yes) = (number(false), number(true));
                let code = |value: &Option<bool>| {
                    value.map_or(MISSING_CODE, |value| if value { yes } else { no })
                };
                values.iter().map(code).collect()
            }
            Column::Numbers(values) => {
                let numbers: HashMap<u64, u32> = known
                    .iter()
                    .filter_map(|(level, code)| {
                        Some(((level.parse::<f64>().ok()? + 0.0).to_bits(), *code))
                    })
                    .collect();
                let known = |value: &f64| numbers.get(&(value + 0.0).to_bits()).copied();
                let code = |value: &f64| {
                    let code = if value.is_nan() {
                        Some(MISSING_CODE)
                    } else {
                        known(value)
                    };
                    code.unwrap_or(UNKNOWN)
                };
                values.iter().map(code).collect()
            }
        };
        match rows.iter().find(|row| codes[*row] == UNKNOWN) {
            Some(row) => Err(unknown(row)),
            None => Ok(Cow::Owned(codes)),
        }
    }
}
