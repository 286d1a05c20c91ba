//! Arithmetic on columns.

use serde::{Deserialize, Serialize};

use super::source::{Bound, Rows};

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    /// ln x.
    Log,
    /// The logarithm to base 2.
    Log2,
    /// The logarithm to base 10.
    Log10,
    /// ln(1 + x).
    Log1p,
    /// eˣ.
    Exp,
    /// eˣ − 1.
    Expm1,
    /// √x.
    Sqrt,
    /// |x|.
    Abs,
    /// sin x.
    Sin,
    /// cos x.
    Cos,
    /// tanh x.
    Tanh,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "log" => Self::Log,
            "log2" => Self::Log2,
            "log10" => Self::Log10,
            "log1p" => Self::Log1p,
            "exp" => Self::Exp,
            "expm1" => Self::Expm1,
            "sqrt" => Self::Sqrt,
            "abs" => Self::Abs,
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    fn of(self, x: f64) -> f64 {
        match self {
            Self::Log => x.ln(),
            Self::Log2 => x.log2(),
            Self::Log10 => x.log10(),
            Self::Log1p => x.ln_1p(),
            Self::Exp => x.exp(),
            Self::Expm1 => x.exp_m1(),
            Self::Sqrt => x.sqrt(),
            Self::Abs => x.abs(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tanh => x.tanh(),
        }
    }
}

/// An operator between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// x + y.
    Plus,
    /// x − y.
    Minus,
    /// x y.
    Times,
    /// x / y.
    Over,
    /// xʸ.
    Power,
}

/// A number for each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Expression {
    /// A column of numbers, or the codes of one of categories, by its place among the columns of the recipe.
    Column(usize),
    Constant(f64),
    Apply(Function, Box<Expression>),
    Negative(Box<Expression>),
    Binary(Arithmetic, Box<Expression>, Box<Expression>),
    /// `(of − centre) / scale`.
    Standardised {
        of: Box<Expression>,
        center: f64,
        scale: f64,
    },
}

impl Expression {
    /// True if the value depends on a column of the recipe.
    pub(super) fn reads(&self, column: usize) -> bool {
        match self {
            Self::Column(at) => *at == column,
            Self::Constant(_) => false,
            Self::Apply(_, of) | Self::Negative(of) | Self::Standardised { of, .. } => {
                of.reads(column)
            }
            Self::Binary(_, left, right) => left.reads(column) || right.reads(column),
        }
    }

    /// The values of rows `from..from + out.len()`.
    pub(super) fn evaluate(
        &self,
        columns: &[Bound<'_>],
        rows: Rows<'_>,
        from: usize,
        out: &mut [f64],
    ) {
        match self {
            Self::Column(at) => columns[*at].copy(rows, from, out),
            Self::Constant(value) => out.fill(*value),
            Self::Apply(function, of) => {
                of.evaluate(columns, rows, from, out);
                out.iter_mut().for_each(|x| *x = function.of(*x));
            }
            Self::Negative(of) => {
                of.evaluate(columns, rows, from, out);
                out.iter_mut().for_each(|x| *x = -*x);
            }
            Self::Binary(operator, left, right) => {
                left.evaluate(columns, rows, from, out);
                let mut other = vec![0.0; out.len()];
                right.evaluate(columns, rows, from, &mut other);
                for (x, y) in out.iter_mut().zip(&other) {
                    *x = match operator {
                        Arithmetic::Plus => *x + y,
                        Arithmetic::Minus => *x - y,
                        Arithmetic::Times => *x * y,
                        Arithmetic::Over => *x / y,
                        // A square is one multiplication, as in NumPy.
                        Arithmetic::Power if *y == 2.0 => *x * *x,
                        Arithmetic::Power => x.powf(*y),
                    };
                }
            }
            Self::Standardised { of, center, scale } => {
                of.evaluate(columns, rows, from, out);
                out.iter_mut().for_each(|x| *x = (*x - center) / scale);
            }
        }
    }

    /// The values of all rows.
    pub(super) fn all(&self, columns: &[Bound<'_>], rows: Rows<'_>) -> Vec<f64> {
        let mut values = vec![0.0; rows.len()];
        for (k, part) in values.chunks_mut(super::CHUNK).enumerate() {
            self.evaluate(columns, rows, k * super::CHUNK, part);
        }
        values
    }
}
