//! Several processes by MPI (the Message Passing Interface), with the feature `mpi`.

use linalg::Communicator;
use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::datatype::PartitionMut;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives};

use crate::FitError;

/// All processes that `mpirun` has started. MPI ends when it is dropped; a panic of one process ends all of them.
///
/// ```no_run
/// use linalg::Communicator;
/// let world = train::mpi::World::new()?;
/// println!("{} of {}", world.rank(), world.size());
/// # Ok::<(), train::FitError>(())
/// ```
pub struct World {
    _universe: Universe,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({} of {})", self.rank(), self.size())
    }
}

impl World {
    /// Joins the others. Once in a program.
    ///
    /// # Errors
    /// [`FitError::Processes`] if that was done before, or the MPI here cannot be called from several threads in turn.
    pub fn new() -> Result<Self, FitError> {
        let fault = |problem: &str| FitError::Processes {
            problem: problem.to_owned(),
        };
        let (universe, threading) = mpi::initialize_with_threading(Threading::Serialized)
            .ok_or_else(|| fault("MPI has been started before"))?;
        if threading < Threading::Serialized {
            return Err(fault(
                "this MPI cannot be called from several threads; install one that can",
            ));
        }
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            // The others would wait for this one for ever.
            let world = SimpleCommunicator::world();
            eprintln!("process {} of {} failed", world.rank(), world.size());
            world.abort(101);
        }));
        Ok(Self {
            _universe: universe,
        })
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        SimpleCommunicator::world().rank() as usize
    }

    fn size(&self) -> usize {
        SimpleCommunicator::world().size() as usize
    }

    fn largest(&self, values: &mut [i32]) {
        let mine = values.to_vec();
        SimpleCommunicator::world().all_reduce_into(&mine[..], values, SystemOperation::max());
    }

    fn total(&self, values: &mut [i64]) {
        let mine = values.to_vec();
        SimpleCommunicator::world().all_reduce_into(&mine[..], values, SystemOperation::sum());
    }

    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        let world = SimpleCommunicator::world();
        // The address of nothing is 1, by which Open MPI means something else: there is always a byte more.
        let mine = [mine, &[0]].concat();
        let mut lengths = vec![0_i32; self.size()];
        world.all_gather_into(&(mine.len() as i32), &mut lengths[..]);
        let mut starts = Vec::new();
        let mut all = 0;
        for length in &lengths {
            starts.push(all);
            all += length;
        }
        let mut bytes = vec![0_u8; all as usize];
        {
            let mut parts = PartitionMut::new(&mut bytes[..], &lengths[..], &starts[..]);
            world.all_gather_varcount_into(&mine[..], &mut parts);
        }
        starts
            .iter()
            .zip(&lengths)
            .map(|(start, length)| bytes[*start as usize..(start + length - 1) as usize].to_vec())
            .collect()
    }
}
