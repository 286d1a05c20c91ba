//! What is wanted of a table, before anything is learned from it.

use serde::{Deserialize, Serialize};

use super::Recipe;
use super::learn::Learner;
use super::names::Names;
use super::target::Response;
use crate::formula::Formula;
use crate::{CsvOptions, DataError, Dataset, Frame, Scaling};

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
    pub(super) target: Option<String>,
    pub(super) formula: Option<Formula>,
    pub(super) features: Option<Vec<String>>,
    pub(super) excluded: Vec<String>,
    pub(super) degree: usize,
    pub(super) interactions: bool,
    pub(super) without_intercept: bool,
    pub(super) response: Response,
    pub(super) references: Vec<(String, String)>,
    pub(super) ordinals: Vec<(String, Vec<String>)>,
    pub(super) missing: Missing,
    pub(super) missing_in: Vec<(String, Missing)>,
    pub(super) indicators: bool,
    pub(super) scaling: Option<Scaling>,
    pub(super) weights: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) trials: Option<String>,
    pub(super) clusters: Option<String>,
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
            clusters: None,
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

    /// Powers of the columns of numbers up to a degree, and their products up to it. Booleans are multiplied by others and have no
    /// powers, which would be the same 0 and 1. At most 100 000 terms and degree 100. Not with a formula, which says so itself.
    pub fn polynomial(mut self, degree: usize) -> Self {
        self.degree = degree.max(1);
        self
    }

    /// The products of every two features, at most 100 000. Not with a formula, which says so itself.
    pub fn interactions(mut self) -> Self {
        self.interactions = true;
        self
    }

    /// The level of a category that has no column of its own, instead of the first; in a formula, too, where `C(a, "low")` says so
    /// itself and then counts.
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

    /// Features made of numbers alone are scaled. Columns of categories, booleans and indicators of missing values stay 0 and 1,
    /// and their products with numbers are not scaled either.
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

    /// The column with the number of trials of which the target counts the successes. Not with `cbind` in a formula, which counts
    /// them itself.
    pub fn trials(mut self, column: impl Into<String>) -> Self {
        self.trials = Some(column.into());
        self
    }

    /// The column that says to which cluster a row belongs. It does not explain by that, but a row without it is dropped where rows with
    /// missing values are, here and by the recipe.
    ///
    /// ```
    /// use datasets::{CsvOptions, Missing, Preparation};
    /// let file = "x,school,y\n1,a,0\n2,,1\n3,b,2\n";
    /// let frame = CsvOptions::new().read_from("t.csv", file.as_bytes())?;
    /// let preparation = Preparation::new("y").features(["x"]).clusters("school").missing(Missing::DropRows);
    /// let recipe = preparation.learn(&frame)?;
    /// assert_eq!(recipe.dataset(&frame)?.rows, Some(vec![0, 2]));
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn clusters(mut self, column: impl Into<String>) -> Self {
        self.clusters = Some(column.into());
        self
    }

    /// Options to read a file with: only the columns that are needed, so that a fault in another one is none.
    ///
    /// ```
    /// use datasets::{CsvOptions, Preparation};
    /// let file = "x,notes,y\n1,2,0\n2,3,1\n3,a word,0\n";
    /// let preparation = Preparation::new("y").exclude(["notes"]);
    /// let frame = preparation.csv_options(CsvOptions::new()).read_from("t.csv", file.as_bytes())?;
    /// assert_eq!(frame.names(), ["x", "y"]);
    /// assert_eq!(preparation.learn(&frame)?.feature_names(), ["x"]);
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn csv_options(&self, mut options: CsvOptions) -> CsvOptions {
        let [target, weights] = [&self.target, &self.weights];
        let named = [target, weights, &self.offset, &self.trials, &self.clusters];
        let mut wanted: Vec<String> = named.into_iter().flatten().cloned().collect();
        let mut and_all_others = false;
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
                and_all_others = found.rest;
                wanted.extend(found.all());
            }
            (None, Some(features)) => wanted.extend(features.iter().cloned()),
            (None, None) => and_all_others = true,
        }
        if !and_all_others {
            return options.columns_among(wanted);
        }
        // The target may be excluded, too, and is read all the same.
        let gone = self.excluded.iter();
        let gone: Vec<String> = gone
            .filter(|name| !wanted.contains(name))
            .cloned()
            .collect();
        options.ignore_if_there(&gone)
    }

    /// Learns from a table: levels, imputed values, centres and scales.
    ///
    /// # Errors
    /// [`DataError`] that names the column, the line, or the character of the formula.
    pub fn learn(&self, frame: &Frame) -> Result<Recipe, DataError> {
        Learner::new(self, frame)?.learn()
    }

    /// The column whose values are classes, if the target has some.
    #[cfg(feature = "parquet")]
    pub(crate) fn column_of_classes(&self, frame: &Frame) -> Option<String> {
        let written = (self.formula.as_ref()).and_then(|formula| formula.response.as_ref());
        let name = match (written, &self.target) {
            _ if self.response == Response::Number || self.trials.is_some() => return None,
            (Some(response), _) => response.column()?.to_owned(),
            (None, target) => target.clone()?,
        };
        let at = frame.position(&name).ok()?;
        Some(frame.names()[at].clone())
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
}
