//! Columns of the design matrix: products of factors.

use linalg::{Mat, MatMut, parallel};
use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::polynomial::polynomials;
use super::source::{Bound, Kind, Rows};
use super::{CHUNK, Parts};
use crate::{DataError, Frame};

/// What a term is a product of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Factor {
    /// One column.
    Number { name: String, value: Expression },
    /// Columns 1 to k of polynomials that are orthogonal on the data of the fit: pₖ₊₁ = (x − aₖ) pₖ − (nₖ / nₖ₋₁) pₖ₋₁, each divided
    /// by √nₖ.
    Polynomial {
        name: String,
        value: Expression,
        shifts: Vec<f64>,
        norms: Vec<f64>,
    },
    /// A column for each level, or for each but the reference, of a column of the recipe.
    Category {
        name: String,
        column: usize,
        reference: usize,
    },
}

/// More columns than this are no recipe's.
pub(super) const MOST_COLUMNS: usize = 1_000_000;

/// A fault in a row.
struct Fault {
    row: usize,
    product: usize,
    value: f64,
}

impl Parts {
    fn levels(&self, column: usize) -> &[String] {
        match &self.columns[column].kind {
            Kind::Levels(levels) => levels,
            _ => &[],
        }
    }

    /// The parts of a factor that make columns: their number within the factor, and their name.
    fn parts(&self, (factor, whole): (usize, bool)) -> Vec<(usize, String)> {
        match &self.factors[factor] {
            Factor::Number { name, .. } => vec![(0, name.clone())],
            Factor::Polynomial { name, shifts, .. } => (0..shifts.len())
                .map(|k| (k, format!("{name}{}", k + 1)))
                .collect(),
            Factor::Category {
                name,
                column,
                reference,
            } => {
                let levels = self.levels(*column).iter().enumerate();
                let shown = levels.filter(|(k, _)| whole || k != reference);
                let treatment = if whole { "" } else { "T." };
                shown
                    .map(|(k, level)| (k, format!("{name}[{treatment}{level}]")))
                    .collect()
            }
        }
    }

    /// The columns of a product: the parts of its factors, the first of which varies fastest, and the name.
    pub(super) fn columns_of(&self, product: &[(usize, bool)]) -> Vec<(Vec<usize>, String)> {
        let mut columns = vec![(Vec::new(), String::new())];
        for factor in product {
            let parts = self.parts(*factor);
            let longer = parts.iter().flat_map(|(part, name)| {
                columns.iter().map(move |(before, text)| {
                    let colon = if before.is_empty() { "" } else { ":" };
                    (
                        [before.as_slice(), &[*part]].concat(),
                        format!("{text}{colon}{name}"),
                    )
                })
            });
            columns = longer.collect();
        }
        columns
    }

    pub(super) fn names(&self) -> Vec<String> {
        let columns = self
            .products
            .iter()
            .flat_map(|product| self.columns_of(product));
        columns.map(|(_, name)| name).collect()
    }

    /// True for the columns of products of numbers alone, which are scaled; categories, booleans and indicators are 0 and 1.
    pub(super) fn numeric(&self) -> Vec<bool> {
        let flag = |(factor, _): &(usize, bool)| match &self.factors[*factor] {
            Factor::Category { .. } => true,
            Factor::Number {
                value: Expression::Column(at),
                ..
            } => matches!(self.columns[*at].kind, Kind::Boolean | Kind::Missing),
            Factor::Number { .. } | Factor::Polynomial { .. } => false,
        };
        let of = |product: &Vec<(usize, bool)>| {
            let numeric = !product.iter().any(flag);
            vec![numeric; self.columns_of(product).len()]
        };
        self.products.iter().flat_map(of).collect()
    }

