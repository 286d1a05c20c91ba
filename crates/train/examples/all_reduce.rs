//! How long processes take to add their sums: `cargo build --release -p train --features mpi --example all_reduce`, then
//! `mpirun -n 4 target/release/examples/all_reduce`. `docs/scaling.md` has what it said.

use std::time::Instant;

use linalg::{BinnedSums, Communicator};
use train::mpi::World;

fn main() -> Result<(), train::FitError> {
    let world = World::new()?;
    for columns in [10, 100, 300, 1000] {
        let length = 1 + columns + columns * (columns + 1) / 2;
        let terms: Vec<f64> = (0..length).map(|i| (i as f64).sin()).collect();
        let mut best = [f64::INFINITY; 2];
        for _ in 0..20 {
            let mut sums = BinnedSums::new(length);
            let started = Instant::now();
            sums.add(0, &terms);
            best[0] = best[0].min(started.elapsed().as_secs_f64());
            let started = Instant::now();
            sums.combine(&world);
            best[1] = best[1].min(started.elapsed().as_secs_f64());
            assert!((sums.get(1) - world.size() as f64 * terms[1]).abs() < 1e-12);
        }
        if world.rank() == 0 {
            println!(
                "{} processes, {columns} columns, {:.3} MB: a leaf's sums added in {:.1} us, those of all in {:.1} us",
                world.size(),
                28e-6 * length as f64,
                1e6 * best[0],
                1e6 * best[1]
            );
        }
    }
    Ok(())
}
