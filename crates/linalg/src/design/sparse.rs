//! Sparse matrices, by rows and by columns.

use std::ops::Range;

use thiserror::Error;

use super::{BLOCK, Design, Scratch};
use crate::MatMut;

/// A sparse matrix that is not one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SparseError {
    /// The offsets are not `lines + 1` ascending numbers from 0 to the number of entries.
    #[error(
        "the offsets are not {expected} ascending numbers from 0 to {entries}: see number {at}"
    )]
    Offsets {
        /// How many there should be.
        expected: usize,
        /// The number of entries.
        entries: usize,
        /// The first that is wrong.
        at: usize,
    },
    /// There are more or fewer indices than values.
    #[error("{indices} indices and {values} values")]
    Lengths {
        /// Indices.
        indices: usize,
        /// Values.
        values: usize,
    },
    /// Within a row (of a CSC, a column) the indices do not ascend, or one is out of range.
    #[error(
        "entry {at}: the index {index} is not above the one before it in its line, or not below {bound}"
    )]
    Index {
        /// The entry, from 0.
        at: usize,
        /// Its index.
        index: usize,
        /// The number of columns (of a CSC, rows).
        bound: usize,
    },
}

/// Offsets, indices and values of the lines (rows or columns) of a sparse matrix.
#[derive(Debug, Clone, Copy)]
struct Lines<'a> {
    offsets: &'a [usize],
    indices: &'a [usize],
    values: &'a [f64],
}

impl<'a> Lines<'a> {
    fn new(
        lines: usize,
        bound: usize,
        offsets: &'a [usize],
        indices: &'a [usize],
        values: &'a [f64],
    ) -> Result<Self, SparseError> {
        let entries = values.len();
        if indices.len() != entries {
            return Err(SparseError::Lengths {
                indices: indices.len(),
                values: entries,
            });
        }
        let expected = lines.saturating_add(1);
        let wrong = |at| SparseError::Offsets {
            expected,
            entries,
            at,
        };
        if offsets.len() != expected || offsets[0] != 0 {
            return Err(wrong(0));
        }
        if let Some(at) = offsets.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(wrong(at + 1));
        }
        if offsets[lines] != entries {
            return Err(wrong(lines));
        }
        for line in offsets.windows(2) {
            for at in line[0]..line[1] {
                let index = indices[at];
                if index >= bound || (at > line[0] && indices[at - 1] >= index) {
                    return Err(SparseError::Index { at, index, bound });
                }
            }
        }
        Ok(Self {
            offsets,
            indices,
            values,
        })
    }

    #[inline]
    fn line(&self, k: usize) -> (&'a [usize], &'a [f64]) {
        let range = self.offsets[k]..self.offsets[k + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The entries of a line whose indices lie in a range.
    fn within(&self, k: usize, range: &Range<usize>) -> (&'a [usize], &'a [f64]) {
        let (indices, values) = self.line(k);
        let from = indices.partition_point(|i| *i < range.start);
        let to = from + indices[from..].partition_point(|i| *i < range.end);
        (&indices[from..to], &values[from..to])
    }
}

/// A sparse design stored by rows, borrowed.
///
/// ```
/// use linalg::{Csr, Design};
/// // [[0, 2], [3, 0]]
/// let x = Csr::new(2, 2, &[0, 1, 2], &[1, 0], &[2.0, 3.0])?;
/// let mut eta = [0.0; 2];
/// x.times(&[10.0, 1.0], &mut eta);
/// assert_eq!(eta, [2.0, 30.0]);
/// # Ok::<(), linalg::SparseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Csr<'a> {
    columns: usize,
    rows: Lines<'a>,
}

impl<'a> Csr<'a> {
    /// Row `i` has the entries `values[offsets[i]..offsets[i + 1]]` in the columns `indices[…]`, which ascend.
    ///
    /// # Errors
    /// [`SparseError`] with the first number that is wrong.
    pub fn new(
        rows: usize,
        columns: usize,
        offsets: &'a [usize],
        indices: &'a [usize],
        values: &'a [f64],
    ) -> Result<Self, SparseError> {
        Ok(Self {
            columns,
            rows: Lines::new(rows, columns, offsets, indices, values)?,
        })
    }

