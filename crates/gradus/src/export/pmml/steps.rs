//! The steps of a recipe as derived fields.

use std::fmt::Write;

use datasets::plan::{Arithmetic, Function, InputKind, Step};

use super::{apply, constant, escape, field, number};
use crate::export::Exported;
use crate::export::columns::{RawKind, number_of};

fn derived(text: &mut String, name: &str, kind: &str, data: &str, value: &str) {
    let _ = writeln!(
        text,
        "    <DerivedField name=\"{name}\" optype=\"{kind}\" dataType=\"{data}\">{value}</DerivedField>"
    );
}

/// The recipe: a derived field for each input and each step. One whose argument is missing is missing.
pub(super) fn steps(exported: &Exported<'_>, text: &mut String) {
    let plan = &exported.plan;
    text.push_str("  <TransformationDictionary>\n");
    for (k, input) in plan.inputs.iter().enumerate() {
        let name = format!("gradus_x{k}");
        let column = exported.columns.iter().find(|c| c.name == input.column);
        let raw = field(&input.column);
        let filled = |fill: &str| {
            format!(
                "<FieldRef field=\"{}\" mapMissingTo=\"{}\"/>",
                escape(&input.column),
                escape(fill)
            )
        };
        match &input.kind {
            InputKind::Missing => {
                let value = apply(
                    "if",
                    &[&apply("isMissing", &[&raw]), &constant(1.0), &constant(0.0)],
                );
                derived(text, &name, "continuous", "double", &value);
            }
            InputKind::Number => {
                let value = input.fill.map_or(raw, |fill| filled(&number(fill)));
                derived(text, &name, "continuous", "double", &value);
            }
            InputKind::Boolean => {
                let yes = "<Constant dataType=\"boolean\">true</Constant>";
                let known = apply(
                    "if",
                    &[
                        &apply("equal", &[&raw, yes]),
                        &constant(1.0),
                        &constant(0.0),
                    ],
                );
                let value = match input.fill {
                    Some(fill) => apply(
                        "if",
                        &[&apply("isMissing", &[&raw]), &constant(fill), &known],
                    ),
                    None => known,
                };
                derived(text, &name, "continuous", "double", &value);
            }
            InputKind::Category(levels) => {
                let data = match column.map(|c| c.kind) {
                    Some(RawKind::Number) => "double",
                    Some(RawKind::Boolean) => "boolean",
                    _ => "string",
                };
                let value = match input.fill {
                    Some(fill) => filled(&levels[fill as usize]),
                    None => raw,
                };
                derived(text, &name, "categorical", data, &value);
            }
        }
    }
    for (k, step) in plan.steps.iter().enumerate() {
        let name = format!("gradus_t{k}");
        let of = |step: usize| field(&format!("gradus_t{step}"));
        let value = match *step {
            Step::Input(input) => field(&format!("gradus_x{input}")),
            Step::Constant(value) => constant(value),
            Step::Indicator { input, level } => {
                let level = match &plan.inputs[input].kind {
                    InputKind::Category(levels) => level_text(levels, level),
                    _ => String::new(),
                };
                format!(
                    "<NormDiscrete field=\"gradus_x{input}\" value=\"{}\"/>",
                    escape(&level)
                )
            }
            Step::Negative(x) => apply("-", &[&constant(0.0), &of(x)]),
            Step::Apply(function, x) => call(function, &of(x)),
            Step::Binary(operator, left, right) => {
                let name = match operator {
                    Arithmetic::Plus => "+",
                    Arithmetic::Minus => "-",
                    Arithmetic::Times => "*",
                    Arithmetic::Over => "/",
                    Arithmetic::Power => "pow",
                };
                apply(name, &[&of(left), &of(right)])
            }
        };
        derived(text, &name, "continuous", "double", &value);
    }
    text.push_str("  </TransformationDictionary>\n");
}

/// How a level is written as a value of its field.
fn level_text(levels: &[String], level: usize) -> String {
    match number_of(&levels[level]) {
        Some(value) if levels.iter().all(|l| number_of(l).is_some()) => number(value),
        _ => levels[level].clone(),
    }
}

fn call(function: Function, x: &str) -> String {
    match function {
        Function::Log => apply("ln", &[x]),
        Function::Log2 => apply(
            "/",
            &[&apply("ln", &[x]), &constant(std::f64::consts::LN_2)],
        ),
        Function::Log10 => apply("log10", &[x]),
        Function::Log1p => apply("ln1p", &[x]),
        Function::Exp => apply("exp", &[x]),
        Function::Expm1 => apply("expm1", &[x]),
        Function::Sqrt => apply("sqrt", &[x]),
        Function::Abs => apply("abs", &[x]),
        Function::Sin => apply("sin", &[x]),
        Function::Cos => apply("cos", &[x]),
        Function::Tanh => apply("tanh", &[x]),
    }
}
