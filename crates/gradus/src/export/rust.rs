//! A file of Rust without dependencies: a struct for a row, and a function that predicts.

use std::fmt::Write;

use anyhow::{Result, bail};
use datasets::plan::{Arithmetic, Function, Input, InputKind, Step};
use models::glm::Link;

use super::Exported;
use super::columns::{RawColumn, RawKind, are_booleans, number_of};
use crate::head::Head;

/// The shortest text that reads back to the same bits.
fn number(x: f64) -> String {
    format!("{x:?}_f64")
}

/// Words that are no names.
const WORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "use", "virtual", "where", "while", "yield",
];

/// A name that Rust takes, unlike those before it.
fn identifier(name: &str, taken: &[String]) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let mut text: String = name.chars().map(letter).collect();
    if text.is_empty()
        || text.starts_with(|c: char| c.is_ascii_digit())
        || text.chars().all(|c| c == '_')
    {
        text = format!("column_{text}");
    }
    if WORDS.contains(&text.as_str()) {
        text.push('_');
    }
    let mut own = text.clone();
    let mut k = 2;
    while taken.contains(&own) {
        own = format!("{text}_{k}");
        k += 1;
    }
    own
}

/// The text of a file.
pub(super) fn write(exported: &Exported<'_>) -> Result<String> {
    let mut fields: Vec<String> = Vec::new();
    for column in &exported.columns {
        let next = identifier(&column.name, &fields);
        fields.push(next);
    }
    let mut text = format!(
        "//! {}.\n//!\n//! Written by `gradus export`; it needs nothing but the standard library.\n\n",
        exported.title().replace(['\n', '\r'], " ")
    );
    types(exported, &fields, &mut text)?;
    let body = body(exported, &fields)?;
    writeln!(
        text,
        "/// The prediction for a row.\n///\n/// # Errors\n/// [`Refused`] where the model has no prediction.\n#[allow(clippy::all, clippy::pedantic)]\npub fn predict(row: &Row{}) -> Result<Prediction, Refused> {{",
        if borrows(exported) { "<'_>" } else { "" }
    )?;
    text.push_str(&body);
    text.push_str("}\n");
    Ok(text)
}

fn borrows(exported: &Exported<'_>) -> bool {
    exported.columns.iter().any(|c| c.kind == RawKind::Text)
}

