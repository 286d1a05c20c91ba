//! Distributions around a mean, and their combinations with links.

use super::family::{Family, Terms, each};
use super::link::{Link, one};
use linalg::elementwise;

/// How a target is distributed around its mean. A loss is the negative log-likelihood with dispersion 1, without the terms that do
/// not depend on the mean.
///
/// | distribution | variance | loss |
/// |---|---|---|
/// | Gaussian | 1 | ½ (y − μ)² |
/// | binomial, y a share of successes | μ (1 − μ) | −y ln μ − (1 − y) ln(1 − μ) |
/// | Poisson | μ | μ − y ln μ |
/// | gamma | μ² | y / μ + ln μ |
/// | inverse Gaussian | μ³ | y / (2 μ²) − 1 / μ |
/// | negative binomial with θ | μ + μ² / θ | (y + θ) ln(μ + θ) − y ln μ − θ ln θ |
/// | Tweedie with power p between 1 and 2 | μᵖ | μ²⁻ᵖ / (2 − p) − y μ¹⁻ᵖ / (1 − p) |
///
/// (McCullagh and Nelder 1989; Jørgensen 1997.)
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// Numbers with constant variance.
    Gaussian,
    /// Shares of successes; 0 and 1 for single trials.
    Binomial,
    /// Counts whose variance is their mean.
    Poisson,
    /// Positive numbers whose standard deviation is proportional to their mean.
    Gamma,
    /// Positive numbers whose variance is proportional to the cube of their mean.
    InverseGaussian,
    /// Counts that vary more than Poisson's.
    NegativeBinomial {
        /// θ: the smaller, the more they vary.
        theta: f64,
    },
    /// Not negative, with a mass at 0.
    Tweedie {
        /// Between 1 and 2.
        power: f64,
    },
}

/// The loss at a mean, with two derivatives in it.
struct Loss {
    value: f64,
    first: f64,
    second: f64,
}

impl Distribution {
    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Binomial => "binomial",
            Self::Poisson => "poisson",
            Self::Gamma => "gamma",
            Self::InverseGaussian => "inverse-gaussian",
            Self::NegativeBinomial { .. } => "negative-binomial",
            Self::Tweedie { .. } => "tweedie",
        }
    }

    /// The link that is used if none is named: the canonical one, but the logarithm where that would let a mean be negative.
    pub fn default_link(self) -> Link {
        match self {
            Self::Gaussian => Link::Identity,
            Self::Binomial => Link::Logit,
            Self::Gamma => Link::Inverse,
            Self::InverseGaussian => Link::InverseSquare,
            Self::Poisson | Self::NegativeBinomial { .. } | Self::Tweedie { .. } => Link::Log,
        }
    }

    /// True if a target can be `y`.
    pub fn accepts(self, y: f64) -> bool {
        y.is_finite()
            && match self {
                Self::Gaussian => true,
                Self::Binomial => (0.0..=1.0).contains(&y),
                Self::Poisson | Self::NegativeBinomial { .. } | Self::Tweedie { .. } => y >= 0.0,
                Self::Gamma | Self::InverseGaussian => y > 0.0,
            }
    }

    /// True if the mean can be `mu`.
    pub fn accepts_mean(self, mu: f64) -> bool {
        match self {
            Self::Gaussian => mu.is_finite(),
            Self::Binomial => mu > 0.0 && mu < 1.0,
            _ => mu > 0.0 && mu.is_finite(),
        }
    }

    /// The variance at a mean, for dispersion 1.
    pub fn variance(self, mu: f64) -> f64 {
        match self {
            Self::Gaussian => 1.0,
            Self::Binomial => mu * (1.0 - mu),
            Self::Poisson => mu,
            Self::Gamma => mu * mu,
            Self::InverseGaussian => mu * mu * mu,
            Self::NegativeBinomial { theta } => mu + mu * mu / theta,
            Self::Tweedie { power } => mu.powf(power),
        }
    }

    fn loss(self, mu: f64, y: f64) -> Loss {
        let loss = |value, first, second| Loss {
            value,
            first,
            second,
        };
        // 0 ln 0 is 0.
        let times_ln = |y: f64, x: f64| if y == 0.0 { 0.0 } else { y * x.ln() };
        match self {
            Self::Gaussian => loss(0.5 * (y - mu) * (y - mu), mu - y, 1.0),
            Self::Binomial => {
                let nu = 1.0 - mu;
                let ratio = |y: f64, x: f64| if y == 0.0 { 0.0 } else { y / x };
                loss(
                    -times_ln(y, mu) - times_ln(1.0 - y, nu),
                    ratio(1.0 - y, nu) - ratio(y, mu),
                    ratio(1.0 - y, nu * nu) + ratio(y, mu * mu),
                )
            }
            Self::Poisson => loss(mu - times_ln(y, mu), 1.0 - y / mu, y / (mu * mu)),
            Self::Gamma => loss(
                y / mu + mu.ln(),
                (mu - y) / (mu * mu),
                (2.0 * y - mu) / (mu * mu * mu),
            ),
            Self::InverseGaussian => {
                let cube = mu * mu * mu;
                loss(
                    (0.5 * y / mu - 1.0) / mu,
                    (mu - y) / cube,
                    (3.0 * y - 2.0 * mu) / (cube * mu),
                )
            }
            Self::NegativeBinomial { theta } => {
                let sum = mu + theta;
                loss(
                    (y + theta) * (mu / theta).ln_1p() - times_ln(y, mu / theta),
                    theta * (mu - y) / (mu * sum),
                    y / (mu * mu) - (y + theta) / (sum * sum),
                )
            }
            Self::Tweedie { power } => {
                let scale = mu.powf(-power);
                loss(
                    mu * mu * scale / (2.0 - power) - y * mu * scale / (1.0 - power),
                    (mu - y) * scale,
                    (1.0 - power) * scale + power * y * scale / mu,
                )
            }
        }
    }
}

