//! What a network is and how it is trained, as a small TOML file says it.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use datasets::random::ChaCha;
use models::{
    BatchNorm1d, Dropout, Gelu, LayerNorm, LeakyRelu, Linear, Relu, Sequential, Sigmoid, Silu,
    Softplus, Tanh,
};
use serde::{Deserialize, Serialize};

/// A network and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Specification {
    /// The hidden layers in their order: `linear 32`, `relu`, `dropout 0.2`, …. The output layer is added.
    #[serde(default)]
    pub layers: Vec<String>,
    /// What the target is.
    #[serde(default)]
    pub task: Task,
    /// The loss of a number: `squared`, `absolute` or `huber`.
    #[serde(default = "squared")]
    pub loss: String,
    /// How it is trained.
    #[serde(default)]
    pub training: Training,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Classes if the target has words or two values, else a number.
    #[default]
    Auto,
    /// Classes.
    Classes,
    /// A number.
    Number,
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Training {
    /// Epochs at most.
    pub epochs: u64,
    /// Rows of a batch.
    pub batch_size: usize,
    /// Of the initial weights, the order of the rows, dropout and the rows that are held back.
    pub seed: u64,
    /// `adam`, `adamw`, `sgd` or `rmsprop`.
    pub optimiser: String,
    /// The learning rate at the start.
    pub learning_rate: f64,
    /// Of `sgd`.
    pub momentum: f64,
    /// The decay of the weights.
    pub weight_decay: f64,
    /// `constant`, `cosine`, `exponential 0.95`, `step 10 0.5`, `one-cycle` or `plateau 5 0.5`.
    pub schedule: String,
    /// The norm to which gradients are cut; 0 for none.
    pub clip_norm: f64,
    /// The share of rows that are held back to judge the training; 0 for none.
    pub validation: f64,
    /// Epochs without improvement after which it stops; 0 for never.
    pub early_stopping: u64,
}

fn squared() -> String {
    "squared".to_owned()
}

impl Default for Training {
    fn default() -> Self {
        Self {
            epochs: 100,
            batch_size: 32,
            seed: 0,
            optimiser: "adam".to_owned(),
            learning_rate: 0.001,
            momentum: 0.9,
            weight_decay: 0.0,
            schedule: "constant".to_owned(),
            clip_norm: 0.0,
            validation: 0.2,
            early_stopping: 10,
        }
    }
}

/// The update rules that a file can name.
const OPTIMISERS: [&str; 4] = ["adam", "adamw", "sgd", "rmsprop"];

/// The layers that a file can name.
const LAYERS: [&str; 11] = [
    "linear",
    "relu",
    "leaky-relu",
    "sigmoid",
    "tanh",
    "gelu",
    "silu",
    "softplus",
    "dropout",
    "batch-norm",
    "layer-norm",
];

/// A word and the numbers after it.
pub(super) struct Words<'a> {
    pub(super) word: &'a str,
    pub(super) numbers: Vec<f64>,
}

impl<'a> Words<'a> {
    /// Splits a setting, of which messages speak as `what`.
    pub(super) fn new(what: &str, text: &'a str) -> Result<Self> {
        let mut parts = text.split_whitespace();
        let word = parts.next().with_context(|| format!("{what} is empty"))?;
        let number = |part: &str| {
            let number: f64 = part.parse().ok().filter(|x: &f64| x.is_finite())?;
            Some(number)
        };
        let numbers = parts
            .map(|part| {
                number(part)
                    .with_context(|| format!("{what}: {part:?} in {text:?} is not a number"))
            })
            .collect::<Result<_>>()?;
        Ok(Self { word, numbers })
    }
}

