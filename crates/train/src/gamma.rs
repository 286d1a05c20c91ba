//! Derivatives of the logarithm of the gamma function.

/// ψ(x) = d ln Γ(x) / dx for x > 0: by ψ(x) = ψ(x + 1) − 1/x up to x = 12, then by the asymptotic series (Abramowitz and Stegun 1964,
/// 6.3.18). The error is some 1e-15 of the largest term.
pub(crate) fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 12.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let tail = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * 691.0 / 32760.0)))));
    sum + x.ln() - 0.5 / x - tail
}

/// ψ′(x) for x > 0 (6.4.12).
pub(crate) fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let tail = r
        * (1.0 / 6.0
            - r * (1.0 / 30.0
                - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * 691.0 / 2730.0)))));
    sum + (1.0 + 0.5 / x + tail) / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // −γ, π²/6, and values at ½ and 10 of 20 digits by mpmath.
        let pairs = [
            (digamma(1.0), -0.577_215_664_901_532_9),
            (digamma(0.5), -1.963_510_026_021_423_5),
            (digamma(10.0), 2.251_752_589_066_721),
            (trigamma(1.0), 1.644_934_066_848_226_4),
            (trigamma(0.5), 4.934_802_200_544_679),
            (trigamma(10.0), 0.105_166_335_681_685_74),
        ];
        for (found, expected) in pairs {
            assert!((found / expected - 1.0).abs() < 2e-15, "{found} {expected}");
        }
    }
}