/// Where no mean belongs to a linear predictor.
const NOWHERE: Terms = Terms {
    loss: f64::INFINITY,
    slope: f64::NAN,
    curvature: f64::NAN,
};

/// A distribution with a link: any of their combinations. A target is a share of successes where the distribution is binomial.
///
/// Where the general way, the loss of the mean of η, would lose digits or overflow (a probability near 0 or 1, the mean of a
/// logarithmic link), the combination is evaluated by a form of its own. A linear predictor to which no mean of the distribution
/// belongs has an infinite loss.
///
/// ```
/// use models::glm::{Distribution, Family, Generalised, Link};
/// let poisson = Generalised { distribution: Distribution::Poisson, link: Link::Log };
/// let terms = poisson.terms(0.5, 2.0);
/// assert_eq!((terms.loss, terms.slope), (0.5_f64.exp() - 1.0, 0.5_f64.exp() - 2.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Generalised {
    /// The distribution.
    pub distribution: Distribution,
    /// The link.
    pub link: Link,
}

impl Generalised {
    /// The expected curvature of an observation at η, (dμ/dη)² / V(μ): Fisher's information with dispersion 1.
    pub fn information(&self, eta: f64) -> f64 {
        let mean = self.link.mean(eta);
        if self.distribution == Distribution::Binomial {
            match self.link {
                Link::Logit => return mean.first,
                Link::Probit | Link::Cloglog | Link::Cauchit | Link::Log => {
                    // The product of both hazards does not lose the smaller probability.
                    let [yes, no] = [true, false].map(|success| self.hazard(eta, success).first);
                    return if yes == 0.0 || no == 0.0 {
                        0.0
                    } else {
                        -yes * no
                    };
                }
                _ => {}
            }
        }
        mean.first * mean.first / self.distribution.variance(mean.value)
    }