impl Specification {
    /// Reads a file.
    ///
    /// # Errors
    /// With the name of the file, the line and what is wrong there.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads a text.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self> {
        let own: Self = toml::from_str(text)?;
        let t = &own.training;
        ensure!(t.epochs > 0, "training.epochs is 0; train for at least one");
        ensure!(
            t.batch_size > 0,
            "training.batch-size is 0; a batch has at least one row"
        );
        ensure!(
            (0.0..1.0).contains(&t.validation),
            "training.validation is {}; it is a share of the rows, at least 0 and below 1",
            t.validation
        );
        ensure!(
            t.clip_norm >= 0.0 && t.clip_norm.is_finite(),
            "training.clip-norm is {}; it is positive, or 0 for none",
            t.clip_norm
        );
        ensure!(
            matches!(own.loss.as_str(), "squared" | "absolute" | "huber"),
            "loss is {:?}; a number has the losses squared, absolute and huber",
            own.loss
        );
        ensure!(
            OPTIMISERS.contains(&t.optimiser.as_str()),
            "training.optimiser is {:?}; there are {}{}",
            t.optimiser,
            OPTIMISERS.join(", "),
            datasets::suggestion(&t.optimiser, OPTIMISERS)
        );
        for (name, value) in [
            ("learning-rate", t.learning_rate),
            ("momentum", t.momentum),
            ("weight-decay", t.weight_decay),
        ] {
            ensure!(
                value >= 0.0 && value.is_finite(),
                "training.{name} is {value}; it is a finite number from 0 on"
            );
        }
        // Faults of the layers are found before data are read.
        own.weights(1, 1)?;
        Ok(own)
    }

    /// The hidden layers.
    fn hidden(&self) -> Result<Vec<Hidden>> {
        let layers = self.layers.iter().enumerate();
        layers
            .map(|(k, text)| Hidden::parse(&format!("layer {}", k + 1), text))
            .collect()
    }

    /// The number of weights, running moments of normalisations included.
    ///
    /// # Errors
    /// If a layer is not known, its numbers are out of range, or there are more weights than any single machine can train.
    pub(super) fn weights(&self, inputs: usize, outputs: usize) -> Result<f64> {
        const MANY: f64 = 1e9;
        let (mut columns, mut total) = (inputs as f64, 0.0);
        for layer in self.hidden()? {
            match layer {
                Hidden::Linear(units) => {
                    total += (columns + 1.0) * units as f64;
                    columns = units as f64;
                }
                Hidden::BatchNorm => total += 4.0 * columns,
                Hidden::LayerNorm => total += 2.0 * columns,
                _ => {}
            }
        }
        total += (columns + 1.0) * outputs as f64;
        ensure!(
            total <= MANY,
            "the layers have {total:e} weights, and 1e9 are the most; make them narrower"
        );
        Ok(total)
    }

    /// The network, with the initial weights of its seed.
    ///
    /// # Errors
    /// As [`Specification::parse`] of its layers.
    pub fn build(&self, inputs: usize, outputs: usize) -> Result<Sequential<f32>> {
        self.weights(inputs, outputs)?;
        let mut stream = ChaCha::new(self.training.seed);
        let (mut model, mut columns) = (Sequential::new(), inputs);
        for (k, layer) in self.hidden()?.into_iter().enumerate() {
            model = match layer {
                Hidden::Linear(units) => {
                    let layer = Linear::new(columns, units, &mut stream);
                    columns = units;
                    model.then(layer)
                }
                Hidden::Dropout(p) => {
                    model.then(Dropout::new(p, self.training.seed.wrapping_add(k as u64)))
                }
                Hidden::Relu => model.then(Relu),
                Hidden::LeakyRelu(slope) => model.then(LeakyRelu(slope)),
                Hidden::Sigmoid => model.then(Sigmoid),
                Hidden::Tanh => model.then(Tanh),
                Hidden::Gelu => model.then(Gelu),
                Hidden::Silu => model.then(Silu),
                Hidden::Softplus => model.then(Softplus),
                Hidden::BatchNorm => model.then(BatchNorm1d::new(columns)),
                Hidden::LayerNorm => model.then(LayerNorm::new(columns)),
            };
        }
        Ok(model.named("output", Linear::new(columns, outputs, &mut stream)))
    }
}

/// A hidden layer.
enum Hidden {
    Linear(usize),
    Dropout(f64),
    LeakyRelu(f64),
    Relu,
    Sigmoid,
    Tanh,
    Gelu,
    Silu,
    Softplus,
    BatchNorm,
    LayerNorm,
}

impl Hidden {
    /// A layer from its words, of which messages speak as `what`.
    fn parse(what: &str, text: &str) -> Result<Self> {
        let Words { word, numbers } = Words::new(what, text)?;
        ensure!(
            LAYERS.contains(&word),
            "{what}: there is no layer {word:?}; there are {}{}",
            LAYERS.join(", "),
            datasets::suggestion(word, LAYERS)
        );
        let expected = match word {
            "linear" | "dropout" => 1..=1,
            "leaky-relu" => 0..=1,
            _ => 0..=0,
        };
        ensure!(
            expected.contains(&numbers.len()),
            "{what}: {text:?} has {} numbers; write `linear 32`, `dropout 0.2`, `leaky-relu 0.01`, and other layers without one",
            numbers.len()
        );
        Ok(match (word, numbers.first().copied()) {
            ("linear", Some(units)) => {
                ensure!(
                    (1.0..=1e9).contains(&units) && units.fract() == 0.0,
                    "{what}: {text:?} has {units} units; it is a whole number from 1 to 1e9"
                );
                Self::Linear(units as usize)
            }
            ("dropout", Some(p)) => {
                ensure!(
                    (0.0..1.0).contains(&p),
                    "{what}: {text:?}: the probability is at least 0 and below 1"
                );
                Self::Dropout(p)
            }
            ("leaky-relu", slope) => Self::LeakyRelu(slope.unwrap_or(0.01)),
            ("relu", _) => Self::Relu,
            ("sigmoid", _) => Self::Sigmoid,
            ("tanh", _) => Self::Tanh,
            ("gelu", _) => Self::Gelu,
            ("silu", _) => Self::Silu,
            ("softplus", _) => Self::Softplus,
            ("batch-norm", _) => Self::BatchNorm,
            ("layer-norm", _) => Self::LayerNorm,
            (other, _) => bail!("{what}: the layer {other:?} is not known"),
        })
    }
}
