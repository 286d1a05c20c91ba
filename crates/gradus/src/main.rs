//! The command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gradus::commands::{FitArguments, PredictArguments, fit, predict};

/// From a CSV file to a fitted, explained model.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 the data or the model are at fault, 2 the arguments are."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fit a logistic regression to a CSV file.
    Fit(FitArguments),
    /// Apply a fitted model to a CSV file: one probability and class a row.
    Predict(PredictArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Fit(arguments) => fit(&arguments),
        Command::Predict(arguments) => predict(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
