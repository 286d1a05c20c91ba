//! What a preparation wants of the columns that a table has: a target and terms, without contradictions.

use super::names::{HIGHEST_DEGREE, MOST_POWERS, Names, count_of_powers, powers};
use super::preparation::Preparation;
use crate::formula::{Node, Spanned, Terms, terms};
use crate::{Column, DataError, Frame};

impl Preparation {
    /// What stands left of `~`, and the terms.
    pub(super) fn resolve(&self, frame: &Frame) -> Result<(Spanned, Terms), DataError> {
        let named = |column: &String| -> Result<String, DataError> {
            Ok(frame.names()[frame.position(column)?].clone())
        };
        if self.formula.is_some() {
            let refused = [
                (self.features.is_some(), "a list of features"),
                (self.degree > 1, "polynomial terms"),
                (self.interactions, "interactions"),
            ];
            if let Some((_, what)) = refused.iter().find(|(wanted, _)| *wanted) {
                let problem =
                    format!("a formula says itself what explains the target; leave {what} out");
                return Err(DataError::Preparation { problem });
            }
        }
        let written = self
            .formula
            .as_ref()
            .and_then(|formula| formula.response.clone());
        let target = match (written, &self.target) {
            (Some(_), Some(target)) => {
                let problem = format!(
                    "the formula has a target left of `~`; leave out the target `{target}`"
                );
                return Err(DataError::Preparation { problem });
            }
            (Some(response), None) => response,
            (None, Some(target)) => Spanned::name(named(target)?),
            (None, None) => return Err(DataError::NoTarget),
        };
        if let (Node::Call { function, .. }, Some(trials)) = (&target.node, &self.trials)
            && function == "cbind"
        {
            let problem =
                format!("`cbind` counts the trials itself; leave out the trials `{trials}`");
            return Err(self.fault(&target, problem));
        }
        let mut taken = Names::default();
        taken.collect(&target);
        let apart = [&self.weights, &self.offset, &self.trials];
        for column in apart.into_iter().flatten() {
            taken.plain.push(named(column)?);
        }
        for column in &self.excluded {
            match named(column) {
                Ok(name) => taken.plain.push(name),
                // What was not read is no feature either.
                Err(DataError::NotRead { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let others = frame
            .names()
            .iter()
            .filter(|name| !taken.plain.contains(name));
        let others: Vec<String> = others.cloned().collect();
        let mut terms = match &self.formula {
            Some(formula) => terms(formula, Some(&others))?,
            None => Terms {
                intercept: true,
                products: self.listed(frame, &target, others)?,
                offsets: Vec::new(),
            },
        };
        terms.intercept &= !self.without_intercept;
        if let Some(offset) = &self.offset {
            terms.offsets.push(Spanned::name(named(offset)?));
        }
        Ok((target, terms))
    }

    /// The columns that are listed, or all others, with their powers and products, as terms.
    fn listed(
        &self,
        frame: &Frame,
        target: &Spanned,
        others: Vec<String>,
    ) -> Result<Vec<Vec<Spanned>>, DataError> {
        let (file, line) = (frame.file().to_owned(), frame.first_line);
        let mut names = Vec::new();
        match &self.features {
            None => names = others,
            Some(features) => {
                for feature in features {
                    let place = frame.place_in_file(feature);
                    let mut gone = self.excluded.iter().map(|gone| frame.place_in_file(gone));
                    if let Some(at) = place
                        && gone.any(|gone| gone == place)
                    {
                        let column = &frame.file_names[at];
                        let problem =
                            format!("the column `{column}` is listed as a feature and excluded");
                        return Err(DataError::Preparation { problem });
                    }
                    let column = frame.names()[frame.position(feature)?].clone();
                    if names.contains(&column) {
                        return Err(DataError::ListedTwice { file, line, column });
                    }
                    if target.node == Node::Name(column.clone()) {
                        return Err(DataError::TargetAmongFeatures { file, line, column });
                    }
                    names.push(column);
                }
            }
        }
        if names.is_empty() {
            let target = target.to_string();
            return Err(DataError::NoFeatures { file, line, target });
        }
        let mut terms: Vec<Vec<Spanned>> = (names.iter())
            .map(|name| vec![Spanned::name(name.clone())])
            .collect();
        if self.degree > 1 {
            // Each with the highest power that is not the column itself again.
            let highest = |name: &String| {
                let ordinal = self.ordinals.iter().any(|(column, _)| column == name);
                match frame.named(name).map(|at| frame.column(at)) {
                    _ if ordinal => self.degree,
                    Ok(Column::Categories { .. }) => 0,
                    Ok(Column::Booleans(_)) => 1,
                    _ => self.degree,
                }
            };
            let numbers = names.iter().map(|name| (name, highest(name)));
            let numbers: Vec<(&String, usize)> = numbers.filter(|(_, most)| *most > 0).collect();
            if count_of_powers(numbers.len(), self.degree).is_none() {
                let problem = format!(
                    "the powers of {} columns up to degree {} are more than {MOST_POWERS}, or the degree is above {HIGHEST_DEGREE}; \
                     list fewer features or lower the degree",
                    numbers.len(),
                    self.degree
                );
                return Err(DataError::Preparation { problem });
            }
            for factors in powers(numbers.len(), self.degree) {
                if factors.iter().all(|(k, power)| *power <= numbers[*k].1) {
                    let power =
                        |(k, power): &(usize, usize)| Spanned::power(numbers[*k].0.clone(), *power);
                    terms.push(factors.iter().map(power).collect());
                }
            }
        }
        if self.interactions {
            if names.len().saturating_mul(names.len() - 1) / 2 > MOST_POWERS {
                let problem = format!(
                    "the products of every two of {} features are more than {MOST_POWERS}; list fewer features, or write the products \
                     that count in a formula",
                    names.len()
                );
                return Err(DataError::Preparation { problem });
            }
            for (k, a) in names.iter().enumerate() {
                let both = |b: &String| vec![Spanned::name(a.clone()), Spanned::name(b.clone())];
                terms.extend(names[k + 1..].iter().map(both));
            }
        }
        Ok(terms)
    }

    pub(super) fn has_formula(&self) -> bool {
        self.formula.is_some()
    }

    /// The fault of a term that makes too many columns.
    pub(super) fn exploded(
        &self,
        at: Option<&Spanned>,
        names: Vec<String>,
        what: &str,
    ) -> DataError {
        let problem = format!(
            "the term `{}` {what}; leave some of its columns out, or join rare levels",
            names.join(":")
        );
        match at {
            Some(at) => self.fault(at, problem),
            None => DataError::Preparation { problem },
        }
    }

    /// A fault in a part of the formula, or of a preparation without one.
    pub(super) fn fault(&self, at: &Spanned, problem: String) -> DataError {
        match &self.formula {
            Some(formula) if at.to > 0 => formula.error(at, problem).into(),
            _ => DataError::Preparation { problem },
        }
    }
}
