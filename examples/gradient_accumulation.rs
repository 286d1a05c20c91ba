//! Gradients are values: added up they accumulate, taken afresh they do not.
//!
//! `cargo run --release --example gradient_accumulation`

use std::io::{self, Write};

use autodiff::Tape;

/// The gradient of z = 2w at w = 2 after each of `rounds` differentiations: accumulated, and taken afresh.
pub fn run(rounds: usize) -> Vec<(f32, f32)> {
    let w0 = [2.0_f32];
    let tape = Tape::new();
    let w = tape.variable(&w0);
    let z = w * 2.0;
    let mut total = z.backward();
    let mut rows = vec![(total[w][(0, 0)], total[w][(0, 0)])];
    for _ in 1..rounds {
        let fresh = z.backward();
        total += &fresh;
        rows.push((total[w][(0, 0)], fresh[w][(0, 0)]));
    }
    rows
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    for (accumulated, fresh) in run(20) {
        writeln!(
            out,
            "the gradient of 2w is {accumulated} accumulated, {fresh} afresh"
        )?;
    }
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
