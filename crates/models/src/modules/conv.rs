//! Two-dimensional convolution.

use autodiff::{Shape, Var, ops::Window};
use linalg::Scalar;
use linalg::random::Stream;

use crate::{Module, Parameter, init, parameters};

/// The convolution of images that stand in rows (channels x height x width), plus a bias a channel: PyTorch's `Conv2d`, with its initial
/// numbers (uniform on ±1/√(channels · height · width of the kernel), the weight before the bias).
///
/// ```
/// use autodiff::{Tape, ops::Window};
/// use datasets::random::Torch;
/// use linalg::Mat;
/// use models::{Conv2d, Module};
/// let window = Window { image: [1, 28, 28], outputs: 8, kernel: [3, 3], stride: [2, 2], padding: [1, 1] };
/// let conv = Conv2d::<f32>::new(window, &mut Torch::new(0));
/// let (tape, x) = (Tape::new(), Mat::zeros(5, 784));
/// let y = conv.forward(tape.constant(&x));
/// assert_eq!((y.shape().rows, y.shape().columns), (5, 8 * 14 * 14));
/// assert_eq!(conv.parameter_count(), 8 * 9 + 8);
/// ```
#[derive(Debug, Clone)]
pub struct Conv2d<T: Scalar> {
    window: Window,
    weight: Parameter<T>,
    bias: Parameter<T>,
}

impl<T: Scalar> Conv2d<T> {
    /// With these sizes.
    ///
    /// # Panics
    /// If the kernel is larger than the image with its padding, or a size or stride is 0.
    #[track_caller]
    pub fn new(window: Window, stream: &mut dyn Stream) -> Self {
        let [channels, height, width] = window.image;
        let [down, across] = window.kernel;
        assert!(
            window.patch() > 0
                && window.outputs > 0
                && window.result().iter().all(|size| *size > 0),
            "conv2d: a kernel of {down}x{across} on images of {channels}x{height}x{width} with padding {:?} and stride {:?} leaves nothing",
            window.padding,
            window.stride
        );
        let mut weight = Parameter::zeros(Shape::new(window.outputs, window.patch()))
            .with_sizes(&[window.outputs, channels, down, across]);
        let mut bias =
            Parameter::zeros(Shape::new(1, window.outputs)).with_sizes(&[window.outputs]);
        init::kaiming_uniform(&mut weight, init::Gain::LeakyRelu(5.0_f64.sqrt()), stream);
        let bound = 1.0 / (window.patch() as f64).sqrt();
        init::uniform(&mut bias, -bound, bound, stream);
        Self {
            window,
            weight,
            bias,
        }
    }

    /// Height and width of the result.
    pub fn result(&self) -> [usize; 2] {
        self.window.result()
    }
}

impl<T: Scalar> Module<T> for Conv2d<T> {
    #[track_caller]
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        let tape = x.tape();
        let y = x.convolve(self.window, self.weight.on(tape));
        let (rows, outputs) = (x.shape().rows, self.window.outputs);
        let positions: usize = self.window.result().iter().product();
        // One bias for all positions of a channel: with a channel a row, it is a column.
        let by_channel = y.reshape(rows * outputs, positions);
        let ones = tape.full(Shape::new(rows, 1), T::from_f64(1.0));
        let bias = ones.matmul(self.bias.on(tape)).reshape(rows * outputs, 1);
        (by_channel + bias).reshape(rows, outputs * positions)
    }

    parameters!(T: weight, bias);

    fn describe(&self) -> String {
        let Window {
            image: [channels, ..],
            outputs,
            kernel: [down, across],
            ..
        } = self.window;
        format!("Conv2d({channels} -> {outputs}, {down}x{across})")
    }
}
