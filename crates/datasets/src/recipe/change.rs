//! What features become when a column of the table changes: for the effect of the column, wherever it takes part.

use std::borrow::Cow;

use linalg::Mat;

use super::Recipe;
use super::design::Factor;
use super::expression::Expression;
use super::source::{Bound, Kind, Rows};
use crate::{DataError, Frame};

/// A column of the table that explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// Numbers.
    Number,
    /// 0 and 1, or true and false.
    Boolean,
    /// A category: its levels, of which one is the reference.
    Category {
        /// The levels.
        levels: Vec<String>,
        /// The place of the reference.
        reference: usize,
    },
    /// A column that is part of an offset, or a number in one term and a category in another: no change of the features alone is a change
    /// of it.
    Several,
}

/// A change of a column in all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change<'c> {
    /// All rows have this number.
    Value(f64),
    /// All rows have this level.
    Level(&'c str),
    /// The derivative of the features by the column.
    Derivative,
}

/// The part of its size by which a number is moved for a derivative: the error is of its fourth power.
const STEP: f64 = 1e-3;

impl Recipe {
    /// The columns of the table that the features read, in the order in which they appear.
    pub fn variables(&self) -> Vec<(&str, Variable)> {
        let names = self.columns().into_iter();
        names
            .filter_map(|name| Some((name, self.variable(name)?)))
            .collect()
    }

    /// None for a column that is not read, or for its gaps alone.
    fn variable(&self, name: &str) -> Option<Variable> {
        let parts = &self.0;
        let of_name = |at: &usize| parts.columns[*at].name == name;
        let places: Vec<usize> = (0..parts.columns.len())
            .filter(of_name)
            .filter(|at| parts.columns[*at].kind != Kind::Missing)
            .collect();
        let first = &parts.columns[*places.first()?].kind;
        let reads = |offset: &Expression| places.iter().any(|at| offset.reads(*at));
        if places.iter().any(|at| parts.columns[*at].kind != *first)
            || parts.offsets.iter().any(reads)
        {
            return Some(Variable::Several);
        }
        Some(match first {
            Kind::Levels(levels) => {
                let mut references = parts.factors.iter().filter_map(|factor| match factor {
                    Factor::Category {
                        column, reference, ..
                    } if places.contains(column) => Some(*reference),
                    _ => None,
                });
                Variable::Category {
                    levels: levels.clone(),
                    reference: references.next_back().unwrap_or(0),
                }
            }
            Kind::Boolean => Variable::Boolean,
            _ => Variable::Number,
        })
    }

