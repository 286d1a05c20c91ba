//! `gradus diagnose`: a model beside the data that it was fitted to.

mod classes;
mod diagnosis;
mod effects;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use datasets::{Dataset, Frame, Recipe};
use models::glm::{Distribution, GeneralisedLinearModel, Weights};
use train::{Analysis, Coefficient, Covariance, DevianceRow, Fit, GlmFit, Observations, Residual};

use self::diagnosis::{Added, Column, Diagnosis, Found, Row, Tested};
pub(crate) use self::effects::{Affected, Effect, effects};
pub(crate) use self::table::p;
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

/// Fits the model's specification to the file again, checks that it is the same fit, and prints what the fit says beside its data.
///
/// # Errors
/// Whatever is wrong with the model or the file, or that the file is not the one that the model was fitted to.
pub fn diagnose(arguments: &DiagnoseArguments) -> Result<()> {
    let document = Document::read(&arguments.model)?;
    let name = arguments.model.display();
    document.sealed().with_context(|| format!("{name}"))?;
    if matches!(document.family.as_str(), "multinomial" | "ordinal") {
        return classes::diagnose(arguments, &document);
    }
    let Again {
        recipe,
        data,
        frame,
        model,
        fit,
    } = again(arguments, &document)?;
    let observations = Observations::from(&data);
    let analysis = fit.analyse(&model, &observations)?;
    let clusters = clusters(arguments, &document, recipe, &data)?;
    let own = (Covariance::Expected, "expected");
    let errors = Errors::new(&document, clusters.as_deref(), own);
    let effects = effects(recipe, &frame, &analysis, &errors.covariance)?;
    let rows = data.rows.as_deref();
    let line = |row: usize| frame.line(rows.map_or(row, |rows| rows[row]));
    let mut diagnosis = diagnosed(arguments, &analysis, &observations, effects, &line)?;
    diagnosis.effects_covariance = errors.name;
    diagnosis.effects_note = errors.note;
    diagnosis.validity = inference::conditions_of(&fit, &model, &observations, &|row| {
        format!("line {}", line(row))
    });
    match arguments.format {
        Format::Json => output::print(&output::json(&diagnosis)?),
        Format::Csv => output::print(&influential(&diagnosis)?),
        Format::Table => output::print(&table(&diagnosis)?),
    }
}

/// A model's data and its fit to them, made again.
pub(crate) struct Again<'d> {
    recipe: &'d Recipe,
    pub(crate) data: Dataset,
    pub(crate) frame: Frame,
    pub(crate) model: GeneralisedLinearModel,
    pub(crate) fit: GlmFit,
}

/// Fits the model's specification to the file again, and refuses a file to which another fit belongs.
pub(crate) fn again<'d>(
    arguments: &DiagnoseArguments,
    document: &'d Document,
) -> Result<Again<'d>> {
    let name = arguments.model.display();
    let model = specified(document).with_context(|| format!("{name}"))?;
    let (recipe, data, frame) = read(arguments, document)?;
    let fit = model
        .fit(&data)
        .with_context(|| arguments.file.display().to_string())?;
    let coefficients = fit.coefficients().iter().map(|c| (None, c));
    ensure_same(arguments, document, fit.observations(), coefficients)?;
    let near = |found: Option<f64>, written: Option<f64>| match (found, written) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * (1.0 + b.abs()),
        // The likelihood of a perfect fit is infinite, which a file cannot hold.
        (Some(a), None) => !a.is_finite(),
        (found, written) => found.is_none() && written.is_none(),
    };
    let same = data.target_name == document.target
        && fit.labels() == document.labels.as_deref()
        && near(fit.log_likelihood(), document.log_likelihood)
        && near(Some(fit.deviance()), document.deviance);
    if !same {
        ensure_optimal(arguments, document)?;
    }
    ensure!(
        same,
        "{name}: its target, labels, likelihood or deviance are not those of its own coefficients on this file, so the file was changed; fit the model again"
    );
    Ok(Again {
        recipe,
        data,
        frame,
        model,
        fit,
    })
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
fn read<'d>(
    arguments: &DiagnoseArguments,
    document: &'d Document,
) -> Result<(&'d Recipe, Dataset, Frame)> {
    let name = arguments.model.display();
    let recipe = document
        .recipe
        .as_ref()
        .with_context(|| format!("{name}: the model has no recipe, so its data cannot be made again; fit it with this version"))?;
    let options = recipe.dataset_csv_options(csv_options(arguments.no_header));
    let frame = crate::input::read(&options, &arguments.file)?;
    Ok((recipe, recipe.dataset(&frame)?, frame))
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
    if !same {
        ensure_optimal(arguments, document)?;
    }
    ensure!(
        same,
        "{}: this is not the data that {} was fitted to, because a fit to it has other coefficients; give that file, or fit this one",
        arguments.file.display(),
        arguments.model.display()
    );
    Ok(())
}

