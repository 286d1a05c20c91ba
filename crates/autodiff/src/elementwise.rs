//! Element-wise operations: a value and a slope.

use std::fmt::Debug;

use linalg::{Accum, MatMut, MatRef, Scalar};

use crate::kernels::{self, Operand, ZipValue};
use crate::{Accumulator, Array, Cotangents, Number, Op, Shape, Side};

/// An operation on each entry of one matrix. Implementing the three functions gives all derivatives of every order.
///
/// ```
/// use autodiff::{Elementwise, Number, Tape};
/// use linalg::Scalar;
///
/// /// x² + x
/// #[derive(Debug, Clone, Copy)]
/// struct Pronic;
/// impl Elementwise for Pronic {
///     fn name(&self) -> &'static str { "pronic" }
///     fn value<T: Scalar>(self, x: T) -> T { x * x + x }
///     fn chain<N: Number>(self, x: N, _y: N, d: N) -> N { d * x.affine(2.0, 1.0) }
/// }
///
/// let tape = Tape::new();
/// let x = tape.variable(&[3.0_f64]);
/// let y = x.map(Pronic);
/// assert_eq!((y.item(), y.backward()[x][(0, 0)]), (12.0, 7.0));
/// ```
pub trait Elementwise: Copy + Debug + Send + Sync + 'static {
    /// The name under which it is printed and reported.
    fn name(&self) -> &'static str;
    /// The value at `x`.
    fn value<T: Scalar>(self, x: T) -> T;
    /// `d` times the derivative at `x`, where the value is `y`.
    fn chain<N: Number>(self, x: N, y: N, d: N) -> N;
    /// The values at all entries of a slice, for those operations that have a vector kernel.
    #[inline]
    fn map<T: Scalar>(self, x: &[T], out: &mut [T]) {
        linalg::elementwise::map(x, out, |x| self.value(x));
    }
}

/// An operation on the entries of two matrices, of which one may be a row, a column or a 1x1 against the other.
pub trait Elementwise2: Copy + Debug + Send + Sync + 'static {
    /// The name under which it is printed and reported.
    fn name(&self) -> &'static str;
    /// The value at `(a, b)`.
    fn value<N: Number>(self, a: N, b: N) -> N;
    /// `d` times the derivative with respect to `a`, where the value is `y`.
    fn chain_left<N: Number>(self, a: N, b: N, y: N, d: N) -> N;
    /// `d` times the derivative with respect to `b`, where the value is `y`.
    fn chain_right<N: Number>(self, a: N, b: N, y: N, d: N) -> N;
    /// True if operands of different shapes are refused rather than spread (losses do).
    const EQUAL_SHAPES: bool = false;

    /// The slope on one side.
    #[inline]
    fn chain<N: Number>(self, side: Side, a: N, b: N, y: N, d: N) -> N {
        match side {
            Side::Left => self.chain_left(a, b, y, d),
            Side::Right => self.chain_right(a, b, y, d),
        }
    }
}

/// An [`Elementwise`] function as an operation.
#[derive(Debug, Clone, Copy)]
pub struct Map<F>(pub F);

impl<F: Elementwise> Op<1> for Map<F> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    #[inline]
    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }

    #[inline]
    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        linalg::elementwise::over(x, out, accum, |x, out| self.0.map(x, out));
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            dy.add_map(self.0, x, y, dx);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        if let Some(mut dx) = dx.at(0) {
            dx.add_map(self.0, x, y, dy);
        }
    }
}

/// An [`Elementwise2`] function as an operation.
#[derive(Debug, Clone, Copy)]
pub struct Zip<F>(pub F);

impl<F: Elementwise2> Op<2> for Zip<F> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    #[inline]
    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        if F::EQUAL_SHAPES {
            return if a == b {
                Ok(a)
            } else {
                Err("prediction and target must have the same shape")
            };
        }
        a.broadcast(b)
    }

    #[inline]
    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], out: MatMut<'_, T>, accum: Accum) {
        let operands = [Operand::new(a), Operand::new(b)];
        kernels::evaluate(&ZipValue(self.0), &operands, out, accum);
    }

    fn jvp<A: Array>(&self, x: [&A; 2], y: &A, dx: [Option<&A>; 2], mut dy: Accumulator<'_, A>) {
        for (side, dx) in [Side::Left, Side::Right].into_iter().zip(dx) {
            let Some(dx) = dx else { continue };
            if dx.shape() == y.shape() {
                dy.add_zip(y.shape(), side, self.0, x, y, dx);
            } else {
                let spread = A::apply(crate::ops::Spread::to(y.shape()), [dx]);
                dy.add_zip(y.shape(), side, self.0, x, y, &spread);
            }
        }
    }

    fn vjp<A: Array>(&self, x: [&A; 2], y: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        for (operand, side) in [Side::Left, Side::Right].into_iter().enumerate() {
            if let Some(mut dx) = dx.at(operand) {
                dx.add_zip(x[operand].shape(), side, self.0, x, y, dy);
            }
        }
    }
}
