//! A query for `SQLite` and `PostgreSQL`: the rows of a table with predictions beside them.
//!
//! The first stage takes the columns of the model from the table, each by its full name (`SQLite` reads a name that it does not know as a
//! text), and gives them names of ours: other columns of the table, whatever they are called, take no part.
//!
//! Stages of common table expressions: the columns as numbers, intermediate values that are used more than once, linear predictors,
//! and the predictions. A function is called only where it is defined, because `PostgreSQL` stops at logarithms of negative numbers and at
//! exponentials that overflow or vanish; where it is not, the value is NULL, and with it the prediction.

mod forms;

use std::fmt::Write;

use anyhow::Result;
use datasets::plan::Step;

use self::forms::{
    apply, binary, exponential, finite, identifier, literal, mean, number, signed, source, tails,
};
use super::Exported;
use crate::head::Head;

/// The query.
pub(super) fn write(exported: &Exported<'_>, table: &str, keep: &[String]) -> Result<String> {
    let mut writer = Writer::new(exported);
    let table = identifier(table);
    let kept = writer.inputs(&table, keep);
    let values = writer.steps();
    let mut out = writer.head(&values)?;
    let stages = writer.stages;
    let mut text = format!(
        "-- {}.\n-- For SQLite (3.35 or later, with its mathematical functions) and PostgreSQL (12 or later). Columns of numbers are of a\n-- numeric type and hold no texts. Predictions are NULL where a value is missing, not finite or of a category that did not occur in the\n-- fit, where `gradus predict` stops with an error{}.\n",
        exported.title().replace(['\n', '\r'], " "),
        if exported.plan.drops_rows {
            " or leaves the line empty"
        } else {
            ""
        }
    );
    let mut from = table;
    for (k, stage) in stages.iter().enumerate() {
        let name = format!("gradus_{k}");
        let columns: Vec<String> = stage
            .iter()
            .map(|(alias, value)| format!("    {value} AS {alias}"))
            .collect();
        let open = if k == 0 { "WITH " } else { "" };
        let close = if k + 1 == stages.len() { "" } else { "," };
        let before = if k == 0 {
            String::new()
        } else {
            format!(" {from}.*,")
        };
        writeln!(
            text,
            "{open}{name} AS (\n  SELECT{before}\n{}\n  FROM {from}\n){close}",
            columns.join(",\n")
        )?;
        from = name;
    }
    let raw = |(alias, name): (String, &str)| format!("  {alias} AS {}", identifier(name));
    let mut columns: Vec<String> = kept.into_iter().map(raw).collect();
    out.iter_mut()
        .for_each(|(name, value)| *name = format!("  {value} AS {}", identifier(name)));
    columns.extend(out.into_iter().map(|(line, _)| line));
    writeln!(text, "SELECT\n{}\nFROM {from};", columns.join(",\n"))?;
    Ok(text)
}

struct Writer<'e> {
    exported: &'e Exported<'e>,
    /// Names and values of the columns that each stage adds.
    stages: Vec<Vec<(String, String)>>,
}

/// A value in a stage after which it can be used.
#[derive(Clone)]
struct Value {
    text: String,
    stage: usize,
}

impl<'e> Writer<'e> {
    fn new(exported: &'e Exported<'e>) -> Self {
        Self {
            exported,
            stages: Vec::new(),
        }
    }

    /// Adds a column to a stage, and gives its name.
    fn named(&mut self, stage: usize, value: String, prefix: &str) -> String {
        while self.stages.len() <= stage {
            self.stages.push(Vec::new());
        }
        let alias = format!("gradus_{prefix}{}_{stage}", self.stages[stage].len());
        self.stages[stage].push((alias.clone(), value));
        alias
    }

