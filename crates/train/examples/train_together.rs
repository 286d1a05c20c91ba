//! A network that several processes train together, each on rows of its own.
//!
//! `cargo build -p train --features mpi --example train_together`, then `mpirun -n 4 target/debug/examples/train_together`. The last
//! line is the same for any number of processes.

use std::error::Error;

use datasets::random::ChaCha;
use linalg::rows::LEAF;
use linalg::{Communicator, Leaves, Mat, MatRef, Table, Values};
use models::{Linear, Module, Sequential, Sigmoid, Tanh, loss};
use train::mpi::World;
use train::{Adam, Optimizer, SharedTraining};

/// The leaves of all rows that this process makes and keeps.
#[derive(Debug)]
struct Share<'w> {
    world: &'w World,
    first: usize,
    leaves: Vec<Mat<f64>>,
    starts: Vec<usize>,
}

/// Two numbers, and whether their point lies in a ring.
fn entry(row: usize, column: usize) -> f64 {
    let at = |step: f64| 2.0 * (row as f64 * step).fract() - 1.0;
    // Multiples of the golden ratio and of √2 fill the square evenly.
    let point = [at(0.618_033_988_749_895), at(std::f64::consts::SQRT_2)];
    match point.get(column) {
        Some(x) => *x,
        None => f64::from((0.2..0.6).contains(&(point[0].powi(2) + point[1].powi(2)))),
    }
}

impl<'w> Share<'w> {
    fn new(world: &'w World, leaves: usize) -> Self {
        let first = |rank: usize| (rank * leaves).div_ceil(world.size());
        let own = first(world.rank())..first(world.rank() + 1);
        let leaf = |leaf: usize| Mat::from_fn(LEAF, 3, |i, j| entry(leaf * LEAF + i, j));
        Self {
            world,
            first: own.start,
            starts: (0..=own.len()).map(|leaf| leaf * LEAF).collect(),
            leaves: own.map(leaf).collect(),
        }
    }
}

impl Leaves for Share<'_> {
    fn columns(&self) -> usize {
        3
    }

    fn starts(&self) -> &[usize] {
        &self.starts
    }

    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.leaves[leaf].as_ref()
    }

    fn first_block(&self, leaf: usize) -> usize {
        (self.first + leaf) * LEAF / linalg::rows::BLOCK
    }

    fn communicator(&self) -> &dyn Communicator {
        self.world
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let world = World::new()?;
    let share = Share::new(&world, 7);
    // Alike in every process.
    let mut stream = ChaCha::new(1);
    let mut model: Sequential<f32> = Sequential::new()
        .then(Linear::new(2, 32, &mut stream))
        .then(Tanh)
        .then(Linear::new(32, 1, &mut stream))
        .then(Sigmoid);
    let leaves: &dyn Leaves = &share;
    let target = Values::Column { leaves, column: 2 };
    let mut losses = Vec::new();
    SharedTraining::new(20).part_rows(128).batches(2, 5).run(
        &mut model,
        &mut Optimizer::new(Adam::new(0.01)),
        (Table::Leaves { leaves, columns: 2 }, &target),
        |prediction, inside| loss::binary_cross_entropy(prediction, inside).mean(),
        |epoch| losses.push(epoch.loss),
    )?;
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < 0.15 && last < 0.4 * first, "{first} {last}");
    let mut sum = 0_u32;
    model.visit("", &mut |_, parameter| {
        for x in parameter.as_slice() {
            sum = sum.rotate_left(5) ^ x.to_bits();
        }
    });
    // The same in every process, as in one alone.
    let sums = world.gather(&sum.to_le_bytes());
    assert!(sums.iter().all(|other| *other == sum.to_le_bytes()));
    if world.rank() == 0 {
        println!("{} processes", world.size());
        println!("loss {first:.6} to {last:.6}, parameters {sum:08x}");
    }
    Ok(())
}
