//! The state of a module under PyTorch's names, in files that PyTorch reads and writes (safetensors).
//!
//! A tensor stands there row after row with PyTorch's sizes: a weight as (out, in), a bias as a vector. Buffers such as running means
//! belong to it.

use std::collections::HashMap;

use linalg::Scalar;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use thiserror::Error;

use crate::Module;

/// A state that does not fit a module, or that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The bytes are not a safetensors file.
    #[error("this is not a safetensors file: {reason}")]
    Format {
        /// What the reader says.
        reason: String,
    },
    /// The module has a parameter or buffer that the state has not.
    #[error("the state has no `{name}`, which the module has; the state has {known}")]
    Missing {
        /// Its name.
        name: String,
        /// What the state has.
        known: String,
    },
    /// The state has a tensor that the module has not.
    #[error("the state has `{name}`, which the module has not; is it the state of another module?")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor has other sizes than the parameter.
    #[error("`{name}` has the sizes {found:?} in the state and {expected:?} in the module")]
    Sizes {
        /// Its name.
        name: String,
        /// In the state.
        found: Vec<usize>,
        /// In the module.
        expected: Vec<usize>,
    },
    /// A tensor of numbers of a kind that is not read.
    #[error("`{name}` has numbers of the kind {kind}; f64, f32, i64 and i32 are read")]
    Kind {
        /// Its name.
        name: String,
        /// The kind.
        kind: String,
    },
}

/// A tensor by its name: sizes, and values row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The name, as `hidden.weight`.
    pub name: String,
    /// The sizes, as PyTorch has them.
    pub sizes: Vec<usize>,
    /// The values, row after row; exact for the kinds of numbers that modules have.
    pub values: Vec<f64>,
    /// True for a count, which is stored as a whole number.
    whole: bool,
}

/// The parameters and buffers of a module, parameters of a part before its buffers, without what other programs do not know.
///
/// ```
/// use datasets::random::Torch;
/// use models::{Linear, state};
/// let linear = Linear::<f32>::new(3, 2, &mut Torch::new(0));
/// let tensors = state::state_dict(&linear);
/// assert_eq!((tensors[0].name.as_str(), &tensors[0].sizes[..]), ("weight", &[2, 3][..]));
/// assert_eq!((tensors[1].name.as_str(), &tensors[1].sizes[..]), ("bias", &[2][..]));
/// ```
pub fn state_dict<T: Scalar>(module: &dyn Module<T>) -> Vec<Tensor> {
    tensors(module, false)
}

/// The same with the buffers that other programs do not know: all that a training needs to go on as if it had not stopped.
pub fn whole_state<T: Scalar>(module: &dyn Module<T>) -> Vec<Tensor> {
    tensors(module, true)
}

fn tensors<T: Scalar>(module: &dyn Module<T>, private: bool) -> Vec<Tensor> {
    let mut out = Vec::new();
    module.visit("", &mut |name, parameter| {
        let (value, shape) = (parameter.value(), parameter.shape());
        let entry = |k: usize| value[(k / shape.columns, k % shape.columns)].to_f64();
        out.push(Tensor {
            name: name.to_owned(),
            sizes: parameter.sizes(),
            values: (0..shape.len()).map(entry).collect(),
            whole: false,
        });
    });
    module.visit_buffers("", &mut |name, buffer| {
        if private || !buffer.is_private() {
            out.push(Tensor {
                name: name.to_owned(),
                sizes: buffer.sizes().to_vec(),
                values: buffer.values(),
                whole: buffer.is_whole(),
            });
        }
    });
    out
}

