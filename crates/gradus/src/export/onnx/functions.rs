//! Functions of numbers as operations of ONNX.

use anyhow::{Result, bail};
use datasets::plan::Function;
use models::glm::Link;

use super::graph::Builder;

/// A function of the recipe.
pub(super) fn apply(b: &mut Builder, function: Function, x: &str) -> String {
    let logarithm = |b: &mut Builder, base: f64| {
        let (log, base) = (b.op("Log", &[x]), b.number(base));
        b.op("Div", &[&log, &base])
    };
    match function {
        Function::Log => b.op("Log", &[x]),
        Function::Log2 => logarithm(b, std::f64::consts::LN_2),
        Function::Log10 => logarithm(b, std::f64::consts::LN_10),
        Function::Log1p => {
            // Kahan's quotient, exact to some units of the last digit.
            let one = b.number(1.0);
            let u = b.op("Add", &[x, &one]);
            let (log, less) = (b.op("Log", &[&u]), b.op("Sub", &[&u, &one]));
            let ratio = b.op("Div", &[x, &less]);
            let value = b.op("Mul", &[&log, &ratio]);
            let small = b.op("Equal", &[&u, &one]);
            b.op("Where", &[&small, x, &value])
        }
        Function::Exp => b.op("Exp", &[x]),
        Function::Expm1 => expm1(b, x),
        Function::Sqrt => b.op("Sqrt", &[x]),
        Function::Abs => b.op("Abs", &[x]),
        Function::Sin => b.op("Sin", &[x]),
        Function::Cos => b.op("Cos", &[x]),
        Function::Tanh => b.op("Tanh", &[x]),
    }
}

/// eˣ − 1 by Kahan's quotient, exact to some units of the last digit.
fn expm1(b: &mut Builder, x: &str) -> String {
    let one = b.number(1.0);
    let u = b.op("Exp", &[x]);
    let less = b.op("Sub", &[&u, &one]);
    let log = b.op("Log", &[&u]);
    let ratio = b.op("Div", &[x, &log]);
    let value = b.op("Mul", &[&less, &ratio]);
    let (small, lowest) = (b.op("Equal", &[&u, &one]), b.number(-40.0));
    let value = b.op("Where", &[&small, x, &value]);
    // There u vanishes beside 1, and may be 0.
    let low = b.op("Less", &[x, &lowest]);
    let minus = b.number(-1.0);
    b.op("Where", &[&low, &minus, &value])
}

/// The mean at a linear predictor.
///
/// # Errors
/// For links that runtimes have in single precision only.
pub(super) fn mean(b: &mut Builder, link: Link, eta: &str) -> Result<String> {
    Ok(match link {
        Link::Identity => eta.to_owned(),
        Link::Logit => b.op("Sigmoid", &[eta]),
        Link::Log => b.op("Exp", &[eta]),
        Link::Cloglog => {
            let w = b.op("Exp", &[eta]);
            let w = b.op("Neg", &[&w]);
            let value = expm1(b, &w);
            b.op("Neg", &[&value])
        }
        Link::Inverse => b.op("Reciprocal", &[eta]),
        Link::InverseSquare => {
            let root = b.op("Sqrt", &[eta]);
            b.op("Reciprocal", &[&root])
        }
        Link::Sqrt => {
            let (square, zero, nan) = (b.op("Mul", &[eta, eta]), b.number(0.0), b.number(f64::NAN));
            let low = b.op("Less", &[eta, &zero]);
            b.op("Where", &[&low, &nan, &square])
        }
        other => bail!(
            "ONNX runtimes compute what the link {other} needs in single precision only; fit the model with the logit link, or export it as PMML"
        ),
    })
}
