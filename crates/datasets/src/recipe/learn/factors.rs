//! Parts of a formula as factors of terms: arithmetic, categories, polynomials.

use super::super::design::Factor;
use super::super::expression::{Arithmetic, Expression, Function};
use super::super::polynomial::orthogonal;
use super::super::source::{Kind, levels};
use super::Learner;
use crate::formula::{Exact, Node, Operator, Spanned, suggestion};
use crate::scaling::mean_and_deviation;
use crate::{Column, DataError};

impl Learner<'_> {
    /// The factor of a part of a term, new if need be.
    pub(super) fn factor(&mut self, part: &Spanned) -> Result<usize, DataError> {
        let key = Exact(part).to_string();
        if let Some(known) = self.places.get(&key) {
            return Ok(*known);
        }
        let factor = match &part.node {
            Node::Name(name) => self.plain(name, part)?,
            Node::Call {
                function,
                arguments,
            } => match (function.as_str(), arguments.as_slice()) {
                ("C", [column, rest @ ..]) => {
                    let Some(name) = column.column() else {
                        return Err(self.wanted.fault(column, "`C` takes a column".to_owned()));
                    };
                    let written = self.contrast(rest)?;
                    let reference = written.or_else(|| self.wanted_reference(name, part));
                    let shown = format!("C({name})");
                    self.category(name, shown, reference, part)?
                }
                (
                    "poly",
                    [
                        of,
                        Spanned {
                            node: Node::Number(degree),
                            ..
                        },
                    ],
                ) if *degree >= 1.0 && degree.fract() == 0.0 && *degree <= 20.0 => {
                    let value = self.expression(of)?;
                    let values = value.all(&self.bound, self.rows());
                    self.finite(&values, part)?;
                    let Some((shifts, norms)) = orthogonal(&values, *degree as usize) else {
                        let problem =
                            "the degree of `poly` must be less than the number of different values";
                        return Err(self.wanted.fault(part, problem.to_owned()));
                    };
                    Factor::Polynomial {
                        name: part.to_string(),
                        value,
                        shifts,
                        norms,
                    }
                }
                ("poly", _) => {
                    let problem = "`poly` takes a column and a degree from 1 to 20";
                    return Err(self.wanted.fault(part, problem.to_owned()));
                }
                _ => self.number(part)?,
            },
            _ => self.number(part)?,
        };
        self.places.insert(key, self.factors.len());
        self.factors.push((part.clone(), factor));
        Ok(self.factors.len() - 1)
    }

    pub(super) fn number(&mut self, part: &Spanned) -> Result<Factor, DataError> {
        Ok(Factor::Number {
            name: part.to_string(),
            value: self.expression(part)?,
        })
    }

    /// A column by its name: a category if it holds words that are not ordered.
    pub(super) fn plain(&mut self, name: &str, part: &Spanned) -> Result<Factor, DataError> {
        let place = self.place(name, part)?;
        let ordinal = self
            .wanted
            .ordinals
            .iter()
            .any(|(column, _)| column == name);
        let reference = self.wanted_reference(name, part);
        // In a formula, booleans are categories of two levels, as in R and patsy; without one they are 0 and 1.
        let words = match self.frame.column(place) {
            Column::Categories { .. } => true,
            Column::Booleans(_) => self.wanted.has_formula(),
            Column::Numbers(_) => false,
        };
        if ordinal || !words && reference.is_none() {
            return self.number(part);
        }
        self.category(name, name.to_owned(), reference, part)
    }

    /// The level that the preparation wants as the reference of a column, to be blamed on a part of the formula.
    fn wanted_reference(&self, name: &str, part: &Spanned) -> Option<(String, Spanned)> {
        let wanted = &self.wanted.references;
        let (_, level) = wanted.iter().rfind(|(column, _)| column == name)?;
        Some((level.clone(), part.clone()))
    }

    pub(super) fn category(
        &mut self,
        name: &str,
        shown: String,
        reference: Option<(String, Spanned)>,
        part: &Spanned,
    ) -> Result<Factor, DataError> {
        let place = self.place(name, part)?;
        let levels = levels(self.frame.column(place), self.rows());
        let rows = self.rows().len();
        if levels.len() < 2 || levels.len() == rows && rows > 2 {
            let (file, line) = (self.frame.file().to_owned(), self.frame.first_line);
            let (column, levels) = (name.to_owned(), levels.len());
            return Err(DataError::Levels {
                file,
                line,
                column,
                levels,
            });
        }
        let comma = |level: &String| level.replacen(',', ".", 1).parse::<f64>().is_ok();
        if levels.iter().all(comma) && levels.iter().any(|level| level.contains(',')) {
            let problem = format!(
                "the column `{name}` holds numbers with decimal commas, such as {:?}; write them with points",
                levels[0]
            );
            return Err(self.wanted.fault(part, problem));
        }
        let place = |level: &str, at: &Spanned| {
            let found = levels.iter().position(|known| *known == level);
            found.ok_or_else(|| {
                let known = levels.iter().map(String::as_str);
                let problem = format!(
                    "the column `{name}` has no level {level:?}{}; its levels are {}",
                    suggestion(level, known),
                    levels.join(", ")
                );
                self.wanted.fault(at, problem)
            })
        };
        let reference = match &reference {
            None => 0,
            Some((level, at)) => place(level, at)?,
        };
        Ok(Factor::Category {
            name: shown,
            column: self.column(name, Kind::Levels(levels), part)?,
            reference,
        })
    }

    /// The reference level in `C(a, "low")`, `C(a, ref="low")`, `C(a, Treatment("low"))`.
    pub(super) fn contrast(
        &self,
        arguments: &[Spanned],
    ) -> Result<Option<(String, Spanned)>, DataError> {
        let contrast = match arguments {
            [] => return Ok(None),
            [contrast] => contrast,
            [_, more, ..] => {
                let problem = "`C` takes a column and a reference level";
                return Err(self.wanted.fault(more, problem.to_owned()));
            }
        };
        if let Some(level) = contrast.level() {
            return Ok(Some((level, contrast.clone())));
        }
        match &contrast.node {
            Node::Name(name) if name == "Treatment" => Ok(None),
            Node::Call {
                function,
                arguments,
            } if function == "Treatment" => self.contrast(arguments),
            _ => {
                let problem = "treatment coding is the only one here: C(column), C(column, \"reference\") or C(column, Treatment(\"reference\"))";
                Err(self.wanted.fault(contrast, problem.to_owned()))
            }
        }
    }

    pub(super) fn finite(&self, values: &[f64], part: &Spanned) -> Result<(), DataError> {
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(row) => {
                let term = format!("the term `{part}`");
                Err(self
                    .frame
                    .term_not_finite(self.rows().get(row), &term, values[row]))
            }
        }
    }

    /// Arithmetic on columns.
    pub(super) fn expression(&mut self, part: &Spanned) -> Result<Expression, DataError> {
        Ok(match &part.node {
            Node::Number(number) => Expression::Constant(*number),
            Node::Name(name) => {
                let ordinal = self
                    .wanted
                    .ordinals
                    .iter()
                    .rfind(|(column, _)| column == name);
                let kind = match ordinal {
                    Some((_, levels)) => {
                        self.refuse_repetition(levels, part)?;
                        Kind::Levels(levels.clone())
                    }
                    None => self.kind(name),
                };
                Expression::Column(self.column(name, kind, part)?)
            }
            Node::Negative(inner) => Expression::Negative(self.expression(inner)?.into()),
            Node::Binary(operator, left, right) => {
                let operator = match operator {
                    Operator::Plus => Arithmetic::Plus,
                    Operator::Minus => Arithmetic::Minus,
                    Operator::Times => Arithmetic::Times,
                    Operator::Over => Arithmetic::Over,
                    Operator::Power => Arithmetic::Power,
                    Operator::Colon => {
                        let problem = "`:` has no meaning in arithmetic; write `*`";
                        return Err(self.wanted.fault(part, problem.to_owned()));
                    }
                };
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                Expression::Binary(operator, left.into(), right.into())
            }
            Node::Text(_) | Node::Rest => {
                return Err(self
                    .wanted
                    .fault(part, "a column or a number should stand here".to_owned()));
            }
            Node::Call {
                function,
                arguments,
            } => self.call(part, function, arguments)?,
        })
    }

    pub(super) fn call(
        &mut self,
        part: &Spanned,
        function: &str,
        arguments: &[Spanned],
    ) -> Result<Expression, DataError> {
        match (function, arguments) {
            ("I", [inner]) => self.expression(inner),
            (
                "Q",
                [
                    Spanned {
                        node: Node::Text(name),
                        ..
                    },
                ],
            ) => Ok(Expression::Column(self.column(
                name,
                self.kind(name),
                part,
            )?)),
            ("center" | "scale" | "standardize", [inner]) => {
                let of = self.expression(inner)?;
                let values = of.all(&self.bound, self.rows());
                self.finite(&values, part)?;
                let (center, deviation) = mean_and_deviation(&values);
                let n = values.len() as f64;
                let scale = match function {
                    "center" => 1.0,
                    "scale" => deviation * (n / (n - 1.0)).sqrt(),
                    _ => deviation,
                };
                if scale.is_nan() || scale <= 0.0 {
                    let problem = "a constant cannot be divided by its standard deviation";
                    return Err(self.wanted.fault(part, problem.to_owned()));
                }
                Ok(Expression::Standardised {
                    of: of.into(),
                    center,
                    scale,
                })
            }
            ("ordinal", [column, levels @ ..]) if column.column().is_some() && levels.len() > 1 => {
                let text = |level: &Spanned| {
                    let problem = || "a level stands in quotes".to_owned();
                    level
                        .level()
                        .ok_or_else(|| self.wanted.fault(level, problem()))
                };
                let levels = levels.iter().map(text).collect::<Result<Vec<_>, _>>()?;
                self.refuse_repetition(&levels, part)?;
                let name = column.column().unwrap_or_default();
                Ok(Expression::Column(self.column(
                    name,
                    Kind::Levels(levels),
                    column,
                )?))
            }
            ("ordinal", _) => {
                let problem = "`ordinal` takes a column and its levels in order: ordinal(size, \"small\", \"large\")";
                Err(self.wanted.fault(part, problem.to_owned()))
            }
            (_, [inner]) if Function::named(function).is_some() => {
                let of = self.expression(inner)?;
                let function = Function::named(function).unwrap_or(Function::Abs);
                Ok(Expression::Apply(function, of.into()))
            }
            _ => {
                let problem = format!("`{function}` cannot stand within arithmetic");
                Err(self.wanted.fault(part, problem))
            }
        }
    }
}