    /// Column and value of the entries of a row.
    ///
    /// # Panics
    /// If there is no such row.
    ///
    /// ```
    /// use linalg::Csr;
    /// let x = Csr::new(1, 3, &[0, 2], &[0, 2], &[5.0, 7.0])?;
    /// assert_eq!(x.row(0).collect::<Vec<_>>(), [(0, 5.0), (2, 7.0)]);
    /// # Ok::<(), linalg::SparseError>(())
    /// ```
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let (indices, values) = self.rows.line(row);
        indices.iter().copied().zip(values.iter().copied())
    }
}

impl Design for Csr<'_> {
    fn rows(&self) -> usize {
        self.rows.offsets.len() - 1
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        for (row, eta) in rows.zip(eta) {
            let (indices, values) = self.rows.line(row);
            *eta = indices.iter().zip(values).map(|(j, x)| x * beta[*j]).sum();
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        for (row, u) in rows.zip(u) {
            let (indices, values) = self.rows.line(row);
            for (j, x) in indices.iter().zip(values) {
                out[*j] += x * u;
            }
        }
    }

    fn gram_block(&self, rows: Range<usize>, w: &[f64], mut out: MatMut<'_, f64>, _: &mut Scratch) {
        for (row, w) in rows.zip(w) {
            let (indices, values) = self.rows.line(row);
            for (a, (j, x)) in indices.iter().zip(values).enumerate() {
                // Indices ascend: what follows lies below the diagonal.
                for (i, y) in indices[a..].iter().zip(&values[a..]) {
                    out[(*i, *j)] += w * x * y;
                }
            }
        }
    }
}

/// A sparse design stored by columns, borrowed. Its blocks of rows are few and large, because a block has to be looked up
/// in every column.
#[derive(Debug, Clone, Copy)]
pub struct Csc<'a> {
    rows: usize,
    columns: Lines<'a>,
}

impl<'a> Csc<'a> {
    /// Column `j` has the entries `values[offsets[j]..offsets[j + 1]]` in the rows `indices[…]`, which ascend.
    ///
    /// # Errors
    /// [`SparseError`] with the first number that is wrong.
    pub fn new(
        rows: usize,
        columns: usize,
        offsets: &'a [usize],
        indices: &'a [usize],
        values: &'a [f64],
    ) -> Result<Self, SparseError> {
        Ok(Self {
            rows,
            columns: Lines::new(columns, rows, offsets, indices, values)?,
        })
    }
}

impl Design for Csc<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.columns.offsets.len() - 1
    }

    fn block_rows(&self) -> usize {
        BLOCK.max(self.rows.div_ceil(64))
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        eta.fill(0.0);
        for (j, beta) in beta.iter().enumerate() {
            let (indices, values) = self.columns.within(j, &rows);
            for (i, x) in indices.iter().zip(values) {
                eta[i - rows.start] += x * beta;
            }
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        for (j, out) in out.iter_mut().enumerate() {
            let (indices, values) = self.columns.within(j, &rows);
            *out += indices
                .iter()
                .zip(values)
                .map(|(i, x)| x * u[i - rows.start])
                .sum::<f64>();
        }
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        mut out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        // One column at a time is spread out with its weights; the others are multiplied with it.
        let mut spread = std::mem::take(&mut scratch.vector);
        spread.clear();
        spread.resize(rows.len(), 0.0);
        for j in 0..self.columns() {
            let (indices, values) = self.columns.within(j, &rows);
            for (i, x) in indices.iter().zip(values) {
                spread[i - rows.start] = w[i - rows.start] * x;
            }
            for k in j..self.columns() {
                let (others, values) = self.columns.within(k, &rows);
                out[(k, j)] += others
                    .iter()
                    .zip(values)
                    .map(|(i, x)| x * spread[i - rows.start])
                    .sum::<f64>();
            }
            for i in indices {
                spread[i - rows.start] = 0.0;
            }
        }
        scratch.vector = spread;
    }
}
