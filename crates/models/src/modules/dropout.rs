//! Dropout.

use autodiff::Var;
use linalg::{Mat, Scalar};

use crate::{Buffer, Module, Operation, Parameter, join};

/// In training each entry is 0 with the probability p, and else divided by 1 − p (Srivastava and others 2014); in evaluation all
/// stay as they are. What is dropped depends on the seed and on how often the module was applied, and the count is a buffer, so that a
/// training that is resumed drops what it would have dropped.
///
/// ```
/// use autodiff::Tape;
/// use linalg::Mat;
/// use models::{Dropout, Module};
/// let (x, mut dropout) = (Mat::<f64>::full(100, 100, 1.0), Dropout::new(0.25, 7));
/// let tape = Tape::new();
/// let y = dropout.forward(tape.constant(&x));
/// assert!((y.mean().item() - 1.0).abs() < 0.02 && y.get(0, 0) != 1.0);
/// Module::<f64>::set_training(&mut dropout, false);
/// assert_eq!(dropout.forward(tape.constant(&x)).to_mat(), x);
/// ```
#[derive(Debug, Clone)]
pub struct Dropout {
    p: f64,
    seed: u64,
    training: bool,
    applied: Buffer,
}

impl Dropout {
    /// With the probability of being dropped, and a seed.
    ///
    /// # Panics
    /// If `p` is not at least 0 and below 1.
    #[track_caller]
    pub fn new(p: f64, seed: u64) -> Self {
        assert!(
            (0.0..1.0).contains(&p),
            "dropout: the probability is {p}; it is at least 0 and below 1"
        );
        Self {
            p,
            seed,
            training: true,
            applied: Buffer::count().private(),
        }
    }
}

/// A number of 64 bits that looks random, from one that counts (Steele, Lea and Flood 2014, `SplitMix64`).
fn mixed(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl<T: Scalar> Module<T> for Dropout {
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        if !self.training || self.p == 0.0 {
            return x;
        }
        let round = self.applied.change(|values| {
            values[0] += 1.0;
            values[0] as u64
        });
        let stream = mixed(self.seed ^ mixed(round));
        let shape = x.shape();
        let kept = T::from_f64(1.0 / (1.0 - self.p));
        let mask = Mat::from_fn(shape.rows, shape.columns, |i, j| {
            let draw = mixed(stream.wrapping_add((i + j * shape.rows) as u64)) >> 11;
            if (draw as f64) < self.p * (1_u64 << 53) as f64 {
                T::ZERO
            } else {
                kept
            }
        });
        x * x.tape().copied(mask.as_ref())
    }

    fn visit<'a>(&'a self, _: &str, _: &mut dyn FnMut(&str, &'a Parameter<T>)) {}

    fn visit_mut(&mut self, _: &str, _: &mut dyn FnMut(&str, &mut Parameter<T>)) {}

    fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        visitor(&join(path, "applied"), &self.applied);
    }

    fn set_training(&mut self, training: bool) {
        self.training = training;
    }

    fn describe(&self) -> String {
        format!("Dropout({})", self.p)
    }

    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        Some(Vec::new())
    }
}
