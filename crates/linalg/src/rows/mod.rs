//! Rows of data in leaves: of a matrix in memory, of blocks on a disk, of a share of what several processes hold.
//!
//! Everything that is summed over rows is summed over leaves first, whose boundaries depend on the data alone, and over the leaves by
//! [`BinnedSums`], which do not depend on their order. So a sum has the same bits wherever the rows are and whoever adds them.

mod binned;
mod communicator;
pub(crate) mod partition;
mod values;

use std::fmt::Debug;
use std::ops::Range;

pub use self::binned::BinnedSums;
pub use self::communicator::{Alone, Communicator};
pub use self::partition::Partition;
pub use self::values::Values;
use crate::MatRef;

/// Rows of a block: a block of 50 columns of doubles fits in the second cache with room to spare.
pub const BLOCK: usize = 512;

/// Rows of a leaf; the last one of a table may have fewer.
pub const LEAF: usize = 16 * BLOCK;

/// A table whose rows are kept a leaf at a time, on a disk or in several matrices.
pub trait Leaves: Debug + Sync {
    /// The number of columns.
    fn columns(&self) -> usize;

    /// The first row of every leaf of this process, and the number of its rows after the last.
    fn starts(&self) -> &[usize];

    /// The entries of a leaf, column by column.
    ///
    /// # Panics
    /// If there is no such leaf.
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64>;

    /// The number that the first block of a leaf has among those of all processes, 16 to a leaf whether it is full or not.
    fn first_block(&self, leaf: usize) -> usize;

    /// The leaf will be wanted soon.
    fn ahead(&self, _leaf: usize) {}

    /// The leaf is not wanted for a while.
    fn release(&self, _leaf: usize) {}

    /// Those who have the other rows.
    fn communicator(&self) -> &dyn Communicator {
        &Alone
    }
}

/// The leaf of a row.
fn leaf_of(starts: &[usize], row: usize) -> usize {
    let guess = row / LEAF;
    if starts.get(guess).is_some_and(|from| *from <= row)
        && starts.get(guess + 1).is_some_and(|to| row < *to)
    {
        return guess;
    }
    starts
        .partition_point(|from| *from <= row)
        .saturating_sub(1)
}

/// The explanatory columns of rows in memory or in leaves.
#[derive(Debug, Clone, Copy)]
pub enum Table<'a> {
    /// A matrix in memory.
    Matrix(MatRef<'a, f64>),
    /// The first columns of leaves.
    Leaves {
        /// The leaves.
        leaves: &'a dyn Leaves,
        /// How many of their columns belong to the table.
        columns: usize,
    },
}

impl<'a> Table<'a> {
    /// The number of rows that this process has.
    pub fn nrows(&self) -> usize {
        match self {
            Self::Matrix(x) => x.nrows(),
            Self::Leaves { leaves, .. } => leaves.starts().last().copied().unwrap_or(0),
        }
    }

    /// The number of columns.
    pub fn ncols(&self) -> usize {
        match self {
            Self::Matrix(x) => x.ncols(),
            Self::Leaves { columns, .. } => *columns,
        }
    }

    /// Some rows, all of one leaf.
    ///
    /// # Panics
    /// If they do not exist or do not belong to one leaf.
    pub fn block(&self, rows: Range<usize>) -> MatRef<'a, f64> {
        match self {
            Self::Matrix(x) => x.subrows(rows.start, rows.len()),
            Self::Leaves { leaves, columns } => {
                let leaf = leaf_of(leaves.starts(), rows.start);
                let from = rows.start - leaves.starts()[leaf];
                let x = leaves.leaf(leaf);
                x.submatrix(from, 0, rows.len(), *columns)
            }
        }
    }

    /// The leaves of the rows.
    pub fn partition(&self) -> Partition<'a> {
        match self {
            Self::Matrix(x) => Partition::new(x.nrows(), BLOCK),
            Self::Leaves { leaves, .. } => Partition::of_leaves(*leaves),
        }
    }

    /// The matrix, if the rows are one in memory.
    pub fn matrix(&self) -> Option<MatRef<'a, f64>> {
        match self {
            Self::Matrix(x) => Some(*x),
            Self::Leaves { .. } => None,
        }
    }
}
