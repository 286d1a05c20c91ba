//! Why a model cannot be fitted, and what to do.

use linalg::LinalgError;
use thiserror::Error;

use crate::Certificate;

/// What separates the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// Every row is on the right side.
    Complete,
    /// Some rows are on the border, the others on the right side.
    QuasiComplete,
    /// Rows without events are on the right side, all others on the border.
    NoEvents,
}

/// A fit that cannot be made or trusted.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FitError {
    /// Two classes, or counts and their zeros, are separated: proved, so no finite estimate exists. Of several classes see
    /// [`Runaway`](Self::Runaway).
    #[error("{}", separated(*kind, columns))]
    Separated {
        /// Completely or not.
        kind: Separation,
        /// The columns whose combination separates.
        columns: Vec<String>,
    },
    /// Another process found a fault in its share of the rows, and says which.
    #[error("another process found a fault in its share of the rows")]
    Elsewhere,
    /// Several processes cannot work together.
    #[error("{problem}")]
    Processes {
        /// Why.
        problem: String,
    },
    /// The checkpoint of a long fit is of no use.
    #[error("{}: {problem}", path.display())]
    Journal {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// Something needs all rows in memory at once.
    #[error(
        "{what} needs all rows in memory at once; leave it out, or fit without a memory bound and in one process"
    )]
    InMemory {
        /// What.
        what: &'static str,
    },
    /// A statistic that does not exist, or would not mean what its name says.
    #[error("{reason}")]
    Inference {
        /// Why, and what to do.
        reason: String,
    },
    /// A column is constant beside an intercept, or zero.
    #[error("{}", constant(column, *value, *intercept))]
    ConstantColumn {
        /// The column.
        column: String,
        /// Its value in every row.
        value: f64,
        /// True if the model has an intercept.
        intercept: bool,
    },
    /// A column is a combination of others.
    #[error("{}", collinear(column, combination))]
    Collinear {
        /// The column.
        column: String,
        /// The other columns with their factors.
        combination: Vec<(String, f64)>,
    },
    /// The data carry something that this fit does not use.
    #[error("this fit does not use {what}; leave them out of the data")]
    Unused {
        /// What.
        what: &'static str,
    },
    /// A value is infinite or NaN.
    #[error("row {row}, column `{column}`: {value} is not a finite number")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// The column.
        column: String,
        /// The value.
        value: f64,
    },
    /// A target is neither 0 nor 1.
    #[error("row {row}: the target `{column}` is {value}; a binary target is 0 or 1")]
    Target {
        /// The row, from 1.
        row: usize,
        /// The target.
        column: String,
        /// The value.
        value: f64,
    },
    /// A target that the distribution cannot have.
    #[error(
        "row {row}: the target `{column}` is {value}, which a {distribution} distribution cannot give"
    )]
    Outside {
        /// The row, from 1.
        row: usize,
        /// The target.
        column: String,
        /// The value.
        value: f64,
        /// The distribution.
        distribution: &'static str,
    },
    /// No coefficients were found from which the iteration could start.
    #[error(
        "no coefficients give every row a mean that a {family} distribution can have with the {link} link; try another link, such as log"
    )]
    NoStart {
        /// The distribution.
        family: &'static str,
        /// The link.
        link: &'static str,
    },
    /// A dispersion whose estimate has no bound.
    #[error(
        "the counts of `{column}` vary no more than Poisson's, so that the negative binomial θ grows without end; use the family poisson"
    )]
    Boundary {
        /// The target.
        column: String,
    },
    /// A link that the model does not have.
    #[error("the {family} model has no {link} link; it has {known}")]
    Link {
        /// The model.
        family: &'static str,
        /// The link.
        link: &'static str,
        /// Those it has.
        known: &'static str,
    },
    /// A weight, or a number of trials, below 0.
    #[error("row {row}, {column}: {value} is negative")]
    Negative {
        /// The row, from 1.
        row: usize,
        /// `weights` or `trials`.
        column: String,
        /// The value.
        value: f64,
    },
    /// Targets whose mean would be 0.
    #[error(
        "the target `{column}` is 0 in every row that counts, and a {distribution} distribution has no mean of 0"
    )]
    AllZero {
        /// The target.
        column: String,
        /// The distribution.
        distribution: &'static str,
    },
    /// A target that is no class.
    #[error("row {row}: the target `{column}` is {value}; a class is one of 0, 1, 2, …")]
    Class {
        /// The row, from 1.
        row: usize,
        /// The target.
        column: String,
        /// The value.
        value: f64,
    },
    /// A class without rows.
    #[error(
        "no row that counts has the class {class:?} of the target `{column}`; leave the class out"
    )]
    EmptyClass {
        /// The target.
        column: String,
        /// The class.
        class: String,
    },
    /// The same of a multinomial or ordered model: coefficients go to infinity because columns tell some class apart. Unlike
    /// [`Separated`](Self::Separated) it is concluded from where the iteration goes, not proved.
    #[error("{}", runaway(columns))]
    Runaway {
        /// The columns whose coefficients do.
        columns: Vec<String>,
    },
    /// All targets are equal.
    #[error("the target `{column}` is {value} in every row; two classes are needed")]
    OneClass {
        /// The target.
        column: String,
        /// Its value.
        value: f64,
    },
    /// A number of the specification that makes no sense.
    #[error("{what} is {value}, which it cannot be: {}", range(what))]
    Setting {
        /// `l1`, `l2`, `factor`, `k`, `scale`, `tau`, `theta` or `power`.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A number of folds by which rows cannot be divided.
    #[error(
        "{folds} folds of {rows} rows: there are at least 2, at most one for each row, and at most 65,536"
    )]
    Folds {
        /// How many were asked for.
        folds: usize,
        /// The rows of all processes.
        rows: usize,
    },
    /// A bound that no number keeps.
    #[error("column `{column}`: no coefficient lies between the bounds {lowest} and {highest}")]
    Bounds {
        /// The column.
        column: String,
        /// The lower bound.
        lowest: f64,
        /// The upper bound.
        highest: f64,
    },
    /// A penalty or bound of a column that there is not.
    #[error("the penalty speaks of a column `{column}`, and the design has none of that name")]
    UnknownColumn {
        /// The column.
        column: String,
    },
    /// Weights of classes that make no sense.
    #[error("{classes} positive weights of classes are needed, and {given:?} are given")]
    ClassWeights {
        /// What was given.
        given: Vec<f64>,
        /// The number of classes.
        classes: usize,
    },
    /// A start that does not fit.
    #[error("the start has {found} coefficients and the model {expected}")]
    Start {
        /// Coefficients of the start.
        found: usize,
        /// Coefficients of the model, the intercept included.
        expected: usize,
    },
    /// A solver that cannot do what is asked.
    #[error(
        "the solver {solver} cannot fit this model: {reason}; leave the choice of the solver out"
    )]
    Solver {
        /// The solver.
        solver: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The parts of the data do not fit each other.
    #[error("{rows} rows of features and {targets} targets, {columns} columns and {names} names")]
    Lengths {
        /// Rows of the features.
        rows: usize,
        /// Targets.
        targets: usize,
        /// Columns of the features.
        columns: usize,
        /// Names of features.
        names: usize,
    },
    /// A column is called as the intercept is.
    #[error(
        "a column is called `{}`, which is the name of the intercept; rename it",
        crate::INTERCEPT
    )]
    ReservedName,
    /// There are fewer rows than coefficients.
    #[error(
        "{rows} rows cannot determine {coefficients} coefficients; collect more rows, leave columns out, or add a penalty (l2, on the command line --l2)"
    )]
    TooFewRows {
        /// Rows.
        rows: usize,
        /// Coefficients, the intercept included.
        coefficients: usize,
    },
    /// The entries of a column are too large or too small to compute with.
    #[error(
        "column `{column}`: its entries are spread over {spread:.1e}, beyond what can be computed with (1e-140 to 1e140); change its unit"
    )]
    Range {
        /// The column.
        column: String,
        /// Their standard deviation.
        spread: f64,
    },
    /// There are so many coefficients that a matrix of their products cannot be kept.
    #[error(
        "{coefficients} coefficients are too many for Newton's method, which takes up to {limit}; choose columns"
    )]
    TooManyCoefficients {
        /// Coefficients, the intercept included.
        coefficients: usize,
        /// The limit.
        limit: usize,
    },
    /// There are no rows.
    #[error("there are no rows to fit")]
    NoRows,
    /// There is neither a column nor an intercept.
    #[error("there is neither a column nor an intercept to fit")]
    NoColumns,
    /// The iteration ended without an optimum.
    #[error(
        "the fit did not reach an optimum ({} after {} iterations, Newton decrement {:.1e}); add a penalty, or a larger one (l2, on the command line --l2)",
        certificate.status, certificate.iterations, certificate.newton_decrement
    )]
    NotConverged {
        /// What is known about the last point.
        certificate: Certificate,
    },
    /// The likelihood is too flat in some direction to be maximised in double precision.
    #[error(
        "after {iterations} steps the likelihood is flat to working precision where `{column}` changes; its effect cannot be estimated: add a penalty (l2, on the command line --l2) or leave the column out"
    )]
    Flat {
        /// The column.
        column: String,
        /// Newton steps made.
        iterations: usize,
    },
    /// A linear solve failed.
    #[error(
        "a linear solve failed, because numbers overflow or columns depend on each other; look for extreme weights, offsets or values, or try another link"
    )]
    Linalg {
        /// Why.
        #[source]
        source: LinalgError,
    },
    /// A likelihood or a curve of one's own cannot be fitted.
    #[error(transparent)]
    Estimate(#[from] crate::EstimateError),
}

