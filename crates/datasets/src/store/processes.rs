//! How several processes share the parts of a table.

use std::ops::Range;

use linalg::Communicator;

use crate::DataError;

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
