//! What a module keeps from batch to batch and no optimiser changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers that a module changes while it is applied: running means, or how often it drew. A clone is a buffer of its own.
///
/// ```
/// let buffer = models::Buffer::new(vec![0.0, 1.0], &[2]);
/// buffer.change(|values| values[0] = 3.0);
/// assert_eq!(buffer.values(), [3.0, 1.0]);
/// ```
#[derive(Debug)]
pub struct Buffer {
    values: Mutex<Vec<f64>>,
    sizes: Box<[usize]>,
    whole: bool,
    own: bool,
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self {
            values: Mutex::new(self.values()),
            sizes: self.sizes.clone(),
            ..*self
        }
    }
}

impl Buffer {
    /// A buffer with these values and the sizes under which other programs know it.
    pub fn new(values: Vec<f64>, sizes: &[usize]) -> Self {
        Self {
            values: Mutex::new(values),
            sizes: sizes.into(),
            whole: false,
            own: false,
        }
    }

    /// A count, which is stored as a whole number.
    pub fn count() -> Self {
        Self {
            whole: true,
            ..Self::new(vec![0.0], &[])
        }
    }

    /// The same buffer, which other programs do not know: it belongs to checkpoints, not to files for them.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.own = true;
        self
    }

    /// True if other programs do not know it.
    pub fn is_private(&self) -> bool {
        self.own
    }

    /// True if it is stored as whole numbers.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The sizes under which other programs know it.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    fn lock(&self) -> MutexGuard<'_, Vec<f64>> {
        // A panic while it was held left numbers, which are as good as any.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the values.
    pub fn values(&self) -> Vec<f64> {
        self.lock().clone()
    }

    /// Changes the values.
    pub fn change<R>(&self, f: impl FnOnce(&mut Vec<f64>) -> R) -> R {
        f(&mut self.lock())
    }
}