impl FitError {
    /// The row at fault, from 1, if it is one row.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::NotFinite { row, .. }
            | Self::Target { row, .. }
            | Self::Outside { row, .. }
            | Self::Negative { row, .. }
            | Self::Class { row, .. } => Some(*row),
            _ => None,
        }
    }
}

/// More names than this are counted, not listed.
const LISTED: usize = 6;

fn list(names: &[String]) -> String {
    let mut quoted: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > LISTED {
        quoted.push(format!("{} other columns", names.len() - LISTED));
    }
    match quoted.as_slice() {
        [] => "the intercept".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn separated(kind: Separation, columns: &[String]) -> String {
    let how = match kind {
        Separation::Complete => "tells the two classes apart without error (complete separation)",
        Separation::QuasiComplete => {
            "tells the two classes apart except for rows on the border (quasi-complete separation)"
        }
        Separation::NoEvents => "marks rows in all of which the target is 0 (no events there)",
    };
    let what = if columns.len() > 1 {
        "a combination of "
    } else {
        ""
    };
    let firth = match kind {
        Separation::NoEvents => "",
        _ => "use Firth's (--firth), ",
    };
    format!(
        "no finite estimate exists: {what}{} {how}, so the likelihood rises without end; \
         add a penalty (l2 = 0.01, on the command line --l2 0.01), {firth}collect more rows, or leave the column out",
        list(columns)
    )
}

fn runaway(columns: &[String]) -> String {
    format!(
        "no finite estimate exists: the likelihood rises without end as the coefficients of {} grow, because they tell some class apart \
         without error (separation); add a penalty (l2 = 0.01, on the command line --l2 0.01), collect more rows, or leave columns out",
        list(columns)
    )
}

fn range(what: &str) -> &'static str {
    match what {
        "k" | "scale" | "theta" | "tolerance" => "a finite number above 0",
        "tau" => "a number between 0 and 1",
        "ratio" => "a number above 0, and not above 1",
        "the number of strengths" => "from 1 to 100,000",
        "the number of folds" => "2 or more",
        "power" => "a number between 1 and 2",
        _ => "a finite number that is not negative",
    }
}

fn constant(column: &str, value: f64, intercept: bool) -> String {
    if intercept {
        format!(
            "column `{column}` is {value} in every row, which the intercept already says; leave it out"
        )
    } else {
        format!("column `{column}` is 0 in every row; leave it out")
    }
}

fn collinear(column: &str, combination: &[(String, f64)]) -> String {
    let mut terms: Vec<String> = combination
        .iter()
        .map(|(name, factor)| format!("{factor:.4}·`{name}`"))
        .collect();
    if terms.len() > LISTED {
        terms.truncate(LISTED);
        terms.push("…".to_owned());
    }
    if terms.is_empty() {
        return format!("column `{column}` is determined by the others; leave it out");
    }
    format!(
        "column `{column}` is determined by others (it is {} up to a constant, to within a millionth of its spread), so their effects cannot be told apart; leave one of them out",
        terms.join(" + ").replace("+ -", "− ")
    )
}
