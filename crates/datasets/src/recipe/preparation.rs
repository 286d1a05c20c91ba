//! What is wanted of a table, before anything is learned from it.

use serde::{Deserialize, Serialize};

use super::Recipe;
use super::learn::Learner;
use super::names::{Names, powers};
use super::target::Response;
use crate::formula::{Formula, Node, Spanned, Terms, terms};
use crate::{Column, CsvOptions, DataError, Dataset, Frame, Scaling};

/// What is done about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// They are an error that names the first one and the count.
    #[default]
    Refuse,
    /// Rows that have one in a column that is used are left out.
    DropRows,
    /// In a feature, the mean stands for them; in a category, the most frequent level.
    Mean,
    /// In a feature, the median stands for them; in a category, the most frequent level.
    Median,
    /// In a feature, the most frequent value stands for them; the first in order of several.
    Mode,
}

/// How a table is to become features and a target. [`learn`](Self::learn) makes a [`Recipe`] of it.
///
/// Without a formula, every other column is a feature, or those that are listed; categories become columns of 0 and 1, one for each
/// level but the first, booleans 0 and 1.
///
/// ```
/// use datasets::{CsvOptions, Preparation};
/// let file = "hours,lab,passed\n1,2,no\n2,3,no\n5,3,yes\n";
/// let frame = CsvOptions::new().read_from("hours.csv", file.as_bytes())?;
/// let data = Preparation::new("passed").features(["hours"]).binary(&frame)?;
/// assert_eq!(data.target, [0.0, 0.0, 1.0]);
/// assert_eq!(data.labels.as_deref(), Some(&["no".to_owned(), "yes".to_owned()][..]));
/// assert_eq!(data.features.ncols(), 1);
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Preparation {
    target: Option<String>,
    formula: Option<Formula>,
    features: Option<Vec<String>>,
    excluded: Vec<String>,
    degree: usize,
    interactions: bool,
    pub(super) without_intercept: bool,
    pub(super) response: Response,
    pub(super) references: Vec<(String, String)>,
    pub(super) ordinals: Vec<(String, Vec<String>)>,
    pub(super) missing: Missing,
    pub(super) missing_in: Vec<(String, Missing)>,
    pub(super) indicators: bool,
    pub(super) scaling: Option<Scaling>,
    pub(super) weights: Option<String>,
    offset: Option<String>,
    pub(super) trials: Option<String>,
}

