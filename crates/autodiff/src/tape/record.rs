//! A recorded operation: the operation with its operands, behind one object-safe trait with a method for each reading.

use std::any::Any;
use std::fmt::Debug;

use linalg::{MatRef, Scalar};

use super::{Graph, Tape};
use crate::value::{Matrices, Slot};
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
    fn duplicate(&self) -> Box<dyn Recorded<T>>;
    /// Tangent of node `at` from those of its operands, `slots[..at]`.
    fn push(&self, graph: Graph<'_, T>, at: usize, slots: &mut [Slot<T>]);
    /// Cotangents of the operands from that of node `at`.
    fn pull(&self, graph: Graph<'_, T>, at: usize, dy: MatRef<'_, T>, slots: &mut [Slot<T>]);
    /// The same with the derivative in the direction in which the nodes have `tangents`.
    fn pull_pair(
        &self,
        graph: Graph<'_, T>,
        at: usize,
        tangents: &[Slot<T>],
        dy: [Option<MatRef<'_, T>>; 2],
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

    fn duplicate(&self) -> Box<dyn Recorded<T>> {
        Box::new(self.clone())
    }

    fn push(&self, graph: Graph<'_, T>, at: usize, slots: &mut [Slot<T>]) {
        let (done, rest) = slots.split_at_mut(at);
        let dx = self.operands.map(|i| {
            done[i as usize]
                .as_ref()
                .map(|slot| graph.borrow(slot.view()))
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

    fn pull(&self, graph: Graph<'_, T>, at: usize, dy: MatRef<'_, T>, slots: &mut [Slot<T>]) {
        let x = self.operands.map(|i| graph.value(i as usize));
        let mut table = Matrices {
            slots,
            pool: graph.pool,
        };
        let dx = Cotangents {
            table: &mut table,
            at: graph.wanted(self.operands),
        };
        self.op
            .vjp(x.each_ref(), &graph.value(at), &graph.borrow(dy), dx);
    }

    fn pull_pair(
        &self,
        graph: Graph<'_, T>,
        at: usize,
        tangents: &[Slot<T>],
        [dy, ddy]: [Option<MatRef<'_, T>>; 2],
        [values, slots]: [&mut [Slot<T>]; 2],
    ) {
        let Some(dy) = dy else { return };
        let pair = |i: usize| Pair {
            value: graph.value(i),
            tangent: tangents[i].as_ref().map(|slot| graph.borrow(slot.view())),
        };
        let x = self.operands.map(|i| pair(i as usize));
        let dy = Pair {
            value: graph.borrow(dy),
            tangent: ddy.map(|ddy| graph.borrow(ddy)),
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
            at: graph.wanted(self.operands),
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

/// A value borrowed by rules for the time of one call.
impl<'g, T: Scalar> Graph<'g, T> {
    fn borrow<'a>(self, m: MatRef<'a, T>) -> Value<'a, T>
    where
        'g: 'a,
    {
        Value::borrowed(m, self.pool)
    }

    fn value(self, at: usize) -> Value<'g, T> {
        // SAFETY: a sweep starts from a live variable and reads its ancestors and their operands only.
        #[allow(unsafe_code)]
        let m = unsafe { self.nodes[at].value() };
        Value::borrowed(m, self.pool)
    }

    fn wanted<const N: usize>(self, operands: [u32; N]) -> [Option<usize>; N] {
        operands.map(|i| self.nodes[i as usize].varies.then_some(i as usize))
    }
}
