//! Quantiles of the normal distribution.

use linalg::Scalar;

/// The number that the absolute value of a standard normal variable exceeds with the probability `p`, by Newton's method.
pub(crate) fn two_sided_quantile(p: f64) -> f64 {
    // From below the root of a convex, decreasing function the iteration climbs to it.
    let mut z = 0.0_f64;
    for _ in 0..200 {
        let excess = Scalar::erfc(z / std::f64::consts::SQRT_2) - p;
        let density = (2.0 / std::f64::consts::PI).sqrt() * (-0.5 * z * z).exp();
        let next = z + excess / density;
        if !next.is_finite() || (next - z).abs() <= 4.0 * f64::EPSILON * next.abs() {
            break;
        }
        z = next;
    }
    z
}

/// Mills' ratio (1 − Φ(z)) / φ(z) for z ≥ 0: from 3 on by Laplace's continued fraction 1 / (z + 1 / (z + 2 / (z + …))).
pub(crate) fn mills(z: f64) -> f64 {
    if z < 3.0 {
        let half = 0.5 * z * z;
        return (0.5 * std::f64::consts::PI).sqrt()
            * half.exp()
            * Scalar::erfc(z / std::f64::consts::SQRT_2);
    }
    let below = (1..150).rev().fold(z, |below, k| z + f64::from(k) / below);
    below.recip()
}

/// The number that a standard normal variable exceeds with the probability eˣ, for x ≤ ln ½: by Newton's method on the logarithm of
/// the probability, which is nearly a parabola. Infinite for x = −∞.
pub(crate) fn quantile_of_log(x: f64) -> f64 {
    if x == f64::NEG_INFINITY {
        return f64::INFINITY;
    }
    let mut z = (-2.0 * x - (std::f64::consts::TAU).ln()).max(0.0).sqrt();
    for _ in 0..50 {
        let ratio = mills(z);
        let log = ratio.ln() - 0.5 * z * z - 0.5 * std::f64::consts::TAU.ln();
        let next = (z + (log - x) * ratio).max(0.0);
        if next.is_nan() || (next - z).abs() <= 4.0 * f64::EPSILON * next {
            return next;
        }
        z = next;
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        assert!((two_sided_quantile(0.05) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((two_sided_quantile(0.01) - 2.575_829_303_548_901).abs() < 1e-14);
        assert!((two_sided_quantile(0.5) - 0.674_489_750_196_081_7).abs() < 1e-15);
    }
}
