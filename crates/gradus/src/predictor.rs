//! What predicts: a fitted model or a trained network.

use std::path::Path;

use anyhow::Result;
use datasets::{CsvOptions, DataError, Features, Frame, Mat, Recipe};

use crate::document::Document;
use crate::network::Network;
use crate::predictions::Scores;

/// A file that `gradus fit --out` or `gradus train --out` wrote.
#[derive(Debug)]
pub(crate) enum Predictor {
    Model(Box<Document>),
    Network(Box<Network>),
}

impl Predictor {
    /// Reads a file of either kind; `-` is a model from standard input.
    ///
    /// # Errors
    /// With its name and what is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if Network::is_one(path) {
            return Ok(Self::Network(Box::new(Network::read(path)?)));
        }
        Ok(Self::Model(Box::new(Document::read(path)?)))
    }

    /// How its data are made from a table, if the file says it.
    pub(crate) fn recipe(&self) -> Option<&Recipe> {
        match self {
            Self::Model(document) => document.recipe.as_ref(),
            Self::Network(network) => Some(network.recipe()),
        }
    }

    /// Options to read a file for predictions.
    pub(crate) fn csv_options(&self, options: CsvOptions) -> CsvOptions {
        match self {
            Self::Model(document) => document.csv_options(options),
            Self::Network(network) => network.csv_options(options),
        }
    }

    /// The features of a table.
    pub(crate) fn features(&self, frame: &Frame) -> Result<Features, DataError> {
        match self {
            Self::Model(document) => document.features(frame),
            Self::Network(network) => network.features(frame),
        }
    }

    /// Probabilities or means: one column, or one a class.
    pub(crate) fn scores(&self, features: &Features) -> Result<Mat<f64>> {
        match self {
            Self::Model(document) => document.scores(features),
            Self::Network(network) => Ok(network.scores(features)),
        }
    }

    /// What the scores are.
    pub(crate) fn what(&self, threshold: f64) -> Scores<'_> {
        match self {
            Self::Model(document) => document.what(threshold),
            Self::Network(network) => network.what(threshold),
        }
    }

    /// The names of the classes; `None` for a number.
    pub(crate) fn labels(&self) -> Option<&[String]> {
        match self {
            Self::Model(document) => document.labels.as_deref(),
            Self::Network(network) => network.labels(),
        }
    }

    /// The family whose measures suit its predictions.
    pub(crate) fn family(&self) -> &str {
        match self {
            Self::Model(document) => &document.family,
            Self::Network(network) => match network.labels().map_or(0, <[String]>::len) {
                0 => "gaussian",
                1 | 2 => "binomial",
                _ => "multinomial",
            },
        }
    }
}
