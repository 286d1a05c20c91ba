//! `gradus evaluate`: how good a model's predictions are on data whose outcome is known.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use datasets::{Dataset, Mat};
use serde::Serialize;
use train::metrics::{
    self, Average, Binning, CalibrationCurve, ClassMetric, ConfusionMatrix, DeLong, Undefined,
};

use crate::arguments::Format;
use crate::fit::csv_options;
use crate::levels::arrange;
use crate::predictions::{NOT_FINITE, most_probable};
use crate::predictor::Predictor;
use crate::{input, output, usage};

/// `gradus evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus evaluate model.json held_back.csv")]
pub struct EvaluateArguments {
    /// The model, written by `gradus fit --out` or `gradus train --out`.
    pub model: PathBuf,
    /// The CSV file with the model's columns and its target; - for standard input.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// The probability from which a row belongs to the second class.
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = usage::share)]
    pub threshold: f64,
    /// How the measures are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// One measure.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its value; `null` where it is 0/0.
    pub value: Option<f64>,
    /// A 95 % interval, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<(f64, f64)>,
}

/// What `evaluate` prints; as JSON with these names.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    schema: u32,
    observations: usize,
    /// The measures, the most telling first.
    pub measures: Vec<Measure>,
    /// True classes by predicted ones, as weights; absent where there are no classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
}

/// A confusion matrix.
#[derive(Debug, Clone, Serialize)]
pub struct Confusion {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// A row a true class.
    pub rows: Vec<Vec<f64>>,
}

/// A model's data with what the model says of them.
pub(crate) struct Scored {
    /// The data.
    pub(crate) data: Dataset,
    /// Probabilities or means: one column, or one a class.
    pub(crate) scores: Mat<f64>,
}

/// Reads a file as the model's recipe says, and scores its rows.
pub(crate) fn scored(model: &Predictor, file: &Path, no_header: bool) -> Result<Scored> {
    let recipe = model.recipe().context(
        "the model has no recipe, so it is not known which column is its target; fit it with `gradus fit`",
    )?;
    let frame = input::read(&recipe.dataset_csv_options(csv_options(no_header)), file)?;
    let mut data = recipe.dataset(&frame)?;
    if let (Some(order), Some(labels)) = (model.labels(), &data.labels) {
        let same = order.len() == labels.len() && labels.iter().all(|label| order.contains(label));
        ensure!(same, "its recipe has other classes than the model");
        arrange(&mut data, order.to_vec());
    }
    let features = recipe.features(&frame)?;
    // A row without a target is kept by the features and not by the data.
    let mut scores = model.scores(&features)?;
    if let Some(rows) = &data.rows {
        let known = |row: usize| match &features.rows {
            Some(kept) => kept.binary_search(&row).ok(),
            None => Some(row),
        };
        let places: Option<Vec<usize>> = rows.iter().map(|row| known(*row)).collect();
        let places = places.context("rows of features and target do not go together")?;
        scores = Mat::from_fn(places.len(), scores.ncols(), |i, j| scores[(places[i], j)]);
    }
    for i in 0..scores.nrows() {
        let row = data.rows.as_ref().map_or(i, |rows| rows[i]);
        ensure!(
            (0..scores.ncols()).all(|j| scores[(i, j)].is_finite()),
            "{}, line {}: {NOT_FINITE}",
            input::name(file),
            frame.line(row)
        );
    }
    Ok(Scored { data, scores })
}

/// Prints the measures that suit the model's family.
///
/// # Errors
/// Whatever is wrong with the model or the file.
pub fn evaluate(arguments: &EvaluateArguments) -> Result<()> {
    output::separate(
        &[&arguments.file, &arguments.model],
        &[("--out", &arguments.out)],
    )?;
    let model = Predictor::read(&arguments.model)?;
    let scored = scored(&model, &arguments.file, arguments.no_header)?;
    let evaluation = measured(model.family(), &scored, arguments.threshold)
        .with_context(|| input::name(&arguments.file))?;
    let text = match arguments.format {
        Format::Table => table(&evaluation),
        Format::Json => output::json(&evaluation)?,
        Format::Csv => {
            let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
            let rows = evaluation.measures.iter().map(|m| {
                let [low, high] = [m.interval.map(|i| i.0), m.interval.map(|i| i.1)];
                vec![
                    m.name.to_owned(),
                    number(m.value),
                    number(low),
                    number(high),
                ]
            });
            output::csv(&["measure", "value", "conf_low", "conf_high"], rows)?
        }
    };
    output::give(arguments.out.as_deref(), &text)
}

