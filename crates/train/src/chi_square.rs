//! The chi-square distribution.

/// The probability that a chi-square variable with `freedom` degrees of freedom is at least `x`: Q(ν/2, x/2), by the series or the
/// continued fraction of the incomplete gamma function (DLMF 8.11.4 and 8.9.2), whichever converges fast.
pub(crate) fn upper_tail(x: f64, freedom: f64) -> f64 {
    if x.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    let (a, x) = (0.5 * freedom, 0.5 * x);
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term > f64::EPSILON * 0.1 * sum {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    // Lentz's method.
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut fraction = d;
    for k in 1..100_000 {
        let k = f64::from(k);
        let term = -k * (k - a);
        b += 2.0;
        d = term * d + b;
        d = 1.0 / if d.abs() < tiny { tiny } else { d };
        c = b + term / c;
        c = if c.abs() < tiny { tiny } else { c };
        fraction *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    front * fraction
}

#[cfg(test)]
mod tests {
    use super::upper_tail;

    #[test]
    fn probabilities_are_those_of_thirty_digits() {
        // By mpmath's incomplete gamma function.
        for (x, freedom, expected) in [
            (3.84, 1.0, 0.050043521248705103),
            (100.0, 3.0, 1.5541594313896049e-21),
            (0.001, 5.0, 0.99999999831851228),
            (50.0, 40.0, 0.13357483408565041),
            (800.0, 2.0, 1.9151695967140057e-174),
            (100_000.0, 99_000.0, 0.012503086996302765),
            (1e-10, 1.0, 0.9999920211543921),
        ] {
            let found = upper_tail(x, freedom);
            let bound = if freedom > 1000.0 { 1e-10 } else { 1e-13 };
            assert!(
                (found / expected - 1.0).abs() < bound,
                "{x} {freedom}: {found:e}"
            );
        }
        assert_eq!(upper_tail(0.0, 2.0), 1.0);
        assert!(upper_tail(1.0, 0.0).is_nan());
    }
}
