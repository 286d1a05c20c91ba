//! A model of several classes beside its data.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use models::glm::{MultinomialRegression, OrderedRegression};
use serde::Serialize;
use train::{ClassAnalysis, Covariance, Fit, Observations};

use super::effects::{Effect, effects};
use super::table::{conditions, deviances, effects_table, p};
use super::{
    Added, DiagnoseArguments, Errors, Tested, added, clusters, ensure_same, read, stem, terms,
};
use crate::arguments::Format;
use crate::document::{self, Document};
use crate::fitted::Fitted;
use crate::inference;
use crate::levels::arrange;
use crate::output;

/// That a term has no effect, tested against the whole model.
#[derive(Debug, Serialize)]
struct Dropped {
    term: String,
    likelihood_ratio: Tested,
    /// Absent with Firth's penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Tested>,
    /// Absent where a coefficient has no robust error.
    #[serde(skip_serializing_if = "Option::is_none")]
    wald: Option<Tested>,
}

/// What `diagnose` prints of a model of several classes; as JSON with these names.
#[derive(Debug, Serialize)]
struct Diagnosis {
    schema: u32,
    observations: usize,
    /// Class after class, in their order.
    effects: Vec<Effect>,
    /// The covariance behind the errors of the effects and Wald's tests: `observed`, `hc0`, `hc1` or `clustered`.
    effects_covariance: &'static str,
    /// Why it is not that of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    effects_note: Option<&'static str>,
    tests: Vec<Dropped>,
    analysis_of_deviance: Vec<Added>,
    validity: Vec<document::Condition>,
}

/// A line a class and column.
fn csv(diagnosis: &Diagnosis) -> Result<String> {
    let rows = diagnosis.effects.iter().map(|mean| {
        let numbers = [mean.estimate, mean.std_error, mean.p_value];
        let numbers = numbers.map(|x| x.map(|x| x.to_string()).unwrap_or_default());
        let names = [mean.class.clone().unwrap_or_default(), mean.name()];
        names.into_iter().chain(numbers).collect()
    });
    let header = ["class", "column", "marginal_effect", "std_error", "p_value"];
    output::csv(&header, rows)
}

pub(super) fn diagnose(arguments: &DiagnoseArguments, document: &Document) -> Result<()> {
    let (recipe, mut data, frame) = read(arguments, document)?;
    if let Some(labels) = &document.labels {
        let mut sorted = [labels.clone(), data.labels.clone().unwrap_or_default()];
        sorted.iter_mut().for_each(|list| list.sort());
        ensure!(
            data.labels.is_none() || sorted[0] == sorted[1],
            "{}: the classes of `{}` are not those of the model ({})",
            arguments.file.display(),
            document.target,
            labels.join(", ")
        );
        if data.labels.is_some() {
            arrange(&mut data, labels.clone());
        }
    }
    let observations = Observations::from(&data);
    let fitted = again(document, &data).with_context(|| arguments.file.display().to_string())?;
    let rows = fitted.of_classes().map_or(0, train::ClassFit::observations);
    ensure_same(arguments, document, rows, fitted.coefficients().into_iter())?;
    let analysis = fitted
        .analyse(&observations)
        .context("the model is not one of several classes")??;
    let clusters = clusters(arguments, document, recipe, &data)?;
    let own = (Covariance::Observed, "observed");
    let errors = Errors::new(document, clusters.as_deref(), own);
    let effects = effects(recipe, &frame, &analysis, &errors.covariance)?;
    let diagnosis = Diagnosis {
        validity: inference::conditions(fitted.validity(&observations)),
        ..diagnosed(&analysis, &observations, effects, &errors)?
    };
    match arguments.format {
        Format::Json => output::print(&output::json(&diagnosis)?),
        Format::Csv => output::print(&csv(&diagnosis)?),
        Format::Table => output::print(&table(&diagnosis)?),
    }
}

/// The fit of the model's specification.
fn again(document: &Document, data: &datasets::Dataset) -> Result<Fitted> {
    let method = document.specification.as_ref().map(|s| s.method.as_str());
    ensure!(
        document.l1 == 0.0 && document.l2 == 0.0,
        "a penalty is in force, and diagnostics of maximum likelihood do not hold for penalised estimates; fit without it"
    );
    if document.family == "ordinal" {
        let model = OrderedRegression::new().link(document.link.parse()?);
        return Ok(Fitted::Ordered(Box::new(model.fit(data)?)));
    }
    let mut model = MultinomialRegression::new();
    if method == Some("firth") {
        model = model.firth();
    }
    Ok(Fitted::Multinomial(Box::new(model.fit(data)?)))
}

fn diagnosed(
    analysis: &ClassAnalysis<'_>,
    data: &Observations<'_>,
    effects: Vec<Effect>,
    errors: &Errors<'_>,
) -> Result<Diagnosis> {
    let terms = terms(&data.names);
    let mut tests = Vec::new();
    for term in &terms {
        let names: Vec<&str> = term.iter().map(String::as_str).collect();
        tests.push(Dropped {
            term: stem(&term[0]),
            likelihood_ratio: analysis.likelihood_ratio(&names)?.into(),
            score: analysis.score(&names).ok().map(Tested::from),
            wald: analysis
                .wald(&names, &errors.covariance)
                .ok()
                .map(Tested::from),
        });
    }
    Ok(Diagnosis {
        schema: 1,
        observations: analysis.fit().observations(),
        effects,
        effects_covariance: errors.name,
        effects_note: errors.note,
        tests,
        analysis_of_deviance: added(analysis.deviance_table(&terms)?),
        validity: Vec::new(),
    })
}

fn table(d: &Diagnosis) -> Result<String> {
    let mut out = String::new();
    writeln!(out, "{} observations\n", d.observations)?;
    effects_table(&mut out, &d.effects, d.effects_covariance, d.effects_note)?;
    let terms = d.tests.iter().map(|t| t.term.chars().count());
    let width = terms.max().unwrap_or(0).clamp(13, 60);
    writeln!(
        out,
        "\n{:<width$} {:>5} {:>12} {:>9} {:>12} {:>9} {:>12} {:>9}",
        "term left out", "df", "ratio", "p", "score", "p", "Wald", "p"
    )?;
    for t in &d.tests {
        write!(out, "{:<width$} {:>5}", t.term, t.likelihood_ratio.freedom)?;
        for test in [Some(&t.likelihood_ratio), t.score.as_ref(), t.wald.as_ref()] {
            match test {
                Some(test) => write!(out, " {:>12.4} {:>9}", test.statistic, p(test.p_value))?,
                None => write!(out, " {:>12} {:>9}", "-", "-")?,
            }
        }
        writeln!(out)?;
    }
    deviances(&mut out, width, &d.analysis_of_deviance)?;
    conditions(&mut out, &d.validity)?;
    Ok(out)
}
