//! The second reading: a matrix with a tangent, pushed through the rules together.
//!
//! Reading a `vjp` rule with pairs differentiates the gradient in one direction: forward over reverse.

use linalg::Scalar;

use crate::kernels::{Column, Operand};
use crate::ops::Identity;
use crate::value::Matrices;
use crate::{
    Accumulator, Array, Dual, Elementwise, Elementwise2, Map, Op, Plain, Shape, Side, Table, Value,
};

/// A matrix and its derivative in one direction; no tangent is a zero tangent.
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
        let mut slots = [None];
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
        let [slot] = slots;
        Self {
            value,
            tangent: slot.map(|buffer| Value::owned(buffer, pool)),
        }
    }
}

/// Accumulators of pairs.
#[derive(Debug)]
pub struct Pairs<'a, T: Scalar> {
    pub(crate) values: Matrices<'a, T>,
    pub(crate) tangents: Matrices<'a, T>,
}

/// Column `j` of a matrix with its tangent.
struct DualColumn<'a, T>(Column<'a, T>, Option<Column<'a, T>>);

impl<'a, T: Scalar> DualColumn<'a, T> {
    fn new(operand: &(Operand<'a, T>, Option<Operand<'a, T>>), j: usize, rows: usize) -> Self {
        Self(
            operand.0.column(j, rows),
            operand.1.map(|tangent| tangent.column(j, rows)),
        )
    }

    #[inline]
    fn get(&self, i: usize) -> Dual<Plain<T>> {
        let tangent = self.1.map_or(T::ZERO, |tangent| tangent.get(i));
        Dual {
            value: Plain(self.0.get(i)),
            tangent: Plain(tangent),
        }
    }
}

impl<T: Scalar> Pair<'_, T> {
    fn operands(&self) -> (Operand<'_, T>, Option<Operand<'_, T>>) {
        (
            self.value.operand(),
            self.tangent.as_ref().map(Value::operand),
        )
    }
}

impl<'a, T: Scalar> Pairs<'a, T> {
    fn add_tangent(
        &mut self,
        at: usize,
        target: Shape,
        [a, b, y, d]: [&Pair<'a, T>; 4],
        f: impl Fn([Dual<Plain<T>>; 4]) -> Dual<Plain<T>>,
    ) {
        if [a, b, y, d].iter().all(|pair| pair.tangent.is_none()) {
            return;
        }
        let shape = y.shape();
        let operands = [a, b, y, d].map(Pair::operands);
        let mut sink = self.tangents.sink(at, target, shape);
        if sink.clear_if_empty() {
            return;
        }
        for j in 0..shape.columns {
            let columns = operands
                .each_ref()
                .map(|operand| DualColumn::new(operand, j, shape.rows));
            sink.column(j, |i| {
                f(columns.each_ref().map(|column| column.get(i))).tangent.0
            });
        }
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
        self.add_tangent(at, x.shape(), [x, x, y, d], |[x, _, y, d]| f.chain(x, y, d));
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
        self.add_tangent(at, target, [a, b, y, d], |[a, b, y, d]| {
            f.chain(side, a, b, y, d)
        });
    }
}
