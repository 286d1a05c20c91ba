//! NumPy's legacy generator.

use linalg::random::Stream;
use rand_mt::Mt;

/// The numbers of `numpy.random.seed(seed)` followed by `rand` and `randn`: a Mersenne twister, 53-bit uniforms of two
/// words, and normals by Marsaglia's polar method, of which every second one is kept for the next call.
///
/// ```
/// use datasets::random::{NumpyLegacy, Stream};
/// let mut generator = NumpyLegacy::new(220_104);
/// let mut w = [0.0; 3];
/// generator.fill_normal_f64(&mut w);
/// assert_eq!(w.map(|x| format!("{x:.8}")), ["-0.30356914", "-0.56552733", "-0.44174438"]);
/// ```
#[derive(Debug, Clone)]
pub struct NumpyLegacy {
    words: Mt,
    kept: Option<f64>,
}

impl NumpyLegacy {
    /// `numpy.random.seed(seed)`.
    pub fn new(seed: u32) -> Self {
        Self {
            words: Mt::new(seed),
            kept: None,
        }
    }

    /// `numpy.random.randn()`.
    pub fn normal(&mut self) -> f64 {
        if let Some(kept) = self.kept.take() {
            return kept;
        }
        loop {
            let (x, y) = (
                2.0 * self.uniform_f64() - 1.0,
                2.0 * self.uniform_f64() - 1.0,
            );
            let squared = x * x + y * y;
            if squared < 1.0 && squared != 0.0 {
                let factor = (-2.0 * squared.ln() / squared).sqrt();
                self.kept = Some(factor * x);
                return factor * y;
            }
        }
    }
}

impl Stream for NumpyLegacy {
    /// The double-precision uniform, rounded as `rand(…).astype(float32)` does, but never up to 1.
    fn uniform_f32(&mut self) -> f32 {
        (self.uniform_f64() as f32).min(1.0 - f32::EPSILON / 2.0)
    }

    fn uniform_f64(&mut self) -> f64 {
        let high = u64::from(self.words.next_u32() >> 5);
        let low = u64::from(self.words.next_u32() >> 6);
        ((high << 26) | low) as f64 * 2.0_f64.powi(-53)
    }

    /// By masking and rejecting, as the legacy `randint` does for its default type.
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a whole number below 0 was asked for");
        let largest = bound - 1;
        if largest == 0 {
            return 0;
        }
        let mask = u64::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0);
        loop {
            let word = u64::from(self.words.next_u32());
            let value = if u32::try_from(largest).is_ok() {
                word & mask
            } else {
                ((word << 32) | u64::from(self.words.next_u32())) & mask
            };
            if value <= largest {
                return value;
            }
        }
    }

    fn fill_normal_f32(&mut self, out: &mut [f32]) {
        for x in out {
            *x = self.normal() as f32;
        }
    }

    fn fill_normal_f64(&mut self, out: &mut [f64]) {
        for x in out {
            *x = self.normal();
        }
    }
}
