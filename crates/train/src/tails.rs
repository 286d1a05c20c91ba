//! Logarithms of distribution functions, from both sides: they keep their digits where the probabilities themselves are 0 or 1.

use crate::chi_square::{self, Part};
use crate::normal;
use crate::student::{beta_fraction, is_beyond};

/// ln P(Y ≤ y) and ln P(Y > y).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tails {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

/// ln(1 − eˣ) for x ≤ 0.
fn complement(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

/// ln(eᵃ + eᵇ).
fn log_sum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    let (most, least) = (a.max(b), a.min(b));
    if least == f64::NEG_INFINITY {
        most
    } else {
        most + (least - most).exp().ln_1p()
    }
}

impl Tails {
    /// Below all values.
    pub(crate) const NONE: Self = Self {
        lower: f64::NEG_INFINITY,
        upper: 0.0,
    };
    /// At or above all values.
    pub(crate) const ALL: Self = Self {
        lower: 0.0,
        upper: f64::NEG_INFINITY,
    };

    fn from_lower(lower: f64) -> Self {
        let lower = if lower > 0.0 { 0.0 } else { lower };
        Self {
            lower,
            upper: complement(lower),
        }
    }

    fn from_upper(upper: f64) -> Self {
        Self::from_lower(upper).other_way()
    }

    fn other_way(self) -> Self {
        Self {
            lower: self.upper,
            upper: self.lower,
        }
    }

    /// Φ⁻¹ of the probability at the position `u`, from 0 to 1, between this one and another.
    pub(crate) fn quantile_between(self, other: Self, u: f64) -> f64 {
        let mix = |a: f64, b: f64| {
            if a == b {
                return a;
            }
            log_sum(a + (-u).ln_1p(), b + u.ln())
        };
        let lower = mix(self.lower, other.lower);
        let upper = mix(self.upper, other.upper);
        if lower < upper {
            -normal::quantile_of_log(lower)
        } else {
            normal::quantile_of_log(upper)
        }
    }

    /// The gamma distribution of shape `a` and scale 1.
    pub(crate) fn gamma(a: f64, x: f64) -> Self {
        if x <= 0.0 {
            return Self::NONE;
        }
        match chi_square::part(a, x) {
            Part::Lower { log, factor } => Self::from_lower(log + factor.ln()),
            Part::Upper { log, factor } => Self::from_upper(log + factor.ln()),
        }
    }

    /// Poisson's distribution at a whole number; −1 is below all.
    pub(crate) fn poisson(k: f64, mean: f64) -> Self {
        if k < 0.0 {
            return Self::NONE;
        }
        Self::gamma(k + 1.0, mean).other_way()
    }

    /// The beta distribution at x, with y = 1 − x: `I_x(a, b)`, by the continued fraction of DLMF 8.17.22 behind the binomial
    /// probability in Loader's (2000) form.
    pub(crate) fn beta(a: f64, b: f64, x: f64, y: f64) -> Self {
        if x <= 0.0 {
            return Self::NONE;
        }
        if y <= 0.0 {
            return Self::ALL;
        }
        // Not by calling itself: at the border both orders may be on the wrong side of it by their rounding.
        if is_beyond(a, b, x, y) {
            return Self::beta_by_fraction(b, a, y, x).other_way();
        }
        Self::beta_by_fraction(a, b, x, y)
    }

    fn beta_by_fraction(a: f64, b: f64, x: f64, y: f64) -> Self {
        let n = a + b;
        let density = chi_square::stirling_error(n)
            - chi_square::stirling_error(a)
            - chi_square::stirling_error(b)
            - chi_square::deviance(a, n * x)
            - chi_square::deviance(b, n * y)
            + 0.5 * (b / (std::f64::consts::TAU * a * n)).ln();
        Self::from_lower(density + beta_fraction(a, b, x).ln())
    }

    /// The binomial distribution of `m` trials at a whole number, for probabilities p and q = 1 − p; −1 is below all.
    pub(crate) fn binomial(k: f64, m: f64, p: f64, q: f64) -> Self {
        if k < 0.0 {
            Self::NONE
        } else if k >= m {
            Self::ALL
        } else {
            Self::beta(m - k, k + 1.0, q, p)
        }
    }

    /// The negative binomial distribution of a mean and θ at a whole number; −1 is below all.
    pub(crate) fn negative_binomial(k: f64, mean: f64, theta: f64) -> Self {
        if k < 0.0 {
            return Self::NONE;
        }
        let total = theta + mean;
        Self::beta(theta, k + 1.0, theta / total, mean / total)
    }

