//! `gradus diagnose`: a model beside the data that it was fitted to.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use datasets::Frame;
use models::glm::{Distribution, GeneralisedLinearModel, Weights};
use serde::Serialize;
use train::{
    Analysis, Coefficient, Covariance, Fit, GlmFit, Observations, Reference, Residual, Test,
};

use crate::arguments::Format;
use crate::document::Document;
use crate::fit::csv_options;
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
    let name = arguments.model.display();
    let model = specified(&document).with_context(|| format!("{name}"))?;
    let recipe = document
        .recipe
        .as_ref()
        .with_context(|| format!("{name}: the model has no recipe, so its data cannot be made again; fit it with this version"))?;
    let options = recipe.dataset_csv_options(csv_options(arguments.no_header));
    let frame = options.read(&arguments.file)?;
    let data = recipe.dataset(&frame)?;
    let observations = Observations::from(&data);
    let fit = model
        .fit(&data)
        .with_context(|| arguments.file.display().to_string())?;
    let same = fit.observations() == document.observations
        && fit
            .coefficients()
            .iter()
            .zip(&document.coefficients)
            .all(|(a, b)| {
                let size = a.inference.map_or(0.0, |i| i.std_error);
                a.name == b.name
                    && (a.estimate - b.estimate).abs() <= 1e-5 * (size + b.estimate.abs())
            });
    ensure!(
        same,
        "{}: this is not the data that {name} was fitted to, because a fit to it has other coefficients; give that file, or fit this one",
        arguments.file.display()
    );
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
        Format::Json => output::print(&(serde_json::to_string_pretty(&diagnosis)? + "\n")),
        Format::Table => output::print(&table(&diagnosis)?),
    }
}

/// The specification of a model file.
fn specified(document: &Document) -> Result<GeneralisedLinearModel> {
    ensure!(
        !matches!(
            document.family.as_str(),
            "multinomial" | "ordinal" | "huber" | "quantile"
        ),
        "diagnose is for generalised linear models, and this is one of the family {}",
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
    let validity = train::validity(fit, model, observations).into_iter();
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
        analysis_of_deviance: deviance
            .into_iter()
            .map(|row| Added {
                term: row
                    .columns
                    .first()
                    .map_or_else(|| "(none)".to_owned(), |name| stem(name)),
                deviance: row.deviance,
                residual_freedom: row.freedom,
                test: row.test.map(Tested::from),
            })
            .collect(),
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
        validity: validity
            .map(|condition| crate::document::Condition {
                name: condition.name.to_owned(),
                holds: condition.holds,
                detail: condition.detail,
            })
            .collect(),
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

fn p(value: f64) -> String {
    if value < 1e-4 {
        format!("{value:.1e}")
    } else {
        format!("{value:.4}")
    }
}

fn tested(out: &mut String, what: &str, test: &Tested) -> Result<()> {
    match test.denominator {
        None => writeln!(
            out,
            "{what}: chi-square {:.4} on {} degrees of freedom, p {}",
            test.statistic,
            test.freedom,
            p(test.p_value)
        )?,
        Some(rest) => writeln!(
            out,
            "{what}: F {:.4} on {} and {rest} degrees of freedom, p {}",
            test.statistic,
            test.freedom,
            p(test.p_value)
        )?,
    }
    Ok(())
}

fn table(d: &Diagnosis) -> Result<String> {
    let mut out = String::new();
    let [least, first, median, third, largest] = d.deviance_residuals;
    writeln!(out, "{} observations", d.observations)?;
    writeln!(
        out,
        "deviance residuals: {least:.4} | {first:.4} | {median:.4} | {third:.4} | {largest:.4}  (least, quartiles, largest)\n"
    )?;
    let width = d
        .columns
        .iter()
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(11, 60);
    writeln!(
        out,
        "{:<width$} {:>12} {:>12} {:>9} {:>10}",
        "column", "mean effect", "std. error", "p", "VIF"
    )?;
    for c in &d.columns {
        writeln!(
            out,
            "{:<width$} {:>12.6} {:>12.6} {:>9} {:>10.3}",
            c.name,
            c.marginal_effect,
            c.std_error,
            p(c.p_value),
            c.variance_inflation
        )?;
    }
    writeln!(
        out,
        "\n{:<width$} {:>14} {:>10} {:>12} {:>9}",
        "term added", "deviance", "df left", "statistic", "p"
    )?;
    for t in &d.analysis_of_deviance {
        write!(
            out,
            "{:<width$} {:>14.6} {:>10}",
            t.term, t.deviance, t.residual_freedom
        )?;
        if let Some(test) = &t.test {
            write!(out, " {:>12.4} {:>9}", test.statistic, p(test.p_value))?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "\nlargest condition index of the columns: {:.2}",
        d.condition_indices.last().copied().unwrap_or(1.0)
    )?;
    if let Some(link) = &d.link_test {
        writeln!(
            out,
            "link test (square of the predictor): {:.6}, p {}",
            link.estimate,
            link.p_value.map_or_else(String::new, p)
        )?;
    }
    match &d.overdispersion {
        Some(test) => tested(
            &mut out,
            &format!(
                "dispersion: Pearson's statistic is {:.4} times its degrees of freedom",
                d.dispersion_ratio
            ),
            test,
        )?,
        None => writeln!(
            out,
            "dispersion: Pearson's statistic is {:.4} times its degrees of freedom",
            d.dispersion_ratio
        )?,
    }
    if let Some(test) = &d.hosmer_lemeshow {
        tested(&mut out, "Hosmer-Lemeshow", test)?;
    }
    if let Some([intercept, slope]) = &d.calibration {
        writeln!(
            out,
            "calibration: intercept {:.4}, slope {:.4}",
            intercept.estimate, slope.estimate
        )?;
    }
    if d.influential.is_empty() {
        writeln!(out, "\nno row has Cook's distance above 4/n")?;
    } else {
        writeln!(
            out,
            "\n{:>10} {:>10} {:>10} {:>10}  (Cook's distance above 4/n)",
            "line", "Cook", "leverage", "residual"
        )?;
        for row in &d.influential {
            writeln!(
                out,
                "{:>10} {:>10.4} {:>10.4} {:>10.4}",
                row.line, row.cook, row.leverage, row.residual
            )?;
        }
    }
    writeln!(out)?;
    for c in &d.validity {
        writeln!(
            out,
            "{} {}: {}",
            if c.holds { "holds  " } else { "CAUTION" },
            c.name,
            c.detail
        )?;
    }
    Ok(out)
}
