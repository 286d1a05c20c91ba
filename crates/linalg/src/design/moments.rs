//! Means and deviations of columns, over the leaves of all processes.

use super::kernels;
use crate::rows::{Communicator, Partition, Table};
use crate::{MatRef, flat, reduce};

/// Mean and root mean square about the mean of some entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Moments {
    /// Of a short column.
    fn of(x: MatRef<'_, f64>) -> Self {
        let count = x.nrows() as f64;
        if let Some(x) = flat(x) {
            let (sum, _) = kernels::moments(x, x[0]);
            let middle = x[0] + sum / count;
            let (sum, squares) = kernels::moments(x, middle);
            let variance = squares / count - (sum / count).powi(2);
            // Squares that neither overflow nor vanish; or entries that are all equal.
            if (1e-280..1e280).contains(&variance) || squares == 0.0 && middle.abs() > 1e-100 {
                return Self {
                    mean: middle + sum / count,
                    deviation: variance.sqrt(),
                };
            }
        }
        // In units of the largest entry.
        let n = x.nrows();
        let largest = (0..n).fold(0.0_f64, |m, i| m.max(x[(i, 0)].abs()));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let mean = reduce::sum_by(n, |i| x[(i, 0)] / unit) / count;
        let squares = reduce::sum_by(n, |i| (x[(i, 0)] / unit - mean).powi(2));
        Self {
            mean: mean * unit,
            deviation: (squares / count).sqrt() * unit,
        }
    }

    /// Of every column. What is not finite somewhere has no finite moments.
    pub(super) fn of_columns(x: &Table<'_>) -> Vec<Self> {
        let cut = x.partition();
        let first = first_row(x, cut.communicator());
        let origins: Vec<Origin> = first.iter().map(|&at| Origin { at, unit: 1.0 }).collect();
        let (mut moments, exponents) = about(x, &cut, &origins);
        // Columns that start far from their mean, or whose squares are out of range, are looked at once more from where they are.
        let mut poor = false;
        let origins = moments.iter().zip(&exponents).zip(&first);
        let origins = origins.map(|((m, exponent), &first)| {
            let near = (m.mean - first).abs() <= 32.0 * m.deviation;
            let sound = m.deviation.is_finite() && m.deviation > 1e-100 && near;
            let constant = *exponent == i32::MIN;
            poor |= !(sound || constant);
            Origin {
                at: if m.mean.is_finite() { m.mean } else { first },
                unit: (f64::from((*exponent).clamp(-1000, 1000))).exp2(),
            }
        });
        let origins: Vec<Origin> = origins.collect();
        if poor {
            moments = about(x, &cut, &origins).0;
        }
        moments
    }
}

/// Where a column is looked at from, and in what unit.
#[derive(Debug, Clone, Copy)]
struct Origin {
    at: f64,
    unit: f64,
}

/// The first row of all.
fn first_row(x: &Table<'_>, processes: &dyn Communicator) -> Vec<f64> {
    let mut mine = Vec::new();
    if x.nrows() > 0 {
        let row = x.block(0..1);
        mine.extend((0..x.ncols()).map(|j| row[(0, j)]));
    }
    if processes.is_alone() {
        return mine;
    }
    let mut all = processes.gather_numbers(&mine).into_iter();
    all.find(|numbers| !numbers.is_empty()).unwrap_or_default()
}

/// The moments by sums about origins, and the exponent of the largest deviation of or mean of a leaf from them; the least number if all
/// entries are the origin.
fn about(x: &Table<'_>, cut: &Partition<'_>, origins: &[Origin]) -> (Vec<Moments>, Vec<i32>) {
    let d = origins.len();
    let exponents = std::sync::Mutex::new(vec![i32::MIN; d]);
    let sums = cut.sum_leaves(1 + 2 * d, &|leaf, sums: &mut [f64]| {
        let rows = cut.leaf(leaf);
        let count = rows.len() as f64;
        sums[0] = count;
        let x = x.block(rows);
        let mut own = vec![i32::MIN; d];
        for (j, origin) in origins.iter().enumerate() {
            let m = Moments::of(x.subcols(j, 1));
            let gap = m.mean - origin.at;
            let size = gap.abs().max(m.deviation);
            if size > 0.0 {
                own[j] = ((size.to_bits() >> 52) & 0x7ff) as i32 - 1023;
            }
            let (gap, deviation) = (gap / origin.unit, m.deviation / origin.unit);
            sums[1 + 2 * j] = count * gap;
            sums[2 + 2 * j] = count * (deviation * deviation + gap * gap);
        }
        if let Ok(mut exponents) = exponents.lock() {
            for (all, own) in exponents.iter_mut().zip(own) {
                *all = own.max(*all);
            }
        }
    });
    let mut exponents = exponents.into_inner().unwrap_or_default();
    cut.communicator().largest(&mut exponents);
    let moments = origins.iter().enumerate().map(|(j, origin)| {
        let (gap, square) = (sums[1 + 2 * j] / sums[0], sums[2 + 2 * j] / sums[0]);
        // A difference of rounding errors may be negative.
        let variance = square - gap * gap;
        let variance = if variance < 0.0 { 0.0 } else { variance };
        Moments {
            mean: origin.at + gap * origin.unit,
            deviation: variance.sqrt() * origin.unit,
        }
    });
    (moments.collect(), exponents)
}
