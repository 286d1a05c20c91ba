//! Columns that are read, and what is learned to stand for their gaps.

use super::super::preparation::Missing;
use super::super::source::{Kind, Rows, Source};
use super::Learner;
use crate::formula::{Spanned, suggestion};
use crate::scaling::{mean_and_deviation, quantile};
use crate::{Column, DataError};

impl Learner<'_> {
    /// The place of a column in the frame; a formula points at a name that does not exist.
    pub(super) fn place(&self, name: &str, at: &Spanned) -> Result<usize, DataError> {
        self.frame.named(name).map_err(|error| {
            if at.to == 0 {
                return error;
            }
            if matches!(error, DataError::NotRead { .. }) {
                let problem = format!(
                    "the column `{name}` of {} was not read; those that were are {}",
                    self.frame.file().display(),
                    self.frame.names().join(", ")
                );
                return self.wanted.fault(at, problem);
            }
            let names = &self.frame.file_names;
            let known = names.iter().map(String::as_str);
            let problem = format!(
                "{} has no column `{name}`{}; its columns are {}",
                self.frame.file().display(),
                suggestion(name, known),
                names.join(", ")
            );
            self.wanted.fault(at, problem)
        })
    }

    /// A column of the recipe, new if need be.
    pub(super) fn column(
        &mut self,
        name: &str,
        kind: Kind,
        at: &Spanned,
    ) -> Result<usize, DataError> {
        let imputed = !self.apart
            && kind != Kind::Missing
            && matches!(
                self.policy(name),
                Missing::Mean | Missing::Median | Missing::Mode
            );
        let drop = kind != Kind::Missing
            && (self.apart && self.kept.is_some() || self.policy(name) == Missing::DropRows);
        for &known in self.by_name.get(name).into_iter().flatten() {
            let source = &self.columns[known];
            // A feature that refuses gaps and an offset whose gaps are dropped are two.
            if source.kind == kind && source.drop == drop && self.imputed[known] == imputed {
                return Ok(known);
            }
        }
        let place = self.place(name, at)?;
        let mut source = Source {
            name: name.to_owned(),
            drop,
            kind,
            fill: None,
        };
        if imputed {
            source.fill = self.fill(place, &source)?;
        }
        let kept = self
            .kept
            .as_deref()
            .map_or(Rows::All(self.frame.rows()), Rows::Kept);
        self.bound.push(source.bind(self.frame, kept)?);
        let at = self.columns.len();
        self.by_name.entry(name.to_owned()).or_default().push(at);
        self.columns.push(source);
        self.imputed.push(imputed);
        Ok(at)
    }

    /// Booleans and numbers, which are not taken for each other in new data.
    pub(super) fn kind(&self, name: &str) -> Kind {
        let column = self.frame.named(name).map(|at| self.frame.column(at));
        match column {
            Ok(Column::Booleans(_)) => Kind::Boolean,
            _ => Kind::Number,
        }
    }

    pub(super) fn refuse_repetition(
        &self,
        levels: &[String],
        at: &Spanned,
    ) -> Result<(), DataError> {
        let repeated = levels
            .iter()
            .enumerate()
            .find(|(k, level)| levels[..*k].contains(level));
        match repeated {
            None => Ok(()),
            Some((_, level)) => Err(self
                .wanted
                .fault(at, format!("the level {level:?} is listed twice"))),
        }
    }

    /// What stands for missing values; `None` if there is nothing to learn it from, so that the first gap is reported.
    pub(super) fn fill(&self, place: usize, source: &Source) -> Result<Option<f64>, DataError> {
        let rows = self.rows();
        let column = self.frame.column(place);
        if let Kind::Levels(levels) = &source.kind {
            let texts = rows
                .iter()
                .filter_map(|row| column.text(row).map(std::borrow::Cow::into_owned));
            return Ok(most_frequent(
                texts
                    .filter_map(|text| levels.iter().position(|level| *level == text))
                    .map(|k| k as f64),
            ));
        }
        let values = self.frame.numbers_with_gaps(place, rows.iter())?;
        let mut present: Vec<f64> = rows
            .iter()
            .map(|row| values[row])
            .filter(|x| !x.is_nan())
            .collect();
        if present.is_empty() {
            return Ok(None);
        }
        Ok(match self.policy(&source.name) {
            Missing::Mean => Some(mean_and_deviation(&present).0),
            Missing::Median => {
                present.sort_by(f64::total_cmp);
                Some(quantile(&present, 0.5))
            }
            _ => most_frequent(present.into_iter()),
        })
    }
}

/// The most frequent number, the smallest of several; `None` of none.
fn most_frequent(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let mut best: Option<(usize, f64)> = None;
    for group in sorted.chunk_by(|a, b| a == b) {
        if best.is_none_or(|(count, _)| group.len() > count) {
            best = Some((group.len(), group[0]));
        }
    }
    best.map(|(_, value)| value)
}
