//! What of a recipe needs to see all rows at once before it is known.

use super::design::Factor;
use super::expression::Expression;
use super::source::Kind;
use super::{Parts, Recipe};
use crate::{Column, Frame};

impl Recipe {
    /// What a few rows that have every level, truth, gap and class of a table do not tell: a mean, a median, a polynomial. `None` if the
    /// recipe that was learned from them is that of the whole table.
    pub(crate) fn beyond(&self, sample: &Frame) -> Option<String> {
        let Parts {
            columns,
            factors,
            offsets,
            scaler,
            ..
        } = &self.0;
        if scaler.is_some() {
            return Some("scaling".to_owned());
        }
        if let Some(filled) = columns.iter().find(|source| source.fill.is_some()) {
            return Some(format!("what stands for the gaps of `{}`", filled.name));
        }
        let of_numbers = |name: &str| {
            let column = sample.named(name).map(|at| sample.column(at));
            matches!(column, Ok(Column::Numbers(_)))
        };
        if let Some(levels) = columns
            .iter()
            .find(|source| matches!(source.kind, Kind::Levels(_)) && of_numbers(&source.name))
        {
            return Some(format!(
                "the levels of `{}`, a column of numbers,",
                levels.name
            ));
        }
        let learned = factors.iter().find(|factor| match factor {
            Factor::Polynomial { .. } => true,
            Factor::Number { value, .. } => standardises(value),
            Factor::Category { .. } => false,
        });
        if let Some(factor) = learned {
            return Some(format!("the term `{}`", factor.name()));
        }
        let target = self.0.target.value.iter().chain(&self.0.target.trials);
        (offsets.iter().chain(target))
            .any(standardises)
            .then(|| "a mean in the target or the offset".to_owned())
    }
}

fn standardises(expression: &Expression) -> bool {
    match expression {
        Expression::Standardised { .. } => true,
        Expression::Column(_) | Expression::Constant(_) => false,
        Expression::Apply(_, of) | Expression::Negative(of) => standardises(of),
        Expression::Binary(_, left, right) => standardises(left) || standardises(right),
    }
}
