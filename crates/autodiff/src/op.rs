//! One definition per operation, three readings of it.
//!
//! An operation says what shape it gives, how it is evaluated, and its two derivative rules. The rules are written in a
//! language of two words, [`Array::apply`] and [`Accumulator::add`] (element-wise operations have two more, so that a slope and a
//! product with it are one pass); a matrix evaluates them, a pair of matrices pushes a
//! tangent through them, and a variable records them. So derivatives of derivatives need no rules of their own.

use std::fmt::Debug;

use linalg::{Accum, MatMut, MatRef, Scalar};

use crate::{Elementwise, Elementwise2, Shape};

/// An operation on `N` matrices.
///
/// In the rules, `x` are the operands, `y` the output, `dx` and `dy` tangents (in `jvp`) or cotangents (in `vjp`).
///
/// ```
/// use autodiff::{Accumulator, Array, Cotangents, Op, Shape, Tape};
/// use linalg::{Accum, MatMut, MatRef, Scalar, mat};
///
/// /// The trace of a square matrix, defined outside the crate.
/// #[derive(Debug, Clone, Copy)]
/// struct Trace;
/// /// A multiple of the identity, which is how the trace pulls a cotangent back.
/// #[derive(Debug, Clone, Copy)]
/// struct Diagonal(usize);
///
/// impl Op<1> for Trace {
///     fn name(&self) -> &'static str { "trace" }
///     fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
///         if x.rows == x.columns { Ok(Shape::SCALAR) } else { Err("only a square matrix has a trace") }
///     }
///     fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
///         let trace = (0..x.nrows()).map(|i| x[(i, i)]).sum();
///         match accum {
///             Accum::Replace => out[(0, 0)] = trace,
///             Accum::Add => out[(0, 0)] += trace,
///         }
///     }
///     fn jvp<A: Array>(&self, _: [&A; 1], _: &A, [dx]: [Option<&A>; 1], mut dy: Accumulator<'_, A>) {
///         if let Some(dx) = dx { dy.add(Trace, [dx]); }
///     }
///     fn vjp<A: Array>(&self, [x]: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
///         dx.add(0, Diagonal(x.shape().rows), [dy]);
///     }
/// }
/// impl Op<1> for Diagonal {
///     fn name(&self) -> &'static str { "diagonal" }
///     fn shape(&self, _: [Shape; 1]) -> Result<Shape, &'static str> { Ok(Shape::new(self.0, self.0)) }
///     fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
///         if accum == Accum::Replace { out.fill(T::ZERO); }
///         for i in 0..self.0 { out[(i, i)] += x[(0, 0)]; }
///     }
///     fn jvp<A: Array>(&self, _: [&A; 1], _: &A, [dx]: [Option<&A>; 1], mut dy: Accumulator<'_, A>) {
///         if let Some(dx) = dx { dy.add(*self, [dx]); }
///     }
///     fn vjp<A: Array>(&self, _: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
///         dx.add(0, Trace, [dy]);
///     }
/// }
///
/// let m = mat![[1.0, 2.0], [3.0, 4.0]];
/// let tape = Tape::new();
/// let x = tape.variable(&m);
/// let y = tape.apply(Trace, [x]);
/// assert_eq!(y.item(), 5.0);
/// assert_eq!(y.backward()[x].as_mat(), mat![[1.0, 0.0], [0.0, 1.0]]);
/// ```
pub trait Op<const N: usize>: Clone + Debug + Send + Sync + 'static {
    /// The name under which it is printed and reported.
    fn name(&self) -> &'static str;
    /// The shape of the output.
    ///
    /// # Errors
    /// What would fit, in words; the caller adds the name of the operation and the shapes.
    fn shape(&self, x: [Shape; N]) -> Result<Shape, &'static str>;
    /// `out = op(x)` or `out += op(x)`.
    fn eval<T: Scalar>(&self, x: [MatRef<'_, T>; N], out: MatMut<'_, T>, accum: Accum);
    /// Adds the tangent of the output to `dy`; a missing tangent is zero.
    fn jvp<A: Array>(&self, x: [&A; N], y: &A, dx: [Option<&A>; N], dy: Accumulator<'_, A>);
    /// Adds the cotangents of the operands to `dx`.
    fn vjp<A: Array>(&self, x: [&A; N], y: &A, dy: &A, dx: Cotangents<'_, A, N>);
    /// False if the derivative is zero everywhere: the output is a constant to all derivatives.
    fn differentiable(&self) -> bool {
        true
    }
    /// True if matrices side by side in this operand give their results side by side, the others being the same for all. Then
    /// several directions are followed by one evaluation.
    fn columnwise(&self, operand: usize) -> bool {
        let _ = operand;
        false
    }
}

/// What derivative rules compute with: a matrix, a matrix with a tangent, or a variable on a tape.
pub trait Array: Sized {
    /// Where results accumulate.
    type Table: Table<Self>;
    /// Rows and columns.
    fn shape(&self) -> Shape;
    /// Applies an operation.
    fn apply<O: Op<N>, const N: usize>(op: O, x: [&Self; N]) -> Self;
}

/// Numbered accumulators of arrays. Rules reach it through [`Accumulator`].
pub trait Table<A: Array> {
    /// `self[at] += op(x)`.
    fn add<O: Op<N>, const N: usize>(&mut self, at: usize, op: O, x: [&A; N]);
    /// `self[at] += d · f′(x)`.
    fn add_map<F: Elementwise>(&mut self, at: usize, f: F, x: &A, y: &A, d: &A);
    /// `self[at] += d · ∂f/∂a` or `∂f/∂b`, summed to the shape `target`.
    #[allow(clippy::too_many_arguments)]
    fn add_zip<F: Elementwise2>(
        &mut self,
        at: usize,
        target: Shape,
        side: Side,
        f: F,
        operands: [&A; 2],
        y: &A,
        d: &A,
    );
}

/// The first or the second operand of a binary operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// A place to add to.
#[derive(Debug)]
pub struct Accumulator<'s, A: Array> {
    pub(crate) table: &'s mut A::Table,
    pub(crate) at: usize,
}

impl<A: Array> Accumulator<'_, A> {
    /// Adds `op(x)`.
    pub fn add<O: Op<N>, const N: usize>(&mut self, op: O, x: [&A; N]) {
        self.table.add(self.at, op, x);
    }

    pub(crate) fn add_map<F: Elementwise>(&mut self, f: F, x: &A, y: &A, d: &A) {
        self.table.add_map(self.at, f, x, y, d);
    }

    pub(crate) fn add_zip<F: Elementwise2>(
        &mut self,
        target: Shape,
        side: Side,
        f: F,
        operands: [&A; 2],
        y: &A,
        d: &A,
    ) {
        self.table.add_zip(self.at, target, side, f, operands, y, d);
    }
}

/// The cotangents of `N` operands, of which those that lead to no variable are not wanted.
#[derive(Debug)]
pub struct Cotangents<'s, A: Array, const N: usize> {
    pub(crate) table: &'s mut A::Table,
    pub(crate) at: [Option<usize>; N],
}

impl<A: Array, const N: usize> Cotangents<'_, A, N> {
    /// The accumulator of an operand, if its cotangent is wanted.
    pub fn at(&mut self, operand: usize) -> Option<Accumulator<'_, A>> {
        self.at[operand].map(|at| Accumulator {
            table: &mut *self.table,
            at,
        })
    }

    /// Adds `op(x)` to the cotangent of an operand, if it is wanted.
    pub fn add<O: Op<M>, const M: usize>(&mut self, operand: usize, op: O, x: [&A; M]) {
        if let Some(mut accumulator) = self.at(operand) {
            accumulator.add(op, x);
        }
    }
}
