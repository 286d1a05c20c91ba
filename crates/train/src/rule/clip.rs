//! Gradients that are too long are shortened.

use autodiff::Gradients;
use linalg::Scalar;

/// Scales all gradients together so that their norm is at most `max_norm`, and returns the norm before: PyTorch's
/// `clip_grad_norm_`. The factor is `max_norm` / (norm + 1e-6), or 1 if that is larger. The sum of squares is in double precision.
///
/// A norm that is infinite or NaN is returned like any other; the gradients are then useless, and so they are with PyTorch.
///
/// ```
/// use autodiff::Tape;
/// use train::clip_norm;
/// let tape = Tape::new();
/// let w = tape.variable(&[3.0_f64, 4.0]);
/// let mut gradients = (w * w * 0.5).sum().backward();
/// assert_eq!(clip_norm(&mut gradients, 1.0), 5.0);
/// assert!((gradients[w][(0, 0)] - 0.6).abs() < 1e-6);
/// assert!(clip_norm(&mut gradients, 1.0) <= 1.0);
/// ```
///
/// # Panics
/// If `max_norm` is negative or NaN.
#[track_caller]
pub fn clip_norm<T: Scalar>(gradients: &mut Gradients<T>, max_norm: f64) -> f64 {
    assert!(
        max_norm >= 0.0,
        "clipping to the norm {max_norm}: it must not be negative"
    );
    let norm = norm(gradients);
    let factor = max_norm / (norm + 1e-6);
    // A NaN is not below 1 either.
    if factor < 1.0 || factor.is_nan() {
        gradients.scale(T::from_f64(factor));
    }
    norm
}

/// The Euclidean norm of all gradients together.
fn norm<T: Scalar>(gradients: &Gradients<T>) -> f64 {
    let scaled = |unit: f64| {
        let squares = |part: &[T]| {
            part.iter()
                .map(|g| (g.to_f64() / unit).powi(2))
                .sum::<f64>()
        };
        unit * gradients.entries().map(squares).sum::<f64>().sqrt()
    };
    let norm = scaled(1.0);
    let largest = gradients.max_abs().to_f64();
    // Where squares leave the range of numbers, in units of the largest entry.
    if largest > 0.0 && largest.is_finite() && !(1e-140..=1e150).contains(&norm) {
        return scaled(largest);
    }
    norm
}

/// Cuts every entry to [−`max`, `max`]: PyTorch's `clip_grad_value_`. NaN stays.
///
/// ```
/// use autodiff::Tape;
/// use train::clip_value;
/// let tape = Tape::new();
/// let w = tape.variable(&[3.0_f64, -0.2]);
/// let mut gradients = (w * w * 0.5).sum().backward();
/// clip_value(&mut gradients, 0.5);
/// assert_eq!(gradients[w].as_slice(), [0.5, -0.2]);
/// ```
///
/// # Panics
/// If `max` is negative or NaN.
#[track_caller]
pub fn clip_value<T: Scalar>(gradients: &mut Gradients<T>, max: f64) {
    assert!(
        max >= 0.0,
        "clipping to entries of at most {max}: it must not be negative"
    );
    let max = T::from_f64(max);
    for part in gradients.entries_mut() {
        for g in part {
            if *g > max {
                *g = max;
            } else if *g < -max {
                *g = -max;
            }
        }
    }
}