fn doc(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

fn types(exported: &Exported<'_>, fields: &[String], text: &mut String) -> Result<()> {
    let life = if borrows(exported) { "<'a>" } else { "" };
    writeln!(
        text,
        "/// The columns that the model takes.\n#[derive(Debug, Clone, Copy, PartialEq)]\npub struct Row{life} {{"
    )?;
    for (
        RawColumn {
            name,
            kind,
            optional,
        },
        field,
    ) in exported.columns.iter().zip(fields)
    {
        let kind = match kind {
            RawKind::Number => "f64",
            RawKind::Boolean => "bool",
            RawKind::Text => "&'a str",
        };
        let (kind, gaps) = match optional {
            true => (format!("Option<{kind}>"), "; `None` where it is missing"),
            false => (kind.to_owned(), ""),
        };
        writeln!(
            text,
            "    /// The column `{}`{gaps}.\n    pub {field}: {kind},",
            doc(name)
        )?;
    }
    let (fields, what) = match exported.head {
        Head::Mean { .. } => {
            let header = exported.document.header();
            let what = match exported.document.pair() {
                Some([_, one]) => format!("The probability of {one:?}."),
                None => format!("The {} of `{}`.", header[0], doc(&exported.document.target)),
            };
            (format!("    pub {}: f64,\n", header[0]), what)
        }
        _ => (
            format!(
                "    pub probabilities: [f64; {}],\n",
                exported.labels().len()
            ),
            "The probability of each class, in the order of [`CLASSES`].".to_owned(),
        ),
    };
    let several = !matches!(exported.head, Head::Mean { .. });
    let labelled = several || exported.document.pair().is_some();
    let label = match (labelled, several) {
        (false, _) => String::new(),
        (true, true) => {
            "    /// The most probable class.\n    pub prediction: &'static str,\n".to_owned()
        }
        (true, false) => format!(
            "    /// The class, at the threshold {:?}.\n    pub prediction: &'static str,\n",
            exported.threshold
        ),
    };
    writeln!(
        text,
        "}}\n\n/// What the model says about a row.\n#[derive(Debug, Clone, Copy, PartialEq)]\npub struct Prediction {{\n    /// {}\n{fields}{label}}}\n",
        doc(&what)
    )?;
    if labelled {
        writeln!(
            text,
            "/// The classes.\npub const CLASSES: [&str; {}] = {:?};\n",
            exported.labels().len(),
            exported.labels()
        )?;
    }
    writeln!(
        text,
        "/// Why a row has no prediction.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub enum Refused {{\n    /// The column of this name has a value that did not occur when the model was fitted.\n    Unknown(&'static str),\n    /// The column of this name is not a finite number.\n    NotANumber(&'static str),\n    /// A feature, or the prediction, is not a finite number.\n    NotFinite,\n}}\n\nimpl std::fmt::Display for Refused {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        match self {{\n            Self::Unknown(column) => write!(f, \"the column `{{column}}` has a value that did not occur when the model was fitted\"),\n            Self::NotANumber(column) => write!(f, \"the column `{{column}}` is not a finite number\"),\n            Self::NotFinite => f.write_str(\"the prediction is not a number; a value of the row is too large\"),\n        }}\n    }}\n}}\n\nimpl std::error::Error for Refused {{}}\n"
    )?;
    Ok(())
}

fn body(exported: &Exported<'_>, fields: &[String]) -> Result<String> {
    let mut text = String::new();
    let plan = &exported.plan;
    for (k, input) in plan.inputs.iter().enumerate() {
        let at = exported.columns.iter().position(|c| c.name == input.column);
        let at = at.unwrap_or(0);
        let value = source(input, &exported.columns[at], &fields[at]);
        writeln!(text, "    let x{k} = {value};")?;
    }
    for (k, step) in plan.steps.iter().enumerate() {
        let value = match *step {
            Step::Input(input) => format!("x{input}"),
            Step::Constant(value) => number(value),
            Step::Indicator { input, level } => format!("f64::from(u8::from(x{input} == {level}))"),
            Step::Negative(of) => format!("-t{of}"),
            Step::Apply(function, of) => format!("t{of}.{}()", method(function)),
            Step::Binary(Arithmetic::Power, left, right) => format!("t{left}.powf(t{right})"),
            Step::Binary(operator, left, right) => {
                let sign = match operator {
                    Arithmetic::Plus => '+',
                    Arithmetic::Minus => '-',
                    Arithmetic::Over => '/',
                    _ => '*',
                };
                format!("t{left} {sign} t{right}")
            }
        };
        writeln!(text, "    let t{k}: f64 = {value};")?;
    }
    let mut used: Vec<usize> = plan.features.iter().copied().chain(plan.offset).collect();
    used.sort_unstable();
    used.dedup();
    let list: Vec<String> = used.iter().map(|step| format!("t{step}")).collect();
    writeln!(
        text,
        "    let used: [f64; {}] = [{}];\n    if !used.iter().all(|x| x.is_finite()) {{\n        return Err(Refused::NotFinite);\n    }}",
        list.len(),
        list.join(", ")
    )?;
    // In the order of the program's own sum.
    let sum = |name: &str, start: f64, slopes: &[f64]| {
        let mut text = format!("    let mut {name} = 0.0_f64;\n");
        for (step, slope) in plan.features.iter().zip(slopes) {
            let _ = writeln!(
                text,
                "    {name} = f64::mul_add({}, t{step}, {name});",
                number(*slope)
            );
        }
        let offset = plan
            .offset
            .map_or(String::new(), |step| format!(" + t{step}"));
        let _ = writeln!(text, "    {name} += {}{offset};", number(start));
        text
    };
    match &exported.head {
        Head::Mean {
            link,
            intercept,
            slopes,
        } => {
            let name = &exported.document.header()[0];
            text.push_str(&sum("eta", *intercept, slopes));
            writeln!(
                text,
                "    let {name} = {};\n    if !{name}.is_finite() {{\n        return Err(Refused::NotFinite);\n    }}",
                mean(*link, "eta")?
            )?;
            match exported.document.pair() {
                Some(_) => writeln!(
                    text,
                    "    let prediction = CLASSES[usize::from({name} >= {})];\n    Ok(Prediction {{ {name}, prediction }})",
                    number(exported.threshold)
                )?,
                None => writeln!(text, "    Ok(Prediction {{ {name} }})")?,
            }
            return Ok(text);
        }
        Head::Classes { intercepts, slopes } => {
            for (k, (intercept, slopes)) in intercepts.iter().zip(slopes).enumerate() {
                text.push_str(&sum(&format!("eta{k}"), *intercept, slopes));
            }
            let all: Vec<String> = (0..intercepts.len()).map(|k| format!("eta{k}")).collect();
            writeln!(
                text,
                "    let eta = [{}];\n    let peak = eta.iter().copied().fold(f64::NEG_INFINITY, f64::max);\n    let shares = eta.map(|eta| (eta - peak).exp());\n    let total: f64 = shares.iter().sum();\n    let probabilities = shares.map(|share| share / total);",
                all.join(", ")
            )?;
        }
        Head::Ordered {
            link,
            thresholds,
            slopes,
        } => {
            text.push_str(&sum("eta", 0.0, slopes));
            let above = match link {
                Link::Logit | Link::Cauchit => mean(*link, "(-t)")?,
                Link::Cloglog => "(-t.exp()).exp()".to_owned(),
                other => return refuse(*other),
            };
            let cuts: Vec<String> = thresholds.iter().map(|t| number(*t)).collect();
            writeln!(
                text,
                "    let cuts = [{}].map(|cut: f64| cut - eta);\n    let below = cuts.map(|t: f64| {});\n    let above = cuts.map(|t: f64| {above});\n    let last = below.len();\n    let mut probabilities = [0.0_f64; {}];\n    for (j, p) in probabilities.iter_mut().enumerate() {{\n        // A difference in the tail where it does not cancel.\n        *p = match j {{\n            0 => below[0],\n            j if j == last => above[j - 1],\n            j if below[j - 1] > 0.5 => above[j - 1] - above[j],\n            j => below[j] - below[j - 1],\n        }};\n    }}",
                cuts.join(", "),
                mean(*link, "t")?,
                thresholds.len() + 1
            )?;
        }
    }
    text.push_str(
        "    if !probabilities.iter().all(|p| p.is_finite()) {\n        return Err(Refused::NotFinite);\n    }\n    let most = (0..CLASSES.len()).fold(0, |m, k| if probabilities[k] > probabilities[m] { k } else { m });\n    Ok(Prediction { probabilities, prediction: CLASSES[most] })\n",
    );
    Ok(text)
}

/// The number of an input: of a category the place of its level.
fn source(input: &Input, column: &RawColumn, field: &str) -> String {
    let name = &input.column;
    let gaps = column.optional;
    let value = format!("row.{field}");
    // Where a column is not optional as a whole, an input that has a fill meets no gap.
    let filled = |known: &str, fill: &str| {
        if gaps {
            format!(
                "match {value} {{\n        Some(x) => {known},\n        None => {fill},\n    }}"
            )
        } else {
            format!("{{\n        let x = {value};\n        {known}\n    }}")
        }
    };
    match &input.kind {
        InputKind::Missing => match (gaps, column.kind) {
            (true, _) => format!("f64::from(u8::from({value}.is_none()))"),
            (false, _) => "0.0_f64".to_owned(),
        },
        InputKind::Number => filled(
            &format!(
                "if x.is_finite() {{ x }} else {{ return Err(Refused::NotANumber({name:?})) }}"
            ),
            &number(input.fill.unwrap_or(f64::NAN)),
        ),
        InputKind::Boolean => filled(
            "f64::from(u8::from(x))",
            &number(input.fill.unwrap_or(f64::NAN)),
        ),
        InputKind::Category(levels) => {
            let mut arms = String::new();
            for (k, level) in levels.iter().enumerate() {
                let _ = match (number_of(level), column.kind) {
                    _ if are_booleans(levels) => write!(arms, "{level} => {k}, "),
                    (Some(number), RawKind::Number) => {
                        write!(arms, "x if x == {number:?} => {k}, ")
                    }
                    _ => write!(arms, "{level:?} => {k}, "),
                };
            }
            let known = if are_booleans(levels) && levels.len() == 2 {
                format!("match x {{ {arms}}}")
            } else {
                format!("match x {{ {arms}_ => return Err(Refused::Unknown({name:?})) }}")
            };
            let fill = input.fill.unwrap_or(0.0) as u32;
            format!(
                "{{\n        let place: u32 = {};\n        place\n    }}",
                filled(&known, &fill.to_string())
            )
        }
    }
}

fn method(function: Function) -> &'static str {
    match function {
        Function::Log => "ln",
        Function::Log2 => "log2",
        Function::Log10 => "log10",
        Function::Log1p => "ln_1p",
        Function::Exp => "exp",
        Function::Expm1 => "exp_m1",
        Function::Sqrt => "sqrt",
        Function::Abs => "abs",
        Function::Sin => "sin",
        Function::Cos => "cos",
        Function::Tanh => "tanh",
    }
}

fn mean(link: Link, eta: &str) -> Result<String> {
    Ok(match link {
        Link::Identity => eta.to_owned(),
        Link::Logit => format!(
            "{{\n        let e = (-{eta}.abs()).exp();\n        if {eta} >= 0.0 {{ 1.0 / (1.0 + e) }} else {{ e / (1.0 + e) }}\n    }}"
        ),
        Link::Log => format!("{eta}.exp()"),
        Link::Cloglog => format!("-(-{eta}.exp()).exp_m1()"),
        Link::Cauchit => format!("f64::atan2(1.0, -{eta}) * std::f64::consts::FRAC_1_PI"),
        Link::Inverse => format!("1.0 / {eta}"),
        Link::InverseSquare => format!("1.0 / {eta}.sqrt()"),
        Link::Sqrt => format!("if {eta} >= 0.0 {{ {eta} * {eta} }} else {{ f64::NAN }}"),
        other => return refuse(other),
    })
}

fn refuse<T>(link: Link) -> Result<T> {
    bail!(
        "the standard library of Rust has no function for the link {link}; fit the model with the logit link, or export it as PMML"
    )
}
