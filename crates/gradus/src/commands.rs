//! The subcommands.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use datasets::{Recipe, Table};
use models::LogisticRegression;
use train::Fit;

use crate::document::Document;
use crate::output;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: schema 1.
    Json,
}

/// `gradus fit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: gradus fit data/nba_rookie_draft.csv --target draft --out model.json"
)]
pub struct FitArguments {
    /// The CSV file.
    pub file: PathBuf,
    /// The column to explain: its name, or its position from 1. It has two values, 0/1 or any two labels.
    #[arg(long)]
    pub target: String,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// Fit no intercept.
    #[arg(long)]
    pub no_intercept: bool,
    /// The columns that explain, separated by commas; all others if not given.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub features: Option<Vec<String>>,
    /// Add ½·X·‖w‖² to the mean log-loss; the intercept stays free.
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub l2: f64,
    /// How the fit is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also write the model to this file, for `predict`.
    #[arg(long, value_name = "MODEL.json")]
    pub out: Option<PathBuf>,
}

/// `gradus predict`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus predict model.json new.csv --out predictions.csv")]
pub struct PredictArguments {
    /// The model, written by `gradus fit --out`.
    pub model: PathBuf,
    /// The CSV file with the model's columns; others are ignored.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Fits and prints; writes the model only when everything has succeeded.
///
/// # Errors
/// Whatever is wrong with the data, the fit or the output file, in sentences.
pub fn fit(arguments: &FitArguments) -> Result<()> {
    output::refuse_overwriting(&arguments.file, arguments.out.as_deref())?;
    let table = Table::open(&arguments.file, !arguments.no_header)?;
    let mut recipe = Recipe::new(&arguments.target);
    if let Some(features) = &arguments.features {
        recipe = recipe.features(features);
    }
    let data = recipe.binary(&table)?;
    let lines = format!(
        "{}, lines {} to {}",
        arguments.file.display(),
        table.line(0),
        table.line(table.rows() - 1)
    );
    drop(table);
    let mut specification = LogisticRegression::new().l2(arguments.l2);
    if arguments.no_intercept {
        specification = specification.without_intercept();
    }
    let fit = specification.fit(&data).context(lines)?;
    let document = Document::from(&fit);
    if let Some(path) = &arguments.out {
        output::write_file(path, document.to_json()?.as_bytes())?;
    }
    match arguments.format {
        Format::Table => output::print(&fit.to_string()),
        Format::Json => output::print(&document.to_json()?),
    }
}

/// Writes a CSV with the probability of the second label and the more probable label for each row.
///
/// # Errors
/// Whatever is wrong with the model, the data or the output file, in sentences.
pub fn predict(arguments: &PredictArguments) -> Result<()> {
    output::refuse_overwriting(&arguments.file, arguments.out.as_deref())?;
    output::refuse_overwriting(&arguments.model, arguments.out.as_deref())?;
    let document = Document::read(&arguments.model)?;
    let table = Table::open(&arguments.file, !arguments.no_header)?;
    let columns = document
        .features()
        .iter()
        .map(|name| table.named(name))
        .collect::<Result<Vec<_>, _>>()?;
    let x = table.matrix(&columns)?;
    let probability = document.model().predict_proba(x.as_ref())?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["probability", "prediction"])?;
    for (row, p) in probability.into_iter().enumerate() {
        ensure!(
            p.is_finite(),
            "{}, line {}: the prediction is not a number; the model's coefficients or the row's values are too large",
            arguments.file.display(),
            table.line(row)
        );
        let [zero, one] = &document.labels;
        writer.write_record([p.to_string().as_str(), if p >= 0.5 { one } else { zero }])?;
    }
    let text = writer
        .into_inner()
        .context("the predictions cannot be written as CSV")?;
    match &arguments.out {
        Some(path) => output::write_file(path, &text),
        None => output::print(&String::from_utf8(text)?),
    }
}
