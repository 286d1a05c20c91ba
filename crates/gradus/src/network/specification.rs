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
        // The layers are tried on a column, so that faults are found before data are read.
        own.build(1, 1)?;
        Ok(own)
    }

    /// The number of weights, by the widths of the linear layers alone.
    pub(super) fn weights(&self, inputs: usize, outputs: usize) -> f64 {
        let widths = self.layers.iter().filter_map(|text| {
            let words = Words::new("", text).ok()?;
            (words.word == "linear").then(|| words.numbers.first().copied())?
        });
        let mut columns = inputs as f64;
        let mut total = 0.0;
        for width in widths.chain([outputs as f64]) {
            total += (columns + 1.0) * width;
            columns = width;
        }
        total
    }

    /// The network, with the initial weights of its seed.
    ///
    /// # Errors
    /// If a layer is not known, or its numbers are out of range.
    pub fn build(&self, inputs: usize, outputs: usize) -> Result<Sequential<f32>> {
        /// More weights than any table of a single machine can train.
        const MANY: f64 = 1e9;
        let mut stream = ChaCha::new(self.training.seed);
        let (mut model, mut columns) = (Sequential::new(), inputs);
        for (k, text) in self.layers.iter().enumerate() {
            let what = format!("layer {}", k + 1);
            let Words { word, numbers } = Words::new(&what, text)?;
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
            model = match word {
                "linear" => {
                    let units = numbers[0];
                    ensure!(
                        units >= 1.0 && units.fract() == 0.0 && units * columns as f64 <= MANY,
                        "{what}: {text:?} has {units} units; it is a whole number from 1, and not more weights than 1e9"
                    );
                    let layer = Linear::new(columns, units as usize, &mut stream);
                    columns = units as usize;
                    model.then(layer)
                }
                "dropout" => {
                    ensure!(
                        (0.0..1.0).contains(&numbers[0]),
                        "{what}: {text:?}: the probability is at least 0 and below 1"
                    );
                    model.then(Dropout::new(
                        numbers[0],
                        self.training.seed.wrapping_add(k as u64),
                    ))
                }
                "relu" => model.then(Relu),
                "leaky-relu" => model.then(LeakyRelu(numbers.first().copied().unwrap_or(0.01))),
                "sigmoid" => model.then(Sigmoid),
                "tanh" => model.then(Tanh),
                "gelu" => model.then(Gelu),
                "silu" => model.then(Silu),
                "softplus" => model.then(Softplus),
                "batch-norm" => model.then(BatchNorm1d::new(columns)),
                "layer-norm" => model.then(LayerNorm::new(columns)),
                other => bail!(
                    "{what}: there is no layer {other:?}; there are linear, relu, leaky-relu, sigmoid, tanh, gelu, silu, softplus, dropout, batch-norm and layer-norm"
                ),
            };
        }
        Ok(model.named("output", Linear::new(columns, outputs, &mut stream)))
    }
}