impl Preparation {
    /// The target, by name or by position from 1; every other column is a feature.
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: Some(target.into()),
            formula: None,
            features: None,
            excluded: Vec::new(),
            degree: 1,
            interactions: false,
            without_intercept: false,
            response: Response::Number,
            references: Vec::new(),
            ordinals: Vec::new(),
            missing: Missing::Refuse,
            missing_in: Vec::new(),
            indicators: false,
            scaling: None,
            weights: None,
            offset: None,
            trials: None,
        }
    }

    /// Target and features as a formula says.
    pub fn formula(formula: Formula) -> Self {
        Self {
            target: None,
            formula: Some(formula),
            ..Self::new("")
        }
    }

    /// The target of a formula without a left side.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// What the target is; [`Response::Number`] if not given.
    pub fn response(mut self, response: Response) -> Self {
        self.response = response;
        self
    }

    /// Only these columns are features, in this order, by name or by position from 1.
    pub fn features<S: Into<String>>(mut self, features: impl IntoIterator<Item = S>) -> Self {
        let trimmed = |name: S| name.into().trim().to_owned();
        self.features = Some(features.into_iter().map(trimmed).collect());
        self
    }

    /// These columns are no features.
    pub fn exclude<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.excluded.extend(
            columns
                .into_iter()
                .map(|name| name.into().trim().to_owned()),
        );
        self
    }

    /// The model has no intercept; the first category then keeps all its columns.
    pub fn without_intercept(mut self) -> Self {
        self.without_intercept = true;
        self
    }

    /// Powers of the columns of numbers up to a degree, and their products up to it. Not with a formula, which says so itself.
    pub fn polynomial(mut self, degree: usize) -> Self {
        self.degree = degree.max(1);
        self
    }

    /// The products of every two features. Not with a formula, which says so itself.
    pub fn interactions(mut self) -> Self {
        self.interactions = true;
        self
    }

    /// The level of a category that has no column of its own, instead of the first.
    pub fn reference(mut self, column: impl Into<String>, level: impl Into<String>) -> Self {
        self.references.push((column.into(), level.into()));
        self
    }

    /// A category whose levels are the numbers 0, 1, 2, … in this order.
    pub fn ordinal<S: Into<String>>(
        mut self,
        column: impl Into<String>,
        levels: impl IntoIterator<Item = S>,
    ) -> Self {
        let levels = levels.into_iter().map(Into::into).collect();
        self.ordinals.push((column.into(), levels));
        self
    }

    /// What is done about missing values in features. Target, weights, offset and trials are never imputed.
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// The same for one column.
    pub fn missing_in(mut self, column: impl Into<String>, missing: Missing) -> Self {
        self.missing_in.push((column.into(), missing));
        self
    }

    /// A column `name[missing]` of 0 and 1 for every imputed column that has gaps.
    pub fn indicators(mut self) -> Self {
        self.indicators = true;
        self
    }

    /// Features made of numbers alone are scaled; columns of categories stay 0 and 1.
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = Some(scaling);
        self
    }

    /// The column with the weights of the rows: not negative.
    pub fn weights(mut self, column: impl Into<String>) -> Self {
        self.weights = Some(column.into());
        self
    }

    /// The column that is added to the linear predictor.
    pub fn offset(mut self, column: impl Into<String>) -> Self {
        self.offset = Some(column.into());
        self
    }

    /// The column with the number of trials of which the target counts the successes.
    pub fn trials(mut self, column: impl Into<String>) -> Self {
        self.trials = Some(column.into());
        self
    }

    /// Options to read a file with: only the columns that are needed, so that a fault in another one is none.
    pub fn csv_options(&self, options: CsvOptions) -> CsvOptions {
        let mut options = options.ignore_if_there(&self.excluded);
        let named: Vec<&String> = [&self.target, &self.weights, &self.offset, &self.trials]
            .into_iter()
            .flatten()
            .collect();
        let mut wanted: Vec<String> = named.into_iter().cloned().collect();
        match (&self.formula, &self.features) {
            (Some(formula), _) => {
                let mut found = Names::default();
                let sides = formula.response.iter().chain([&formula.right]);
                sides.for_each(|side| found.collect(side));
                // Codes that only look like numbers are read as they are written.
                for column in &found.categories {
                    if !found.plain.contains(column) {
                        options = options.category_unless_boolean(column);
                    }
                }
                if found.rest {
                    return options;
                }
                wanted.extend(found.categories);
                wanted.extend(found.plain.clone());
            }
            (None, Some(features)) => wanted.extend(features.iter().cloned()),
            (None, None) => return options,
        }
        options.columns_among(wanted)
    }

    /// Learns from a table: levels, imputed values, centres and scales.
    ///
    /// # Errors
    /// [`DataError`] that names the column, the line, or the character of the formula.
    pub fn learn(&self, frame: &Frame) -> Result<Recipe, DataError> {
        Learner::new(self, frame)?.learn()
    }

    /// The data with a target of numbers.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn numeric(self, frame: &Frame) -> Result<Dataset, DataError> {
        self.response(Response::Number).learn(frame)?.dataset(frame)
    }

    /// The data with a target of two classes.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn binary(self, frame: &Frame) -> Result<Dataset, DataError> {
        self.response(Response::Binary).learn(frame)?.dataset(frame)
    }

    /// The data with a target of several classes.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn classes(self, frame: &Frame) -> Result<Dataset, DataError> {
        self.response(Response::Classes)
            .learn(frame)?
            .dataset(frame)
    }

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
        let mut taken = Names::default();
        taken.collect(&target);
        let apart = [&self.weights, &self.offset, &self.trials];
        for column in apart.into_iter().flatten().chain(&self.excluded) {
            taken.plain.push(named(column)?);
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
                    let column = frame.names()[frame.position(feature)?].clone();
                    if names.contains(&column) {
                        return Err(DataError::ListedTwice { file, line, column });
                    }
                    if self.excluded.iter().any(|gone| {
                        frame
                            .position(gone)
                            .is_ok_and(|at| frame.names()[at] == column)
                    }) {
                        let problem =
                            format!("the column `{column}` is listed as a feature and excluded");
                        return Err(DataError::Preparation { problem });
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
            let is_number = |name: &&String| {
                let ordinal = self.ordinals.iter().any(|(column, _)| column == *name);
                let column = frame.position(name).map(|at| frame.column(at));
                ordinal || !matches!(column, Ok(Column::Categories { .. }))
            };
            let numbers: Vec<&String> = names.iter().filter(is_number).collect();
            for powers in powers(numbers.len(), self.degree) {
                let used = powers.iter().enumerate().filter(|(_, power)| **power > 0);
                terms.push(
                    used.map(|(k, power)| Spanned::power(numbers[k].clone(), *power))
                        .collect(),
                );
            }
        }
        if self.interactions {
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

    /// A fault in a part of the formula, or of a preparation without one.
    pub(super) fn fault(&self, at: &Spanned, problem: String) -> DataError {
        match &self.formula {
            Some(formula) if at.to > 0 => formula.error(at, problem).into(),
            _ => DataError::Preparation { problem },
        }
    }
}
