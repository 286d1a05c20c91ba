//! What an optimiser changes.

use std::sync::atomic::{AtomicU64, Ordering};

use autodiff::{Gradient, Gradients, Shape, Tape, Var};
use linalg::{MatMut, MatRef, Scalar};

use crate::Buffer;

/// A matrix that a module owns and an optimiser changes. It has an identity of its own, by which
/// [`Gradients`] know it; a clone is another parameter.
///
/// ```
/// use autodiff::{Shape, Tape};
/// use models::Parameter;
/// let w = Parameter::from_fn(Shape::new(1, 2), |_, j| j as f64);
/// let tape = Tape::new();
/// let cost = (w.on(&tape) * w.on(&tape)).sum();
/// assert_eq!(w.gradient(&cost.backward()).map(|g| g.as_slice().to_vec()), Some(vec![0.0, 2.0]));
/// ```
#[derive(Debug)]
pub struct Parameter<T> {
    id: u64,
    shape: Shape,
    values: Vec<T>,
    /// The sizes under which other programs know it, if they are not rows and columns.
    sizes: Option<Box<[usize]>>,
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Scalar> Clone for Parameter<T> {
    fn clone(&self) -> Self {
        Self {
            id: next_id(),
            shape: self.shape,
            values: self.values.clone(),
            sizes: self.sizes.clone(),
        }
    }
}

impl<T: Scalar> Parameter<T> {
    /// A parameter whose entry in row i and column j is `value(i, j)`, asked for row by row.
    pub fn from_fn(shape: Shape, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut values = vec![T::ZERO; shape.len()];
        for i in 0..shape.rows {
            for j in 0..shape.columns {
                values[i + j * shape.rows] = value(i, j);
            }
        }
        Self {
            id: next_id(),
            shape,
            values,
            sizes: None,
        }
    }

    /// A parameter of zeros.
    pub fn zeros(shape: Shape) -> Self {
        Self::from_fn(shape, |_, _| T::ZERO)
    }

    /// The same parameter under the sizes that PyTorch gives it, row after row: a bias of one row is a vector, `[n]`.
    ///
    /// # Panics
    /// If these sizes have another number of entries.
    #[track_caller]
    #[must_use]
    pub fn with_sizes(mut self, sizes: &[usize]) -> Self {
        assert_eq!(
            sizes.iter().product::<usize>(),
            self.shape.len(),
            "a parameter of {} cannot have the sizes {sizes:?}",
            self.shape
        );
        self.sizes = Some(sizes.into());
        self
    }

    /// The sizes under which other programs know it.
    pub fn sizes(&self) -> Vec<usize> {
        match &self.sizes {
            Some(sizes) => sizes.to_vec(),
            None => vec![self.shape.rows, self.shape.columns],
        }
    }

    /// Its identity.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The values.
    pub fn value(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.values, self.shape.rows, self.shape.columns)
    }

    /// The values, to be changed.
    pub fn value_mut(&mut self) -> MatMut<'_, T> {
        MatMut::from_column_major_slice_mut(&mut self.values, self.shape.rows, self.shape.columns)
    }

    /// The values, column after column.
    pub fn as_slice(&self) -> &[T] {
        &self.values
    }

    /// The values, column after column, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The parameter as a variable. Recorded twice on one tape, it is one variable.
    pub fn on<'t>(&'t self, tape: &'t Tape<T>) -> Var<'t, T> {
        tape.parameter(self.id, self.value())
    }

    /// Its gradient, if what was differentiated depends on it.
    pub fn gradient<'g>(&self, gradients: &'g Gradients<T>) -> Option<&'g Gradient<T>> {
        gradients.parameter(self.id)
    }

    /// Shows this parameter to a visitor: the end of [`Module::visit`](crate::Module::visit).
    pub fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Self)) {
        visitor(path, self);
    }

    /// The same, to be changed.
    pub fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Self)) {
        visitor(path, self);
    }

    /// A parameter has no buffers: the end of [`Module::visit_buffers`](crate::Module::visit_buffers).
    pub fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        let _ = (path, visitor);
    }

    /// A parameter asks for no number of rows: the end of [`Module::smallest_batch`](crate::Module::smallest_batch).
    pub fn smallest_batch(&self) -> usize {
        1
    }

    /// A parameter is the same in training and evaluation.
    pub fn set_training(&mut self, training: bool) {
        let _ = training;
    }
}
