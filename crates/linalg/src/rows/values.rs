//! One number for each row.

use std::ops::{Index, Range};

use super::{BLOCK, Leaves, leaf_of};
use crate::flat;

/// A column of numbers, one a row: in memory, or a column of leaves.
///
/// ```
/// use linalg::Values;
/// let y = Values::from(&[1.0, 2.0, 3.0][..]);
/// assert_eq!((y.len(), y[2], y.rows(1..3, &mut [])), (3, 3.0, &[2.0, 3.0][..]));
/// let held_back = Values::OfFold { values: None, folds: &[0, 1, 0], fold: 1, inside: false };
/// assert_eq!(held_back.rows(0..3, &mut [0.0; 3]), [1.0, 0.0, 1.0]);
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
    /// Weights in which the rows of one fold, or all others, count nothing.
    OfFold {
        /// The weights of all rows; 1 if there are none.
        values: Option<&'a Values<'a>>,
        /// The fold of each row of this process.
        folds: &'a [u16],
        /// The fold.
        fold: u16,
        /// True if its rows count, false if all others do.
        inside: bool,
    },
    /// Numbers of classes in another order.
    Renumbered {
        /// The numbers, whole and from 0.
        values: &'a Values<'a>,
        /// What each is called.
        to: &'a [f64],
    },
}

impl Values<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(values) => values.len(),
            Self::Own(values) => values.len(),
            Self::Column { leaves, .. } => leaves.starts().last().copied().unwrap_or(0),
            Self::OfFold { folds, .. } => folds.len(),
            Self::Renumbered { values, .. } => values.len(),
        }
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows, all of one leaf; those that are stored nowhere are written into the memory.
    ///
    /// # Panics
    /// If they do not exist, do not belong to one leaf, or the memory is too small for them.
    pub fn rows<'m>(&'m self, rows: Range<usize>, memory: &'m mut [f64]) -> &'m [f64] {
        match self {
            Self::Slice(values) => &values[rows],
            Self::Own(values) => &values[rows],
            Self::OfFold {
                values,
                folds,
                fold,
                inside,
            } => {
                let memory = &mut memory[..rows.len()];
                for (out, own) in memory.iter_mut().zip(&folds[rows.clone()]) {
                    *out = f64::from(u8::from((own == fold) == *inside));
                }
                if let Some(values) = values {
                    let mut others = [0.0; BLOCK];
                    for (k, out) in memory.chunks_mut(BLOCK).enumerate() {
                        let from = rows.start + k * BLOCK;
                        let all = values.rows(from..from + out.len(), &mut others);
                        for (out, value) in out.iter_mut().zip(all) {
                            *out = if *out == 0.0 { 0.0 } else { *value };
                        }
                    }
                }
                memory
            }
            Self::Renumbered { .. } => {
                let memory = &mut memory[..rows.len()];
                for (out, row) in memory.iter_mut().zip(rows) {
                    *out = self[row];
                }
                memory
            }
            Self::Column { leaves, column } => {
                let leaf = leaf_of(leaves.starts(), rows.start);
                let from = rows.start - leaves.starts()[leaf];
                &entries(*leaves, leaf, *column)[from..from + rows.len()]
            }
        }
    }

    /// The number of a row that is not in memory as it is.
    fn elsewhere(&self, row: usize) -> &f64 {
        match self {
            Self::Slice(values) => &values[row],
            Self::Own(values) => &values[row],
            Self::Column { leaves, column } => {
                let leaf = leaf_of(leaves.starts(), row);
                &entries(*leaves, leaf, *column)[row - leaves.starts()[leaf]]
            }
            Self::OfFold {
                values,
                folds,
                fold,
                inside,
            } => match values {
                _ if (folds[row] == *fold) != *inside => &0.0,
                Some(values) => &values[row],
                None => &1.0,
            },
            Self::Renumbered { values, to } => &to[values[row] as usize],
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
            _ => None,
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
            other => other.clone(),
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

    #[inline]
    fn index(&self, row: usize) -> &f64 {
        match self {
            Self::Slice(values) => &values[row],
            Self::Own(values) => &values[row],
            other => other.elsewhere(row),
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
