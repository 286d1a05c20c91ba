//! The normal distribution: density and quantile.

/// φ(z).
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Φ⁻¹(p) for 0 < p < 1, by Newton's steps on the logarithm of the lower tail, where Φ is nearly a parabola.
pub fn quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    let target = p.ln();
    let mut z = -(-2.0 * target).sqrt().max(0.0) + 1.0;
    for _ in 0..60 {
        let tail = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
        let step = (tail.ln() - target) * tail / density(z);
        z -= step;
        if step.abs() <= 1e-14 * (1.0 + z.abs()) {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests {
    use super::quantile;

    /// R: `qnorm(c(1e-300, 1e-10, 0.001, 0.025, 0.3, 0.5), digits = 15)`.
    #[test]
    fn quantiles_are_those_of_tables() {
        for (p, z) in [
            (1e-300, -37.0471_f64),
            (1e-10, -6.361340902404056),
            (0.001, -3.090232306167813),
            (0.025, -1.959963984540054),
            (0.3, -0.5244005127080407),
            (0.5, 0.0),
        ] {
            let tolerance = if p < 1e-200 { 1e-4 } else { 1e-12 };
            assert!((quantile(p) - z).abs() < tolerance, "{p}: {}", quantile(p));
            assert!(p < 0.001 || (quantile(1.0 - p) + z).abs() < 1e-12);
        }
    }
}
