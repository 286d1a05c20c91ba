//! Largest entries and norms over rows, columns or all entries.

use linalg::{Accum, MatMut, MatRef, Scalar, elementwise, reduce};

use super::{Mul, SumTo, Unit, put};
use crate::{Accumulator, Array, Cotangents, Op, Shape, Zip};

/// The direction in which entries are combined to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// All entries to a 1x1.
    All,
    /// Over the rows: the result is a row with an entry for each column.
    Rows,
    /// Over the columns: the result is a column with an entry for each row.
    Columns,
}

impl Over {
    /// The shape of the result.
    pub fn of(self, x: Shape) -> Shape {
        match self {
            Self::All => Shape::SCALAR,
            Self::Rows => Shape::new(1, x.columns),
            Self::Columns => Shape::new(x.rows, 1),
        }
    }

    /// The entries that are combined to the k-th entry of the result.
    fn group<T: Scalar>(self, x: MatRef<'_, T>, k: usize) -> Group<'_, T> {
        let (part, result) = match self {
            Self::All => (x, (0, 0)),
            Self::Rows => (x.subcols(k, 1), (0, k)),
            Self::Columns => (x.subrows(k, 1), (k, 0)),
        };
        Group {
            entries: Entries(part),
            result,
        }
    }

    /// Computes every entry of the result from the entries that it combines.
    pub(crate) fn each<T: Scalar>(
        self,
        x: MatRef<'_, T>,
        mut out: MatMut<'_, T>,
        accum: Accum,
        f: impl Fn(Entries<'_, T>) -> T,
    ) {
        for k in 0..self.of(Shape::new(x.nrows(), x.ncols())).len() {
            let group = self.group(x, k);
            put(&mut out[group.result], f(group.entries), accum);
        }
    }

    /// Calls `f` with every group of entries that are combined and the same part of `out`, a matrix of the shape of `x`.
    pub(crate) fn each_group<T: Scalar>(
        self,
        x: MatRef<'_, T>,
        out: &mut MatMut<'_, T>,
        f: impl Fn(Group<'_, T>, MatMut<'_, T>),
    ) {
        if x.nrows() * x.ncols() == 0 {
            return;
        }
        for k in 0..self.of(Shape::new(x.nrows(), x.ncols())).len() {
            let out = out.as_mut();
            let part = match self {
                Self::All => out,
                Self::Rows => out.subcols_mut(k, 1),
                Self::Columns => out.subrows_mut(k, 1),
            };
            f(self.group(x, k), part);
        }
    }
}

/// Entries that are combined, and where their result stands.
pub(crate) struct Group<'a, T> {
    pub(crate) entries: Entries<'a, T>,
    pub(crate) result: (usize, usize),
}

/// The entries of a matrix, column after column.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'a, T>(pub MatRef<'a, T>);

impl<T: Scalar> Entries<'_, T> {
    pub(crate) fn len(self) -> usize {
        self.0.nrows() * self.0.ncols()
    }

    #[inline]
    pub(crate) fn at(self, k: usize) -> T {
        match self.0.nrows() {
            1 => self.0[(0, k)],
            rows => self.0[(k % rows, k / rows)],
        }
    }

    /// Σ e^(x − offset) over all entries but the one at `except`.
    pub(crate) fn exponentials(self, offset: T, except: usize) -> T {
        let (mut terms, mut values) = ([T::ZERO; 64], [T::ZERO; 64]);
        let mut sum = T::ZERO;
        for start in (0..self.len()).step_by(64) {
            let n = (self.len() - start).min(64);
            for (k, term) in terms[..n].iter_mut().enumerate() {
                let but_one = start + k != except;
                *term = if but_one {
                    self.at(start + k) - offset
                } else {
                    -T::INFINITY
                };
            }
            elementwise::exp(&terms[..n], &mut values[..n]);
            sum += reduce::sum(&values[..n]);
        }
        sum
    }

    /// The place of the first largest entry, and the entry.
    pub(crate) fn first_largest(self) -> (usize, T) {
        let top = largest(self);
        let first = (0..self.len()).find(|&k| self.at(k) == top);
        (first.unwrap_or(0), top)
    }
}

fn largest<T: Scalar>(x: Entries<'_, T>) -> T {
    (0..x.len()).fold(-T::INFINITY, |largest, k| largest.larger(x.at(k)))
}

/// The largest entry; −∞ of none, NaN if one is. Ties share the slope evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Max {
    /// In which direction.
    pub over: Over,
}

/// 1/k at the k entries that equal the maximum, else 0, from a matrix and its maximum. The slope is 0 everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxShares {
    /// In which direction the maximum was taken.
    pub over: Over,
}

impl Op<1> for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(self.over.of(x))
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        self.over.each(x, out, accum, largest);
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let shares = A::apply(MaxShares { over: self.over }, [x, y]);
            let product = A::apply(Zip(Mul), [&shares, dx]);
            dy.add(SumTo::to(y.shape()), [&product]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        let shares = A::apply(MaxShares { over: self.over }, [x, y]);
        dx.add(0, Zip(Mul), [&shares, dy]);
    }
}

impl Op<2> for MaxShares {
    fn name(&self) -> &'static str {
        "max shares"
    }

    fn shape(&self, [x, y]: [Shape; 2]) -> Result<Shape, &'static str> {
        if self.over.of(x) == y {
            Ok(x)
        } else {
            Err("a matrix and its maximum are needed")
        }
    }

    fn eval<T: Scalar>(&self, [x, y]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        self.over.each_group(x, &mut out, |group, mut out| {
            let top = y[group.result];
            let tied = |value: T| value == top;
            let count = (0..group.entries.len()).filter(|&k| tied(group.entries.at(k)));
            let share = T::ONE / T::from_f64(count.count() as f64);
            for j in 0..out.ncols() {
                for i in 0..out.nrows() {
                    let tied = tied(group.entries.0[(i, j)]);
                    put(&mut out[(i, j)], if tied { share } else { T::ZERO }, accum);
                }
            }
        });
    }

    fn differentiable(&self) -> bool {
        false
    }

    fn jvp<A: Array>(&self, _: [&A; 2], _: &A, _: [Option<&A>; 2], _: Accumulator<'_, A>) {}

    fn vjp<A: Array>(&self, _: [&A; 2], _: &A, _: &A, _: Cotangents<'_, A, 2>) {}
}

/// The Euclidean norm √(Σ x²), without overflow. Its slope at 0 is taken as 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Norm {
    /// In which direction.
    pub over: Over,
}

impl Op<1> for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(self.over.of(x))
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        self.over.each(x, out, accum, |x| {
            let size = (0..x.len()).fold(T::ZERO, |size, k| size.larger(x.at(k).abs()));
            if size == T::ZERO || !size.is_finite() {
                return size;
            }
            let square = |k: usize| (x.at(k) / size) * (x.at(k) / size);
            size * reduce::sum_by(x.len(), square).sqrt()
        });
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let product = A::apply(Zip(Mul), [&A::apply(Zip(Unit), [x, y]), dx]);
            dy.add(SumTo::to(y.shape()), [&product]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(0, Zip(Mul), [&A::apply(Zip(Unit), [x, y]), dy]);
    }
}
