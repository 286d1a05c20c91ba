//! Data that a tape reads without copying: the one reason for `unsafe` in this crate (`node.rs` follows the pointers).
//!
//! # Why it is sound
//!
//! A [`Lent`] is made from a matrix that is borrowed for `'t`, the lifetime of the [`Var<'t, T>`](crate::Var) that
//! [`Tape::constant`](crate::Tape::constant) returns for it. A `Var` is covariant in `'t` and every operation asks for
//! operands of one common lifetime, so by induction the lifetime of a variable is contained in the borrow of every
//! matrix from which it was computed. The matrix behind a `Lent` is read only (1) when an operation is recorded, for its
//! operands, which are live variables, and (2) in a sweep that starts from a live variable and visits its ancestors. In
//! both cases the borrow is still in force.
//!
//! Records of variables that are no longer live may stay on the tape until it is cleared, with dangling pointers; nothing visits
//! them. The places where pointers are followed, all through [`Graph::matrix`](super::Graph) or `Tape::read`:
//!
//! - [`Tape::apply`](crate::Tape::apply) reads its operands, which are live;
//! - `Tape::read` (the values of a variable, its `Display`) reads a live variable;
//! - the sweeps visit nodes that have a cotangent or are marked as ancestors of the live root;
//! - `Tape::recompute` evaluates those records of a segment that lead to its result, and is called only for segments whose result is
//!   such an ancestor;
//! - a replay evaluates the records that lead to the result of a program, whose inputs were lent by this very call, and whose
//!   other data are borrowed for `'env`.
//!
//! A parameter that is recorded twice ([`Tape::parameter`](crate::Tape::parameter)) is the old record only if it is the same matrix
//! at the same place, which is borrowed anew and from then on read through the newer pointer; anything else panics, because an older
//! handle may still lead to the old matrix. A sweep that unwinds takes its half-filled accumulators with it, so that no later sweep
//! starts from them.

use linalg::{MatRef, Scalar};

/// A borrowed matrix whose lifetime is kept by the variables that lead to it.
#[derive(Debug, PartialEq)]
pub(super) struct Lent<T> {
    data: *const T,
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
}

impl<T> Clone for Lent<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Lent<T> {}

impl<T: Scalar> Lent<T> {
    pub(super) fn new(m: MatRef<'_, T>) -> Self {
        Self {
            data: m.as_ptr(),
            rows: m.nrows(),
            columns: m.ncols(),
            row_stride: m.row_stride(),
            column_stride: m.col_stride(),
        }
    }

    /// The matrix.
    ///
    /// # Safety
    /// The matrix that was lent must still be borrowed, for all of `'a`.
    #[allow(unsafe_code)]
    pub(super) unsafe fn get<'a>(self) -> MatRef<'a, T> {
        // SAFETY: these are the parts of a `MatRef` whose borrow the caller vouches for.
        unsafe {
            MatRef::from_raw_parts(
                self.data,
                self.rows,
                self.columns,
                self.row_stride,
                self.column_stride,
            )
        }
    }
}
