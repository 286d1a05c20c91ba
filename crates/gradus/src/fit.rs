//! `gradus fit`.

use std::time::Instant;

use anyhow::{Context, Result};
use datasets::{CsvOptions, Dataset, Features, Formula, Missing, Preparation, Response};
use models::glm::GeneralisedLinearModel;
use train::{Fit, FitError, Observations, Progress, Status};

use crate::arguments::{Family, FitArguments, Format, MissingValues};
use crate::digest;
use crate::document::{Document, Provenance, Timing};
use crate::evaluate::Scored;
use crate::fitted::Fitted;
use crate::inference;
use crate::input;
use crate::levels::order_classes;
use crate::output;
use crate::page;
use crate::penalty_path;
use crate::processes;
use crate::progress::bar;
use crate::show;
use crate::specification::{self, Model, fit_options};
use crate::stored;
use crate::usage::usage;

/// Fits and prints; writes the model only when everything has succeeded. False if the fit stopped before its optimum.
///
/// # Errors
/// Whatever is wrong with the data, the fit or the output file, in sentences.
pub fn fit(arguments: &FitArguments) -> Result<bool> {
    let processes = processes::communicator()?;
    let run = || {
        if stored::wanted(arguments, &*processes) {
            stored::fit(arguments, &*processes)
        } else {
            run(arguments)
        }
    };
    match arguments.threads {
        Some(threads) => linalg::parallel::with_threads(threads, run).context("--threads")?,
        None => run(),
    }
}

fn run(arguments: &FitArguments) -> Result<bool> {
    output::separate(
        &[&arguments.file],
        &[("--out", &arguments.out), ("--report", &arguments.report)],
    )?;
    let model = specification::model(arguments)?;
    let started = Instant::now();
    let several = matches!(arguments.family, Family::Multinomial | Family::Ordinal);
    let preparation = preparation(arguments)?;
    let options = preparation.csv_options(csv_options(arguments.no_header));
    let frame = input::read(&options, &arguments.file)?;
    let recipe = preparation.learn(&frame)?;
    let mut data = recipe.dataset(&frame)?;
    let lines = format!(
        "{}, lines {} to {}",
        input::name(&arguments.file),
        frame.line(0),
        frame.line(frame.rows() - 1)
    );
    // The report looks at the table once more; without one its memory is free from here on.
    let table = arguments.report.is_some().then(|| frame.clone());
    let line = frame.into_lines();
    if several {
        order_classes(arguments, &mut data)?;
    }
    let rows = data.rows.clone();
    let line = |row: usize| line(rows.as_ref().map_or(row, |rows| rows[row]));
    let read_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    if let (true, Model::Glm(model)) = (arguments.path, &model) {
        let path = penalty_path::fit(model, &(&data).into(), bar("path", "fits")).context(lines)?;
        penalty_path::print(arguments.format, &data.feature_names, &path)?;
        return Ok(path.iter().all(|point| point.status == Status::Converged));
    }
    let (fitted, model) = fitted(
        arguments,
        model,
        &(&data).into(),
        bar("cross-validation", "fits"),
    )
    .map_err(|error| {
        let row = error.downcast_ref::<FitError>().and_then(FitError::row);
        let place = row.map_or_else(
            || lines.clone(),
            |row| format!("{}, line {}", input::name(&arguments.file), line(row - 1)),
        );
        suggested(error, &data).context(place)
    })?;
    let timing = Timing {
        read_seconds,
        fit_seconds: started.elapsed().as_secs_f64(),
    };
    let (fitted, mut report) = match (fitted, &model) {
        (Fitted::Glm(fit), Some(model)) => {
            let (fit, report) =
                inference::report(arguments, model, &data, &line, *fit).context(lines)?;
            (Fitted::Glm(Box::new(fit)), report)
        }
        (fitted, _) => inference::of_classes(arguments, &data, fitted).context(lines)?,
    };
    report.data = Some(inference::fingerprint(&data));
    let mut document = Document::new(&fitted, Some(recipe), timing);
    report.write(&mut document);
    // The digest reads the file once more, so it is for what is kept.
    let kept = arguments.out.is_some() || arguments.report.is_some();
    let sha256 = if kept {
        digest::sha256(&arguments.file)?
    } else {
        None
    };
    document.provenance = Some(Provenance::new(&arguments.command, &arguments.file, sha256));
    let page = match &table {
        Some(frame) => {
            let (model, line) = (model.as_ref(), &line);
            let scored = scored_in_sample(&document, data)?;
            Some(page::page(&page::Told {
                arguments,
                document: &document,
                fitted: &fitted,
                model,
                scored: &scored,
                frame,
                line,
            })?)
        }
        None => None,
    };
    if let (Some(path), Some(page)) = (&arguments.report, page) {
        output::write_file(path, page.as_bytes())?;
    }
    if let Some(path) = &arguments.out {
        output::write_file(path, document.to_json()?.as_bytes())?;
    }
    match arguments.format {
        Format::Table => {
            output::print(&(fitted.to_string() + &report.lines(arguments.firth)))?;
        }
        Format::Json => output::print(&document.to_json()?)?,
        Format::Csv => {
            output::print(&show::coefficients_csv(&document)?)?;
            report.say_cautions();
        }
    }
    Ok(fitted.certificate().status == Status::Converged)
}

