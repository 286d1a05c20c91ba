//! Loops over the entries of one, two or four matrices, in which a row, a column or a 1x1 stands for a whole matrix.

use linalg::{Accum, ColRef, MatMut, MatRef, Scalar, flat, flat_mut, reduce};

use crate::Shape;

/// A matrix as an operand of an element-wise loop.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a, T> {
    m: MatRef<'a, T>,
    flat: Option<&'a [T]>,
}

/// One column of an operand, repeated as the loop asks.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a, T> {
    One(T),
    Slice(&'a [T]),
    Strided(ColRef<'a, T>),
}

impl<T: Scalar> Column<'_, T> {
    #[inline]
    pub(crate) fn get(&self, i: usize) -> T {
        match self {
            Self::One(value) => *value,
            Self::Slice(slice) => slice[i],
            Self::Strided(column) => column[i],
        }
    }
}

impl<'a, T: Scalar> Operand<'a, T> {
    #[inline]
    pub(crate) fn new(m: MatRef<'a, T>) -> Self {
        Self { m, flat: flat(m) }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape::new(self.m.nrows(), self.m.ncols())
    }

    fn is_one(&self) -> bool {
        self.shape() == Shape::SCALAR
    }

    /// Column `j` of the operand spread over `rows` rows.
    #[inline]
    pub(crate) fn column(&self, j: usize, rows: usize) -> Column<'a, T> {
        let j = if self.m.ncols() == 1 { 0 } else { j };
        let n = self.m.nrows();
        if n == 1 && (rows != 1 || self.flat.is_none()) {
            return Column::One(self.m[(0, j)]);
        }
        if let Some(flat) = self.flat {
            return Column::Slice(&flat[j * n..(j + 1) * n]);
        }
        match flat(self.m.col(j).as_mat()) {
            Some(slice) => Column::Slice(slice),
            None => Column::Strided(self.m.col(j)),
        }
    }

    /// The whole operand as one column, if the loop can be run over it in one go.
    #[inline]
    fn whole(&self, shape: Shape) -> Option<Column<'a, T>> {
        match self.flat {
            Some(slice) if self.shape() == shape => Some(Column::Slice(slice)),
            Some(slice) if self.is_one() => Some(Column::One(slice[0])),
            _ => None,
        }
    }
}

#[inline]
fn fill<T: Scalar>(out: &mut [T], accum: Accum, value: impl Fn(usize) -> T) {
    match accum {
        Accum::Replace => out
            .iter_mut()
            .enumerate()
            .for_each(|(i, out)| *out = value(i)),
        Accum::Add => out
            .iter_mut()
            .enumerate()
            .for_each(|(i, out)| *out += value(i)),
    }
}

