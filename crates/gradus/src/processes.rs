//! The processes that fit together: one, or those that MPI has started.

use anyhow::Result;
use linalg::{Alone, Communicator};

/// What launchers of MPI tell a process: how many there are.
const SIZES: [&str; 4] = [
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "PMIX_SIZE",
    "MPI_LOCALNRANKS",
];

/// Those who have the other rows.
///
/// # Errors
/// If a launcher of MPI started several processes of a program that knows none.
pub(crate) fn communicator() -> Result<Box<dyn Communicator>> {
    let sizes = SIZES.iter().filter_map(|name| std::env::var(name).ok());
    let several = sizes.filter_map(|size| size.parse::<usize>().ok());
    if several.max().unwrap_or(1) <= 1 {
        return Ok(Box::new(Alone));
    }
    #[cfg(feature = "mpi")]
    {
        Ok(Box::new(train::mpi::World::new()?))
    }
    #[cfg(not(feature = "mpi"))]
    anyhow::bail!(
        "this program was built without MPI and cannot share its work with the others that were started; build it with `--features mpi`"
    )
}
