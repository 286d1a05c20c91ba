//! Learning rates over time.
//!
//! A schedule is a function of the rate at the start and the number of the epoch (or of the step: PyTorch counts whatever
//! `scheduler.step()` counts). It remembers nothing, so a resumed training needs its number only. The names are those of
//! `torch.optim.lr_scheduler`, the formulae its closed forms.
//!
//! ```
//! use train::schedule::{CosineAnnealingLr, LinearLr, Schedule};
//! // Five epochs of warm-up, then half a cosine.
//! let schedule = LinearLr::new(0.2, 1.0, 5).then(5, CosineAnnealingLr::new(20));
//! let rates = [0, 1, 5, 15, 25].map(|epoch| schedule.rate(0.1, epoch));
//! for (rate, expected) in rates.iter().zip([0.02, 0.036, 0.1, 0.05, 0.0]) {
//!     assert!((rate - expected).abs() < 1e-15);
//! }
//! ```

mod one_cycle;
mod plateau;

pub use one_cycle::{Anneal, OneCycleLr};
pub use plateau::{PlateauMode, PlateauState, PlateauThreshold, ReduceLrOnPlateau};

use std::f64::consts::PI;

/// A learning rate as a function of the epoch. A closure `|base, epoch| …` is one.
pub trait Schedule {
    /// The rate in an epoch, counted from 0, if that of the group is `base`.
    fn rate(&self, base: f64, epoch: u64) -> f64;

    /// This schedule up to `epoch`, then the other, which counts from 0 there: PyTorch's `SequentialLR`.
    fn then<S: Schedule>(self, epoch: u64, second: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then {
            first: self,
            epoch,
            second,
        }
    }
}

impl<F: Fn(f64, u64) -> f64> Schedule for F {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        self(base, epoch)
    }
}

/// One schedule after another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Then<A, B> {
    first: A,
    epoch: u64,
    second: B,
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        match epoch.checked_sub(self.epoch) {
            Some(after) => self.second.rate(base, after),
            None => self.first.rate(base, epoch),
        }
    }
}

#[track_caller]
fn positive(what: &str, count: u64) {
    assert!(count > 0, "{what} must be at least 1");
}

#[track_caller]
fn not_negative(what: &str, value: f64) {
    assert!(
        value >= 0.0 && value.is_finite(),
        "{what} is {value}; it must be finite and not negative"
    );
}

/// γ to a whole power.
fn power(gamma: f64, exponent: u64) -> f64 {
    gamma.powf(exponent as f64)
}

/// Times γ after every so many epochs.
///
/// ```
/// use train::schedule::{Schedule, StepLr};
/// let rates = [0, 29, 30, 60].map(|epoch| StepLr::new(30, 0.5).rate(0.5, epoch));
/// assert_eq!(rates, [0.5, 0.5, 0.25, 0.125]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepLr {
    size: u64,
    gamma: f64,
}

impl StepLr {
    /// Times `gamma` (PyTorch's default is 0.1) after every `size` epochs.
    ///
    /// # Panics
    /// If `size` is 0, or `gamma` is negative or not finite.
    #[track_caller]
    pub fn new(size: u64, gamma: f64) -> Self {
        positive("step lr: the number of epochs of a step", size);
        not_negative("step lr: gamma", gamma);
        Self { size, gamma }
    }
}

impl Schedule for StepLr {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        base * power(self.gamma, epoch / self.size)
    }
}

/// Times γ at given epochs.
///
/// ```
/// use train::schedule::{MultiStepLr, Schedule};
/// let schedule = MultiStepLr::new([30, 80], 0.5);
/// assert_eq!([29, 30, 79, 80].map(|epoch| schedule.rate(1.0, epoch)), [1.0, 0.5, 0.5, 0.25]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultiStepLr {
    milestones: Vec<u64>,
    gamma: f64,
}

