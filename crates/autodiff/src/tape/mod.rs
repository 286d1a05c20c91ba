//! The tape: an arena of recorded operations whose memory is used again.

mod lent;
mod node;
mod record;
mod replay;
mod scopes;

use std::cell::{Ref, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use linalg::{Accum, Mat, MatRef, Scalar, View};

use self::lent::Lent;
pub(crate) use self::node::{Graph, Node};
use self::node::{LentRecord, Source};
use self::record::Record;
pub(crate) use self::record::Recorded;
pub(crate) use self::replay::Records;
use self::scopes::Segment;
use crate::pool::Pool;
use crate::slot::Slots;
use crate::value::expect_shape;
use crate::{Key, Op, Shape, Var};

/// Records operations on matrices so that they can be differentiated.
///
/// Matrices enter by reference: [`constant`](Tape::constant) for data, [`variable`](Tape::variable) for what is
/// differentiated. [`clear`](Tape::clear) forgets the records and keeps the memory, so that a loop over the same shapes
/// allocates only in its first round.
///
/// A tape belongs to one thread; each thread makes its own.
///
/// ```
/// use autodiff::Tape;
/// let mut tape = Tape::new();
/// let mut w = [2.0_f64];
/// for expected in [8.0, 4.0] {
///     tape.clear();
///     let x = tape.variable(&w);
///     let gradients = (x * x * 2.0).backward();
///     assert_eq!(gradients[x][(0, 0)], expected);
///     w[0] -= 0.125 * expected;
/// }
/// ```
pub struct Tape<T: Scalar> {
    id: u64,
    inner: RefCell<Inner<T>>,
    pub(crate) pool: Rc<Pool<T>>,
    /// Accumulators, kept between sweeps for their memory.
    pub(crate) slots: RefCell<Slots<T>>,
}

struct Inner<T: Scalar> {
    /// The first `len` are in use; the others wait with their memory.
    nodes: Vec<Node<T>>,
    len: usize,
    variables: u32,
    parameters: Vec<(u64, u32)>,
    segments: Vec<Segment>,
    /// Room for the marks of a segment.
    marks: Vec<bool>,
    /// False while nothing is recorded for derivatives.
    recording: bool,
    /// True while a program is recorded, whose values may not be looked at.
    sealed: bool,
}

/// A number that no tape had, nor this one before it was cleared.
fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        Self {
            id: new_id(),
            inner: RefCell::new(Inner {
                nodes: Vec::new(),
                len: 0,
                variables: 0,
                parameters: Vec::new(),
                segments: Vec::new(),
                marks: Vec::new(),
                recording: true,
                sealed: false,
            }),
            pool: Rc::new(Pool::new()),
            slots: RefCell::default(),
        }
    }

    /// Forgets all records and keeps their memory.
    ///
    /// Gradients from before are those of the variables from before; accumulating over several rounds goes by
    /// [`parameter`](Tape::parameter).
    pub fn clear(&mut self) {
        self.id = new_id();
        let inner = self.inner.get_mut();
        inner.len = 0;
        inner.variables = 0;
        inner.parameters.clear();
        inner.segments.clear();
        inner.recording = true;
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.inner.borrow().len
    }

    /// True if nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A matrix that is not differentiated, uncopied.
    pub fn constant<'t>(&'t self, x: impl View<'t, T>) -> Var<'t, T> {
        self.lend(x.view(), None)
    }

    /// A matrix to differentiate with respect to, uncopied. [`Gradients`](crate::Gradients) are indexed by the variable.
    pub fn variable<'t>(&'t self, x: impl View<'t, T>) -> Var<'t, T> {
        let number = {
            let inner = &mut *self.inner.borrow_mut();
            inner.variables += 1;
            inner.variables
        };
        self.lend(x.view(), Some(Key::Variable(self.id, number)))
    }

    /// A variable with an identity of its own: recorded twice, it is one variable, and gradients can be looked up by `id`.
    ///
    /// Parameters of modules enter like this, so that two uses of a weight have one gradient.
    ///
    /// # Panics
    /// If another matrix was recorded under the same `id`: [`clear`](Tape::clear) the tape first.
    #[track_caller]
    pub fn parameter<'t>(&'t self, id: u64, x: impl View<'t, T>) -> Var<'t, T> {
        let x = x.view();
        let key = Some(Key::Parameter(id));
        {
            let inner = &mut *self.inner.borrow_mut();
            if let Some(&(_, at)) = inner.parameters.iter().find(|(known, _)| *known == id) {
                let source = &mut inner.nodes[at as usize].source;
                assert!(
                    matches!(source, Source::Lent(old, _) if *old == Lent::new(x)),
                    "parameter {id} was recorded on tape {} with another matrix: clear the tape first",
                    self.id
                );
                // The same place, read from now on through the newer borrow.
                *source = Source::Lent(Lent::new(x), key);
                return self.handle(at);
            }
        }
        let var = self.lend(x, key);
        self.inner.borrow_mut().parameters.push((id, var.index()));
        var
    }

    /// A constant matrix with all entries equal, kept by the tape.
    pub fn full(&self, shape: Shape, value: T) -> Var<'_, T> {
        self.push_node(|node, pool| {
            node.claim(shape, pool);
            node.buffer.slice_mut().fill(value);
            node.source = Source::Constant;
            node.varies = false;
        })
    }

    /// A constant copy of a matrix, kept by the tape: for data that live shorter than the tape's records.
    pub fn copied(&self, x: MatRef<'_, T>) -> Var<'_, T> {
        self.push_node(|node, pool| {
            node.claim(Shape::new(x.nrows(), x.ncols()), pool);
            node.buffer.view_mut().copy_from(x);
            node.source = Source::Constant;
            node.varies = false;
        })
    }

    /// Applies an operation and records it.
    ///
    /// # Panics
    /// If the shapes do not fit, with the name of the operation and the shapes; if an operand belongs to another tape; or if its
    /// values were dropped at the end of a `checkpoint` or `no_grad`.
    #[track_caller]
    pub fn apply<'t, O: Op<N>, const N: usize>(&'t self, op: O, x: [Var<'t, T>; N]) -> Var<'t, T> {
        for x in &x {
            assert!(
                std::ptr::eq(x.tape(), self),
                "{}: an operand was recorded on tape {}, another one on tape {}; use one tape for both",
                op.name(),
                x.tape().id,
                self.id
            );
        }
        let inner = &mut *self.inner.borrow_mut();
        let at = inner.len;
        if at == inner.nodes.len() {
            inner.nodes.push(Node::VACANT);
        }
        let (done, rest) = inner.nodes.split_at_mut(at);
        let node = &mut rest[0];
        let (mut operands, mut shapes) = ([0; N], [Shape::SCALAR; N]);
        let mut varies = false;
        for (k, x) in x.iter().enumerate() {
            operands[k] = x.index();
            let x = &done[operands[k] as usize];
            expect_stored(op.name(), x);
            shapes[k] = x.shape;
            varies |= x.varies;
        }
        node.claim(expect_shape(&op, shapes), &self.pool);
        let graph = Graph {
            nodes: done,
            pool: &self.pool,
        };
        // The inputs of a program have no values yet.
        if !inner.sealed {
            let x = operands.map(|i| graph.matrix(i as usize));
            op.eval(x, node.buffer.view_mut(), Accum::Replace);
        }
        node.cut = !inner.recording;
        node.varies = varies && inner.recording && op.differentiable();
        node.source = Source::Operation;
        node.stored = true;
        node.segment = None;
        node.store(Record { op, operands });
        inner.len += 1;
        self.handle(at as u32)
    }

    fn lend<'t>(&'t self, x: MatRef<'t, T>, key: Option<Key>) -> Var<'t, T> {
        self.push_node(|node, _| {
            node.shape = Shape::new(x.nrows(), x.ncols());
            node.source = Source::Lent(Lent::new(x), key);
            node.varies = key.is_some();
        })
    }

    /// The record of an operation, taken for the time of a recorded sweep.
    pub(crate) fn lend_record(&self, at: u32) -> Option<LentRecord<'_, T>> {
        let inner = &mut *self.inner.borrow_mut();
        let node = &mut inner.nodes[at as usize];
        let Source::Operation = node.source else {
            return None;
        };
        let record = node.record.take();
        record.is_some().then_some(LentRecord {
            tape: self,
            at,
            record,
        })
    }

    fn push_node(&self, fill: impl FnOnce(&mut Node<T>, &Pool<T>)) -> Var<'_, T> {
        let inner = &mut *self.inner.borrow_mut();
        let at = inner.len;
        if at == inner.nodes.len() {
            inner.nodes.push(Node::VACANT);
        }
        let node = &mut inner.nodes[at];
        node.stored = true;
        node.cut = false;
        node.segment = None;
        fill(node, &self.pool);
        inner.len += 1;
        self.handle(at as u32)
    }

    /// The matrix behind a variable, for the time of a call.
    #[track_caller]
    pub(crate) fn read<R>(&self, var: Var<'_, T>, f: impl FnOnce(MatRef<'_, T>) -> R) -> R {
        let sealed = self.inner.borrow().sealed;
        let nodes = self.nodes();
        let node = &nodes[var.index() as usize];
        expect_stored("reading", node);
        assert!(
            !sealed || matches!(node.source, Source::Constant),
            "the values of {var:?} cannot be looked at while a program is recorded: a replay would not look again"
        );
        let graph = Graph {
            nodes: &nodes,
            pool: &self.pool,
        };
        f(graph.matrix(var.index() as usize))
    }

    /// A copy of the result of the operation at a place of the [`graph`](Self::graph); `None` for what is no operation, and for results
    /// that were dropped at the end of a `checkpoint` or `no_grad`.
    ///
    /// ```
    /// let (tape, x) = (autodiff::Tape::new(), [1.0_f64, 2.0]);
    /// let p = tape.constant(&x).sigmoid();
    /// assert_eq!((tape.computed(0), tape.computed(1)), (None, Some(p.to_mat())));
    /// ```
    pub fn computed(&self, at: usize) -> Option<Mat<T>> {
        let inner = self.inner.borrow();
        let node = inner.nodes[..inner.len].get(at)?;
        let known = matches!(node.source, Source::Operation) && node.stored && !inner.sealed;
        known.then(|| node.buffer.view().to_owned())
    }

    /// Refuses a sweep whose result would be a number while a program is recorded.
    #[track_caller]
    pub(crate) fn expect_values(&self, what: &str, root: Var<'_, T>) {
        let inner = self.inner.borrow();
        assert!(
            !inner.sealed,
            "{what}: its numbers cannot be looked at while a program is recorded; `grad` and `jvp_recorded` are recorded with it"
        );
        expect_stored(what, &inner.nodes[root.index() as usize]);
    }

    pub(crate) fn handle(&self, at: u32) -> Var<'_, T> {
        Var::new(self, at)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn nodes(&self) -> Ref<'_, [Node<T>]> {
        Ref::map(self.inner.borrow(), |inner| &inner.nodes[..inner.len])
    }

    pub(crate) fn shape_of(&self, at: u32) -> Shape {
        self.inner.borrow().nodes[at as usize].shape
    }

    pub(crate) fn wanted<const N: usize>(&self, operands: [u32; N]) -> [Option<usize>; N] {
        let inner = self.inner.borrow();
        operands.map(|i| inner.nodes[i as usize].varies.then_some(i as usize))
    }

    /// Marks those of the nodes up to `root` that lead to it.
    pub(crate) fn mark_ancestors(&self, root: usize, marks: &mut Vec<bool>) {
        mark(&self.nodes()[..=root], 0, marks);
    }
}