/// The measures of a scored table.
pub(crate) fn measured(family: &str, scored: &Scored, threshold: f64) -> Result<Evaluation> {
    let Scored { data, scores } = scored;
    let weights = data.weights.as_deref();
    let (measures, confusion) = match family {
        "binomial" => of_two(data, scores, threshold)?,
        "multinomial" | "ordinal" => of_several(data, scores)?,
        "quantile" => {
            let p: Vec<f64> = scores.col(0).iter().copied().collect();
            let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
            let all: f64 = (0..p.len()).map(weight).sum();
            let below = (0..p.len()).filter(|&i| data.target[i] <= p[i]);
            let share = below.map(weight).sum::<f64>() / all;
            let error = metrics::mean_absolute_error(&data.target, &p, weights)?;
            let measures = vec![
                measure("share_below", Some(share)),
                measure("mae", Some(error)),
            ];
            (measures, None)
        }
        _ => {
            let p: Vec<f64> = scores.col(0).iter().copied().collect();
            let y = data.target.as_slice();
            let measures = vec![
                measure("r2", metrics::r2(y, &p, weights).ok()),
                measure(
                    "rmse",
                    Some(metrics::root_mean_squared_error(y, &p, weights)?),
                ),
                measure("mae", Some(metrics::mean_absolute_error(y, &p, weights)?)),
                measure(
                    "median_absolute_error",
                    Some(metrics::median_absolute_error(y, &p, weights)?),
                ),
                measure("max_error", Some(metrics::max_error(y, &p, weights)?)),
            ];
            (measures, None)
        }
    };
    let labels = data
        .labels
        .clone()
        .unwrap_or_else(|| vec!["0".to_owned(), "1".to_owned()]);
    Ok(Evaluation {
        schema: 1,
        observations: data.observations(),
        measures,
        confusion: confusion.map(|matrix| Confusion {
            rows: (0..matrix.classes())
                .map(|i| (0..matrix.classes()).map(|j| matrix.weight(i, j)).collect())
                .collect(),
            classes: labels,
        }),
    })
}

fn measure(name: &'static str, value: Option<f64>) -> Measure {
    Measure {
        name,
        value,
        interval: None,
    }
}

type Measured = (Vec<Measure>, Option<ConfusionMatrix>);

