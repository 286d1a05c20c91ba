//! A dense matrix, borrowed.

use std::ops::Range;

use faer::linalg::matmul::triangular::{self, BlockStructure};

use super::gram::add_gram_of_few;
use super::{Design, Scratch, kernels};
use crate::{MatMut, MatRef, flat};

/// A dense design. Column-major data with adjacent entries are read in place; any other layout is read entry by entry.
#[derive(Debug, Clone, Copy)]
pub struct Dense<'a> {
    x: MatRef<'a, f64>,
}

impl<'a> Dense<'a> {
    /// The design of a matrix.
    pub fn new(x: MatRef<'a, f64>) -> Self {
        Self { x }
    }
}

impl Design for Dense<'_> {
    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.ncols()
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        eta.fill(0.0);
        add_times(self.x.subrows(rows.start, rows.len()), beta, eta);
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        add_transpose_times(self.x.subrows(rows.start, rows.len()), u, out);
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        scratch.weighted(rows.len(), self.x.ncols());
        add_gram(
            self.x.subrows(rows.start, rows.len()),
            w,
            out,
            scratch.weighted.as_mut(),
        );
    }
}

/// The columns of a group of four, or none if one is not adjacent in memory. Missing ones repeat the first.
pub(super) fn four(x: MatRef<'_, f64>, j: usize) -> Option<[&[f64]; 4]> {
    let column = |k: usize| flat(x.col(if j + k < x.ncols() { j + k } else { j }).as_mat());
    Some([column(0)?, column(1)?, column(2)?, column(3)?])
}

/// eta += X beta.
pub(super) fn add_times(x: MatRef<'_, f64>, beta: &[f64], eta: &mut [f64]) {
    for (group, beta) in beta.chunks(4).enumerate() {
        let j = 4 * group;
        if let (&[a, b, c, d], Some(columns)) = (beta, four(x, j)) {
            kernels::add_columns(&columns, [a, b, c, d], eta);
            continue;
        }
        for (k, beta) in beta.iter().enumerate() {
            let column = x.col(j + k);
            for (i, eta) in eta.iter_mut().enumerate() {
                *eta = beta.mul_add(column[i], *eta);
            }
        }
    }
}

/// out += Xᵀ u.
pub(super) fn add_transpose_times(x: MatRef<'_, f64>, u: &[f64], out: &mut [f64]) {
    for j in (0..out.len()).step_by(4) {
        let n = (out.len() - j).min(4);
        if let Some(columns) = four(x, j) {
            let dots = kernels::dots(&columns, u);
            out[j..j + n]
                .iter_mut()
                .zip(dots)
                .for_each(|(out, dot)| *out += dot);
        } else {
            for k in j..j + n {
                out[k] += crate::reduce::sum_by(u.len(), |i| x[(i, k)] * u[i]);
            }
        }
    }
}

/// Lower triangle of out += Xᵀ diag(w) X.
pub(super) fn add_gram(
    x: MatRef<'_, f64>,
    w: &[f64],
    out: MatMut<'_, f64>,
    weighted: MatMut<'_, f64>,
) {
    let mut weighted = weighted.subrows_mut(0, w.len());
    for j in 0..x.ncols() {
        let target = weighted.as_mut().col_mut(j);
        match (
            flat(x.col(j).as_mat()),
            crate::flat_mut(target.as_mat_mut()),
        ) {
            (Some(x), Some(target)) => {
                for ((target, x), w) in target.iter_mut().zip(x).zip(w) {
                    *target = w * x;
                }
            }
            _ => {
                for i in 0..w.len() {
                    weighted[(i, j)] = w[i] * x[(i, j)];
                }
            }
        }
    }
    add_weighted_gram(x, weighted.as_ref(), out);
}

/// Lower triangle of out += Xᵀ V.
pub(super) fn add_weighted_gram(x: MatRef<'_, f64>, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>) {
    if add_gram_of_few(x, v, &mut out) {
        return;
    }
    triangular::matmul(
        out,
        BlockStructure::TriangularLower,
        faer::Accum::Add,
        x.transpose(),
        BlockStructure::Rectangular,
        v,
        BlockStructure::Rectangular,
        1.0,
        faer::Par::Seq,
    );
}