    /// The inverse Gaussian distribution of a mean and a dispersion φ: Φ(a) + e^(2/(φμ)) Φ(−b) with a, b = (y/μ ∓ 1) / √(φ y), where
    /// e^(2/(φμ)) is the ratio of the normal densities at a and b (Shuster 1968; Giner and Smyth 2016).
    pub(crate) fn inverse_gaussian(y: f64, mean: f64, dispersion: f64) -> Self {
        if y <= 0.0 {
            return Self::NONE;
        }
        let root = (dispersion * y).sqrt();
        let (a, b) = ((y / mean - 1.0) / root, (y / mean + 1.0) / root);
        let density = -0.5 * a * a - 0.5 * std::f64::consts::TAU.ln();
        let (of_a, of_b) = (normal::mills(a.abs()), normal::mills(b));
        if a < 0.0 {
            Self::from_lower(density + (of_a + of_b).ln())
        } else {
            Self::from_upper(density + (of_a - of_b).ln())
        }
    }

    /// Tweedie's distribution of a power between 1 and 2: a Poisson number of gamma variables (Dunn and Smyth 2005).
    pub(crate) fn tweedie(y: f64, mean: f64, dispersion: f64, power: f64) -> Self {
        if y < 0.0 {
            return Self::NONE;
        }
        let rate = mean.powf(2.0 - power) / (dispersion * (2.0 - power));
        if y == 0.0 {
            return Self::from_lower(-rate);
        }
        let shape = (2.0 - power) / (power - 1.0);
        let x = y / (dispersion * (power - 1.0) * mean.powf(power - 1.0));
        let number = |k: f64| k * rate.ln() - rate - libm::lgamma(k + 1.0);
        let lower = |k: f64| number(k) + Self::gamma(k * shape, x).lower;
        let upper = |k: f64| number(k) + Self::gamma(k * shape, x).upper;
        if y < mean {
            Self::from_lower(log_sum(-rate, series(rate, lower)))
        } else {
            Self::from_upper(series(rate, upper))
        }
    }
}

/// ln Σ exp t(k) over k = 1, 2, … for logarithms that rise to one mode and fall from there; the search begins at `near`. NaN where the
/// mode is so far out that there would be millions of terms.
fn series(near: f64, t: impl Fn(f64) -> f64) -> f64 {
    const FAR: f64 = 1e10;
    if near.is_nan() || near >= FAR {
        return f64::NAN;
    }
    let mut mode = near.floor().max(1.0);
    let mut most = t(mode);
    for by in [1.0, -1.0] {
        while mode + by >= 1.0 {
            let next = t(mode + by);
            if next.is_nan() || next <= most {
                break;
            }
            (mode, most) = (mode + by, next);
        }
    }
    let mut sum = 1.0;
    for by in [1.0, -1.0] {
        let mut k = mode + by;
        while k >= 1.0 {
            let term = (t(k) - most).exp();
            sum += term;
            if term.is_nan() || term < 1e-18 * sum {
                break;
            }
            k += by;
        }
    }
    most + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The script is tests/inference/tails.py.
    #[test]
    fn tails_are_those_of_mpmath() {
        let cases: [(&str, &[f64], f64, f64); 46] = include!("../tests/inference/tails.in");
        for (name, x, lower, upper) in cases {
            let found = match (name, x) {
                ("poisson", &[k, mean]) => Tails::poisson(k, mean),
                ("gamma", &[a, x]) => Tails::gamma(a, x),
                ("binomial", &[k, m, p]) => Tails::binomial(k, m, p, 1.0 - p),
                ("negative_binomial", &[k, mean, theta]) => {
                    Tails::negative_binomial(k, mean, theta)
                }
                ("inverse_gaussian", &[y, mean, phi]) => Tails::inverse_gaussian(y, mean, phi),
                ("tweedie", &[y, mean, phi, power]) => Tails::tweedie(y, mean, phi, power),
                ("normal", &[z]) => {
                    let tail = normal::quantile_of_log(upper);
                    assert!((tail / z - 1.0).abs() < 1e-13, "{z}: {tail}");
                    continue;
                }
                other => panic!("{other:?}"),
            };
            for (found, expected) in [(found.lower, lower), (found.upper, upper)] {
                // Relative to the logarithm, or, near 0, to the probability on the other side.
                if expected == 0.0 {
                    assert!(found.abs() < 1e-50, "{name} {x:?}: {found}");
                    continue;
                }
                let error = (found - expected).abs() / expected.abs().min(1.0);
                let far = 1.0 + expected.abs();
                assert!(error <= 2e-13 * far, "{name} {x:?}: {found} {expected}");
            }
        }
    }
}
