//! The first reading: matrices that are computed at once.

use std::fmt;

use linalg::{Accum, MatRef, Scalar};

use crate::kernels::{self, Operand, Sink};
use crate::pool::{Buffer, Pool};
use crate::{Array, Elementwise, Elementwise2, Op, Plain, Shape, Side, Table};

/// A matrix, borrowed or computed by a rule.
pub struct Value<'a, T: Scalar> {
    data: Data<'a, T>,
    pool: &'a Pool<T>,
}

enum Data<'a, T> {
    Borrowed(MatRef<'a, T>),
    Owned(Buffer<T>),
}

impl<'a, T: Scalar> Value<'a, T> {
    pub(crate) fn borrowed(m: MatRef<'a, T>, pool: &'a Pool<T>) -> Self {
        Self {
            data: Data::Borrowed(m),
            pool,
        }
    }

    pub(crate) fn owned(buffer: Buffer<T>, pool: &'a Pool<T>) -> Self {
        Self {
            data: Data::Owned(buffer),
            pool,
        }
    }

    pub(crate) fn pool(&self) -> &'a Pool<T> {
        self.pool
    }

    /// The matrix.
    pub fn view(&self) -> MatRef<'_, T> {
        match &self.data {
            Data::Borrowed(m) => *m,
            Data::Owned(buffer) => buffer.view(),
        }
    }

    pub(crate) fn operand(&self) -> Operand<'_, T> {
        Operand::new(self.view())
    }
}

impl<T: Scalar> Drop for Value<'_, T> {
    fn drop(&mut self) {
        if let Data::Owned(buffer) = &mut self.data {
            self.pool.give(std::mem::replace(buffer, Buffer::new()));
        }
    }
}

impl<T: Scalar> fmt::Debug for Value<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl<'a, T: Scalar> Array for Value<'a, T> {
    type Table = Matrices<'a, T>;

    fn shape(&self) -> Shape {
        Shape::new(self.view().nrows(), self.view().ncols())
    }

    fn apply<O: Op<N>, const N: usize>(op: O, x: [&Self; N]) -> Self {
        let pool = x[0].pool;
        let mut buffer = pool.take(expect_shape(&op, x.map(Array::shape)));
        op.eval(x.map(Self::view), buffer.view_mut(), Accum::Replace);
        Self {
            data: Data::Owned(buffer),
            pool,
        }
    }
}

#[track_caller]
#[inline]
pub(crate) fn expect_shape<O: Op<N>, const N: usize>(op: &O, x: [Shape; N]) -> Shape {
    op.shape(x)
        .unwrap_or_else(|hint| shape_mismatch(op.name(), &x, hint))
}

#[cold]
#[track_caller]
fn shape_mismatch(name: &str, x: &[Shape], hint: &str) -> ! {
    let shapes: Vec<String> = x.iter().map(ToString::to_string).collect();
    panic!("{name} of {}: {hint}", shapes.join(" and "));
}

/// A matrix that is being accumulated; `None` is zero.
pub(crate) type Slot<T> = Option<Buffer<T>>;

/// Accumulators of matrices.
#[derive(Debug)]
pub struct Matrices<'a, T: Scalar> {
    pub(crate) slots: &'a mut [Slot<T>],
    pub(crate) pool: &'a Pool<T>,
}

impl<T: Scalar> Matrices<'_, T> {
    /// The buffer of a slot and whether what comes next replaces its content or is added to it.
    #[inline]
    fn claim(&mut self, at: usize, shape: Shape) -> (&mut Buffer<T>, Accum) {
        let slot = &mut self.slots[at];
        let accum = if slot.is_some() {
            Accum::Add
        } else {
            Accum::Replace
        };
        let buffer = slot.get_or_insert_with(|| self.pool.take(shape));
        assert_eq!(
            buffer.shape(),
            shape,
            "a derivative rule gave a matrix of another shape"
        );
        (buffer, accum)
    }

    pub(crate) fn sink(&mut self, at: usize, target_shape: Shape, shape: Shape) -> Sink<'_, T> {
        let (buffer, accum) = self.claim(at, target_shape);
        Sink {
            target: buffer.slice_mut(),
            target_shape,
            shape,
            accum,
        }
    }
}

impl<'a, T: Scalar> Table<Value<'a, T>> for Matrices<'a, T> {
    fn add<O: Op<N>, const N: usize>(&mut self, at: usize, op: O, x: [&Value<'a, T>; N]) {
        let (buffer, accum) = self.claim(at, expect_shape(&op, x.map(Array::shape)));
        op.eval(x.map(Value::view), buffer.view_mut(), accum);
    }

    fn add_map<F: Elementwise>(
        &mut self,
        at: usize,
        f: F,
        x: &Value<'a, T>,
        y: &Value<'a, T>,
        d: &Value<'a, T>,
    ) {
        let shape = x.shape();
        let x = x.operand();
        let sink = self.sink(at, shape, shape);
        kernels::zip_chain([x, x], y.operand(), d.operand(), sink, |x, _, y, d| {
            f.chain(Plain(x), Plain(y), Plain(d)).0
        });
    }

    fn add_zip<F: Elementwise2>(
        &mut self,
        at: usize,
        target: Shape,
        side: Side,
        f: F,
        operands: [&Value<'a, T>; 2],
        y: &Value<'a, T>,
        d: &Value<'a, T>,
    ) {
        let sink = self.sink(at, target, y.shape());
        kernels::zip_chain(
            operands.map(Value::operand),
            y.operand(),
            d.operand(),
            sink,
            |a, b, y, d| f.chain(side, Plain(a), Plain(b), Plain(y), Plain(d)).0,
        );
    }
}
