//! The third reading: a variable that records what is done to it. It is also what users hold.

use std::ops::{Add, Div, Mul, Neg, Sub};

use linalg::{Mat, Scalar};

use crate::ops::{self, Affine, Detach, MatMul, Power, SumTo, Transpose};
use crate::{
    Array, Elementwise, Elementwise2, Key, Map, Number, Op, Shape, Side, Table, Tape, Zip,
};

/// A matrix on a tape: a copyable handle, so that `x.matmul(w) + b` needs no `&` and no `clone`.
///
/// Operators and functions work entry by entry; a row, a column or a 1x1 spreads over a matrix.
///
/// ```
/// use autodiff::{Tape, Var};
/// use linalg::mat;
/// let x = mat![[1.0_f32, 2.0], [3.0, 1.0]];
/// let (w, b) = (mat![[0.5_f32], [-0.5]], mat![[0.0_f32]]);
/// let tape = Tape::new();
/// let (x, w, b) = (tape.constant(&x), tape.variable(&w), tape.variable(&b));
/// let hypothesis = (x.matmul(w) + b).sigmoid();
/// assert_eq!(hypothesis.shape().to_string(), "2x1");
/// assert!((hypothesis.get(1, 0) - 0.7310586).abs() < 1e-6);
/// ```
#[derive(Clone, Copy)]
pub struct Var<'t, T: Scalar> {
    tape: &'t Tape<T>,
    at: u32,
}

impl<'t, T: Scalar> Var<'t, T> {
    pub(crate) fn new(tape: &'t Tape<T>, at: u32) -> Self {
        Self { tape, at }
    }

    pub(crate) fn index(self) -> u32 {
        self.at
    }

    /// Checks that this variable and others that enter a derivative stand on one tape.
    #[track_caller]
    pub(crate) fn expect_same_tape(self, what: &str, other: Self) {
        assert!(
            std::ptr::eq(self.tape, other.tape),
            "{what}: {other:?} was recorded on another tape than {self:?}"
        );
    }

    #[track_caller]
    pub(crate) fn expect_same_tape_as(self, tape: &Tape<T>, what: &str) {
        assert!(
            std::ptr::eq(self.tape, tape),
            "{what}: {self:?} was recorded on another tape"
        );
    }

    /// Which of `variables` lead to this one.
    pub(crate) fn depends_on(self, variables: &[Self]) -> Vec<bool> {
        let mut marks = Vec::new();
        self.tape.mark_ancestors(self.at as usize, &mut marks);
        variables
            .iter()
            .map(|v| marks.get(v.at as usize).copied().unwrap_or(false))
            .collect()
    }

    pub(crate) fn key(self) -> Option<Key> {
        self.tape.nodes()[self.at as usize].key()
    }

    /// The tape on which it is recorded.
    pub fn tape(self) -> &'t Tape<T> {
        self.tape
    }

    /// Rows and columns.
    pub fn shape(self) -> Shape {
        self.tape.shape_of(self.at)
    }

    /// A copy of the values.
    ///
    /// # Panics
    /// If it varies and a [`Program`](crate::Program) is being recorded, or its values were dropped.
    #[track_caller]
    pub fn to_mat(self) -> Mat<T> {
        self.tape.read(self, |m| m.to_owned())
    }

    /// The entry in a row and a column, from 0.
    ///
    /// # Panics
    /// If there is no such entry, and as [`to_mat`](Self::to_mat).
    #[track_caller]
    pub fn get(self, row: usize, column: usize) -> T {
        let shape = self.shape();
        assert!(
            row < shape.rows && column < shape.columns,
            "entry ({row}, {column}) of a {shape} matrix"
        );
        self.tape.read(self, |m| m[(row, column)])
    }

    /// The entry of a 1x1.
    ///
    /// # Panics
    /// If it is not 1x1, and as [`to_mat`](Self::to_mat).
    #[track_caller]
    pub fn item(self) -> T {
        assert_eq!(
            self.shape(),
            Shape::SCALAR,
            "item: only a 1x1 is a number; take a mean or a sum first"
        );
        self.get(0, 0)
    }

    /// Applies an element-wise function.
    #[track_caller]
    pub fn map<F: Elementwise>(self, f: F) -> Self {
        self.tape.apply(Map(f), [self])
    }

    /// Applies a function of two entries.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn zip<F: Elementwise2>(self, f: F, other: Self) -> Self {
        self.tape.apply(Zip(f), [self, other])
    }

    /// Matrix product.
    ///
    /// # Panics
    /// If `other` has another number of rows than `self` has columns.
    #[track_caller]
    pub fn matmul(self, other: Self) -> Self {
        self.tape.apply(MatMul::PLAIN, [self, other])
    }

    /// Matrix product with the transpose of `other`, which is not formed.
    ///
    /// # Panics
    /// If the two have different numbers of columns.
    #[track_caller]
    pub fn matmul_transposed(self, other: Self) -> Self {
        self.tape.apply(MatMul::RIGHT_TRANSPOSED, [self, other])
    }

    /// Rows for columns.
    #[track_caller]
    pub fn transpose(self) -> Self {
        self.tape.apply(Transpose, [self])
    }

    /// Entry by entry to a fixed power.
    #[track_caller]
    pub fn powf(self, exponent: f64) -> Self {
        self.map(Power(exponent))
    }

    /// The sum of all entries, 1x1.
    #[track_caller]
    pub fn sum(self) -> Self {
        self.sum_to(Shape::SCALAR)
    }

    /// The mean of all entries, 1x1; NaN if there are none.
    #[track_caller]
    pub fn mean(self) -> Self {
        let divisor = self.shape().len() as f64;
        self.tape.apply(
            SumTo {
                to: Shape::SCALAR,
                divisor,
            },
            [self],
        )
    }

    /// Sums to a row (over rows), a column (over columns) or a 1x1 (over both).
    ///
    /// # Panics
    /// If `shape` is none of these.
    #[track_caller]
    pub fn sum_to(self, shape: Shape) -> Self {
        self.tape.apply(SumTo::to(shape), [self])
    }

    /// The same values, cut off from what they were computed from: a constant to all derivatives.
    #[track_caller]
    pub fn detach(self) -> Self {
        self.tape.apply(Detach, [self])
    }
}

