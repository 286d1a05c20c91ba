//! Metrics of numeric predictions ŷ of targets y, with weights w (1 if none are given).

use super::MetricError;
use super::check::{self, Weights};

fn checked<'a>(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&'a [f64]>,
) -> Result<Weights<'a>, MetricError> {
    let weights = Weights::new(weights, target.len())?;
    check::same(target.len(), prediction.len(), "predictions")?;
    check::finite(target, "target")?;
    check::finite(prediction, "prediction")?;
    below(1e306, target, prediction)?;
    Ok(weights)
}

/// Refuses what would overflow, with weights, when it is added up.
fn below(limit: f64, target: &[f64], prediction: &[f64]) -> Result<(), MetricError> {
    for (what, values) in [("target", target), ("prediction", prediction)] {
        if let Some(i) = values.iter().position(|value| value.abs() > limit) {
            let (row, value) = (i + 1, values[i]);
            return Err(MetricError::TooLarge { what, row, value });
        }
    }
    Ok(())
}

/// The mean squared error: Σ w (y − ŷ)² / Σ w.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::mean_squared_error;
/// assert_eq!(mean_squared_error(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], None)?, 5.0 / 3.0);
/// assert_eq!(mean_squared_error(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], Some(&[2.0, 1.0, 1.0]))?, 5.0 / 4.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn mean_squared_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = checked(target, prediction, weights)?;
    // Their squares, that is.
    below(1e100, target, prediction)?;
    Ok(weights.mean(|i| (target[i] - prediction[i]).powi(2), target.len()))
}

/// The root of the [`mean_squared_error`], in the unit of the target.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::root_mean_squared_error;
/// assert_eq!(root_mean_squared_error(&[0.0, 0.0], &[1.0, 7.0], None)?, 5.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn root_mean_squared_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    Ok(mean_squared_error(target, prediction, weights)?.sqrt())
}

/// The mean absolute error: Σ w |y − ŷ| / Σ w.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::mean_absolute_error;
/// assert_eq!(mean_absolute_error(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], None)?, 1.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn mean_absolute_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = checked(target, prediction, weights)?;
    Ok(weights.mean(|i| (target[i] - prediction[i]).abs(), target.len()))
}

/// The median of |y − ŷ|: the point with half of the weight on either side, and the middle of the two where an interval has it.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::median_absolute_error;
/// assert_eq!(median_absolute_error(&[0.0; 4], &[1.0, -2.0, 4.0, 100.0], None)?, 3.0);
/// assert_eq!(median_absolute_error(&[0.0; 4], &[1.0, -2.0, 4.0, 100.0], Some(&[3.0, 1.0, 1.0, 1.0]))?, 1.5);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn median_absolute_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = checked(target, prediction, weights)?;
    let rows = (0..target.len()).filter(|&row| weights.of(row) > 0.0);
    let mut errors: Vec<(f64, f64)> = rows
        .map(|row| ((target[row] - prediction[row]).abs(), weights.of(row)))
        .collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * errors.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut below = 0.0;
    for (i, &(error, weight)) in errors.iter().enumerate() {
        below += weight;
        if below > half || i + 1 == errors.len() {
            return Ok(error);
        }
        if below == half {
            return Ok(0.5 * (error + errors[i + 1].0));
        }
    }
    // The weights have a positive sum.
    Err(MetricError::Empty)
}

/// The largest |y − ŷ| of a row with a weight.
///
/// # Errors
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::max_error;
/// assert_eq!(max_error(&[1.0, 2.0], &[1.5, 0.0], None)?, 2.0);
/// assert_eq!(max_error(&[1.0, 2.0], &[1.5, 0.0], Some(&[1.0, 0.0]))?, 0.5);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn max_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = checked(target, prediction, weights)?;
    let rows = (0..target.len()).filter(|&row| weights.of(row) > 0.0);
    let errors = rows.map(|row| (target[row] - prediction[row]).abs());
    Ok(errors.fold(0.0, f64::max))
}

/// The mean absolute error relative to the target: Σ w |y − ŷ| / |y| / Σ w, as a share (0.1 is ten per cent).
///
/// # Errors
/// [`MetricError::ZeroTarget`] if a row with a weight has the target 0 (scikit-learn divides by 2.2e-16 there); and
/// [`MetricError`] if the lengths differ, there are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::{MetricError, mean_absolute_percentage_error};
/// assert_eq!(mean_absolute_percentage_error(&[1.0, -2.0], &[2.0, -1.0], None)?, 0.75);
/// assert_eq!(mean_absolute_percentage_error(&[1.0, 0.0], &[2.0, 1.0], None), Err(MetricError::ZeroTarget { row: 2 }));
/// # Ok::<(), MetricError>(())
/// ```
pub fn mean_absolute_percentage_error(
    target: &[f64],
    prediction: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, MetricError> {
    let weights = checked(target, prediction, weights)?;
    let zero = |row: &usize| target[*row] == 0.0 && weights.of(*row) > 0.0;
    if let Some(row) = (0..target.len()).find(zero) {
        return Err(MetricError::ZeroTarget { row: row + 1 });
    }
    let relative = |i: usize| ((target[i] - prediction[i]) / target[i]).abs();
    Ok(weights.mean(relative, target.len()))
}

/// The coefficient of determination: R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)², where ȳ is the weighted mean of these targets.
///
/// 1 for exact predictions, 0 for the mean, negative for worse than the mean.
///
/// # Errors
/// [`MetricError::Undefined`] if all targets are equal (scikit-learn says 1 or 0); and [`MetricError`] if the lengths differ, there
/// are no rows, or a value or weight is unusable.
///
/// ```
/// use train::metrics::r2;
/// assert!((r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 2.0], None)? - 0.5).abs() < 1e-15);
/// assert!(r2(&[2.0, 2.0], &[2.0, 2.0], None).is_err());
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
pub fn r2(target: &[f64], prediction: &[f64], weights: Option<&[f64]>) -> Result<f64, MetricError> {
    let checked = checked(target, prediction, weights)?;
    let rows = target.len();
    let used = (0..rows).find(|&row| checked.of(row) > 0.0);
    let first = used.map_or(0.0, |row| target[row]);
    // Around a target first: the mean of large numbers that differ little keeps its digits.
    let mean = first + checked.mean(|i| target[i] - first, rows);
    // In units of the largest deviation: squares of tiny or huge targets neither vanish nor overflow.
    let used = (0..rows).filter(|&row| checked.of(row) > 0.0);
    let scale = used.fold(0.0_f64, |most, row| most.max((target[row] - mean).abs()));
    if scale > 0.0 {
        let residual = checked.mean(|i| ((target[i] - prediction[i]) / scale).powi(2), rows);
        let total = checked.mean(|i| ((target[i] - mean) / scale).powi(2), rows);
        return Ok(1.0 - residual / total);
    }
    Err(MetricError::Undefined {
        what: "R²".to_owned(),
        reason: format!(
            "every target is {first}, so there is no variance to explain; use the mean squared error"
        ),
    })
}
