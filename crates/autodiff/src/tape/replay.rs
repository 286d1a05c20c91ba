//! Evaluation of the records of a program on new inputs.

use linalg::{MatRef, Scalar};

use super::lent::Lent;
use super::node::Source;
use super::{Graph, Tape};
use crate::Shape;

impl<T: Scalar> Tape<T> {
    /// From now on values may not be looked at.
    pub(crate) fn seal(&self) {
        self.inner.borrow_mut().sealed = true;
    }

    /// The operations that lead to `root`, in order.
    pub(crate) fn steps(&self, root: usize) -> Vec<usize> {
        self.keep_all();
        let mut marks = Vec::new();
        self.mark_ancestors(root, &mut marks);
        let nodes = self.nodes();
        (0..=root)
            .filter(|&at| marks[at] && nodes[at].operation().is_some())
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

    /// The entry of a 1x1 that an operation computed.
    pub(crate) fn item_at(&self, at: usize) -> T {
        let nodes = self.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &self.pool,
        };
        graph.matrix(at)[(0, 0)]
    }
}
