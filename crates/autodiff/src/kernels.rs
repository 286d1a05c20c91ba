//! One loop for everything that is computed entry by entry: a formula over several operands, of which a row, a column or a 1x1
//! stands for a whole matrix. Several entries are computed at a time, so that the functions in a formula are vector code.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use linalg::{Accum, ColRef, MatMut, MatRef, Scalar, flat, flat_mut, parallel, reduce};

use crate::{Dual, Elementwise, Elementwise2, Number, Plain, Shape, Side};

/// A formula over `K` operands, in the language of slopes.
pub(crate) trait Formula<const K: usize>: Sync {
    /// Its value.
    fn at<N: Number>(&self, x: [N; K]) -> N;
}

/// The value of a function of two entries.
#[derive(Clone, Copy)]
pub(crate) struct ZipValue<F>(pub F);
impl<F: Elementwise2> Formula<2> for ZipValue<F> {
    #[inline]
    fn at<N: Number>(&self, [a, b]: [N; 2]) -> N {
        self.0.value(a, b)
    }
}

/// Cotangent (or tangent) times slope of a function of one entry, from x, y, d.
#[derive(Clone, Copy)]
pub(crate) struct MapSlope<F>(pub F);
impl<F: Elementwise> Formula<3> for MapSlope<F> {
    #[inline]
    fn at<N: Number>(&self, [x, y, d]: [N; 3]) -> N {
        self.0.chain(x, y, d)
    }
}

/// Cotangent (or tangent) times slope of a function of two entries, from a, b, y, d.
#[derive(Clone, Copy)]
pub(crate) struct ZipSlope<F>(pub F, pub Side);
impl<F: Elementwise2> Formula<4> for ZipSlope<F> {
    #[inline]
    fn at<N: Number>(&self, [a, b, y, d]: [N; 4]) -> N {
        self.0.chain(self.1, a, b, y, d)
    }
}

/// The derivative of a formula in a direction: operands first, then their tangents.
#[derive(Clone, Copy)]
pub(crate) struct Tangent<F>(pub F);
macro_rules! tangent {
    ($k:literal, $twice:literal) => {
        impl<F: Formula<$k>> Formula<$twice> for Tangent<F> {
            #[inline]
            fn at<N: Number>(&self, x: [N; $twice]) -> N {
                let pairs = from_fn(|k| Dual {
                    value: x[k],
                    tangent: x[k + $k],
                });
                self.0.at(pairs).tangent
            }
        }
    };
}
tangent!(3, 6);
tangent!(4, 8);

/// A matrix as an operand of a formula.
#[derive(Clone, Copy)]
pub(crate) enum Operand<'a, T> {
    /// One number for all entries.
    One(T),
    /// A matrix, a row or a column in one piece, column after column.
    Flat(&'a [T], Shape),
    /// A matrix, a row or a column in any layout.
    Strided(MatRef<'a, T>),
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
        match flat(m) {
            Some(slice) => Self::flat(slice, Shape::new(m.nrows(), m.ncols())),
            None => Self::Strided(m),
        }
    }

    #[inline]
    pub(crate) fn flat(slice: &'a [T], shape: Shape) -> Self {
        match slice {
            [one] => Self::One(*one),
            slice => Self::Flat(slice, shape),
        }
    }

    /// Column `j` of the operand spread over `rows` rows.
    #[inline]
    pub(crate) fn column(&self, j: usize, rows: usize) -> Column<'a, T> {
        match self {
            Self::One(value) => Column::One(*value),
            Self::Flat(slice, shape) => {
                let j = if shape.columns == 1 { 0 } else { j };
                if shape.rows == 1 && rows != 1 {
                    return Column::One(slice[j]);
                }
                Column::Slice(&slice[j * shape.rows..(j + 1) * shape.rows])
            }
            Self::Strided(m) => {
                let j = if m.ncols() == 1 { 0 } else { j };
                if m.nrows() == 1 {
                    return Column::One(m[(0, j)]);
                }
                match flat(m.col(j).as_mat()) {
                    Some(slice) => Column::Slice(slice),
                    None => Column::Strided(m.col(j)),
                }
            }
        }
    }

    /// The whole operand as one column, if the loop can be run over it in one go.
    #[inline]
    fn whole(&self, shape: Shape) -> Option<Column<'a, T>> {
        match self {
            Self::One(value) => Some(Column::One(*value)),
            Self::Flat(slice, own) if *own == shape => Some(Column::Slice(slice)),
            _ => None,
        }
    }
}

/// Column `j` of several operands.
#[inline]
fn columns<'a, T: Scalar, const K: usize>(
    operands: &[Operand<'a, T>; K],
    j: usize,
    rows: usize,
) -> [Column<'a, T>; K] {
    let mut columns = [Column::One(T::ZERO); K];
    for (column, operand) in columns.iter_mut().zip(operands) {
        *column = operand.column(j, rows);
    }
    columns
}

/// Several numbers at a time.
#[derive(Clone, Copy)]
struct Lanes<T, const W: usize>([T; W]);

