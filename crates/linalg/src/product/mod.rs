//! Matrix products.

mod vectors;

use faer::linalg::matmul::matmul as faer_matmul;

use crate::{MatMut, MatRef, Scalar, flat, flat_mut, parallel};

/// Whether a result replaces what is in the output or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accum {
    /// `out = result`.
    Replace,
    /// `out += result`.
    Add,
}

/// Below this number of multiplications a plain loop is faster than the call of a blocked kernel.
const SMALL: usize = 512;

/// `out = a b` or `out += a b`.
///
/// A product of matrices is faer's, a small one a plain loop, one with a single vector our own kernel. Large ones work on
/// parts of the output in parallel; the parts depend on the shapes alone, so the bits do not depend on the number of threads.
///
/// # Panics
/// If the shapes do not fit.
///
/// ```
/// use linalg::{Accum, Mat, mat, matmul};
/// let mut out = Mat::zeros(2, 1);
/// matmul(mat![[1.0, 2.0], [3.0, 4.0]].as_ref(), mat![[1.0], [1.0]].as_ref(), out.as_mut(), Accum::Replace);
/// assert_eq!(out, mat![[3.0], [7.0]]);
/// ```
#[track_caller]
pub fn matmul<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>, mut out: MatMut<'_, T>, accum: Accum) {
    let (rows, inner, columns) = (a.nrows(), a.ncols(), b.ncols());
    assert!(
        inner == b.nrows() && rows == out.nrows() && columns == out.ncols(),
        "matmul: {rows}x{inner} times {}x{columns} into {}x{}",
        b.nrows(),
        out.nrows(),
        out.ncols()
    );
    if rows * inner * columns <= SMALL {
        return small(a, b, out, accum);
    }
    if rows == 1 && columns > 1 {
        return matmul(b.transpose(), a.transpose(), out.transpose_mut(), accum);
    }
    let vectors = columns == 1 && flat(b).is_some() && flat(out.as_ref()).is_some();
    let by_columns = a.row_stride() == 1;
    if vectors && (by_columns || a.col_stride() == 1) {
        if let (Some(b), Some(out)) = (flat(b), flat_mut(out)) {
            if by_columns {
                vectors::columns_times_vector(a, b, out, accum);
            } else {
                vectors::rows_times_vector(a, b, out, accum);
            }
        }
        return;
    }
    blocked(a, b, out.as_mut(), accum);
}

/// Number of multiplications above which a product is cut in two that are computed in parallel.
const CUT: usize = 1 << 23;

/// faer's kernel, over parts of the output that depend on the shapes alone.
fn blocked<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>, out: MatMut<'_, T>, accum: Accum) {
    let (rows, columns) = (out.nrows(), out.ncols());
    let cut = |n: usize| (n / 2).next_multiple_of(16);
    let large = rows.saturating_mul(columns).saturating_mul(a.ncols()) > CUT;
    if large && rows.max(columns) >= 32 {
        // By columns, which lie together in memory, unless they are few.
        if columns >= rows.min(64) {
            let at = cut(columns);
            let ((b, c), (left, right)) = (b.split_at_col(at), out.split_at_col_mut(at));
            parallel::join(
                || blocked(a, b, left, accum),
                || blocked(a, c, right, accum),
            );
        } else {
            let at = cut(rows);
            let ((a, c), (top, bottom)) = (a.split_at_row(at), out.split_at_row_mut(at));
            parallel::join(
                || blocked(a, b, top, accum),
                || blocked(c, b, bottom, accum),
            );
        }
        return;
    }
    let beta = match accum {
        Accum::Replace => faer::Accum::Replace,
        Accum::Add => faer::Accum::Add,
    };
    faer_matmul(out, beta, a, b, T::ONE, faer::Par::Seq);
}

fn small<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>, mut out: MatMut<'_, T>, accum: Accum) {
    for j in 0..b.ncols() {
        for i in 0..a.nrows() {
            let mut sum = T::ZERO;
            for k in 0..a.ncols() {
                sum += a[(i, k)] * b[(k, j)];
            }
            match accum {
                Accum::Replace => out[(i, j)] = sum,
                Accum::Add => out[(i, j)] += sum,
            }
        }
    }
}
