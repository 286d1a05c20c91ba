//! How rows are cut, and sums over them.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Alone, BLOCK, BinnedSums, Communicator, LEAF, Leaves};
use crate::{parallel, reduce};

/// The cut of some rows into leaves of 16 blocks, with sums over all of them: those of this process in parallel, and those of others.
///
/// ```
/// use linalg::Partition;
/// let rows = Partition::new(10_000, 512);
/// assert_eq!((rows.leaves(), rows.leaf(1)), (2, 8192..10_000));
/// assert_eq!(rows.sum(|row| row as f64), 49_995_000.0);
/// assert!(rows.all(|row| row < 10_000));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Partition<'a> {
    rows: usize,
    block: usize,
    every: usize,
    ahead: bool,
    leaves: Option<&'a dyn Leaves>,
}

const BLOCKS_PER_LEAF: usize = LEAF / BLOCK;

impl<'a> Partition<'a> {
    /// Of so many rows in memory, in blocks of a size.
    pub fn new(rows: usize, block: usize) -> Self {
        Self {
            rows,
            block: block.max(1),
            every: 1,
            ahead: false,
            leaves: None,
        }
    }

    /// Of the rows of leaves.
    pub fn of_leaves(leaves: &'a dyn Leaves) -> Self {
        Self {
            rows: leaves.starts().last().copied().unwrap_or(0),
            block: BLOCK,
            every: 1,
            ahead: true,
            leaves: Some(leaves),
        }
    }

    /// One of every so many blocks of the whole size: what a solver looks at first when there are many rows.
    #[must_use]
    pub fn sampled(self, every: usize) -> Self {
        Self {
            every: every.max(1),
            ..self
        }
    }

    /// The same cut for visits that look at a few columns of the leaves: whole leaves are then not read ahead.
    #[must_use]
    pub fn of_few_columns(self) -> Self {
        Self {
            ahead: false,
            ..self
        }
    }

    /// The same cut for visits that look at most of the columns.
    #[must_use]
    pub fn of_whole_leaves(self) -> Self {
        Self {
            ahead: true,
            ..self
        }
    }

    /// The rows of this process.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows of all processes, of a sample those that it has.
    pub fn total(&self) -> usize {
        match (self.leaves, self.every) {
            (None, 1) => self.rows,
            (Some(leaves), 1) => {
                let mut rows = [self.rows as i64];
                leaves.communicator().total(&mut rows);
                rows[0] as usize
            }
            _ => self.sum_leaves(1, &|leaf, sum| sum[0] = self.count(leaf) as f64)[0] as usize,
        }
    }

    fn count(&self, leaf: usize) -> usize {
        self.blocks(leaf).map(|rows| rows.len()).sum()
    }

    /// The number of leaves of this process.
    pub fn leaves(&self) -> usize {
        match self.leaves {
            Some(leaves) => leaves.starts().len().saturating_sub(1),
            None => self.rows.div_ceil(self.block * BLOCKS_PER_LEAF),
        }
    }

    /// The rows of a leaf.
    pub fn leaf(&self, leaf: usize) -> Range<usize> {
        if let Some(leaves) = self.leaves {
            return leaves.starts()[leaf]..leaves.starts()[leaf + 1];
        }
        let size = self.block * BLOCKS_PER_LEAF;
        leaf * size..((leaf + 1) * size).min(self.rows)
    }

    /// The number of a leaf among those of all processes, from 0.
    pub fn number_of_leaf(&self, leaf: usize) -> usize {
        match self.leaves {
            Some(leaves) => leaves.first_block(leaf) / BLOCKS_PER_LEAF,
            None => leaf,
        }
    }