    pub(super) fn matrix(
        &self,
        frame: &Frame,
        bound: &[Bound<'_>],
        rows: Rows<'_>,
    ) -> Result<Mat<f64>, DataError> {
        let layout: Vec<_> = self
            .products
            .iter()
            .map(|product| self.columns_of(product))
            .collect();
        let columns = layout.iter().map(Vec::len).sum();
        // Where memory does not suffice, the allocation itself ends the process.
        let entries = rows.len().saturating_mul(columns);
        if Vec::<f64>::new().try_reserve_exact(entries).is_err() {
            let problem = format!(
                "{} rows of {columns} features do not fit into memory; use fewer terms, or categories of fewer levels",
                rows.len()
            );
            return Err(DataError::Preparation { problem });
        }
        let mut matrix = Mat::zeros(rows.len(), columns);
        let filler = Filler {
            parts: self,
            bound,
            rows,
            layout: &layout,
        };
        if let Err(Fault {
            row,
            product,
            value,
        }) = filler.fill(matrix.as_mut(), 0)
        {
            let names: Vec<&str> = self.products[product]
                .iter()
                .map(|(factor, _)| self.factors[*factor].name())
                .collect();
            let term = format!("the term `{}`", names.join(":"));
            return Err(frame.term_not_finite(rows.get(row), &term, value));
        }
        if let Some(scaler) = &self.scaler {
            scaler.apply(matrix.as_mut());
            for j in 0..columns {
                let scaled = matrix.col_as_slice(j);
                if let Some(row) = scaled.iter().position(|value| !value.is_finite()) {
                    let term = format!("the scaled feature `{}`", self.names()[j]);
                    return Err(frame.term_not_finite(rows.get(row), &term, scaled[row]));
                }
            }
        }
        Ok(matrix)
    }

    /// The first product with which there are more columns than [`MOST_COLUMNS`], to be known before names are made of them.
    pub(super) fn too_wide(&self) -> Option<&[(usize, bool)]> {
        let width = |(factor, whole): &(usize, bool)| {
            let all = self.factors[*factor].width(|at| self.levels(at).len());
            let treatment = matches!(self.factors[*factor], Factor::Category { .. }) && !whole;
            all.saturating_sub(usize::from(treatment))
        };
        let mut total = 0_usize;
        let wide = self.products.iter().find(|product| {
            let widths = product.iter().map(width);
            total = total.saturating_add(widths.fold(1, usize::saturating_mul));
            total > MOST_COLUMNS
        });
        wide.map(Vec::as_slice)
    }

    /// Refuses numbers of columns, factors and levels that do not exist, which only a recipe that was tampered with has.
    pub(super) fn check(&self) -> Result<(), String> {
        let fits = |expression: &Expression| fits(expression, self.columns.len());
        let sound = |factor: &Factor| match factor {
            Factor::Number { value, .. } => fits(value),
            Factor::Polynomial {
                value,
                shifts,
                norms,
                ..
            } => fits(value) && !shifts.is_empty() && norms.len() == shifts.len() + 2,
            Factor::Category {
                column, reference, ..
            } => *column < self.columns.len() && *reference < self.levels(*column).len(),
        };
        let factors = self.factors.iter().all(sound) && self.offsets.iter().all(fits);
        let products = self
            .products
            .iter()
            .flatten()
            .all(|(factor, _)| *factor < self.factors.len());
        if !(factors && products && self.target.is_sound()) {
            return Err("the recipe refers to columns that it does not have".to_owned());
        }
        if self.too_wide().is_some() || self.products.iter().any(Vec::is_empty) {
            return Err("the recipe makes no features, or more than any data have".to_owned());
        }
        let levels = |source: &super::source::Source| match (&source.kind, source.fill) {
            (Kind::Levels(levels), Some(fill)) => {
                fill.fract() == 0.0 && fill >= 0.0 && (fill as usize) < levels.len()
            }
            (_, fill) => fill.is_none_or(f64::is_finite),
        };
        let scales = self.scaler.iter().flat_map(|scaler| &scaler.scale);
        if !self.columns.iter().all(levels)
            || !scales
                .into_iter()
                .all(|scale| scale.is_finite() && *scale > 0.0)
        {
            return Err("the recipe has a number that stands for nothing".to_owned());
        }
        let n = self.names().len();
        match &self.scaler {
            Some(scaler) if scaler.center.len() != n || scaler.scale.len() != n => Err(
                "the recipe's scaling has another number of columns than its features".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

pub(super) fn fits(expression: &Expression, columns: usize) -> bool {
    match expression {
        Expression::Column(at) => *at < columns,
        Expression::Constant(_) => true,
        Expression::Apply(_, of)
        | Expression::Negative(of)
        | Expression::Standardised { of, .. } => fits(of, columns),
        Expression::Binary(_, left, right) => fits(left, columns) && fits(right, columns),
    }
}

impl Factor {
    /// The columns that it makes at the most.
    pub(super) fn width(&self, levels: impl Fn(usize) -> usize) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Polynomial { shifts, .. } => shifts.len(),
            Self::Category { column, .. } => levels(*column),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Number { name, .. }
            | Self::Polynomial { name, .. }
            | Self::Category { name, .. } => name,
        }
    }
}

/// Fills a design matrix, chunk by chunk of its rows.
struct Filler<'a> {
    parts: &'a Parts,
    bound: &'a [Bound<'a>],
    rows: Rows<'a>,
    layout: &'a [Vec<(Vec<usize>, String)>],
}

impl Filler<'_> {
    fn fill(&self, out: MatMut<'_, f64>, from: usize) -> Result<(), Fault> {
        let rows = out.nrows();
        if rows <= CHUNK {
            return self.chunk(out, from);
        }
        let middle = rows.div_ceil(CHUNK) / 2 * CHUNK;
        let (above, below) = out.split_at_row_mut(middle);
        let (first, second) = parallel::join(
            || self.fill(above, from),
            || self.fill(below, from + middle),
        );
        first.and(second)
    }

