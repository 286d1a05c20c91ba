//! `gradus diagnose`: a model beside the data that it was fitted to.

mod classes;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use datasets::{Dataset, Frame};
use models::glm::{Distribution, GeneralisedLinearModel, Weights};
use serde::Serialize;
use train::{
    Analysis, Coefficient, Covariance, DevianceRow, Fit, GlmFit, Observations, Reference, Residual,
    Test,
};

use self::table::table;
use crate::arguments::Format;
use crate::document::Document;
use crate::fit::csv_options;
use crate::inference;
use crate::output;

/// `gradus diagnose`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus diagnose model.json data/nba_rookie_draft.csv")]
pub struct DiagnoseArguments {
    /// The model, written by `gradus fit --out`.
    pub model: PathBuf,
    /// The CSV file that it was fitted to.
    pub file: PathBuf,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// How many influential rows are listed at most.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub rows: usize,
    /// How the diagnosis is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// A statistic with its distribution and probability.
#[derive(Debug, Serialize)]
struct Tested {
    statistic: f64,
    freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator: Option<f64>,
    p_value: f64,
}

impl From<Test> for Tested {
    fn from(test: Test) -> Self {
        let (freedom, denominator) = match test.reference {
            Reference::ChiSquare(freedom) => (freedom, None),
            Reference::F(a, b) => (a, Some(b)),
        };
        Self {
            statistic: test.statistic,
            freedom,
            denominator,
            p_value: test.p_value,
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    line: u64,
    leverage: f64,
    cook: f64,
    residual: f64,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    variance_inflation: f64,
    marginal_effect: f64,
    std_error: f64,
    p_value: f64,
    discrete: bool,
}

#[derive(Debug, Serialize)]
struct Added {
    term: String,
    deviance: f64,
    residual_freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<Tested>,
}

#[derive(Debug, Serialize)]
struct Found {
    estimate: f64,
    std_error: Option<f64>,
    p_value: Option<f64>,
}

impl From<Coefficient> for Found {
    fn from(c: Coefficient) -> Self {
        Self {
            estimate: c.estimate,
            std_error: c.inference.map(|i| i.std_error),
            p_value: c.inference.map(|i| i.p_value),
        }
    }
}

/// What `diagnose` prints; as JSON with these names.
#[derive(Debug, Serialize)]
struct Diagnosis {
    schema: u32,
    observations: usize,
    /// Least, first quartile, median, third quartile and largest deviance residual.
    deviance_residuals: [f64; 5],
    columns: Vec<Column>,
    condition_indices: Vec<f64>,
    analysis_of_deviance: Vec<Added>,
    link_test: Option<Found>,
    /// Pearson's statistic by its degrees of freedom.
    dispersion_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    overdispersion: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hosmer_lemeshow: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<[Found; 2]>,
    influential: Vec<Row>,
    validity: Vec<crate::document::Condition>,
}

/// Fits the model's specification to the file again, checks that it is the same fit, and prints what the fit says beside its data.
///
/// # Errors
/// Whatever is wrong with the model or the file, or that the file is not the one that the model was fitted to.
pub fn diagnose(arguments: &DiagnoseArguments) -> Result<()> {
    let document = Document::read(&arguments.model)?;
    if matches!(document.family.as_str(), "multinomial" | "ordinal") {
        return classes::diagnose(arguments, &document);
    }
    let model = specified(&document).with_context(|| arguments.model.display().to_string())?;
    let (data, frame) = read(arguments, &document)?;
    let observations = Observations::from(&data);
    let fit = model
        .fit(&data)
        .with_context(|| arguments.file.display().to_string())?;
    let coefficients = fit.coefficients().iter().map(|c| (None, c));
    ensure_same(arguments, &document, fit.observations(), coefficients)?;
    let analysis = fit.analyse(&model, &observations)?;
    let diagnosis = diagnosed(
        arguments,
        &model,
        &fit,
        &analysis,
        &observations,
        &frame,
        data.rows.as_deref(),
    )?;
    match arguments.format {
        Format::Json => output::print(&output::json(&diagnosis)?),
        Format::Csv => output::print(&influential(&diagnosis)?),
        Format::Table => output::print(&table(&diagnosis)?),
    }
}

/// A line an influential row.
fn influential(diagnosis: &Diagnosis) -> Result<String> {
    let rows = diagnosis.influential.iter().map(|row| {
        let numbers = [row.leverage, row.cook, row.residual].map(|x| x.to_string());
        std::iter::once(row.line.to_string())
            .chain(numbers)
            .collect()
    });
    output::csv(&["line", "leverage", "cook", "residual"], rows)
}

/// The data of the model, made again from the file.
fn read(arguments: &DiagnoseArguments, document: &Document) -> Result<(Dataset, Frame)> {
    let name = arguments.model.display();
    let recipe = document
        .recipe
        .as_ref()
        .with_context(|| format!("{name}: the model has no recipe, so its data cannot be made again; fit it with this version"))?;
    let options = recipe.dataset_csv_options(csv_options(arguments.no_header));
    let frame = options.read(&arguments.file)?;
    Ok((recipe.dataset(&frame)?, frame))
}

/// Refuses data to which a fit has other coefficients than the model.
fn ensure_same<'c>(
    arguments: &DiagnoseArguments,
    document: &Document,
    observations: usize,
    coefficients: impl Iterator<Item = (Option<String>, &'c Coefficient)>,
) -> Result<()> {
    let found: Vec<_> = coefficients.collect();
    let same = observations == document.observations
        && found.len() == document.coefficients.len()
        && found
            .iter()
            .zip(&document.coefficients)
            .all(|((class, a), b)| {
                let size = a.inference.map_or(0.0, |i| i.std_error);
                a.name == b.name
                    && *class == b.class
                    && (a.estimate - b.estimate).abs() <= 1e-5 * (size + b.estimate.abs())
            });
    ensure!(
        same,
        "{}: this is not the data that {} was fitted to, because a fit to it has other coefficients; give that file, or fit this one",
        arguments.file.display(),
        arguments.model.display()
    );
    Ok(())
}

/// The specification of a model file.
fn specified(document: &Document) -> Result<GeneralisedLinearModel> {
    ensure!(
        !matches!(document.family.as_str(), "huber" | "quantile"),
        "diagnose is for models with a likelihood, and this is one of the family {}",
        document.family
    );
    let specification = document.specification.as_ref().context(
        "diagnose is for generalised linear models that this version fitted; fit the model again",
    )?;
    ensure!(
        !specification.penalised,
        "a penalty is in force, and diagnostics of maximum likelihood do not hold for penalised estimates; fit without it"
    );
    let distribution = match (document.family.as_str(), specification) {
        ("gaussian", _) => Distribution::Gaussian,
        ("binomial", _) => Distribution::Binomial,
        ("poisson", _) => Distribution::Poisson,
        ("gamma", _) => Distribution::Gamma,
        ("inverse-gaussian", _) => Distribution::InverseGaussian,
        ("tweedie", s) => Distribution::Tweedie {
            power: s.power.context("the model has no power")?,
        },
        ("negative-binomial", s) => Distribution::NegativeBinomial {
            theta: s.theta.unwrap_or(1.0),
        },
        (other, _) => bail!("diagnose does not know the family {other}"),
    };
    let estimated = document.family == "negative-binomial" && specification.theta.is_none();
    let mut model = if estimated {
        GeneralisedLinearModel::negative_binomial()
    } else {
        GeneralisedLinearModel::new(distribution)
    };
    model = match specification.method.as_str() {
        "likelihood" => model,
        "quasi" => model.quasi(),
        "firth" => model.firth(),
        other => bail!("it was fitted by {other}, which this version does not know"),
    };
    if specification.analytic {
        model = model.weights_are(Weights::Analytic);
    }
    Ok(model.link(document.link.parse()?))
}

fn diagnosed(
    arguments: &DiagnoseArguments,
    model: &GeneralisedLinearModel,
    fit: &GlmFit,
    analysis: &Analysis<'_>,
    observations: &Observations<'_>,
    frame: &Frame,
    rows: Option<&[usize]>,
) -> Result<Diagnosis> {
    let all = analysis
        .residuals(Residual::Deviance)
        .into_iter()
        .enumerate();
    let counts = |i: usize| observations.weights.is_none_or(|weights| weights[i] > 0.0);
    let mut residuals: Vec<f64> = all.filter(|(i, _)| counts(*i)).map(|(_, r)| r).collect();
    residuals.sort_by(f64::total_cmp);
    let quartile = |k: usize| {
        let place = k as f64 / 4.0 * (residuals.len() - 1) as f64;
        let low = place as usize;
        let next = residuals[(low + 1).min(residuals.len() - 1)];
        residuals[low] + place.fract() * (next - residuals[low])
    };
    let effects = analysis.marginal_effects(&Covariance::Expected)?;
    let columns = analysis.variance_inflation().into_iter().zip(effects);
    let check = analysis.overdispersion();
    let terms = terms(&observations.names);
    let deviance = analysis.deviance_table(&terms)?;
    Ok(Diagnosis {
        schema: 1,
        observations: fit.observations(),
        deviance_residuals: std::array::from_fn(quartile),
        columns: columns
            .map(|((name, variance_inflation), effect)| Column {
                name,
                variance_inflation,
                marginal_effect: effect.estimate,
                std_error: effect.inference.std_error,
                p_value: effect.inference.p_value,
                discrete: effect.discrete,
            })
            .collect(),
        condition_indices: analysis.condition_indices()?,
        analysis_of_deviance: added(deviance),
        link_test: analysis.link_test().ok().map(Found::from),
        dispersion_ratio: check.ratio,
        overdispersion: check.pearson.map(Tested::from),
        hosmer_lemeshow: analysis
            .hosmer_lemeshow(10)
            .ok()
            .map(|found| found.test.into()),
        calibration: analysis
            .calibration(None)
            .ok()
            .map(|c| [c.intercept.into(), c.slope.into()]),
        influential: analysis
            .influential(arguments.rows)
            .into_iter()
            .map(|row| Row {
                line: frame.line(rows.map_or(row.row, |rows| rows[row.row])),
                leverage: row.leverage,
                cook: row.cook,
                residual: row.residual,
            })
            .collect(),
        validity: inference::conditions(train::validity(fit, model, observations)),
    })
}

fn added(table: Vec<DevianceRow>) -> Vec<Added> {
    let one = |row: DevianceRow| Added {
        term: row
            .columns
            .first()
            .map_or_else(|| "(none)".to_owned(), |name| stem(name)),
        deviance: row.deviance,
        residual_freedom: row.freedom,
        test: row.test.map(Tested::from),
    };
    table.into_iter().map(one).collect()
}

/// What stands before the levels of categories.
fn stem(name: &str) -> String {
    let part = |part: &str| match part.rfind('[') {
        Some(at) if at > 0 && part.ends_with(']') => part[..at].to_owned(),
        _ => part.to_owned(),
    };
    name.split(':').map(part).collect::<Vec<_>>().join(":")
}

/// Columns of one category are one term.
fn terms(names: &[String]) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    for name in names {
        match out.last_mut() {
            Some(last) if stem(name) != *name && stem(&last[0]) == stem(name) => {
                last.push(name.clone());
            }
            _ => out.push(vec![name.clone()]),
        }
    }
    out
}
