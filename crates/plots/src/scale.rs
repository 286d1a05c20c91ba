//! From numbers to pixels, and ticks at round numbers.

use crate::number;

/// Numbers beyond these have no place on an axis.
const LARGEST: f64 = 1.6e308;
const LEAST_LOG: f64 = 1e-300;
const MOST_LOG: f64 = 1e300;

/// A tick of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// Ticks, and what belongs behind the axis' name: a power of ten or a number that was taken off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ticks {
    pub ticks: Vec<Tick>,
    pub note: String,
}

/// A map from numbers to pixels.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub log: bool,
    /// Where `low` and `high` are.
    pub pixels: (f64, f64),
}

impl Scale {
    /// The share of the way from `low` to `high`.
    fn share(&self, value: f64) -> f64 {
        if self.log {
            let (low, high) = (self.low.ln(), self.high.ln());
            return (value.ln() - low) / (high - low);
        }
        let span = self.high - self.low;
        if span.is_finite() {
            return (value - self.low) / span;
        }
        (value / 4.0 - self.low / 4.0) / (self.high / 4.0 - self.low / 4.0)
    }

    /// The pixel of a number, within what a file can hold; NaN if there is none.
    pub fn map(&self, value: f64) -> f64 {
        let (from, to) = self.pixels;
        (from + self.share(value) * (to - from)).clamp(-1e5, 1e5)
    }

    /// Whether the number has a pixel.
    pub fn takes(&self, value: f64) -> bool {
        value.abs() <= LARGEST && (!self.log || (LEAST_LOG..=MOST_LOG).contains(&value))
    }
}

/// Smallest and largest of the finite numbers (the positive ones, if `log`) that an axis holds.
pub fn extent(values: impl IntoIterator<Item = f64>, log: bool) -> Option<(f64, f64)> {
    let usable = values
        .into_iter()
        .filter(|v| v.abs() <= LARGEST && (!log || (LEAST_LOG..=MOST_LOG).contains(v)));
    let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    (low <= high).then_some((low, high))
}

