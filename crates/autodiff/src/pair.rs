//! The second reading: a matrix with a tangent, pushed through the rules together.
//!
//! Reading a `vjp` rule with pairs differentiates the gradient, in up to 16 directions together: forward over reverse.

use linalg::Scalar;

use crate::kernels::{Formula, MapSlope, Operand, Tangent, ZipSlope};
use crate::ops::Identity;
use crate::slot::Slot;
use crate::value::Matrices;
use crate::{Accumulator, Array, Elementwise, Elementwise2, Map, Op, Shape, Side, Table, Value};

/// A matrix and its derivatives in the directions that are followed together; no tangent is a zero tangent.
#[derive(Debug)]
pub struct Pair<'a, T: Scalar> {
    pub(crate) value: Value<'a, T>,
    pub(crate) tangent: Option<Value<'a, T>>,
}

impl<'a, T: Scalar> Array for Pair<'a, T> {
    type Table = Pairs<'a, T>;

    fn shape(&self) -> Shape {
        self.value.shape()
    }

    fn apply<O: Op<N>, const N: usize>(op: O, x: [&Self; N]) -> Self {
        let values = x.map(|x| &x.value);
        let tangents = x.map(|x| x.tangent.as_ref());
        let value = Value::apply(op.clone(), values);
        let pool = x[0].value.pool();
        let mut slots = [Slot::EMPTY];
        if tangents.iter().any(Option::is_some) {
            let mut table = Matrices {
                slots: &mut slots,
                pool,
            };
            op.jvp(
                values,
                &value,
                tangents,
                Accumulator {
                    table: &mut table,
                    at: 0,
                },
            );
        }
        let [mut slot] = slots;
        Self {
            value,
            tangent: slot
                .take()
                .map(|buffer| Value::owned(buffer, blocks(tangents), pool)),
        }
    }
}

/// The number of directions that the tangents follow.
fn blocks<'a, T: Scalar + 'a>(
    tangents: impl IntoIterator<Item = Option<&'a Value<'a, T>>>,
) -> usize {
    tangents
        .into_iter()
        .flatten()
        .fold(1, |most, tangent| most.max(tangent.blocks()))
}

/// Accumulators of pairs.
#[derive(Debug)]
pub struct Pairs<'a, T: Scalar> {
    pub(crate) values: Matrices<'a, T>,
    pub(crate) tangents: Matrices<'a, T>,
}

impl<'a, T: Scalar> Pairs<'a, T> {
    /// Adds the derivative of a formula, unless all tangents are zero. `x` holds the operands and room for their tangents.
    fn add_tangent<F, const K: usize, const TWICE: usize>(
        &mut self,
        at: usize,
        target: Shape,
        shape: Shape,
        x: [&Pair<'a, T>; K],
        f: F,
    ) where
        F: Copy,
        Tangent<F>: Formula<TWICE>,
    {
        if x.iter().all(|pair| pair.tangent.is_none()) {
            return;
        }
        let blocks = blocks(x.iter().map(|pair| pair.tangent.as_ref()));
        self.tangents
            .each_block(at, target, shape, blocks, |b, sink| {
                let mut operands = [Operand::One(T::ZERO); TWICE];
                for (k, pair) in x.iter().enumerate() {
                    operands[k] = pair.value.operand();
                    if let Some(tangent) = &pair.tangent {
                        operands[k + K] = tangent.operand_block(b);
                    }
                }
                sink.put(&Tangent(f), &operands);
            });
    }
}

impl<'a, T: Scalar> Table<Pair<'a, T>> for Pairs<'a, T> {
    fn add<O: Op<N>, const N: usize>(&mut self, at: usize, op: O, x: [&Pair<'a, T>; N]) {
        let values = x.map(|x| &x.value);
        let tangents = x.map(|x| x.tangent.as_ref());
        if tangents.iter().all(Option::is_none) {
            self.values.add(at, op, values);
            return;
        }
        let y = Value::apply(op.clone(), values);
        op.jvp(
            values,
            &y,
            tangents,
            Accumulator {
                table: &mut self.tangents,
                at,
            },
        );
        self.values.add(at, Map(Identity), [&y]);
    }

    fn add_map<F: Elementwise>(
        &mut self,
        at: usize,
        f: F,
        x: &Pair<'a, T>,
        y: &Pair<'a, T>,
        d: &Pair<'a, T>,
    ) {
        self.values.add_map(at, f, &x.value, &y.value, &d.value);
        let shape = x.shape();
        self.add_tangent(at, shape, shape, [x, y, d], MapSlope(f));
    }

    fn add_zip<F: Elementwise2>(
        &mut self,
        at: usize,
        target: Shape,
        side: Side,
        f: F,
        [a, b]: [&Pair<'a, T>; 2],
        y: &Pair<'a, T>,
        d: &Pair<'a, T>,
    ) {
        self.values.add_zip(
            at,
            target,
            side,
            f,
            [&a.value, &b.value],
            &y.value,
            &d.value,
        );
        self.add_tangent(at, target, y.shape(), [a, b, y, d], ZipSlope(f, side));
    }
}
