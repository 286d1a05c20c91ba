//! The χ² distribution, by the regularised incomplete gamma function.

use crate::normal::mills;

/// The probability that χ² with `freedom` degrees of freedom is at least `x`: Q(ν/2, x/2).
pub(crate) fn upper_tail(x: f64, freedom: f64) -> f64 {
    if x.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if freedom.is_infinite() {
        return if x.is_infinite() { f64::NAN } else { 1.0 };
    }
    upper_gamma(0.5 * freedom, 0.5 * x)
}

/// Q(a, x) for a, x > 0.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    match part(a, x) {
        Part::Lower { log, factor } => 1.0 - log.exp() * factor,
        Part::Upper { log, factor } => log.exp() * factor,
    }
}

/// From this a on, Temme's expansion takes the place of series and fraction.
const LARGE: f64 = 1e8;

/// The smaller of P(a, x) and Q(a, x) = 1 − P(a, x), or nearly so, as `factor` · e^`log`.
pub(crate) enum Part {
    Lower { log: f64, factor: f64 },
    Upper { log: f64, factor: f64 },
}

/// For finite a, x > 0: below a + 1 by the series of P (DLMF 8.11.4), above by the continued fraction of Q (DLMF 8.9.2), behind
/// x^a e^−x / Γ(a + 1), the Poisson probability of a at the mean x, in the form of Loader (2000), which keeps its digits where a and x
/// are large.
pub(crate) fn part(a: f64, x: f64) -> Part {
    if a > LARGE {
        return large(a, x);
    }
    let log = -stirling_error(a) - deviance(a, x);
    let front = (std::f64::consts::TAU * a).sqrt().recip();
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
        while term > 0.1 * f64::EPSILON * sum {
            term *= x / (a + k);
            sum += term;
            k += 1.0;
        }
        let factor = front * sum;
        return Part::Lower { log, factor };
    }
    // Lentz's method for 1 / (x + 1 − a − (1 − a) / (x + 3 − a − …)); x^a e^−x / Γ(a) is a times the front.
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for k in 1..100_000 {
        let k = f64::from(k);
        let term = -k * (k - a);
        b += 2.0;
        d = 1.0 / (term * d + b);
        c = b + term / c;
        let change = c * d;
        fraction *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    let factor = a * front * fraction;
    Part::Upper { log, factor }
}

/// The same for large a by the first term of Temme's uniform expansion (DLMF 8.12.3 to 8.12.8): with ½ η² = λ − 1 − ln λ at λ = x / a,
/// Q = ½ erfc(η √(a/2)) + e^(−a η²/2) c₀(η) / √(2 π a). The next term is smaller by 1/a.
fn large(a: f64, x: f64) -> Part {
    let distance = deviance(a, x);
    let z = (2.0 * distance).max(0.0).sqrt();
    let eta = (z / a.sqrt()).copysign(x - a);
    let c0 = if eta.abs() < 0.05 {
        let terms = [
            -139.0 / 777_600.0,
            1.0 / 2835.0,
            1.0 / 864.0,
            -2.0 / 135.0,
            1.0 / 12.0,
        ];
        terms.iter().fold(0.0, |sum, c| (sum + c) * eta) - 1.0 / 3.0
    } else {
        a / (x - a) - eta.recip()
    };
    let root = std::f64::consts::TAU.sqrt().recip();
    let (log, correction) = (-distance, c0 / a.sqrt());
    if x < a {
        let factor = root * (mills(z) - correction);
        return Part::Lower { log, factor };
    }
    let factor = root * (mills(z) + correction);
    Part::Upper { log, factor }
}

/// ln Γ(a + 1) − (a + ½) ln a + a − ½ ln 2π.
pub(crate) fn stirling_error(a: f64) -> f64 {
    if a < 16.0 {
        return libm::lgamma(a + 1.0) - (a + 0.5) * a.ln() + a - 0.5 * std::f64::consts::TAU.ln();
    }
    let r = 1.0 / (a * a);
    (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / a
}

/// a ln(a / x) + x − a.
pub(crate) fn deviance(a: f64, x: f64) -> f64 {
    let v = (a - x) / (a + x);
    if v.abs() > 0.1 {
        return a * (a / x).ln() + x - a;
    }
    // ln(a / x) = 2 artanh v.
    let mut sum = (a - x) * v;
    let (mut term, mut k) = (2.0 * a * v, 3.0);
    loop {
        term *= v * v;
        let next = sum + term / k;
        if next == sum || next.is_nan() {
            return next;
        }
        sum = next;
        k += 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_mpmath() {
        // mpmath.gammainc(k/2, x/2, inf, regularized=True) with 40 digits; the script is in tests/estimate/chi_square.py.
        for (x, freedom, expected) in include!("../tests/estimate/chi_square.in") {
            let found = upper_tail(x, freedom);
            assert!(
                (found / expected - 1.0).abs() < 1e-13,
                "{x} {freedom}: {found:e} {expected:e}"
            );
        }
        // The expansion for large a joins what is below it, and is itself at its mean, one and ten deviations away (mpmath).
        for z in [-5.0, -0.3, 0.0, 0.01, 2.0, 9.0] {
            let x = |a: f64| a + z * a.sqrt();
            let both = [LARGE, LARGE * (1.0 + 1e-15)].map(|a| upper_gamma(a, x(a)));
            assert!((both[0] / both[1] - 1.0).abs() < 1e-11, "{z}: {both:?}");
        }
        assert_eq!(upper_tail(0.0, 2.0), 1.0);
        assert_eq!(upper_tail(3.0, f64::INFINITY), 1.0);
        assert_eq!(upper_tail(f64::INFINITY, 2.0), 0.0);
    }
}
