//! The pointwise loss of a family and its two derivatives, from one function.

/// The loss of one observation as a function of its linear predictor η.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Negative log-likelihood of the observation.
    pub loss: f64,
    /// Its first derivative in η.
    pub slope: f64,
    /// Its second derivative in η.
    pub curvature: f64,
}

/// A distribution with its link.
pub trait Family: Copy + Sync + std::fmt::Debug {
    /// The name of the distribution.
    fn name(&self) -> &'static str;
    /// The name of the link function g, η = g(μ).
    fn link(&self) -> &'static str;
    /// Loss, slope and curvature at the linear predictor `eta` for the target `y`.
    fn terms(&self, eta: f64, y: f64) -> Terms;
    /// [`terms`](Family::terms) for a block of rows, for families that have a vector kernel.
    fn block(
        &self,
        eta: &[f64],
        y: &[f64],
        loss: &mut [f64],
        slope: &mut [f64],
        curvature: &mut [f64],
    ) {
        each(self, [eta, y], [loss, slope, curvature]);
    }
    /// The mean μ at the linear predictor `eta`.
    fn mean(&self, eta: f64) -> f64;
    /// The loss of an observation that is fitted perfectly; the deviance is twice the loss above this one.
    fn saturated_loss(&self, y: f64) -> f64;
}

/// The terms of every row of a block.
pub(super) fn each<F: Family>(
    family: &F,
    [eta, y]: [&[f64]; 2],
    [loss, slope, curvature]: [&mut [f64]; 3],
) {
    for i in 0..eta.len() {
        let terms = family.terms(eta[i], y[i]);
        (loss[i], slope[i], curvature[i]) = (terms.loss, terms.slope, terms.curvature);
    }
}

/// 0 or 1 with probability σ(η) of 1. The loss is ln(1 + e^η) − y η.
///
/// ```
/// use models::glm::{BinomialLogit, Family};
/// let terms = BinomialLogit.terms(0.0, 1.0);
/// assert_eq!((terms.loss, terms.slope, terms.curvature), (2.0_f64.ln(), -0.5, 0.25));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BinomialLogit;

impl Family for BinomialLogit {
    fn name(&self) -> &'static str {
        "binomial"
    }

    fn link(&self) -> &'static str {
        "logit"
    }

    #[inline]
    fn terms(&self, eta: f64, y: f64) -> Terms {
        // One exponential of a negative number serves all three.
        let e = (-eta.abs()).exp();
        let inverse = 1.0 / (1.0 + e);
        let (p, q) = if eta >= 0.0 {
            (inverse, e * inverse)
        } else {
            (e * inverse, inverse)
        };
        Terms {
            loss: (eta.max(0.0) - y * eta) + e.ln_1p(),
            slope: (1.0 - y) * p - y * q,
            curvature: p * q,
        }
    }

    fn block(
        &self,
        eta: &[f64],
        y: &[f64],
        loss: &mut [f64],
        slope: &mut [f64],
        curvature: &mut [f64],
    ) {
        linalg::elementwise::logistic_loss(eta, y, loss, slope, curvature);
    }

    fn mean(&self, eta: f64) -> f64 {
        linalg::Scalar::sigmoid(eta)
    }

    /// −y ln y − (1 − y) ln(1 − y), which is 0 for 0 and 1.
    fn saturated_loss(&self, y: f64) -> f64 {
        let entropy = |p: f64| {
            if p > 0.0 && p < 1.0 { -p * p.ln() } else { 0.0 }
        };
        entropy(y) + entropy(1.0 - y)
    }
}
