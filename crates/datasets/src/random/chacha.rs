//! The default stream.

use linalg::random::Stream;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// ChaCha with 12 rounds, seeded by a number. Streams of the same seed and different `stream` numbers are independent.
///
/// ```
/// use datasets::random::{ChaCha, Stream};
/// let (mut a, mut b) = (ChaCha::new(7), ChaCha::new(7));
/// assert_eq!(a.uniform_f64(), b.uniform_f64());
/// ```
#[derive(Debug, Clone)]
pub struct ChaCha(ChaCha12Rng);

impl ChaCha {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// One of 2⁶⁴ independent streams of a seed: one for each fold, thread or replication.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Two independent standard normal numbers (Box and Muller 1958).
    fn normal_pair(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.uniform_f64()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform_f64()).sin_cos();
        [radius * cos, radius * sin]
    }
}

impl Stream for ChaCha {
    fn uniform_f32(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * 2.0_f32.powi(-24)
    }

    fn uniform_f64(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * 2.0_f64.powi(-53)
    }

    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a whole number below 0 was asked for");
        // Multiply and reject (Lemire 2019): every number is equally likely.
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(bound);
            if product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    fn fill_normal_f32(&mut self, out: &mut [f32]) {
        for pair in out.chunks_mut(2) {
            let normal = self.normal_pair();
            pair.iter_mut()
                .zip(normal)
                .for_each(|(out, x)| *out = x as f32);
        }
    }

    fn fill_normal_f64(&mut self, out: &mut [f64]) {
        for pair in out.chunks_mut(2) {
            let normal = self.normal_pair();
            pair.copy_from_slice(&normal[..pair.len()]);
        }
    }
}
