//! Expressions of SQL that are defined and exact where they are evaluated.

use std::fmt::Write;

use anyhow::{Result, bail};
use datasets::plan::{Arithmetic, Function, Input, InputKind};
use models::glm::Link;

use crate::export::columns::{are_booleans, number_of};

const PI: &str = "3.141592653589793";

/// A number in 17 significant digits.
pub(super) fn number(x: f64) -> String {
    format!("{x:.16e}")
}

pub(super) fn signed(x: f64) -> String {
    if x.is_sign_negative() {
        format!("({})", number(x))
    } else {
        number(x)
    }
}

pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// NULL unless it is a finite number.
pub(super) fn finite(x: &str) -> String {
    let largest = number(f64::MAX);
    format!("CASE WHEN {x} BETWEEN -{largest} AND {largest} THEN {x} END")
}

/// eˣ, 0 where that is the nearest number, NULL where it overflows.
pub(super) fn exponential(x: &str) -> String {
    format!("CASE WHEN {x} < -745.0 THEN 0.0 WHEN {x} <= 709.782712893384 THEN exp({x}) END")
}

/// 1 / (1 + e⁻ˣ) without overflow.
fn sigmoid(x: &str) -> String {
    format!(
        "CASE WHEN {x} > 40.0 THEN 1.0 WHEN {x} >= 0.0 THEN 1.0 / (1.0 + exp(-{x})) WHEN {x} < -745.0 THEN 0.0 WHEN {x} < 0.0 THEN exp({x}) / (1.0 + exp({x})) END"
    )
}

/// eˣ − 1 by Kahan's quotient, exact to some units of the last digit.
fn minus_one(x: &str) -> String {
    let e = format!("exp({x})");
    format!(
        "CASE WHEN {x} < -40.0 THEN -1.0 WHEN {x} > 709.782712893384 THEN NULL WHEN {e} = 1.0 THEN {x} ELSE ({e} - 1.0) * {x} / ln({e}) END"
    )
}

/// 1 − exp(−eˣ).
fn cloglog(x: &str) -> String {
    let w = format!("({})", exponential(x));
    format!(
        "CASE WHEN {x} > 4.0 THEN 1.0 WHEN {x} < -37.0 THEN {w} WHEN {x} <= 4.0 THEN (1.0 - exp(-{w})) * {w} / (-ln(exp(-{w}))) END"
    )
}

/// The number of an input, of this column of the table: of a category the place of its level.
pub(super) fn source(input: &Input, column: &str) -> String {
    let known = match &input.kind {
        InputKind::Missing => {
            return format!("CASE WHEN {column} IS NULL THEN 1.0 ELSE 0.0 END");
        }
        InputKind::Number => {
            let x = finite(&format!("CAST({column} AS DOUBLE PRECISION)"));
            return match input.fill {
                Some(fill) => format!(
                    "CASE WHEN {column} IS NULL THEN CAST({} AS DOUBLE PRECISION) ELSE {x} END",
                    number(fill)
                ),
                None => x,
            };
        }
        InputKind::Boolean => boolean(column, Some(0), Some(1)),
        InputKind::Category(levels) if are_booleans(levels) => {
            let place = |word: &str| levels.iter().position(|level| level == word);
            boolean(column, place("false"), place("true"))
        }
        InputKind::Category(levels) => {
            let numbers: Option<Vec<f64>> = levels.iter().map(|level| number_of(level)).collect();
            let mut text = String::new();
            for (k, level) in levels.iter().enumerate() {
                let condition = match &numbers {
                    Some(numbers) => {
                        format!(
                            "CAST({column} AS DOUBLE PRECISION) = {}",
                            number(numbers[k])
                        )
                    }
                    None => format!("CAST({column} AS TEXT) = {}", literal(level)),
                };
                let _ = write!(text, " WHEN {condition} THEN {k}");
            }
            text
        }
    };
    let fill = input.fill.map_or(String::new(), |fill| {
        format!(" WHEN {column} IS NULL THEN {fill}")
    });
    let value = format!("CASE{fill}{known} END");
    match input.kind {
        InputKind::Boolean => format!("CAST({value} AS DOUBLE PRECISION)"),
        _ => value,
    }
}

