//! The state of a module under PyTorch's names, in files that PyTorch reads and writes (safetensors).
//!
//! A tensor stands there row after row with PyTorch's sizes: a weight as (out, in), a bias as a vector. Buffers such as running means
//! belong to it.

use std::collections::{BTreeMap, HashMap};

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
    /// Two parameters or buffers have one name.
    #[error(
        "two parameters or buffers are called `{name}`; give the parts of the module names of their own"
    )]
    Twice {
        /// The name.
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
    /// A tensor has not as many values as its sizes say.
    #[error(
        "`{name}` has {found} values in the state, and its sizes are {sizes:?}; write the state again"
    )]
    Values {
        /// Its name.
        name: String,
        /// How many values.
        found: usize,
        /// Its sizes.
        sizes: Vec<usize>,
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
    /// The kind of numbers in a file.
    pub kind: Kind,
}

impl Tensor {
    /// An error unless it has as many values as its sizes say.
    fn whole(&self) -> Result<(), StateError> {
        let mut sizes = self.sizes.iter();
        let product = sizes.try_fold(1_usize, |product, size| product.checked_mul(*size));
        if product == Some(self.values.len()) {
            return Ok(());
        }
        Err(StateError::Values {
            name: self.name.clone(),
            found: self.values.len(),
            sizes: self.sizes.clone(),
        })
    }
}

/// The kind of numbers that a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Whole numbers of 64 bits, for counts.
    I64,
}

impl Kind {
    /// That of a module's numbers.
    pub fn of<T: Scalar>() -> Self {
        if size_of::<T>() == 4 {
            Self::F32
        } else {
            Self::F64
        }
    }
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
            kind: Kind::of::<T>(),
        });
    });
    module.visit_buffers("", &mut |name, buffer| {
        if private || !buffer.is_private() {
            out.push(Tensor {
                name: name.to_owned(),
                sizes: buffer.sizes().to_vec(),
                values: buffer.values(),
                kind: match buffer.is_whole() {
                    true => Kind::I64,
                    // A training goes on from all digits.
                    false if private => Kind::F64,
                    false => Kind::of::<T>(),
                },
            });
        }
    });
    out
}

/// Gives a module the state of another with the same parts. Either all of it fits, or nothing is changed.
///
/// # Errors
/// [`StateError`] with the name of the first tensor that is missing, unknown, of other sizes, or without as many values.
pub fn load_state_dict<T: Scalar>(
    module: &mut dyn Module<T>,
    tensors: &[Tensor],
) -> Result<(), StateError> {
    let known = fitting(module, tensors)?;
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

/// The names of all parameters and buffers, in their order.
///
/// # Errors
/// [`StateError::Twice`] if two have one name, so that a state could not tell them apart.
pub fn names<T: Scalar>(module: &dyn Module<T>) -> Result<Vec<String>, StateError> {
    let mut all = Vec::new();
    module.visit("", &mut |name, _| all.push(name.to_owned()));
    module.visit_buffers("", &mut |name, _| all.push(name.to_owned()));
    let mut sorted: Vec<&String> = all.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(StateError::Twice {
            name: pair[0].clone(),
        }),
        None => Ok(all),
    }
}

