//! What a recipe learns from the table of the fit.

mod columns;
mod factors;
mod response;

use std::collections::{HashMap, HashSet};

use super::coding;
use super::design::{Factor, MOST_COLUMNS};
use super::expression::Expression;
use super::names::Names;
use super::preparation::{Missing, Preparation};
use super::source::{Bound, Kind, Rows, Source};
use super::{Parts, Recipe};
use crate::formula::{Spanned, Terms};
use crate::{DataError, Frame, Scaler};

/// More parts than this of all terms, of which each has two to the power of its categories, are not told apart.
const MOST_PARTS: usize = 1 << 22;

pub(super) struct Learner<'l> {
    wanted: &'l Preparation,
    frame: &'l Frame,
    target: Spanned,
    terms: Terms,
    kept: Option<Vec<usize>>,
    columns: Vec<Source>,
    /// True for the columns whose gaps are filled.
    imputed: Vec<bool>,
    /// The places of the columns by their name.
    by_name: HashMap<String, Vec<usize>>,
    /// True while columns are read that are never imputed.
    apart: bool,
    bound: Vec<Bound<'l>>,
    factors: Vec<(Spanned, Factor)>,
    /// The places of the factors by their text.
    places: HashMap<String, usize>,
}

impl<'l> Learner<'l> {
    pub(super) fn new(wanted: &'l Preparation, frame: &'l Frame) -> Result<Self, DataError> {
        let (target, terms) = wanted.resolve(frame)?;
        Ok(Self {
            wanted,
            frame,
            target,
            terms,
            kept: None,
            columns: Vec::new(),
            imputed: Vec::new(),
            by_name: HashMap::new(),
            apart: false,
            bound: Vec::new(),
            factors: Vec::new(),
            places: HashMap::new(),
        })
    }