    /// The first stage: the columns that the query gives again, by their names here and in the table, and the inputs.
    fn inputs<'n>(&mut self, table: &str, keep: &'n [String]) -> Vec<(String, &'n str)>
    where
        'e: 'n,
    {
        let exported = self.exported;
        let own = exported.columns.iter().map(|c| c.name.as_str());
        let names: Vec<&str> = keep.iter().map(String::as_str).chain(own).collect();
        let column = |name: &str| format!("{table}.{}", identifier(name));
        let mut inputs: Vec<String> = Vec::new();
        for input in &exported.plan.inputs {
            inputs.push(source(input, &column(&input.column)));
        }
        if inputs.is_empty() {
            inputs.push("0.0".to_owned());
        }
        for value in inputs {
            self.named(0, value, "x");
        }
        let named = |(k, name): (usize, &'n str)| {
            let alias = format!("gradus_c{k}_0");
            self.stages[0].push((alias.clone(), column(name)));
            (alias, name)
        };
        names.into_iter().enumerate().map(named).collect()
    }

    /// True for a step that stands in one linear predictor and nowhere else: it needs no name.
    fn once(&self, at: usize) -> bool {
        let plan = &self.exported.plan;
        let uses = |step: &Step| match *step {
            Step::Apply(_, of) | Step::Negative(of) => of == at,
            Step::Binary(_, left, right) => left == at || right == at,
            _ => false,
        };
        !matches!(self.exported.head, Head::Classes { .. })
            && plan.features.iter().filter(|step| **step == at).count() == 1
            && plan.offset != Some(at)
            && !plan.steps.iter().any(uses)
    }

    /// The value of each step.
    fn steps(&mut self) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for (at, step) in self.exported.plan.steps.iter().enumerate() {
            let value = match *step {
                Step::Input(input) => Value {
                    text: format!("gradus_x{input}_0"),
                    stage: 0,
                },
                Step::Constant(value) => Value {
                    text: signed(value),
                    stage: 0,
                },
                Step::Indicator { input, level } => {
                    let x = format!("gradus_x{input}_0");
                    let text =
                        format!("CASE WHEN {x} = {level} THEN 1 WHEN {x} <> {level} THEN 0 END");
                    self.value(at, format!("CAST({text} AS DOUBLE PRECISION)"), 1)
                }
                Step::Negative(of) => {
                    let of = &values[of];
                    self.value(at, format!("(-{})", of.text), of.stage + 1)
                }
                Step::Apply(function, of) => {
                    let of = &values[of];
                    self.value(at, apply(function, &of.text), of.stage + 1)
                }
                Step::Binary(operator, left, right) => {
                    let (left, right) = (&values[left], &values[right]);
                    let stage = left.stage.max(right.stage) + 1;
                    self.value(at, binary(operator, &left.text, &right.text), stage)
                }
            };
            values.push(value);
        }
        values
    }

    fn value(&mut self, at: usize, text: String, stage: usize) -> Value {
        let text = if self.once(at) {
            text
        } else {
            self.named(stage, text, "t")
        };
        Value { text, stage }
    }

    /// Intercept and slopes as a sum, in the last stage.
    fn predictor(&self, values: &[Value], intercept: f64, slopes: &[f64]) -> String {
        let plan = &self.exported.plan;
        let mut text = format!("CAST({} AS DOUBLE PRECISION)", number(intercept));
        for (step, slope) in plan.features.iter().zip(slopes) {
            let _ = write!(
                text,
                "\n      + {} * {}",
                signed(*slope),
                values[*step].text
            );
        }
        if let Some(offset) = plan.offset {
            let _ = write!(text, "\n      + {}", values[offset].text);
        }
        text
    }

    /// The names and values of the predictions.
    fn head(&mut self, values: &[Value]) -> Result<Vec<(String, String)>> {
        let exported = self.exported;
        let header = exported.document.header();
        let first = self.stages.len();
        match &exported.head {
            Head::Mean {
                link,
                intercept,
                slopes,
            } => {
                let sum = self.predictor(values, *intercept, slopes);
                let eta = self.named(first, sum, "eta");
                let eta = self.named(first + 1, finite(&eta), "eta");
                let mean = self.named(first + 2, mean(*link, &eta)?, "mean");
                let mut out = vec![(header[0].clone(), mean.clone())];
                if let Some([zero, one]) = exported.document.pair() {
                    let (threshold, zero, one) =
                        (number(exported.threshold), literal(zero), literal(one));
                    let label = format!(
                        "CASE WHEN {mean} >= {threshold} THEN {one} WHEN {mean} < {threshold} THEN {zero} END"
                    );
                    out.push((header[1].clone(), label));
                }
                Ok(out)
            }
            Head::Classes { intercepts, slopes } => {
                let mut names = Vec::new();
                for (intercept, slopes) in intercepts.iter().zip(slopes) {
                    let sum = self.predictor(values, *intercept, slopes);
                    names.push(self.named(first, sum, "eta"));
                }
                let rows: Vec<String> = names
                    .iter()
                    .map(|eta| format!("SELECT {eta} AS v"))
                    .collect();
                let peak = format!(
                    "(SELECT max(v) FROM ({}) AS gradus_v)",
                    rows.join(" UNION ALL ")
                );
                let peak = self.named(first + 1, peak, "peak");
                let shares: Vec<String> = names
                    .iter()
                    .map(|eta| exponential(&format!("({eta} - {peak})")))
                    .collect();
                let shares: Vec<String> = shares
                    .into_iter()
                    .map(|share| self.named(first + 2, share, "share"))
                    .collect();
                let total = shares.join(" + ");
                let probabilities: Vec<String> = shares
                    .iter()
                    .map(|share| self.named(first + 3, format!("{share} / ({total})"), "p"))
                    .collect();
                Ok(self.classes(header, &probabilities))
            }
            Head::Ordered {
                link,
                thresholds,
                slopes,
            } => {
                let sum = self.predictor(values, 0.0, slopes);
                let eta = self.named(first, sum, "eta");
                let mut cumulative = Vec::new();
                for threshold in thresholds {
                    let t = format!("({} - {eta})", number(*threshold));
                    let cut = self.named(first + 1, finite(&t), "cut");
                    let (below, above) = tails(*link, &cut)?;
                    let below = self.named(first + 2, below, "below");
                    let above = self.named(first + 2, above, "above");
                    cumulative.push((below, above));
                }
                let last = cumulative.len();
                let mut probabilities = Vec::new();
                for j in 0..=last {
                    let text = match j {
                        0 => cumulative[0].0.clone(),
                        j if j == last => cumulative[j - 1].1.clone(),
                        j => {
                            let ((a, na), (b, nb)) = (&cumulative[j], &cumulative[j - 1]);
                            format!("CASE WHEN {b} > 0.5 THEN {nb} - {na} ELSE {a} - {b} END")
                        }
                    };
                    probabilities.push(self.named(first + 3, text, "p"));
                }
                Ok(self.classes(header, &probabilities))
            }
        }
    }

    fn classes(&self, header: Vec<String>, probabilities: &[String]) -> Vec<(String, String)> {
        let mut label = "CASE".to_owned();
        for (k, (p, name)) in probabilities.iter().zip(self.exported.labels()).enumerate() {
            let later = &probabilities[k + 1..];
            let condition: Vec<String> = match later {
                [] => vec![format!("{p} IS NOT NULL")],
                later => later
                    .iter()
                    .map(|other| format!("{p} >= {other}"))
                    .collect(),
            };
            let _ = write!(
                label,
                " WHEN {} THEN {}",
                condition.join(" AND "),
                literal(name)
            );
        }
        label.push_str(" END");
        let mut out: Vec<(String, String)> = header
            .into_iter()
            .zip(probabilities.iter().cloned())
            .collect();
        out.push(("prediction".to_owned(), label));
        out
    }
}
