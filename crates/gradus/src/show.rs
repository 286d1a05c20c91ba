//! `gradus show`: what a model file holds.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::arguments::Format;
use crate::document::{Coefficient, Document};
use crate::output;
use crate::predictor::Predictor;
use crate::usage::require;

/// `gradus show`.
#[derive(Debug, Args)]
#[command(after_help = "Example: gradus show model.json")]
pub struct ShowArguments {
    /// The model or network, written by `gradus fit --out` or `gradus train --out`; - for a model from standard input.
    pub model: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Prints what a model file says, without its data.
///
/// # Errors
/// If it is no model file that this version reads.
pub fn show(arguments: &ShowArguments) -> Result<()> {
    output::separate(&[&arguments.model], &[("--out", &arguments.out)])?;
    let text = match (Predictor::read(&arguments.model)?, arguments.format) {
        (Predictor::Model(document), Format::Table) => table(&document)?,
        (Predictor::Model(document), Format::Json) => document.to_json()?,
        (Predictor::Model(document), Format::Csv) => coefficients_csv(&document)?,
        (Predictor::Network(network), Format::Table) => network.to_string(),
        (Predictor::Network(network), Format::Json) => output::json(&network.account())?,
        (Predictor::Network(_), Format::Csv) => {
            return require(false, || {
                format!(
                    "{}: a network has no coefficients to list; use --format table or json",
                    arguments.model.display()
                )
            });
        }
    };
    output::give(arguments.out.as_deref(), &text)
}

/// A line a coefficient.
pub(crate) fn coefficients_csv(document: &Document) -> Result<String> {
    let several = document.coefficients.iter().any(|c| c.class.is_some());
    let mut header = vec!["coefficient"];
    if several {
        header.insert(0, "class");
    }
    header.extend([
        "estimate",
        "std_error",
        "statistic",
        "p_value",
        "conf_low",
        "conf_high",
    ]);
    let rows = document.coefficients.iter().map(|c| {
        let mut line = vec![c.name.clone()];
        if several {
            line.insert(0, c.class.clone().unwrap_or_default());
        }
        line.push(c.estimate.to_string());
        let rest = [c.std_error, c.statistic, c.p_value, c.conf_low, c.conf_high];
        line.extend(rest.map(|x| x.map(|x| x.to_string()).unwrap_or_default()));
        line
    });
    output::csv(&header, rows)
}

fn table(document: &Document) -> Result<String> {
    let mut text = String::new();
    writeln!(
        text,
        "{} regression of {}, link {}, {} observations",
        document.family, document.target, document.link, document.observations
    )?;
    if let Some(labels) = &document.labels {
        writeln!(text, "classes: {}", labels.join(", "))?;
    }
    if let Some(kind) = &document.covariance {
        let clusters = document.clusters.map(|n| format!(", {n} clusters"));
        writeln!(
            text,
            "standard errors: {kind}{}",
            clusters.unwrap_or_default()
        )?;
    }
    if let Some(kind) = &document.intervals {
        writeln!(text, "intervals: {kind}")?;
    }
    let firth = document
        .specification
        .as_ref()
        .is_some_and(|s| s.method == "firth");
    if firth {
        let tests = match document.intervals.as_deref() {
            Some("profile") => {
                "; statistics are ratios of penalised likelihoods, chi-square with 1 degree of freedom"
            }
            _ => "",
        };
        writeln!(text, "Firth's penalty{tests}")?;
    }
    if document.l1 > 0.0 || document.l2 > 0.0 {
        writeln!(text, "penalty: l1 {}, l2 {}", document.l1, document.l2)?;
    }
    let name = |c: &Coefficient| match &c.class {
        Some(class) => format!("{class}: {}", c.name),
        None => c.name.clone(),
    };
    let width = document
        .coefficients
        .iter()
        .map(|c| name(c).chars().count());
    let width = width.max().unwrap_or(0).max(11);
    writeln!(
        text,
        "\n{:width$}  {:>12} {:>12} {:>9} {:>9} {:>12} {:>12}",
        "coefficient", "estimate", "std. error", "statistic", "p", "2.5 %", "97.5 %"
    )?;
    for c in &document.coefficients {
        let number = |x: Option<f64>| x.map_or("-".to_owned(), |x| format!("{x:.6}"));
        writeln!(
            text,
            "{:width$}  {:>12.6} {:>12} {:>9} {:>9} {:>12} {:>12}",
            name(c),
            c.estimate,
            number(c.std_error),
            c.statistic.map_or("-".to_owned(), |x| format!("{x:.3}")),
            c.p_value.map_or("-".to_owned(), |p| if p < 1e-4 {
                format!("{p:.1e}")
            } else {
                format!("{p:.4}")
            }),
            number(c.conf_low),
            number(c.conf_high)
        )?;
    }
    let criteria = [
        ("log-likelihood", document.log_likelihood),
        ("deviance", document.deviance),
        ("null deviance", document.null_deviance),
        ("AIC", document.aic),
        ("BIC", document.bic),
    ];
    let known: Vec<String> = criteria
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} {value:.4}")))
        .collect();
    if !known.is_empty() {
        writeln!(text, "\n{}", known.join(", "))?;
    }
    let certificate = &document.certificate;
    writeln!(
        text,
        "{} after {} steps of {}: largest gradient entry {:.1e}, Newton decrement {:.1e}",
        certificate.status,
        certificate.iterations,
        certificate.solver,
        certificate.gradient_max,
        certificate.newton_decrement
    )?;
    for condition in document.validity.iter().filter(|c| !c.holds) {
        writeln!(text, "CAUTION {}: {}", condition.name, condition.detail)?;
    }
    Ok(text)
}
