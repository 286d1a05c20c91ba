//! PMML 4.4: a `RegressionModel` over derived fields that the steps of the recipe define.

mod steps;

use std::fmt::Write;

use anyhow::{Result, ensure};
use datasets::plan::InputKind;
use models::glm::Link;

use super::Exported;
use super::columns::{RawKind, are_booleans};
use crate::head::Head;

/// The text of an attribute or element.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// The shortest text that reads back to the same bits.
fn number(x: f64) -> String {
    format!("{x:?}")
}

fn constant(x: f64) -> String {
    format!("<Constant dataType=\"double\">{}</Constant>", number(x))
}

fn field(name: &str) -> String {
    format!("<FieldRef field=\"{}\"/>", escape(name))
}

fn apply(function: &str, arguments: &[&str]) -> String {
    format!(
        "<Apply function=\"{function}\">{}</Apply>",
        arguments.concat()
    )
}

/// The text of a file.
pub(super) fn write(exported: &Exported<'_>) -> Result<String> {
    let document = exported.document;
    ensure!(
        document.pair().is_none() || exported.threshold == 0.5,
        "PMML predicts the most probable class, which is the threshold 0.5; leave out --threshold, or compare the probability yourself"
    );
    let names = exported
        .columns
        .iter()
        .map(|c| &c.name)
        .chain([&document.target]);
    for name in names {
        ensure!(
            !name.starts_with("gradus_")
                && !name
                    .chars()
                    .any(|c| c.is_control() && !"\t\n\r".contains(c)),
            "PMML has no room for a column called {name:?}; rename it in the table and fit the model again"
        );
    }
    ensure!(
        exported.columns.iter().all(|c| c.name != document.target),
        "the target `{}` is also a column that the model takes, and PMML has one field of a name",
        document.target
    );
    let classes = !matches!(exported.head, Head::Mean { .. }) || document.pair().is_some();
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n",
    );
    writeln!(
        text,
        "  <Header description=\"{}\"><Application name=\"gradus\" version=\"{}\"/></Header>",
        escape(&exported.title()),
        env!("CARGO_PKG_VERSION")
    )?;
    dictionary(exported, classes, &mut text)?;
    steps::steps(exported, &mut text);
    model(exported, classes, &mut text)?;
    text.push_str("</PMML>\n");
    Ok(text)
}

/// The columns with their types and, of categories, their levels.
fn dictionary(exported: &Exported<'_>, classes: bool, text: &mut String) -> Result<()> {
    writeln!(
        text,
        "  <DataDictionary numberOfFields=\"{}\">",
        exported.columns.len() + 1
    )?;
    for column in &exported.columns {
        let levels = exported
            .plan
            .inputs
            .iter()
            .find_map(|input| match &input.kind {
                InputKind::Category(levels)
                    if input.column == column.name && !are_booleans(levels) =>
                {
                    Some(levels)
                }
                _ => None,
            });
        let (kind, data) = match (column.kind, levels) {
            (RawKind::Number, None) => ("continuous", "double"),
            (RawKind::Number, Some(_)) => ("categorical", "double"),
            (RawKind::Boolean, _) => ("categorical", "boolean"),
            (RawKind::Text, _) => ("categorical", "string"),
        };
        let values = listed(levels.map_or(&[], Vec::as_slice));
        writeln!(
            text,
            "    <DataField name=\"{}\" optype=\"{kind}\" dataType=\"{data}\">{values}</DataField>",
            escape(&column.name)
        )?;
    }
    let target = escape(&exported.document.target);
    if classes {
        let kind = match exported.head {
            Head::Ordered { .. } => "ordinal",
            _ => "categorical",
        };
        let values = listed(exported.labels());
        writeln!(
            text,
            "    <DataField name=\"{target}\" optype=\"{kind}\" dataType=\"string\">{values}</DataField>"
        )?;
    } else {
        writeln!(
            text,
            "    <DataField name=\"{target}\" optype=\"continuous\" dataType=\"double\"/>"
        )?;
    }
    text.push_str("  </DataDictionary>\n");
    Ok(())
}

/// The values that a field may have.
fn listed(values: &[String]) -> String {
    let mut text = String::new();
    for value in values {
        let _ = write!(text, "<Value value=\"{}\"/>", escape(value));
    }
    text
}

/// Intercept and slopes; the offset has the coefficient 1.
fn table(
    exported: &Exported<'_>,
    category: Option<&str>,
    intercept: f64,
    slopes: &[f64],
    sign: f64,
) -> String {
    let mut text = format!("      <RegressionTable intercept=\"{}\"", number(intercept));
    if let Some(category) = category {
        let _ = write!(text, " targetCategory=\"{}\"", escape(category));
    }
    text.push_str(">\n");
    let mut add = |step: usize, coefficient: f64| {
        let _ = writeln!(
            text,
            "        <NumericPredictor name=\"gradus_t{step}\" coefficient=\"{}\"/>",
            number(coefficient)
        );
    };
    for (step, slope) in exported.plan.features.iter().zip(slopes) {
        add(*step, sign * slope);
    }
    if let Some(offset) = exported.plan.offset {
        add(offset, 1.0);
    }
    text.push_str("      </RegressionTable>\n");
    text
}

