//! Student's t distribution, and the F distribution, which shares its integral.

/// The probability that |t| with `freedom` degrees of freedom is at least |`t`|: `I_x(ν/2, ½)` at x = ν / (ν + t²).
pub(crate) fn two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return f64::NAN;
    }
    // Where the distributions differ by less than rounding.
    if freedom > 1e17 {
        return linalg::Scalar::erfc(t.abs() / std::f64::consts::SQRT_2);
    }
    let square = t * t;
    // Both x and 1 − x without cancellation.
    let (x, y) = if square.is_finite() {
        (freedom / (freedom + square), square / (freedom + square))
    } else {
        (0.0, 1.0)
    };
    incomplete_beta(0.5 * freedom, 0.5, x, y)
}

/// The number that t with `freedom` degrees of freedom exceeds in absolute value with the probability `p`, by Newton's method.
pub(crate) fn two_sided_quantile(p: f64, freedom: f64) -> f64 {
    let density = |t: f64| {
        let half = 0.5 * (freedom + 1.0);
        let log = libm::lgamma(half)
            - libm::lgamma(0.5 * freedom)
            - 0.5 * (freedom * std::f64::consts::PI).ln();
        2.0 * (log - half * (t * t / freedom).ln_1p()).exp()
    };
    // Far out in the freedom the difference of logarithms below has no digits left; there it is the normal quantile and the first
    // term of Fisher's and Cornish's expansion.
    if freedom > 1e10 {
        let z = crate::normal::two_sided_quantile(p);
        return z + (z.powi(3) + z) / (4.0 * freedom);
    }
    // From below the root of a convex, decreasing function the iteration climbs to it.
    let mut t = 0.0;
    for _ in 0..200 {
        let next = t + (two_sided(t, freedom) - p) / density(t);
        if !(next - t).is_finite() || (next - t).abs() <= 4.0 * f64::EPSILON * next.abs() {
            return next;
        }
        t = next;
    }
    t
}

/// The probability that F with these degrees of freedom, of the numerator (a whole number) and of the denominator, is at least `f`.
pub(crate) fn f_upper_tail(f: f64, numerator: f64, denominator: f64) -> f64 {
    if f.is_nan() || !(numerator > 0.0 && denominator > 0.0) {
        return f64::NAN;
    }
    if f <= 0.0 {
        return 1.0;
    }
    if denominator > 1e17 {
        return crate::chi_square::upper_tail(numerator * f, numerator);
    }
    let product = numerator * f;
    let (x, y) = if product.is_finite() {
        (
            denominator / (denominator + product),
            product / (denominator + product),
        )
    } else {
        (0.0, 1.0)
    };
    incomplete_beta(0.5 * denominator, 0.5 * numerator, x, y)
}

/// Γ(a + b) / Γ(a) / Γ(b) for b a multiple of ½, without the difference of two large logarithms.
fn inverse_beta(a: f64, b: f64) -> f64 {
    if b > 100.0 {
        return (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)).exp();
    }
    let mut ratio = 1.0;
    let mut rest = b;
    while rest >= 1.0 {
        rest -= 1.0;
        ratio *= (a + rest) / if rest > 0.0 { rest } else { 1.0 };
    }
    // What is left of Γ(b): Γ(½) = √π, or Γ(1) = 1.
    if rest == 0.5 {
        ratio * gamma_ratio(a) / std::f64::consts::PI.sqrt()
    } else {
        ratio
    }
}

/// Γ(a + ½) / Γ(a); for large a by its asymptotic series, where the difference of logarithms would lose digits.
fn gamma_ratio(a: f64) -> f64 {
    if a < 25.0 {
        return (libm::lgamma(a + 0.5) - libm::lgamma(a)).exp();
    }
    let r = 1.0 / a;
    let series = r
        * (-1.0 / 8.0
            + r * (1.0 / 128.0
                + r * (5.0 / 1024.0 + r * (-21.0 / 32768.0 - r * 399.0 / 262_144.0))));
    a.sqrt() * (1.0 + series)
}

/// The regularised incomplete beta function `I_x(a, b)` for y = 1 − x, where the smaller of a and b is a multiple of ½, by the continued fraction of DLMF 8.17.22 in the form that
/// converges fast.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // Not by calling itself: at the border both orders may be on the wrong side of it by their rounding.
    if is_beyond(a, b, x, y) {
        return 1.0 - by_fraction(b, a, y, x);
    }
    by_fraction(a, b, x, y)
}

