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
