//! The stores of a fit: those of all parts, or a share of their leaves.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use linalg::{Communicator, Leaves, MatRef};

use super::{Role, Store};
use crate::Recipe;

/// The stores of a table's parts, or the share of them that one of several processes works on.
#[derive(Debug)]
pub struct Opened<'c> {
    pub(super) stores: Vec<Store>,
    /// The store and the batch of each leaf.
    pub(super) leaves: Vec<(usize, usize)>,
    pub(super) starts: Vec<usize>,
    /// The leaves of all parts before the first of this process.
    pub(super) before: usize,
    pub(super) recipe: Recipe,
    pub(super) identity: String,
    pub(super) communicator: &'c dyn Communicator,
    /// Batches that were let go.
    pub(super) passed: AtomicUsize,
}

impl Opened<'_> {
    /// How the features follow from the columns of the sources.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// A text that differs for other sources, other wishes and other states of the sources; the same in all processes.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The same table, whose processes are asked through another communicator, as one that writes down what they say.
    pub fn through<'o>(&self, communicator: &'o dyn Communicator) -> Through<'_, 'o> {
        Through {
            table: self,
            communicator,
        }
    }

    /// The place of a column among those of the leaves.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.stores.first().and_then(|store| store.column(role))
    }

    /// The rows of this process.
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// How many leaves have been looked at and let go so far: as many as there are in every pass.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }

    /// The stores that this process reads.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// The source of a row, and its line there.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn place(&self, row: usize) -> (&Path, u64) {
        assert!(row < self.rows(), "row {row} of {}", self.rows());
        let leaf = self.starts.partition_point(|start| *start <= row) - 1;
        let (store, batch) = self.leaves[leaf];
        let store = &self.stores[store];
        let own = store.starts[batch] + row - self.starts[leaf];
        (store.source(), store.line(own))
    }
}

impl Leaves for Opened<'_> {
    fn columns(&self) -> usize {
        self.stores.first().map_or(0, Leaves::columns)
    }

    fn starts(&self) -> &[usize] {
        &self.starts
    }

    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        let (store, batch) = self.leaves[leaf];
        self.stores[store].leaf(batch)
    }

    fn first_block(&self, leaf: usize) -> usize {
        (self.before + leaf) * (linalg::rows::LEAF / linalg::rows::BLOCK)
    }

    fn ahead(&self, leaf: usize) {
        let (store, batch) = self.leaves[leaf];
        self.stores[store].ahead(batch);
    }

    fn release(&self, leaf: usize) {
        let (store, batch) = self.leaves[leaf];
        self.stores[store].release(batch);
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    fn communicator(&self) -> &dyn Communicator {
        self.communicator
    }
}

/// The leaves of a table with another communicator.
#[derive(Debug, Clone, Copy)]
pub struct Through<'t, 'c> {
    table: &'t Opened<'t>,
    communicator: &'c dyn Communicator,
}

impl Leaves for Through<'_, '_> {
    fn columns(&self) -> usize {
        self.table.columns()
    }

    fn starts(&self) -> &[usize] {
        self.table.starts()
    }

    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.table.leaf(leaf)
    }

    fn first_block(&self, leaf: usize) -> usize {
        self.table.first_block(leaf)
    }

    fn ahead(&self, leaf: usize) {
        self.table.ahead(leaf);
    }

    fn release(&self, leaf: usize) {
        self.table.release(leaf);
    }

    fn communicator(&self) -> &dyn Communicator {
        self.communicator
    }
}
