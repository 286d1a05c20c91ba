//! y = x Wᵀ + b.

use autodiff::{Shape, Var};
use linalg::Scalar;
use linalg::random::Stream;

use crate::{Module, Parameter, join};

/// An affine map of each row: y = x Wᵀ + b, with a weight of shape (outputs, inputs) and a bias of one row.
///
/// Both start uniform on ±1/√inputs, the weight row by row before the bias, as PyTorch's `nn.Linear`: with a
/// `datasets::random::Torch` stream they are PyTorch's numbers.
#[derive(Debug, Clone)]
pub struct Linear<T: Scalar> {
    weight: Parameter<T>,
    bias: Option<Parameter<T>>,
}

impl<T: Scalar> Linear<T> {
    /// With a bias.
    pub fn new(inputs: usize, outputs: usize, stream: &mut dyn Stream) -> Self {
        Self::initialised(inputs, outputs, true, stream)
    }

    /// Without a bias: y = x Wᵀ.
    pub fn without_bias(inputs: usize, outputs: usize, stream: &mut dyn Stream) -> Self {
        Self::initialised(inputs, outputs, false, stream)
    }

    /// With the given weight, of shape (outputs, inputs), and bias, one row.
    ///
    /// # Panics
    /// If the bias is not one row of as many outputs as the weight has rows.
    #[track_caller]
    pub fn from_parts(weight: Parameter<T>, bias: Option<Parameter<T>>) -> Self {
        if let Some(bias) = &bias {
            let outputs = weight.shape().rows;
            assert_eq!(
                bias.shape(),
                Shape::new(1, outputs),
                "linear: a weight of {} asks for a bias of 1x{outputs}",
                weight.shape()
            );
        }
        Self { weight, bias }
    }

    /// With weight and bias of zeros.
    pub fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            weight: Parameter::zeros(Shape::new(outputs, inputs)),
            bias: Some(Parameter::zeros(Shape::new(1, outputs))),
        }
    }

    fn initialised(inputs: usize, outputs: usize, bias: bool, stream: &mut dyn Stream) -> Self {
        // 1/√inputs twice: PyTorch computes that of the weight as a Kaiming bound with slope √5, which rounds differently.
        let fan = inputs as f64;
        let kaiming = 3.0_f64.sqrt() * ((2.0 / (1.0 + 5.0_f64.sqrt().powi(2))).sqrt() / fan.sqrt());
        // A layer without inputs has no weights, and a bias of zero.
        let bound = |exact: f64| {
            if inputs == 0 {
                T::ZERO
            } else {
                T::from_f64(exact)
            }
        };
        let mut uniform = |shape: Shape, bound: T| {
            // The width is rounded, then one fused multiply-add in double precision: PyTorch's order of rounding.
            let (width, low) = ((bound + bound).to_f64(), -bound.to_f64());
            Parameter::from_fn(shape, |_, _| {
                T::from_f64(T::draw_uniform(stream).to_f64().mul_add(width, low))
            })
        };
        let weight = uniform(Shape::new(outputs, inputs), bound(kaiming));
        let bias = bias.then(|| uniform(Shape::new(1, outputs), bound(1.0 / fan.sqrt())));
        Self { weight, bias }
    }

    /// The weight, of shape (outputs, inputs).
    pub fn weight(&self) -> &Parameter<T> {
        &self.weight
    }

    /// The bias, one row.
    pub fn bias(&self) -> Option<&Parameter<T>> {
        self.bias.as_ref()
    }
}

impl<T: Scalar> Module<T> for Linear<T> {
    #[track_caller]
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        let y = x.matmul_transposed(self.weight.on(x.tape()));
        match &self.bias {
            Some(bias) => y + bias.on(x.tape()),
            None => y,
        }
    }

    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Parameter<T>)) {
        visitor(&join(path, "weight"), &self.weight);
        if let Some(bias) = &self.bias {
            visitor(&join(path, "bias"), bias);
        }
    }

    fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Parameter<T>)) {
        visitor(&join(path, "weight"), &mut self.weight);
        if let Some(bias) = &mut self.bias {
            visitor(&join(path, "bias"), bias);
        }
    }
}
