//! `gradus compare`: two models of the same data.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use train::{Reference, Test};

use crate::arguments::Format;
use crate::document::Document;
use crate::output;

/// `gradus compare`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus compare small.json large.json")]
pub struct CompareArguments {
    /// A model, written by `gradus fit --out`.
    pub first: PathBuf,
    /// Another model of the same data.
    pub second: PathBuf,
    /// How the comparison is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct Side {
    model: String,
    family: String,
    link: String,
    observations: usize,
    coefficients: usize,
    log_likelihood: Option<f64>,
    deviance: Option<f64>,
    aic: Option<f64>,
    bic: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Ratio {
    larger: String,
    statistic: f64,
    freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator: Option<f64>,
    p_value: f64,
}

#[derive(Debug, Serialize)]
struct Comparison {
    schema: u32,
    models: [Side; 2],
    likelihood_ratio: Option<Ratio>,
    /// Why there is no test.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Prints the criteria of both models, and the likelihood-ratio test if one is a part of the other.
///
/// # Errors
/// If a file is not a model.
pub fn compare(arguments: &CompareArguments) -> Result<()> {
    let paths = [&arguments.first, &arguments.second];
    let documents = [Document::read(paths[0])?, Document::read(paths[1])?];
    let [a, b] = &documents;
    let (larger, smaller) = if a.coefficients.len() >= b.coefficients.len() {
        (0, 1)
    } else {
        (1, 0)
    };
    let test = nested(&documents[larger], &documents[smaller]);
    let side = |k: usize| Side {
        model: paths[k].display().to_string(),
        family: documents[k].family.clone(),
        link: documents[k].link.clone(),
        observations: documents[k].observations,
        coefficients: documents[k].coefficients.len(),
        log_likelihood: documents[k].log_likelihood,
        deviance: documents[k].deviance,
        aic: documents[k].aic,
        bic: documents[k].bic,
    };
    let (ratio, reason) = match test {
        Ok(test) => {
            let (freedom, denominator) = match test.reference {
                Reference::ChiSquare(freedom) => (freedom, None),
                Reference::F(a, b) => (a, Some(b)),
            };
            let ratio = Ratio {
                larger: paths[larger].display().to_string(),
                statistic: test.statistic,
                freedom,
                denominator,
                p_value: test.p_value,
            };
            (Some(ratio), None)
        }
        Err(reason) => (None, Some(reason)),
    };
    let comparison = Comparison {
        schema: 1,
        models: [side(0), side(1)],
        likelihood_ratio: ratio,
        reason,
    };
    match arguments.format {
        Format::Json => output::print(&output::json(&comparison)?),
        Format::Csv => output::print(&csv(&comparison)?),
        Format::Table => output::print(&table(&comparison)?),
    }
}

/// A line a model.
fn csv(comparison: &Comparison) -> Result<String> {
    let header = [
        "model",
        "family",
        "link",
        "observations",
        "coefficients",
        "log_likelihood",
        "deviance",
        "aic",
        "bic",
    ];
    let rows = comparison.models.iter().map(|side| {
        let numbers = [side.log_likelihood, side.deviance, side.aic, side.bic];
        let texts = [&side.model, &side.family, &side.link].map(Clone::clone);
        let counts = [side.observations, side.coefficients].map(|n| n.to_string());
        let numbers = numbers.map(|x| x.map(|x| x.to_string()).unwrap_or_default());
        texts.into_iter().chain(counts).chain(numbers).collect()
    });
    output::csv(&header, rows)
}

/// The likelihood-ratio test, or why there is none.
fn nested(larger: &Document, smaller: &Document) -> Result<Test, &'static str> {
    if larger.sealed().is_err() || smaller.sealed().is_err() {
        return Err(
            "a model has no checksum, so nothing says that it is as it was fitted; fit it again",
        );
    }
    if larger.target != smaller.target || larger.observations != smaller.observations {
        return Err("the models are of other targets or other numbers of rows");
    }
    if larger.family != smaller.family || larger.link != smaller.link {
        return Err("the models are of other families or links; compare AIC and BIC");
    }
    let penalised = |d: &Document| {
        let said = d.specification.as_ref();
        let said = said.is_some_and(|s| s.method == "firth" || s.penalised);
        // Robust losses have no likelihood, and that is another reason.
        said || d.l1 != 0.0 || d.l2 != 0.0 || d.log_likelihood.is_some() && d.aic.is_none()
    };
    if penalised(larger) || penalised(smaller) {
        return Err(
            "a penalty is in force, and a ratio of likelihoods needs fits of maximum likelihood",
        );
    }
    if larger.specification != smaller.specification {
        return Err("the models were fitted by other methods, or with another θ or power");
    }
    if larger.covariance.is_some() || smaller.covariance.is_some() {
        return Err(
            "the errors are robust because the likelihood is in doubt, and a ratio of likelihoods rests on it",
        );
    }
    if larger.data.is_none() || smaller.data.is_none() {
        return Err("a model has no fingerprint of its data; fit it again");
    }
    if larger.data != smaller.data {
        return Err("the models were fitted to other rows, weights or offsets");
    }
    if larger.labels != smaller.labels {
        return Err("the models have the classes in other orders; give both the same --levels");
    }
    if [larger, smaller]
        .iter()
        .any(|d| d.certificate.status != "converged")
    {
        return Err("a model did not reach its optimum");
    }
    let has = |c: &crate::document::Coefficient| {
        larger
            .coefficients
            .iter()
            .any(|own| own.name == c.name && own.class == c.class)
    };
    let more = larger.coefficients.len() as f64 - smaller.coefficients.len() as f64;
    if more < 1.0 || !smaller.coefficients.iter().all(has) {
        return Err(if more == 0.0 && smaller.coefficients.iter().all(has) {
            "the models have the same columns"
        } else {
            "neither model has all columns of the other; compare AIC and BIC"
        });
    }
    let test = statistic(larger, smaller, more)?;
    if test.statistic.is_nan() || test.statistic < -1e-8 {
        return Err(
            "the smaller model fits better than the larger, so one of them is not at its optimum, or both are perfect",
        );
    }
    Ok(test)
}

fn statistic(larger: &Document, smaller: &Document, more: f64) -> Result<Test, &'static str> {
    let theta = larger.family == "negative-binomial";
    if let (Some(dispersion), Some(freedom), false) =
        (&larger.dispersion, larger.residual_freedom, theta)
    {
        let (Some(a), Some(b)) = (larger.deviance, smaller.deviance) else {
            return Err("a model has no deviance");
        };
        let statistic = (b - a) / more / dispersion.estimate;
        return Ok(Test::new(statistic, Reference::F(more, freedom)));
    }
    match (larger.log_likelihood, smaller.log_likelihood) {
        (Some(a), Some(b)) => Ok(Test::new(2.0 * (a - b), Reference::ChiSquare(more))),
        _ => Err("a model has no likelihood"),
    }
}

