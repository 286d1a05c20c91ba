//! Rows and columns, and the broadcasting rule.

use std::fmt;

/// The numbers of rows and columns of a matrix. Prints as `6x2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

impl Shape {
    /// One row and one column.
    pub const SCALAR: Self = Self::new(1, 1);

    /// `rows` by `columns`.
    pub const fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns }
    }

    /// The number of entries.
    ///
    /// # Panics
    /// If there are more than memory has places.
    #[track_caller]
    pub const fn len(self) -> usize {
        match self.rows.checked_mul(self.columns) {
            Some(n) if n <= isize::MAX as usize => n,
            _ => panic!("a shape with more entries than memory has places"),
        }
    }

    /// True if there is no entry.
    pub const fn is_empty(self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// The shape of an element-wise combination: equal shapes, or a row, a column or a 1x1 against a matrix.
    ///
    /// A column against a row is refused: the 6x6 result that other libraries give is a well-known source of wrong losses.
    ///
    /// # Errors
    /// What is allowed, in words.
    pub fn broadcast(self, other: Self) -> Result<Self, &'static str> {
        if self.spreads_to(other) {
            Ok(other)
        } else if other.spreads_to(self) {
            Ok(self)
        } else {
            Err("equal shapes, or a row, a column or a 1x1 against a matrix, can be combined")
        }
    }

    /// True if a matrix of this shape can be repeated to fill `target`.
    pub fn spreads_to(self, target: Self) -> bool {
        (self.rows == target.rows || self.rows == 1)
            && (self.columns == target.columns || self.columns == 1)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}
