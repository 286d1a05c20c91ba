//! Largest entries, log-sum-exp and norms over rows, columns or all entries.

use linalg::{Accum, MatMut, MatRef, Scalar, elementwise, reduce};

use super::{Exp, Mul, Sub, SumTo, Unit, put};
use crate::{Accumulator, Array, Cotangents, Map, Op, Shape, Zip};

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

    /// Computes every entry of the result from the entries that it combines.
    fn each<T: Scalar>(
        self,
        x: MatRef<'_, T>,
        mut out: MatMut<'_, T>,
        accum: Accum,
        f: impl Fn(Entries<'_, T>) -> T,
    ) {
        let result = self.of(Shape::new(x.nrows(), x.ncols()));
        for k in 0..result.len() {
            let (part, at) = match self {
                Self::All => (x, (0, 0)),
                Self::Rows => (x.subcols(k, 1), (0, k)),
                Self::Columns => (x.subrows(k, 1), (k, 0)),
            };
            put(&mut out[at], f(Entries(part)), accum);
        }
    }
}

/// The entries of a matrix, column after column.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'a, T>(pub MatRef<'a, T>);

impl<T: Scalar> Entries<'_, T> {
    fn len(self) -> usize {
        self.0.nrows() * self.0.ncols()
    }

    #[inline]
    fn at(self, k: usize) -> T {
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
        let top = |i: usize, j: usize| y[(i.min(y.nrows() - 1), j.min(y.ncols() - 1))];
        let ties = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
            let tie = |(i, j): (usize, usize)| x[(i, j)] == top(i, j);
            let entries = columns.flat_map(|j| rows.clone().map(move |i| (i, j)));
            entries.filter(|e| tie(*e)).count()
        };
        let (rows, columns) = (x.nrows(), x.ncols());
        let all = if self.over == Over::All {
            ties(0..rows, 0..columns)
        } else {
            0
        };
        for j in 0..columns {
            let column = if self.over == Over::Rows {
                ties(0..rows, j..j + 1)
            } else {
                all
            };
            for i in 0..rows {
                let tied = x[(i, j)] == top(i, j);
                let count = if self.over == Over::Columns && tied {
                    ties(i..i + 1, 0..columns)
                } else {
                    column
                };
                let share = if tied {
                    T::ONE / T::from_f64(count as f64)
                } else {
                    T::ZERO
                };
                put(&mut out[(i, j)], share, accum);
            }
        }
    }

    fn differentiable(&self) -> bool {
        false
    }

    fn jvp<A: Array>(&self, _: [&A; 2], _: &A, _: [Option<&A>; 2], _: Accumulator<'_, A>) {}

    fn vjp<A: Array>(&self, _: [&A; 2], _: &A, _: &A, _: Cotangents<'_, A, 2>) {}
}

/// ln Σ eˣ without overflow; −∞ of no entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSumExp {
    /// In which direction.
    pub over: Over,
}

/// eˣ over the sum of the exponentials, from a matrix and its log-sum-exp.
fn shares<A: Array>(x: &A, y: &A) -> A {
    A::apply(Map(Exp), [&A::apply(Zip(Sub), [x, y])])
}

fn log_sum_exp<T: Scalar>(x: Entries<'_, T>) -> T {
    let (first, top) = x.first_largest();
    if !top.is_finite() {
        return top;
    }
    // The first of the largest is 1 exactly; the others are the tail, which `ln_1p` keeps to the last digit.
    top + x.exponentials(top, first).ln_1p()
}

impl Op<1> for LogSumExp {
    fn name(&self) -> &'static str {
        "log_sum_exp"
    }

    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(self.over.of(x))
    }

    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        self.over.each(x, out, accum, log_sum_exp);
    }

    fn jvp<A: Array>(
        &self,
        [x]: [&A; 1],
        y: &A,
        [dx]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            let product = A::apply(Zip(Mul), [&shares(x, y), dx]);
            dy.add(SumTo::to(y.shape()), [&product]);
        }
    }

    fn vjp<A: Array>(&self, [x]: [&A; 1], y: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(0, Zip(Mul), [&shares(x, y), dy]);
    }
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
