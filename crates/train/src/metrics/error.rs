//! Why a metric does not exist for some data, and what to do.

use thiserror::Error;

/// A metric that cannot be computed. Rows are counted from 1.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Two inputs that belong together have different numbers of rows.
    #[error("there are {expected} targets and {found} {what}; give one of each for every row")]
    Lengths {
        /// What does not match the targets.
        what: &'static str,
        /// The number of targets.
        expected: usize,
        /// The number of the others.
        found: usize,
    },
    /// No rows.
    #[error("there are no rows; a metric needs at least one")]
    Empty,
    /// A value is infinite or NaN.
    #[error(
        "row {row}: the {what} is {value}; drop the row, or find out why it is not a finite number"
    )]
    NotFinite {
        /// What it is: a score, a target, a prediction.
        what: &'static str,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A value that would overflow in a sum.
    #[error("row {row}: the {what} is {value}, too large to compute with; change its unit")]
    TooLarge {
        /// What it is: a target, a prediction.
        what: &'static str,
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A target is neither 0 nor 1.
    #[error(
        "row {row}: the target is {value}; a binary target is 0 or 1, so code the event as 1 and everything else as 0"
    )]
    Target {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A class that the other inputs do not have.
    #[error("row {row}: the {what} class is {class}; {classes} classes have the numbers 0 to {}", classes.saturating_sub(1))]
    Class {
        /// `true` or `predicted`.
        what: &'static str,
        /// The row, from 1.
        row: usize,
        /// The number of the class.
        class: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A probability outside 0 to 1.
    #[error(
        "row {row}: the probability is {value}; it must lie between 0 and 1, so apply the inverse link to a linear predictor first"
    )]
    Probability {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// The probabilities of the classes do not add up to 1.
    #[error(
        "row {row}: the probabilities of the classes add up to {sum} instead of 1; apply the softmax function to scores first"
    )]
    ProbabilitySum {
        /// The row, from 1.
        row: usize,
        /// Their sum.
        sum: f64,
    },
    /// A weight that is negative, infinite or NaN.
    #[error(
        "row {row}: the weight is {value}; weights are finite and not negative, and 0 leaves a row out"
    )]
    Weight {
        /// The row, from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// All weights are 0, or their sum is too small or too large to compute with.
    #[error(
        "the weights add up to {sum}; give rows weights whose sum lies between 1e-100 and 1e100"
    )]
    TotalWeight {
        /// The sum.
        sum: f64,
    },
    /// A comparison of classes has too few rows of one of them.
    #[error(
        "{what} needs rows of class {class} with a positive weight ({needed} or more), and there are {found}; add rows of that class, or choose a metric that does not compare the classes"
    )]
    TooFew {
        /// The metric.
        what: &'static str,
        /// The class.
        class: usize,
        /// How many rows it has.
        found: usize,
        /// How many it needs.
        needed: usize,
    },
    /// The metric is 0/0 for these data.
    #[error("{what} is 0/0: {reason}")]
    Undefined {
        /// The metric.
        what: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A relative error by a target of 0.
    #[error(
        "row {row}: the target is 0, so an error relative to it does not exist; use the mean absolute error"
    )]
    ZeroTarget {
        /// The row, from 1.
        row: usize,
    },
    /// A setting outside its range.
    #[error("{name} is {value}; it must be {rule}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        value: f64,
        /// What is possible.
        rule: &'static str,
    },
    /// Names of classes and classes differ in number.
    #[error("there are {found} labels for {classes} classes; give every class one")]
    Labels {
        /// How many classes.
        classes: usize,
        /// How many labels.
        found: usize,
    },
}
