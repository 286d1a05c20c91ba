//! Threads of one process that act as processes, and their shares of a table. The tests of other crates include this file.
#![allow(dead_code, reason = "each test that includes this uses a part of it")]

use std::sync::{Barrier, Mutex};

use linalg::{Communicator, Leaves, Mat, MatRef};

#[derive(Debug)]
pub struct Shared {
    barrier: Barrier,
    said: Mutex<Vec<Vec<u8>>>,
}

#[derive(Debug)]
pub struct One<'s> {
    rank: usize,
    shared: &'s Shared,
}

impl Communicator for One<'_> {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.shared.said.lock().unwrap().len()
    }
    fn largest(&self, values: &mut [i32]) {
        let mine: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        for other in self.gather(&mine) {
            for (value, bytes) in values.iter_mut().zip(other.chunks(4)) {
                *value = (*value).max(i32::from_le_bytes(bytes.try_into().unwrap()));
            }
        }
    }
    fn total(&self, values: &mut [i64]) {
        let mine: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        values.fill(0);
        for other in self.gather(&mine) {
            for (value, bytes) in values.iter_mut().zip(other.chunks(8)) {
                *value += i64::from_le_bytes(bytes.try_into().unwrap());
            }
        }
    }
    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        self.shared.said.lock().unwrap()[self.rank] = mine.to_vec();
        self.shared.barrier.wait();
        let all = self.shared.said.lock().unwrap().clone();
        self.shared.barrier.wait();
        all
    }
}

pub fn run<T: Send>(size: usize, f: impl Fn(&One<'_>) -> T + Sync) -> Vec<T> {
    let shared = Shared {
        barrier: Barrier::new(size),
        said: Mutex::new(vec![Vec::new(); size]),
    };
    let (shared, f) = (&shared, &f);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..size)
            .map(|rank| scope.spawn(move || f(&One { rank, shared })))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Leaves of so many rows each.
#[derive(Debug)]
pub struct Parts {
    leaves: Vec<Mat<f64>>,
    starts: Vec<usize>,
}

impl Parts {
    pub fn new(rows: &[usize], columns: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let (mut leaves, mut starts) = (Vec::new(), vec![0]);
        for &rows in rows {
            let from = starts[starts.len() - 1];
            leaves.push(Mat::from_fn(rows, columns, |i, j| entry(from + i, j)));
            starts.push(from + rows);
        }
        Self { leaves, starts }
    }
}

impl Leaves for Parts {
    fn columns(&self) -> usize {
        self.leaves.first().map_or(0, Mat::ncols)
    }
    fn starts(&self) -> &[usize] {
        &self.starts
    }
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.leaves[leaf].as_ref()
    }
    fn first_block(&self, leaf: usize) -> usize {
        16 * leaf
    }
}

/// A share of the leaves of others.
#[derive(Debug)]
pub struct Share<'s> {
    of: &'s dyn Leaves,
    from: usize,
    starts: Vec<usize>,
    communicator: &'s dyn Communicator,
}

impl<'s> Share<'s> {
    pub fn new(of: &'s dyn Leaves, one: &'s dyn Communicator) -> Self {
        let leaves = of.starts().len() - 1;
        let first = |rank: usize| (rank * leaves).div_ceil(one.size());
        let (from, to) = (first(one.rank()), first(one.rank() + 1));
        let own = &of.starts()[from..=to];
        Self {
            of,
            from,
            starts: own.iter().map(|start| start - own[0]).collect(),
            communicator: one,
        }
    }

    /// The number of its first row among those of all.
    pub fn offset(&self) -> usize {
        self.of.starts()[self.from]
    }
}

impl Leaves for Share<'_> {
    fn columns(&self) -> usize {
        self.of.columns()
    }
    fn starts(&self) -> &[usize] {
        &self.starts
    }
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.of.leaf(self.from + leaf)
    }
    fn first_block(&self, leaf: usize) -> usize {
        self.of.first_block(self.from + leaf)
    }
    fn communicator(&self) -> &dyn Communicator {
        self.communicator
    }
}