/// The tensors of a state by their names, if they are those of a module.
///
/// # Errors
/// As [`load_state_dict`], which does nothing else before it changes the module.
pub fn fitting<'s, T: Scalar>(
    module: &dyn Module<T>,
    tensors: &'s [Tensor],
) -> Result<HashMap<&'s str, &'s Tensor>, StateError> {
    names(module)?;
    let mut known: HashMap<&str, &Tensor> = HashMap::new();
    for tensor in tensors {
        if known.insert(&tensor.name, tensor).is_some() {
            let name = tensor.name.clone();
            return Err(StateError::Twice { name });
        }
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
            Some(tensor) => tensor.whole()?,
            None => {}
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
    Ok(known)
}

/// A state as the bytes of a safetensors file, each tensor with numbers of its kind.
///
/// # Errors
/// [`StateError`] if a name occurs twice, or a tensor has not as many values as its sizes say.
///
/// ```
/// use datasets::random::Torch;
/// use models::{Linear, Module, state};
/// let linear = Linear::<f32>::new(3, 2, &mut Torch::new(0));
/// let bytes = state::to_safetensors(&state::state_dict(&linear), &[("epoch", "7")])?;
/// let mut other = Linear::<f32>::zeros(3, 2);
/// state::load_state_dict(&mut other, &state::from_safetensors(&bytes)?)?;
/// assert_eq!(other.weight().value(), linear.weight().value());
/// assert_eq!(state::notes(&bytes)?["epoch"], "7");
/// # Ok::<(), models::state::StateError>(())
/// ```
pub fn to_safetensors(tensors: &[Tensor], notes: &[(&str, &str)]) -> Result<Vec<u8>, StateError> {
    let mut sorted: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let name = pair[0].to_owned();
        return Err(StateError::Twice { name });
    }
    tensors.iter().try_for_each(Tensor::whole)?;
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            let numbers = tensor.values.iter();
            match tensor.kind {
                Kind::I64 => numbers.flat_map(|x| (*x as i64).to_le_bytes()).collect(),
                Kind::F32 => numbers.flat_map(|x| (*x as f32).to_le_bytes()).collect(),
                Kind::F64 => numbers.flat_map(|x| x.to_le_bytes()).collect(),
            }
        })
        .collect();
    let mut views = Vec::new();
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let kind = match tensor.kind {
            Kind::I64 => Dtype::I64,
            Kind::F32 => Dtype::F32,
            Kind::F64 => Dtype::F64,
        };
        let view = TensorView::new(kind, tensor.sizes.clone(), bytes).map_err(|e| format(&e))?;
        views.push((tensor.name.as_str(), view));
    }
    // One entry: the library writes several in any order, and a file should be the same each time.
    let notes: BTreeMap<&str, &str> = notes.iter().copied().collect();
    let header = if notes.is_empty() {
        None
    } else {
        let text = serde_json::to_string(&notes).map_err(|e| format(&e))?;
        Some(HashMap::from([(NOTES.to_owned(), text)]))
    };
    safetensors::serialize(views, header).map_err(|e| format(&e))
}

/// The entry of the header under which notes stand, as JSON.
const NOTES: &str = "gradus";

/// The notes that [`to_safetensors`] wrote to a file: texts under names, empty if there are none.
///
/// # Errors
/// [`StateError::Format`] if the bytes are not such a file.
pub fn notes(bytes: &[u8]) -> Result<HashMap<String, String>, StateError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| format(&e))?;
    let own = header.metadata().as_ref().and_then(|all| all.get(NOTES));
    own.map_or(Ok(HashMap::new()), |text| {
        serde_json::from_str(text).map_err(|e| format(&e))
    })
}

fn format(error: &dyn std::fmt::Display) -> StateError {
    StateError::Format {
        reason: error.to_string(),
    }
}

/// The tensors of a safetensors file, in the order of their names.
///
/// # Errors
/// [`StateError`] if the bytes are not such a file, or hold numbers of another kind than f64, f32, i64 and i32.
pub fn from_safetensors(bytes: &[u8]) -> Result<Vec<Tensor>, StateError> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| format(&e))?;
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
        let (values, kind) = match view.dtype() {
            Dtype::F64 => (numbers(view.data(), f64::from_le_bytes), Kind::F64),
            Dtype::F32 => (
                numbers(view.data(), |b| f64::from(f32::from_le_bytes(b))),
                Kind::F32,
            ),
            Dtype::I64 => (
                numbers(view.data(), |b| i64::from_le_bytes(b) as f64),
                Kind::I64,
            ),
            Dtype::I32 => (
                numbers(view.data(), |b| f64::from(i32::from_le_bytes(b))),
                Kind::I64,
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
            kind,
        });
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}