impl<T: Scalar, const W: usize> Lanes<T, W> {
    /// Entries `i..i + W` of a column.
    #[inline(always)]
    fn load(column: &Column<'_, T>, i: usize) -> Self {
        let mut lanes = [T::ZERO; W];
        match column {
            Column::One(value) => lanes = [*value; W],
            Column::Slice(slice) => lanes.copy_from_slice(&slice[i..i + W]),
            Column::Strided(column) => {
                for (k, lane) in lanes.iter_mut().enumerate() {
                    *lane = column[i + k];
                }
            }
        }
        Self(lanes)
    }

    #[inline(always)]
    fn both(mut self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        for (x, y) in self.0.iter_mut().zip(&other.0) {
            *x = f(*x, *y);
        }
        self
    }

    #[inline(always)]
    fn each(mut self, f: impl Fn(T) -> T) -> Self {
        for x in &mut self.0 {
            *x = f(*x);
        }
        self
    }
}

macro_rules! lanes_operator {
    ($($operator:ident $method:ident;)*) => {
        $(impl<T: Scalar, const W: usize> $operator for Lanes<T, W> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for (x, y) in self.0.iter_mut().zip(&other.0) {
                    *x = $operator::$method(*x, *y);
                }
                self
            }
        })*
    };
}
lanes_operator! { Add add; Sub sub; Mul mul; Div div; }

impl<T: Scalar, const W: usize> Neg for Lanes<T, W> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(|x| -x)
    }
}

impl<T: Scalar, const W: usize> Number for Lanes<T, W> {
    #[inline(always)]
    fn constant(self, c: f64) -> Self {
        Self([T::from_f64(c); W])
    }
    #[inline(always)]
    fn affine(self, scale: f64, offset: f64) -> Self {
        let (scale, offset) = (T::from_f64(scale), T::from_f64(offset));
        self.each(|x| scale * x + offset)
    }
    #[inline(always)]
    fn apply<F: Elementwise>(self, f: F) -> Self {
        let mut out = [T::ZERO; W];
        f.map(&self.0, &mut out);
        Self(out)
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self.both(other, Scalar::larger)
    }
    #[inline(always)]
    fn share(self, other: Self) -> Self {
        self.both(other, crate::number::share)
    }
    #[inline(always)]
    fn keep(self, x: Self) -> Self {
        self.both(x, |mask, x| if mask > T::ZERO { x } else { T::ZERO })
    }
    #[inline(always)]
    fn power(self, exponent: Self) -> Self {
        self.both(exponent, Scalar::powf)
    }
}

/// Lanes of a long loop. Entries at its end are computed one by one: what a single entry has just been written to cannot be
/// loaded as a vector without delay.
const WIDE: usize = 32;
/// Outputs of at most so many entries are computed one by one at once.
const SHORT: usize = 16;

