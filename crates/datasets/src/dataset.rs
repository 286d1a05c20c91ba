//! A table with a target.

use std::path::Path;

use linalg::Mat;

use crate::{DataError, Table};

/// What is explained, and what explains it.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// One row an observation, one column a feature.
    pub features: Mat<f64>,
    /// The names of the features.
    pub feature_names: Vec<String>,
    /// The target: numbers, or for two classes 0 and 1.
    pub target: Vec<f64>,
    /// The name of the target.
    pub target_name: String,
    /// What the file calls the classes 0 and 1, if the target has two.
    pub labels: Option<[String; 2]>,
}

/// Which columns of a table make a [`Dataset`].
///
/// ```
/// use datasets::{Recipe, Table};
/// let file = "hours,lab,passed\n1,2,no\n2,3,no\n5,3,yes\n";
/// let table = Table::from_reader("hours.csv", file.as_bytes(), true)?;
/// let data = Recipe::new("passed").features(["hours"]).binary(&table)?;
/// assert_eq!(data.target, [0.0, 0.0, 1.0]);
/// assert_eq!(data.labels, Some(["no".to_owned(), "yes".to_owned()]));
/// assert_eq!(data.features.ncols(), 1);
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recipe {
    target: String,
    features: Option<Vec<String>>,
}

impl Recipe {
    /// The target, by name or by position from 1; every other column is a feature.
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            features: None,
        }
    }

    /// Only these columns are features, in this order.
    pub fn features<S: Into<String>>(mut self, features: impl IntoIterator<Item = S>) -> Self {
        let trimmed = |name: S| name.into().trim().to_owned();
        self.features = Some(features.into_iter().map(trimmed).collect());
        self
    }

    /// The data with a target of numbers.
    ///
    /// # Errors
    /// [`DataError`] with file, line and column.
    pub fn numeric(&self, table: &Table) -> Result<Dataset, DataError> {
        let (target, features) = self.columns(table)?;
        Self::assemble(table, target, &features, table.numbers(target)?, None)
    }

    /// The data with a target of two classes, coded 0 and 1.
    ///
    /// Two numbers are coded in their order, two words in alphabetical order; [`Dataset::labels`] has them.
    ///
    /// # Errors
    /// [`DataError`] with file, line and column.
    pub fn binary(&self, table: &Table) -> Result<Dataset, DataError> {
        let (target, features) = self.columns(table)?;
        let mut found: Vec<&str> = Vec::new();
        let mut codes = Vec::with_capacity(table.rows());
        for row in 0..table.rows() {
            let value = table.present(row, target)?;
            // `1`, `1.0` and `01` are one class, as long as doubles tell whole numbers apart.
            let same = |known: &str| match (known.parse::<f64>(), value.parse::<f64>()) {
                (Ok(a), Ok(b)) if a.abs() < 9e15 => a == b,
                _ => known == value,
            };
            let code = found
                .iter()
                .position(|known| same(known))
                .unwrap_or_else(|| {
                    found.push(value);
                    found.len() - 1
                });
            if code == 2 {
                return Err(DataError::ThirdClass {
                    file: table.file().to_owned(),
                    line: table.line(row),
                    column: table.names()[target].clone(),
                    value: value.to_owned(),
                    first_two: [found[0].to_owned(), found[1].to_owned()],
                });
            }
            codes.push(code as f64);
        }
        let &[first, second] = found.as_slice() else {
            return Err(DataError::OneClass {
                file: table.file().to_owned(),
                line: table.line(0),
                column: table.names()[target].clone(),
                value: found[0].to_owned(),
            });
        };
        let swapped = match (first.parse::<f64>(), second.parse::<f64>()) {
            (Ok(a), Ok(b)) => a > b,
            _ => first > second,
        };
        if swapped {
            for code in &mut codes {
                *code = 1.0 - *code;
            }
        }
        let [zero, one] = if swapped {
            [second, first]
        } else {
            [first, second]
        };
        Self::assemble(
            table,
            target,
            &features,
            codes,
            Some([zero.to_owned(), one.to_owned()]),
        )
    }

    fn columns(&self, table: &Table) -> Result<(usize, Vec<usize>), DataError> {
        let target = table.position(&self.target)?;
        let place = || {
            (
                table.file().to_owned(),
                table.first_line(),
                table.names()[target].clone(),
            )
        };
        let features = match &self.features {
            None => (0..table.names().len())
                .filter(|&column| column != target)
                .collect(),
            Some(names) => names
                .iter()
                .map(|name| table.position(name))
                .collect::<Result<Vec<_>, _>>()?,
        };
        if features.contains(&target) {
            let (file, line, column) = place();
            return Err(DataError::TargetAmongFeatures { file, line, column });
        }
        if let Some(repeated) = features
            .iter()
            .enumerate()
            .find(|(k, column)| features[..*k].contains(column))
        {
            let (file, line, _) = place();
            return Err(DataError::ListedTwice {
                file,
                line,
                column: table.names()[*repeated.1].clone(),
            });
        }
        if features.is_empty() {
            let (file, line, target) = place();
            return Err(DataError::NoFeatures { file, line, target });
        }
        Ok((target, features))
    }

    fn assemble(
        table: &Table,
        target: usize,
        features: &[usize],
        codes: Vec<f64>,
        labels: Option<[String; 2]>,
    ) -> Result<Dataset, DataError> {
        Ok(Dataset {
            features: table.matrix(features)?,
            feature_names: features
                .iter()
                .map(|&column| table.names()[column].clone())
                .collect(),
            target: codes,
            target_name: table.names()[target].clone(),
            labels,
        })
    }
}

impl Dataset {
    /// A file with a header whose target has two classes.
    ///
    /// # Errors
    /// [`DataError`] with file, line and column.
    pub fn binary_from_csv(path: impl AsRef<Path>, target: &str) -> Result<Self, DataError> {
        Recipe::new(target).binary(&Table::open(path, true)?)
    }

    /// The number of observations.
    pub fn observations(&self) -> usize {
        self.target.len()
    }

    /// The features in single precision, for models that compute in it.
    pub fn features_f32(&self) -> Mat<f32> {
        Mat::from_fn(self.features.nrows(), self.features.ncols(), |i, j| {
            self.features[(i, j)] as f32
        })
    }

    /// The target as one column in single precision.
    pub fn target_f32(&self) -> Mat<f32> {
        Mat::from_fn(self.target.len(), 1, |i, _| self.target[i] as f32)
    }
}
