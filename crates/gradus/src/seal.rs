//! Model files: written with a checksum, read only if their fields agree with it and with each other.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use models::glm::Link;
use serde::Deserialize;

use crate::document::{Coefficient, Document, SCHEMA};

/// FNV-1a over the JSON text of a model, without spaces, names in alphabetical order and the field `checksum` left out. It tells changes
/// by mistake, not by malice.
pub fn checksum(mut model: serde_json::Value) -> String {
    if let Some(fields) = model.as_object_mut() {
        fields.remove("checksum");
    }
    format!("{:016x}", fnv(model.to_string().into_bytes()))
}

/// FNV-1a.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, add)
}

impl Document {
    /// The JSON text, one line feed at the end.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_json(&self) -> Result<String> {
        let mut sealed = self.clone();
        sealed.checksum = Some(checksum(serde_json::to_value(self)?));
        Ok(serde_json::to_string_pretty(&sealed)? + "\n")
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// With the name of the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| {
            format!(
                "{}: this is not a model that `gradus fit --out` wrote",
                path.display()
            )
        })
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let Version { schema } = serde_json::from_str(text)?;
        ensure!(
            schema == SCHEMA,
            "it has schema {schema}, and this version reads schema {SCHEMA}"
        );
        let document: Self = serde_json::from_str(text)?;
        document.check()?;
        if let Some(written) = &document.checksum {
            ensure!(
                *written == checksum(serde_json::from_str(text)?),
                "its numbers or names were changed after it was written (the checksum is another); fit the model again"
            );
        }
        Ok(document)
    }

    /// Refuses fields that contradict each other.
    fn check(&self) -> Result<()> {
        let document = self;
        document.link.parse::<Link>()?;
        ensure!(!document.coefficients.is_empty(), "it has no coefficients");
        let classes = document.labels.as_ref().map_or(0, Vec::len);
        match document.family.as_str() {
            "binomial" => ensure!(
                document.labels.is_none() || classes == 2,
                "a binomial model has two classes, and it has {classes}"
            ),
            "multinomial" => {
                ensure!(
                    classes >= 2,
                    "a multinomial model has classes, and it has none"
                );
                let labels = document.labels.iter().flatten();
                let known = |c: &Coefficient| {
                    c.class
                        .iter()
                        .all(|class| labels.clone().any(|l| l == class))
                };
                for c in &document.coefficients {
                    ensure!(
                        c.class.is_some() && known(c),
                        "the coefficient `{}` has no class that it knows",
                        c.name
                    );
                }
                let own = |label: &String| {
                    let own = document.coefficients.iter();
                    let own = own.filter(|c| c.class.as_ref() == Some(label));
                    own.map(|c| c.name.as_str()).collect::<Vec<_>>()
                };
                let of_last = own(&document
                    .labels
                    .iter()
                    .flatten()
                    .next_back()
                    .cloned()
                    .unwrap_or_default());
                for (k, label) in document.labels.iter().flatten().enumerate() {
                    ensure!(
                        own(label) == of_last || k == 0 && own(label).is_empty(),
                        "the class {label:?} has other coefficients than the others"
                    );
                }
            }
            "ordinal" => {
                ensure!(
                    classes >= 2 && document.coefficients.len() >= classes,
                    "an ordinal model has one threshold fewer than classes, and slopes"
                );
                ensure!(
                    matches!(
                        document.link.as_str(),
                        "logit" | "probit" | "cloglog" | "cauchit"
                    ),
                    "an ordinal model has no link `{}`",
                    document.link
                );
                let thresholds =
                    &document.coefficients[document.coefficients.len() + 1 - classes..];
                ensure!(
                    thresholds
                        .windows(2)
                        .all(|pair| pair[0].estimate < pair[1].estimate),
                    "its thresholds do not ascend"
                );
            }
            "gaussian" | "huber" | "quantile" | "poisson" | "gamma" | "inverse-gaussian"
            | "negative-binomial" | "tweedie" => {}
            other => bail!("it is a {other} model, which this version does not know"),
        }
        let keys = || {
            document
                .coefficients
                .iter()
                .map(|c| (&c.class, c.name.as_str()))
        };
        for (k, key) in keys().enumerate() {
            ensure!(
                keys().take(k).all(|other| other != key),
                "it has the coefficient `{}` twice",
                key.1
            );
        }
        if let Some(labels) = &document.labels {
            for (k, label) in labels.iter().enumerate() {
                ensure!(
                    !labels[..k].contains(label),
                    "two of its labels are {label:?}"
                );
            }
        }
        if let Some(recipe) = &document.recipe {
            ensure!(
                recipe.feature_names() == document.slopes(),
                "its recipe makes other features than it has coefficients"
            );
        }
        Ok(())
    }

    /// Refuses a file of which nobody can say whether it was changed.
    ///
    /// # Errors
    /// If it has no checksum.
    pub(crate) fn sealed(&self) -> Result<()> {
        ensure!(
            self.checksum.is_some(),
            "the model has no checksum, so nothing says that it is as it was fitted; fit it again"
        );
        Ok(())
    }
}
