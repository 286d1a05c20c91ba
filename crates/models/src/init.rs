//! Initial numbers of parameters, by PyTorch's `nn.init` conventions: entries are drawn row by row, fans are columns (in) and rows (out).

use linalg::random::Stream;
use linalg::{Scalar, reduce};

use crate::Parameter;

/// How much an activation shrinks what goes through it: PyTorch's `calculate_gain`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gain {
    /// 1, of the identity, convolutions and the sigmoid.
    Linear,
    /// 5/3.
    Tanh,
    /// √2.
    Relu,
    /// √(2 / (1 + slope²)).
    LeakyRelu(f64),
}

impl Gain {
    /// The factor.
    ///
    /// ```
    /// assert_eq!(models::init::Gain::LeakyRelu(1.0).value(), 1.0);
    /// ```
    pub fn value(self) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Tanh => 5.0 / 3.0,
            Self::Relu => 2.0_f64.sqrt(),
            Self::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
        }
    }
}

fn fill<T: Scalar>(parameter: &mut Parameter<T>, mut draw: impl FnMut() -> T) {
    let shape = parameter.shape();
    let mut values = parameter.value_mut();
    for i in 0..shape.rows {
        for j in 0..shape.columns {
            values[(i, j)] = draw();
        }
    }
}

/// Fans in and out.
fn fans<T: Scalar>(parameter: &Parameter<T>) -> (f64, f64) {
    let sizes = parameter.sizes();
    // Of a convolution the kernel's size counts for both.
    let kernel: usize = sizes.iter().skip(2).product();
    match sizes.as_slice() {
        [out, inner, ..] => ((inner * kernel) as f64, (out * kernel) as f64),
        _ => (
            parameter.shape().columns as f64,
            parameter.shape().rows as f64,
        ),
    }
}

/// All entries equal.
pub fn constant<T: Scalar>(parameter: &mut Parameter<T>, value: f64) {
    fill(parameter, || T::from_f64(value));
}

/// Uniform on low..high.
///
/// ```
/// use autodiff::Shape;
/// use datasets::random::ChaCha;
/// use models::{Parameter, init};
/// let mut weight = Parameter::<f64>::zeros(Shape::new(30, 40));
/// init::uniform(&mut weight, -0.5, 0.5, &mut ChaCha::new(1));
/// assert!(weight.as_slice().iter().all(|w| (-0.5..0.5).contains(w)));
/// init::xavier_uniform(&mut weight, init::Gain::Linear, &mut ChaCha::new(1));
/// let bound = (6.0_f64 / 70.0).sqrt();
/// assert!(weight.as_slice().iter().all(|w| w.abs() <= bound));
/// ```
pub fn uniform<T: Scalar>(
    parameter: &mut Parameter<T>,
    low: f64,
    high: f64,
    stream: &mut dyn Stream,
) {
    // The width is rounded, then one fused multiply-add in double precision: PyTorch's order of rounding.
    let (low, high) = (T::from_f64(low), T::from_f64(high));
    let (width, low) = ((high - low).to_f64(), low.to_f64());
    fill(parameter, || {
        T::from_f64(T::draw_uniform(stream).to_f64().mul_add(width, low))
    });
}

/// Normal with this mean and standard deviation.
pub fn normal<T: Scalar>(
    parameter: &mut Parameter<T>,
    mean: f64,
    deviation: f64,
    stream: &mut dyn Stream,
) {
    let mut draws = vec![T::ZERO; parameter.shape().len()];
    T::fill_normal(stream, &mut draws);
    let mut draws = draws.into_iter();
    fill(parameter, || {
        let draw = draws.next().unwrap_or(T::ZERO).to_f64();
        T::from_f64(mean + deviation * draw)
    });
}

/// Uniform on ± gain √(3 / fan in) (He and others 2015).
pub fn kaiming_uniform<T: Scalar>(
    parameter: &mut Parameter<T>,
    gain: Gain,
    stream: &mut dyn Stream,
) {
    let (inner, _) = fans(parameter);
    let bound = 3.0_f64.sqrt() * (gain.value() / inner.sqrt());
    uniform(parameter, -bound, bound, stream);
}

