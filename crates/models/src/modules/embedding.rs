//! A row of numbers for each of a vocabulary.

use autodiff::{Shape, Var};
use linalg::Scalar;
use linalg::random::Stream;

use crate::{Module, Parameter, init, parameters};

/// Replaces the number of a word, from 0, by its row of a weight of shape (words, width); several numbers in a row by their rows one
/// after the other. The weight starts standard normal, as PyTorch's.
///
/// ```
/// use autodiff::{Shape, Tape};
/// use linalg::mat;
/// use models::{Embedding, Module, Parameter};
/// let weight = Parameter::from_fn(Shape::new(3, 2), |i, j| (10 * i + j) as f64);
/// let (embedding, numbers) = (Embedding::from_weight(weight), mat![[2.0, 0.0], [1.0, 1.0]]);
/// let tape = Tape::new();
/// let y = embedding.forward(tape.constant(&numbers)).to_mat();
/// assert_eq!(y, mat![[20.0, 21.0, 0.0, 1.0], [10.0, 11.0, 10.0, 11.0]]);
/// ```
#[derive(Debug, Clone)]
pub struct Embedding<T: Scalar> {
    weight: Parameter<T>,
}

impl<T: Scalar> Embedding<T> {
    /// For so many words, each as wide as this.
    pub fn new(words: usize, width: usize, stream: &mut dyn Stream) -> Self {
        let mut weight = Parameter::zeros(Shape::new(words, width));
        init::normal(&mut weight, 0.0, 1.0, stream);
        Self { weight }
    }

    /// With the given weight, of shape (words, width).
    pub fn from_weight(weight: Parameter<T>) -> Self {
        Self { weight }
    }

    /// The weight, of shape (words, width).
    pub fn weight(&self) -> &Parameter<T> {
        &self.weight
    }
}

impl<T: Scalar> Module<T> for Embedding<T> {
    /// # Panics
    /// If an entry is not the number of a word.
    #[track_caller]
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        let Shape { rows, columns } = x.shape();
        let weight = self.weight.on(x.tape());
        let numbers = x.reshape(rows * columns, 1);
        weight
            .gather_rows(numbers)
            .reshape(rows, columns * self.weight.shape().columns)
    }

    parameters!(T: weight);

    fn describe(&self) -> String {
        format!("Embedding({})", self.weight.shape())
    }
}