impl MultiStepLr {
    /// Times `gamma` (PyTorch's default is 0.1) at each of the milestones; one that is given twice counts twice.
    ///
    /// # Panics
    /// If `gamma` is negative or not finite.
    #[track_caller]
    pub fn new(milestones: impl Into<Vec<u64>>, gamma: f64) -> Self {
        not_negative("multi step lr: gamma", gamma);
        let milestones = milestones.into();
        Self { milestones, gamma }
    }
}

impl Schedule for MultiStepLr {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        let passed = self.milestones.iter().filter(|at| **at <= epoch).count();
        base * power(self.gamma, passed as u64)
    }
}

/// Times γ after every epoch.
///
/// ```
/// use train::schedule::{ExponentialLr, Schedule};
/// assert_eq!(ExponentialLr::new(0.5).rate(1.0, 3), 0.125);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentialLr {
    gamma: f64,
}

impl ExponentialLr {
    /// Times `gamma` after every epoch.
    ///
    /// # Panics
    /// If `gamma` is negative or not finite.
    #[track_caller]
    pub fn new(gamma: f64) -> Self {
        not_negative("exponential lr: gamma", gamma);
        Self { gamma }
    }
}

impl Schedule for ExponentialLr {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        base * power(self.gamma, epoch)
    }
}

/// Half a cosine from the base to a minimum (Loshchilov and Hutter 2017): min + (base − min) (1 + cos(π t/T))/2. After T epochs
/// it goes up again.
///
/// ```
/// use train::schedule::{CosineAnnealingLr, Schedule};
/// let schedule = CosineAnnealingLr::new(10).down_to(0.2);
/// assert_eq!([0, 10, 20].map(|epoch| schedule.rate(1.0, epoch)), [1.0, 0.2, 1.0]);
/// assert!((schedule.rate(1.0, 5) - 0.6).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineAnnealingLr {
    epochs: u64,
    minimum: f64,
}

impl CosineAnnealingLr {
    /// Down to 0 in so many epochs.
    ///
    /// # Panics
    /// If it is none.
    #[track_caller]
    pub fn new(epochs: u64) -> Self {
        positive("cosine annealing lr: the number of epochs", epochs);
        Self {
            epochs,
            minimum: 0.0,
        }
    }

    /// Down to this rate (`eta_min`).
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn down_to(mut self, minimum: f64) -> Self {
        not_negative("cosine annealing lr: the smallest rate", minimum);
        self.minimum = minimum;
        self
    }
}

impl Schedule for CosineAnnealingLr {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        let turn = (PI * epoch as f64 / self.epochs as f64).cos();
        self.minimum + (base - self.minimum) * (1.0 + turn) / 2.0
    }
}

/// A factor that goes from one number to another along a line, and stays: a warm-up.
///
/// ```
/// use train::schedule::{LinearLr, Schedule};
/// let schedule = LinearLr::new(0.5, 1.0, 4);
/// assert_eq!([0, 1, 2, 4, 9].map(|epoch| schedule.rate(1.0, epoch)), [0.5, 0.625, 0.75, 1.0, 1.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearLr {
    factors: [f64; 2],
    epochs: u64,
}

impl LinearLr {
    /// From the factor `start` (PyTorch's default is 1/3) to `end` (1) in so many epochs (5).
    ///
    /// # Panics
    /// If there are no epochs, or a factor is negative or not finite.
    #[track_caller]
    pub fn new(start: f64, end: f64, epochs: u64) -> Self {
        positive("linear lr: the number of epochs", epochs);
        not_negative("linear lr: the factor at the start", start);
        not_negative("linear lr: the factor at the end", end);
        Self {
            factors: [start, end],
            epochs,
        }
    }
}

impl Schedule for LinearLr {
    fn rate(&self, base: f64, epoch: u64) -> f64 {
        let [start, end] = self.factors;
        let done = epoch.min(self.epochs) as f64 / self.epochs as f64;
        base * (start + (end - start) * done)
    }
}
