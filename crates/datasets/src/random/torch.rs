//! PyTorch's CPU generator.

use linalg::random::Stream;
use rand_mt::Mt;

/// The numbers that PyTorch draws on the CPU after `torch.manual_seed(seed)`: a Mersenne twister (Matsumoto and Nishimura
/// 1998), of whose 32-bit words a single-precision uniform uses the low 24 bits, a double-precision one the low 53 of two.
///
/// ```
/// use datasets::random::{Stream, Torch};
/// let mut generator = Torch::new(3);
/// assert_eq!(format!("{:.4}", generator.uniform_f32()), "0.0043");
/// assert_eq!(format!("{:.4}", generator.uniform_f32()), "0.1056");
/// ```
#[derive(Debug, Clone)]
pub struct Torch {
    words: Mt,
    /// The second number of a Box-Muller pair, which waits for the next draw of fewer than 16.
    kept: Option<f64>,
}

impl Torch {
    /// `torch.manual_seed(seed)`; the seed is taken modulo 2³².
    pub fn new(seed: u64) -> Self {
        Self {
            words: Mt::new(seed as u32),
            kept: None,
        }
    }

    /// `torch.randint(0, bound, (n,))`.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn randint(&mut self, bound: u64, n: usize) -> Vec<u64> {
        (0..n).map(|_| self.below(bound)).collect()
    }

    /// `torch.bernoulli` of a tensor filled with `probability`, in single precision.
    pub fn bernoulli(&mut self, probability: f32) -> bool {
        self.uniform_f32() < probability
    }

    fn two_words(&mut self) -> u64 {
        let high = u64::from(self.words.next_u32());
        (high << 32) | u64::from(self.words.next_u32())
    }

    /// Box and Muller on two uniforms of the library's own order.
    fn polar(radius: f64, angle: f64) -> [f64; 2] {
        let r = (-2.0 * (1.0 - radius).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * angle).sin_cos();
        [r * cos, r * sin]
    }

    /// Fewer than 16 numbers are drawn one by one, in double precision, of which every second one was kept.
    fn normal(&mut self) -> f64 {
        self.kept.take().unwrap_or_else(|| {
            let (angle, radius) = (self.uniform_f64(), self.uniform_f64());
            let [first, second] = Self::polar(radius, angle);
            self.kept = Some(second);
            first
        })
    }
}

/// Fills blocks of 16: uniforms first, then the first 8 as radii and the last 8 as angles. If the length is no multiple of
/// 16, the last 16 are drawn anew.
macro_rules! fill_blocks {
    ($self:ident, $out:ident, $uniform:ident, $t:ty) => {{
        for x in $out.iter_mut() {
            *x = $self.$uniform();
        }
        let n = $out.len();
        let whole = n / 16 * 16;
        for start in (0..whole).step_by(16) {
            fill_blocks!(@block &mut $out[start..start + 16], $t);
        }
        if whole < n {
            for x in &mut $out[n - 16..] {
                *x = $self.$uniform();
            }
            fill_blocks!(@block &mut $out[n - 16..], $t);
        }
    }};
    (@block $block:expr, $t:ty) => {{
        let block: &mut [$t] = $block;
        for j in 0..8 {
            let [first, second] = Torch::polar(f64::from(block[j]), f64::from(block[j + 8]));
            block[j] = first as $t;
            block[j + 8] = second as $t;
        }
    }};
}

impl Stream for Torch {
    fn uniform_f32(&mut self) -> f32 {
        (self.words.next_u32() & 0x00ff_ffff) as f32 * 2.0_f32.powi(-24)
    }

    fn uniform_f64(&mut self) -> f64 {
        (self.two_words() & ((1 << 53) - 1)) as f64 * 2.0_f64.powi(-53)
    }

    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a whole number below 0 was asked for");
        if bound <= 1 << 32 {
            u64::from(self.words.next_u32()) % bound
        } else {
            self.two_words() % bound
        }
    }

    fn fill_normal_f32(&mut self, out: &mut [f32]) {
        if out.len() < 16 {
            for x in out {
                *x = self.normal() as f32;
            }
        } else {
            fill_blocks!(self, out, uniform_f32, f32);
        }
    }

    fn fill_normal_f64(&mut self, out: &mut [f64]) {
        if out.len() < 16 {
            for x in out {
                *x = self.normal();
            }
        } else {
            fill_blocks!(self, out, uniform_f64, f64);
        }
    }

    /// `torch.randperm(n)`.
    fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in 0..n.saturating_sub(1) {
            let offset = self.below((n - i) as u64) as usize;
            order.swap(i, i + offset);
        }
        order
    }
}
