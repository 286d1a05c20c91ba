//! A recorded operation: the operation with its operands, behind one object-safe trait with a method for each reading.

use std::any::Any;
use std::fmt::Debug;

use linalg::{Accum, Scalar};

use super::{Graph, Tape};
use crate::pool::Buffer;
use crate::slot::Slot;
use crate::value::Matrices;
use crate::variable::Variables;
use crate::{Accumulator, Cotangents, Op, Pair, Value, Var};

#[derive(Debug, Clone)]
pub(crate) struct Record<O, const N: usize> {
    pub(crate) op: O,
    pub(crate) operands: [u32; N],
}

pub(crate) trait Recorded<T: Scalar>: Any + Debug {
    fn name(&self) -> &'static str;
    fn operands(&self) -> &[u32];
    /// Computes the value of the node again.
    fn evaluate(&self, graph: Graph<'_, T>, out: &mut Buffer<T>);
    /// Tangents of node `at` in `blocks` directions from those of its operands, `slots[..at]`.
    fn push(&self, graph: Graph<'_, T>, at: usize, slots: &mut [Slot<T>], blocks: usize);
    /// Cotangents of the operands from that of node `at`.
    fn pull(&self, graph: Graph<'_, T>, at: usize, dy: &Buffer<T>, slots: &mut [Slot<T>]);
    /// The same with the derivatives in the directions in which the nodes have `tangents`.
    fn pull_pair(
        &self,
        graph: Graph<'_, T>,
        at: usize,
        tangents: (&[Slot<T>], usize),
        dy: [Option<&Buffer<T>>; 2],
        slots: [&mut [Slot<T>]; 2],
    );
    /// `push`, recorded on the tape.
    fn push_variables<'t>(&self, tape: &'t Tape<T>, at: u32, variables: &mut Variables<'t, T>);
    /// `pull`, recorded on the tape.
    fn pull_variables<'t>(&self, y: Var<'t, T>, dy: Var<'t, T>, variables: &mut Variables<'t, T>);
}

impl<T: Scalar, O: Op<N>, const N: usize> Recorded<T> for Record<O, N> {
    fn name(&self) -> &'static str {
        self.op.name()
    }

    fn operands(&self) -> &[u32] {
        &self.operands
    }

    fn evaluate(&self, graph: Graph<'_, T>, out: &mut Buffer<T>) {
        let x = self.operands.map(|i| graph.matrix(i as usize));
        self.op.eval(x, out.view_mut(), Accum::Replace);
    }

    fn push(&self, graph: Graph<'_, T>, at: usize, slots: &mut [Slot<T>], blocks: usize) {
        let (done, rest) = slots.split_at_mut(at);
        let dx = self.operands.map(|i| {
            done[i as usize]
                .get()
                .map(|slot| Value::borrowed(slot, blocks, graph.pool))
        });
        let x = self.operands.map(|i| graph.value(i as usize));
        let mut table = Matrices {
            slots: rest,
            pool: graph.pool,
        };
        let dy = Accumulator {
            table: &mut table,
            at: 0,
        };
        self.op.jvp(
            x.each_ref(),
            &graph.value(at),
            dx.each_ref().map(Option::as_ref),
            dy,
        );
    }

    #[inline]
    fn pull(&self, graph: Graph<'_, T>, at: usize, dy: &Buffer<T>, slots: &mut [Slot<T>]) {
        let x: [_; N] = std::array::from_fn(|k| graph.value(self.operands[k] as usize));
        let mut table = Matrices {
            slots,
            pool: graph.pool,
        };
        let dx = Cotangents {
            table: &mut table,
            at: graph.wanted(&self.operands),
        };
        let dy = Value::borrowed(dy, 1, graph.pool);
        self.op.vjp(x.each_ref(), &graph.value(at), &dy, dx);
    }

    fn pull_pair(
        &self,
        graph: Graph<'_, T>,
        at: usize,
        (tangents, blocks): (&[Slot<T>], usize),
        [dy, ddy]: [Option<&Buffer<T>>; 2],
        [values, slots]: [&mut [Slot<T>]; 2],
    ) {
        let Some(dy) = dy else { return };
        let pair = |i: usize| Pair {
            value: graph.value(i),
            tangent: tangents[i]
                .get()
                .map(|slot| Value::borrowed(slot, blocks, graph.pool)),
        };
        let x = self.operands.map(|i| pair(i as usize));
        let dy = Pair {
            value: Value::borrowed(dy, 1, graph.pool),
            tangent: ddy.map(|ddy| Value::borrowed(ddy, blocks, graph.pool)),
        };
        let mut table = crate::pair::Pairs {
            values: Matrices {
                slots: values,
                pool: graph.pool,
            },
            tangents: Matrices {
                slots,
                pool: graph.pool,
            },
        };
        let dx = Cotangents {
            table: &mut table,
            at: graph.wanted(&self.operands),
        };
        self.op.vjp(x.each_ref(), &pair(at), &dy, dx);
    }

    fn push_variables<'t>(&self, tape: &'t Tape<T>, at: u32, variables: &mut Variables<'t, T>) {
        let x = self.operands.map(|i| tape.handle(i));
        let dx = self.operands.map(|i| variables.sums[i as usize]);
        let dy = Accumulator {
            table: variables,
            at: at as usize,
        };
        self.op.jvp(
            x.each_ref(),
            &tape.handle(at),
            dx.each_ref().map(Option::as_ref),
            dy,
        );
    }

    fn pull_variables<'t>(&self, y: Var<'t, T>, dy: Var<'t, T>, variables: &mut Variables<'t, T>) {
        let x = self.operands.map(|i| y.tape().handle(i));
        let at = y.tape().wanted(self.operands);
        self.op.vjp(
            x.each_ref(),
            &y,
            &dy,
            Cotangents {
                table: variables,
                at,
            },
        );
    }
}
