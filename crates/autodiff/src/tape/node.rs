//! The records of a tape.

use std::any::Any;

use linalg::{MatRef, Scalar};

use super::Tape;
use super::lent::Lent;
use super::record::{Record, Recorded};
use crate::pool::{Buffer, Pool};
use crate::{Key, Op, Shape, Value};

pub(crate) struct Node<T: Scalar> {
    pub(super) shape: Shape,
    pub(super) source: Source<T>,
    pub(super) buffer: Buffer<T>,
    /// True if it depends on a variable.
    pub(crate) varies: bool,
    /// True if it was computed within `no_grad`: a constant to all derivatives.
    pub(super) cut: bool,
    /// False while the buffer of an operation is given away.
    pub(super) stored: bool,
    pub(super) record: Option<Box<dyn Recorded<T>>>,
    /// The checkpointed segment of which it is the output.
    pub(super) segment: Option<u32>,
}

#[derive(Clone, Copy)]
pub(super) enum Source<T> {
    Constant,
    Operation,
    Lent(Lent<T>, Option<Key>),
}

impl<T: Scalar> Node<T> {
    pub(super) const VACANT: Self = Self {
        shape: Shape::SCALAR,
        source: Source::Constant,
        buffer: Buffer::new(),
        varies: false,
        cut: false,
        stored: true,
        record: None,
        segment: None,
    };

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) fn segment(&self) -> Option<u32> {
        self.segment
    }

    /// The matrix.
    ///
    /// # Safety
    /// The node must be that of a live variable or lead to one; see `lent`.
    #[allow(unsafe_code)]
    #[inline]
    pub(super) unsafe fn value(&self) -> MatRef<'_, T> {
        match self.source {
            // SAFETY: handed on to the caller.
            Source::Lent(lent, _) => unsafe { lent.get() },
            _ => self.buffer.view(),
        }
    }

    /// The key under which gradients list it.
    pub(crate) fn key(&self) -> Option<Key> {
        match self.source {
            Source::Lent(_, key) => key,
            _ => None,
        }
    }

    /// The operation, unless all derivatives take its result for a constant.
    pub(crate) fn differentiated(&self) -> Option<&dyn Recorded<T>> {
        if self.cut { None } else { self.operation() }
    }

    pub(crate) fn operation(&self) -> Option<&dyn Recorded<T>> {
        match self.source {
            Source::Operation => self.record.as_deref(),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn claim(&mut self, shape: Shape, pool: &Pool<T>) {
        if !self.buffer.reshape(shape) {
            pool.give(std::mem::replace(&mut self.buffer, pool.take(shape)));
        }
        self.shape = shape;
    }

    /// Stores a record, in the box that is already there if it held one of the same type.
    pub(super) fn store<O: Op<N>, const N: usize>(&mut self, record: Record<O, N>) {
        if let Some(old) = &mut self.record {
            let old: &mut dyn Any = old.as_mut();
            if let Some(old) = old.downcast_mut::<Record<O, N>>() {
                *old = record;
                return;
            }
        }
        self.record = Some(Box::new(record));
    }
}

/// What evaluation and the derivative sweeps see of a tape. Only ancestors of live variables and their operands are read.
#[derive(Clone, Copy)]
pub(crate) struct Graph<'g, T: Scalar> {
    pub(crate) nodes: &'g [Node<T>],
    pub(crate) pool: &'g Pool<T>,
}

impl<'g, T: Scalar> Graph<'g, T> {
    /// The matrix of a node.
    #[inline]
    pub(crate) fn matrix(self, at: usize) -> MatRef<'g, T> {
        // SAFETY: it is a live variable, or a live one was computed from it.
        #[allow(unsafe_code)]
        unsafe {
            self.nodes[at].value()
        }
    }

    /// The matrix of a node as rules take it.
    #[inline(never)]
    pub(crate) fn value(self, at: usize) -> Value<'g, T> {
        let node = &self.nodes[at];
        match node.source {
            Source::Lent(..) => Value::strided(self.matrix(at), self.pool),
            _ => Value::borrowed(&node.buffer, 1, self.pool),
        }
    }

    /// Those operands that lead to a variable.
    #[inline]
    pub(crate) fn wanted<const N: usize>(self, operands: &[u32; N]) -> [Option<usize>; N] {
        let mut wanted = [None; N];
        for (wanted, &i) in wanted.iter_mut().zip(operands) {
            if self.nodes[i as usize].varies {
                *wanted = Some(i as usize);
            }
        }
        wanted
    }
}

/// A record on loan, put back when dropped: while its rule is read, the tape grows.
pub(crate) struct LentRecord<'t, T: Scalar> {
    pub(super) tape: &'t Tape<T>,
    pub(super) at: u32,
    pub(super) record: Option<Box<dyn Recorded<T>>>,
}

impl<T: Scalar> LentRecord<'_, T> {
    pub(crate) fn get(&self) -> Option<&dyn Recorded<T>> {
        self.record.as_deref()
    }
}

impl<T: Scalar> Drop for LentRecord<'_, T> {
    fn drop(&mut self) {
        self.tape.inner.borrow_mut().nodes[self.at as usize].record = self.record.take();
    }
}
