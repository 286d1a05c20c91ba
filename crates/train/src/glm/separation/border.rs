//! The proof of separation: a direction that leaves the rows of a border where they are and moves others to their own side.

use linalg::solve::symmetric_eigen;
use linalg::{Design, Mat, MatRef};

use super::super::Explanatory;
use super::super::columns::Columns;
use super::super::problem::Problem;
use super::side;

/// A margin below this part of the terms that it is summed from is zero.
const ZERO: f64 = 1e-9;
/// Eigenvalues of a correlation matrix below this are zero.
const NULL: f64 = 1e-10;
/// Sparse data of so many entries, zeros included, are looked at as dense ones; larger ones are not looked at.
const MOST: usize = 20_000_000;

/// Dense data, which proofs are computed from.
pub(super) enum Entries<'a> {
    Own(Mat<f64>),
    Borrowed(MatRef<'a, f64>),
}

impl Entries<'_> {
    pub(super) fn as_ref(&self) -> MatRef<'_, f64> {
        match self {
            Self::Own(x) => x.as_ref(),
            Self::Borrowed(x) => *x,
        }
    }
}

pub(super) fn dense<'a>(problem: &Problem<'a>) -> Option<Entries<'a>> {
    match problem.data.features {
        Explanatory::Dense(x) => Some(Entries::Borrowed(x)),
        Explanatory::Sparse(x) => {
            let (n, d) = (problem.y.len(), x.columns());
            if n.saturating_mul(d) > MOST {
                return None;
            }
            let mut out = Mat::zeros(n, d);
            for i in 0..n {
                for (j, value) in x.row(i) {
                    out[(i, j)] += value;
                }
            }
            Some(Entries::Own(out))
        }
    }
}

/// Rows that must not move.
pub(super) struct Border<'b, 'a> {
    pub(super) problem: &'b Problem<'a>,
    pub(super) x: MatRef<'b, f64>,
    pub(super) intercept: bool,
    pub(super) rows: &'b [usize],
    /// The coefficients that may differ from 0.
    pub(super) free: &'b [bool],
}

impl Border<'_, '_> {
    /// What is left of the coefficients `beta` when the border may not move, if that separates the other rows.
    pub(super) fn separates(&self, design: &Columns<'_>, beta: &[f64]) -> Option<Vec<f64>> {
        let n = self.problem.y.len();
        let beta = self.on_border(design, beta)?;
        let mut on_border = vec![false; n];
        for &i in self.rows {
            on_border[i] = true;
        }
        let margins: Vec<(f64, f64)> = (0..n).map(|i| self.margin(i, &beta)).collect();
        // Zero is judged by the terms of the border together: those of a single row may all be rounding errors.
        let largest =
            |rows: &mut dyn Iterator<Item = usize>| rows.fold(0.0_f64, |m, i| m.max(margins[i].1));
        let zero = f64::max(
            ZERO * largest(&mut self.rows.iter().copied()),
            1e-3 * ZERO * largest(&mut self.problem.rows()),
        );
        let mut moved = false;
        for i in self.problem.rows() {
            let (margin, size) = margins[i];
            match side(self.problem, i) {
                Some(side) if !on_border[i] && side * margin > ZERO * size => moved = true,
                _ if margin.abs() <= zero => {}
                _ => return None,
            }
        }
        moved.then_some(beta)
    }

    /// x·β of a row, and the sum of the sizes of its terms.
    fn margin(&self, row: usize, beta: &[f64]) -> (f64, f64) {
        let k = usize::from(self.intercept);
        let start = if self.intercept { beta[0] } else { 0.0 };
        let x = self.x;
        (0..x.ncols()).fold((start, start.abs()), |(sum, size), j| {
            let term = x[(row, j)] * beta[j + k];
            (sum + term, size + term.abs())
        })
    }

    /// The part of the coefficients `beta` that gives the rows of the border a predictor of zero. Columns are standardised
    /// over the border alone, so that extreme rows elsewhere do not hide how these differ.
    fn on_border(&self, design: &Columns<'_>, beta: &[f64]) -> Option<Vec<f64>> {
        let (x, border, intercept) = (self.x, self.rows, self.intercept);
        let (n, k) = (border.len() as f64, usize::from(intercept));
        let mut out = vec![0.0; beta.len()];
        let mut means = vec![0.0; x.ncols()];
        let mut free: Vec<(usize, f64)> = Vec::new();
        for j in (0..x.ncols()).filter(|&j| self.free[j + k]) {
            let largest = border.iter().fold(0.0_f64, |m, &i| m.max(x[(i, j)].abs()));
            if intercept {
                means[j] = border.iter().map(|&i| x[(i, j)]).sum::<f64>() / n;
            }
            let squares: f64 = border
                .iter()
                .map(|&i| ((x[(i, j)] - means[j]) / largest.max(f64::MIN_POSITIVE)).powi(2))
                .sum();
            let spread = (squares / n).sqrt() * largest;
            if spread > 1e-13 * largest {
                free.push((j, spread));
            } else {
                // The same everywhere on the border: any coefficient, taken up by the intercept.
                out[j + k] = beta[j + k];
            }
        }
        let z = |i: usize, (j, spread): (usize, f64)| (x[(i, j)] - means[j]) / spread;
        let correlation = Mat::from_fn(free.len(), free.len(), |a, b| {
            border
                .iter()
                .map(|&i| z(i, free[a]) * z(i, free[b]))
                .sum::<f64>()
                / n
        });
        let (values, vectors) = symmetric_eigen(correlation.as_ref()).ok()?;
        for (e, _) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value <= NULL * free.len() as f64)
        {
            let along: f64 = free
                .iter()
                .enumerate()
                .map(|(a, (j, spread))| beta[j + k] * spread * vectors[(a, e)])
                .sum();
            for (a, (j, spread)) in free.iter().enumerate() {
                out[j + k] += along * vectors[(a, e)] / spread;
            }
        }
        // What is left of a coefficient by rounding is none.
        let size = |j: usize, beta: f64| beta.abs() * design.scale()[j];
        let largest = (0..x.ncols()).fold(0.0_f64, |m, j| m.max(size(j, out[j + k])));
        for j in 0..x.ncols() {
            if size(j, out[j + k]) <= 1e-12 * largest {
                out[j + k] = 0.0;
            }
        }
        if intercept {
            out[0] = -means
                .iter()
                .zip(&out[1..])
                .map(|(mean, beta)| mean * beta)
                .sum::<f64>();
        }
        Some(out)
    }
}
