//! One number for each row.

use std::ops::{Index, Range};

use super::{Leaves, leaf_of};
use crate::flat;

/// A column of numbers, one a row: in memory, or a column of leaves.
///
/// ```
/// use linalg::Values;
/// let y = Values::from(&[1.0, 2.0, 3.0][..]);
/// assert_eq!((y.len(), y[2], y.rows(1..3)), (3, 3.0, &[2.0, 3.0][..]));
/// ```
#[derive(Debug, Clone)]
pub enum Values<'a> {
    /// Borrowed.
    Slice(&'a [f64]),
    /// Made.
    Own(Vec<f64>),
    /// A column of leaves.
    Column {
        /// The leaves.
        leaves: &'a dyn Leaves,
        /// Which of their columns.
        column: usize,
    },
}

impl Values<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(values) => values.len(),
            Self::Own(values) => values.len(),
            Self::Column { leaves, .. } => leaves.starts().last().copied().unwrap_or(0),
        }
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows, all of one leaf.
    ///
    /// # Panics
    /// If they do not exist or do not belong to one leaf.
    pub fn rows(&self, rows: Range<usize>) -> &[f64] {
        match self {
            Self::Slice(values) => &values[rows],
            Self::Own(values) => &values[rows],
            Self::Column { leaves, column } => {
                let leaf = leaf_of(leaves.starts(), rows.start);
                let from = rows.start - leaves.starts()[leaf];
                &entries(*leaves, leaf, *column)[from..from + rows.len()]
            }
        }
    }

    /// The number of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn get(&self, row: usize) -> f64 {
        self[row]
    }

    /// All numbers, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map(|row| self[row])
    }

    /// The numbers, copied.
    pub fn to_vec(&self) -> Vec<f64> {
        match self.as_slice() {
            Some(values) => values.to_vec(),
            None => self.iter().collect(),
        }
    }

    /// The numbers, if they are in memory.
    pub fn as_slice(&self) -> Option<&[f64]> {
        match self {
            Self::Slice(values) => Some(values),
            Self::Own(values) => Some(values),
            Self::Column { .. } => None,
        }
    }

    /// The same numbers, borrowed.
    pub fn reborrow(&self) -> Values<'_> {
        match self {
            Self::Slice(values) => Values::Slice(values),
            Self::Own(values) => Values::Slice(values),
            Self::Column { leaves, column } => Values::Column {
                leaves: *leaves,
                column: *column,
            },
        }
    }
}

/// A column of a leaf.
fn entries(leaves: &dyn Leaves, leaf: usize, column: usize) -> &[f64] {
    let x = leaves.leaf(leaf);
    match flat(x.subcols(column, 1)) {
        Some(entries) => entries,
        None => panic!("leaf {leaf}: the entries of a column are not adjacent in memory"),
    }
}

impl Index<usize> for Values<'_> {
    type Output = f64;

    fn index(&self, row: usize) -> &f64 {
        match self {
            Self::Slice(values) => &values[row],
            Self::Own(values) => &values[row],
            Self::Column { leaves, column } => {
                let leaf = leaf_of(leaves.starts(), row);
                &entries(*leaves, leaf, *column)[row - leaves.starts()[leaf]]
            }
        }
    }
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self::Slice(values)
    }
}

impl<'a> From<&'a Vec<f64>> for Values<'a> {
    fn from(values: &'a Vec<f64>) -> Self {
        Self::Slice(values)
    }
}

impl From<Vec<f64>> for Values<'_> {
    fn from(values: Vec<f64>) -> Self {
        Self::Own(values)
    }
}

impl FromIterator<f64> for Values<'_> {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self::Own(values.into_iter().collect())
    }
}
