//! Restricted parameters as functions of free ones.

use autodiff::Var;

/// The values that a parameter can have. A likelihood is maximised over free numbers θ; [`natural`](Range::natural) makes the restricted
/// parameter of them on the tape, and [`free`](Range::free) gives the start.
///
/// ```
/// use train::Range;
/// assert_eq!(Range::Positive.free(2.0), 2.0_f64.ln());
/// assert_eq!(Range::Probability.value(0.0), 0.5);
/// assert!((Range::Between(-1.0, 1.0).value(Range::Between(-1.0, 1.0).free(0.3)) - 0.3).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Range {
    /// Any number: θ itself.
    #[default]
    Real,
    /// Above 0: exp θ.
    Positive,
    /// Between 0 and 1: 1 / (1 + exp(−θ)).
    Probability,
    /// Between two numbers a < b: a + (b − a) / (1 + exp(−θ)).
    Between(f64, f64),
}

impl Range {
    /// The restricted parameter of a free one, entry by entry, on the tape.
    pub fn natural(self, theta: Var<'_, f64>) -> Var<'_, f64> {
        match self {
            Self::Real => theta,
            Self::Positive => theta.exp(),
            Self::Probability => theta.sigmoid(),
            Self::Between(low, high) => theta.sigmoid() * (high - low) + low,
        }
    }

    /// The restricted parameter of a free one.
    pub fn value(self, theta: f64) -> f64 {
        let sigmoid = linalg::Scalar::sigmoid;
        match self {
            Self::Real => theta,
            Self::Positive => theta.exp(),
            Self::Probability => sigmoid(theta),
            Self::Between(low, high) => low + (high - low) * sigmoid(theta),
        }
    }

    /// The free number of a restricted parameter; infinite at an end of the range, NaN outside of it.
    pub fn free(self, value: f64) -> f64 {
        let logit = |p: f64| p.ln() - (-p).ln_1p();
        match self {
            Self::Real => value,
            Self::Positive => value.ln(),
            Self::Probability => logit(value),
            Self::Between(low, high) => logit((value - low) / (high - low)),
        }
    }

    /// The distance to the nearest end of the range in units of the derivative of the restricted parameter: below a standard error of
    /// the free parameter, the natural one is within a standard error of its own of the end.
    pub(super) fn border(self, theta: f64) -> f64 {
        match self {
            Self::Real => f64::INFINITY,
            Self::Positive => 1.0,
            // s / (s (1 − s)) and (1 − s) / (s (1 − s)), the smaller.
            Self::Probability | Self::Between(..) => linalg::Scalar::sigmoid(theta.abs()).recip(),
        }
    }

    /// The derivative of the restricted parameter.
    pub(super) fn slope(self, theta: f64) -> f64 {
        let both = || linalg::Scalar::sigmoid(theta) * linalg::Scalar::sigmoid(-theta);
        match self {
            Self::Real => 1.0,
            Self::Positive => theta.exp(),
            Self::Probability => both(),
            Self::Between(low, high) => (high - low) * both(),
        }
    }
}

/// An estimate on its natural scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Natural {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error by the delta method.
    pub std_error: f64,
    /// Lower end of the 95 % interval: that of the free parameter, transformed, so that it lies in the range.
    pub conf_low: f64,
    /// Upper end.
    pub conf_high: f64,
}
