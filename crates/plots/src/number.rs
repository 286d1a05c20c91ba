//! Numbers as people read them.

/// With so many decimals and a true minus sign; never "−0".
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// ⁻¹² and the like.
pub fn superscript(exponent: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    exponent.to_string().chars().map(digit).collect()
}

/// The power of ten of the first digit.
pub fn magnitude(value: f64) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    // The digits of the value itself, because log10 rounds up to the next power.
    let text = format!("{:e}", value.abs());
    text.split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0)
}

/// About three significant digits.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "–".to_owned()
        } else if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    // The power of ten after rounding: 0.0999999 is 0.100.
    let rounded = format!("{value:.2e}");
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let e = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&e) {
        return fixed(value, usize::try_from(2 - e).unwrap_or(0));
    }
    format!("{}×10{}", mantissa.replace('-', "−"), superscript(e))
}

/// A count with its thousands set apart, or a weight with three digits.
pub fn count(value: f64) -> String {
    if value.fract() != 0.0 || value.abs() >= 1e15 {
        return short(value);
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k) % 3 == 0 && digits.len() > 4 {
            out.push(',');
        }
        out.push(c);
    }
    if value < 0.0 {
        out.insert(0, '−');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-1.5, 1), "−1.5");
        assert_eq!(short(0.123456), "0.123");
        assert_eq!(short(-0.0999999), "−0.100");
        assert_eq!(short(1234.5), "1234");
        assert_eq!(short(-1.5e-9), "−1.50×10⁻⁹");
        assert_eq!(short(f64::NAN), "–");
        assert_eq!(count(1234567.0), "1,234,567");
        assert_eq!(count(1234.0), "1234");
        assert_eq!(magnitude(1e-12), -12);
        assert_eq!(magnitude(999.9999999999999), 2);
    }
}
