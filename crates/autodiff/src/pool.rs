//! Memory that is forgotten without being freed.

use std::cell::RefCell;
use std::fmt;

use linalg::{MatMut, MatRef, Scalar};

use crate::{Gradient, Key, Shape};

/// A matrix in one piece, column after column. Its memory may be larger than its shape asks for.
#[derive(Clone)]
pub(crate) struct Buffer<T> {
    data: Vec<T>,
    shape: Shape,
}

impl<T: Scalar> Buffer<T> {
    pub(crate) const fn new() -> Self {
        Self {
            data: Vec::new(),
            shape: Shape::new(0, 0),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// The number of entries that there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.data.len()
    }

    pub(crate) fn slice(&self) -> &[T] {
        &self.data[..self.shape.len()]
    }

    pub(crate) fn slice_mut(&mut self) -> &mut [T] {
        &mut self.data[..self.shape.len()]
    }

    pub(crate) fn view(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(self.slice(), self.shape.rows, self.shape.columns)
    }

    pub(crate) fn view_mut(&mut self) -> MatMut<'_, T> {
        let Shape { rows, columns } = self.shape;
        MatMut::from_column_major_slice_mut(self.slice_mut(), rows, columns)
    }

    /// Takes the shape if the memory suffices.
    pub(crate) fn reshape(&mut self, shape: Shape) -> bool {
        let fits = shape.len() <= self.data.len();
        if fits {
            self.shape = shape;
        }
        fits
    }
}

impl<T: Scalar> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.shape, self.slice())
    }
}

/// Buffers waiting to be used again, sorted by the power of two that is their size.
#[derive(Debug)]
pub(crate) struct Pool<T: Scalar> {
    classes: RefCell<[Vec<Vec<T>>; usize::BITS as usize]>,
    lists: RefCell<Vec<GradientList<T>>>,
}

/// The gradients of one backward sweep.
pub(crate) type GradientList<T> = Vec<(Key, Gradient<T>)>;

impl<T: Scalar> Pool<T> {
    pub(crate) fn new() -> Self {
        Self {
            classes: RefCell::new(std::array::from_fn(|_| Vec::new())),
            lists: RefCell::new(Vec::new()),
        }
    }

    /// A buffer of the given shape whose entries are arbitrary (but initialised).
    pub(crate) fn take(&self, shape: Shape) -> Buffer<T> {
        let size = shape.len().next_power_of_two();
        let class = size.trailing_zeros() as usize;
        let data = self.classes.borrow_mut()[class]
            .pop()
            .unwrap_or_else(|| vec![T::ZERO; size]);
        Buffer { data, shape }
    }

    /// Takes a buffer back.
    pub(crate) fn give(&self, buffer: Buffer<T>) {
        let size = buffer.data.len();
        if size.is_power_of_two() {
            self.classes.borrow_mut()[size.trailing_zeros() as usize].push(buffer.data);
        }
    }

    /// An empty list for gradients.
    pub(crate) fn take_list(&self) -> GradientList<T> {
        self.lists.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes a list back with the buffers in it.
    pub(crate) fn give_list(&self, mut list: GradientList<T>) {
        for (_, gradient) in list.drain(..) {
            self.give(gradient.0);
        }
        self.lists.borrow_mut().push(list);
    }
}
