//! How several processes share the parts of a table.

use std::ops::Range;

use linalg::Communicator;

use super::Store;
use crate::{DataError, Recipe};

/// The parts that a process makes: as many as the others, in their order.
pub(super) fn share(parts: usize, communicator: &dyn Communicator) -> Range<usize> {
    let cut = |rank: usize| (rank * parts).div_ceil(communicator.size());
    cut(communicator.rank())..cut(communicator.rank() + 1)
}

/// The leaves of a process among those of all, if it has opened so many: its own, or all of which it takes a share.
pub(super) fn own_leaves(
    opened: usize,
    all: bool,
    communicator: &dyn Communicator,
) -> Range<usize> {
    // Asked in any case, so that processes agree on what is asked.
    let numbers = communicator.gather_numbers(&[opened as f64]);
    if all {
        return share(opened, communicator);
    }
    let before = numbers.iter().take(communicator.rank()).flatten();
    let before = before.sum::<f64>() as usize;
    before..before + opened
}

/// An error in every process if one has one.
pub(super) fn agree(
    mine: Result<(), DataError>,
    communicator: &dyn Communicator,
) -> Result<(), DataError> {
    if communicator.all(mine.is_ok()) {
        return mine;
    }
    mine.and(Err(DataError::Elsewhere))
}

/// What all parts contain, from those that each process made: checksums in the order of the parts, and the recipe.
pub(super) fn identity<'s>(
    own: impl Iterator<Item = &'s Store>,
    recipe: &Recipe,
    communicator: &dyn Communicator,
) -> String {
    // The same text however many processes have the parts.
    let sums: Vec<String> = own
        .map(|store| format!("{:x?}", store.account.checksums))
        .collect();
    let sums = sums.concat();
    let all = communicator.gather(sums.as_bytes()).concat();
    let recipe = serde_json::to_string(recipe).unwrap_or_default();
    format!("{recipe} {}", String::from_utf8_lossy(&all))
}