/// Marks those of the nodes from `start` on that lead to the last one.
fn mark<T: Scalar>(nodes: &[Node<T>], start: usize, marks: &mut Vec<bool>) {
    marks.clear();
    marks.resize(nodes.len() - start, false);
    marks[nodes.len() - 1 - start] = true;
    for at in (start..nodes.len()).rev() {
        if let (true, Some(operation)) = (marks[at - start], nodes[at].operation()) {
            for &i in operation.operands() {
                if let Some(i) = (i as usize).checked_sub(start) {
                    marks[i] = true;
                }
            }
        }
    }
}

#[track_caller]
#[inline]
fn expect_stored<T: Scalar>(what: &str, node: &Node<T>) {
    assert!(
        node.stored,
        "{what}: the values of a {} {} were dropped at the end of its `checkpoint` or `no_grad`; only the result may be used \
         after it",
        node.shape,
        node.operation()
            .map_or("matrix", |operation| operation.name())
    );
}

impl<T: Scalar> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tape {}", self.id)?;
        for (at, node) in self.nodes().iter().enumerate() {
            match (node.operation(), node.key()) {
                (Some(operation), _) => writeln!(
                    f,
                    "{at}: {} = {} of {:?}",
                    node.shape,
                    operation.name(),
                    operation.operands()
                )?,
                (None, Some(_)) => writeln!(f, "{at}: {} variable", node.shape)?,
                (None, None) => writeln!(f, "{at}: {} constant", node.shape)?,
            }
        }
        Ok(())
    }
}
