//! What the rows of all parts teach.

use std::path::PathBuf;

use super::StoreOptions;
use super::sample::Sample;
use crate::{DataError, Recipe};

impl StoreOptions {
    /// The recipe of rows that show everything, if it needs no more than they show.
    pub(super) fn learn(&self, sample: &Sample) -> Result<Recipe, DataError> {
        let Some(frame) = sample.frame() else {
            return Err(DataError::Empty {
                file: sample.file().to_owned(),
                line: 1,
            });
        };
        let recipe = self
            .preparation
            .learn(&frame)
            .map_err(|error| match error {
                DataError::MissingValues {
                    file, line, column, ..
                } => DataError::MissingValues {
                    count: sample.gaps(&column),
                    file,
                    line,
                    column,
                },
                error => error,
            })?;
        match recipe.beyond(&frame) {
            None => Ok(recipe),
            Some(what) => Err(DataError::Preparation {
                problem: format!(
                    "{what} needs all rows at once to be learned; leave it out, or fit in memory and in one process"
                ),
            }),
        }
    }

    /// The fault of the rows of all parts with the name of the part that has it: the first with which it is there.
    pub(super) fn blamed(
        &self,
        fault: DataError,
        texts: &[String],
        sources: &[PathBuf],
    ) -> DataError {
        let place = |error: &DataError| {
            let text = error.to_string();
            let line = text.split_once("line ").map(|(_, rest)| {
                let digits = rest.chars().take_while(char::is_ascii_digit);
                digits.collect::<String>()
            });
            (std::mem::discriminant(error), line)
        };
        let mut some = Sample::default();
        for (text, source) in texts.iter().zip(sources) {
            if some.add_text(text).is_err() {
                break;
            }
            some.comes_from(source);
            match self.learn(&some) {
                Err(error) if place(&error) == place(&fault) => return error,
                _ => {}
            }
        }
        fault
    }
}
