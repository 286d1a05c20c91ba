//! `gradus describe`: what a table holds.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datasets::{DataError, Description, Frame, Kind, Summary};
use serde::Serialize;

use crate::arguments::Format;
use crate::fit::csv_options;
use crate::output;

/// `gradus describe`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus describe data/nba_rookie_draft.csv\n  cut -d, -f1-3 data.csv | gradus describe - --format csv"
)]
pub struct DescribeArguments {
    /// The CSV file; - for standard input.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// How the description is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Prints types, counts, missing values, quantiles and correlations of the columns.
///
/// # Errors
/// Whatever is wrong with the file.
pub fn describe(arguments: &DescribeArguments) -> Result<()> {
    output::separate(&[&arguments.file], &[("--out", &arguments.out)])?;
    let description = Description::of(&read(arguments)?);
    let text = match arguments.format {
        Format::Table => description.to_string(),
        Format::Json => output::json(&Described {
            schema: 1,
            description: &description,
        })?,
        Format::Csv => csv(&description)?,
    };
    output::give(arguments.out.as_deref(), &text)
}

/// A description as JSON.
#[derive(Serialize)]
struct Described<'a> {
    schema: u32,
    #[serde(flatten)]
    description: &'a Description,
}

/// The table. Where a cell of a column of numbers is none, the column is one of words, and a message names the cell: that is what a
/// description is asked for.
fn read(arguments: &DescribeArguments) -> Result<Frame> {
    let mut options = csv_options(arguments.no_header);
    let mut standard = Vec::new();
    if output::is_standard(&arguments.file) {
        std::io::stdin().read_to_end(&mut standard)?;
    }
    loop {
        let read = if output::is_standard(&arguments.file) {
            options.read_from("standard input", standard.as_slice())
        } else {
            options.read(&arguments.file)
        };
        match read {
            Err(DataError::NotANumber {
                file,
                line,
                column,
                value,
            }) => {
                output::say(&format!(
                    "CAUTION: {}, line {line}, column `{column}`: {value:?} is not a number, so the column is described as one of words",
                    file.display()
                ));
                options = options.kind(&column, Kind::Category);
            }
            other => return Ok(other?),
        }
    }
}

/// A line a column.
fn csv(description: &Description) -> Result<String> {
    let header = [
        "column",
        "type",
        "count",
        "missing",
        "mean",
        "deviation",
        "minimum",
        "lower_quartile",
        "median",
        "upper_quartile",
        "maximum",
        "levels",
    ];
    let rows = description.columns.iter().map(|column| {
        let mut line = vec![
            column.name.clone(),
            String::new(),
            column.count.to_string(),
            column.missing.to_string(),
        ];
        let numbers = |values: &[f64]| -> Vec<String> {
            let text = |x: &f64| {
                if x.is_finite() {
                    x.to_string()
                } else {
                    String::new()
                }
            };
            values.iter().map(text).collect()
        };
        match &column.summary {
            Summary::Numbers {
                mean,
                deviation,
                minimum,
                lower_quartile,
                median,
                upper_quartile,
                maximum,
            } => {
                "number".clone_into(&mut line[1]);
                line.extend(numbers(&[
                    *mean,
                    *deviation,
                    *minimum,
                    *lower_quartile,
                    *median,
                    *upper_quartile,
                    *maximum,
                ]));
                line.push(String::new());
            }
            Summary::Booleans { yes } => {
                "boolean".clone_into(&mut line[1]);
                line.extend(numbers(&[*yes as f64 / column.count as f64]));
                line.resize(header.len(), String::new());
            }
            Summary::Levels { levels } => {
                "category".clone_into(&mut line[1]);
                line.resize(header.len() - 1, String::new());
                let levels = levels.iter().map(|(level, n)| format!("{level} ({n})"));
                line.push(levels.collect::<Vec<_>>().join("; "));
            }
        }
        line
    });
    output::csv(&header, rows)
}
