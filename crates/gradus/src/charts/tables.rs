//! Pictures of tables that no model is needed for: correlations, a path of fits, a training.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use datasets::{Description, Frame};
use plots::{Chart, CorrelationChart, HistoryChart, PenaltyPathChart};
use train::INTERCEPT;

use super::Drawn;

/// The correlations of the columns of numbers.
pub(crate) fn correlation(frame: &Frame, subtitle: &str) -> Result<Drawn> {
    let found = Description::of(frame);
    ensure!(
        found.correlated.len() > 1,
        "{} has {} column of numbers, and a correlation needs two",
        frame.file().display(),
        found.correlated.len()
    );
    let values = found.correlations.concat();
    let chart = CorrelationChart::new("Correlation", &found.correlated, &values);
    Ok(Box::new(chart.subtitle(subtitle)))
}

/// The coefficients along a path, as `gradus fit --path --format csv` or `--format json` prints it.
pub(crate) fn path(text: &str, name: &str) -> Result<Drawn> {
    let (strengths, coefficients) = if text.trim_start().starts_with('{') {
        path_of_json(text)
    } else {
        path_of_csv(text)
    }
    .with_context(|| {
        format!("{name}: this is not a path that `gradus fit --path --format csv` or json printed")
    })?;
    let mut chart = PenaltyPathChart::new("Coefficients along the penalty", &strengths);
    for (name, values) in &coefficients {
        chart = chart.coefficient(name.as_str(), values);
    }
    Ok(Box::new(chart.subtitle(name)))
}

type Series = (Vec<f64>, Vec<(String, Vec<f64>)>);

fn path_of_csv(text: &str) -> Result<Series> {
    let mut columns = numbers(text)?;
    ensure!(
        columns.len() > 3 && columns[0].0 == "strength" && columns[2].0 == "deviance_explained",
        "its first columns are not strength, nonzero and deviance_explained"
    );
    let rest = columns.split_off(3);
    let strengths = columns.swap_remove(0).1;
    let slopes = rest.into_iter().filter(|(name, _)| name != INTERCEPT);
    Ok((strengths, slopes.collect()))
}

fn path_of_json(text: &str) -> Result<Series> {
    let document: serde_json::Value = serde_json::from_str(text)?;
    let points = document["path"].as_array().context("it has no path")?;
    let mut coefficients: Vec<(String, Vec<f64>)> = Vec::new();
    let mut strengths = Vec::new();
    for (k, point) in points.iter().enumerate() {
        let strength = point["strength"].as_f64();
        strengths.push(strength.context("a point has no strength")?);
        let own = point["coefficients"].as_object();
        for (name, value) in own.context("a point has no coefficients")? {
            if name == INTERCEPT {
                continue;
            }
            let value = value.as_f64().context("a coefficient is not a number")?;
            let at = coefficients.iter().position(|(known, _)| known == name);
            let at = at.unwrap_or_else(|| {
                coefficients.push((name.clone(), vec![0.0; points.len()]));
                coefficients.len() - 1
            });
            coefficients[at].1[k] = value;
        }
    }
    Ok((strengths, coefficients))
}

/// The losses and metrics of a training, as `train::History::to_csv` writes them.
pub(crate) fn history(text: &str, name: &str) -> Result<Drawn> {
    let columns = numbers(text).with_context(|| name.to_owned())?;
    let find = |wanted: &str| columns.iter().find(|(name, _)| name == wanted);
    let (Some((_, epochs)), Some((_, loss))) = (find("epoch"), find("loss")) else {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        anyhow::bail!(
            "{name}: a history has the columns `epoch` and `loss`, and this file has {}",
            names.join(", ")
        );
    };
    ensure!(!loss.is_empty(), "{name}: the history has no epoch");
    if let Some(row) = epochs.iter().position(|epoch| !epoch.is_finite()) {
        anyhow::bail!(
            "{name}: row {} has no number in the column `epoch`",
            row + 1
        );
    }
    let mut chart = HistoryChart::new("Training")
        .subtitle(name)
        .epochs(epochs)
        .loss("training", loss);
    if let Some((_, losses)) = find("validation_loss")
        && losses.iter().any(|loss| loss.is_finite())
    {
        chart = chart.loss("validation", losses);
        let finite = epochs.iter().zip(losses).filter(|(_, l)| l.is_finite());
        if let Some((epoch, _)) = finite.min_by(|a, b| a.1.total_cmp(b.1)) {
            chart = chart.best("lowest validation loss", *epoch);
        }
    }
    let known = ["epoch", "steps", "learning_rate", "loss", "validation_loss"];
    for (name, values) in columns
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
    {
        if values.iter().any(|value| value.is_finite()) {
            chart = chart.metric(name.as_str(), values);
        }
    }
    Ok(Box::new(chart))
}

/// The columns of a table of numbers; what is empty is NaN.
fn numbers(text: &str) -> Result<Vec<(String, Vec<f64>)>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let mut columns: Vec<(String, Vec<f64>)> = header
        .iter()
        .map(|name| (name.to_owned(), Vec::new()))
        .collect();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        for ((name, values), cell) in columns.iter_mut().zip(&record) {
            let cell = cell.trim();
            values.push(if cell.is_empty() {
                f64::NAN
            } else {
                cell.parse().with_context(|| {
                    format!("line {line}, column `{name}`: {cell:?} is not a number")
                })?
            });
        }
    }
    Ok(columns)
}

/// The text of a file, or of standard input.
pub(crate) fn text_of(file: &Path) -> Result<String> {
    let name = crate::input::name(file);
    crate::input::text(file).with_context(|| format!("{name}: cannot be read"))
}
