//! What a model is fitted to, borrowed.

use std::borrow::Cow;

use datasets::{Dataset, SparseDataset};
use linalg::{Csr, MatRef, SparseError};

/// The explanatory variables.
#[derive(Debug, Clone, Copy)]
pub enum Explanatory<'a> {
    /// Every entry is stored.
    Dense(MatRef<'a, f64>),
    /// Entries that are not stored are zero.
    Sparse(Csr<'a>),
}

/// Rows of explanatory variables with their targets. A [`Dataset`] is one; sparse data become one by
/// [`sparse`](Self::sparse).
///
/// ```
/// use datasets::SparseDataset;
/// use models::glm::{Distribution, GeneralisedLinearModel};
/// use train::{Fit, FitOptions, Observations};
/// let text = "1 1:1\n2 1:1\n3 2:1\n7 2:1\n";
/// let data = SparseDataset::read_svmlight("t.svm", text.as_bytes(), None)?;
/// let observations = Observations::sparse(&data)?;
/// let model = GeneralisedLinearModel::new(Distribution::Poisson).without_intercept();
/// let fit = model.fit_observations(&observations, &FitOptions::default())?;
/// assert!((fit.coefficients()[1].estimate - 5.0_f64.ln()).abs() < 1e-9);
/// assert_eq!(fit.coefficients()[1].name, "x2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Observations<'a> {
    /// One row an observation.
    pub features: Explanatory<'a>,
    /// The names of the columns.
    pub names: Cow<'a, [String]>,
    /// The target.
    pub target: &'a [f64],
    /// The name of the target.
    pub target_name: &'a str,
    /// What the data call the classes 0, 1, ….
    pub labels: Option<&'a [String]>,
    /// False if there is to be no intercept.
    pub intercept: bool,
    /// A weight for each row.
    pub weights: Option<&'a [f64]>,
    /// A known part of the linear predictor for each row.
    pub offset: Option<&'a [f64]>,
    /// The trials of which the target counts the successes.
    pub trials: Option<&'a [f64]>,
}

impl<'a> From<&'a Dataset> for Observations<'a> {
    fn from(data: &'a Dataset) -> Self {
        Self {
            features: Explanatory::Dense(data.features.as_ref()),
            names: Cow::Borrowed(&data.feature_names),
            target: &data.target,
            target_name: &data.target_name,
            labels: data.labels.as_deref(),
            intercept: data.intercept,
            weights: data.weights.as_deref(),
            offset: data.offset.as_deref(),
            trials: data.trials.as_deref(),
        }
    }
}

impl<'a> Observations<'a> {
    /// Sparse rows, whose columns are called `x1`, `x2`, …, and whose target is called `target`.
    ///
    /// # Errors
    /// [`SparseError`] if the parts of the data do not fit each other.
    pub fn sparse(data: &'a SparseDataset) -> Result<Self, SparseError> {
        Ok(Self {
            features: Explanatory::Sparse(data.design()?),
            names: (1..=data.columns).map(|j| format!("x{j}")).collect(),
            target: &data.target,
            target_name: "target",
            labels: None,
            intercept: true,
            weights: None,
            offset: None,
            trials: None,
        })
    }

    /// The number of rows of the explanatory variables.
    pub fn rows(&self) -> usize {
        use linalg::Design;
        match &self.features {
            Explanatory::Dense(x) => x.nrows(),
            Explanatory::Sparse(x) => x.rows(),
        }
    }

    /// The number of their columns.
    pub fn columns(&self) -> usize {
        use linalg::Design;
        match &self.features {
            Explanatory::Dense(x) => x.ncols(),
            Explanatory::Sparse(x) => x.columns(),
        }
    }
}
