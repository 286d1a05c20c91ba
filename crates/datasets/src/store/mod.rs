//! Tables that are kept on a disk in blocks, for fits to data that do not fit into memory. With the feature `parquet`.
//!
//! A store is an Arrow (IPC) file: a column of doubles for each feature, then target, weights, offset, trials and lines, in batches of
//! [`linalg::rows::LEAF`] rows. Any program that reads Arrow reads it. What it was made of, the recipe and a checksum of every batch stand in
//! the metadata of its footer. Fits see it through the system's page cache ([`Leaves`]): a batch is announced before it is wanted
//! and let go afterwards, so a fit holds a few batches and not the table.

mod build;
mod learn;
mod map;
mod opened;
mod processes;
mod sample;
mod source;
mod write;

use std::path::{Path, PathBuf};

use linalg::{Leaves, MatRef};
use serde::{Deserialize, Serialize};

pub use self::build::{StoreOptions, Telling};
use self::map::Map;
pub use self::opened::{Opened, Through};
use crate::{DataError, Recipe};

/// What a column of a store is beside the features, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What is explained.
    Target,
    /// A weight for each row.
    Weights,
    /// A known part of the linear predictor.
    Offset,
    /// The trials of which the target counts the successes.
    Trials,
    /// The line of the source.
    Line,
}

/// What the footer says of the batches.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Account {
    version: u32,
    source: Stamp,
    /// What was wanted of the source, as text.
    wish: String,
    recipe: Recipe,
    features: Vec<String>,
    weights: bool,
    offset: bool,
    trials: bool,
    /// Rows that show everything that the recipe had to learn, as CSV.
    sample: String,
    /// One CRC-32 a batch.
    checksums: Vec<u32>,
}

/// How a source was when it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stamp {
    path: PathBuf,
    bytes: u64,
    identity: Vec<i64>,
    /// Since 1970.
    modified_nanoseconds: u128,
}

/// A table of features and a target on a disk.
#[derive(Debug)]
pub struct Store {
    map: Map,
    account: Account,
    starts: Vec<usize>,
}

const VERSION: u32 = 1;

impl Store {
    /// Opens a file of batches and reads all of it once, to compare it with its checksums.
    ///
    /// # Errors
    /// [`DataError::Store`] if it is no such file, or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let (map, account) = map::open(path.as_ref())?;
        let store = Self::new(map, account)?;
        store.verify()?;
        Ok(store)
    }

    fn new(mut map: Map, account: Account) -> Result<Self, DataError> {
        if map.batches() == 0 {
            // Nothing says how many columns a table without rows has.
            map.set_columns(account.features.len() + roles(&account).len());
        }
        let mut starts = vec![0];
        for batch in 0..map.batches() {
            let rows = map.matrix(batch).nrows();
            // Only the last one may be short.
            if rows == 0 || rows > linalg::rows::LEAF || starts[batch] % linalg::rows::LEAF != 0 {
                return Err(
                    map.damaged("its batches have other sizes than those that were written")
                );
            }
            starts.push(starts[batch] + rows);
        }
        let store = Self {
            map,
            account,
            starts,
        };
        if store.map.columns() != store.account.features.len() + roles(&store.account).len()
            || store.account.checksums.len() != store.map.batches()
        {
            return Err(store
                .map
                .damaged("its columns are not those that were written"));
        }
        Ok(store)
    }

    /// Reads every batch and compares it with its checksum.
    ///
    /// # Errors
    /// [`DataError::Store`] for the first that differs.
    pub fn verify(&self) -> Result<(), DataError> {
        let cut = linalg::Partition::of_leaves(self);
        let differs = |batch: &usize| {
            let rows = cut.leaf(*batch);
            !rows.is_empty() && self.map.checksum(*batch) != self.account.checksums[*batch]
        };
        for batch in 0..self.map.batches() {
            self.ahead((batch + 1).min(self.map.batches() - 1));
            let wrong = differs(&batch);
            self.release(batch);
            if wrong {
                return Err(self.map.damaged(&format!(
                    "batch {} of {} is not what was written",
                    batch + 1,
                    self.map.batches()
                )));
            }
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.map.path()
    }

    /// The file that it was made of.
    pub fn source(&self) -> &Path {
        &self.account.source.path
    }

    /// How the features follow from the columns of the source.
    pub fn recipe(&self) -> &Recipe {
        &self.account.recipe
    }

    /// The names of the features.
    pub fn feature_names(&self) -> &[String] {
        &self.account.features
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The bytes of the entries of all rows.
    pub fn bytes(&self) -> u64 {
        8 * self.rows() as u64 * self.map.columns() as u64
    }

    /// The place of a column, if there is one.
    pub fn column(&self, role: Role) -> Option<usize> {
        let place = roles(&self.account).iter().position(|one| *one == role)?;
        Some(self.account.features.len() + place)
    }

    /// The line of the source that a row comes from.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        let leaf = row / linalg::rows::LEAF;
        let column = self.column(Role::Line).unwrap_or(0);
        self.leaf(leaf)[(row - self.starts[leaf], column)] as u64
    }
}

/// The columns after the features.
fn roles(account: &Account) -> Vec<Role> {
    let all = [
        (Role::Target, true),
        (Role::Weights, account.weights),
        (Role::Offset, account.offset),
        (Role::Trials, account.trials),
        (Role::Line, true),
    ];
    all.into_iter()
        .filter_map(|(role, there)| there.then_some(role))
        .collect()
}

impl Leaves for Store {
    fn columns(&self) -> usize {
        self.map.columns()
    }

    fn starts(&self) -> &[usize] {
        &self.starts
    }

    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.map.matrix(leaf)
    }

    fn first_block(&self, leaf: usize) -> usize {
        self.starts[leaf] / linalg::rows::BLOCK
    }

    fn ahead(&self, leaf: usize) {
        self.map.ahead(leaf);
    }

    fn release(&self, leaf: usize) {
        self.map.release(leaf);
    }
}
