//! What a tape has recorded, to be looked at.

use linalg::{Mat, Scalar};

use super::Tape;
use super::node::Source;
use crate::{Key, Shape};

/// One record of a tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// What it is.
    pub kind: TracedKind,
    /// The records that it was computed from, as places in the list.
    pub operands: Vec<usize>,
    /// Rows and columns.
    pub shape: Shape,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TracedKind {
    /// A matrix that is not differentiated.
    Constant,
    /// A matrix to differentiate with respect to.
    Variable,
    /// The same with an identity of its own: a parameter of a module, say.
    Parameter(u64),
    /// The result of an operation of this name.
    Operation(&'static str),
}

impl<T: Scalar> Tape<T> {
    /// All records in their order, for drawings and for diagnoses.
    ///
    /// ```
    /// use autodiff::{Tape, TracedKind};
    /// let (tape, x, w) = (Tape::new(), [1.0_f64, 2.0], [3.0]);
    /// let p = (tape.constant(&x).matmul(tape.variable(&w))).sigmoid();
    /// let trace = tape.trace();
    /// assert_eq!(trace[2].kind, TracedKind::Operation("matmul"));
    /// assert_eq!((trace[3].kind, &trace[3].operands[..]), (TracedKind::Operation("sigmoid"), &[2][..]));
    /// assert_eq!(tape.computed(3), Some(p.to_mat()));
    /// assert_eq!(tape.computed(0), None);
    /// ```
    pub fn trace(&self) -> Vec<Traced> {
        let nodes = self.nodes();
        let traced = nodes.iter().map(|node| {
            let operation = node.operation();
            let operands = operation.map_or(&[][..], |operation| operation.operands());
            Traced {
                kind: match (operation, node.key()) {
                    (Some(operation), _) => TracedKind::Operation(operation.name()),
                    (None, Some(Key::Parameter(id))) => TracedKind::Parameter(id),
                    (None, Some(Key::Variable(..))) => TracedKind::Variable,
                    (None, None) => TracedKind::Constant,
                },
                operands: operands.iter().map(|at| *at as usize).collect(),
                shape: node.shape(),
            }
        });
        traced.collect()
    }

    /// A copy of the result of the operation at a place of the [`trace`](Self::trace); `None` for what is no operation, and for results
    /// that were dropped at the end of a `checkpoint` or `no_grad`.
    pub fn computed(&self, at: usize) -> Option<Mat<T>> {
        let inner = self.inner.borrow();
        let node = inner.nodes[..inner.len].get(at)?;
        let known = matches!(node.source, Source::Operation) && node.stored && !inner.sealed;
        known.then(|| node.buffer.view().to_owned())
    }
}