    pub(super) fn learn(mut self) -> Result<Recipe, DataError> {
        let drop_rows = self.drop_rows()?;
        let terms = std::mem::replace(
            &mut self.terms,
            Terms {
                intercept: false,
                products: Vec::new(),
                offsets: Vec::new(),
            },
        );
        let mut chosen: Vec<Vec<usize>> = Vec::new();
        for term in &terms.products {
            let factors = term
                .iter()
                .map(|part| self.factor(part))
                .collect::<Result<_, _>>()?;
            chosen.push(factors);
        }
        self.apart = true;
        let offsets = terms
            .offsets
            .iter()
            .map(|part| self.expression(part))
            .collect::<Result<_, _>>()?;
        self.apart = false;
        let target = self.target()?;
        self.add_indicators(&mut chosen);
        self.refuse_explosion(&chosen)?;
        let products = self.products(&chosen, terms.intercept);
        let clusters = match &self.wanted.clusters {
            Some(column) => Some(self.frame.names()[self.frame.position(column)?].clone()),
            None => None,
        };
        let mut parts = Parts {
            columns: self.columns,
            factors: self.factors.into_iter().map(|(_, factor)| factor).collect(),
            products,
            intercept: terms.intercept,
            scaler: None,
            offsets,
            drop_rows,
            clusters,
            target,
        };
        if let Some(product) = parts.too_wide() {
            let what = format!("and those before it make more than {MOST_COLUMNS} columns");
            let names = product
                .iter()
                .map(|(k, _)| parts.factors[*k].name().to_owned());
            return Err(self.wanted.exploded(None, names.collect(), &what));
        }
        let names = parts.names();
        let mut known = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !known.insert(name.as_str())) {
            let problem = format!("two features are called `{twice}`; rename a column");
            return Err(DataError::Preparation { problem });
        }
        if let Some(scaling) = self.wanted.scaling {
            let rows = self
                .kept
                .as_deref()
                .map_or(Rows::All(self.frame.rows()), Rows::Kept);
            let matrix = parts.matrix(self.frame, &self.bound, rows)?;
            let mut scaler = Scaler::learn(scaling, matrix.as_ref());
            for (j, numeric) in parts.numeric().into_iter().enumerate() {
                if !numeric {
                    (scaler.center[j], scaler.scale[j]) = (0.0, 1.0);
                }
            }
            let spread =
                |j: &usize| !(scaler.center[*j].is_finite() && scaler.scale[*j].is_finite());
            if let Some(j) = (0..names.len()).find(spread) {
                let problem = format!("the feature `{}` is spread too far to be scaled", names[j]);
                return Err(DataError::Preparation { problem });
            }
            parts.scaler = Some(scaler);
        }
        Ok(Recipe(parts))
    }

    fn rows(&self) -> Rows<'_> {
        self.kept
            .as_deref()
            .map_or(Rows::All(self.frame.rows()), Rows::Kept)
    }

    fn policy(&self, name: &str) -> Missing {
        let own = self
            .wanted
            .missing_in
            .iter()
            .rfind(|(column, _)| column == name);
        own.map_or(self.wanted.missing, |(_, missing)| *missing)
    }

    /// Finds the rows that are left; true if rows with missing values are dropped.
    fn drop_rows(&mut self) -> Result<bool, DataError> {
        let named = self.wanted.missing_in.iter().map(|(column, _)| column);
        let named = named.chain(self.wanted.references.iter().map(|(column, _)| column));
        for column in named.chain(self.wanted.ordinals.iter().map(|(column, _)| column)) {
            // A wish for a column that was not read is no mistake in its name.
            match self.frame.named(column) {
                Ok(_) | Err(DataError::NotRead { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut apart = Names::default();
        apart.collect(&self.target);
        let targets = apart.plain.clone();
        self.terms
            .offsets
            .iter()
            .for_each(|part| apart.collect(part));
        let mut used = Vec::new();
        for part in self.terms.products.iter().flatten() {
            let mut own = Names::default();
            own.collect(part);
            let own = own.all();
            if let Some(target) = own.iter().find(|name| targets.contains(name)) {
                let problem = format!("`{target}` is the target and cannot explain itself");
                return Err(self.wanted.fault(part, problem));
            }
            used.extend(own);
        }
        let mut dropping = Vec::new();
        let extra = [
            &self.wanted.weights,
            &self.wanted.trials,
            &self.wanted.clusters,
        ];
        for column in extra.into_iter().flatten() {
            apart
                .plain
                .push(self.frame.names()[self.frame.position(column)?].clone());
        }
        // What is never imputed is dropped if anything is.
        let any = self.wanted.missing == Missing::DropRows
            || self
                .wanted
                .missing_in
                .iter()
                .any(|(_, missing)| *missing == Missing::DropRows);
        if !any {
            return Ok(false);
        }
        let features = used
            .into_iter()
            .filter(|name| self.policy(name) == Missing::DropRows);
        for name in features.chain(apart.plain) {
            if let Ok(at) = self.frame.named(&name) {
                dropping.push(self.frame.column(at));
            }
        }
        let whole = |row: &usize| dropping.iter().all(|column| !column.is_missing(*row));
        let kept: Vec<usize> = (0..self.frame.rows()).filter(whole).collect();
        if kept.is_empty() {
            let problem = format!(
                "{}: every row has a missing value",
                self.frame.file().display()
            );
            return Err(DataError::Preparation { problem });
        }
        self.kept = Some(kept);
        Ok(true)
    }

    /// A column of 0 and 1 for every imputed column with gaps.
    fn add_indicators(&mut self, chosen: &mut Vec<Vec<usize>>) {
        if !self.wanted.indicators {
            return;
        }
        let imputed: Vec<String> = self
            .columns
            .iter()
            .filter(|s| s.fill.is_some())
            .map(|s| s.name.clone())
            .collect();
        for name in imputed {
            let gaps = self.frame.named(&name).is_ok_and(|at| {
                let column = self.frame.column(at);
                self.rows().iter().any(|row| column.is_missing(row))
            });
            let part = Spanned::name(format!("{name}[missing]"));
            let unnamed = Spanned::name(String::new());
            if gaps
                && !self.factors.iter().any(|(known, _)| *known == part)
                && let Ok(at) = self.column(&name, Kind::Missing, &unnamed)
            {
                let value = Expression::Column(at);
                let name = part.to_string();
                self.factors.push((part, Factor::Number { name, value }));
                chosen.push(vec![self.factors.len() - 1]);
            }
        }
    }

    /// Refuses terms that make more columns than any data have, before one of them is made.
    fn refuse_explosion(&self, chosen: &[Vec<usize>]) -> Result<(), DataError> {
        let levels = |at: usize| match &self.columns[at].kind {
            Kind::Levels(levels) => levels.len(),
            _ => 0,
        };
        let mut parts = 0_usize;
        for term in chosen {
            let factors = || term.iter().map(|factor| &self.factors[*factor]);
            let category = |(_, factor): &&(_, _)| matches!(factor, Factor::Category { .. });
            let (categories, most) = (factors().filter(category).count(), coding::MOST_CATEGORIES);
            parts = parts.saturating_add(1 << categories.min(32));
            let widths = factors().map(|(_, factor)| factor.width(levels));
            let width = widths.fold(1, usize::saturating_mul);
            let what = if categories > most {
                format!("is a product of more than {most} categories")
            } else if width > MOST_COLUMNS {
                format!("makes {width} columns, more than {MOST_COLUMNS}")
            } else if parts > MOST_PARTS {
                format!("and those before it have more than {MOST_PARTS} parts")
            } else {
                continue;
            };
            let first = term.first().map(|factor| &self.factors[*factor].0);
            let names = factors().map(|(part, _)| part.to_string());
            return Err(self.wanted.exploded(first, names.collect(), &what));
        }
        Ok(())
    }

    /// The products of each term that the terms before it do not span.
    fn products(&self, chosen: &[Vec<usize>], intercept: bool) -> Vec<Vec<(usize, bool)>> {
        let is_category =
            |factor: &usize| matches!(self.factors[*factor].1, Factor::Category { .. });
        // By their numbers.
        let mut groups = HashMap::from([(Vec::new(), 0)]);
        let mut terms = Vec::new();
        for term in chosen {
            let (categories, mut numbers): (Vec<usize>, Vec<usize>) =
                term.iter().partition(|factor| is_category(factor));
            numbers.sort_unstable();
            let next = groups.len();
            let group = *groups.entry(numbers).or_insert(next);
            terms.push((group, categories));
        }
        let mut products = Vec::new();
        for (term, of_term) in chosen.iter().zip(coding::products(&terms, intercept)) {
            for product in of_term {
                let whole = |factor: &usize| {
                    product
                        .iter()
                        .find(|(category, _)| category == factor)
                        .map(|(_, whole)| *whole)
                };
                let factors = term
                    .iter()
                    .filter(|factor| !is_category(factor) || whole(factor).is_some());
                products.push(
                    factors
                        .map(|factor| (*factor, whole(factor).unwrap_or(true)))
                        .collect(),
                );
            }
        }
        products
    }
}