macro_rules! operator {
    ($($operator:ident $method:ident: |$x:ident, $c:ident| $right:expr, |$cl:ident, $xl:ident| $left:expr;)*) => {
        $(
            impl<'t, T: Scalar> $operator for Var<'t, T> {
                type Output = Self;
                #[track_caller]
                fn $method(self, other: Self) -> Self {
                    self.zip(ops::$operator, other)
                }
            }
            impl<'t, T: Scalar> $operator<T> for Var<'t, T> {
                type Output = Self;
                fn $method(self, other: T) -> Self {
                    let ($x, $c) = (self, other.to_f64());
                    $right
                }
            }
            operator!(@left f32 $operator $method |$cl, $xl| $left);
            operator!(@left f64 $operator $method |$cl, $xl| $left);
        )*
    };
    (@left $t:ident $operator:ident $method:ident |$c:ident, $x:ident| $left:expr) => {
        impl<'t> $operator<Var<'t, $t>> for $t {
            type Output = Var<'t, $t>;
            fn $method(self, other: Var<'t, $t>) -> Var<'t, $t> {
                let ($c, $x) = (self.to_f64(), other);
                $left
            }
        }
    };
}

operator! {
    Add add: |x, c| x.affine(1.0, c), |c, x| x.affine(1.0, c);
    Sub sub: |x, c| x.affine(1.0, -c), |c, x| x.affine(-1.0, c);
    Mul mul: |x, c| x.affine(c, 0.0), |c, x| x.affine(c, 0.0);
    Div div: |x, c| x / x.constant(c), |c, x| x.constant(c) / x;
}

impl<T: Scalar> Neg for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.affine(-1.0, 0.0)
    }
}

impl<T: Scalar> Number for Var<'_, T> {
    fn constant(self, c: f64) -> Self {
        self.tape.full(Shape::SCALAR, T::from_f64(c))
    }
    fn affine(self, scale: f64, offset: f64) -> Self {
        self.map(Affine { scale, offset })
    }
    fn apply<F: Elementwise>(self, f: F) -> Self {
        self.map(f)
    }
    fn maximum(self, other: Self) -> Self {
        self.zip(ops::Maximum, other)
    }
    fn share(self, other: Self) -> Self {
        self.zip(ops::Share, other)
    }
    fn keep(self, x: Self) -> Self {
        self.zip(ops::Keep, x)
    }
    fn power(self, exponent: Self) -> Self {
        self.zip(ops::Pow, exponent)
    }
    fn times(self, factor: Self) -> Self {
        self.zip(ops::Times, factor)
    }
}

impl<'t, T: Scalar> Array for Var<'t, T> {
    type Table = Variables<'t, T>;

    fn shape(&self) -> Shape {
        Var::shape(*self)
    }

    fn apply<O: Op<N>, const N: usize>(op: O, x: [&Self; N]) -> Self {
        x[0].tape.apply(op, x.map(|x| *x))
    }
}

/// Accumulators of variables; `None` is zero.
#[derive(Debug)]
pub struct Variables<'t, T: Scalar> {
    pub(crate) sums: Vec<Option<Var<'t, T>>>,
}

impl<'t, T: Scalar> Variables<'t, T> {
    fn put(&mut self, at: usize, term: Var<'t, T>) {
        let sum = &mut self.sums[at];
        *sum = Some(sum.map_or(term, |sum| sum + term));
    }
}

impl<'t, T: Scalar> Table<Var<'t, T>> for Variables<'t, T> {
    fn add<O: Op<N>, const N: usize>(&mut self, at: usize, op: O, x: [&Var<'t, T>; N]) {
        self.put(at, Array::apply(op, x));
    }

    fn add_map<F: Elementwise>(
        &mut self,
        at: usize,
        f: F,
        x: &Var<'t, T>,
        y: &Var<'t, T>,
        d: &Var<'t, T>,
    ) {
        self.put(at, f.chain(*x, *y, *d));
    }

    fn add_zip<F: Elementwise2>(
        &mut self,
        at: usize,
        target: Shape,
        side: Side,
        f: F,
        [a, b]: [&Var<'t, T>; 2],
        y: &Var<'t, T>,
        d: &Var<'t, T>,
    ) {
        let term = f.chain(side, *a, *b, *y, *d);
        self.put(
            at,
            if term.shape() == target {
                term
            } else {
                term.sum_to(target)
            },
        );
    }
}
