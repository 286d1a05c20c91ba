//! Features and a target.

use std::path::Path;

use linalg::{Mat, MatRef};

use crate::{CsvOptions, DataError, Preparation};

/// What is explained, and what explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// One row an observation, one column a feature.
    pub features: Mat<f64>,
    /// The names of the features.
    pub feature_names: Vec<String>,
    /// The target: numbers, for classes 0, 1, …, or successes if there are trials.
    pub target: Vec<f64>,
    /// The name of the target.
    pub target_name: String,
    /// What the file calls the classes 0, 1, …, if the target has classes.
    pub labels: Option<Vec<String>>,
    /// False if a model of these data is to have no intercept.
    pub intercept: bool,
    /// A weight for each observation, not negative.
    pub weights: Option<Vec<f64>>,
    /// A known part of the linear predictor for each observation.
    pub offset: Option<Vec<f64>>,
    /// The number of trials of which the target counts the successes.
    pub trials: Option<Vec<f64>>,
    /// The rows of the table that are used, if others were dropped.
    pub rows: Option<Vec<usize>>,
}

impl Dataset {
    /// Features with these names, and a target.
    ///
    /// # Panics
    /// If the numbers of rows or of names differ.
    ///
    /// ```
    /// use datasets::Dataset;
    /// use linalg::mat;
    /// let data = Dataset::new(mat![[1.0], [2.0]], ["dose"], vec![0.0, 1.0], "cured");
    /// assert_eq!((data.observations(), data.feature_names[0].as_str()), (2, "dose"));
    /// ```
    #[track_caller]
    pub fn new<S: Into<String>>(
        features: Mat<f64>,
        feature_names: impl IntoIterator<Item = S>,
        target: Vec<f64>,
        target_name: impl Into<String>,
    ) -> Self {
        let feature_names: Vec<String> = feature_names.into_iter().map(Into::into).collect();
        assert!(
            features.nrows() == target.len() && features.ncols() == feature_names.len(),
            "a dataset of {}x{} features with {} names and {} targets",
            features.nrows(),
            features.ncols(),
            feature_names.len(),
            target.len()
        );
        Self {
            features,
            feature_names,
            target,
            target_name: target_name.into(),
            labels: None,
            intercept: true,
            weights: None,
            offset: None,
            trials: None,
            rows: None,
        }
    }

    /// A file with a header whose target has two classes; all other columns are features.
    ///
    /// # Errors
    /// [`DataError`] with file, line and column.
    pub fn binary_from_csv(path: impl AsRef<Path>, target: &str) -> Result<Self, DataError> {
        Preparation::new(target).binary(&CsvOptions::new().read(path)?)
    }

    /// The number of observations.
    pub fn observations(&self) -> usize {
        self.target.len()
    }

    /// Some of the observations, in this order; one may come several times.
    ///
    /// # Panics
    /// If one does not exist.
    ///
    /// ```
    /// let data = datasets::exam_scores().select(&[5, 0, 5]);
    /// assert_eq!(data.target, [1.0, 0.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn select(&self, observations: &[usize]) -> Self {
        let take = |values: &Vec<f64>| {
            observations
                .iter()
                .map(|row| values[*row])
                .collect::<Vec<f64>>()
        };
        let features = Mat::from_fn(observations.len(), self.features.ncols(), |i, j| {
            self.features[(observations[i], j)]
        });
        let rows =
            (observations.iter()).map(|row| self.rows.as_ref().map_or(*row, |rows| rows[*row]));
        Self {
            features,
            target: take(&self.target),
            weights: self.weights.as_ref().map(take),
            offset: self.offset.as_ref().map(take),
            trials: self.trials.as_ref().map(take),
            rows: Some(rows.collect()),
            feature_names: self.feature_names.clone(),
            target_name: self.target_name.clone(),
            labels: self.labels.clone(),
            intercept: self.intercept,
        }
    }

    /// The features in single precision, for models that compute in it.
    pub fn features_f32(&self) -> Mat<f32> {
        single(self.features.as_ref())
    }

    /// The target as one column in single precision.
    pub fn target_f32(&self) -> Mat<f32> {
        single(MatRef::from_column_major_slice(
            &self.target,
            self.target.len(),
            1,
        ))
    }
}

fn single(m: MatRef<'_, f64>) -> Mat<f32> {
    Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)] as f32)
}