/// Cases for the spellings of false and true.
fn boolean(column: &str, no: Option<usize>, yes: Option<usize>) -> String {
    let mut text = String::new();
    for (words, value) in [
        ("'false', 'f', 'no', 'n', '0', '0.0'", no),
        ("'true', 't', 'yes', 'y', '1', '1.0'", yes),
    ] {
        if let Some(value) = value {
            let _ = write!(
                text,
                " WHEN lower(CAST({column} AS TEXT)) IN ({words}) THEN {value}"
            );
        }
    }
    text
}

pub(super) fn apply(function: Function, x: &str) -> String {
    let positive = |call: String| format!("CASE WHEN {x} > 0.0 THEN {call} END");
    match function {
        Function::Log => positive(format!("ln({x})")),
        Function::Log2 => positive(format!("ln({x}) / ln(CAST(2 AS DOUBLE PRECISION))")),
        Function::Log10 => positive(format!("log10({x})")),
        // Kahan's quotient, exact to some units of the last digit.
        Function::Log1p => format!(
            "CASE WHEN 1.0 + {x} = 1.0 THEN {x} WHEN {x} > -1.0 THEN ln(1.0 + {x}) * {x} / ((1.0 + {x}) - 1.0) END"
        ),
        Function::Exp => exponential(x),
        Function::Expm1 => minus_one(x),
        Function::Sqrt => format!("CASE WHEN {x} >= 0.0 THEN sqrt({x}) END"),
        Function::Abs => format!("abs({x})"),
        Function::Sin => format!("sin({x})"),
        Function::Cos => format!("cos({x})"),
        Function::Tanh => format!("tanh({x})"),
    }
}

pub(super) fn binary(operator: Arithmetic, x: &str, y: &str) -> String {
    match operator {
        Arithmetic::Plus => format!("({x} + {y})"),
        Arithmetic::Minus => format!("({x} - {y})"),
        Arithmetic::Times => format!("({x} * {y})"),
        Arithmetic::Over => format!("CASE WHEN {y} <> 0.0 THEN {x} / {y} END"),
        Arithmetic::Power => format!(
            "CASE WHEN {x} > 0.0 OR {x} = 0.0 AND {y} >= 0.0 OR {x} < 0.0 AND {y} = floor({y}) THEN power({x}, {y}) END"
        ),
    }
}

pub(super) fn mean(link: Link, eta: &str) -> Result<String> {
    Ok(match link {
        Link::Identity => eta.to_owned(),
        Link::Logit => sigmoid(eta),
        Link::Log => exponential(eta),
        Link::Cloglog => cloglog(eta),
        Link::Cauchit => format!("atan2(1.0, -{eta}) / {PI}"),
        Link::Inverse => format!("CASE WHEN {eta} <> 0.0 THEN 1.0 / {eta} END"),
        Link::InverseSquare => format!("CASE WHEN {eta} > 0.0 THEN 1.0 / sqrt({eta}) END"),
        Link::Sqrt => format!("CASE WHEN {eta} >= 0.0 THEN {eta} * {eta} END"),
        other => return refuse(other),
    })
}

fn refuse<T>(link: Link) -> Result<T> {
    bail!(
        "SQL has no function for the link {link} that SQLite and PostgreSQL share; fit the model with the logit link, or export it as Rust or PMML"
    )
}

/// F and 1 − F at a cut point.
pub(super) fn tails(link: Link, t: &str) -> Result<(String, String)> {
    let above = match link {
        Link::Logit | Link::Cauchit => mean(link, &format!("(-{t})"))?,
        Link::Cloglog => format!(
            "CASE WHEN {t} > 6.7 THEN 0.0 ELSE exp(-({})) END",
            exponential(t)
        ),
        other => return refuse(other),
    };
    Ok((mean(link, t)?, above))
}
