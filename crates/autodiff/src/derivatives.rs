//! Derivatives of recorded computations as matrices: reverse, forward, forward over reverse, and the tables made of them.

use linalg::{Mat, MatRef, Scalar};

use crate::slot::{Slot, Slots, room};
use crate::tape::{Graph, Node, Recorded};
use crate::value::side_by_side;
use crate::{Gradient, Gradients, Shape, Tape, Var};

/// Directions that are followed together, at most.
const BLOCKS: usize = 16;
/// Entries of the largest tangent that may be alive when directions are followed together.
const BLOCK_ENTRIES: usize = 1 << 22;

impl<'t, T: Scalar> Var<'t, T> {
    /// The gradient of this 1x1 with respect to every variable that it depends on.
    ///
    /// # Memory
    /// The cotangent of a record lives from its first use until it is pulled back, and its memory serves the next one. A
    /// sweep over a chain of operations needs two matrices beside the values on the tape and the gradients that it returns;
    /// no sweep needs more than the values take. After the first sweep over the same shapes nothing is allocated.
    ///
    /// # Panics
    /// If it is not 1x1 (for a matrix, use [`vjp`](Var::vjp)).
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        self.expect_scalar("backward");
        self.vjp(MatRef::from_column_major_slice(&[T::ONE], 1, 1))
    }

    #[track_caller]
    pub(crate) fn expect_scalar(self, what: &str) {
        let shape = self.shape();
        assert_eq!(
            shape,
            Shape::SCALAR,
            "{what} differentiates a number, and this is a {shape} matrix: take its mean or sum first"
        );
    }

    /// The gradient of `⟨dy, self⟩` with respect to every variable: the cotangent `dy` pulled back.
    ///
    /// # Panics
    /// If `dy` has another shape.
    #[track_caller]
    pub fn vjp(self, dy: MatRef<'_, T>) -> Gradients<T> {
        self.tape().expect_values("vjp", self);
        assert_eq!(
            Shape::new(dy.nrows(), dy.ncols()),
            self.shape(),
            "vjp: the cotangent has another shape"
        );
        self.tape().pull(self.index() as usize, dy)
    }

    /// The derivative of this variable's values in the direction in which the given variables have the given tangents.
    ///
    /// # Panics
    /// If a tangent has another shape than its variable.
    #[track_caller]
    pub fn jvp(self, directions: &[(Var<'t, T>, MatRef<'_, T>)]) -> Mat<T> {
        self.expect_tangents("jvp", directions);
        let tape = self.tape();
        let mut slots = tape.take_slots();
        tape.push(self, directions, 1, &mut slots);
        let shape = self.shape();
        let derivative = slots.tangents[self.index() as usize].get().map_or_else(
            || Mat::zeros(shape.rows, shape.columns),
            |tangent| tangent.view().to_owned(),
        );
        tape.return_slots(slots);
        derivative
    }

    /// The Hessian of this 1x1 times a direction, by forward over reverse: the derivative of all gradients in that direction.
    ///
    /// A variable that does not influence the directional derivative has no entry: its part of the product is zero.
    ///
    /// # Panics
    /// If it is not 1x1, or a tangent has another shape than its variable.
    #[track_caller]
    pub fn hvp(self, directions: &[(Var<'t, T>, MatRef<'_, T>)]) -> Gradients<T> {
        self.expect_scalar("hvp");
        self.expect_tangents("hvp", directions);
        self.tape().pull_in_directions(self, directions, 1)
    }

    #[track_caller]
    fn expect_tangents(self, what: &str, directions: &[(Var<'t, T>, MatRef<'_, T>)]) {
        self.tape().expect_values(what, self);
        for (variable, tangent) in directions {
            self.expect_same_tape(what, *variable);
            assert_eq!(
                Shape::new(tangent.nrows(), tangent.ncols()),
                variable.shape(),
                "{what}: a tangent has another shape than its variable"
            );
        }
    }

    #[track_caller]
    pub(crate) fn expect_variables(self, what: &str, variables: &[Var<'t, T>]) {
        for variable in variables {
            self.expect_same_tape(what, *variable);
            assert!(
                variable.key().is_some(),
                "{what}: {variable:?} is not a variable"
            );
        }
    }

    /// The exact Hessian of this 1x1 with respect to the entries of the given variables, one variable after another, each
    /// column after column.
    ///
    /// Up to 16 columns are computed together, fewer where their tangents would take more than 2²² numbers.
    ///
    /// # Panics
    /// If it is not 1x1, or one of `variables` is not a variable.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.variable(&[1.0_f64, 2.0]);
    /// let h = (x * x * x).sum().hessian(&[x]);
    /// assert_eq!((h[(0, 0)], h[(0, 1)], h[(1, 1)]), (6.0, 0.0, 12.0));
    /// ```
    #[track_caller]
    pub fn hessian(self, variables: &[Var<'t, T>]) -> Mat<T> {
        self.expect_scalar("hessian");
        self.tape().expect_values("hessian", self);
        self.expect_variables("hessian", variables);
        let size = variables.iter().map(|v| v.shape().len()).sum();
        let mut hessian = Mat::zeros(size, size);
        let tape = self.tape();
        let together = tape.directions_together(self);
        let mut column = 0;
        each_unit_direction(variables, together, |variable, directions, blocks| {
            let products = tape.pull_in_directions(self, &[(variable, directions)], blocks);
            let mut row = 0;
            for variable in variables {
                let n = variable.shape().len();
                if let Some(product) = products.get(*variable) {
                    for (k, value) in product.as_slice().iter().enumerate() {
                        hessian[(row + k % n, column + k / n)] = *value;
                    }
                }
                row += n;
            }
            column += blocks;
        });
        hessian
    }

    /// The derivatives of all entries of this matrix (rows of the result, column after column) with respect to the entries of
    /// the given variables (columns, one variable after another), in forward or in reverse mode, whichever needs fewer sweeps.
    ///
    /// # Panics
    /// If one of `variables` is not a variable.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.variable(&[1.0_f64, 2.0, 3.0]);
    /// let j = (x * x).jacobian(&[x]);
    /// assert_eq!((j.nrows(), j.ncols(), j[(2, 2)], j[(2, 1)]), (3, 3, 6.0, 0.0));
    /// ```
    #[track_caller]
    pub fn jacobian(self, variables: &[Var<'t, T>]) -> Mat<T> {
        self.tape().expect_values("jacobian", self);
        self.expect_variables("jacobian", variables);
        let (shape, tape) = (self.shape(), self.tape());
        let size: usize = variables.iter().map(|v| v.shape().len()).sum();
        let mut jacobian = Mat::zeros(shape.len(), size);
        let together = tape.directions_together(self);
        if shape.len() <= size.div_ceil(together) {
            let mut dy = Mat::zeros(shape.rows, shape.columns);
            for row in 0..shape.len() {
                let entry = (row % shape.rows, row / shape.rows);
                dy[entry] = T::ONE;
                let gradients = self.vjp(dy.as_ref());
                dy[entry] = T::ZERO;
                let mut column = 0;
                for variable in variables {
                    if let Some(gradient) = gradients.get(*variable) {
                        for (k, value) in gradient.as_slice().iter().enumerate() {
                            jacobian[(row, column + k)] = *value;
                        }
                    }
                    column += variable.shape().len();
                }
            }
            return jacobian;
        }
        let mut column = 0;
        each_unit_direction(variables, together, |variable, directions, blocks| {
            let mut slots = tape.take_slots();
            tape.push(self, &[(variable, directions)], blocks, &mut slots);
            if let Some(tangent) = slots.tangents[self.index() as usize].get() {
                for (k, value) in tangent.slice().iter().enumerate() {
                    jacobian[(k % shape.len(), column + k / shape.len())] = *value;
                }
            }
            tape.return_slots(slots);
            column += blocks;
        });
        jacobian
    }
}

/// Calls `f` with every unit direction of the variables, up to `together` of them side by side.
fn each_unit_direction<'t, T: Scalar>(
    variables: &[Var<'t, T>],
    together: usize,
    mut f: impl FnMut(Var<'t, T>, MatRef<'_, T>, usize),
) {
    for variable in variables {
        let shape = variable.shape();
        let entries: Vec<usize> = (0..shape.len()).collect();
        for group in entries.chunks(together) {
            let Shape { rows, columns } = side_by_side(shape, group.len());
            let mut directions = Mat::zeros(rows, columns);
            for (block, entry) in group.iter().enumerate() {
                let column = block * shape.columns + entry / shape.rows;
                directions[(entry % shape.rows, column)] = T::ONE;
            }
            f(*variable, directions.as_ref(), group.len());
        }
    }
}

impl<T: Scalar> Tape<T> {
    /// The reverse sweep.
    pub(crate) fn pull(&self, root: usize, dy: MatRef<'_, T>) -> Gradients<T> {
        let mut gradients = Gradients::new(&self.pool, self.pool.take_list());
        // Taken, so that a rule that panics leaves nothing behind for the next sweep.
        let mut slots = self.take_slots();
        room(&mut slots.values, root + 1);
        let mut nodes = self.nodes();
        if nodes[root].varies {
            slots.values[root].seed(dy, &self.pool);
        }
        for at in (0..=root).rev() {
            if slots.values[at].is_filled() {
                if let Some(segment) = nodes[at].segment() {
                    drop(nodes);
                    slots.open.push((self.recompute(segment), segment));
                    nodes = self.nodes();
                }
                let graph = Graph {
                    nodes: &nodes,
                    pool: &self.pool,
                };
                let (operands, own) = slots.values.split_at_mut(at);
                let dy = &mut own[0];
                if let Some(operation) = nodes[at].operation() {
                    if let Some(dy) = dy.get() {
                        operation.pull(graph, at, dy, operands);
                        expect_cotangents(&nodes, operation, operands, 1);
                    }
                    dy.clear(&self.pool);
                } else if let (Some(key), Some(dy)) = (nodes[at].key(), dy.take()) {
                    gradients.list.push((key, Gradient(dy)));
                }
            }
            while let Some((_, segment)) = slots.open.pop_if(|(start, _)| *start == at) {
                drop(nodes);
                self.forget(segment);
                nodes = self.nodes();
            }
        }
        drop(nodes);
        self.return_slots(slots);
        gradients
    }

    /// The forward sweep: tangents of all ancestors of `root` in `blocks` directions, side by side in each of `directions`.
    fn push(
        &self,
        root: Var<'_, T>,
        directions: &[(Var<'_, T>, MatRef<'_, T>)],
        blocks: usize,
        slots: &mut Slots<T>,
    ) {
        let root = root.index() as usize;
        self.mark_ancestors(root, &mut slots.marks);
        self.recompute_marked(&slots.marks);
        room(&mut slots.tangents, root + 1);
        let nodes = self.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &self.pool,
        };
        for (variable, tangent) in directions {
            if let Some(slot) = slots.tangents[..=root].get_mut(variable.index() as usize) {
                // Directions of one variable that is listed twice add up.
                if slot.is_filled() {
                    let shape = Shape::new(tangent.nrows(), tangent.ncols());
                    let mut sum = slot.claim(shape, &self.pool).0.view_mut();
                    sum += *tangent;
                } else {
                    slot.seed(*tangent, &self.pool);
                }
            }
        }
        for at in (0..=root).filter(|&at| slots.marks[at]) {
            let Some(operation) = nodes[at].differentiated() else {
                continue;
            };
            let filled = |&i: &u32| slots.tangents[i as usize].is_filled();
            if operation.operands().iter().any(filled) {
                operation.push(graph, at, &mut slots.tangents, blocks);
                if let Some(tangent) = slots.tangents[at].get() {
                    let (found, expected) =
                        (tangent.shape(), side_by_side(nodes[at].shape(), blocks));
                    let name = operation.name();
                    assert_eq!(
                        found, expected,
                        "the jvp rule of {name} gave a tangent of another shape than its value"
                    );
                }
            }
        }
    }

    /// Forward over reverse: the derivatives of all gradients of `root` in `blocks` directions, side by side.
    fn pull_in_directions(
        &self,
        root: Var<'_, T>,
        directions: &[(Var<'_, T>, MatRef<'_, T>)],
        blocks: usize,
    ) -> Gradients<T> {
        let mut products = Gradients::new(&self.pool, self.pool.take_list());
        let mut slots = self.take_slots();
        self.push(root, directions, blocks, &mut slots);
        let root = root.index() as usize;
        let Slots {
            values,
            derivatives,
            tangents,
            ..
        } = &mut slots;
        room(values, root + 1);
        room(derivatives, root + 1);
        let nodes = self.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &self.pool,
        };
        if nodes[root].varies {
            values[root].seed(MatRef::from_column_major_slice(&[T::ONE], 1, 1), &self.pool);
        }
        for at in (0..=root).rev() {
            let (values, dy) = values.split_at_mut(at);
            let (derivatives, ddy) = derivatives.split_at_mut(at);
            let (dy, ddy) = (&mut dy[0], &mut ddy[0]);
            if let Some(operation) = nodes[at].operation() {
                let pair = [dy.get(), ddy.get()];
                let of = [&mut *values, &mut *derivatives];
                operation.pull_pair(graph, at, (tangents, blocks), pair, of);
                expect_cotangents(&nodes, operation, derivatives, blocks);
                ddy.clear(&self.pool);
            } else if let (Some(key), Some(ddy)) = (nodes[at].key(), ddy.take()) {
                products.list.push((key, Gradient(ddy)));
            }
            dy.clear(&self.pool);
            tangents[at].clear(&self.pool);
        }
        drop(nodes);
        self.return_slots(slots);
        products
    }

    /// How many directions are followed together.
    fn directions_together(&self, root: Var<'_, T>) -> usize {
        let nodes = self.nodes();
        let largest = nodes[..=root.index() as usize]
            .iter()
            .filter(|node| node.varies)
            .fold(1, |largest, node| largest.max(node.shape().len()));
        (BLOCK_ENTRIES / largest).clamp(1, BLOCKS)
    }

    fn take_slots(&self) -> Slots<T> {
        self.slots.take()
    }

    /// Keeps the slots for the next sweep, all of them empty.
    fn return_slots(&self, mut slots: Slots<T>) {
        slots
            .tangents
            .iter_mut()
            .for_each(|slot| slot.clear(&self.pool));
        self.slots.replace(slots);
        self.forget_all();
    }
}

/// Checks what the rule of an operation gave its operands.
#[inline]
fn expect_cotangents<T: Scalar>(
    nodes: &[Node<T>],
    operation: &dyn Recorded<T>,
    slots: &[Slot<T>],
    blocks: usize,
) {
    for (k, &i) in operation.operands().iter().enumerate() {
        if let Some(cotangent) = slots[i as usize].get() {
            let (found, expected) = (cotangent.shape(), nodes[i as usize].shape());
            assert!(
                found == side_by_side(expected, blocks),
                "the vjp rule of {} gave operand {k}, a {expected} matrix, a cotangent of {found}",
                operation.name()
            );
        }
    }
}
