//! What a rule remembers of a parameter.

use linalg::Scalar;

/// What a rule remembers of one parameter between steps: arrays as long as the parameter, and numbers. Empty before the first
/// step; steps after the first allocate nothing.
///
/// ```
/// let mut state = train::State::<f32>::default();
/// let [mean, square] = state.arrays(3, [0.0, 1.0]);
/// mean[0] = 5.0;
/// assert_eq!(square, [1.0; 3]);
/// assert_eq!(state.arrays(3, [0.0, 1.0])[0], [5.0, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct State<T> {
    pub(super) arrays: Vec<Vec<T>>,
    pub(super) numbers: Vec<f64>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self {
            arrays: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

impl<T: Scalar> State<T> {
    /// True before the first array is asked for.
    pub fn is_new(&self) -> bool {
        self.arrays.is_empty()
    }

    /// The first `K` arrays. Those that do not exist yet are filled with `start`.
    ///
    /// # Panics
    /// If they exist with another length: the state is that of another parameter.
    #[track_caller]
    pub fn arrays<const K: usize>(&mut self, length: usize, start: [T; K]) -> [&mut [T]; K] {
        for start in &start[self.arrays.len().min(K)..] {
            self.arrays.push(vec![*start; length]);
        }
        let mut arrays = self.arrays.iter_mut();
        start.map(|_| {
            // There are at least K of them.
            let array = arrays.next().map(Vec::as_mut_slice).unwrap_or_default();
            assert_eq!(
                array.len(),
                length,
                "the state of a parameter of another length"
            );
            array
        })
    }

    /// The first `K` numbers. Those that do not exist yet are `start`.
    pub fn numbers<const K: usize>(&mut self, start: [f64; K]) -> &mut [f64] {
        let known = self.numbers.len().min(K);
        self.numbers.extend_from_slice(&start[known..]);
        &mut self.numbers[..K]
    }
}
