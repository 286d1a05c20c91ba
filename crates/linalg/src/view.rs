//! Data enter by reference: whatever can be seen as a matrix without copying.

use crate::{Col, ColRef, Mat, MatMut, MatRef, Scalar};

/// Anything that can be looked at as a matrix. A slice, an array or a `Vec` is a column.
///
/// ```
/// use linalg::View;
/// let hours = [1.0, 2.0, 3.0];
/// let column = View::<f64>::view(&hours);
/// assert_eq!((column.nrows(), column.ncols()), (3, 1));
/// ```
pub trait View<'a, T> {
    /// The matrix.
    fn view(self) -> MatRef<'a, T>;
}

impl<'a, T> View<'a, T> for MatRef<'a, T> {
    fn view(self) -> MatRef<'a, T> {
        self
    }
}
impl<'a, T> View<'a, T> for &'a Mat<T> {
    fn view(self) -> MatRef<'a, T> {
        self.as_ref()
    }
}
impl<'a, T> View<'a, T> for ColRef<'a, T> {
    fn view(self) -> MatRef<'a, T> {
        self.as_mat()
    }
}
impl<'a, T> View<'a, T> for &'a Col<T> {
    fn view(self) -> MatRef<'a, T> {
        self.as_ref().as_mat()
    }
}
impl<'a, T> View<'a, T> for &'a [T] {
    fn view(self) -> MatRef<'a, T> {
        MatRef::from_column_major_slice(self, self.len(), 1)
    }
}
impl<'a, T, const N: usize> View<'a, T> for &'a [T; N] {
    fn view(self) -> MatRef<'a, T> {
        self.as_slice().view()
    }
}
impl<'a, T> View<'a, T> for &'a Vec<T> {
    fn view(self) -> MatRef<'a, T> {
        self.as_slice().view()
    }
}

/// The entries of a matrix as one slice, column after column, if they lie in memory like that.
///
/// A single column and a single row qualify whenever their entries are adjacent.
///
/// ```
/// use linalg::{MatRef, flat};
/// let m = MatRef::from_column_major_slice(&[1.0, 2.0, 3.0, 4.0], 2, 2);
/// assert_eq!(flat(m), Some(&[1.0, 2.0, 3.0, 4.0][..]));
/// assert_eq!(flat(m.transpose()), None);
/// ```
#[allow(unsafe_code)]
#[inline]
pub fn flat<T: Scalar>(m: MatRef<'_, T>) -> Option<&[T]> {
    let (rows, columns) = (m.nrows(), m.ncols());
    let len = rows * columns;
    if len == 0 {
        return Some(&[]);
    }
    let column_major =
        (rows == 1 || m.row_stride() == 1) && (columns == 1 || m.col_stride() == rows as isize);
    // SAFETY: the strides say that entry (i, j) lies at offset i + j·rows, so the `rows * columns` entries of the
    // matrix, all valid for reads as long as the view, are exactly the `len` elements from its first one.
    column_major.then(|| unsafe { std::slice::from_raw_parts(m.as_ptr(), len) })
}

/// The same for a matrix that can be written to.
#[allow(unsafe_code)]
#[inline]
pub fn flat_mut<T: Scalar>(m: MatMut<'_, T>) -> Option<&mut [T]> {
    let (rows, columns) = (m.nrows(), m.ncols());
    let len = rows * columns;
    if len == 0 {
        return Some(&mut []);
    }
    let column_major =
        (rows == 1 || m.row_stride() == 1) && (columns == 1 || m.col_stride() == rows as isize);
    // SAFETY: as in `flat`; `m` is consumed, so the slice is the only way to these entries.
    column_major.then(|| unsafe { std::slice::from_raw_parts_mut(m.as_ptr_mut(), len) })
}
