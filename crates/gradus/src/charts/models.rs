//! What a model says: its coefficients, and its probabilities over two features.

use std::fmt::Write;

use anyhow::{Context, Result, bail, ensure};
use datasets::{CsvOptions, Variable};
use plots::{BoundaryChart, Chart, ForestChart};

use super::Drawn;
use super::classes::classes;
use crate::document::{Coefficient, Document};
use crate::evaluate::Scored;

/// Points of the grid along each feature.
const GRID: u32 = 81;
/// More rows than this cannot be read.
const ROWS: usize = 60;

/// The places of the coefficients that a forest plot has: all but intercept and thresholds, if they have intervals; of very many those
/// farthest from 0 in standard errors.
pub(crate) fn forest_rows(document: &Document) -> Vec<usize> {
    let known = |c: &Coefficient| c.conf_low.is_some() || c.conf_high.is_some();
    let slopes = document.slopes();
    let of = |place: &usize| &document.coefficients[*place];
    let mut places: Vec<usize> = (0..document.coefficients.len())
        .filter(|place| known(of(place)) && slopes.contains(&of(place).name.as_str()))
        .collect();
    let size = |place: &usize| of(place).statistic.map_or(0.0, f64::abs);
    places.sort_by(|a, b| size(b).total_cmp(&size(a)));
    places.truncate(ROWS);
    places.sort_unstable();
    places
}

/// Coefficients with their 95 % intervals.
pub(crate) fn forest(document: &Document, subtitle: &str) -> Result<Drawn> {
    let places = forest_rows(document);
    if places.is_empty() {
        ensure!(
            !document.slopes().is_empty(),
            "the model has an intercept alone"
        );
        bail!(
            "the coefficients have no intervals: a penalty or a robust loss is in force, or there are too many of them"
        );
    }
    let mut chart = ForestChart::new("Coefficients", estimates_are(document)).subtitle(subtitle);
    for c in places.iter().map(|place| &document.coefficients[*place]) {
        let name = match &c.class {
            Some(class) => format!("{class}: {}", c.name),
            None => c.name.clone(),
        };
        // An end that is missing beside another one is infinite: JSON has no word for it.
        let low = c.conf_low.unwrap_or(f64::NEG_INFINITY);
        let high = c.conf_high.unwrap_or(f64::INFINITY);
        chart = chart.row(name, c.estimate, low, high);
    }
    Ok(Box::new(chart))
}

/// What a coefficient is a change of.
fn estimates_are(document: &Document) -> &'static str {
    match document.link.as_str() {
        "logit" => "log odds",
        "log" => "logarithm of the mean",
        "probit" => "normal quantile of the probability",
        "identity" => "change of the target",
        _ => "linear predictor",
    }
}

/// The probability of the second class over the two columns that a model reads.
pub(crate) fn boundary(
    document: &Document,
    scored: &Scored,
    frame: &datasets::Frame,
    threshold: f64,
    subtitle: &str,
) -> Result<Drawn> {
    ensure!(
        document.family == "binomial" && scored.data.trials.is_none(),
        "a boundary is drawn between two classes, and this is a model of the family {}{}",
        document.family,
        if scored.data.trials.is_some() {
            " with trials"
        } else {
            ""
        }
    );
    let recipe = document
        .recipe
        .as_ref()
        .context("the model has no recipe; fit it with this version")?;
    let variables = recipe.variables();
    let columns: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    let [x_name, y_name] = columns[..] else {
        bail!(
            "a boundary is drawn over two columns, and the model reads {} ({}); fit it with --features A,B",
            columns.len(),
            columns.join(", ")
        );
    };
    for (name, variable) in &variables {
        ensure!(
            *variable == Variable::Number,
            "a boundary is drawn over two columns of numbers, and `{name}` is none"
        );
    }
    let row = |i: usize| scored.data.rows.as_ref().map_or(i, |rows| rows[i]);
    let column = |name: &str| -> Result<Vec<f64>> {
        let all = frame.numbers(frame.named(name)?)?;
        Ok((0..scored.data.observations())
            .map(|i| all[row(i)])
            .collect())
    };
    let (x, y) = (column(x_name)?, column(y_name)?);
    let (exact, wide) = (
        [span(&x, 0.0), span(&y, 0.0)],
        [span(&x, 0.05), span(&y, 0.05)],
    );
    // Beyond the data a logarithm may have no value.
    let (range, grid) = match probabilities(document, [x_name, y_name], wide) {
        Ok(grid) => (wide, grid),
        Err(_) => (exact, probabilities(document, [x_name, y_name], exact)?),
    };
    let mut chart = BoundaryChart::new("Boundary", x_name, y_name, range[0], range[1], |_, _| 0.0)
        .grid(GRID as usize, &grid)
        .threshold(threshold)
        .subtitle(subtitle);
    let names = classes(document, &scored.data);
    chart = chart.class(names[1].as_str());
    for (class, name) in names.iter().enumerate() {
        let own = || (0..x.len()).filter(|i| scored.data.target[*i] == class as f64);
        let (x, y): (Vec<f64>, Vec<f64>) = own().map(|i| (x[i], y[i])).unzip();
        chart = chart.points(name, class, &x, &y);
    }
    Ok(Box::new(chart))
}

/// Smallest and largest number, widened by a share of their distance.
fn span(values: &[f64], share: f64) -> (f64, f64) {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    let more = if high > low {
        share * (high - low)
    } else {
        0.5
    };
    (low - more, high + more)
}

/// The model's probabilities on a grid, row after row.
fn probabilities(
    document: &Document,
    names: [&str; 2],
    [x, y]: [(f64, f64); 2],
) -> Result<Vec<f64>> {
    let at =
        |(low, high): (f64, f64), k: u32| low + (high - low) * f64::from(k) / f64::from(GRID - 1);
    let quoted = names.map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
    let mut table = quoted.join(",") + "\n";
    for j in 0..GRID {
        for i in 0..GRID {
            writeln!(table, "{},{}", at(x, i), at(y, j))?;
        }
    }
    let options = document.csv_options(CsvOptions::new());
    let frame = options.read_from("the grid of the picture", table.as_bytes())?;
    let scores = document.scores(&document.features(&frame)?)?;
    ensure!(
        scores.nrows() == (GRID * GRID) as usize,
        "the model has no probability in a part of the picture"
    );
    Ok((0..scores.nrows()).map(|i| scores[(i, 0)]).collect())
}
