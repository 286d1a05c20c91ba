//! Fits along a path of penalties, and the choice among them.

use std::fmt::Write;

use anyhow::{Context, Result};
use models::glm::GeneralisedLinearModel;
use train::{FitError, Observations, PathOptions, PathPoint, Progress};

use crate::arguments::{FitArguments, Format, Rule};
use crate::output;

/// All fits of a path.
pub(crate) fn fit(
    model: &GeneralisedLinearModel,
    data: &Observations<'_>,
    progress: Progress,
) -> Result<Vec<PathPoint>, FitError> {
    let options = PathOptions {
        progress,
        ..PathOptions::default()
    };
    train::path(model, data, &options)
}

/// The model with the strength of its penalty that cross-validation chooses.
pub(crate) fn choose(
    arguments: &FitArguments,
    k: usize,
    model: GeneralisedLinearModel,
    data: &Observations<'_>,
    progress: Progress,
) -> Result<GeneralisedLinearModel> {
    let folds = train::folds(data, k, arguments.seed).context("--cv")?;
    let options = PathOptions {
        progress,
        ..PathOptions::default()
    };
    let result = train::cross_validate(&model, data.clone(), &folds, &options)?;
    let at = match arguments.rule {
        Rule::Best => result.best,
        Rule::OneStandardError => result.one_std_error,
    };
    let penalty = model.penalty().with_strength(result.path[at].strength);
    Ok(model.penalised(penalty))
}

/// The fits of a path, as a table, JSON or CSV.
pub(crate) fn print(format: Format, names: &[String], path: &[PathPoint]) -> Result<()> {
    let intercept = path
        .first()
        .map_or(0, |p| p.coefficients.len() - names.len());
    let name = |j: usize| match j.checked_sub(intercept) {
        Some(j) => names[j].as_str(),
        None => train::INTERCEPT,
    };
    if format == Format::Json {
        let points = path.iter().map(|point| {
            let coefficients: serde_json::Map<_, _> = point
                .coefficients
                .iter()
                .enumerate()
                .filter(|(j, c)| **c != 0.0 || *j < intercept)
                .map(|(j, c)| (name(j).to_owned(), (*c).into()))
                .collect();
            serde_json::json!({
                "strength": point.strength,
                "nonzero": point.nonzero,
                "deviance_explained": point.deviance_explained,
                "duality_gap": point.duality_gap,
                "status": point.status.to_string(),
                "coefficients": coefficients,
            })
        });
        let points: Vec<_> = points.collect();
        let path = serde_json::json!({"schema": 1, "path": points});
        return output::print(&output::json(&path)?);
    }
    if format == Format::Csv {
        let points = path.first().map_or(0, |point| point.coefficients.len());
        let columns = (0..points).map(name);
        let header: Vec<&str> = ["strength", "nonzero", "deviance_explained"]
            .into_iter()
            .chain(columns)
            .collect();
        let rows = path.iter().map(|point| {
            let numbers = [
                point.strength,
                point.nonzero as f64,
                point.deviance_explained,
            ];
            let all = numbers.iter().chain(&point.coefficients);
            all.map(ToString::to_string).collect()
        });
        return output::print(&output::csv(&header, rows)?);
    }
    let mut text = format!("{:>12} {:>8} {:>10}\n", "strength", "nonzero", "explained");
    for point in path {
        let explained = 100.0 * point.deviance_explained;
        writeln!(
            text,
            "{:>12.6e} {:>8} {explained:>8.3} %",
            point.strength, point.nonzero
        )?;
    }
    output::print(&text)
}