fn model(exported: &Exported<'_>, classes: bool, text: &mut String) -> Result<()> {
    let document = exported.document;
    // What the output computes from the linear predictor, where no normalisation of PMML does.
    let mut transformed = None;
    let eta = field("gradus_eta");
    let normalisation = |link: Link| match link {
        Link::Logit => "logit",
        Link::Probit => "probit",
        Link::Cloglog => "cloglog",
        Link::Cauchit => "cauchit",
        Link::Log => "exp",
        _ => "none",
    };
    let (method, tables) = match &exported.head {
        Head::Mean {
            link,
            intercept,
            slopes,
        } => {
            transformed = match link {
                Link::Inverse => Some(apply("/", &[&constant(1.0), &eta])),
                Link::InverseSquare => Some(apply("/", &[&constant(1.0), &apply("sqrt", &[&eta])])),
                Link::Sqrt => Some(apply(
                    "if",
                    &[
                        &apply("greaterOrEqual", &[&eta, &constant(0.0)]),
                        &apply("*", &[&eta, &eta]),
                    ],
                )),
                _ => None,
            };
            let tables = match document.pair() {
                Some([zero, one]) => {
                    ensure!(
                        transformed.is_none() && !matches!(link, Link::Identity | Link::Log),
                        "PMML has no classes with the link {link}; fit the model with logit, probit, cloglog or cauchit"
                    );
                    table(exported, Some(one), *intercept, slopes, 1.0)
                        + &format!(
                            "      <RegressionTable intercept=\"0.0\" targetCategory=\"{}\"/>\n",
                            escape(zero)
                        )
                }
                None => table(exported, None, *intercept, slopes, 1.0),
            };
            (normalisation(*link), tables)
        }
        Head::Classes { intercepts, slopes } => {
            let all = exported.labels().iter().zip(intercepts).zip(slopes);
            let tables = all
                .map(|((label, start), slopes)| table(exported, Some(label), *start, slopes, 1.0));
            ("softmax", tables.collect())
        }
        Head::Ordered {
            link,
            thresholds,
            slopes,
        } => {
            let all = exported.labels().iter().zip(thresholds);
            let mut tables: String = all
                .map(|(label, start)| table(exported, Some(label), *start, slopes, -1.0))
                .collect();
            let last = exported.labels().last().map_or("", String::as_str);
            let _ = writeln!(
                tables,
                "      <RegressionTable intercept=\"0.0\" targetCategory=\"{}\"/>",
                escape(last)
            );
            (normalisation(*link), tables)
        }
    };
    let function = if classes {
        "classification"
    } else {
        "regression"
    };
    writeln!(
        text,
        "  <RegressionModel modelName=\"gradus\" functionName=\"{function}\" normalizationMethod=\"{method}\">\n    <MiningSchema>"
    )?;
    for column in &exported.columns {
        let missing = if column.optional || exported.plan.drops_rows {
            "asIs"
        } else {
            "returnInvalid"
        };
        writeln!(
            text,
            "      <MiningField name=\"{}\" usageType=\"active\" invalidValueTreatment=\"returnInvalid\" missingValueTreatment=\"{missing}\"/>",
            escape(&column.name)
        )?;
    }
    writeln!(
        text,
        "      <MiningField name=\"{}\" usageType=\"target\"/>\n    </MiningSchema>\n    <Output>",
        escape(&document.target)
    )?;
    let header = document.header();
    if classes {
        let labels: Vec<&String> = match document.pair() {
            Some(_) => exported.labels().iter().skip(1).collect(),
            None => exported.labels().iter().collect(),
        };
        for (name, label) in header.iter().zip(labels) {
            writeln!(
                text,
                "      <OutputField name=\"{}\" optype=\"continuous\" dataType=\"double\" feature=\"probability\" value=\"{}\"/>",
                escape(name),
                escape(label)
            )?;
        }
        writeln!(
            text,
            "      <OutputField name=\"prediction\" optype=\"categorical\" dataType=\"string\" feature=\"predictedValue\"/>"
        )?;
    } else if let Some(value) = transformed {
        writeln!(
            text,
            "      <OutputField name=\"gradus_eta\" optype=\"continuous\" dataType=\"double\" feature=\"predictedValue\"/>\n      <OutputField name=\"{}\" optype=\"continuous\" dataType=\"double\" feature=\"transformedValue\">{value}</OutputField>",
            header[0]
        )?;
    } else {
        writeln!(
            text,
            "      <OutputField name=\"{}\" optype=\"continuous\" dataType=\"double\" feature=\"predictedValue\"/>",
            header[0]
        )?;
    }
    writeln!(text, "    </Output>\n{tables}  </RegressionModel>")?;
    Ok(())
}