    /// ln of the probability of a success, or of a failure, with two derivatives.
    fn hazard(&self, eta: f64, success: bool) -> Loss {
        let loss = |value, first, second| Loss {
            value,
            first,
            second,
        };
        match (self.link, success) {
            (Link::Probit, _) => {
                let sign = if success { 1.0 } else { -1.0 };
                let x = sign * eta;
                let ratio = one(elementwise::inverse_mills, x);
                let value = one(elementwise::log_normal_cdf, x);
                loss(value, sign * ratio, -ratio * (x + ratio))
            }
            (Link::Cloglog, true) => {
                let t = eta.exp();
                let ratio = if t < 700.0 { t / t.exp_m1() } else { 0.0 };
                let ratio = if t == 0.0 { 1.0 } else { ratio };
                let value = (-(-t).exp_m1()).ln();
                let value = if t < f64::MIN_POSITIVE { eta } else { value };
                let bend = if t < 1e-5 {
                    0.5 * t
                } else {
                    t / -(-t).exp_m1() - 1.0
                };
                loss(value, ratio, if ratio == 0.0 { 0.0 } else { -ratio * bend })
            }
            (Link::Cloglog, false) => {
                let t = eta.exp();
                loss(-t, -t, -t)
            }
            (Link::Log, true) => loss(eta, 1.0, 0.0),
            (Link::Log, false) => {
                let odds = 1.0 / (-eta).exp_m1();
                let value = (-eta.exp_m1()).ln();
                loss(value, -odds, -odds * (1.0 + odds))
            }
            (link, _) => {
                let sign = if success { 1.0 } else { -1.0 };
                // Symmetric links: a failure is a success of −η. Others are evaluated by the mean itself.
                let symmetric = matches!(link, Link::Logit | Link::Cauchit);
                let mean = link.mean(if symmetric { sign * eta } else { eta });
                let p = if symmetric || success {
                    mean.value
                } else {
                    1.0 - mean.value
                };
                let (first, second) = if symmetric {
                    (sign * mean.first, mean.second)
                } else {
                    (sign * mean.first, sign * mean.second)
                };
                let ratio = first / p;
                loss(p.ln(), ratio, second / p - ratio * ratio)
            }
        }
    }
}

impl Family for Generalised {
    fn name(&self) -> &'static str {
        self.distribution.name()
    }

    fn link(&self) -> &'static str {
        self.link.name()
    }

    fn terms(&self, eta: f64, y: f64) -> Terms {
        match (self.distribution, self.link) {
            (Distribution::Binomial, Link::Logit) => super::BinomialLogit.terms(eta, y),
            (Distribution::Binomial, link) => {
                // The other links cannot leave the interval, but round to its ends.
                let free = !matches!(link, Link::Probit | Link::Cloglog | Link::Cauchit);
                if free && !self.distribution.accepts_mean(link.mean(eta).value) {
                    return NOWHERE;
                }
                let mut terms = Terms {
                    loss: 0.0,
                    slope: 0.0,
                    curvature: 0.0,
                };
                for (share, success) in [(y, true), (1.0 - y, false)] {
                    // What did not happen has no influence, however unlikely it is.
                    if share > 0.0 {
                        let part = self.hazard(eta, success);
                        terms.loss -= share * part.value;
                        terms.slope -= share * part.first;
                        terms.curvature -= share * part.second;
                    }
                }
                terms
            }
            (Distribution::Poisson, Link::Log) => {
                let mu = eta.exp();
                Terms {
                    loss: mu - y * eta,
                    slope: mu - y,
                    curvature: mu,
                }
            }
            (Distribution::Gamma, Link::Log) => {
                let ratio = y * (-eta).exp();
                Terms {
                    loss: ratio + eta,
                    slope: 1.0 - ratio,
                    curvature: ratio,
                }
            }
            (Distribution::NegativeBinomial { theta }, Link::Log) => {
                // The share μ / (μ + θ) is σ(η − ln θ).
                let shifted = eta - theta.ln();
                let share = linalg::Scalar::sigmoid(shifted);
                let rest = linalg::Scalar::sigmoid(-shifted);
                Terms {
                    loss: (y + theta) * linalg::Scalar::softplus(shifted) - y * shifted,
                    slope: theta * share - y * rest,
                    curvature: (y + theta) * share * rest,
                }
            }
            (distribution, link) => {
                let mean = link.mean(eta);
                if !distribution.accepts_mean(mean.value) {
                    return NOWHERE;
                }
                let loss = distribution.loss(mean.value, y);
                Terms {
                    loss: loss.value,
                    slope: loss.first * mean.first,
                    curvature: loss.second * mean.first * mean.first + loss.first * mean.second,
                }
            }
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
        if (self.distribution, self.link) == (Distribution::Binomial, Link::Logit) {
            return super::BinomialLogit.block(eta, y, loss, slope, curvature);
        }
        each(self, [eta, y], [loss, slope, curvature]);
    }

    fn mean(&self, eta: f64) -> f64 {
        self.link.mean(eta).value
    }

    fn saturated_loss(&self, y: f64) -> f64 {
        match self.distribution {
            // The limits at 0, where the loss of a mean of 0 is 0.
            Distribution::Poisson
            | Distribution::NegativeBinomial { .. }
            | Distribution::Tweedie { .. }
                if y == 0.0 =>
            {
                0.0
            }
            distribution => distribution.loss(y, y).value,
        }
    }
}
