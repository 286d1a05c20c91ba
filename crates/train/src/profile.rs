//! The ends of profile intervals.

/// A profile at one value of its parameter.
#[derive(Debug, Clone)]
pub(crate) struct Profiled {
    /// The value.
    pub(crate) at: f64,
    /// How far the profile has fallen, on the scale of a squared standard normal (or t) variable.
    pub(crate) fall: f64,
    /// The derivative of the fall.
    pub(crate) slope: f64,
    /// All parameters.
    pub(crate) point: Vec<f64>,
}

/// An interval of the values of one parameter that the data do not contradict at a level: where the profile is not lower than the
/// optimum by more than the quantile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfileInterval {
    /// The estimate.
    pub estimate: f64,
    /// The confidence level.
    pub level: f64,
    /// The lower end; −∞ where the profile never falls so far.
    pub low: f64,
    /// The upper end; +∞ where the profile never falls so far.
    pub high: f64,
}

/// Why an end was not found.
pub(crate) enum Lost {
    /// A better point than the optimum.
    Better(Profiled),
    /// The last value that could be evaluated.
    At(f64),
}

/// A fall below this (negative) number is a better optimum, not rounding.
const BETTER: f64 = -1e-5;

/// The standard errors over which a profile of one's own model is followed.
pub(crate) const FAR: f64 = 1e7;

/// How exactly an end can be found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The profile is followed so many standard errors before an end is infinite.
    pub(crate) far: f64,
    /// The rounding error of a fall.
    pub(crate) noise: f64,
}

impl Limits {
    /// For a criterion of this size at the optimum, of which a fall is `scale` times a difference.
    pub(crate) fn new(far: f64, criterion: f64, scale: f64) -> Self {
        Self {
            far,
            noise: 8.0 * f64::EPSILON * scale * criterion.abs(),
        }
    }
}

/// The value beyond the optimum, in the direction of the sign of `unit`, at which √fall reaches `target`. `unit` is the standard
/// error with that sign. `evaluate` maximises over the other parameters, starting near another point; `None` where the function is
/// not defined.
///
/// √fall is linear where the profile is a parabola, so Newton's method on it takes few steps; a step that leaves the bracket is
/// replaced by a bisection, or, while there is no bracket, by a doubled distance.
pub(crate) fn end(
    optimum: Profiled,
    unit: f64,
    target: f64,
    limits: Limits,
    mut evaluate: impl FnMut(f64, &Profiled) -> Option<Profiled>,
) -> Result<f64, Lost> {
    let centre = optimum.at;
    let distance = |c: f64| (c - centre) / unit;
    let mut inside = optimum;
    // The nearest value known to be outside, and whether the profile is defined there.
    let mut outside: Option<(f64, bool)> = None;
    let mut next = centre + target * unit;
    let mut tried_again = false;
    let exact = (1e-13 * target).max(0.5 * limits.noise / target);
    for _ in 0..300 {
        let found = evaluate(next, &inside);
        let mut proposal = f64::NAN;
        match found {
            None => outside = Some((next, false)),
            Some(found) => {
                if found.fall < BETTER {
                    return Err(Lost::Better(found));
                }
                let root = found.fall.max(0.0).sqrt();
                let excess = root - target;
                // In standard errors, so that the sign of the direction does not matter.
                let slope = found.slope * unit / (2.0 * root);
                proposal = next - excess / slope * unit;
                if excess.abs() <= exact {
                    return Ok(if proposal.is_finite() { proposal } else { next });
                }
                if (proposal - next).abs() <= 1e-12 * (next - centre).abs() {
                    return Ok(proposal);
                }
                if excess > 0.0 {
                    outside = Some((next, true));
                } else {
                    // The profile has an asymptote where it no longer falls over a doubled distance.
                    let old = inside.fall.max(0.0).sqrt();
                    let still = distance(next) > 1e3
                        && distance(next) > 1.9 * distance(inside.at)
                        && root - old <= 1e-9 * target;
                    if outside.is_none() && (still || distance(next) > limits.far) {
                        return Ok(f64::INFINITY * unit.signum());
                    }
                    inside = found;
                }
            }
        }
        let low = distance(inside.at);
        let at = distance(proposal);
        if let Some((border, defined)) = outside {
            let high = distance(border);
            if high - low <= 1e-12 * high {
                return Ok(if defined { border } else { inside.at });
            }
            // What failed from far away may be reached from near by.
            if !defined && !tried_again && high - low <= 1e-2 * high {
                tried_again = true;
                outside = None;
                next = border;
            } else if at > low && at < high {
                next = proposal;
            } else {
                next = centre + 0.5 * (low + high) * unit;
            }
        } else {
            let doubled = 2.0 * low.max(target);
            let near = at > low && at < 4.0 * doubled;
            next = if near {
                proposal
            } else {
                centre + doubled * unit
            };
        }
    }
    Err(Lost::At(inside.at))
}
