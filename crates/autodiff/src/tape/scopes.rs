//! Parts of a computation whose values are not kept: evaluation without derivatives, and checkpoints.

use linalg::Scalar;

use super::node::{Node, Source};
use super::{Graph, Inner, Tape, mark};
use crate::ops::Identity;
use crate::pool::Buffer;
use crate::{Map, Var};

/// Records `start..end`, of which only the last keeps its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    start: usize,
    end: usize,
}

/// Sets whether derivatives are recorded, until dropped.
struct Recording<'t, T: Scalar> {
    tape: &'t Tape<T>,
    before: bool,
}

impl<T: Scalar> Drop for Recording<'_, T> {
    fn drop(&mut self) {
        let inner = &mut *self.tape.inner.borrow_mut();
        inner.recording = self.before;
    }
}

impl<T: Scalar> Tape<T> {
    /// Evaluates `f` without derivatives: the result is a constant, and nothing else of the computation is kept. Its memory
    /// is used again at once.
    ///
    /// While `f` runs its intermediate values are alive together; scopes can be nested, one for each layer of a deep model.
    ///
    /// # Panics
    /// If `f` returns a variable of another tape. Using an intermediate variable after the scope panics there.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.variable(&[1.0_f64, 2.0]);
    /// let y = tape.no_grad(|| x.exp().ln().square());
    /// assert_eq!(y.get(1, 0), 4.0);
    /// assert!((y * x).sum().backward()[x][(1, 0)] == 4.0);
    /// ```
    #[track_caller]
    pub fn no_grad<'t>(&'t self, f: impl FnOnce() -> Var<'t, T>) -> Var<'t, T> {
        let start = self.len();
        let scope = {
            let inner = &mut *self.inner.borrow_mut();
            let scope = Recording {
                tape: self,
                before: inner.recording,
            };
            inner.recording = false;
            scope
        };
        let result = f();
        let result = self.last_of(start, result);
        drop(scope);
        let inner = &mut *self.inner.borrow_mut();
        if inner.sealed {
            // A program computes everything again at each replay.
            return result;
        }
        let end = inner.len - 1;
        for node in &mut inner.nodes[start..end] {
            if matches!(node.source, Source::Operation | Source::Constant) {
                self.give_value(node);
                node.source = Source::Constant;
            }
        }
        inner.nodes[end].source = Source::Constant;
        result
    }

    /// Runs `f` and keeps only its result; a sweep that needs the values in between computes them again from the records. So
    /// a long computation in segments needs the memory of its longest segment, for the price of a second evaluation.
    ///
    /// Only [`vjp`](Var::vjp) and [`backward`](Var::backward) save memory: `jvp`, `hvp`, `hessian` and `jacobian` restore the values for the time of a
    /// sweep, and what is recorded (`grad`, `jvp_recorded`, a program) restores them for good.
    ///
    /// # Panics
    /// If `f` returns a variable of another tape. Using an intermediate variable after the scope panics there.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.variable(&[1.0_f64, 2.0]);
    /// let y = tape.checkpoint(|| x.sin().exp());
    /// assert!((y.sum().backward()[x][(0, 0)] - 1.0_f64.cos() * 1.0_f64.sin().exp()).abs() < 1e-15);
    /// ```
    #[track_caller]
    pub fn checkpoint<'t>(&'t self, f: impl FnOnce() -> Var<'t, T>) -> Var<'t, T> {
        let start = self.len();
        let result = f();
        let result = self.last_of(start, result);
        let inner = &mut *self.inner.borrow_mut();
        if inner.recording {
            let segment = inner.segments.len() as u32;
            let end = inner.len;
            inner.nodes[end - 1].segment = Some(segment);
            inner.segments.push(Segment { start, end });
            self.give_segment(&mut inner.nodes, Segment { start, end });
        }
        result
    }

    /// The result of a scope as the last of its records.
    #[track_caller]
    fn last_of<'t>(&'t self, start: usize, result: Var<'t, T>) -> Var<'t, T> {
        let at = result.index() as usize;
        let mine = std::ptr::eq(result.tape(), self);
        let ends = mine && at >= start && at + 1 == self.len();
        if ends && self.nodes()[at].operation().is_some() {
            return result;
        }
        self.apply(Map(Identity), [result])
    }

    /// Gives the memory of a value back.
    fn give_value(&self, node: &mut Node<T>) {
        self.pool
            .give(std::mem::replace(&mut node.buffer, Buffer::new()));
        node.stored = false;
    }

    /// Gives the values of the operations of a segment back, but for its result.
    fn give_segment(&self, nodes: &mut [Node<T>], Segment { start, end }: Segment) {
        for node in &mut nodes[start..end - 1] {
            if node.operation().is_some() {
                self.give_value(node);
            }
        }
    }

    /// Computes the values of a segment again, those that lead to its result, and returns where it starts. Segments within it
    /// stay without theirs.
    pub(crate) fn recompute(&self, segment: u32) -> usize {
        let Inner {
            nodes,
            segments,
            marks,
            sealed,
            ..
        } = &mut *self.inner.borrow_mut();
        let Segment { start, end } = segments[segment as usize];
        // What does not lead to the result may have read data that are gone by now.
        mark(&nodes[..end], start, marks);
        for at in (start..end - 1).filter(|at| marks[at - start]) {
            let (done, rest) = nodes.split_at_mut(at);
            let node = &mut rest[0];
            if node.stored || node.operation().is_none() {
                continue;
            }
            let shape = node.shape;
            node.claim(shape, &self.pool);
            node.stored = true;
            let graph = Graph {
                nodes: done,
                pool: &self.pool,
            };
            let Node { record, buffer, .. } = node;
            if let (Some(record), false) = (record, *sealed) {
                record.evaluate(graph, buffer);
            }
            if let Some(inside) = node.segment {
                self.give_segment(nodes, segments[inside as usize]);
            }
        }
        start
    }

    /// Drops the values of a segment.
    pub(crate) fn forget(&self, segment: u32) {
        let inner = &mut *self.inner.borrow_mut();
        let segment = inner.segments[segment as usize];
        self.give_segment(&mut inner.nodes, segment);
    }

    /// Computes again the values of all segments whose results are marked. `marks` are those of the ancestors of a live
    /// variable; other segments may have read data that are gone.
    pub(crate) fn recompute_marked(&self, marks: &[bool]) {
        let segments = self.inner.borrow().segments.len();
        // Outer segments were recorded after those within them.
        for segment in (0..segments).rev() {
            let end = self.inner.borrow().segments[segment].end;
            if marks.get(end - 1).copied().unwrap_or(false) {
                self.recompute(segment as u32);
            }
        }
    }

    /// The same for good.
    pub(crate) fn keep_marked(&self, marks: &[bool]) {
        self.recompute_marked(marks);
        let Inner {
            nodes, segments, ..
        } = &mut *self.inner.borrow_mut();
        for segment in segments {
            let last = segment.end - 1;
            if marks.get(last).copied().unwrap_or(false) {
                nodes[last].segment = None;
                segment.start = last;
            }
        }
    }

    /// Drops the values of all segments.
    pub(crate) fn forget_all(&self) {
        let segments = self.inner.borrow().segments.len();
        for segment in 0..segments {
            self.forget(segment as u32);
        }
    }
}
