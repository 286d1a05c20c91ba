//! Model files: written with a checksum, read only if their fields agree with it and with each other.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use models::glm::Link;
use serde::Deserialize;
use train::INTERCEPT;

use crate::document::{Document, SCHEMA};
use crate::{input, output};

/// FNV-1a over the JSON text of a model, without spaces, names in alphabetical order and the field `checksum` left out. It tells changes
/// by mistake, not by malice.
pub fn checksum(mut model: serde_json::Value) -> String {
    if let Some(fields) = model.as_object_mut() {
        fields.remove("checksum");
    }
    let mut hash = Fnv::new();
    hash.add(model.to_string().into_bytes());
    hash.text()
}

/// FNV-1a of 64 bits.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, bytes: impl IntoIterator<Item = u8>) {
        let one = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.0 = bytes.into_iter().fold(self.0, one);
    }

    /// 16 hexadecimal digits.
    pub(crate) fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
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

    /// Reads a model file; `-` is standard input.
    ///
    /// # Errors
    /// With the name of the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let name = input::name(path);
        let text = input::text(path).with_context(|| format!("{name}: cannot be read"))?;
        Self::parse(&text)
            .with_context(|| format!("{name}: this is not a model that `gradus fit --out` wrote"))
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
        } else {
            output::say(
                "CAUTION: the model file has no checksum, so nothing says that its numbers are those of a fit",
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
        ensure!(
            document.family == "multinomial"
                || document.coefficients.iter().all(|c| c.class.is_none()),
            "a coefficient has a class, and a {} model has none",
            document.family
        );
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
                let mut own: HashMap<&str, Vec<&str>> = HashMap::new();
                for label in document.labels.iter().flatten() {
                    own.insert(label, Vec::new());
                }
                for c in &document.coefficients {
                    let names = c.class.as_deref().and_then(|class| own.get_mut(class));
                    let names = names.with_context(|| {
                        format!("the coefficient `{}` has no class that it knows", c.name)
                    })?;
                    names.push(&c.name);
                }
                let mut names = document.labels.iter().flatten().map(|l| &own[l.as_str()]);
                let of_last = names.clone().next_back();
                let first = names.next();
                ensure!(
                    (first == of_last || first.is_some_and(Vec::is_empty))
                        && names.all(|own| Some(own) == of_last),
                    "its classes do not have the same coefficients"
                );
            }
            "ordinal" => {
                ensure!(
                    document.coefficients.iter().all(|c| c.name != INTERCEPT),
                    "an ordinal model has thresholds and no intercept"
                );
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
        let mut known = HashSet::new();
        for c in &document.coefficients {
            ensure!(
                known.insert((&c.class, c.name.as_str())),
                "it has the coefficient `{}` twice",
                c.name
            );
        }
        let mut known = HashSet::new();
        for label in document.labels.iter().flatten() {
            ensure!(known.insert(label), "two of its labels are {label:?}");
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
