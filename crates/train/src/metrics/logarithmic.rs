//! The logarithmic loss of probabilities (cross-entropy).

use linalg::MatRef;

use super::{MetricError, check};

/// −ln of a probability that is first brought to ε … 1 − ε.
fn surprise(probability: f64) -> f64 {
    -probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// The mean of −ln of the probability that was given to what happened: −Σ w (y ln p + (1 − y) ln(1 − p)) / Σ w.
///
/// Probabilities are first clipped to ε … 1 − ε with ε = 2.2e-16, as in scikit-learn, so that a row that was said to be impossible
/// costs 36.04 and not ∞. The loss of a linear predictor, which needs no clipping, is that of the models.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::log_loss;
/// assert!((log_loss(&[1.0, 0.0], &[0.5, 0.5], None)? - 2.0_f64.ln()).abs() < 1e-15);
/// assert!((log_loss(&[1.0, 0.0], &[0.8, 0.1], Some(&[3.0, 1.0]))? + (3.0 * 0.8_f64.ln() + 0.9_f64.ln()) / 4.0).abs() < 1e-15);
/// assert!((log_loss(&[1.0], &[0.0], None)? - 36.04365338911715).abs() < 1e-12);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn log_loss(
    target: &[f64],
    probability: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = check::forecast(target, probability, weights)?;
    let loss = |i: usize| {
        let p = probability[i];
        surprise(if target[i] == 1.0 { p } else { 1.0 - p })
    };
    Ok(weights.mean(loss, target.len()))
}

/// The same for several classes: `probability` has rows x classes, and its rows add up to 1.
///
/// # Errors
/// [`MetricError`] if the shapes differ, there are no rows, a class is out of range, a row does not add up to 1 (to within 1.5e-8), or
/// a weight is unusable.
///
/// ```
/// use train::metrics::log_loss_classes;
/// let p = linalg::mat![[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]];
/// assert!((log_loss_classes(&[0, 1], p.as_ref(), None)? - 1.5 * 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn log_loss_classes(
    target: &[usize],
    probability: MatRef<'_, f64>,
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = check::forecasts(target, probability, weights)?;
    let loss = |i: usize| surprise(probability[(i, target[i])]);
    Ok(weights.mean(loss, target.len()))
}
