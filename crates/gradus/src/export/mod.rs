//! `gradus export`: a model, with all that is done to the columns of a table before it, in a language that other programs run.
//!
//! What an export computes is [`Document::predict`] of the same row; what a format cannot say exactly is refused.

mod columns;
pub mod onnx;
mod pmml;
mod rust;
mod sql;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use datasets::plan::Plan;

use self::columns::RawColumn;
use crate::document::Document;
use crate::head::Head;
use crate::output;
use crate::predictor::Predictor;
use crate::usage::{self, require};

/// In what a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// An ONNX graph of opset 17, in double precision.
    Onnx,
    /// PMML 4.4.
    Pmml,
    /// A query for `SQLite` and `PostgreSQL`.
    Sql,
    /// A file of Rust without dependencies.
    Rust,
}

/// `gradus export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus export model.json --format sql --table players --out score.sql\n  gradus export model.json --format rust --out src/score.rs\n  gradus export model.json --format pmml --out model.pmml\n  gradus export model.json --format onnx --out model.onnx\n  gradus export network.safetensors --format onnx --out network.onnx\n\nAll formats take the columns of the table as they are in the file and give what `gradus predict` gives."
)]
pub struct ExportArguments {
    /// The model, written by `gradus fit --out`; or, with --format onnx, the network, written by `gradus train --out`.
    pub model: PathBuf,
    /// In what it is written.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// The probability from which a row belongs to the second class. PMML knows 0.5 alone.
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = usage::share)]
    pub threshold: f64,
    /// The table that the query reads, with --format sql.
    #[arg(long, value_name = "NAME", default_value = "data")]
    pub table: String,
    /// Other columns of the table that the query gives beside its predictions, such as a key, with --format sql.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// Write to this file instead of standard output. ONNX is not text, and needs one.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What an export can be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The probability from which a row belongs to the second class.
    pub threshold: f64,
    /// The table that a query reads.
    pub table: String,
    /// Other columns that a query gives.
    pub keep: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            table: "data".to_owned(),
            keep: Vec::new(),
        }
    }
}

/// A model as the formats see it.
pub(crate) struct Exported<'d> {
    document: &'d Document,
    plan: Plan,
    head: Head,
    columns: Vec<RawColumn>,
    threshold: f64,
}

impl<'d> Exported<'d> {
    fn new(document: &'d Document, threshold: f64) -> Result<Self> {
        let plan = match &document.recipe {
            Some(recipe) => recipe.plan(),
            None => Plan::of_numbers(document.slopes()),
        };
        let head = document.head()?;
        ensure!(
            plan.offset.is_none() || matches!(head, Head::Mean { .. }),
            "a model of several classes has no offset"
        );
        let columns = columns::of(&plan)?;
        Ok(Self {
            document,
            plan,
            head,
            columns,
            threshold,
        })
    }

    /// The labels of the classes, in the order of their probabilities.
    fn labels(&self) -> &[String] {
        self.document.labels.as_deref().unwrap_or_default()
    }

    /// A sentence that says what this is.
    fn title(&self) -> String {
        format!(
            "{} regression of {}, link {}, fitted to {} observations by gradus {}",
            self.document.family,
            self.document.target,
            self.document.link,
            self.document.observations,
            env!("CARGO_PKG_VERSION")
        )
    }
}

impl Document {
    /// The model in another language: its bytes, which are text but for ONNX.
    ///
    /// # Errors
    /// If the format cannot say exactly what the model computes.
    pub fn export(&self, format: ExportFormat, options: &Options) -> Result<Vec<u8>> {
        let exported = Exported::new(self, options.threshold)?;
        // In Rust, columns and results are fields of two types.
        if format != ExportFormat::Rust {
            let own = exported.columns.iter().map(|c| c.name.as_str());
            columns::differ(own, &self.header())?;
        }
        Ok(match format {
            ExportFormat::Sql => {
                columns::differ(options.keep.iter().map(String::as_str), &self.header())?;
                let known = |name: &String| exported.columns.iter().any(|c| c.name == *name);
                let others = options.keep.iter().filter(|name| !known(name));
                let others: Vec<String> = others.cloned().collect();
                sql::write(&exported, &options.table, &others)?.into_bytes()
            }
            ExportFormat::Rust => rust::write(&exported)?.into_bytes(),
            ExportFormat::Pmml => pmml::write(&exported)?.into_bytes(),
            ExportFormat::Onnx => onnx::write(&exported)?,
        })
    }
}

/// Writes a model in another language.
///
/// # Errors
/// Whatever is wrong with the model or the output file, and what the format cannot say, in sentences.
pub fn export(arguments: &ExportArguments) -> Result<()> {
    output::separate(&[&arguments.model], &[("--out", &arguments.out)])?;
    let written = match Predictor::read(&arguments.model)? {
        Predictor::Network(network) => {
            require(arguments.format == ExportFormat::Onnx, || {
                format!(
                    "{}: it is a network, and networks are exported by --format onnx alone",
                    arguments.model.display()
                )
            })?;
            onnx::write_network(&network, arguments.threshold)
        }
        Predictor::Model(document) => {
            let options = Options {
                threshold: arguments.threshold,
                table: arguments.table.clone(),
                keep: arguments.keep.clone(),
            };
            document.export(arguments.format, &options)
        }
    };
    let written =
        written.with_context(|| format!("{}: it cannot be exported", arguments.model.display()))?;
    if let Some(path) = &arguments.out {
        return output::write_file(path, &written);
    }
    let text = String::from_utf8(written).ok();
    output::print(
        &text.context("ONNX is not text, and standard output is for text; name a file by --out")?,
    )
}