    fn chunk(&self, mut out: MatMut<'_, f64>, from: usize) -> Result<(), Fault> {
        let n = out.nrows();
        let mut column = 0;
        for (at, (product, columns)) in self.parts.products.iter().zip(self.layout).enumerate() {
            let factors: Vec<Values> = product
                .iter()
                .map(|(factor, _)| self.values(*factor, from, n))
                .collect();
            for (choice, _) in columns {
                let mut values = vec![1.0; n];
                for (factor, part) in factors.iter().zip(choice) {
                    factor.multiply(*part, &mut values);
                }
                if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                    let (row, value) = (from + row, values[row]);
                    return Err(Fault {
                        row,
                        product: at,
                        value,
                    });
                }
                for (i, value) in values.iter().enumerate() {
                    out[(i, column)] = *value;
                }
                column += 1;
            }
        }
        Ok(())
    }

    fn values(&self, factor: usize, from: usize, n: usize) -> Values {
        let numbers = |value: &Expression| {
            let mut numbers = vec![0.0; n];
            value.evaluate(self.bound, self.rows, from, &mut numbers);
            numbers
        };
        match &self.parts.factors[factor] {
            Factor::Number { value, .. } => Values::Numbers(vec![numbers(value)]),
            Factor::Polynomial {
                value,
                shifts,
                norms,
                ..
            } => Values::Numbers(polynomials(&numbers(value), shifts, norms)),
            Factor::Category { column, .. } => {
                let level = |row: usize| self.bound[*column].level(self.rows.get(row)) as usize;
                Values::Levels((from..from + n).map(level).collect())
            }
        }
    }
}

/// The values of a factor in a chunk.
enum Values {
    Numbers(Vec<Vec<f64>>),
    Levels(Vec<usize>),
}

impl Values {
    fn multiply(&self, part: usize, out: &mut [f64]) {
        match self {
            Self::Numbers(columns) => out
                .iter_mut()
                .zip(&columns[part])
                .for_each(|(out, x)| *out *= x),
            Self::Levels(levels) => {
                for (out, level) in out.iter_mut().zip(levels) {
                    if *level != part {
                        *out = 0.0;
                    }
                }
            }
        }
    }
}
