//! The target, its weights and its trials.

use super::super::expression::{Arithmetic, Expression};
use super::super::source::{Kind, levels};
use super::super::target::{Response, Target};
use super::Learner;
use crate::DataError;
use crate::formula::{Node, Spanned};

impl Learner<'_> {
    /// The target, whose columns are its own.
    pub(super) fn target(&self) -> Result<Target, DataError> {
        let mut own = Learner {
            wanted: self.wanted,
            frame: self.frame,
            target: self.target.clone(),
            terms: self.terms.clone(),
            kept: self.kept.clone(),
            columns: Vec::new(),
            imputed: Vec::new(),
            by_name: std::collections::HashMap::new(),
            apart: true,
            bound: Vec::new(),
            factors: Vec::new(),
            places: std::collections::HashMap::new(),
        };
        let mut trials = None;
        let value = match (&self.target.node, self.wanted.response) {
            (
                Node::Call {
                    function,
                    arguments,
                },
                _,
            ) if function == "cbind" => {
                let [successes, failures] = arguments.as_slice() else {
                    let problem = "`cbind` takes the successes and the failures";
                    return Err(self.wanted.fault(&self.target, problem.to_owned()));
                };
                let (successes, failures) = (own.expression(successes)?, own.expression(failures)?);
                trials = Some(Expression::Binary(
                    Arithmetic::Plus,
                    successes.clone().into(),
                    failures.into(),
                ));
                Some(successes)
            }
            (_, Response::Number) => Some(own.expression(&self.target)?),
            _ if self.wanted.trials.is_some() => Some(own.expression(&self.target)?),
            (_, response) => {
                let Some(name) = self.target.column() else {
                    let problem =
                        "the classes of a target are those of a column, not of an expression";
                    return Err(self.wanted.fault(&self.target, problem.to_owned()));
                };
                let place = own.place(name, &self.target)?;
                let kept = own.rows();
                self.frame.refuse_missing_in(place, kept.iter())?;
                let labels = levels(self.frame.column(place), kept);
                if labels.len() < 2 || response == Response::Binary && labels.len() > 2 {
                    return Err(self.wrong_classes(place, &labels));
                }
                own.column(name, Kind::Levels(labels), &self.target)?;
                None
            }
        };
        let mut extra = |column: &Option<String>| -> Result<Option<usize>, DataError> {
            let Some(column) = column else {
                return Ok(None);
            };
            let name = self.frame.names()[self.frame.position(column)?].clone();
            own.column(&name, Kind::Number, &Spanned::name(String::new()))
                .map(Some)
        };
        let weights = extra(&self.wanted.weights)?;
        if let Some(column) = extra(&self.wanted.trials)? {
            trials = Some(Expression::Column(column));
        }
        let columns = own.columns;
        for source in &columns {
            self.frame
                .refuse_missing_in(self.frame.named(&source.name)?, self.rows().iter())?;
        }
        Ok(Target {
            name: self.target.to_string(),
            columns,
            value,
            weights,
            trials,
        })
    }

    pub(super) fn wrong_classes(&self, place: usize, labels: &[String]) -> DataError {
        let (file, column) = (
            self.frame.file().to_owned(),
            self.frame.names()[place].clone(),
        );
        let values = self.frame.column(place);
        let mut first: Vec<String> = Vec::new();
        for row in self.rows().iter() {
            let value = values.text(row).unwrap_or_default().into_owned();
            if first.contains(&value) {
                continue;
            }
            if let [a, b] = first.as_slice() {
                let first_two = [a.clone(), b.clone()];
                let line = self.frame.line(row);
                return DataError::ThirdClass {
                    file,
                    line,
                    column,
                    value,
                    first_two,
                };
            }
            first.push(value);
        }
        DataError::OneClass {
            file,
            line: self.frame.line(self.rows().get(0)),
            column,
            value: labels.first().cloned().unwrap_or_default(),
        }
    }
}
