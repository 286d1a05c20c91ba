//! A line through three points, by gradient descent on the mean squared error.
//!
//! `cargo run --release --example linear_regression`

use std::io::{self, Write};

use autodiff::Tape;
use models::loss;
use train::Sgd;

/// W and b after an update, and the cost before it.
#[derive(Debug)]
pub struct Row {
    /// The number of the update, from 1.
    pub update: usize,
    /// Slope.
    pub w: f32,
    /// Intercept.
    pub b: f32,
    /// Mean squared error before the update.
    pub cost: f32,
}

/// Runs the updates and shows each.
pub fn run(updates: usize, mut show: impl FnMut(Row)) {
    let (x_train, y_train) = ([1.0_f32, 2.0, 3.0], [2.0_f32, 4.0, 6.0]);
    let (mut w0, mut b0) = ([0.0_f32], [0.0_f32]);
    let sgd = Sgd::new(0.01);
    let mut tape = Tape::new();
    for update in 1..=updates {
        tape.clear();
        let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
        let (w, b) = (tape.variable(&w0), tape.variable(&b0));
        let cost = loss::squared_error(x * w + b, y).mean();
        let gradients = cost.backward();
        let cost = cost.item();
        let (dw, db) = (gradients[w].as_slice(), gradients[b].as_slice());
        sgd.apply(&mut w0, dw);
        sgd.apply(&mut b0, db);
        show(Row {
            update,
            w: w0[0],
            b: b0[0],
            cost,
        });
    }
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    run(2000, |row| rows.push(row));
    for Row { update, w, b, cost } in rows {
        if update == 1 || update % 100 == 0 {
            writeln!(out, "update {update:4}  W {w:.3}  b {b:.3}  cost {cost:.6}")?;
        }
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
