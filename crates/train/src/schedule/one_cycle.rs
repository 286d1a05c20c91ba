//! Up, and down further.

use std::f64::consts::PI;

use super::{Schedule, not_negative};

/// How a rate goes from one number to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anneal {
    /// Along half a cosine.
    #[default]
    Cosine,
    /// Along a line.
    Linear,
}

impl Anneal {
    /// The number after a part of the way.
    fn between(self, start: f64, end: f64, part: f64) -> f64 {
        match self {
            Self::Cosine => end + (start - end) / 2.0 * ((PI * part).cos() + 1.0),
            Self::Linear => (end - start) * part + start,
        }
    }
}

/// One cycle (Smith and Topin 2018; PyTorch's `OneCycleLR`): from a low rate up to the group's own, which is the **maximum**, and down
/// to nearly nothing. It counts steps, not epochs, and stays at its end.
///
/// ```
/// use train::schedule::{OneCycleLr, Schedule};
/// let cycle = OneCycleLr::new(101);
/// assert!((cycle.rate(1.0, 0) - 1.0 / 25.0).abs() < 1e-15);
/// assert!((cycle.rate(1.0, 100) - 1.0 / 25e4).abs() < 1e-15);
/// // The top is after three tenths.
/// assert!(cycle.rate(1.0, 29) > 0.99 && cycle.rate(1.0, 30) > 0.99);
/// assert!((cycle.momentum(0) - 0.95).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycleLr {
    /// The length of the cycle.
    pub steps: u64,
    /// The part of the steps that go up.
    pub rising: f64,
    /// How the rate changes.
    pub anneal: Anneal,
    /// The maximum over the rate at the start.
    pub div_factor: f64,
    /// The rate at the start over that at the end.
    pub final_div_factor: f64,
    /// Down to the rate at the start as fast as up, and then to the end.
    pub three_phase: bool,
    /// The momentum at the top, and that at both ends.
    pub momenta: [f64; 2],
}

impl OneCycleLr {
    /// A cycle of so many steps with PyTorch's defaults: 0.3 of them rise, along cosines, from 1/25 to the maximum and down to
    /// 1/250000; momentum between 0.85 and 0.95.
    ///
    /// # Panics
    /// If there are fewer than two steps.
    #[track_caller]
    pub fn new(steps: u64) -> Self {
        assert!(steps > 1, "one cycle lr: a cycle has at least 2 steps");
        Self {
            steps,
            rising: 0.3,
            anneal: Anneal::Cosine,
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
            momenta: [0.85, 0.95],
        }
    }

    /// The momentum (of SGD; β₁ of Adam) of a step: low where the rate is high.
    pub fn momentum(&self, step: u64) -> f64 {
        let [top, ends] = self.momenta;
        self.at(step, [ends, top, ends, ends])
    }

    /// Between start, top, the start again, and end.
    fn at(&self, step: u64, [start, top, again, end]: [f64; 4]) -> f64 {
        not_negative("one cycle lr: the part that rises", self.rising);
        assert!(
            self.rising <= 1.0,
            "one cycle lr: the part that rises is {}; it is at most 1",
            self.rising
        );
        let all = self.steps as f64;
        let last = all - 1.0;
        let up = self.rising * all - 1.0;
        let phases = if self.three_phase {
            let back = 2.0 * self.rising * all - 2.0;
            [(up, start, top), (back, top, again), (last, again, end)]
        } else {
            // The second phase twice; the first that has not ended counts.
            [(up, start, top), (last, top, end), (last, top, end)]
        };
        let step = (step as f64).min(last);
        let mut begin = 0.0;
        for (stop, from, to) in phases {
            if step <= stop {
                // A phase without a length is at its end.
                let part = (step - begin) / (stop - begin);
                let part = if part.is_nan() { 1.0 } else { part };
                return self.anneal.between(from, to, part);
            }
            begin = stop;
        }
        end
    }
}

impl Schedule for OneCycleLr {
    fn rate(&self, base: f64, step: u64) -> f64 {
        let start = base / self.div_factor;
        self.at(step, [start, base, start, start / self.final_div_factor])
    }
}
