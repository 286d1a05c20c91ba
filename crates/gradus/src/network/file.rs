//! A trained network as a file: a safetensors file with what it needs to be applied to a table as notes.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use datasets::{CsvOptions, Dataset, Features, Frame, Mat, Recipe, Scaler};
use linalg::Scalar;
use models::state::Tensor;
use models::{Module, Sequential, state};
use serde::Serialize;

use super::Specification;
use crate::predictions::{Predictions, Scores};
use crate::seal::Fnv;

/// The format that this version writes and reads.
const FORMAT: &str = "gradus-network-1";

/// A trained network with the preparation of its data.
#[derive(Debug)]
pub struct Network {
    pub(super) specification: Specification,
    pub(super) recipe: Recipe,
    /// Of the columns.
    pub(super) scaler: Scaler,
    /// Of the target, if it is a number.
    pub(super) target: Option<Scaler>,
    pub(super) model: Sequential<f32>,
}

impl Network {
    /// The number of outputs for a recipe: a number, the logit of the second of two classes, or a score for each of several.
    pub(super) fn outputs(recipe: &Recipe) -> usize {
        match recipe.labels().map_or(0, <[String]>::len) {
            0..=2 => 1,
            several => several,
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let texts = [
            ("specification", toml::to_string(&self.specification)?),
            ("recipe", serde_json::to_string(&self.recipe)?),
            ("scaler", serde_json::to_string(&self.scaler)?),
            ("target", serde_json::to_string(&self.target)?),
        ];
        let tensors = state::state_dict(&self.model);
        let checksum = checksum(texts.iter().map(|(_, text)| text.as_str()), &tensors);
        let mut notes = vec![("format", FORMAT), ("checksum", &checksum)];
        notes.extend(texts.iter().map(|(name, text)| (*name, text.as_str())));
        Ok(state::to_safetensors(&tensors, &notes)?)
    }

    /// True if a file begins as a safetensors file does: with the length of a header in braces.
    pub fn is_one(path: &Path) -> bool {
        use std::io::Read;
        let mut start = [0; 9];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start[8] == b'{'
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With its name and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::from_bytes(&bytes).with_context(|| {
            format!(
                "{}: this is not a network that `gradus train --out` wrote",
                path.display()
            )
        })
    }

    /// A network from the bytes of a file.
    ///
    /// # Errors
    /// With what is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let notes = state::notes(bytes)?;
        let note = |name: &str| {
            let text = notes.get(name);
            text.with_context(|| format!("its header says nothing of {name}"))
        };
        let format = note("format")?;
        ensure!(
            format == FORMAT,
            "it has the format {format}, and this version reads {FORMAT}"
        );
        let texts = ["specification", "recipe", "scaler", "target"].map(note);
        let texts = texts.into_iter().collect::<Result<Vec<_>>>()?;
        let tensors = state::from_safetensors(bytes)?;
        // Fuzz targets change bytes: past the checksum is where faults would be.
        ensure!(
            cfg!(fuzzing)
                || *note("checksum")? == checksum(texts.into_iter().map(String::as_str), &tensors),
            "its weights or notes were changed after it was written (the checksum is another); train the network again"
        );
        let specification = Specification::parse(note("specification")?)?;
        let recipe: Recipe = serde_json::from_str(note("recipe")?).context("recipe")?;
        let scaler: Scaler = serde_json::from_str(note("scaler")?).context("scaler")?;
        let target: Option<Scaler> = serde_json::from_str(note("target")?).context("target")?;
        let inputs = recipe.feature_names().len();
        let sound = |scaler: &Scaler, n: usize| {
            let finite = scaler
                .center
                .iter()
                .chain(&scaler.scale)
                .all(|x| x.is_finite());
            finite && scaler.center.len() == n && scaler.scale.len() == n
        };
        ensure!(
            sound(&scaler, inputs) && target.iter().all(|target| sound(target, 1)),
            "its scaling is not that of its columns"
        );
        let size: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
        ensure!(
            specification.weights(inputs, Self::outputs(&recipe))? <= size as f64,
            "it has fewer weights than its layers"
        );
        let mut model = specification.build(inputs, Self::outputs(&recipe))?;
        state::load_state_dict(&mut model, &tensors)?;
        model.set_training(false);
        Ok(Self {
            specification,
            recipe,
            scaler,
            target,
            model,
        })
    }

