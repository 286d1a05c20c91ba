//! Tests with a χ² distribution.

use super::chi_square::chi_square_tail;

/// A test whose statistic has a χ² distribution if the hypothesis is true, for many observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The statistic.
    pub statistic: f64,
    /// Degrees of freedom.
    pub freedom: f64,
    /// Probability of a statistic at least this large.
    pub p_value: f64,
}

impl Test {
    pub(super) fn chi_square(statistic: f64, freedom: usize) -> Self {
        let freedom = freedom as f64;
        Self {
            statistic,
            freedom,
            p_value: chi_square_tail(statistic, freedom),
        }
    }
}
