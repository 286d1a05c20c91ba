//! Derivatives of recorded computations: reverse, forward, forward over reverse, and reverse recorded on the tape.

use linalg::{Mat, MatRef, Scalar};

use crate::tape::Graph;
use crate::value::Slot;
use crate::variable::Variables;
use crate::{Gradient, Gradients, Shape, Var};

impl<'t, T: Scalar> Var<'t, T> {
    /// The gradient of this 1x1 with respect to every variable that it depends on.
    ///
    /// Cotangents live only until they are pulled back, so the sweep needs at most as much memory as the values on the tape.
    ///
    /// # Panics
    /// If it is not 1x1 (for a matrix, use [`vjp`](Var::vjp)).
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        self.expect_scalar("backward");
        self.vjp(MatRef::from_column_major_slice(&[T::ONE], 1, 1))
    }

    #[track_caller]
    fn expect_scalar(self, what: &str) {
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
        let shape = self.shape();
        assert_eq!(
            Shape::new(dy.nrows(), dy.ncols()),
            shape,
            "vjp: the cotangent has another shape"
        );
        let tape = self.tape();
        let nodes = tape.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &tape.pool,
        };
        let root = self.index() as usize;
        let mut gradients = Gradients::new(&tape.pool, tape.pool.take_list());
        // Taken, so that a rule that panics leaves nothing behind for the next sweep.
        let mut slots = tape.slots.take();
        let len = slots.len().max(root + 1);
        slots.resize_with(len, || None);
        if nodes[root].varies {
            let mut seed = tape.pool.take(shape);
            seed.view_mut().copy_from(dy);
            slots[root] = Some(seed);
        }
        for at in (0..=root).rev() {
            let Some(dy) = slots[at].take() else { continue };
            if let Some(operation) = nodes[at].operation() {
                nodes[at].expect_cotangent(dy.shape());
                operation.pull(graph, at, dy.view(), &mut slots);
                tape.pool.give(dy);
            } else if let Some(key) = nodes[at].key() {
                nodes[at].expect_cotangent(dy.shape());
                gradients.list.push((key, Gradient(dy)));
            }
        }
        tape.slots.replace(slots);
        gradients
    }

    /// The derivative of this variable's values in the direction in which the given variables have the given tangents.
    ///
    /// # Panics
    /// If a tangent has another shape than its variable.
    #[track_caller]
    pub fn jvp(self, directions: &[(Var<'t, T>, MatRef<'_, T>)]) -> Mat<T> {
        let mut slots = self.tangents(directions);
        let shape = self.shape();
        let derivative = slots[self.index() as usize].as_ref().map_or_else(
            || Mat::zeros(shape.rows, shape.columns),
            |slot| slot.view().to_owned(),
        );
        self.release(&mut slots);
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
        let mut tangents = self.tangents(directions);
        let tape = self.tape();
        let nodes = tape.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &tape.pool,
        };
        let root = self.index() as usize;
        let mut products = Gradients::new(&tape.pool, tape.pool.take_list());
        let mut values: Vec<Slot<T>> = Vec::new();
        let mut derivatives: Vec<Slot<T>> = Vec::new();
        values.resize_with(root + 1, || None);
        derivatives.resize_with(root + 1, || None);
        if nodes[root].varies {
            let mut seed = tape.pool.take(Shape::SCALAR);
            seed.slice_mut()[0] = T::ONE;
            values[root] = Some(seed);
        }
        for at in (0..=root).rev() {
            let (dy, ddy) = (values[at].take(), derivatives[at].take());
            if let Some(operation) = nodes[at].operation() {
                let pair = [&dy, &ddy].map(|slot| slot.as_ref().map(crate::pool::Buffer::view));
                operation.pull_pair(graph, at, &tangents, pair, [&mut values, &mut derivatives]);
                if let Some(ddy) = ddy {
                    tape.pool.give(ddy);
                }
            } else if let (Some(key), Some(ddy)) = (nodes[at].key(), ddy) {
                nodes[at].expect_cotangent(ddy.shape());
                products.list.push((key, Gradient(ddy)));
            }
            if let Some(dy) = dy {
                tape.pool.give(dy);
            }
        }
        drop(nodes);
        self.release(&mut tangents);
        products
    }

    /// The exact Hessian of this 1x1 with respect to the entries of the given variables, one variable after another, each
    /// column after column.
    ///
    /// # Panics
    /// If it is not 1x1, or one of `variables` is not a variable.
    #[track_caller]
    pub fn hessian(self, variables: &[Var<'t, T>]) -> Mat<T> {
        for variable in variables {
            self.expect_same_tape("hessian", *variable);
            assert!(
                variable.key().is_some(),
                "hessian: {variable:?} is not a variable"
            );
        }
        let shapes: Vec<Shape> = variables.iter().map(|v| v.shape()).collect();
        let size = shapes.iter().map(|shape| shape.len()).sum();
        let mut hessian = Mat::zeros(size, size);
        let mut column = 0;
        for (variable, shape) in variables.iter().zip(&shapes) {
            let mut direction = Mat::zeros(shape.rows, shape.columns);
            for entry in 0..shape.len() {
                let (i, j) = (entry % shape.rows, entry / shape.rows);
                direction[(i, j)] = T::ONE;
                let products = self.hvp(&[(*variable, direction.as_ref())]);
                direction[(i, j)] = T::ZERO;
                let mut row = 0;
                for (variable, shape) in variables.iter().zip(&shapes) {
                    if let Some(product) = products.get(*variable) {
                        for (k, value) in product.as_slice().iter().enumerate() {
                            hessian[(row + k, column)] = *value;
                        }
                    }
                    row += shape.len();
                }
                column += 1;
            }
        }
        hessian
    }

    /// The gradient of this 1x1 with respect to each of `variables`, recorded on the tape, so that it can be differentiated
    /// again. A variable on which nothing depends has a gradient of zeros.
    ///
    /// # Panics
    /// If it is not 1x1, or a variable was recorded on another tape.
    #[track_caller]
    pub fn grad(self, variables: &[Var<'t, T>]) -> Vec<Var<'t, T>> {
        self.expect_scalar("grad");
        for variable in variables {
            self.expect_same_tape("grad", *variable);
        }
        let tape = self.tape();
        let root = self.index();
        let mut table = Variables {
            sums: vec![None; root as usize + 1],
        };
        if tape.nodes()[root as usize].varies {
            table.sums[root as usize] = Some(tape.full(Shape::SCALAR, T::ONE));
        }
        for at in (0..=root).rev() {
            let Some(dy) = table.sums[at as usize] else {
                continue;
            };
            let operation = tape.nodes()[at as usize]
                .operation()
                .map(crate::tape::Recorded::duplicate);
            if let Some(operation) = operation {
                operation.pull_variables(tape.handle(at), dy, &mut table);
            }
        }
        variables
            .iter()
            .map(|v| {
                let sum = table.sums.get(v.index() as usize).copied().flatten();
                sum.unwrap_or_else(|| tape.full(v.shape(), T::ZERO))
            })
            .collect()
    }

    /// [`jvp`](Var::jvp), recorded on the tape, so that it can be differentiated again.
    ///
    /// # Panics
    /// If a tangent has another shape than its variable.
    #[track_caller]
    pub fn jvp_recorded(self, directions: &[(Var<'t, T>, Var<'t, T>)]) -> Var<'t, T> {
        let tape = self.tape();
        let root = self.index();
        let marks = tape.ancestors(root);
        let mut table = Variables {
            sums: vec![None; root as usize + 1],
        };
        for (variable, tangent) in directions {
            self.expect_same_tape("jvp_recorded", *variable);
            self.expect_same_tape("jvp_recorded", *tangent);
            assert_eq!(
                variable.shape(),
                tangent.shape(),
                "jvp_recorded: a tangent has another shape than its variable"
            );
            if let Some(sum) = table.sums.get_mut(variable.index() as usize) {
                *sum = Some(sum.map_or(*tangent, |sum| sum + *tangent));
            }
        }
        for at in (0..=root).filter(|&at| marks[at as usize]) {
            let operation = tape.nodes()[at as usize]
                .operation()
                .map(crate::tape::Recorded::duplicate);
            if let Some(operation) = operation {
                operation.push_variables(tape, at, &mut table);
            }
        }
        table.sums[root as usize].unwrap_or_else(|| tape.full(self.shape(), T::ZERO))
    }

    /// Tangents of all ancestors of this variable.
    #[track_caller]
    fn tangents(self, directions: &[(Var<'t, T>, MatRef<'_, T>)]) -> Vec<Slot<T>> {
        let tape = self.tape();
        let marks = tape.ancestors(self.index());
        let nodes = tape.nodes();
        let graph = Graph {
            nodes: &nodes,
            pool: &tape.pool,
        };
        let mut slots: Vec<Slot<T>> = Vec::new();
        slots.resize_with(marks.len(), || None);
        for (variable, tangent) in directions {
            self.expect_same_tape("a derivative in a direction", *variable);
            let shape = variable.shape();
            assert_eq!(
                Shape::new(tangent.nrows(), tangent.ncols()),
                shape,
                "a tangent has another shape than its variable"
            );
            let Some(slot) = slots.get_mut(variable.index() as usize) else {
                continue;
            };
            // Directions of one variable that is listed twice add up.
            let buffer = slot.get_or_insert_with(|| {
                let mut zeros = tape.pool.take(shape);
                zeros.slice_mut().fill(T::ZERO);
                zeros
            });
            let mut sum = buffer.view_mut();
            sum += tangent;
        }
        for (at, _) in marks.iter().enumerate().filter(|(_, mark)| **mark) {
            let Some(operation) = nodes[at].operation() else {
                continue;
            };
            if operation
                .operands()
                .iter()
                .any(|&i| slots[i as usize].is_some())
            {
                operation.push(graph, at, &mut slots);
            }
        }
        slots
    }

    fn release(self, slots: &mut [Slot<T>]) {
        for buffer in slots.iter_mut().filter_map(Option::take) {
            self.tape().pool.give(buffer);
        }
    }
}
