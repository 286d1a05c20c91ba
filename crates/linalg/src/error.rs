//! What can go wrong in a numerical kernel, as facts.

use thiserror::Error;

/// A failure of a solve, with the place at fault.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// Two operands do not fit each other.
    #[error("{operation}: {left_rows}x{left_columns} and {right_rows}x{right_columns} do not fit")]
    Shape {
        /// What was asked for.
        operation: &'static str,
        /// Rows of the first operand.
        left_rows: usize,
        /// Columns of the first operand.
        left_columns: usize,
        /// Rows of the second operand.
        right_rows: usize,
        /// Columns of the second operand.
        right_columns: usize,
    },
    /// An entry is infinite or not a number.
    #[error("{operation}: the entry in row {row}, column {column} is {value}")]
    NotFinite {
        /// What was asked for.
        operation: &'static str,
        /// Row of the entry, from 0.
        row: usize,
        /// Column of the entry, from 0.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A column cannot be divided by its scale, or is not centred at a finite number.
    #[error("{operation}: the {what} of column {column} is {value}")]
    Scale {
        /// What was asked for.
        operation: &'static str,
        /// `centre` or `scale`.
        what: &'static str,
        /// The column, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A symmetric matrix is not positive semidefinite.
    #[error(
        "the matrix is not positive definite: what is left of column {column} has the relative size {pivot:.1e}"
    )]
    NotPositive {
        /// The column, from 0.
        column: usize,
        /// Its pivot in the matrix scaled to a unit diagonal.
        pivot: f64,
    },
    /// An iteration for eigenvalues or singular values did not end.
    #[error("{operation}: the iteration did not converge")]
    NoConvergence {
        /// What was asked for.
        operation: &'static str,
    },
    /// A square matrix has not full rank, and no answer satisfies the equations.
    #[error(
        "the matrix has rank {rank} and size {size}: no answer satisfies the equations (backward error {backward_error:.1e})"
    )]
    Singular {
        /// Its rank to working precision.
        rank: usize,
        /// Its number of rows.
        size: usize,
        /// The backward error of the best answer.
        backward_error: f64,
    },
    /// The answer, or what measures it, is too large for a double.
    #[error(
        "{operation}: {what} is beyond the range of numbers; bring the columns and the right-hand side to sizes near 1"
    )]
    Overflow {
        /// What was asked for.
        operation: &'static str,
        /// What is too large.
        what: &'static str,
    },
    /// Threads cannot be started.
    #[error("{threads} threads cannot be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        reason: String,
    },
    /// A column is, to working precision, a combination of the columns before it.
    #[error(
        "column {column} is a combination of the columns before it (relative pivot {pivot:.1e})"
    )]
    Dependent {
        /// The column, from 0.
        column: usize,
        /// What is left of its squared length when the earlier columns are projected out, relative to that length.
        pivot: f64,
        /// `weights[j]` times column `j`, summed over the earlier columns, gives this column (in the metric of the matrix).
        weights: Vec<f64>,
    },
}
