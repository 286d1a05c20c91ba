//! The same seed, the same numbers: PyTorch's, NumPy's and our own.
//!
//! `cargo run --release --example manual_seed`

use std::io::{self, Write};

use datasets::random::{ChaCha, NumpyLegacy, Stream, Torch};

/// Two draws of PyTorch's generator after `torch.manual_seed(seed)`.
pub fn torch(seed: u64) -> [f32; 2] {
    let mut generator = Torch::new(seed);
    [generator.uniform_f32(), generator.uniform_f32()]
}

/// `numpy.random.seed(seed)`, then `randn(3, 1)` and `randn(1, 1)`.
pub fn numpy(seed: u32) -> ([f64; 3], f64) {
    let mut generator = NumpyLegacy::new(seed);
    let mut w = [0.0; 3];
    generator.fill_normal_f64(&mut w);
    (w, generator.normal())
}

/// Prints the tutorial.
///
/// # Errors
/// If `out` cannot be written.
pub fn tell(out: &mut dyn Write) -> io::Result<()> {
    for seed in [3, 5, 3] {
        let [first, second] = torch(seed);
        writeln!(out, "torch.manual_seed({seed}): {first:.4} {second:.4}")?;
    }
    let (w, b) = numpy(220_104);
    writeln!(
        out,
        "numpy.random.seed(220104): {:.8} {:.8} {:.8}, then {b:.8}",
        w[0], w[1], w[2]
    )?;
    let mut stream = ChaCha::new(3);
    writeln!(
        out,
        "our default stream, seed 3: {:.4} {:.4}",
        stream.uniform_f64(),
        stream.uniform_f64()
    )?;
    Ok(())
}

#[allow(dead_code)] // The library runs the function above.
fn main() -> io::Result<()> {
    tell(&mut io::stdout().lock())
}