#[inline]
fn fill_zip<T: Scalar>(
    a: Column<'_, T>,
    b: Column<'_, T>,
    out: &mut [T],
    accum: Accum,
    f: impl Fn(T, T) -> T,
) {
    let n = out.len();
    match (a, b) {
        (Column::Slice(a), Column::Slice(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            fill(out, accum, |i| f(a[i], b[i]));
        }
        (Column::Slice(a), Column::One(b)) => {
            let a = &a[..n];
            fill(out, accum, |i| f(a[i], b));
        }
        (Column::One(a), Column::Slice(b)) => {
            let b = &b[..n];
            fill(out, accum, |i| f(a, b[i]));
        }
        (a, b) => fill(out, accum, |i| f(a.get(i), b.get(i))),
    }
}

/// `out = f(a, b)` or `out += f(a, b)`, entry by entry.
#[inline]
pub(crate) fn zip<T: Scalar>(
    [a, b]: [Operand<'_, T>; 2],
    mut out: MatMut<'_, T>,
    accum: Accum,
    f: impl Fn(T, T) -> T,
) {
    let shape = Shape::new(out.nrows(), out.ncols());
    if let (Some(a), Some(b), true) = (a.whole(shape), b.whole(shape), flat(out.as_ref()).is_some())
    {
        if let Some(out) = flat_mut(out) {
            fill_zip(a, b, out, accum, f);
        }
        return;
    }
    for j in 0..shape.columns {
        let (a, b) = (a.column(j, shape.rows), b.column(j, shape.rows));
        let mut column = out.as_mut().col_mut(j);
        for i in 0..shape.rows {
            let value = f(a.get(i), b.get(i));
            match accum {
                Accum::Replace => column[i] = value,
                Accum::Add => column[i] += value,
            }
        }
    }
}

/// Adds a matrix of the shape `shape`, given entry by entry, to a target of that shape or to one that was spread to it.
pub(crate) struct Sink<'a, T> {
    pub(crate) target: &'a mut [T],
    pub(crate) target_shape: Shape,
    pub(crate) shape: Shape,
    pub(crate) accum: Accum,
}

impl<T: Scalar> Sink<'_, T> {
    /// Adds column `j`, whose entries are `value(0), …`.
    #[inline]
    pub(crate) fn column(&mut self, j: usize, value: impl Fn(usize) -> T) {
        let Shape { rows, columns } = self.target_shape;
        let at = if columns == 1 { 0 } else { j };
        // Several columns that meet in one replace only once.
        let accum = if columns == 1 && j > 0 {
            Accum::Add
        } else {
            self.accum
        };
        if rows == self.shape.rows {
            fill(&mut self.target[at * rows..(at + 1) * rows], accum, value);
        } else {
            let sum = reduce::sum_by(self.shape.rows, value);
            match accum {
                Accum::Replace => self.target[at] = sum,
                Accum::Add => self.target[at] += sum,
            }
        }
    }

    /// An empty matrix adds nothing, but it replaces.
    pub(crate) fn clear_if_empty(&mut self) -> bool {
        if self.shape.is_empty() && self.accum == Accum::Replace {
            self.target.fill(T::ZERO);
        }
        self.shape.is_empty()
    }
}

/// Adds `f(a, b, y, d)` to the target.
#[inline]
pub(crate) fn zip_chain<T: Scalar>(
    [a, b]: [Operand<'_, T>; 2],
    y: Operand<'_, T>,
    d: Operand<'_, T>,
    mut sink: Sink<'_, T>,
    f: impl Fn(T, T, T, T) -> T,
) {
    if sink.clear_if_empty() {
        return;
    }
    let shape = sink.shape;
    let one_go = sink.target_shape == shape || sink.target_shape == Shape::SCALAR;
    if let (true, Some(a), Some(b), Some(Column::Slice(y)), Some(Column::Slice(d))) = (
        one_go,
        a.whole(shape),
        b.whole(shape),
        y.whole(shape),
        d.whole(shape),
    ) {
        let n = shape.len();
        sink.shape = Shape::new(n, 1);
        if sink.target_shape != Shape::SCALAR {
            sink.target_shape = sink.shape;
        }
        return chain_column(&mut sink, 0, a, b, &y[..n], &d[..n], f);
    }
    for j in 0..shape.columns {
        let (a, b) = (a.column(j, shape.rows), b.column(j, shape.rows));
        match (y.column(j, shape.rows), d.column(j, shape.rows)) {
            (Column::Slice(y), Column::Slice(d)) => chain_column(&mut sink, j, a, b, y, d, &f),
            (y, d) => sink.column(j, |i| f(a.get(i), b.get(i), y.get(i), d.get(i))),
        }
    }
}

#[inline]
fn chain_column<T: Scalar>(
    sink: &mut Sink<'_, T>,
    j: usize,
    a: Column<'_, T>,
    b: Column<'_, T>,
    y: &[T],
    d: &[T],
    f: impl Fn(T, T, T, T) -> T,
) {
    let n = y.len();
    let d = &d[..n];
    match (a, b) {
        (Column::Slice(a), Column::Slice(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            sink.column(j, |i| f(a[i], b[i], y[i], d[i]));
        }
        (Column::Slice(a), Column::One(b)) => {
            let a = &a[..n];
            sink.column(j, |i| f(a[i], b, y[i], d[i]));
        }
        (Column::One(a), Column::Slice(b)) => {
            let b = &b[..n];
            sink.column(j, |i| f(a, b[i], y[i], d[i]));
        }
        (a, b) => sink.column(j, |i| f(a.get(i), b.get(i), y[i], d[i])),
    }
}
