//! Losses of regression that outliers do not rule, and quantiles.

use super::Terms;

/// A loss of the residual r = y − η.
///
/// | loss | of r |
/// |---|---|
/// | Huber with k and scale s | ½ (r/s)² up to \|r\| = k s, k \|r\|/s − ½ k² beyond (Huber 1964) |
/// | quantile τ | τ r for r ≥ 0, (τ − 1) r below (Koenker and Bassett 1978) |
///
/// ```
/// use models::glm::RobustLoss;
/// let huber = RobustLoss::Huber { k: 1.5, scale: 1.0 };
/// assert_eq!((huber.terms(0.0, 1.0).loss, huber.terms(0.0, 3.0).loss), (0.5, 3.375));
/// let median = RobustLoss::Quantile { tau: 0.5 };
/// assert_eq!((median.terms(1.0, 3.0).loss, median.terms(1.0, 3.0).slope), (1.0, -0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RobustLoss {
    /// Squared for small residuals, absolute for large ones.
    Huber {
        /// Where small ends, in units of the scale; 1.345 has 95 % of the efficiency of least squares for normal errors.
        k: f64,
        /// The scale of the residuals.
        scale: f64,
    },
    /// The τ quantile of the target instead of its mean.
    Quantile {
        /// Between 0 and 1; ½ for the median.
        tau: f64,
    },
}

impl RobustLoss {
    /// Loss, slope and curvature in the linear predictor. At r = 0 the slope of a quantile is taken to be (1 − 2τ)/2, between those
    /// of both sides; the curvature where the loss is linear is 0.
    pub fn terms(self, eta: f64, y: f64) -> Terms {
        let r = y - eta;
        match self {
            Self::Huber { k, scale } => {
                let u = r / scale;
                if u.abs() <= k {
                    Terms {
                        loss: 0.5 * u * u,
                        slope: -u / scale,
                        curvature: 1.0 / (scale * scale),
                    }
                } else {
                    Terms {
                        loss: k * u.abs() - 0.5 * k * k,
                        slope: -k * u.signum() / scale,
                        curvature: 0.0,
                    }
                }
            }
            Self::Quantile { tau } => {
                let slope = if r > 0.0 {
                    -tau
                } else if r < 0.0 {
                    1.0 - tau
                } else {
                    0.5 - tau
                };
                Terms {
                    loss: if r >= 0.0 { tau * r } else { (tau - 1.0) * r },
                    slope,
                    curvature: 0.0,
                }
            }
        }
    }
}

/// What is to be fitted: a linear predictor with a robust loss. `train` fits it.
///
/// ```
/// use models::glm::RobustRegression;
/// assert!(RobustRegression::quantile(0.9).without_intercept().has_intercept() == false);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RobustRegression {
    loss: RobustLoss,
    intercept: bool,
}

impl RobustRegression {
    /// With Huber's loss.
    pub fn huber(k: f64, scale: f64) -> Self {
        Self {
            loss: RobustLoss::Huber { k, scale },
            intercept: true,
        }
    }

    /// Of the τ quantile.
    pub fn quantile(tau: f64) -> Self {
        Self {
            loss: RobustLoss::Quantile { tau },
            intercept: true,
        }
    }

    /// Leaves the intercept out.
    pub fn without_intercept(mut self) -> Self {
        self.intercept = false;
        self
    }

    /// The loss.
    pub fn loss(&self) -> RobustLoss {
        self.loss
    }

    /// True if an intercept is fitted.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }
}
