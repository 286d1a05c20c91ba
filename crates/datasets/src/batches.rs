//! Mini-batches.

use linalg::{Mat, MatRef, Scalar};

/// The rows of a matrix in batches, of which the last may be smaller.
///
/// In their order, batches are parts of the matrix, uncopied. In another order, the rows of a batch are copied to a buffer that
/// every batch uses again, row after row. From a matrix that itself stands row after row in memory that is a plain copy; from one that
/// stands column after column each entry is another cache line, which for wide data costs more than a step of a small network.
///
/// ```
/// use datasets::Batches;
/// use linalg::mat;
/// let x = mat![[1.0], [2.0], [3.0]];
/// let mut batches = Batches::new(x.as_ref(), 2);
/// assert_eq!(batches.next_batch(), Some(mat![[1.0], [2.0]].as_ref()));
/// assert_eq!(batches.next_batch(), Some(mat![[3.0]].as_ref()));
/// assert_eq!(batches.next_batch(), None);
/// let mut shuffled = Batches::in_order(x.as_ref(), 2, &[2, 0, 1]);
/// assert_eq!(shuffled.next_batch(), Some(mat![[3.0], [1.0]].as_ref()));
/// ```
#[derive(Debug)]
pub struct Batches<'x, T: Scalar> {
    x: MatRef<'x, T>,
    size: usize,
    order: Option<&'x [usize]>,
    /// One column a row of the batch.
    buffer: Mat<T>,
    at: usize,
}

impl<'x, T: Scalar> Batches<'x, T> {
    /// The rows in their order.
    ///
    /// # Panics
    /// If `size` is 0.
    #[track_caller]
    pub fn new(x: MatRef<'x, T>, size: usize) -> Self {
        assert!(size > 0, "a batch has at least one row");
        Self {
            x,
            size,
            order: None,
            buffer: Mat::zeros(0, 0),
            at: 0,
        }
    }

    /// The rows in another order, such as a [`permutation`](crate::permutation).
    ///
    /// # Panics
    /// If `size` is 0; later, if the order names a row that does not exist.
    #[track_caller]
    pub fn in_order(x: MatRef<'x, T>, size: usize, order: &'x [usize]) -> Self {
        let mut batches = Self::new(x, size);
        batches.order = Some(order);
        batches.buffer = Mat::zeros(x.ncols(), size.min(order.len()));
        batches
    }

    /// The number of batches.
    pub fn len(&self) -> usize {
        self.rows().div_ceil(self.size)
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    fn rows(&self) -> usize {
        self.order.map_or(self.x.nrows(), <[usize]>::len)
    }

    /// The next batch; `None` after the last. [`rewind`](Self::rewind) starts anew.
    pub fn next_batch(&mut self) -> Option<MatRef<'_, T>> {
        let from = self.at;
        let n = self.size.min(self.rows() - from);
        if n == 0 {
            return None;
        }
        self.at += n;
        let Some(order) = self.order else {
            return Some(self.x.subrows(from, n));
        };
        for (i, row) in order[from..from + n].iter().enumerate() {
            let (from, to) = (
                self.x.row(*row).transpose(),
                self.buffer.col_as_slice_mut(i),
            );
            match from.try_as_col_major() {
                Some(from) => to.copy_from_slice(from.as_slice()),
                None => to.iter_mut().zip(from.iter()).for_each(|(to, x)| *to = *x),
            }
        }
        Some(self.buffer.as_ref().subcols(0, n).transpose())
    }

    /// Goes to a batch, counted from 0; past the last there is none.
    pub fn seek(&mut self, batch: usize) {
        self.at = batch.saturating_mul(self.size).min(self.rows());
    }

    /// Starts at the first batch again.
    pub fn rewind(&mut self) {
        self.at = 0;
    }
}
