//! The first reading: matrices that are computed at once.

use std::fmt;

use linalg::{Accum, MatRef, Scalar, flat};

use crate::kernels::{MapSlope, Operand, Sink, ZipSlope};
use crate::pool::{Buffer, Pool};
use crate::slot::Slot;
use crate::{Array, Elementwise, Elementwise2, Op, Shape, Side, Table};

/// A matrix, borrowed or computed by a rule; or, as a tangent, several matrices of one shape side by side, one for each of the
/// directions that are followed together.
pub struct Value<'a, T: Scalar> {
    data: Data<'a, T>,
    /// The shape of one block.
    shape: Shape,
    blocks: usize,
    pool: &'a Pool<T>,
}

enum Data<'a, T> {
    Flat(&'a [T]),
    Strided(MatRef<'a, T>),
    Owned(Buffer<T>),
}

/// The shape of `blocks` matrices side by side.
pub(crate) fn side_by_side(shape: Shape, blocks: usize) -> Shape {
    Shape::new(shape.rows, shape.columns * blocks)
}

impl<'a, T: Scalar> Value<'a, T> {
    #[inline(never)]
    pub(crate) fn strided(m: MatRef<'a, T>, pool: &'a Pool<T>) -> Self {
        let shape = Shape::new(m.nrows(), m.ncols());
        let data = match flat(m) {
            Some(slice) => Data::Flat(slice),
            None => Data::Strided(m),
        };
        Self {
            data,
            shape,
            blocks: 1,
            pool,
        }
    }

    /// A borrowed buffer that holds `blocks` matrices.
    #[inline]
    pub(crate) fn borrowed(buffer: &'a Buffer<T>, blocks: usize, pool: &'a Pool<T>) -> Self {
        Self {
            data: Data::Flat(buffer.slice()),
            shape: block_shape(buffer.shape(), blocks),
            blocks,
            pool,
        }
    }

    pub(crate) fn owned(buffer: Buffer<T>, blocks: usize, pool: &'a Pool<T>) -> Self {
        let shape = block_shape(buffer.shape(), blocks);
        Self {
            data: Data::Owned(buffer),
            shape,
            blocks,
            pool,
        }
    }

    pub(crate) fn pool(&self) -> &'a Pool<T> {
        self.pool
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The matrix, or the matrices side by side.
    #[inline]
    pub fn view(&self) -> MatRef<'_, T> {
        let Shape { rows, columns } = side_by_side(self.shape, self.blocks);
        match &self.data {
            Data::Flat(slice) => MatRef::from_column_major_slice(slice, rows, columns),
            Data::Strided(m) => *m,
            Data::Owned(buffer) => buffer.view(),
        }
    }

    /// One of the matrices; where there is one, it stands for all.
    fn block(&self, b: usize) -> MatRef<'_, T> {
        if self.blocks == 1 {
            return self.view();
        }
        let columns = self.shape.columns;
        self.view().subcols(b * columns, columns)
    }

    #[inline]
    pub(crate) fn operand(&self) -> Operand<'_, T> {
        self.operand_block(0)
    }

    /// One of the matrices as an operand of a formula.
    #[inline]
    pub(crate) fn operand_block(&self, b: usize) -> Operand<'_, T> {
        let slice = match &self.data {
            Data::Flat(slice) => slice,
            Data::Strided(m) => return Operand::Strided(*m),
            Data::Owned(buffer) => buffer.slice(),
        };
        if self.blocks == 1 {
            return Operand::flat(slice, self.shape);
        }
        let n = self.shape.len();
        Operand::flat(&slice[b * n..(b + 1) * n], self.shape)
    }
}

fn block_shape(shape: Shape, blocks: usize) -> Shape {
    Shape::new(shape.rows, shape.columns / blocks)
}

impl<T: Scalar> Drop for Value<'_, T> {
    #[inline]
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

