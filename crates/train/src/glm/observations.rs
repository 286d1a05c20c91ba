//! What a model is fitted to, borrowed.

use std::borrow::Cow;

use datasets::{Dataset, SparseDataset};
use linalg::{Csr, Leaves, MatRef, Partition, SparseError, Table, Values};

use crate::FitError;

/// The explanatory variables.
#[derive(Debug, Clone, Copy)]
pub enum Explanatory<'a> {
    /// Every entry is stored.
    Dense(MatRef<'a, f64>),
    /// Entries that are not stored are zero.
    Sparse(Csr<'a>),
    /// Every entry is stored, but not in one matrix in memory: the first columns of leaves, which may be blocks on a disk, or the
    /// share of one of several processes. Targets, weights, offset and trials may be other columns of theirs
    /// ([`Values::Column`]).
    Leaves {
        /// The leaves.
        leaves: &'a dyn Leaves,
        /// How many of their columns explain.
        columns: usize,
    },
}

impl<'a> Explanatory<'a> {
    /// Dense columns.
    pub(super) fn table(self) -> Option<Table<'a>> {
        match self {
            Self::Dense(x) => Some(Table::Matrix(x)),
            Self::Leaves { leaves, columns } => Some(Table::Leaves { leaves, columns }),
            Self::Sparse(_) => None,
        }
    }

    /// True if only leaves of the rows are at hand at a time, or only a share of them.
    pub(super) fn in_leaves(self) -> bool {
        matches!(self, Self::Leaves { .. })
    }
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
    pub target: Values<'a>,
    /// The name of the target.
    pub target_name: &'a str,
    /// What the data call the classes 0, 1, ….
    pub labels: Option<&'a [String]>,
    /// False if there is to be no intercept.
    pub intercept: bool,
    /// A weight for each row.
    pub weights: Option<Values<'a>>,
    /// A known part of the linear predictor for each row.
    pub offset: Option<Values<'a>>,
    /// The trials of which the target counts the successes.
    pub trials: Option<Values<'a>>,
}

impl<'a> From<&'a Dataset> for Observations<'a> {
    fn from(data: &'a Dataset) -> Self {
        Self {
            features: Explanatory::Dense(data.features.as_ref()),
            names: Cow::Borrowed(&data.feature_names),
            target: Values::from(&data.target),
            target_name: &data.target_name,
            labels: data.labels.as_deref(),
            intercept: data.intercept,
            weights: data.weights.as_ref().map(Values::from),
            offset: data.offset.as_ref().map(Values::from),
            trials: data.trials.as_ref().map(Values::from),
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
            target: Values::from(&data.target),
            target_name: "target",
            labels: None,
            intercept: true,
            weights: None,
            offset: None,
            trials: None,
        })
    }

    /// The number of rows of the explanatory variables that this process has.
    pub fn rows(&self) -> usize {
        use linalg::Design;
        match &self.features {
            Explanatory::Dense(x) => x.nrows(),
            Explanatory::Sparse(x) => x.rows(),
            Explanatory::Leaves { leaves, .. } => leaves.starts().last().copied().unwrap_or(0),
        }
    }

    /// The number of their columns.
    pub fn columns(&self) -> usize {
        use linalg::Design;
        match &self.features {
            Explanatory::Dense(x) => x.ncols(),
            Explanatory::Sparse(x) => x.columns(),
            Explanatory::Leaves { columns, .. } => *columns,
        }
    }

    /// The leaves of the rows, for a look at targets, weights, offsets or trials.
    pub(super) fn partition(&self) -> Partition<'a> {
        match self.features {
            Explanatory::Leaves { leaves, .. } => Partition::of_leaves(leaves).of_few_columns(),
            _ => Partition::new(self.rows(), linalg::rows::BLOCK),
        }
    }

    /// The first row of this process for which a statement holds, looked for only if one of any process has such a row.
    pub(super) fn first(&self, f: impl Fn(usize) -> bool + Sync) -> Option<usize> {
        let cut = self.partition();
        if cut.all(|row| !f(row)) {
            None
        } else {
            cut.first(f)
        }
    }

    /// What a process found out about its rows, if all others are content with theirs.
    pub(super) fn agreed<T>(&self, mine: Result<T, FitError>) -> Result<T, FitError> {
        if self.partition().communicator().all(mine.is_ok()) {
            return mine;
        }
        mine.and(Err(FitError::Elsewhere))
    }

    /// Refuses rows that are not all in memory at once.
    pub(super) fn in_memory(&self, what: &'static str) -> Result<(), FitError> {
        if self.features.in_leaves() {
            return Err(FitError::InMemory { what });
        }
        Ok(())
    }
}
