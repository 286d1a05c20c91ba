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
