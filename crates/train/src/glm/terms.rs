//! The penalty as numbers, one a coefficient.

use std::collections::HashMap;

use linalg::{Values, reduce};

use super::columns::Columns;
use super::{Explanatory, Observations};
use crate::FitError;
use crate::solver::Separable;
use models::glm::Penalty;

/// Penalty and bounds of each coefficient, intercept first, in the units of the data.
#[derive(Debug, Clone)]
pub(super) struct PenaltyTerms {
    pub(super) l1: Vec<f64>,
    pub(super) l2: Vec<f64>,
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
}

impl PenaltyTerms {
    pub(super) fn new(
        penalty: &Penalty,
        data: &Observations<'_>,
        intercept: bool,
    ) -> Result<Self, FitError> {
        let names = &data.names;
        let k = usize::from(intercept);
        let d = names.len() + k;
        let mut factors = vec![1.0; d];
        let mut terms = Self {
            l1: Vec::new(),
            l2: Vec::new(),
            lower: vec![f64::NEG_INFINITY; d],
            upper: vec![f64::INFINITY; d],
        };
        factors[..k].fill(0.0);
        if !(penalty.factors.is_empty() && penalty.bounds.is_empty()) {
            let places: HashMap<&str, usize> = names.iter().map(String::as_str).zip(k..).collect();
            let place = |name: &String| {
                let place = places.get(name.as_str()).copied();
                place.ok_or_else(|| FitError::UnknownColumn {
                    column: name.clone(),
                })
            };
            for (name, factor) in &penalty.factors {
                if !(*factor >= 0.0 && factor.is_finite()) {
                    return Err(FitError::Setting {
                        what: "factor",
                        value: *factor,
                    });
                }
                factors[place(name)?] = *factor;
            }
            for (name, low, high) in &penalty.bounds {
                if low.is_nan() || high.is_nan() || low > high {
                    return Err(FitError::Bounds {
                        column: name.clone(),
                        lowest: *low,
                        highest: *high,
                    });
                }
                let j = place(name)?;
                (terms.lower[j], terms.upper[j]) = (*low, *high);
            }
        }
        let unit = if penalty.on_standardised {
            deviations(data)
        } else {
            vec![1.0; names.len()]
        };
        let unit = |j: usize| if j < k { 1.0 } else { unit[j - k] };
        terms.l1 = (0..d).map(|j| penalty.l1 * factors[j] * unit(j)).collect();
        terms.l2 = (0..d)
            .map(|j| penalty.l2 * factors[j] * unit(j).powi(2))
            .collect();
        Ok(terms)
    }

    /// The same with another strength.
    pub(super) fn times(&self, strength: f64) -> Self {
        let by = |x: &[f64]| x.iter().map(|x| x * strength).collect();
        Self {
            l1: by(&self.l1),
            l2: by(&self.l2),
            ..self.clone()
        }
    }

    /// For each coefficient, whether nothing holds it but the data.
    pub(super) fn free(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.l1.len()).map(|j| {
            let bounded = self.lower[j].is_finite() || self.upper[j].is_finite();
            self.l1[j] == 0.0 && self.l2[j] == 0.0 && !bounded
        })
    }

    /// What is not smooth, in the coordinates of the solvers.
    pub(super) fn separable(&self, design: &Columns<'_>) -> Separable {
        let scale = scales(design);
        let by = |x: &[f64], f: &dyn Fn(f64, f64) -> f64| {
            x.iter().zip(&scale).map(|(x, s)| f(*x, *s)).collect()
        };
        Separable::new(
            by(&self.l1, &|x, s| x / s),
            by(&self.lower, &|x, s| x * s),
            by(&self.upper, &|x, s| x * s),
        )
    }

    /// The same for the coefficients of several classes, of which these are free: coefficient and class.
    pub(super) fn separable_of(&self, design: &Columns<'_>, free: &[(usize, usize)]) -> Separable {
        let scale = scales(design);
        let by = |x: &[f64], f: &dyn Fn(f64, f64) -> f64| {
            free.iter().map(|&(j, _)| f(x[j], scale[j])).collect()
        };
        Separable::new(
            by(&self.l1, &|x, s| x / s),
            by(&self.lower, &|x, s| x * s),
            by(&self.upper, &|x, s| x * s),
        )
    }

    /// l2 in the coordinates of the solvers.
    pub(super) fn ridge(&self, design: &Columns<'_>) -> Vec<f64> {
        let scale = scales(design);
        self.l2
            .iter()
            .zip(scale)
            .map(|(l2, s)| l2 / s / s)
            .collect()
    }
}

/// What each coefficient of the solvers is divided by: 1 for the intercept.
fn scales(design: &Columns<'_>) -> Vec<f64> {
    let one = design.has_intercept().then_some(1.0);
    one.into_iter()
        .chain(design.scale().iter().copied())
        .collect()
}

/// The standard deviation of each column, each row counted as often as its weight says.
fn deviations(data: &Observations<'_>) -> Vec<f64> {
    let weight = |i: usize| {
        let own = |values: &Option<Values<'_>>| values.as_ref().map_or(1.0, |values| values[i]);
        own(&data.trials) * own(&data.weights)
    };
    let (cut, d) = (data.partition(), data.columns());
    let total = cut.sum(weight);
    let Explanatory::Sparse(x) = data.features else {
        let Some(x) = data.features.table() else {
            return Vec::new();
        };
        // Σ w (x − c)ᵏ for each column.
        let moments = |centres: &[f64], power: i32| {
            cut.sum_leaves(d, &|leaf, sums: &mut [f64]| {
                let rows = cut.leaf(leaf);
                let block = x.block(rows.clone());
                for (j, sum) in sums.iter_mut().enumerate() {
                    let term = |i: usize| {
                        weight(rows.start + i) * (block[(i, j)] - centres[j]).powi(power)
                    };
                    *sum = reduce::sum_by(rows.len(), term);
                }
            })
        };
        let mut means = moments(&vec![0.0; d], 1);
        means.iter_mut().for_each(|mean| *mean /= total);
        let squares = moments(&means, 2);
        return squares.iter().map(|sum| (sum / total).sqrt()).collect();
    };
    let (mut sums, mut squares) = (vec![0.0; d], vec![0.0; d]);
    for i in 0..data.target.len() {
        for (j, value) in x.row(i) {
            sums[j] += weight(i) * value;
            squares[j] += weight(i) * value * value;
        }
    }
    let one =
        |(sum, square): (&f64, &f64)| (square / total - (sum / total).powi(2)).max(0.0).sqrt();
    sums.iter().zip(&squares).map(one).collect()
}
