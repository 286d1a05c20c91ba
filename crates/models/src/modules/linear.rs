//! y = x Wᵀ + b.

use autodiff::{Shape, Var};
use linalg::Scalar;
use linalg::random::Stream;

use crate::{Module, Operation, Parameter, init, join};

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
    /// ```
    /// use autodiff::Shape;
    /// use linalg::mat;
    /// use models::{Linear, Parameter, predict};
    /// let weight = Parameter::from_fn(Shape::new(1, 2), |_, j| [2.0, -1.0][j]);
    /// let layer = Linear::from_parts(weight, Some(Parameter::from_fn(Shape::new(1, 1), |_, _| 0.5)));
    /// assert_eq!(predict(&layer, mat![[1.0, 3.0]].as_ref()), mat![[-0.5]]);
    /// ```
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
        let bias = bias.map(|bias| {
            let outputs = bias.shape().columns;
            bias.with_sizes(&[outputs])
        });
        Self { weight, bias }
    }

    /// With weight and bias of zeros.
    pub fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            weight: Parameter::zeros(Shape::new(outputs, inputs)),
            bias: Some(Parameter::zeros(Shape::new(1, outputs)).with_sizes(&[outputs])),
        }
    }

    fn initialised(inputs: usize, outputs: usize, bias: bool, stream: &mut dyn Stream) -> Self {
        let mut weight = Parameter::zeros(Shape::new(outputs, inputs));
        let mut own = Parameter::zeros(Shape::new(1, outputs)).with_sizes(&[outputs]);
        // A layer without inputs has no weights, and a bias of zero.
        if inputs > 0 {
            // 1/√inputs twice: PyTorch computes that of the weight as a Kaiming bound with slope √5, which rounds differently.
            init::kaiming_uniform(&mut weight, init::Gain::LeakyRelu(5.0_f64.sqrt()), stream);
            if bias {
                let bound = 1.0 / (inputs as f64).sqrt();
                init::uniform(&mut own, -bound, bound, stream);
            }
        }
        Self {
            weight,
            bias: bias.then_some(own),
        }
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
    fn describe(&self) -> String {
        let Shape { rows, columns } = self.weight.shape();
        format!("Linear({columns} -> {rows})")
    }

    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        Some(vec![Operation::Affine {
            weight: &self.weight,
            bias: self.bias.as_ref(),
        }])
    }

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
