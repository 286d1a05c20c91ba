//! A column of numbers as a function of parameters, on a tape of its own.

use std::marker::PhantomData;

use autodiff::{Gradients, Inputs, Shape, Tape, Var};
use linalg::MatRef;

use super::range::Range;

/// A closure over variables with the shapes of its parameters.
#[derive(Debug)]
pub(super) struct Recording<'env, F> {
    tape: Tape<f64>,
    shapes: Vec<Shape>,
    f: F,
    environment: PhantomData<&'env ()>,
}

impl<'env, F> Recording<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    pub(super) fn new(shapes: Vec<Shape>, f: F) -> Self {
        Self {
            tape: Tape::new(),
            shapes,
            f,
            environment: PhantomData,
        }
    }

    pub(super) fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// How many numbers the parameters have together.
    pub(super) fn dimension(&self) -> usize {
        self.shapes.iter().map(|shape| shape.len()).sum()
    }

    /// Evaluates at `x`, which holds one parameter after another, each column after column.
    pub(super) fn at<R>(
        &mut self,
        x: &[f64],
        then: impl for<'t> FnOnce(Var<'t, f64>, &[Var<'t, f64>]) -> R,
    ) -> R {
        self.tape.clear();
        let mut rest = x;
        let tape = &self.tape;
        let variables: Vec<_> = self
            .shapes
            .iter()
            .map(|shape| {
                let (part, after) = rest.split_at(shape.len());
                rest = after;
                let part = MatRef::from_column_major_slice(part, shape.rows, shape.columns);
                tape.variable(part)
            })
            .collect();
        let result = (self.f)(Inputs::new(tape, &variables));
        assert!(
            std::ptr::eq(result.tape(), tape),
            "a closure returned a variable of another tape; use the parameters that it is given"
        );
        then(result, &variables)
    }

    /// The entries of the result at `x`.
    pub(super) fn values(&mut self, x: &[f64]) -> Vec<f64> {
        self.at(x, |result, _| entries(result))
    }
}

/// The entries of a variable, column after column.
pub(super) fn entries(of: Var<'_, f64>) -> Vec<f64> {
    let m = of.to_mat();
    (0..m.ncols())
        .flat_map(|j| (0..m.nrows()).map(move |i| (i, j)))
        .map(|entry| m[entry])
        .collect()
}

/// Gradients one after another; zeros where there are none.
pub(super) fn laid_out(gradients: &Gradients<f64>, variables: &[Var<'_, f64>]) -> Vec<f64> {
    let mut out = Vec::new();
    for variable in variables {
        match gradients.get(*variable) {
            Some(gradient) => out.extend_from_slice(gradient.as_slice()),
            None => out.resize(out.len() + variable.shape().len(), 0.0),
        }
    }
    out
}

/// The parameters of a closure: entries one parameter after another, each column after column.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub(super) names: Vec<String>,
    pub(super) shapes: Vec<Shape>,
    pub(super) ranges: Vec<Range>,
}

impl Parameters {
    /// With these numbers of rows and columns, called p1, p2, …, and of any size.
    pub(super) fn new(sizes: &[(usize, usize)]) -> Self {
        let shapes = shapes(sizes);
        let names = default_names(&shapes);
        let ranges = vec![Range::Real; names.len()];
        Self {
            names,
            shapes,
            ranges,
        }
    }

    #[track_caller]
    pub(super) fn name<S: Into<String>>(&mut self, names: impl IntoIterator<Item = S>) {
        self.names = names.into_iter().map(Into::into).collect();
        assert_eq!(
            self.names.len(),
            self.ranges.len(),
            "a name for each entry of the parameters is needed"
        );
    }

    #[track_caller]
    pub(super) fn range(&mut self, ranges: impl IntoIterator<Item = Range>) {
        self.ranges = ranges.into_iter().collect();
        assert_eq!(
            self.ranges.len(),
            self.names.len(),
            "a range for each entry of the parameters is needed"
        );
    }
}

/// Shapes from pairs of rows and columns.
fn shapes(parameters: &[(usize, usize)]) -> Vec<Shape> {
    parameters
        .iter()
        .map(|&(rows, columns)| Shape::new(rows, columns))
        .collect()
}

/// p1, p2, …
fn default_names(shapes: &[Shape]) -> Vec<String> {
    let count: usize = shapes.iter().map(|shape| shape.len()).sum();
    (1..=count).map(|k| format!("p{k}")).collect()
}
