//! A computation that is recorded once and replayed on new inputs.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use linalg::{Mat, MatRef, Scalar, View};

use crate::ops::Identity;
use crate::tape::Records;
use crate::{Gradients, Tape, Var};

/// The variables of a function that is written as a closure, and the way to bring data in.
///
/// Indexed by position. Data that the closure borrows enter by [`constant`](Inputs::constant), uncopied.
#[derive(Debug, Clone, Copy)]
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
/// Where all matrices are short, the price of a derivative is the number of operations, and the gradient is recorded too; where
/// one is long, the price is memory traffic, and replays sweep back as [`Var::backward`] does.
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
/// drop(gradients);
/// assert_eq!(program.value(&[mat![[2.0]].as_ref()], &[y.as_ref()]), 0.0);
/// ```
pub struct Program<'env, T: Scalar> {
    tape: Tape<T>,
    variables: usize,
    inputs: usize,
    root: usize,
    /// The operations that lead to the result, in order.
    steps: Vec<usize>,
    /// The recorded gradient, if there is one.
    recorded: Option<RecordedGradient>,
    environment: PhantomData<&'env ()>,
}

struct RecordedGradient {
    /// The records that hold the derivatives with respect to the variables; none where there is no dependence.
    at: Vec<Option<usize>>,
    /// The operations that lead to the result and to them, in order.
    steps: Vec<usize>,
}

/// Matrices of at most so many entries are short.
const SHORT: usize = 256;

/// The derivatives of a program with respect to its variables, by position.
#[derive(Debug)]
pub struct ProgramGradients<'p, T: Scalar>(Found<'p, T>);

#[derive(Debug)]
enum Found<'p, T: Scalar> {
    Recorded(Records<'p, T>, &'p [Option<usize>]),
    Swept(Gradients<T>),
}

/// The identity of an input: from the end of the range, where no parameter of a module is.
fn input_id(at: usize) -> u64 {
    u64::MAX - at as u64
}

impl<T: Scalar> ProgramGradients<'_, T> {
    /// The derivative with respect to a variable, column after column; empty if the result does not depend on it, or if there is no
    /// such variable.
    pub fn of(&self, variable: usize) -> &[T] {
        match &self.0 {
            Found::Recorded(records, at) => at
                .get(variable)
                .copied()
                .flatten()
                .map_or(&[], |at| records.entries(at)),
            Found::Swept(gradients) => gradients
                .parameter(input_id(variable))
                .map_or(&[], |gradient| gradient.as_slice()),
        }
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
        let zeros: Vec<Mat<T>> = variables
            .iter()
            .chain(data)
            .map(|&(rows, columns)| Mat::zeros(rows, columns))
            .collect();
        let (root, gradients) = {
            let input = |(at, zeros)| {
                if at < variables.len() {
                    tape.parameter(input_id(at), zeros)
                } else {
                    tape.constant(zeros)
                }
            };
            let inputs: Vec<Var<'_, T>> = zeros.iter().enumerate().map(input).collect();
            let (variables, data) = inputs.split_at(variables.len());
            tape.seal();
            let result = f(Inputs::new(&tape, variables), Inputs::new(&tape, data));
            result.expect_scalar("a program's result");
            result.expect_same_tape_as(&tape, "a program's result");
            let result = result.map(Identity);
            let gradients = (tape.longest() <= SHORT).then(|| {
                let gradients = result.grad(variables);
                let leads = result.depends_on(variables);
                let at = gradients.iter().zip(leads);
                at.map(|(g, leads)| leads.then_some(g.index() as usize))
                    .collect()
            });
            (result.index() as usize, gradients)
        };
        let recorded = gradients.map(|at: Vec<Option<usize>>| {
            let roots: Vec<usize> = at.iter().flatten().copied().chain([root]).collect();
            let steps = tape.steps(&roots);
            RecordedGradient { at, steps }
        });
        let steps = tape.steps(&[root]);
        Self {
            tape,
            variables: variables.len(),
            inputs: zeros.len(),
            root,
            steps,
            recorded,
            environment: PhantomData,
        }
    }

    /// The number of operations that a replay evaluates for the value.
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
        self.tape.records().entries(self.root)[0]
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
    ) -> (T, ProgramGradients<'_, T>) {
        let Some(steps) = self.recorded.as_ref().map(|recorded| &recorded.steps) else {
            let value = self.value(variables, data);
            let one = [T::ONE];
            let one = MatRef::from_column_major_slice(&one, 1, 1);
            let gradients = self.tape.pull(self.root, one);
            return (value, ProgramGradients(Found::Swept(gradients)));
        };
        self.expect_inputs(variables, data);
        self.tape.replay(steps, variables, data);
        let records = self.tape.records();
        let value = records.entries(self.root)[0];
        let at = self.recorded.as_ref().map_or(&[][..], |found| &found.at);
        (value, ProgramGradients(Found::Recorded(records, at)))
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
