//! What can be applied to a batch and trained.

use std::fmt::Debug;

use autodiff::{Tape, Var};
use linalg::{Mat, MatRef, Scalar};

use crate::{Buffer, Operation, Parameter};

/// A function of a batch (one row a sample) with named parameters.
///
/// A module of one's own lists its fields once:
///
/// ```
/// use autodiff::Var;
/// use datasets::random::Torch;
/// use models::{Linear, Module, parameters};
///
/// #[derive(Debug)]
/// struct BinaryClassifier {
///     linear: Linear<f32>,
/// }
/// impl Module<f32> for BinaryClassifier {
///     fn forward<'t>(&'t self, x: Var<'t, f32>) -> Var<'t, f32> {
///         self.linear.forward(x).sigmoid()
///     }
///     parameters!(f32: linear);
/// }
///
/// let model = BinaryClassifier { linear: Linear::new(2, 1, &mut Torch::new(1)) };
/// let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["linear.weight", "linear.bias"]);
/// ```
pub trait Module<T: Scalar>: Debug {
    /// The output for a batch.
    ///
    /// # Panics
    /// If the batch has another number of columns than the module takes.
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T>;

    /// Shows every parameter under its name, in a fixed order, to a visitor. Written by [`parameters!`](crate::parameters).
    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Parameter<T>));

    /// The same, to be changed. Written by [`parameters!`](crate::parameters).
    fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Parameter<T>));

    /// Shows every buffer: what a module keeps from batch to batch and no optimiser changes. Written by
    /// [`parameters!`](crate::parameters).
    fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        let _ = (path, visitor);
    }

    /// Training or evaluation: dropout and batch normalisation differ between them. Modules begin in training. Written by
    /// [`parameters!`](crate::parameters).
    fn set_training(&mut self, training: bool) {
        let _ = training;
    }

    /// The fewest rows of a batch in training: batch normalisation needs two. Written by [`parameters!`](crate::parameters).
    fn smallest_batch(&self) -> usize {
        1
    }

    /// What a summary calls the module: the name of its type, with its sizes.
    fn describe(&self) -> String {
        let name = std::any::type_name::<Self>();
        let name = name.split('<').next().unwrap_or(name);
        name.rsplit("::").next().unwrap_or(name).to_owned()
    }

    /// What it computes in evaluation, one operation after the other, for exports; `None` if these operations cannot say it.
    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        None
    }

    /// All parameters with their names (`hidden.weight`).
    fn named_parameters(&self) -> Vec<(String, &Parameter<T>)> {
        let mut list = Vec::new();
        self.visit("", &mut |name, parameter| {
            list.push((name.to_owned(), parameter));
        });
        list
    }

    /// The number of numbers that training changes.
    fn parameter_count(&self) -> usize {
        self.named_parameters()
            .iter()
            .map(|(_, parameter)| parameter.shape().len())
            .sum()
    }
}

/// The outputs of a module for all rows, computed in batches, in the mode that the module has: `set_training(false)` comes before
/// predictions, and a `Trainer` leaves a model so.
///
/// # Panics
/// If the module takes another number of columns.
///
/// ```
/// use models::{Linear, predict};
/// let doubled = predict(&Linear::<f64>::zeros(1, 2), linalg::mat![[1.0], [2.0]].as_ref());
/// assert_eq!((doubled.nrows(), doubled.ncols()), (2, 2));
/// ```
#[track_caller]
pub fn predict<T: Scalar>(module: &(impl Module<T> + ?Sized), x: MatRef<'_, T>) -> Mat<T> {
    const ROWS: usize = 1024;
    let mut tape = Tape::new();
    let mut out = Mat::zeros(0, 0);
    // No rows have as many outputs, too.
    for from in (0..x.nrows().max(1)).step_by(ROWS) {
        tape.clear();
        let rows = ROWS.min(x.nrows() - from);
        let part = module
            .forward(tape.constant(x.subrows(from, rows)))
            .to_mat();
        if from == 0 {
            out = Mat::zeros(x.nrows(), part.ncols());
        }
        out.as_mut().subrows_mut(from, rows).copy_from(&part);
    }
    out
}

/// The name of a part within a path.
pub fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Writes the methods of [`Module`] that list parameters and pass on what concerns all parts: the kind of number, then the fields that are
/// parameters or modules. A module without parameters lists none: `parameters!(f32:)`.
#[macro_export]
macro_rules! parameters {
    ($t:ty : $($field:ident),* $(,)?) => {
        #[allow(unused_variables)]
        fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a $crate::Parameter<$t>)) {
            $(self.$field.visit(&$crate::join(path, stringify!($field)), visitor);)*
        }
        #[allow(unused_variables)]
        fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut $crate::Parameter<$t>)) {
            $(self.$field.visit_mut(&$crate::join(path, stringify!($field)), visitor);)*
        }
        #[allow(unused_variables)]
        fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a $crate::Buffer)) {
            $(self.$field.visit_buffers(&$crate::join(path, stringify!($field)), visitor);)*
        }
        #[allow(unused_variables)]
        fn set_training(&mut self, training: bool) {
            $(self.$field.set_training(training);)*
        }
        fn smallest_batch(&self) -> usize {
            1 $(.max(self.$field.smallest_batch()))*
        }
    };
}

impl<T: Scalar, M: Module<T> + ?Sized> Module<T> for Box<M> {
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        (**self).forward(x)
    }
    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Parameter<T>)) {
        (**self).visit(path, visitor);
    }
    fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Parameter<T>)) {
        (**self).visit_mut(path, visitor);
    }
    fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        (**self).visit_buffers(path, visitor);
    }
    fn set_training(&mut self, training: bool) {
        (**self).set_training(training);
    }
    fn smallest_batch(&self) -> usize {
        (**self).smallest_batch()
    }
    fn describe(&self) -> String {
        (**self).describe()
    }
    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        (**self).operations()
    }
}