/// Refuses a model that a fit to its own data does not make again, because it stopped on the way.
fn ensure_optimal(arguments: &DiagnoseArguments, document: &Document) -> Result<()> {
    let status = document.certificate.status.as_str();
    ensure!(
        status == "converged",
        "{}: the fit stopped before its optimum ({status}), so its coefficients are not those of a fit to {}; repeat the fit with more iterations (--iterations), and diagnose what it reaches",
        arguments.model.display(),
        arguments.file.display()
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
        "a penalty is in force, or classes have weights, and diagnostics of maximum likelihood do not hold for such estimates; fit without it"
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

/// The clusters of the rows, if the model's errors are clustered.
fn clusters(
    arguments: &DiagnoseArguments,
    document: &Document,
    recipe: &Recipe,
    data: &Dataset,
) -> Result<Option<Vec<usize>>> {
    match (document.covariance.as_deref(), recipe.clusters()) {
        (Some("clustered"), Some(column)) => {
            let (file, no_header) = (&arguments.file, arguments.no_header);
            inference::clusters(file, no_header, column, data).map(Some)
        }
        _ => Ok(None),
    }
}

/// The covariance behind the errors of effects: that of the model, where it can be made again.
pub(crate) struct Errors<'c> {
    pub(crate) covariance: Covariance<'c>,
    name: &'static str,
    pub(crate) note: Option<&'static str>,
}

impl<'c> Errors<'c> {
    /// `own` are the model's own, with their name.
    pub(crate) fn new(
        document: &Document,
        clusters: Option<&'c [usize]>,
        own: (Covariance<'c>, &'static str),
    ) -> Self {
        let (covariance, name, note) = match (document.covariance.as_deref(), clusters) {
            (Some("hc0"), _) => (Covariance::Hc0, "hc0", None),
            (Some("hc1"), _) => (Covariance::Hc1, "hc1", None),
            (Some("hc2"), _) => (Covariance::Hc2, "hc2", None),
            (Some("hc3"), _) => (Covariance::Hc3, "hc3", None),
            (Some("clustered"), Some(clusters)) => {
                (Covariance::Clustered(clusters), "clustered", None)
            }
            (Some("clustered"), None) => (
                own.0,
                own.1,
                Some(
                    "the model has clustered errors, but its file does not name the column of the clusters; fit it again for clustered errors of effects",
                ),
            ),
            (Some("bootstrap"), _) => (
                own.0,
                own.1,
                Some("the model has errors of a bootstrap, which is not drawn again here"),
            ),
            _ => (own.0, own.1, None),
        };
        Self {
            covariance,
            name,
            note,
        }
    }
}

fn diagnosed(
    arguments: &DiagnoseArguments,
    analysis: &Analysis<'_>,
    observations: &Observations<'_>,
    effects: Vec<Effect>,
    line: &dyn Fn(usize) -> u64,
) -> Result<Diagnosis> {
    let fit = analysis.fit();
    let all = analysis
        .residuals(Residual::Deviance)
        .into_iter()
        .enumerate();
    let counts = |i: usize| {
        observations
            .weights
            .as_ref()
            .is_none_or(|weights| weights[i] > 0.0)
    };
    let mut residuals: Vec<f64> = all.filter(|(i, _)| counts(*i)).map(|(_, r)| r).collect();
    residuals.sort_by(f64::total_cmp);
    let quartile = |k: usize| {
        let place = k as f64 / 4.0 * (residuals.len() - 1) as f64;
        let low = place as usize;
        let next = residuals[(low + 1).min(residuals.len() - 1)];
        residuals[low] + place.fract() * (next - residuals[low])
    };
    let column = |(name, variance_inflation): (String, f64)| {
        let own = effects.iter().filter(|effect| effect.column == name);
        let own = own.into_iter().next();
        Column {
            name,
            variance_inflation,
            marginal_effect: own.and_then(|effect| effect.estimate),
            std_error: own.and_then(|effect| effect.std_error),
            p_value: own.and_then(|effect| effect.p_value),
            discrete: own.is_some_and(|effect| effect.change.is_some()),
        }
    };
    let columns = analysis.variance_inflation().into_iter().map(column);
    let columns: Vec<Column> = columns.collect();
    let check = analysis.overdispersion();
    let terms = terms(&observations.names);
    let deviance = analysis.deviance_table(&terms)?;
    Ok(Diagnosis {
        schema: 1,
        observations: fit.observations(),
        deviance_residuals: std::array::from_fn(quartile),
        columns,
        effects,
        effects_covariance: "expected",
        effects_note: None,
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
                line: line(row.row),
                leverage: row.leverage,
                cook: row.cook,
                residual: row.residual,
            })
            .collect(),
        validity: Vec::new(),
    })
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