/// The extent of both.
pub fn union(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// A range with a margin of 4 %, and with some width if all values are equal or differ by rounding alone.
pub fn widen((low, high): (f64, f64), log: bool) -> (f64, f64) {
    if log {
        let ratio = (high / low).powf(0.04).max(1.0);
        let ratio = if high / low < 1.0 + 1e-9 { 2.0 } else { ratio };
        return ((low / ratio).max(LEAST_LOG), (high * ratio).min(MOST_LOG));
    }
    let size = low.abs().max(high.abs());
    let margin = if high - low <= 1e-12 * size || high - low < 1e-290 {
        if size < 1e-290 { 1.0 } else { 0.5 * size }
    } else {
        0.04 * high - 0.04 * low
    };
    ((low - margin).max(-LARGEST), (high + margin).min(LARGEST))
}

/// At most about `most` ticks at 1, 2 or 5 times a power of ten; whole numbers only, if asked.
pub fn linear(low: f64, high: f64, most: usize, whole: bool) -> Ticks {
    let most = most.max(1) as f64 + 0.5;
    let raw = high / most - low / most;
    if !(raw.is_finite() && raw > 0.0) {
        return Ticks::default();
    }
    let mut e = number::magnitude(raw);
    let first = raw / 10f64.powi(e);
    let mut digit = match first {
        f if f <= 1.0 + 1e-9 => 1.0,
        f if f <= 2.0 + 1e-9 => 2.0,
        f if f <= 5.0 + 1e-9 => 5.0,
        _ => 10.0,
    };
    if digit == 10.0 {
        (digit, e) = (1.0, e + 1);
    }
    if whole && e < 0 {
        (digit, e) = (1.0, 0);
    }
    // A tick is the whole number `n` times 10^e.
    let value = |n: f64| {
        if e >= 0 {
            n * 10f64.powi(e)
        } else {
            n / 10f64.powi(-e)
        }
    };
    let unit = value(digit);
    // An end that is a tick but for rounding has it.
    let near = |v: f64| 1e-9 + 4.0 * f64::EPSILON * v.abs();
    let (low, high) = (low / unit, high / unit);
    let (from, to) = ((low - near(low)).ceil(), (high + near(high)).floor());
    if !(from.is_finite() && to.is_finite()) || to < from || to - from > 200.0 {
        return Ticks::default();
    }
    let whole: Vec<f64> = (0..=(to - from) as usize)
        .map(|k| (from + k as f64) * digit)
        .collect();
    let (labels, note) = labels(&whole, e);
    let ticks = whole.iter().zip(labels);
    Ticks {
        ticks: ticks
            .map(|(n, label)| Tick {
                at: value(*n),
                label,
            })
            .collect(),
        note,
    }
}

/// The labels of whole numbers times 10^e, and what was taken out of them.
fn labels(whole: &[f64], e: i32) -> (Vec<String>, String) {
    let largest = whole.iter().fold(0.0, |m: f64, n| m.max(n.abs()));
    let size = number::magnitude(largest) + e;
    // More than six digits that differ in the last ones: the common part goes behind the name.
    if size - e >= 6 {
        // The roundest tick is taken off: the one with the most zeros at its end.
        let zeros = |n: f64| (0..18).take_while(|k| n % 10f64.powi(k + 1) == 0.0).count();
        let base = whole.iter().copied().filter(|n| *n != 0.0);
        let base = base.max_by_key(|n| zeros(*n)).unwrap_or(0.0);
        let rest: Vec<f64> = whole.iter().map(|n| n - base).collect();
        if rest.iter().all(|r| r.abs() < largest) {
            let (labels, note) = labels(&rest, e);
            let sign = if base < 0.0 { '+' } else { '−' };
            let taken = plain(base.abs(), e);
            return (
                labels,
                format!(
                    "{sign} {taken}{}{note}",
                    if note.is_empty() { "" } else { " " }
                ),
            );
        }
    }
    if largest > 0.0 && !(-4..6).contains(&size) {
        let power = size.div_euclid(3) * 3;
        let decimals = usize::try_from(power - e).unwrap_or(0);
        let scale = 10f64.powi(e - power);
        let text = |n: &f64| number::fixed(n * scale, decimals);
        return (
            trim(whole.iter().map(text).collect()),
            format!("(×10{})", number::superscript(power)),
        );
    }
    let decimals = usize::try_from(-e).unwrap_or(0);
    let scaled = |n: &f64| {
        if e >= 0 {
            n * 10f64.powi(e)
        } else {
            n / 10f64.powi(-e)
        }
    };
    (
        whole
            .iter()
            .map(|n| number::fixed(scaled(n), decimals))
            .collect(),
        String::new(),
    )
}

/// A whole number times 10^e without zeros behind its point; as a power where it is long.
fn plain(whole: f64, e: i32) -> String {
    let size = number::magnitude(whole) + e;
    if !(-4..=12).contains(&size) {
        let mantissa = whole / 10f64.powi(number::magnitude(whole));
        let digits = format!("{mantissa}");
        return format!("{digits}×10{}", number::superscript(size));
    }
    let text = number::fixed(whole * 10f64.powi(e), usize::try_from(-e).unwrap_or(0));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Takes off zeros that end all labels.
fn trim(mut labels: Vec<String>) -> Vec<String> {
    while labels.iter().all(|l| l.contains('.') && l.ends_with('0')) {
        for label in &mut labels {
            label.pop();
            if label.ends_with('.') {
                label.pop();
            }
        }
    }
    labels
}

/// Powers of ten, with 2 and 5 times these where there are few; round numbers as on a linear axis within less than a decade.
pub fn logarithmic(low: f64, high: f64, most: usize) -> Ticks {
    let (first, last) = (low.log10(), high.log10());
    let decades = last - first;
    if decades < 1.0 {
        return linear(low, high, most, false);
    }
    let stride = ((decades / most.max(1) as f64).ceil() as i32).max(1);
    let digits: &[f64] = match (decades, stride) {
        (d, 1) if d * 3.0 <= most as f64 => &[1.0, 2.0, 5.0],
        (d, 1) if d < 2.0 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let mut ticks = Vec::new();
    for e in first.floor() as i32..=last.ceil() as i32 {
        if e.rem_euclid(stride) != 0 {
            continue;
        }
        for &digit in digits {
            let at = digit * 10f64.powi(e);
            if at < low * (1.0 - 1e-9) || at > high * (1.0 + 1e-9) {
                continue;
            }
            let label = if digit == 1.0 {
                number::power(e)
            } else if (-3..=4).contains(&e) {
                number::fixed(at, usize::try_from(-e).unwrap_or(0))
            } else {
                format!("{digit}×10{}", number::superscript(e))
            };
            ticks.push(Tick { at, label });
        }
    }
    Ticks {
        ticks,
        note: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(t: &Ticks) -> Vec<&str> {
        t.ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_exact() {
        let t = linear(-5.2, 5.2, 6, false);
        assert_eq!(shown(&t), ["−4", "−2", "0", "2", "4"]);
        let t = linear(0.0, 1.0, 5, false);
        assert_eq!(shown(&t), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(t.ticks[3].at, 0.6);
        assert_eq!(shown(&linear(0.0, 3.0, 8, true)), ["0", "1", "2", "3"]);
    }

    #[test]
    fn tiny_huge_and_distant_numbers_stay_readable() {
        let t = linear(0.0, 4e-12, 4, false);
        assert_eq!(
            (shown(&t), t.note.as_str()),
            (vec!["0", "1", "2", "3", "4"], "(×10⁻¹²)")
        );
        let t = linear(0.0, 4e9, 4, false);
        assert_eq!(
            (shown(&t), t.note.as_str()),
            (vec!["0", "1", "2", "3", "4"], "(×10⁹)")
        );
        let t = linear(1e9, 1e9 + 0.004, 4, false);
        assert_eq!(t.note, "− 1000000000");
        assert_eq!(shown(&t), ["0.000", "0.001", "0.002", "0.003", "0.004"]);
        assert!(!linear(-1.6e308, 1.6e308, 5, false).ticks.is_empty());
    }

    #[test]
    fn decades_are_powers() {
        assert_eq!(shown(&logarithmic(0.5, 200.0, 4)), ["1", "10", "100"]);
        assert_eq!(shown(&logarithmic(1e-9, 1e9, 4)), ["10⁻⁵", "1", "10⁵"]);
        assert_eq!(shown(&logarithmic(0.4, 6.0, 8)), ["0.5", "1", "2", "5"]);
    }

    #[test]
    fn equal_values_get_a_range() {
        assert_eq!(widen((0.0, 0.0), false), (-1.0, 1.0));
        assert_eq!(widen((4.0, 4.0), false), (2.0, 6.0));
        let (low, high) = widen((-1.7e308, 1.7e308), false);
        assert!(low.is_finite() && high.is_finite());
        assert_eq!(widen((3.0, 3.0), true), (1.5, 6.0));
    }

    #[test]
    fn a_scale_maps_ends_to_ends() {
        let s = Scale {
            low: 1.0,
            high: 100.0,
            log: true,
            pixels: (0.0, 200.0),
        };
        assert!((s.map(10.0) - 100.0).abs() < 1e-9 && !s.takes(0.0));
        let s = Scale {
            low: -1.6e308,
            high: 1.6e308,
            log: false,
            pixels: (0.0, 200.0),
        };
        assert_eq!(s.map(0.0), 100.0);
    }
}
