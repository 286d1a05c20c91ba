//! `gradus predict`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::fit::csv_options;
use crate::predictions::NOT_FINITE;
use crate::predictor::Predictor;
use crate::usage::{self, require};
use crate::{input, output};

/// `gradus predict`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: gradus predict model.json new.csv --intervals --out predictions.csv"
)]
pub struct PredictArguments {
    /// The model, written by `gradus fit --out` or `gradus train --out`.
    pub model: PathBuf,
    /// The CSV file with the model's columns; others are ignored; - for standard input.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// The probability from which a row belongs to the second class.
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = usage::share)]
    pub threshold: f64,
    /// Add columns `conf_low` and `conf_high`: an interval of 95 % of the mean or probability.
    #[arg(long)]
    pub intervals: bool,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes a CSV with a line a row: for two classes the probability of the second label and the class at the threshold, for several the
/// probability of each and the most probable class, for other families the mean.
///
/// # Errors
/// Whatever is wrong with the model, the data or the output file, in sentences.
pub fn predict(arguments: &PredictArguments) -> Result<()> {
    let twice = output::is_standard(&arguments.file) && output::is_standard(&arguments.model);
    require(!twice, || {
        "model and data cannot both come from standard input; give a file for one of them"
            .to_owned()
    })?;
    output::separate(
        &[&arguments.file, &arguments.model],
        &[("--out", &arguments.out)],
    )?;
    let model = Predictor::read(&arguments.model)?;
    let options = model.csv_options(csv_options(arguments.no_header));
    let frame = input::read(&options, &arguments.file)?;
    let features = model.features(&frame)?;
    let scores = model.scores(&features)?;
    let what = model.what(arguments.threshold);
    let mut header = what.header();
    let intervals = match (&model, arguments.intervals) {
        (_, false) => None,
        (Predictor::Model(document), true) => {
            header.extend(["conf_low".to_owned(), "conf_high".to_owned()]);
            let name = || arguments.model.display().to_string();
            Some(document.intervals(&features).with_context(name)?)
        }
        (Predictor::Network(_), true) => {
            return require(false, || {
                format!(
                    "{}: it is a network, and networks have no intervals",
                    arguments.model.display()
                )
            });
        }
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header)?;
    let empty = vec![""; header.len()];
    let mut next = 0;
    for row in 0..scores.nrows() {
        // A row that was dropped has an empty line, so that lines of both files belong together.
        let place = features.rows.as_ref().map_or(row, |rows| rows[row]);
        for _ in next..place {
            writer.write_record(&empty)?;
        }
        next = place + 1;
        let mut line = what.line(&scores, row).with_context(|| {
            format!(
                "{}, line {}: {NOT_FINITE}",
                input::name(&arguments.file),
                frame.line(place)
            )
        })?;
        if let Some(intervals) = &intervals {
            line.extend(intervals[row].map(|end| end.to_string()));
        }
        writer.write_record(&line)?;
    }
    for _ in next..frame.rows() {
        writer.write_record(&empty)?;
    }
    let text = writer
        .into_inner()
        .context("the predictions cannot be written as CSV")?;
    match &arguments.out {
        Some(path) => output::write_file(path, &text),
        None => output::print(std::str::from_utf8(&text)?),
    }
}