/// `W` entries of a formula.
#[inline(always)]
fn step<T: Scalar, F: Formula<K>, const K: usize, const W: usize>(
    f: &F,
    columns: &[Column<'_, T>; K],
    from: usize,
    out: &mut [T],
    accum: Accum,
) {
    let mut x = [Lanes([T::ZERO; W]); K];
    for (x, column) in x.iter_mut().zip(columns) {
        *x = Lanes::load(column, from);
    }
    let Lanes(values) = f.at(x);
    match accum {
        Accum::Replace => {
            for (out, value) in out.iter_mut().zip(&values) {
                *out = *value;
            }
        }
        Accum::Add => {
            for (out, value) in out.iter_mut().zip(&values) {
                *out += *value;
            }
        }
    }
}

/// Entries `from..` of a formula over columns.
#[inline]
fn fill<T: Scalar, F: Formula<K>, const K: usize>(
    f: &F,
    columns: &[Column<'_, T>; K],
    from: usize,
    out: &mut [T],
    accum: Accum,
) {
    let mut at = from;
    let mut rest = out;
    while rest.len() >= WIDE {
        let (chunk, after) = rest.split_at_mut(WIDE);
        step::<T, F, K, WIDE>(f, columns, at, chunk, accum);
        at += WIDE;
        rest = after;
    }
    for (i, out) in (at..).zip(rest) {
        let mut x = [Plain(T::ZERO); K];
        for (x, column) in x.iter_mut().zip(columns) {
            *x = Plain(column.get(i));
        }
        let Plain(value) = f.at(x);
        match accum {
            Accum::Replace => *out = value,
            Accum::Add => *out += value,
        }
    }
}

/// A formula over operands of which each is one number or a short matrix of the output's shape; false if one is neither.
#[inline]
fn fill_short<T: Scalar, F: Formula<K>, const K: usize>(
    f: &F,
    operands: &[Operand<'_, T>; K],
    shape: Shape,
    out: &mut [T],
    accum: Accum,
) -> bool {
    // One number is a slice whose index is always 0.
    let mut entries: [(&[T], usize); K] = [(&[], 0); K];
    for (entry, operand) in entries.iter_mut().zip(operands) {
        *entry = match operand {
            Operand::One(value) => (std::slice::from_ref(value), 0),
            Operand::Flat(slice, own) if *own == shape => (slice, usize::MAX),
            _ => return false,
        };
    }
    let at = |i: usize| {
        let mut x = [Plain(T::ZERO); K];
        for (x, (slice, mask)) in x.iter_mut().zip(&entries) {
            *x = Plain(slice[i & mask]);
        }
        f.at(x).0
    };
    match accum {
        Accum::Replace => out.iter_mut().enumerate().for_each(|(i, out)| *out = at(i)),
        Accum::Add => out
            .iter_mut()
            .enumerate()
            .for_each(|(i, out)| *out += at(i)),
    }
    true
}

/// Where a matrix of the shape `shape`, computed entry by entry, goes: a matrix of that shape, or one that was spread to it and
/// takes sums.
pub(crate) struct Sink<'a, T> {
    pub(crate) target: &'a mut [T],
    pub(crate) target_shape: Shape,
    pub(crate) shape: Shape,
    pub(crate) accum: Accum,
}

impl<T: Scalar> Sink<'_, T> {
    /// `target = f(operands)` or `target += f(operands)`.
    #[inline]
    pub(crate) fn put<F: Formula<K>, const K: usize>(
        mut self,
        f: &F,
        operands: &[Operand<'_, T>; K],
    ) {
        let shape = self.shape;
        if shape.is_empty() {
            // An empty matrix adds nothing, but it replaces.
            if self.accum == Accum::Replace {
                self.target.fill(T::ZERO);
            }
            return;
        }
        if shape.len() <= SHORT {
            if self.target_shape == shape {
                if fill_short(f, operands, shape, self.target, self.accum) {
                    return;
                }
            } else if self.target_shape == Shape::SCALAR {
                let mut terms = [T::ZERO; SHORT];
                let terms = &mut terms[..shape.len()];
                if fill_short(f, operands, shape, terms, Accum::Replace) {
                    let sum = reduce::sum(terms);
                    match self.accum {
                        Accum::Replace => self.target[0] = sum,
                        Accum::Add => self.target[0] += sum,
                    }
                    return;
                }
            }
        }
        if self.target_shape == shape || self.target_shape == Shape::SCALAR {
            let mut columns = [Column::One(T::ZERO); K];
            let mut whole = true;
            for (column, operand) in columns.iter_mut().zip(operands) {
                match operand.whole(shape) {
                    Some(operand) => *column = operand,
                    None => whole = false,
                }
            }
            if whole {
                self.column(0, shape.len(), self.target_shape == shape, f, &columns);
                return;
            }
        }
        let long = self.target_shape.rows == shape.rows;
        for j in 0..shape.columns {
            let columns = columns(operands, j, shape.rows);
            let at = if self.target_shape.columns == 1 { 0 } else { j };
            let start = if long { at * shape.rows } else { at };
            self.column(start, shape.rows, long, f, &columns);
            // Several columns that meet in one replace only once.
            if self.target_shape.columns == 1 {
                self.accum = Accum::Add;
            }
        }
    }

    /// Puts `n` entries to the target from `start`, or adds their sum to its entry `start`.
    #[inline]
    fn column<F: Formula<K>, const K: usize>(
        &mut self,
        start: usize,
        n: usize,
        long: bool,
        f: &F,
        columns: &[Column<'_, T>; K],
    ) {
        let accum = self.accum;
        if long {
            let target = &mut self.target[start..start + n];
            if n <= parallel::LEAF {
                return fill(f, columns, 0, target, accum);
            }
            parallel::for_each_part(target, parallel::LEAF, &|from, part: &mut [T]| {
                fill(f, columns, from, part, accum);
            });
        } else {
            let sum = reduce::sum_filled(n, &|from, block: &mut [T]| {
                fill(f, columns, from, block, Accum::Replace);
            });
            match accum {
                Accum::Replace => self.target[start] = sum,
                Accum::Add => self.target[start] += sum,
            }
        }
    }
}

/// `out = f(operands)` or `out += f(operands)` for an output in any layout.
#[inline]
pub(crate) fn evaluate<T: Scalar, F: Formula<K>, const K: usize>(
    f: &F,
    operands: &[Operand<'_, T>; K],
    mut out: MatMut<'_, T>,
    accum: Accum,
) {
    let shape = Shape::new(out.nrows(), out.ncols());
    if flat(out.as_ref()).is_some() {
        if let Some(target) = flat_mut(out) {
            let sink = Sink {
                target,
                target_shape: shape,
                shape,
                accum,
            };
            sink.put(f, operands);
        }
        return;
    }
    let mut values = [T::ZERO; WIDE];
    for j in 0..shape.columns {
        let columns = columns(operands, j, shape.rows);
        for start in (0..shape.rows).step_by(WIDE) {
            let n = WIDE.min(shape.rows - start);
            fill(f, &columns, start, &mut values[..n], Accum::Replace);
            for (k, value) in values[..n].iter().enumerate() {
                match accum {
                    Accum::Replace => out[(start + k, j)] = *value,
                    Accum::Add => out[(start + k, j)] += *value,
                }
            }
        }
    }
}
