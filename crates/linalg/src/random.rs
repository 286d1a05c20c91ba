//! The one thing that lower layers ask of a source of random numbers.

/// A stream of random numbers. The implementations live in `datasets::random`; initialisers and samplers only see this trait.
///
/// Single and double precision are drawn by methods of their own, because a generator that reproduces another
/// library's numbers consumes its state differently for each.
pub trait Stream {
    /// The next number of the uniform distribution on [0, 1), in single precision.
    fn uniform_f32(&mut self) -> f32;
    /// The next number of the uniform distribution on [0, 1), in double precision.
    fn uniform_f64(&mut self) -> f64;
    /// A whole number drawn uniformly from `0..bound`.
    ///
    /// # Panics
    /// If `bound` is 0.
    fn below(&mut self, bound: u64) -> u64;
    /// Fills `out` with standard normal numbers in single precision.
    fn fill_normal_f32(&mut self, out: &mut [f32]);
    /// Fills `out` with standard normal numbers in double precision.
    fn fill_normal_f64(&mut self, out: &mut [f64]);
    /// A random order of `0..n`.
    fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            let other = self.below(last as u64 + 1) as usize;
            order.swap(last, other);
        }
        order
    }
}