/// Evaluates an operation for every direction: at once where it treats the columns of its only operand with directions one by
/// one, else direction after direction.
fn evaluate<T: Scalar, O: Op<N>, const N: usize>(
    op: &O,
    x: [&Value<'_, T>; N],
    out: &mut Buffer<T>,
    blocks: usize,
    accum: Accum,
) {
    if blocks == 1 {
        return op.eval(x.map(Value::view), out.view_mut(), accum);
    }
    let mut directed = (0..N).filter(|&k| x[k].blocks > 1);
    if let (Some(k), None) = (directed.next(), directed.next())
        && op.columnwise(k)
    {
        return op.eval(x.map(Value::view), out.view_mut(), accum);
    }
    let columns = out.shape().columns / blocks;
    for b in 0..blocks {
        let out = out.view_mut().subcols_mut(b * columns, columns);
        op.eval(x.map(|x| x.block(b)), out, accum);
    }
}

fn common_blocks<T: Scalar, const N: usize>(x: [&Value<'_, T>; N]) -> usize {
    x.iter().fold(1, |most, x| most.max(x.blocks))
}

impl<'a, T: Scalar> Array for Value<'a, T> {
    type Table = Matrices<'a, T>;

    #[inline]
    fn shape(&self) -> Shape {
        self.shape
    }

    fn apply<O: Op<N>, const N: usize>(op: O, x: [&Self; N]) -> Self {
        let (pool, blocks) = (x[0].pool, common_blocks(x));
        let shape = expect_shape(&op, x.map(Array::shape));
        let mut buffer = pool.take(side_by_side(shape, blocks));
        evaluate(&op, x, &mut buffer, blocks, Accum::Replace);
        Self::owned(buffer, blocks, pool)
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
        self.slots[at].claim(shape, self.pool)
    }

    /// Calls `put` with the place of each direction in a slot, in which matrices of the shape `shape` are summed to `target`.
    #[inline]
    pub(crate) fn each_block(
        &mut self,
        at: usize,
        target: Shape,
        shape: Shape,
        blocks: usize,
        put: impl Fn(usize, Sink<'_, T>),
    ) {
        let (buffer, accum) = self.claim(at, side_by_side(target, blocks));
        if blocks == 1 {
            let sink = Sink {
                target: buffer.slice_mut(),
                target_shape: target,
                shape,
                accum,
            };
            return put(0, sink);
        }
        let n = target.len();
        for b in 0..blocks {
            put(
                b,
                Sink {
                    target: &mut buffer.slice_mut()[b * n..(b + 1) * n],
                    target_shape: target,
                    shape,
                    accum,
                },
            );
        }
    }
}

impl<'a, T: Scalar> Table<Value<'a, T>> for Matrices<'a, T> {
    fn add<O: Op<N>, const N: usize>(&mut self, at: usize, op: O, x: [&Value<'a, T>; N]) {
        let blocks = common_blocks(x);
        let shape = expect_shape(&op, x.map(Array::shape));
        let (buffer, accum) = self.claim(at, side_by_side(shape, blocks));
        evaluate(&op, x, buffer, blocks, accum);
    }

    fn add_map<F: Elementwise>(
        &mut self,
        at: usize,
        f: F,
        x: &Value<'a, T>,
        y: &Value<'a, T>,
        d: &Value<'a, T>,
    ) {
        let (shape, blocks) = (x.shape(), d.blocks());
        self.each_block(at, shape, shape, blocks, |b, sink| {
            let operands = [x.operand(), y.operand(), d.operand_block(b)];
            sink.put(&MapSlope(f), &operands);
        });
    }

    fn add_zip<F: Elementwise2>(
        &mut self,
        at: usize,
        target: Shape,
        side: Side,
        f: F,
        [left, right]: [&Value<'a, T>; 2],
        y: &Value<'a, T>,
        d: &Value<'a, T>,
    ) {
        self.each_block(at, target, y.shape(), d.blocks(), |b, sink| {
            let operands = [
                left.operand(),
                right.operand(),
                y.operand(),
                d.operand_block(b),
            ];
            sink.put(&ZipSlope(f, side), &operands);
        });
    }
}