/// Normal with the standard deviation gain / √(fan in) (He and others 2015).
///
/// ```
/// use autodiff::Shape;
/// use datasets::random::ChaCha;
/// use models::{Parameter, init};
/// let mut weight = Parameter::<f64>::zeros(Shape::new(200, 300));
/// init::kaiming_normal(&mut weight, init::Gain::Relu, &mut ChaCha::new(1));
/// let moment = weight.value().squared_norm_l2() / 60_000.0;
/// assert!((moment / (2.0 / 300.0) - 1.0).abs() < 0.02);
/// init::xavier_normal(&mut weight, init::Gain::Linear, &mut ChaCha::new(1));
/// let moment = weight.value().squared_norm_l2() / 60_000.0;
/// assert!((moment / (2.0 / 500.0) - 1.0).abs() < 0.02);
/// ```
pub fn kaiming_normal<T: Scalar>(
    parameter: &mut Parameter<T>,
    gain: Gain,
    stream: &mut dyn Stream,
) {
    let (inner, _) = fans(parameter);
    normal(parameter, 0.0, gain.value() / inner.sqrt(), stream);
}

/// Uniform on ± gain √(6 / (fan in + fan out)) (Glorot and Bengio 2010).
pub fn xavier_uniform<T: Scalar>(
    parameter: &mut Parameter<T>,
    gain: Gain,
    stream: &mut dyn Stream,
) {
    let (inner, outer) = fans(parameter);
    let bound = 3.0_f64.sqrt() * (gain.value() * (2.0 / (inner + outer)).sqrt());
    uniform(parameter, -bound, bound, stream);
}

/// Normal with the standard deviation gain √(2 / (fan in + fan out)) (Glorot and Bengio 2010).
pub fn xavier_normal<T: Scalar>(parameter: &mut Parameter<T>, gain: Gain, stream: &mut dyn Stream) {
    let (inner, outer) = fans(parameter);
    normal(
        parameter,
        0.0,
        gain.value() * (2.0 / (inner + outer)).sqrt(),
        stream,
    );
}

/// Orthogonal rows, or columns if there are fewer of those, of this length: a normal matrix made orthogonal (Saxe and others
/// 2014).
///
/// ```
/// use autodiff::Shape;
/// use datasets::random::ChaCha;
/// use models::{Parameter, init};
/// let mut weight = Parameter::<f64>::zeros(Shape::new(2, 5));
/// init::orthogonal(&mut weight, 3.0, &mut ChaCha::new(1));
/// let gram = weight.value() * weight.value().transpose();
/// assert!((gram[(0, 0)] - 9.0).abs() < 1e-13 && gram[(0, 1)].abs() < 1e-13);
/// ```
pub fn orthogonal<T: Scalar>(parameter: &mut Parameter<T>, gain: f64, stream: &mut dyn Stream) {
    let shape = parameter.shape();
    let wide = shape.columns > shape.rows;
    let (length, number) = if wide {
        (shape.columns, shape.rows)
    } else {
        (shape.rows, shape.columns)
    };
    let mut draws = vec![0.0; length * number];
    stream.fill_normal_f64(&mut draws);
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(number);
    for draw in draws.chunks(length.max(1)).take(number) {
        let mut own = draw.to_vec();
        // Twice is enough (Kahan and Parlett).
        for _ in 0..2 {
            for other in &vectors {
                let along = reduce::dot(&own, other);
                own.iter_mut()
                    .zip(other)
                    .for_each(|(own, other)| *own -= along * other);
            }
            let size = reduce::dot(&own, &own).sqrt();
            own.iter_mut().for_each(|own| *own /= size);
        }
        vectors.push(own);
    }
    let mut values = parameter.value_mut();
    for i in 0..shape.rows {
        for j in 0..shape.columns {
            let entry = if wide { vectors[i][j] } else { vectors[j][i] };
            values[(i, j)] = T::from_f64(gain * entry);
        }
    }
}