/// Outcomes 0 and 1 with their probabilities and weights.
pub(crate) struct Outcomes {
    pub(crate) target: Vec<f64>,
    pub(crate) probability: Vec<f64>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Outcomes {
    /// Those of a table of two classes: a row of trials is so many successes and so many failures.
    pub(crate) fn of(data: &Dataset, scores: &Mat<f64>) -> Self {
        let scores: Vec<f64> = scores.col(0).iter().copied().collect();
        let Some(trials) = &data.trials else {
            return Self {
                target: data.target.clone(),
                probability: scores,
                weights: data.weights.clone(),
            };
        };
        let n = trials.len();
        let own = |i: usize| data.weights.as_ref().map_or(1.0, |w| w[i]);
        // The target counts the successes.
        let weights = (0..n).map(|i| own(i) * data.target[i]);
        let failures = (0..n).map(|i| own(i) * (trials[i] - data.target[i]));
        Self {
            target: [vec![1.0; n], vec![0.0; n]].concat(),
            probability: [scores.clone(), scores].concat(),
            weights: Some(weights.chain(failures).collect()),
        }
    }
}

fn of_two(data: &Dataset, scores: &Mat<f64>, threshold: f64) -> Result<Measured> {
    let Outcomes {
        target: y,
        probability: p,
        weights,
    } = Outcomes::of(data, scores);
    let weights = weights.as_deref();
    let matrix = ConfusionMatrix::at_threshold(&y, &p, threshold, weights)?;
    let mut area = measure("roc_auc", metrics::roc_auc(&y, &p, weights).ok());
    if weights.is_none() {
        area.interval = DeLong::new(&y, &p)
            .and_then(|d| d.interval_logit(0.95))
            .ok();
    }
    let calibration = CalibrationCurve::new(&y, &p, Binning::EqualCount(10), weights)?;
    let measures = vec![
        area,
        measure(
            "average_precision",
            metrics::average_precision(&y, &p, weights).ok(),
        ),
        measure("log_loss", Some(metrics::log_loss(&y, &p, weights)?)),
        measure("brier_score", Some(metrics::brier_score(&y, &p, weights)?)),
        measure("calibration_error", Some(calibration.expected_error())),
        measure("accuracy", Some(matrix.accuracy())),
        measure("balanced_accuracy", Some(matrix.balanced_accuracy())),
        measure("precision", matrix.precision(1)),
        measure("recall", matrix.recall(1)),
        measure("specificity", matrix.recall(0)),
        measure("f1", matrix.f1(1)),
        measure("matthews", matrix.matthews()),
    ];
    Ok((measures, Some(matrix)))
}

fn of_several(data: &Dataset, scores: &Mat<f64>) -> Result<Measured> {
    let weights = data.weights.as_deref();
    let y: Vec<usize> = data.target.iter().map(|y| *y as usize).collect();
    let predicted: Vec<usize> = (0..scores.nrows())
        .map(|i| most_probable(scores, i))
        .collect();
    let matrix = ConfusionMatrix::new(&y, &predicted, scores.ncols(), weights)?;
    let average = |metric, average| matrix.average(metric, average, Undefined::As(0.0)).ok();
    let p = scores.as_ref();
    let measures = vec![
        measure("accuracy", Some(matrix.accuracy())),
        measure("balanced_accuracy", Some(matrix.balanced_accuracy())),
        measure("f1_macro", average(ClassMetric::FBeta(1.0), Average::Macro)),
        measure(
            "f1_weighted",
            average(ClassMetric::FBeta(1.0), Average::Weighted),
        ),
        measure("matthews", matrix.matthews()),
        measure("kappa", matrix.kappa()),
        measure("log_loss", Some(metrics::log_loss_classes(&y, p, weights)?)),
        measure(
            "brier_score",
            Some(metrics::brier_score_classes(&y, p, weights)?),
        ),
    ];
    Ok((measures, Some(matrix)))
}

fn table(evaluation: &Evaluation) -> String {
    let mut lines = vec![format!("{} observations\n", evaluation.observations)];
    for m in &evaluation.measures {
        let value = m
            .value
            .map_or("undefined".to_owned(), |x| format!("{x:.6}"));
        let interval = m
            .interval
            .map(|(low, high)| format!("  95 % interval {low:.6} to {high:.6}"));
        lines.push(format!(
            "{:22} {value:>12}{}",
            m.name,
            interval.unwrap_or_default()
        ));
    }
    if let Some(Confusion { classes, rows }) = &evaluation.confusion {
        let width = classes
            .iter()
            .map(|c| c.chars().count())
            .max()
            .unwrap_or(0)
            .max(8);
        lines.push("\ntrue class by predicted class".to_owned());
        let header: Vec<String> = classes.iter().map(|c| format!("{c:>width$}")).collect();
        lines.push(format!("{:width$} {}", "", header.join(" ")));
        for (class, row) in classes.iter().zip(rows) {
            let cells: Vec<String> = row.iter().map(|x| format!("{x:>width$}")).collect();
            lines.push(format!("{class:width$} {}", cells.join(" ")));
        }
    }
    lines.join("\n") + "\n"
}
