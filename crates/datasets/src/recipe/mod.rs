//! From a table to the matrix that a model takes, learned once and applied alike to new data.

mod change;
mod coding;
mod design;
mod expression;
mod learn;
#[cfg(feature = "parquet")]
mod local;
mod names;
mod plan;
mod polynomial;
mod preparation;
mod resolve;
mod source;
mod target;

use linalg::Mat;
use serde::{Deserialize, Serialize};

pub use self::change::{Change, Variable};
use self::design::Factor;
use self::expression::Expression;
pub use self::expression::{Arithmetic, Function};
pub use self::plan::{Input, InputKind, Plan, Step};
pub use self::preparation::{Missing, Preparation};
use self::source::{Bound, Rows, Source};
pub use self::target::Response;
use self::target::Target;
use crate::{CsvOptions, DataError, Dataset, Frame, Scaler};

/// Rows that are computed together: their columns stay in the cache.
const CHUNK: usize = 2048;

/// How the columns of a table become the features and the target of a model: everything that was learned from the data of the
/// fit. It is saved with the model (`serde`) and applied to new tables, at once or block by block, with the same bits.
///
/// ```
/// use datasets::{CsvOptions, Preparation, Recipe};
/// let read = |text: &str| CsvOptions::new().read_from("flats.csv", text.as_bytes());
/// let frame = read("rent,rooms,city\n900,2,Lima\n1500,3,Basel\n1000,3,Lima\n")?;
/// let recipe = Preparation::new("rent").learn(&frame)?;
/// assert_eq!(recipe.feature_names(), ["rooms", "city[T.Lima]"]);
///
/// // Kept as text, used on a table without the target, whose columns stand in another order.
/// let saved = serde_json::to_string(&recipe).map_err(|e| e.to_string())?;
/// let recipe: Recipe = serde_json::from_str(&saved).map_err(|e| e.to_string())?;
/// let features = recipe.features(&read("city,rooms\nBasel,4\n")?)?;
/// assert_eq!(features.matrix, linalg::mat![[4.0, 0.0]]);
///
/// let error = recipe.features(&read("city,rooms\nParis,4\n")?).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "flats.csv, line 2, column `city`: \"Paris\" did not occur when the model was fitted; known are \"Basel\", \"Lima\""
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Recipe(Parts);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parts {
    /// What the features and offsets read.
    columns: Vec<Source>,
    factors: Vec<Factor>,
    /// The terms: products of factors, each with all columns of a category (true) or without its reference.
    products: Vec<Vec<(usize, bool)>>,
    intercept: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scaler: Option<Scaler>,
    offsets: Vec<Expression>,
    drop_rows: bool,
    /// Rows without a value here are dropped with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clusters: Option<String>,
    target: Target,
}

/// Features for a prediction.
#[derive(Debug, Clone)]
pub struct Features {
    /// A row for each row that is used, a column for each feature.
    pub matrix: Mat<f64>,
    /// The known part of the linear predictor, if the recipe has one.
    pub offset: Option<Vec<f64>>,
    /// The rows of the table that are used, if rows with missing values were dropped.
    pub rows: Option<Vec<usize>>,
}

impl Recipe {
    /// The names of the features, in the order of the columns.
    pub fn feature_names(&self) -> Vec<String> {
        self.0.names()
    }

    /// The name of the target.
    pub fn target_name(&self) -> &str {
        &self.0.target.name
    }

    /// What the data call the classes 0, 1, …, if the target has classes.
    pub fn labels(&self) -> Option<&[String]> {
        self.0.target.labels()
    }

    /// The column of the clusters, if the preparation had one.
    pub fn clusters(&self) -> Option<&str> {
        self.0.clusters.as_deref()
    }

    /// True if the model has an intercept.
    pub fn intercept(&self) -> bool {
        self.0.intercept
    }

