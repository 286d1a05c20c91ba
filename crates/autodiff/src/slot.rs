//! Accumulators of the sweeps.

use linalg::{Accum, MatRef, Scalar};

use crate::Shape;
use crate::pool::{Buffer, Pool};

/// A matrix that is being accumulated; one that is not filled is zero.
#[derive(Debug)]
pub(crate) struct Slot<T: Scalar> {
    buffer: Buffer<T>,
    filled: bool,
}

/// Buffers of at most so many entries stay in their slot between sweeps; larger ones go back to the pool at once, so that a
/// sweep needs no more memory than what is alive.
const KEPT: usize = 1024;

impl<T: Scalar> Slot<T> {
    pub(crate) const EMPTY: Self = Self {
        buffer: Buffer::new(),
        filled: false,
    };

    pub(crate) fn is_filled(&self) -> bool {
        self.filled
    }

    pub(crate) fn get(&self) -> Option<&Buffer<T>> {
        self.filled.then_some(&self.buffer)
    }

    /// The buffer, and whether what comes next replaces its content or is added to it.
    #[inline]
    pub(crate) fn claim(&mut self, shape: Shape, pool: &Pool<T>) -> (&mut Buffer<T>, Accum) {
        if self.filled {
            assert_eq!(
                self.buffer.shape(),
                shape,
                "a derivative rule gave a matrix of another shape"
            );
            return (&mut self.buffer, Accum::Add);
        }
        if !self.buffer.reshape(shape) {
            pool.give(std::mem::replace(&mut self.buffer, pool.take(shape)));
        }
        self.filled = true;
        (&mut self.buffer, Accum::Replace)
    }

    /// Fills it with a copy.
    pub(crate) fn seed(&mut self, m: MatRef<'_, T>, pool: &Pool<T>) {
        let (buffer, _) = self.claim(Shape::new(m.nrows(), m.ncols()), pool);
        buffer.view_mut().copy_from(m);
    }

    /// The content, which leaves the slot empty.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Buffer<T>> {
        if !self.filled {
            return None;
        }
        self.filled = false;
        Some(std::mem::replace(&mut self.buffer, Buffer::new()))
    }

    /// Empties it.
    #[inline]
    pub(crate) fn clear(&mut self, pool: &Pool<T>) {
        if self.filled && self.buffer.capacity() > KEPT {
            pool.give(std::mem::replace(&mut self.buffer, Buffer::new()));
        }
        self.filled = false;
    }
}

/// The accumulators that a tape keeps between sweeps, for their memory.
#[derive(Debug)]
pub(crate) struct Slots<T: Scalar> {
    /// Cotangents.
    pub(crate) values: Vec<Slot<T>>,
    /// Their derivatives.
    pub(crate) derivatives: Vec<Slot<T>>,
    /// Tangents.
    pub(crate) tangents: Vec<Slot<T>>,
    /// Which nodes lead to the root of the sweep.
    pub(crate) marks: Vec<bool>,
    /// Where the recomputed segments start, and their numbers.
    pub(crate) open: Vec<(usize, u32)>,
}

impl<T: Scalar> Default for Slots<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            derivatives: Vec::new(),
            tangents: Vec::new(),
            marks: Vec::new(),
            open: Vec::new(),
        }
    }
}

/// Makes room for `n` slots.
pub(crate) fn room<T: Scalar>(slots: &mut Vec<Slot<T>>, n: usize) {
    if slots.len() < n {
        slots.resize_with(n, || Slot::EMPTY);
    }
}
