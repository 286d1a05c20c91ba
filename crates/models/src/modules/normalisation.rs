//! Normalisation of columns over the batch, and of rows over the columns.

use autodiff::{Shape, Var, ops::Over};
use linalg::{Mat, Scalar};

use crate::{Buffer, Module, Operation, Parameter, join};

fn ones<T: Scalar>(columns: usize) -> Parameter<T> {
    Parameter::from_fn(Shape::new(1, columns), |_, _| T::from_f64(1.0)).with_sizes(&[columns])
}

fn zeros<T: Scalar>(columns: usize) -> Parameter<T> {
    Parameter::zeros(Shape::new(1, columns)).with_sizes(&[columns])
}

/// Each column of a batch with mean 0 and variance 1, times a weight, plus a bias (Ioffe and Szegedy 2015; PyTorch's `BatchNorm1d`).
/// In training by the batch's own mean and variance (divided by n), which also move the running ones (of the variance that is divided by
/// n − 1); in evaluation by the running ones.
///
/// ```
/// use autodiff::Tape;
/// use linalg::mat;
/// use models::{BatchNorm1d, Module};
/// let mut norm = BatchNorm1d::<f64>::new(1);
/// let tape = Tape::new();
/// let (first, second) = (mat![[1.0], [3.0]], mat![[0.2]]);
/// let y = norm.forward(tape.constant(&first));
/// assert!((y.get(0, 0) + 1.0 / (1.0 + 1e-5_f64).sqrt()).abs() < 1e-12);
/// // The running mean is now 0.1 · 2, the running variance 0.9 + 0.1 · 2.
/// norm.set_training(false);
/// assert_eq!(norm.forward(tape.constant(&second)).item(), 0.0);
/// ```
#[derive(Debug, Clone)]
pub struct BatchNorm1d<T: Scalar> {
    weight: Parameter<T>,
    bias: Parameter<T>,
    mean: Buffer,
    variance: Buffer,
    batches: Buffer,
    momentum: f64,
    epsilon: f64,
    training: bool,
}

impl<T: Scalar> BatchNorm1d<T> {
    /// For so many columns, with PyTorch's momentum 0.1 and ε = 1e-5.
    pub fn new(columns: usize) -> Self {
        Self {
            weight: ones(columns),
            bias: zeros(columns),
            mean: Buffer::new(vec![0.0; columns], &[columns]),
            variance: Buffer::new(vec![1.0; columns], &[columns]),
            batches: Buffer::count(),
            momentum: 0.1,
            epsilon: 1e-5,
            training: true,
        }
    }
}

impl<T: Scalar> Module<T> for BatchNorm1d<T> {
    /// # Panics
    /// If the batch has another number of columns, or in training fewer than two rows.
    #[track_caller]
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        let (n, d) = (x.shape().rows, x.shape().columns);
        assert_eq!(
            d,
            self.weight.shape().columns,
            "batch normalisation: the batch has another number of columns than the module"
        );
        let tape = x.tape();
        let normal = if self.training {
            assert!(
                n > 1,
                "batch normalisation: a batch of one row has no variance to train with"
            );
            let centred = x - x.mean_over(Over::Rows);
            let variance = (centred * centred).mean_over(Over::Rows);
            let (mean, spread) = (x.mean_over(Over::Rows).to_mat(), variance.to_mat());
            let unbiased = n as f64 / (n as f64 - 1.0);
            let moved = |old: &mut Vec<f64>, new: &dyn Fn(usize) -> f64| {
                for (j, old) in old.iter_mut().enumerate() {
                    // Rounded to the precision of the module, as PyTorch's buffers are.
                    *old =
                        T::from_f64((1.0 - self.momentum) * *old + self.momentum * new(j)).to_f64();
                }
            };
            self.mean
                .change(|old| moved(old, &|j| mean[(0, j)].to_f64()));
            self.variance
                .change(|old| moved(old, &|j| spread[(0, j)].to_f64() * unbiased));
            self.batches.change(|count| count[0] += 1.0);
            centred / (variance + T::from_f64(self.epsilon)).sqrt()
        } else {
            let (mean, variance) = (self.mean.values(), self.variance.values());
            let row = |f: &dyn Fn(usize) -> f64| {
                tape.copied(Mat::from_fn(1, d, |_, j| T::from_f64(f(j))).as_ref())
            };
            (x - row(&|j| mean[j])) / row(&|j| (variance[j] + self.epsilon).sqrt())
        };
        normal * self.weight.on(tape) + self.bias.on(tape)
    }

    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Parameter<T>)) {
        visitor(&join(path, "weight"), &self.weight);
        visitor(&join(path, "bias"), &self.bias);
    }

    fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Parameter<T>)) {
        visitor(&join(path, "weight"), &mut self.weight);
        visitor(&join(path, "bias"), &mut self.bias);
    }

    fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        visitor(&join(path, "running_mean"), &self.mean);
        visitor(&join(path, "running_var"), &self.variance);
        visitor(&join(path, "num_batches_tracked"), &self.batches);
    }

    fn set_training(&mut self, training: bool) {
        self.training = training;
    }

    fn smallest_batch(&self) -> usize {
        2
    }

    fn describe(&self) -> String {
        format!("BatchNorm1d({})", self.weight.shape().columns)
    }

    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        let spread = |variance: &f64| (variance + self.epsilon).sqrt();
        Some(vec![Operation::ScaleColumns {
            center: self.mean.values(),
            scale: self.variance.values().iter().map(spread).collect(),
            factor: &self.weight,
            offset: &self.bias,
        }])
    }
}

/// Each row with mean 0 and variance 1, times a weight, plus a bias (Ba, Kiros and Hinton 2016; PyTorch's `LayerNorm`).
///
/// ```
/// use autodiff::Tape;
/// use linalg::mat;
/// use models::{LayerNorm, Module};
/// let norm = LayerNorm::<f64>::new(2);
/// let (tape, x) = (Tape::new(), mat![[1.0, 3.0]]);
/// let y = norm.forward(tape.constant(&x));
/// assert!((y.get(0, 1) - 1.0 / (1.0 + 1e-5_f64).sqrt()).abs() < 1e-12);
/// ```
#[derive(Debug, Clone)]
pub struct LayerNorm<T: Scalar> {
    weight: Parameter<T>,
    bias: Parameter<T>,
    epsilon: f64,
}

impl<T: Scalar> LayerNorm<T> {
    /// For so many columns, with PyTorch's ε = 1e-5.
    pub fn new(columns: usize) -> Self {
        Self {
            weight: ones(columns),
            bias: zeros(columns),
            epsilon: 1e-5,
        }
    }
}

impl<T: Scalar> Module<T> for LayerNorm<T> {
    #[track_caller]
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        let centred = x - x.mean_over(Over::Columns);
        let variance = (centred * centred).mean_over(Over::Columns);
        let normal = centred / (variance + T::from_f64(self.epsilon)).sqrt();
        normal * self.weight.on(x.tape()) + self.bias.on(x.tape())
    }

    crate::parameters!(T: weight, bias);

    fn describe(&self) -> String {
        format!("LayerNorm({})", self.weight.shape().columns)
    }

    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        Some(vec![Operation::NormaliseRows {
            epsilon: self.epsilon,
            factor: &self.weight,
            offset: &self.bias,
        }])
    }
}
