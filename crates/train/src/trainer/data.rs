//! The data of a training: checked, laid out row after row, and recognised again.

use linalg::{Mat, MatRef, Scalar};

use super::TrainError;

/// Explanatory variables and targets of the same rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a, T> {
    pub(super) x: MatRef<'a, T>,
    pub(super) y: MatRef<'a, T>,
}

impl<'a, T: Scalar> Data<'a, T> {
    /// Refuses data with which nothing sensible can be done.
    pub(super) fn new(
        name: &'static str,
        (x, y): (MatRef<'a, T>, MatRef<'a, T>),
    ) -> Result<Self, TrainError> {
        if x.nrows() != y.nrows() {
            return Err(TrainError::Rows {
                data: name,
                x: x.nrows(),
                y: y.nrows(),
            });
        }
        if x.nrows() == 0 {
            return Err(TrainError::NoBatch {
                data: name,
                rows: 0,
            });
        }
        for (of, matrix) in [("of the explanatory variables", x), ("of the target", y)] {
            if let Some((row, column)) = not_finite(matrix) {
                return Err(TrainError::Data {
                    data: name,
                    of,
                    row: row + 1,
                    column: column + 1,
                    value: matrix[(row, column)].to_f64(),
                });
            }
        }
        Ok(Self { x, y })
    }

    pub(super) fn rows(self) -> usize {
        self.x.nrows()
    }

    /// Refuses data of other columns.
    pub(super) fn expect_columns(self, of: Self) -> Result<(), TrainError> {
        let pairs = [
            ("of the explanatory variables", self.x, of.x),
            ("of the target", self.y, of.y),
        ];
        for (name, found, wanted) in pairs {
            if found.ncols() != wanted.ncols() {
                return Err(TrainError::Columns {
                    of: name,
                    found: found.ncols(),
                    wanted: wanted.ncols(),
                });
            }
        }
        Ok(())
    }

    /// A number that other data hardly have.
    pub(super) fn mix_into(self, hash: &mut Hash) {
        for matrix in [self.x, self.y] {
            hash.add(matrix.nrows() as u64);
            hash.add(matrix.ncols() as u64);
            for column in matrix.col_iter() {
                column.iter().for_each(|x| hash.add(x.to_f64().to_bits()));
            }
        }
    }
}

/// The first entry that is infinite or NaN.
fn not_finite<T: Scalar>(x: MatRef<'_, T>) -> Option<(usize, usize)> {
    // In the order of memory.
    let across = x.col_stride().unsigned_abs() < x.row_stride().unsigned_abs();
    let along = if across { x.transpose() } else { x };
    along.col_iter().enumerate().find_map(|(j, column)| {
        let i = column.iter().position(|x| !x.to_f64().is_finite())?;
        Some(if across { (j, i) } else { (i, j) })
    })
}

/// Rows and columns of a tile of a transposition.
const TILE: usize = 32;

/// A matrix whose rows stand in memory one after another, if it is not one already: one column a row.
pub(super) fn row_after_row<T: Scalar>(x: MatRef<'_, T>) -> Option<Mat<T>> {
    (x.ncols() > 1 && x.col_stride() != 1).then(|| {
        let mut rows = Mat::zeros(x.ncols(), x.nrows());
        // Tiles, so that lines of both sides stay in cache until they are used up.
        for from in (0..x.nrows()).step_by(TILE) {
            let to = (from + TILE).min(x.nrows());
            for left in (0..x.ncols()).step_by(TILE) {
                let right = (left + TILE).min(x.ncols());
                for i in from..to {
                    let row = &mut rows.col_as_slice_mut(i)[left..right];
                    for (out, j) in row.iter_mut().zip(left..) {
                        *out = x[(i, j)];
                    }
                }
            }
        }
        rows
    })
}

/// Some rows of data: a part of them as they stand, or copies.
#[derive(Debug)]
pub(super) enum Batch<'d, T> {
    Part(Data<'d, T>),
    Copy([Mat<T>; 2]),
}

impl<'d, T: Scalar> Batch<'d, T> {
    /// Rows one after another.
    pub(super) fn part(data: Data<'d, T>, from: usize, rows: usize) -> Self {
        Self::Part(Data {
            x: data.x.subrows(from, rows),
            y: data.y.subrows(from, rows),
        })
    }

    /// Rows from anywhere.
    pub(super) fn copy(data: Data<'_, T>, rows: &[usize]) -> Self {
        Self::Copy(
            [data.x, data.y].map(|m| Mat::from_fn(rows.len(), m.ncols(), |i, j| m[(rows[i], j)])),
        )
    }

    pub(super) fn data(&self) -> Data<'_, T> {
        match self {
            Self::Part(data) => *data,
            Self::Copy([x, y]) => Data {
                x: x.as_ref(),
                y: y.as_ref(),
            },
        }
    }
}

/// A hash of whole numbers (Fowler, Noll and Vo, FNV-1a, over words).
#[derive(Debug)]
pub(super) struct Hash(u64);

impl Hash {
    pub(super) fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    pub(super) fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01B3);
        self.0 ^= self.0 >> 29;
    }

    pub(super) fn add_text(&mut self, text: &str) {
        self.add(text.len() as u64);
        text.bytes().for_each(|byte| self.add(u64::from(byte)));
    }

    pub(super) fn hex(&self) -> String {
        format!("{:016x}", self.0)
    }
}