/// Gives a module the state of another with the same parts. Either all of it fits, or nothing is changed.
///
/// # Errors
/// [`StateError`] with the name of the first tensor that is missing, unknown or of other sizes.
pub fn load_state_dict<T: Scalar>(
    module: &mut dyn Module<T>,
    tensors: &[Tensor],
) -> Result<(), StateError> {
    let mut known: HashMap<&str, &Tensor> = HashMap::new();
    for tensor in tensors {
        known.insert(&tensor.name, tensor);
    }
    let names = || {
        let all: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        all.join(", ")
    };
    let mut wanted: Vec<(String, Vec<usize>, bool)> = Vec::new();
    module.visit("", &mut |name, parameter| {
        wanted.push((name.to_owned(), parameter.sizes(), true));
    });
    module.visit_buffers("", &mut |name, buffer| {
        wanted.push((
            name.to_owned(),
            buffer.sizes().to_vec(),
            !buffer.is_private(),
        ));
    });
    for (name, sizes, needed) in &wanted {
        match known.get(name.as_str()) {
            None if *needed => {
                return Err(StateError::Missing {
                    name: name.clone(),
                    known: names(),
                });
            }
            Some(tensor) if tensor.sizes != *sizes => {
                return Err(StateError::Sizes {
                    name: name.clone(),
                    found: tensor.sizes.clone(),
                    expected: sizes.clone(),
                });
            }
            _ => {}
        }
    }
    if let Some(tensor) = tensors
        .iter()
        .find(|tensor| wanted.iter().all(|(name, ..)| *name != tensor.name))
    {
        return Err(StateError::Unknown {
            name: tensor.name.clone(),
        });
    }
    module.visit_mut("", &mut |name, parameter| {
        if let Some(tensor) = known.get(name) {
            let columns = parameter.shape().columns;
            let mut value = parameter.value_mut();
            for (k, number) in tensor.values.iter().enumerate() {
                value[(k / columns, k % columns)] = T::from_f64(*number);
            }
        }
    });
    module.visit_buffers("", &mut |name, buffer| {
        if let Some(tensor) = known.get(name) {
            buffer.change(|values| values.clone_from(&tensor.values));
        }
    });
    Ok(())
}

/// A state as the bytes of a safetensors file, with numbers of the module's kind, and counts as 64-bit whole numbers.
///
/// # Errors
/// [`StateError::Format`] if a name occurs twice.
///
/// ```
/// use datasets::random::Torch;
/// use models::{Linear, Module, state};
/// let linear = Linear::<f32>::new(3, 2, &mut Torch::new(0));
/// let bytes = state::to_safetensors::<f32>(&state::state_dict(&linear))?;
/// let mut other = Linear::<f32>::zeros(3, 2);
/// state::load_state_dict(&mut other, &state::from_safetensors(&bytes)?)?;
/// assert_eq!(other.weight().value(), linear.weight().value());
/// # Ok::<(), models::state::StateError>(())
/// ```
pub fn to_safetensors<T: Scalar>(tensors: &[Tensor]) -> Result<Vec<u8>, StateError> {
    let single = size_of::<T>() == 4;
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            let numbers = tensor.values.iter();
            match (tensor.whole, single) {
                (true, _) => numbers.flat_map(|x| (*x as i64).to_le_bytes()).collect(),
                (_, true) => numbers.flat_map(|x| (*x as f32).to_le_bytes()).collect(),
                _ => numbers.flat_map(|x| x.to_le_bytes()).collect(),
            }
        })
        .collect();
    let format = |error: &dyn std::fmt::Display| StateError::Format {
        reason: error.to_string(),
    };
    let mut views = Vec::new();
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let kind = match (tensor.whole, single) {
            (true, _) => Dtype::I64,
            (_, true) => Dtype::F32,
            _ => Dtype::F64,
        };
        let view = TensorView::new(kind, tensor.sizes.clone(), bytes).map_err(|e| format(&e))?;
        views.push((tensor.name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|e| format(&e))
}

/// The tensors of a safetensors file, in the order of their names.
///
/// # Errors
/// [`StateError`] if the bytes are not such a file, or hold numbers of another kind than f64, f32, i64 and i32.
pub fn from_safetensors(bytes: &[u8]) -> Result<Vec<Tensor>, StateError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| StateError::Format {
        reason: error.to_string(),
    })?;
    let mut out = Vec::new();
    for (name, view) in file.tensors() {
        fn numbers<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            bytes
                .as_chunks::<N>()
                .0
                .iter()
                .map(|chunk| number(*chunk))
                .collect()
        }
        let (values, whole) = match view.dtype() {
            Dtype::F64 => (numbers(view.data(), f64::from_le_bytes), false),
            Dtype::F32 => (
                numbers(view.data(), |b| f64::from(f32::from_le_bytes(b))),
                false,
            ),
            Dtype::I64 => (numbers(view.data(), |b| i64::from_le_bytes(b) as f64), true),
            Dtype::I32 => (
                numbers(view.data(), |b| f64::from(i32::from_le_bytes(b))),
                true,
            ),
            other => {
                return Err(StateError::Kind {
                    name,
                    kind: format!("{other:?}"),
                });
            }
        };
        out.push(Tensor {
            name,
            sizes: view.shape().to_vec(),
            values,
            whole,
        });
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}
