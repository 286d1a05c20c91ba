//! One loop for everything that is computed entry by entry: a formula over several operands, of which a row, a column or a 1x1
//! stands for a whole matrix. Several entries are computed at a time, so that the functions in a formula are vector code.

mod formula;
mod lanes;
mod operand;

use linalg::{Accum, MatMut, Scalar, flat, flat_mut, parallel, reduce};

pub(crate) use self::formula::{Formula, MapSlope, Tangent, ZipSlope, ZipValue};
use self::lanes::Lanes;
use self::operand::columns;
pub(crate) use self::operand::{Column, Operand};
use crate::{Plain, Shape};

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

/// Columns that are summed before their sum is added to that of others, and sums of which so many are added before theirs is.
const TOGETHER: usize = 64;

/// Calls `done` with the sum of every row; `fill(j, from, part)` gives entries of column `j`. Sums of sums of sums of 64, so that
/// rounding errors do not grow with the number of columns.
pub(crate) fn sum_columns<T: Scalar>(
    rows: usize,
    columns: usize,
    fill: impl Fn(usize, usize, &mut [T]),
    mut done: impl FnMut(usize, T),
) {
    for start in (0..rows).step_by(WIDE) {
        let n = WIDE.min(rows - start);
        let mut terms = [T::ZERO; WIDE];
        let mut levels = [[T::ZERO; WIDE]; 4];
        for j in 0..columns {
            fill(j, start, &mut terms[..n]);
            add(&mut levels[0], &terms);
            let mut count = j + 1;
            for level in 0..3 {
                if count % TOGETHER != 0 {
                    break;
                }
                count /= TOGETHER;
                let sum = std::mem::replace(&mut levels[level], [T::ZERO; WIDE]);
                add(&mut levels[level + 1], &sum);
            }
        }
        let [mut sums, rest @ ..] = levels;
        rest.iter().for_each(|level| add(&mut sums, level));
        sums[..n]
            .iter()
            .enumerate()
            .for_each(|(i, sum)| done(start + i, *sum));
    }
}

#[inline(always)]
fn add<T: Scalar>(sums: &mut [T; WIDE], terms: &[T; WIDE]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += *term;
    }
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
        if long && self.target_shape.columns == 1 && shape.columns > 1 {
            return self.over_columns(f, operands);
        }
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

    /// Sums over the columns.
    fn over_columns<F: Formula<K>, const K: usize>(self, f: &F, operands: &[Operand<'_, T>; K]) {
        let Shape { rows, columns: n } = self.shape;
        let accum = self.accum;
        let fill = |j: usize, from: usize, part: &mut [T]| {
            fill(f, &columns(operands, j, rows), from, part, Accum::Replace);
        };
        sum_columns(rows, n, fill, |i, sum| match accum {
            Accum::Replace => self.target[i] = sum,
            Accum::Add => self.target[i] += sum,
        });
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