fn table(comparison: &Comparison) -> Result<String> {
    let mut out = String::new();
    let width = comparison
        .models
        .iter()
        .map(|m| m.model.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(5, 60);
    writeln!(
        out,
        "{:<width$} {:>12} {:>12} {:>14} {:>14} {:>12} {:>12}",
        "model", "rows", "coefficients", "log-likelihood", "deviance", "AIC", "BIC"
    )?;
    let number = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.4}"));
    for m in &comparison.models {
        writeln!(
            out,
            "{:<width$} {:>12} {:>12} {:>14} {:>14} {:>12} {:>12}",
            m.model,
            m.observations,
            m.coefficients,
            number(m.log_likelihood),
            number(m.deviance),
            number(m.aic),
            number(m.bic)
        )?;
    }
    writeln!(out)?;
    if let Some(test) = &comparison.likelihood_ratio {
        let p = if test.p_value < 1e-4 {
            format!("{:.1e}", test.p_value)
        } else {
            format!("{:.4}", test.p_value)
        };
        match test.denominator {
            None => writeln!(
                out,
                "likelihood-ratio test for {}: chi-square {:.4} on {} degrees of freedom, p {p}",
                test.larger, test.statistic, test.freedom
            )?,
            Some(rest) => writeln!(
                out,
                "likelihood-ratio test for {}: F {:.4} on {} and {rest} degrees of freedom, p {p}",
                test.larger, test.statistic, test.freedom
            )?,
        }
    }
    if let Some(reason) = comparison.reason {
        writeln!(out, "no likelihood-ratio test: {reason}")?;
    }
    Ok(out)
}
