//! A model of several classes beside its data.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use models::glm::{MultinomialRegression, OrderedRegression};
use serde::Serialize;
use train::{ClassAnalysis, Covariance, Fit, Observations};

use super::table::{conditions, deviances, p};
use super::{Added, DiagnoseArguments, Tested, added, ensure_same, read, stem, terms};
use crate::arguments::Format;
use crate::document::{self, Document};
use crate::fitted::Fitted;
use crate::inference;
use crate::levels::arrange;
use crate::output;

/// The mean effect of a column on the probability of a class.
#[derive(Debug, Serialize)]
struct Mean {
    class: String,
    name: String,
    marginal_effect: f64,
    std_error: f64,
    p_value: f64,
    discrete: bool,
}

/// That a term has no effect, tested against the whole model.
#[derive(Debug, Serialize)]
struct Dropped {
    term: String,
    likelihood_ratio: Tested,
    /// Absent with Firth's penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Tested>,
    wald: Tested,
}

/// What `diagnose` prints of a model of several classes; as JSON with these names.
#[derive(Debug, Serialize)]
struct Diagnosis {
    schema: u32,
    observations: usize,
    /// Class after class, in their order.
    effects: Vec<Mean>,
    tests: Vec<Dropped>,
    analysis_of_deviance: Vec<Added>,
    validity: Vec<document::Condition>,
}

/// A line a class and column.
fn csv(diagnosis: &Diagnosis) -> Result<String> {
    let rows = diagnosis.effects.iter().map(|mean| {
        let numbers = [mean.marginal_effect, mean.std_error, mean.p_value].map(|x| x.to_string());
        let names = [mean.class.clone(), mean.name.clone()];
        names.into_iter().chain(numbers).collect()
    });
    let header = ["class", "column", "marginal_effect", "std_error", "p_value"];
    output::csv(&header, rows)
}

pub(super) fn diagnose(arguments: &DiagnoseArguments, document: &Document) -> Result<()> {
    let (_, mut data, _) = read(arguments, document)?;
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
    let diagnosis = Diagnosis {
        validity: inference::conditions(fitted.validity(&observations)),
        ..diagnosed(&analysis, &observations)?
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

fn diagnosed(analysis: &ClassAnalysis<'_>, data: &Observations<'_>) -> Result<Diagnosis> {
    let labels = analysis.fit().labels();
    let all = analysis.marginal_effects(&Covariance::Observed)?;
    let effects = labels.iter().zip(all).flat_map(|(class, effects)| {
        effects.into_iter().map(move |effect| Mean {
            class: class.clone(),
            name: effect.name,
            marginal_effect: effect.estimate,
            std_error: effect.inference.std_error,
            p_value: effect.inference.p_value,
            discrete: effect.discrete,
        })
    });
    let terms = terms(&data.names);
    let mut tests = Vec::new();
    for term in &terms {
        let names: Vec<&str> = term.iter().map(String::as_str).collect();
        tests.push(Dropped {
            term: stem(&term[0]),
            likelihood_ratio: analysis.likelihood_ratio(&names)?.into(),
            score: analysis.score(&names).ok().map(Tested::from),
            wald: analysis.wald(&names, &Covariance::Observed)?.into(),
        });
    }
    Ok(Diagnosis {
        schema: 1,
        observations: analysis.fit().observations(),
        effects: effects.collect(),
        tests,
        analysis_of_deviance: added(analysis.deviance_table(&terms)?),
        validity: Vec::new(),
    })
}

fn table(d: &Diagnosis) -> Result<String> {
    let mut out = String::new();
    writeln!(out, "{} observations\n", d.observations)?;
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let classes = longest(&mut d.effects.iter().map(|e| e.class.chars().count())).clamp(5, 40);
    let width = longest(&mut d.effects.iter().map(|e| e.name.chars().count())).clamp(11, 60);
    writeln!(
        out,
        "{:<classes$} {:<width$} {:>12} {:>12} {:>9}",
        "class", "column", "mean effect", "std. error", "p"
    )?;
    for e in &d.effects {
        writeln!(
            out,
            "{:<classes$} {:<width$} {:>12.6} {:>12.6} {:>9}",
            e.class,
            e.name,
            e.marginal_effect,
            e.std_error,
            p(e.p_value)
        )?;
    }
    writeln!(
        out,
        "\n{:<width$} {:>5} {:>12} {:>9} {:>12} {:>9} {:>12} {:>9}",
        "term left out", "df", "ratio", "p", "score", "p", "Wald", "p"
    )?;
    for t in &d.tests {
        write!(out, "{:<width$} {:>5}", t.term, t.likelihood_ratio.freedom)?;
        for test in [Some(&t.likelihood_ratio), t.score.as_ref(), Some(&t.wald)] {
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