    /// The features of the rows of [`dataset`](Self::dataset) after a change of a column in all rows, through every term in which it
    /// takes part; or their derivatives by it, by differences of the fourth order with steps of 1e-3 of each number: exact but for rounding for
    /// polynomials to the fourth degree, products among them, and good to some 1e-11 for other smooth terms. A value that was filled in for a gap
    /// changes as the others do.
    ///
    /// # Errors
    /// As [`dataset`](Self::dataset); [`DataError::Preparation`] if the column does not explain or has no such level.
    ///
    /// ```
    /// use datasets::{Change, CsvOptions, Formula, Preparation};
    /// let frame = CsvOptions::new().read_from("t.csv", "a,b,y\n1,2,1\n3,5,0\n4,4,2\n".as_bytes())?;
    /// let recipe = Preparation::formula("y ~ a + b + a:b".parse::<Formula>()?).learn(&frame)?;
    /// let slopes = recipe.changed(&frame, "a", Change::Derivative)?;
    /// for (row, b) in [2.0, 5.0, 4.0].into_iter().enumerate() {
    ///     assert!((slopes[(row, 0)] - 1.0).abs() < 1e-12 && slopes[(row, 1)] == 0.0);
    ///     assert!((slopes[(row, 2)] - b).abs() < 1e-11);
    /// }
    /// assert_eq!(recipe.changed(&frame, "a", Change::Value(2.0))?[(1, 2)], 10.0);
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn changed(
        &self,
        frame: &Frame,
        column: &str,
        change: Change<'_>,
    ) -> Result<Mat<f64>, DataError> {
        let refuse = |problem: String| Err(DataError::Preparation { problem });
        let variable = match self.variable(column) {
            Some(variable) if variable != Variable::Several => variable,
            _ => {
                return refuse(format!(
                    "the features do not depend on `{column}` alone, so they cannot be changed by it"
                ));
            }
        };
        match (&variable, change) {
            (Variable::Category { levels, .. }, Change::Level(level)) => {
                match levels.iter().position(|own| own == level) {
                    Some(code) => self.with(frame, column, &|_| code as f64),
                    None => refuse(format!(
                        "the column `{column}` has no level {level:?}; its levels are {}",
                        levels.join(", ")
                    )),
                }
            }
            (Variable::Number | Variable::Boolean, Change::Value(value)) => {
                self.with(frame, column, &|_| value)
            }
            (Variable::Number, Change::Derivative) => {
                let at = frame.named(column)?;
                let numbers = frame.numbers_with_gaps(at, 0..frame.rows())?;
                let known = numbers.iter().filter(|x| x.is_finite() && **x != 0.0);
                let least = known.fold(f64::INFINITY, |m, x| m.min(x.abs()));
                let size = if least.is_finite() { least } else { 1.0 };
                // A step that underflows is none.
                let near = |x: f64| if x == 0.0 { size } else { x.abs() };
                let step = |x: f64| (STEP * near(x)).max(f64::MIN_POSITIVE);
                let moved = |by: f64| self.with(frame, column, &|x| x + by * step(x));
                let [a, b, c, d] = [moved(-2.0)?, moved(-1.0)?, moved(1.0)?, moved(2.0)?];
                let steps = self.with_steps(frame, column, &step)?;
                Ok(Mat::from_fn(a.nrows(), a.ncols(), |i, j| {
                    let near = 8.0 * (c[(i, j)] - b[(i, j)]);
                    (near - (d[(i, j)] - a[(i, j)])) / 12.0 / steps[i]
                }))
            }
            _ => refuse(format!(
                "`{column}` has no such change: categories change to a level, numbers to a value or by a derivative"
            )),
        }
    }

    /// The features with other values of a column.
    fn with(
        &self,
        frame: &Frame,
        column: &str,
        value: &dyn Fn(f64) -> f64,
    ) -> Result<Mat<f64>, DataError> {
        let rows = self.0.kept(frame, true)?;
        let kept = rows.as_deref().map_or(Rows::All(frame.rows()), Rows::Kept);
        let mut bound = self.0.bind(frame, kept)?;
        for (source, bound) in self.0.columns.iter().zip(&mut bound) {
            if source.name != column || source.kind == Kind::Missing {
                continue;
            }
            let all = (0..frame.rows()).map(|row| value(bound.get(row)));
            let all: Vec<f64> = all.collect();
            *bound = match bound {
                Bound::Levels(_, fill) => {
                    let codes = all.iter().map(|code| *code as u32).collect();
                    Bound::Levels(Cow::Owned(codes), *fill)
                }
                Bound::Whole(_) | Bound::Gaps(..) => Bound::Whole(Cow::Owned(all)),
            };
        }
        self.0.matrix(frame, &bound, kept)
    }

    /// The step of each row that is used, gaps filled.
    fn with_steps(
        &self,
        frame: &Frame,
        column: &str,
        step: &dyn Fn(f64) -> f64,
    ) -> Result<Vec<f64>, DataError> {
        let rows = self.0.kept(frame, true)?;
        let kept = rows.as_deref().map_or(Rows::All(frame.rows()), Rows::Kept);
        let bound = self.0.bind(frame, kept)?;
        let own = self.0.columns.iter().zip(&bound);
        let own = own
            .filter(|(source, _)| source.name == column && source.kind != Kind::Missing)
            .map(|(_, bound)| bound)
            .next_back();
        let one = |row: usize| own.map_or(1.0, |bound| step(bound.get(row)));
        Ok(kept.iter().map(one).collect())
    }
}
