//! The command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gradus::arguments::FitArguments;
use gradus::compare::{CompareArguments, compare};
use gradus::diagnose::{DiagnoseArguments, diagnose};
use gradus::fit::fit;
use gradus::predict::{PredictArguments, predict};

/// From a CSV file to a fitted, explained model.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 the data or the model are at fault, 2 the arguments are,\n3 the fit stopped before its optimum (what it reached is printed)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fit a regression to a CSV file: logistic if no other family is named.
    Fit(Box<FitArguments>),
    /// Apply a fitted model to a CSV file: a prediction a row.
    Predict(PredictArguments),
    /// Look at a model beside the data that it was fitted to: residuals, influence, collinearity, calibration, conditions.
    Diagnose(DiagnoseArguments),
    /// Compare two models of the same data: criteria, and the likelihood-ratio test if one is a part of the other.
    Compare(CompareArguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Fit(arguments) => fit(&arguments),
        Command::Predict(arguments) => predict(&arguments).map(|()| true),
        Command::Diagnose(arguments) => diagnose(&arguments).map(|()| true),
        Command::Compare(arguments) => compare(&arguments).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("warning: the fit stopped before its optimum; see its certificate");
            ExitCode::from(3)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