    /// The columns of a table that the features need.
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for source in &self.0.columns {
            if !names.contains(&source.name.as_str()) {
                names.push(&source.name);
            }
        }
        names
    }

    /// Options to read a file for predictions: the columns that [`features`](Self::features) needs, categories as they are written,
    /// booleans in any spelling.
    pub fn csv_options(&self, options: CsvOptions) -> CsvOptions {
        self.0.columns.iter().fold(
            options.columns_among(self.columns()),
            Source::told_to_options,
        )
    }

    /// Options to read a file for [`dataset`](Self::dataset): also the columns of the target, weights, offset and trials.
    ///
    /// ```
    /// use datasets::{CsvOptions, Preparation};
    /// let read = |file: &str, options: CsvOptions| options.read_from("t.csv", file.as_bytes());
    /// let recipe = Preparation::new("y").learn(&read("x,y\n1,2\n3,5\n", CsvOptions::new())?)?;
    /// let later = "note,y,x\n1,4,2\nword,7,8\n";
    /// let frame = read(later, recipe.csv_options(CsvOptions::new()))?;
    /// assert_eq!((frame.names().len(), recipe.dataset(&frame).is_err()), (1, true));
    /// let frame = read(later, recipe.dataset_csv_options(CsvOptions::new()))?;
    /// assert_eq!(recipe.dataset(&frame)?.target, [4.0, 7.0]);
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn dataset_csv_options(&self, options: CsvOptions) -> CsvOptions {
        let target = &self.0.target.columns;
        let own = target.iter().map(|source| source.name.as_str());
        let own = own.chain(self.clusters());
        let names: Vec<&str> = self.columns().into_iter().chain(own).collect();
        let sources = self.0.columns.iter().chain(target);
        sources.fold(options.columns_among(names), Source::told_to_options)
    }

    /// The features of a table, whose other columns are ignored.
    ///
    /// # Errors
    /// [`DataError`] that names a missing column, an unknown category, a missing value or a feature that is not finite, with its
    /// line.
    pub fn features(&self, frame: &Frame) -> Result<Features, DataError> {
        let rows = self.0.kept(frame, false)?;
        let kept = rows.as_deref().map_or(Rows::All(frame.rows()), Rows::Kept);
        let bound = self.0.bind(frame, kept)?;
        Ok(Features {
            matrix: self.0.matrix(frame, &bound, kept)?,
            offset: self.0.offset(frame, &bound, kept)?,
            rows,
        })
    }

    /// The features and the target of a table, with weights, offsets and trials if the recipe has them. A file is read for it with
    /// [`dataset_csv_options`](Self::dataset_csv_options).
    ///
    /// # Errors
    /// As [`features`](Self::features), and for a target that is not as it was when the recipe was learned.
    pub fn dataset(&self, frame: &Frame) -> Result<Dataset, DataError> {
        let rows = self.0.kept(frame, true)?;
        let kept = rows.as_deref().map_or(Rows::All(frame.rows()), Rows::Kept);
        let bound = self.0.bind(frame, kept)?;
        let target = self.0.target.values(frame, kept)?;
        Ok(Dataset {
            features: self.0.matrix(frame, &bound, kept)?,
            feature_names: self.0.names(),
            target: target.values,
            target_name: self.0.target.name.clone(),
            labels: self.labels().map(<[String]>::to_vec),
            intercept: self.0.intercept,
            weights: target.weights,
            offset: self.0.offset(frame, &bound, kept)?,
            trials: target.trials,
            rows,
        })
    }
}

impl Parts {
    /// The rows without missing values, if others are to be dropped.
    fn kept(&self, frame: &Frame, with_target: bool) -> Result<Option<Vec<usize>>, DataError> {
        if !self.drop_rows {
            return Ok(None);
        }
        let mut columns = Vec::new();
        let dropping = |source: &&Source| source.drop;
        let target = if with_target {
            &self.target.columns[..]
        } else {
            &[]
        };
        for source in self.columns.iter().filter(dropping).chain(target) {
            columns.push(frame.column(frame.named(&source.name)?));
        }
        if let Some(clusters) = self.clusters.as_deref().filter(|_| with_target) {
            columns.push(frame.column(frame.named(clusters)?));
        }
        let whole = |row: &usize| columns.iter().all(|column| !column.is_missing(*row));
        Ok(Some((0..frame.rows()).filter(whole).collect()))
    }

    fn bind<'f>(&self, frame: &'f Frame, rows: Rows<'_>) -> Result<Vec<Bound<'f>>, DataError> {
        self.columns
            .iter()
            .map(|source| source.bind(frame, rows))
            .collect()
    }

    fn offset(
        &self,
        frame: &Frame,
        bound: &[Bound<'_>],
        rows: Rows<'_>,
    ) -> Result<Option<Vec<f64>>, DataError> {
        let mut total: Option<Vec<f64>> = None;
        for offset in &self.offsets {
            let values = offset.all(bound, rows);
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(frame.term_not_finite(rows.get(row), "the offset", values[row]));
            }
            match &mut total {
                Some(total) => total.iter_mut().zip(&values).for_each(|(t, v)| *t += v),
                None => total = Some(values),
            }
        }
        if let Some(sum) = &total
            && let Some(row) = sum.iter().position(|value| !value.is_finite())
        {
            let term = "the sum of the offsets";
            return Err(frame.term_not_finite(rows.get(row), term, sum[row]));
        }
        Ok(total)
    }
}

/// A recipe that was read is used only if its numbers point at something.
impl TryFrom<Parts> for Recipe {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        parts.check()?;
        Ok(Self(parts))
    }
}

impl From<Recipe> for Parts {
    fn from(recipe: Recipe) -> Self {
        recipe.0
    }
}
