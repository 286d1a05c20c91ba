//! Evaluation of the records of a program on new inputs.

use std::cell::Ref;
use std::fmt;

use linalg::{MatRef, Scalar};

use super::lent::Lent;
use super::node::{Node, Source};
use super::{Graph, Tape};
use crate::Shape;

impl<T: Scalar> Tape<T> {
    /// From now on values may not be looked at.
    pub(crate) fn seal(&self) {
        self.inner.borrow_mut().sealed = true;
    }

    /// The entries of the largest record.
    pub(crate) fn longest(&self) -> usize {
        let nodes = self.nodes();
        nodes
            .iter()
            .fold(0, |longest, node| longest.max(node.shape.len()))
    }

    /// The operations that lead to one of `roots`, in order.
    pub(crate) fn steps(&self, roots: &[usize]) -> Vec<usize> {
        let mut wanted = vec![false; self.len()];
        let mut marks = Vec::new();
        for &root in roots {
            self.mark_ancestors(root, &mut marks);
            for (wanted, mark) in wanted.iter_mut().zip(&marks) {
                *wanted |= mark;
            }
        }
        self.keep_marked(&wanted);
        let nodes = self.nodes();
        (0..nodes.len())
            .filter(|&at| wanted[at] && nodes[at].operation().is_some())
            .collect()
    }

    /// Evaluates the operations in `steps`, the first records being the inputs.
    ///
    /// The inputs are read in this call and in sweeps that the program runs while they are still borrowed by its caller; the
    /// next replay replaces them.
    #[track_caller]
    pub(crate) fn replay(
        &mut self,
        steps: &[usize],
        variables: &[MatRef<'_, T>],
        data: &[MatRef<'_, T>],
    ) {
        let inner = self.inner.get_mut();
        for (at, input) in variables.iter().chain(data).enumerate() {
            let node = &mut inner.nodes[at];
            assert_eq!(
                node.shape,
                Shape::new(input.nrows(), input.ncols()),
                "replay: input {at} was recorded with another shape"
            );
            if let Source::Lent(_, key) = node.source {
                node.source = Source::Lent(Lent::new(*input), key);
            }
        }
        for &at in steps {
            let (done, rest) = inner.nodes.split_at_mut(at);
            let node = &mut rest[0];
            let graph = Graph {
                nodes: done,
                pool: &self.pool,
            };
            if let Some(record) = &node.record {
                record.evaluate(graph, &mut node.buffer);
            }
        }
    }

    /// The computed values, to be read while the inputs are still borrowed.
    pub(crate) fn records(&self) -> Records<'_, T> {
        Records(self.nodes())
    }
}

/// Values that a tape computed.
pub(crate) struct Records<'p, T: Scalar>(Ref<'p, [Node<T>]>);

impl<T: Scalar> Records<'_, T> {
    /// The entries of an operation or of a matrix that the tape keeps; empty for a matrix that was lent.
    pub(crate) fn entries(&self, at: usize) -> &[T] {
        let node = &self.0[at];
        match node.source {
            Source::Lent(..) => &[],
            _ => node.buffer.slice(),
        }
    }
}

impl<T: Scalar> fmt::Debug for Records<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records", self.0.len())
    }
}
