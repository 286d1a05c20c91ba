//! A computation that is recorded once and replayed on new inputs.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use linalg::{MatRef, Scalar, View};

use crate::{Gradients, Tape, Var};

/// The variables of a function that is written as a closure, and the way to bring data in.
///
/// Indexed by position. Data that the closure borrows enter by [`constant`](Inputs::constant), uncopied.
#[derive(Debug)]
pub struct Inputs<'t, 'env: 't, T: Scalar> {
    tape: &'t Tape<T>,
    variables: &'t [Var<'t, T>],
    environment: PhantomData<&'t &'env ()>,
}

impl<'t, 'env: 't, T: Scalar> Inputs<'t, 'env, T> {
    /// For a function that is evaluated on a tape of its owner.
    pub fn new(tape: &'t Tape<T>, variables: &'t [Var<'t, T>]) -> Self {
        Self {
            tape,
            variables,
            environment: PhantomData,
        }
    }

    /// The tape that records.
    pub fn tape(&self) -> &'t Tape<T> {
        self.tape
    }

    /// All variables.
    pub fn all(&self) -> &'t [Var<'t, T>] {
        self.variables
    }

    /// A matrix that is not differentiated, uncopied.
    pub fn constant(&self, x: impl View<'env, T>) -> Var<'t, T> {
        self.tape.constant(x.view())
    }
}

impl<'t, T: Scalar> Index<usize> for Inputs<'t, '_, T> {
    type Output = Var<'t, T>;
    #[track_caller]
    fn index(&self, at: usize) -> &Var<'t, T> {
        &self.variables[at]
    }
}

/// A number as a function of matrices, recorded once and replayed on new ones of the same shapes.
///
/// A replay evaluates the recorded operations and nothing else, so the function must not look at values: reading one while
/// the program is recorded panics. What it reads from outside, it reads once.
///
/// ```
/// use autodiff::Program;
/// use linalg::mat;
/// let x_train = mat![[1.0_f64], [2.0], [3.0]];
/// // The mean squared error of y = w x as a function of w (differentiated) and y (not).
/// let mut program = Program::record(&[(1, 1)], &[(3, 1)], |w, y| {
///     (w.constant(&x_train).matmul(w[0]) - y[0]).square().mean()
/// });
/// let (w, y) = (mat![[1.0]], mat![[2.0], [4.0], [6.0]]);
/// let (value, gradients) = program.gradient(&[w.as_ref()], &[y.as_ref()]);
/// assert!((value - 14.0 / 3.0).abs() < 1e-12);
/// assert!((gradients.of(0)[0] + 28.0 / 3.0).abs() < 1e-12);
/// assert_eq!(program.value(&[mat![[2.0]].as_ref()], &[y.as_ref()]), 0.0);
/// ```
pub struct Program<'env, T: Scalar> {
    tape: Tape<T>,
    variables: usize,
    inputs: usize,
    root: usize,
    /// The operations that lead to the result, in order.
    steps: Vec<usize>,
    environment: PhantomData<&'env ()>,
}

/// The derivatives of a program with respect to its variables, by position.
#[derive(Debug)]
pub struct ProgramGradients<T: Scalar>(Gradients<T>);

impl<T: Scalar> ProgramGradients<T> {
    /// The derivative with respect to a variable, column after column; empty if the result does not depend on it.
    pub fn of(&self, variable: usize) -> &[T] {
        self.0
            .parameter(variable as u64)
            .map_or(&[], |gradient| gradient.as_slice())
    }
}

impl<'env, T: Scalar> Program<'env, T> {
    /// Records `f` of variables, with respect to which it is differentiated, and of data, with respect to which it is not,
    /// given by their numbers of rows and columns.
    ///
    /// # Panics
    /// If `f` looks at a value, or if its result is not 1x1.
    #[track_caller]
    pub fn record<F>(variables: &[(usize, usize)], data: &[(usize, usize)], f: F) -> Self
    where
        F: for<'t> FnOnce(Inputs<'t, 'env, T>, Inputs<'t, 'env, T>) -> Var<'t, T>,
    {
        let tape = Tape::new();
        let zeros: Vec<linalg::Mat<T>> = variables
            .iter()
            .chain(data)
            .map(|&(rows, columns)| linalg::Mat::zeros(rows, columns))
            .collect();
        let root = {
            let inputs: Vec<Var<'_, T>> = zeros
                .iter()
                .enumerate()
                .map(|(at, zeros)| {
                    if at < variables.len() {
                        tape.parameter(at as u64, zeros)
                    } else {
                        tape.constant(zeros)
                    }
                })
                .collect();
            let (variables, data) = inputs.split_at(variables.len());
            tape.seal();
            let result = f(Inputs::new(&tape, variables), Inputs::new(&tape, data));
            result.expect_scalar("a program's result");
            assert!(
                std::ptr::eq(result.tape(), &raw const tape),
                "a program's result was recorded on another tape"
            );
            result.index() as usize
        };
        let steps = tape.steps(root);
        Self {
            tape,
            variables: variables.len(),
            inputs: zeros.len(),
            root,
            steps,
            environment: PhantomData,
        }
    }

    /// The number of operations of a replay.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// True if a replay has nothing to compute.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The value for these inputs.
    ///
    /// # Panics
    /// If the number of inputs or a shape differs from what was recorded.
    #[track_caller]
    pub fn value(&mut self, variables: &[MatRef<'_, T>], data: &[MatRef<'_, T>]) -> T {
        self.expect_inputs(variables, data);
        self.tape.replay(&self.steps, variables, data);
        self.tape.item_at(self.root)
    }

    /// The value and the derivatives for these inputs.
    ///
    /// # Panics
    /// If the number of inputs or a shape differs from what was recorded.
    #[track_caller]
    pub fn gradient(
        &mut self,
        variables: &[MatRef<'_, T>],
        data: &[MatRef<'_, T>],
    ) -> (T, ProgramGradients<T>) {
        let value = self.value(variables, data);
        let one = [T::ONE];
        let one = MatRef::from_column_major_slice(&one, 1, 1);
        (value, ProgramGradients(self.tape.pull(self.root, one)))
    }

    #[track_caller]
    fn expect_inputs(&self, variables: &[MatRef<'_, T>], data: &[MatRef<'_, T>]) {
        let expected = (self.variables, self.inputs - self.variables);
        assert_eq!(
            (variables.len(), data.len()),
            expected,
            "a program was recorded with another number of inputs"
        );
    }
}

impl<T: Scalar> fmt::Debug for Program<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "program of {} operations on {:?}", self.len(), self.tape)
    }
}
