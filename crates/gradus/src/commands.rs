//! The subcommands.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use datasets::{CsvOptions, Formula, Missing, Preparation, Response};
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

/// What is done about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingValues {
    /// The first one is an error.
    Refuse,
    /// Rows that have one are left out.
    Drop,
    /// The mean of the column stands for them; in a category, the most frequent level.
    Mean,
    /// The median, or the most frequent level.
    Median,
    /// The most frequent value.
    Mode,
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
    /// A formula that names it makes this unnecessary.
    #[arg(long, required_unless_present = "formula")]
    pub target: Option<String>,
    /// What explains what, in the notation of R and statsmodels: 'y ~ a + log(b) + C(c, "low")'.
    #[arg(long)]
    pub formula: Option<String>,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// Fit no intercept.
    #[arg(long)]
    pub no_intercept: bool,
    /// The columns that explain, separated by commas; all others if not given.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub features: Option<Vec<String>>,
    /// Columns that do not explain, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub exclude: Vec<String>,
    /// What is done about missing values.
    #[arg(long, value_enum, default_value_t = MissingValues::Refuse)]
    pub missing: MissingValues,
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
    let preparation = preparation(arguments)?;
    let options = preparation.csv_options(csv_options(arguments.no_header));
    let frame = options.read(&arguments.file)?;
    let recipe = preparation.learn(&frame)?;
    let data = recipe.dataset(&frame)?;
    let lines = format!(
        "{}, lines {} to {}",
        arguments.file.display(),
        frame.line(0),
        frame.line(frame.rows() - 1)
    );
    drop(frame);
    let specification = LogisticRegression::new().l2(arguments.l2);
    let fit = specification.fit(&data).context(lines)?;
    let document = Document::new(&fit, Some(recipe));
    if let Some(path) = &arguments.out {
        output::write_file(path, document.to_json()?.as_bytes())?;
    }
    match arguments.format {
        Format::Table => output::print(&fit.to_string()),
        Format::Json => output::print(&document.to_json()?),
    }
}

fn csv_options(no_header: bool) -> CsvOptions {
    let options = CsvOptions::new();
    if no_header {
        options.without_header()
    } else {
        options
    }
}

/// What the arguments want of the table.
fn preparation(arguments: &FitArguments) -> Result<Preparation> {
    let mut preparation = match (&arguments.formula, &arguments.target) {
        (Some(formula), target) => {
            ensure!(
                arguments.features.is_none() && arguments.exclude.is_empty(),
                "a formula says itself which columns explain; leave out --features and --exclude"
            );
            let preparation = Preparation::formula(formula.parse::<Formula>()?);
            match target {
                Some(target) => preparation.target(target),
                None => preparation,
            }
        }
        (None, Some(target)) => Preparation::new(target),
        (None, None) => {
            bail!("the column to explain is missing: --target NAME, or --formula 'NAME ~ …'")
        }
    };
    if let Some(features) = &arguments.features {
        preparation = preparation.features(features);
    }
    if arguments.no_intercept {
        preparation = preparation.without_intercept();
    }
    let missing = match arguments.missing {
        MissingValues::Refuse => Missing::Refuse,
        MissingValues::Drop => Missing::DropRows,
        MissingValues::Mean => Missing::Mean,
        MissingValues::Median => Missing::Median,
        MissingValues::Mode => Missing::Mode,
    };
    Ok(preparation
        .exclude(&arguments.exclude)
        .missing(missing)
        .response(Response::Binary))
}

/// Writes a CSV with the probability of the second label and the more probable label for each row.
///
/// # Errors
/// Whatever is wrong with the model, the data or the output file, in sentences.
pub fn predict(arguments: &PredictArguments) -> Result<()> {
    output::refuse_overwriting(&arguments.file, arguments.out.as_deref())?;
    output::refuse_overwriting(&arguments.model, arguments.out.as_deref())?;
    let document = Document::read(&arguments.model)?;
    let options = document.csv_options(csv_options(arguments.no_header));
    let frame = options.read(&arguments.file)?;
    let features = document.features(&frame)?;
    ensure!(
        features.offset.is_none(),
        "{}: the model has an offset, which `predict` does not use",
        arguments.model.display()
    );
    let probability = document.model().predict_proba(features.matrix.as_ref())?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["probability", "prediction"])?;
    let mut next = 0;
    for (row, p) in probability.into_iter().enumerate() {
        // A row that was dropped has an empty line, so that lines of both files belong together.
        let place = features.rows.as_ref().map_or(row, |rows| rows[row]);
        for _ in next..place {
            writer.write_record(["", ""])?;
        }
        next = place + 1;
        ensure!(
            p.is_finite(),
            "{}, line {}: the prediction is not a number; the model's coefficients or the row's values are too large",
            arguments.file.display(),
            frame.line(place)
        );
        let [zero, one] = &document.labels;
        writer.write_record([p.to_string().as_str(), if p >= 0.5 { one } else { zero }])?;
    }
    for _ in next..frame.rows() {
        writer.write_record(["", ""])?;
    }
    let text = writer
        .into_inner()
        .context("the predictions cannot be written as CSV")?;
    match &arguments.out {
        Some(path) => output::write_file(path, &text),
        None => output::print(&String::from_utf8(text)?),
    }
}
