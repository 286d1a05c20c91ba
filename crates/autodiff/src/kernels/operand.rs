//! Matrices as operands of a formula.

use linalg::{ColRef, MatRef, Scalar, flat};

use crate::Shape;

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
    pub(super) fn whole(&self, shape: Shape) -> Option<Column<'a, T>> {
        match self {
            Self::One(value) => Some(Column::One(*value)),
            Self::Flat(slice, own) if *own == shape => Some(Column::Slice(slice)),
            _ => None,
        }
    }
}

/// Column `j` of several operands.
#[inline]
pub(super) fn columns<'a, T: Scalar, const K: usize>(
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
