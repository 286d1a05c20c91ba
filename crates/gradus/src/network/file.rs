//! A trained network as a file: a safetensors file with what it needs to be applied to a table as notes.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use datasets::{CsvOptions, Dataset, Features, Frame, Mat, Recipe, Scaler};
use linalg::Scalar;
use models::{Module, Sequential, state};

use super::Specification;
use crate::predictions::{Predictions, Scores};

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
        let mut notes = vec![("format", FORMAT)];
        notes.extend(texts.iter().map(|(name, text)| (*name, text.as_str())));
        Ok(state::to_safetensors(
            &state::state_dict(&self.model),
            &notes,
        )?)
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

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
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
        let tensors = state::from_safetensors(bytes)?;
        let size: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();
        ensure!(
            specification.weights(inputs, Self::outputs(&recipe)) <= size as f64,
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
    /// Predictions for the rows of a table: at a threshold, where there are two classes.
    pub fn predict(&self, features: &Features, threshold: f64) -> Predictions {
        let labels = self.labels().unwrap_or_default();
        let what = match labels.len() {
            0 => Scores::Number("mean"),
            1 | 2 => Scores::Two(labels, threshold),
            _ => Scores::Several(labels),
        };
        Predictions::new(&self.scores(features), what)
    }
}

/// The data of a recipe, with the target as a column.
pub(super) fn column(data: &Dataset) -> Mat<f64> {
    Mat::from_fn(data.target.len(), 1, |i, _| data.target[i])
}
