//! The command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use gradus::arguments::FitArguments;
use gradus::compare::{CompareArguments, compare};
use gradus::describe::{DescribeArguments, describe};
use gradus::diagnose::{DiagnoseArguments, diagnose};
use gradus::evaluate::{EvaluateArguments, evaluate};
use gradus::export::{ExportArguments, export};
use gradus::fit::fit;
use gradus::network::{TrainArguments, train};
use gradus::output;
use gradus::plan::{PlanArguments, plan};
use gradus::plot::{PlotArguments, plot};
use gradus::predict::{PredictArguments, predict};
use gradus::show::{ShowArguments, show};
use gradus::tutorial::{TutorialArguments, tutorial};
use gradus::usage::Usage;

/// From a CSV file to a fitted, explained model.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 done, 1 the data or the model are at fault, 2 the arguments are,\n3 the fit stopped before its optimum (what it reached is printed).\nMessages go to standard error, results to standard output; only a terminal is given colours."
)]
struct Arguments {
    /// Print nothing but errors and warnings: files and the exit code say what happened.
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fit a regression to a CSV file: logistic if no other family is named.
    Fit(Box<FitArguments>),
    /// Train a network, described by a small TOML file, on a CSV file.
    Train(TrainArguments),
    /// Apply a fitted model or network to a CSV file: a prediction a row.
    Predict(PredictArguments),
    /// Measure a model's predictions on data whose outcome is known: ROC area, log loss, confusion matrix, R², ….
    Evaluate(EvaluateArguments),
    /// Look at a model beside the data that it was fitted to: residuals, influence, collinearity, calibration, conditions.
    Diagnose(DiagnoseArguments),
    /// Compare two models of the same data: criteria, and the likelihood-ratio test if one is a part of the other.
    Compare(CompareArguments),
    /// Summarise a CSV file: types, missing values, quantiles, correlations.
    Describe(DescribeArguments),
    /// Print what a model file holds.
    Show(ShowArguments),
    /// Draw a picture of a model, of data, or of a training, as SVG or PNG.
    Plot(PlotArguments),
    /// Predict time and memory of a fit on other machines: many rows, many processes.
    Plan(PlanArguments),
    /// Run a tutorial step by step; without a name, list them.
    Tutorial(TutorialArguments),
    /// Write a fitted model, with all that is done to the columns before it, in a language of databases, Java, ONNX runtimes or Rust.
    Export(ExportArguments),
    /// Print what completes these commands in a shell: `gradus completions bash > /etc/bash_completion.d/gradus`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `gradus man | man -l -`.
    Man,
}

/// The manual page of the command, and after it those of its subcommands.
fn manual() -> anyhow::Result<()> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        clap_mangen::Man::new(sub.clone()).render(&mut page)?;
    }
    output::print(&String::from_utf8(page)?)
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gradus", &mut script);
    output::print(&String::from_utf8(script)?)
}

fn main() -> ExitCode {
    // Without a handler the system ends the program as ever; only a file that is just being written may leave a temporary one.
    let _ = ctrlc::set_handler(|| datasets::exit_between_files(130));
    let arguments = Arguments::parse();
    if arguments.quiet {
        output::keep_quiet();
    }
    let result = match arguments.command {
        Command::Fit(mut arguments) => {
            arguments.command = std::env::args_os()
                .skip(1)
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            fit(&arguments)
        }
        Command::Train(arguments) => train(&arguments).map(|()| true),
        Command::Predict(arguments) => predict(&arguments).map(|()| true),
        Command::Diagnose(arguments) => diagnose(&arguments).map(|()| true),
        Command::Evaluate(arguments) => evaluate(&arguments).map(|()| true),
        Command::Compare(arguments) => compare(&arguments).map(|()| true),
        Command::Describe(arguments) => describe(&arguments).map(|()| true),
        Command::Show(arguments) => show(&arguments).map(|()| true),
        Command::Plot(arguments) => plot(&arguments).map(|()| true),
        Command::Plan(arguments) => plan(&arguments).map(|()| true),
        Command::Tutorial(arguments) => tutorial(&arguments).map(|()| true),
        Command::Export(arguments) => export(&arguments).map(|()| true),
        Command::Completions { shell } => completions(shell).map(|()| true),
        Command::Man => manual().map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            output::say("warning: the fit stopped before its optimum; see its certificate");
            ExitCode::from(3)
        }
        Err(error) => {
            output::fail(&error);
            match error.downcast_ref::<Usage>() {
                Some(_) => ExitCode::from(2),
                None => ExitCode::FAILURE,
            }
        }
    }
}