    /// The blocks of a leaf.
    pub fn blocks(&self, leaf: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, block, every) = (self.leaf(leaf), self.block, self.every);
        let first = match self.leaves {
            Some(leaves) => leaves.first_block(leaf),
            None => leaf * BLOCKS_PER_LEAF,
        };
        let whole = (rows.len() / block, rows.len().div_ceil(block));
        let blocks = if every == 1 { whole.1 } else { whole.0 };
        (0..blocks)
            .filter(move |k| (first + k).is_multiple_of(every))
            .map(move |k| rows.start + k * block..(rows.start + (k + 1) * block).min(rows.end))
    }

    /// Those who have the other rows.
    pub fn communicator(&self) -> &'a dyn Communicator {
        match self.leaves {
            Some(leaves) => leaves.communicator(),
            None => &Alone,
        }
    }

    /// Calls `f` for every leaf that has a block, in parallel; what is on a disk is read ahead, and let go afterwards. It is for what
    /// all processes are asked about before leaves are looked at again: where that is known ([`Communicator::must_look`]), no leaf is
    /// visited.
    pub fn for_each_leaf(&self, f: &(impl Fn(usize) + Sync)) {
        if self.communicator().must_look() {
            self.visit_leaves(f);
        }
    }

    /// The same for what stays in this process: leaves are visited in any case.
    pub fn visit_leaves(&self, f: &(impl Fn(usize) + Sync)) {
        let visit = |leaf: usize| {
            if self.every > 1 && self.blocks(leaf).next().is_none() {
                return;
            }
            if let Some(leaves) = self.leaves {
                if self.ahead && self.every == 1 && leaf + 1 < self.leaves() {
                    leaves.ahead(leaf + 1);
                }
                f(leaf);
                leaves.release(leaf);
            } else {
                f(leaf);
            }
        };
        parallel::map_reduce(self.leaves(), &visit, &|(), ()| ());
    }

    /// The sums over all leaves, of all processes, of so many numbers that `f` gives for a leaf; it finds zeros in their places.
    pub fn sum_leaves(&self, length: usize, f: &(impl Fn(usize, &mut [f64]) + Sync)) -> Vec<f64> {
        let sums = Mutex::new(Vec::new());
        self.for_each_leaf(&|leaf| {
            let mut terms = vec![0.0; length];
            f(leaf, &mut terms);
            let mut mine = take(&sums, length);
            mine.add(0, &terms);
            give(&sums, mine);
        });
        let sum = together(sums, length, self.communicator());
        let mut out = vec![0.0; length];
        sum.read(0, &mut out);
        out
    }

    /// The same, and the largest of numbers that `f` returns, none of which is negative; 0 without leaves, NaN if one is.
    pub fn sum_leaves_and_largest(
        &self,
        length: usize,
        f: &(impl Fn(usize, &mut [f64]) -> f64 + Sync),
    ) -> (Vec<f64>, f64) {
        let largest = AtomicU64::new(0);
        let sums = self.sum_leaves(length, &|leaf, sums: &mut [f64]| {
            keep_largest(&largest, f(leaf, sums));
        });
        let largest = f64::from_bits(largest.into_inner());
        (sums, largest_of(largest, self.communicator()))
    }

    /// The sum of a number of every row.
    pub fn sum(&self, f: impl Fn(usize) -> f64 + Sync) -> f64 {
        self.sums(|row| [f(row)])[0]
    }

    /// The sums of some numbers of every row.
    pub fn sums<const K: usize>(&self, f: impl Fn(usize) -> [f64; K] + Sync) -> [f64; K] {
        self.sums_of_blocks(&|rows, out: &mut [[f64; K]]| {
            for (row, out) in rows.zip(out) {
                *out = f(row);
            }
        })
    }

    /// The sums of numbers of every row, which `f` writes for a block of them.
    pub fn sums_of_blocks<const K: usize>(
        &self,
        f: &(impl Fn(Range<usize>, &mut [[f64; K]]) + Sync),
    ) -> [f64; K] {
        let all = self.sum_leaves(K, &|leaf, sum| {
            let mut memory = [[0.0; K]; BLOCK];
            for block in self.blocks(leaf) {
                for rows in (block.start..block.end).step_by(BLOCK) {
                    let rows = rows..(rows + BLOCK).min(block.end);
                    let out = &mut memory[..rows.len()];
                    f(rows, out);
                    for (k, sum) in sum.iter_mut().enumerate() {
                        *sum += reduce::sum_by(out.len(), |i| out[i][k]);
                    }
                }
            }
        });
        std::array::from_fn(|k| all[k])
    }

    /// True if a statement holds for every row of every process.
    pub fn all(&self, f: impl Fn(usize) -> bool + Sync) -> bool {
        let fails = AtomicBool::new(false);
        self.for_each_leaf(&|leaf| {
            let known = fails.load(Ordering::Relaxed);
            if !known && self.blocks(leaf).flatten().any(|row| !f(row)) {
                fails.store(true, Ordering::Relaxed);
            }
        });
        self.communicator().all(!fails.into_inner())
    }

    /// The number of rows of all processes for which a statement holds.
    pub fn number(&self, f: impl Fn(usize) -> bool + Sync) -> usize {
        self.sum(|row| if f(row) { 1.0 } else { 0.0 }) as usize
    }

    /// The first row of this process for which a statement holds.
    pub fn first(&self, f: impl Fn(usize) -> bool + Sync) -> Option<usize> {
        let found = Mutex::new(None);
        self.visit_leaves(&|leaf| {
            let rows = self.leaf(leaf);
            let before = |row: usize| {
                let found = found.lock().ok().and_then(|found| *found);
                found.is_some_and(|found| found < row)
            };
            if before(rows.start) {
                return;
            }
            if let Some(row) = self.blocks(leaf).flatten().find(|row| f(*row))
                && let Ok(mut found) = found.lock()
            {
                *found = Some(found.map_or(row, |other: usize| other.min(row)));
            }
        });
        found.into_inner().unwrap_or_default()
    }

    /// The largest number of all rows of all processes, none of which is negative; 0 without rows, NaN if one is.
    pub fn largest(&self, f: impl Fn(usize) -> f64 + Sync) -> f64 {
        let larger = |a: f64, b: f64| if b <= a { a } else { b };
        self.largest_of_leaves(&|leaf| self.blocks(leaf).flatten().map(&f).fold(0.0, larger))
    }

    /// The same of a number of every leaf.
    pub fn largest_of_leaves(&self, f: &(impl Fn(usize) -> f64 + Sync)) -> f64 {
        let largest = AtomicU64::new(0);
        self.for_each_leaf(&|leaf| keep_largest(&largest, f(leaf)));
        largest_of(f64::from_bits(largest.into_inner()), self.communicator())
    }
}