    /// The names of the classes; `None` for a number.
    pub fn labels(&self) -> Option<&[String]> {
        self.recipe.labels()
    }

    /// Options to read a file for predictions.
    pub fn csv_options(&self, options: CsvOptions) -> CsvOptions {
        self.recipe.csv_options(options)
    }

    /// The recipe of its data.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The features of a table.
    ///
    /// # Errors
    /// With file, line and column.
    pub fn features(&self, frame: &Frame) -> Result<Features, datasets::DataError> {
        self.recipe.features(frame)
    }

    /// Probabilities (of the second of two classes, or of each of several) or the number, a row each.
    pub fn scores(&self, features: &Features) -> Mat<f64> {
        let x = self.scaler.scaled(features.matrix.as_ref());
        let x = Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)] as f32);
        let classes = self.labels().map_or(0, <[String]>::len);
        let columns = Self::outputs(&self.recipe);
        let raw = models::predict(&self.model, x.as_ref());
        let mut out = Mat::from_fn(raw.nrows(), columns, |i, j| f64::from(raw[(i, j)]));
        match classes {
            0 => {}
            1 | 2 => (0..out.nrows()).for_each(|i| out[(i, 0)] = Scalar::sigmoid(out[(i, 0)])),
            _ => {
                for i in 0..out.nrows() {
                    let largest = (0..columns).fold(f64::NEG_INFINITY, |m, j| out[(i, j)].max(m));
                    (0..columns).for_each(|j| out[(i, j)] = (out[(i, j)] - largest).exp());
                    let sum: f64 = (0..columns).map(|j| out[(i, j)]).sum();
                    (0..columns).for_each(|j| out[(i, j)] /= sum);
                }
            }
        }
        if let Some(target) = &self.target {
            target.invert(out.as_mut());
        }
        out
    }
}

impl Network {
    /// What the file says but for its weights.
    pub(crate) fn account(&self) -> Account<'_> {
        Account {
            format: FORMAT,
            target: self.recipe.target_name(),
            labels: self.labels(),
            features: self.recipe.feature_names(),
            parameters: self.model.parameter_count(),
            specification: &self.specification,
        }
    }

    /// Predictions for the rows of a table: at a threshold, where there are two classes.
    pub fn predict(&self, features: &Features, threshold: f64) -> Predictions {
        Predictions::new(&self.scores(features), self.what(threshold))
    }

    /// What the scores are.
    pub(crate) fn what(&self, threshold: f64) -> Scores<'_> {
        let labels = self.labels().unwrap_or_default();
        match labels.len() {
            0 => Scores::Number("mean"),
            1 | 2 => Scores::Two(labels, threshold),
            _ => Scores::Several(labels),
        }
    }

    /// The scaling of the columns.
    pub(crate) fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// The scaling of the target, if it is a number.
    pub(crate) fn target(&self) -> Option<&Scaler> {
        self.target.as_ref()
    }

    /// The layers.
    pub(crate) fn model(&self) -> &Sequential<f32> {
        &self.model
    }
}

/// FNV-1a over the notes and the tensors: names, sizes and values. It tells changes by mistake, not by malice.
fn checksum<'a>(notes: impl Iterator<Item = &'a str>, tensors: &[Tensor]) -> String {
    let mut hash = Fnv::new();
    notes.for_each(|note| hash.add(note.bytes()));
    // Files have an order of their own.
    let mut tensors: Vec<&Tensor> = tensors.iter().collect();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    for tensor in tensors {
        hash.add(tensor.name.bytes());
        for size in &tensor.sizes {
            hash.add((*size as u64).to_le_bytes());
        }
        for value in &tensor.values {
            hash.add(value.to_bits().to_le_bytes());
        }
    }
    hash.text()
}

/// What a network file says but for its weights, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Account<'a> {
    format: &'static str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a [String]>,
    features: Vec<String>,
    parameters: usize,
    specification: &'a Specification,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let features = self.recipe.feature_names();
        writeln!(f, "network for {}", self.recipe.target_name())?;
        if let Some(labels) = self.labels() {
            writeln!(f, "classes: {}", labels.join(", "))?;
        }
        writeln!(f, "columns: {}\n", features.join(", "))?;
        write!(f, "{}", self.model.summary(features.len()))
    }
}

/// The data of a recipe, with the target as a column.
pub(super) fn column(data: &Dataset) -> Mat<f64> {
    Mat::from_fn(data.target.len(), 1, |i, _| data.target[i])
}
