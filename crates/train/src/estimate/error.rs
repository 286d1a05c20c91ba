//! Why a likelihood or a curve of one's own cannot be fitted, and what to do.

use thiserror::Error;

use crate::Certificate;

/// An estimate that cannot be made or trusted.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// There is nothing to estimate.
    #[error("there are no parameters; give at least one shape, such as (1, 1)")]
    NoParameters,
    /// The closure's result has the wrong shape.
    #[error("the closure returned {rows}x{columns}; {}", wanted(*expected))]
    ResultShape {
        /// Rows of the result.
        rows: usize,
        /// Columns of the result.
        columns: usize,
        /// How many rows it should have, where that is known.
        expected: Option<usize>,
    },
    /// An observation has no finite value at the start.
    #[error(
        "at the start, the {what} of observation {observation} is {value}; start from parameters at which every observation is possible, \
         or write restricted parameters as functions of free ones (exp for a positive one)"
    )]
    Start {
        /// `negative log-likelihood` or `fitted value`.
        what: &'static str,
        /// The observation, from 1.
        observation: usize,
        /// The value.
        value: f64,
    },
    /// A derivative is not finite.
    #[error(
        "the derivative of observation {observation} by `{parameter}` is {value}, though its value is finite; \
         rewrite the formula so that it can be differentiated there"
    )]
    Derivative {
        /// The observation, from 1.
        observation: usize,
        /// The parameter.
        parameter: String,
        /// The derivative.
        value: f64,
    },
    /// The iteration ended without an optimum.
    #[error(
        "no optimum was reached ({} after {} iterations, Newton decrement {:.1e}); start nearer to it, give the parameters similar \
         sizes, or write restricted ones as functions of free ones", certificate.status, certificate.iterations, certificate.newton_decrement
    )]
    NotConverged {
        /// What is known about the last point.
        certificate: Certificate,
    },
    /// A matrix that has to be inverted is singular.
    #[error(
        "{what} is singular in the direction of {}: the data do not tell these parameters apart; fix one of them, or leave it out",
        list(parameters)
    )]
    Singular {
        /// `the Hessian`, `the Jacobian`, `the outer product of the scores`, ….
        what: &'static str,
        /// The parameters that share the direction.
        parameters: Vec<String>,
    },
    /// A single observation or group determines parameters alone: its residuals vanish there whatever the truth.
    #[error(
        "a single {what} determines {} alone, and a covariance by residuals or scores says nothing of that: use the one by the information, or leave the parameter out",
        list(parameters)
    )]
    Alone {
        /// `observation` or `group`.
        what: &'static str,
        /// The parameters that take part.
        parameters: Vec<String>,
    },
    /// The gradient vanishes, but the log-likelihood rises in some direction.
    #[error(
        "the fit ended at a saddle point: the log-likelihood rises when {} change; start from a point where they differ",
        list(parameters)
    )]
    Saddle {
        /// The parameters that share the direction.
        parameters: Vec<String>,
    },
    /// Parameters that run to infinity.
    #[error(
        "no finite estimate exists: the fit does not get worse as {} grow without end; fix them, leave them out, or collect more data",
        list(parameters)
    )]
    Unbounded {
        /// The parameters.
        parameters: Vec<String>,
    },
    /// There are not more observations than parameters.
    #[error(
        "{observations} observations cannot determine {parameters} parameters and a residual variance; collect more, or fix parameters"
    )]
    TooFewObservations {
        /// Observations of positive weight.
        observations: usize,
        /// Parameters.
        parameters: usize,
    },
    /// A given number is not finite, or negative where it must not be.
    #[error("observation {observation}: {what} is {value}; {}", rule(what))]
    Given {
        /// `the response` or `the weight`.
        what: &'static str,
        /// The observation, from 1.
        observation: usize,
        /// The value.
        value: f64,
    },
    /// Something is given for another number of observations.
    #[error("{found} {what} are given for {observations} observations; give one for each")]
    Lengths {
        /// `weights` or `groups`.
        what: &'static str,
        /// How many are given.
        found: usize,
        /// How many observations there are.
        observations: usize,
    },
    /// Too few groups for a covariance by groups.
    #[error(
        "there are {groups} groups, and their scores sum to zero; a covariance clustered by groups needs at least 2, better many"
    )]
    TooFewGroups {
        /// Groups.
        groups: usize,
    },
    /// Two fits that cannot be compared by a likelihood ratio.
    #[error(
        "these two fits are not nested: {reason}; compare a fit with one of the same observations that restricts its parameters"
    )]
    NotNested {
        /// Why not.
        reason: String,
    },
    /// A linear hypothesis of another size.
    #[error(
        "a hypothesis of {rows} rows and {columns} columns with {values} values does not fit {parameters} parameters; R has a column for each parameter and a row for each value of r"
    )]
    Hypothesis {
        /// Rows of R.
        rows: usize,
        /// Columns of R.
        columns: usize,
        /// Entries of r.
        values: usize,
        /// Parameters of the fit.
        parameters: usize,
    },
    /// A row of a linear hypothesis follows from the others.
    #[error("row {row} of the hypothesis is zero or follows from the rows before it; leave it out")]
    Redundant {
        /// The row, from 1.
        row: usize,
    },
    /// A parameter that there is not.
    #[error("there is no parameter number {index} (from 0) among {parameters}")]
    Parameter {
        /// The number that was asked for, from 0.
        index: usize,
        /// How many there are.
        parameters: usize,
    },
    /// A level that is no probability between 0 and 1.
    #[error("a confidence level of {level} is not between 0 and 1; 0.95 is usual")]
    Level {
        /// The level.
        level: f64,
    },
    /// A function of the parameters without a finite value or derivative.
    #[error(
        "the function of the parameters has the {what} {value} at the estimates; choose one that is smooth there"
    )]
    Function {
        /// `value` or `derivative`.
        what: &'static str,
        /// What was found.
        value: f64,
    },
    /// A profile that met a better point than the fit.
    #[error(
        "with `{parameter}` held at {value} a better optimum was found, so the fit is a local one; fit again from there: {point:?}"
    )]
    LocalOptimum {
        /// The parameter that was held.
        parameter: String,
        /// Where.
        value: f64,
        /// All parameters of the better point.
        point: Vec<f64>,
    },
    /// A profile that could not be followed.
    #[error(
        "the profile of `{parameter}` could not be followed beyond {value}; use another parametrisation"
    )]
    Profile {
        /// The parameter.
        parameter: String,
        /// How far it was followed.
        value: f64,
    },
    /// An observation that the curve meets whatever its response is.
    #[error(
        "observation {observation} has the leverage 1: the curve meets it whatever its response is, so its residual says nothing; use hc0 or hc1, \
         or leave it out together with the parameter that it determines"
    )]
    Leverage {
        /// The observation, from 1.
        observation: usize,
    },
    /// A score test at a point where the information is not positive definite.
    #[error(
        "the observed information at the restricted maximum is not positive definite, so there is no score test; use a likelihood ratio"
    )]
    NoScoreTest,
    /// An estimate that lies on the border where the variance cannot be estimated.
    #[error(
        "the residuals vanish, so that their standard deviation is 0 and nothing can be said about the errors"
    )]
    NoResiduals,
}

fn wanted(expected: Option<usize>) -> String {
    match expected {
        Some(n) => {
            format!(
                "return one column of {n} rows, one for each observation (without a sum or a mean)"
            )
        }
        None => {
            "return one column with a row for each observation (without a sum or a mean)".to_owned()
        }
    }
}

fn rule(what: &str) -> &'static str {
    if what == "the weight" {
        "a weight is a finite number that is not negative"
    } else {
        "give a finite number, or leave the observation out"
    }
}

pub(super) fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "the parameters".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
