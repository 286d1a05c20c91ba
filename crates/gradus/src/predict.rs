//! `gradus predict`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::document::Document;
use crate::fit::csv_options;
use crate::network::Network;
use crate::{input, output};

/// `gradus predict`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus predict model.json new.csv --out predictions.csv")]
pub struct PredictArguments {
    /// The model, written by `gradus fit --out` or `gradus train --out`.
    pub model: PathBuf,
    /// The CSV file with the model's columns; others are ignored; - for standard input.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// The probability from which a row belongs to the second class.
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    pub threshold: f64,
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
    output::refuse_overwriting(&arguments.file, arguments.out.as_deref())?;
    output::refuse_overwriting(&arguments.model, arguments.out.as_deref())?;
    ensure!(
        (0.0..=1.0).contains(&arguments.threshold),
        "--threshold is {}; it lies between 0 and 1",
        arguments.threshold
    );
    let options = csv_options(arguments.no_header);
    let (frame, features, table) = if Network::is_one(&arguments.model) {
        let network = Network::read(&arguments.model)?;
        let frame = input::read(&network.csv_options(options), &arguments.file)?;
        let features = network.features(&frame)?;
        let table = network.predict(&features, arguments.threshold);
        (frame, features, table)
    } else {
        let document = Document::read(&arguments.model)?;
        let frame = input::read(&document.csv_options(options), &arguments.file)?;
        let features = document.features(&frame)?;
        let table = document.predict(&features, arguments.threshold)?;
        (frame, features, table)
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.header)?;
    let empty = vec![""; table.header.len()];
    let mut next = 0;
    for (row, line) in table.rows.into_iter().enumerate() {
        // A row that was dropped has an empty line, so that lines of both files belong together.
        let place = features.rows.as_ref().map_or(row, |rows| rows[row]);
        for _ in next..place {
            writer.write_record(&empty)?;
        }
        next = place + 1;
        let line = line.with_context(|| {
            format!(
                "{}, line {}: the prediction is not a number; the model's coefficients or the row's values are too large, or the model has no mean there",
                input::name(&arguments.file),
                frame.line(place)
            )
        })?;
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
        None => output::print(&String::from_utf8(text)?),
    }
}
