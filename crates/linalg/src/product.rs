//! Matrix products.

use faer::linalg::matmul::matmul as faer_matmul;

use crate::{MatMut, MatRef, Scalar, flat, flat_mut, reduce};

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
/// A product of large matrices is faer's, on the calling thread; a small one and a product with a single column are
/// plain loops.
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
        small(a, b, out, accum);
    } else if columns == 1
        && a.row_stride() == 1
        && flat(b).is_some()
        && flat(out.as_ref()).is_some()
    {
        if let (Some(b), Some(out)) = (flat(b), flat_mut(out)) {
            columns_times_vector(a, b, out, accum);
        }
    } else if columns == 1 && a.col_stride() == 1 && flat(b).is_some() {
        if let Some(b) = flat(b) {
            rows_times_vector(a, b, out, accum);
        }
    } else {
        let beta = match accum {
            Accum::Replace => faer::Accum::Replace,
            Accum::Add => faer::Accum::Add,
        };
        faer_matmul(out.as_mut(), beta, a, b, T::ONE, faer::Par::Seq);
    }
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

/// Rows that are handled together, so that their part of the output stays in the nearest cache.
const BLOCK: usize = 1024;

fn columns_times_vector<T: Scalar>(a: MatRef<'_, T>, b: &[T], out: &mut [T], accum: Accum) {
    if accum == Accum::Replace {
        out.fill(T::ZERO);
    }
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        for (j, &weight) in b.iter().enumerate() {
            if let Some(column) = flat(a.col(j).subrows(block * BLOCK, out.len()).as_mat()) {
                for (out, &x) in out.iter_mut().zip(column) {
                    *out += weight * x;
                }
            }
        }
    }
}

fn rows_times_vector<T: Scalar>(a: MatRef<'_, T>, b: &[T], mut out: MatMut<'_, T>, accum: Accum) {
    for i in 0..a.nrows() {
        if let Some(row) = flat(a.row(i).as_mat()) {
            let product = reduce::dot(row, b);
            match accum {
                Accum::Replace => out[(i, 0)] = product,
                Accum::Add => out[(i, 0)] += product,
            }
        }
    }
}