/// Keeps the bits of the largest number: those of numbers that are not negative stand in their order, those of NaN above all.
fn keep_largest(largest: &AtomicU64, value: f64) {
    let value = if value.is_nan() { f64::NAN } else { value };
    largest.fetch_max(value.to_bits(), Ordering::Relaxed);
}

/// The largest of all processes' numbers, none of which is negative; NaN if one is.
fn largest_of(mine: f64, processes: &dyn Communicator) -> f64 {
    // The bits of numbers that are not negative stand in their order: the high half decides, then the low one.
    let bits = mine.to_bits();
    let mut high = [(bits >> 32) as i32];
    processes.largest(&mut high);
    let leads = high[0] == (bits >> 32) as i32;
    // Numbers of 32 bits in the order of signed ones.
    let mut low = [if leads {
        (bits as u32 ^ 0x8000_0000) as i32
    } else {
        i32::MIN
    }];
    processes.largest(&mut low);
    f64::from_bits(((high[0] as u64) << 32) | u64::from(low[0] as u32 ^ 0x8000_0000))
}

/// Sums that no thread is using.
pub(crate) fn take(free: &Mutex<Vec<BinnedSums>>, length: usize) -> BinnedSums {
    let own = free.lock().ok().and_then(|mut free| free.pop());
    own.unwrap_or_else(|| BinnedSums::new(length))
}

pub(crate) fn give(free: &Mutex<Vec<BinnedSums>>, sums: BinnedSums) {
    if let Ok(mut free) = free.lock() {
        free.push(sums);
    }
}

/// The sum of what all threads and all processes have.
fn together(
    sums: Mutex<Vec<BinnedSums>>,
    length: usize,
    processes: &dyn Communicator,
) -> BinnedSums {
    let mut all = sums.into_inner().unwrap_or_default().into_iter();
    let mut first = all.next().unwrap_or_else(|| BinnedSums::new(length));
    all.for_each(|other| first.merge(&other));
    first.combine(processes);
    first
}