fn by_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let ln = |x: f64, rest: f64| if rest < 0.5 { (-rest).ln_1p() } else { x.ln() };
    let front = (a * ln(x, y) + b * ln(y, x)).exp() * inverse_beta(a.max(b), a.min(b)) / a;
    front * beta_fraction(a, b, x)
}

/// True if x > (a + 1) / (a + b + 2), where the fraction of (b, a) at y = 1 − x converges faster; by the smaller of x and y, because the
/// other may round to 1.
pub(crate) fn is_beyond(a: f64, b: f64, x: f64, y: f64) -> bool {
    let sum = a + b + 2.0;
    if x < y {
        x > (a + 1.0) / sum
    } else {
        y < (b + 1.0) / sum
    }
}

/// The continued fraction of DLMF 8.17.22 for x ≤ (a + 1) / (a + b + 2): with x^a (1 − x)^b / (a B(a, b)) in front of it, `I_x(a, b)`.
pub(crate) fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    // Lentz's method for 1 / (1 + d₁ / (1 + d₂ / (1 + …))).
    let tiny = 1e-300;
    let (mut c, mut d, mut fraction) = (1.0_f64, 1.0 - (a + b) * x / (a + 1.0), 0.0);
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    fraction += d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 + term * d;
            c = 1.0 + term / c;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            c = if c.abs() < tiny { tiny } else { c };
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBABILITIES: [(f64, f64, f64); 11] = [
        (1.0, 1.0, 0.5),
        (12.706204736174698, 1.0, 0.05000000000000003),
        (2.5, 2.0, 0.1296117202215108),
        (0.3, 5.0, 0.7762490422632745),
        (2.0, 7.0, 0.08561932856297608),
        (4.0, 10.0, 0.0025183326247366924),
        (1.96, 30.0, 0.05934231289605048),
        (2.1, 46.0, 0.041242029950997613),
        (8.0, 20.0, 1.1656628271488522e-07),
        (1.0, 1000.0, 0.3175524180846723),
        (3.3, 100000.0, 0.0009671862623271426),
    ];

    #[test]
    fn tails_of_f_are_those_of_thirty_digits() {
        // By mpmath's incomplete beta function.
        for (f, numerator, denominator, expected) in [
            (3.0, 2.0, 10.0, 0.095367431640625),
            (50.0, 3.0, 100.0, 7.9444246790875726e-20),
            (0.1, 5.0, 7.0, 0.98895899316226582),
            (4.0, 1.0, 1e6, 0.045500533851319208),
            (200.0, 4.0, 300.0, 2.5178908070295044e-83),
        ] {
            let found = f_upper_tail(f, numerator, denominator);
            let bound = if denominator > 1e5 { 1e-10 } else { 1e-12 };
            assert!((found / expected - 1.0).abs() < bound, "{f}: {found:e}");
        }
    }

    #[test]
    fn at_the_border_of_the_two_orders() {
        // Where x is (a + 1) / (a + b + 2), give or take some roundings: t² = ν y / x.
        for freedom in 1..2000 {
            let v = f64::from(freedom);
            let x = (0.5 * v + 1.0) / (0.5 * v + 2.5);
            let mut t = (v * (1.0 - x) / x).sqrt();
            for _ in 0..8 {
                t = t.next_down();
            }
            for _ in 0..16 {
                let p = two_sided(t, v);
                let beside = two_sided(t * 1.001, v);
                assert!(
                    p > beside && p < 1.002 * beside + 1e-3,
                    "{v} {t}: {p} {beside}"
                );
                assert!((f_upper_tail(t * t, 1.0, v) / p - 1.0).abs() < 1e-11);
                t = t.next_up();
            }
        }
    }

    #[test]
    fn probabilities_and_quantiles_are_those_of_the_tables() {
        // 2 (1 − F(t)) with 40 digits of mpmath's incomplete beta function.
        for (t, freedom, expected) in PROBABILITIES {
            let found = two_sided(t, freedom);
            assert!(
                (found / expected - 1.0).abs() < 5e-12,
                "{t} {freedom}: {found:e} {expected:e}"
            );
            let back = two_sided_quantile(expected, freedom);
            assert!(
                (back - t).abs() < 1e-11 * (1.0 + t),
                "{t} {freedom}: {back}"
            );
        }
        for freedom in [1e11, 1e17, f64::INFINITY] {
            assert!((two_sided_quantile(0.05, freedom) - 1.959963984540054).abs() < 1e-10);
        }
        assert_eq!(two_sided(0.0, 3.0), 1.0);
        assert_eq!(two_sided(f64::INFINITY, 3.0), 0.0);
        assert!(two_sided(1.0, 0.0).is_nan());
    }
}