/// The data of a fit with what it says of them.
fn scored_in_sample(document: &Document, data: Dataset) -> Result<Scored> {
    let features = Features {
        matrix: data.features.clone(),
        offset: data.offset.clone(),
        rows: None,
    };
    let scores = document.scores(&features)?;
    Ok(Scored { data, scores })
}

/// The reading options of a file with or without a header.
pub(crate) fn csv_options(no_header: bool) -> CsvOptions {
    let options = CsvOptions::new();
    if no_header {
        options.without_header()
    } else {
        options
    }
}

/// What the arguments want of the table.
pub(crate) fn preparation(arguments: &FitArguments) -> Result<Preparation> {
    let mut preparation = match (&arguments.formula, &arguments.target) {
        (Some(formula), target) => {
            let formula = formula.parse::<Formula>();
            let preparation = Preparation::formula(formula.map_err(|error| usage(error.into()))?);
            match target {
                Some(target) => preparation.target(target),
                None => preparation,
            }
        }
        (None, target) => Preparation::new(target.as_deref().unwrap_or_default()),
    };
    if let Some(features) = &arguments.features {
        preparation = preparation.features(features);
    }
    if arguments.no_intercept {
        preparation = preparation.without_intercept();
    }
    if let Some(weights) = &arguments.weights {
        preparation = preparation.weights(weights);
    }
    if let Some(offset) = &arguments.offset {
        preparation = preparation.offset(offset);
    }
    if let Some(trials) = &arguments.trials {
        preparation = preparation.trials(trials);
    }
    if let Some(cluster) = &arguments.cluster {
        preparation = preparation.clusters(cluster);
    }
    let missing = match arguments.missing {
        MissingValues::Refuse => Missing::Refuse,
        MissingValues::Drop => Missing::DropRows,
        MissingValues::Mean => Missing::Mean,
        MissingValues::Median => Missing::Median,
        MissingValues::Mode => Missing::Mode,
    };
    let grouped = arguments.trials.is_some()
        || arguments
            .formula
            .as_deref()
            .is_some_and(|formula| formula.contains("cbind("));
    let response = match arguments.family {
        Family::Binomial | Family::Quasibinomial if !grouped => Response::Binary,
        Family::Multinomial | Family::Ordinal => Response::Classes,
        _ => Response::Number,
    };
    // Clusters group rows; they explain only where they are asked to.
    let cluster = arguments.cluster.iter();
    let cluster = cluster.filter(|_| arguments.features.is_none() && arguments.formula.is_none());
    Ok(preparation
        .exclude(&arguments.exclude)
        .exclude(cluster)
        .missing(missing)
        .response(response))
}

/// The fit, and the specification of a generalised linear model.
pub(crate) fn fitted(
    arguments: &FitArguments,
    model: Model,
    data: &Observations<'_>,
    progress: Progress,
) -> Result<(Fitted, Option<GeneralisedLinearModel>)> {
    let options = fit_options(arguments);
    Ok(match model {
        Model::Multinomial(model) => {
            let fit = model.fit_observations(data, &options)?;
            (Fitted::Multinomial(Box::new(fit)), None)
        }
        Model::Ordered(model) => {
            let fit = model.fit_observations(data, &options)?;
            (Fitted::Ordered(Box::new(fit)), None)
        }
        Model::Robust(model) => {
            let fit = model.fit_observations(data, &options)?;
            (Fitted::Robust(Box::new(fit)), None)
        }
        Model::Glm(mut model) => {
            if let Some(k) = arguments.cv {
                model = penalty_path::choose(arguments, k, model, data, progress)?;
            }
            let fit = model.fit_observations(data, &options)?;
            (Fitted::Glm(Box::new(fit)), Some(model))
        }
    })
}

/// A fault with the column that may have been meant.
fn suggested(error: anyhow::Error, data: &Dataset) -> anyhow::Error {
    let Some(FitError::UnknownColumn { column }) = error.downcast_ref() else {
        return error;
    };
    let names = data.feature_names.iter().map(String::as_str);
    let meant = datasets::suggestion(column, names);
    anyhow::anyhow!("{error}{meant}")
}
