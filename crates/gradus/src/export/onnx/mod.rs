//! ONNX graphs of opset 17 in double precision.
//!
//! A model of columns of numbers takes one tensor `features`, a column each, in the order of the model's columns; another one takes a
//! tensor of one column for each column of the table, under its name: numbers as doubles, booleans as such, categories as strings. A
//! missing number is NaN, a missing category the empty string. Where `gradus predict` refuses a row, probabilities and means are NaN
//! and the predicted label is empty.

mod functions;
mod graph;
mod network;
mod proto;
mod table;

use anyhow::Result;
use models::glm::Link;

use self::graph::{Attribute, Builder, Element};
pub use self::network::onnx_network;
pub(super) use self::network::write as write_network;
use self::table::Features;
use super::Exported;
use crate::head::Head;
use crate::predictions::Scores;

/// The bytes of a generalised linear model.
pub(super) fn write(exported: &Exported<'_>) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Element::Double);
    let b = &mut builder;
    let Features { x, offset, guard } = table::features(b, &exported.plan, &exported.columns)?;
    let features = exported.plan.features.len();
    let scores = match &exported.head {
        Head::Mean {
            link,
            intercept,
            slopes,
        } => {
            let weights = b.numbers(&[features, 1], slopes.iter().copied());
            let product = b.op("MatMul", &[&x, &weights]);
            let start = b.number(*intercept);
            let mut eta = b.op("Add", &[&product, &start]);
            if let Some(offset) = &offset {
                eta = b.op("Add", &[&eta, offset]);
            }
            let mean = functions::mean(b, *link, &eta)?;
            let mean = b.op("Add", &[&mean, &guard]);
            // A mean that overflows is none.
            let zero = b.number(0.0);
            let nothing = b.op("Mul", &[&mean, &zero]);
            b.op("Add", &[&mean, &nothing])
        }
        Head::Classes { intercepts, slopes } => {
            let k = intercepts.len();
            let rows = (0..features).flat_map(|j| slopes.iter().map(move |own| own[j]));
            let weights = b.numbers(&[features, k], rows);
            let starts = b.numbers(&[1, k], intercepts.iter().copied());
            let product = b.op("MatMul", &[&x, &weights]);
            let eta = b.op("Add", &[&product, &starts]);
            let p = b.op_with("Softmax", &[&eta], &[("axis", Attribute::Int(1))]);
            b.op("Add", &[&p, &guard])
        }
        Head::Ordered {
            link,
            thresholds,
            slopes,
        } => {
            let weights = b.numbers(&[features, 1], slopes.iter().copied());
            let eta = b.op("MatMul", &[&x, &weights]);
            let cuts = b.numbers(&[1, thresholds.len()], thresholds.iter().copied());
            let t = b.op("Sub", &[&cuts, &eta]);
            let below = functions::mean(b, *link, &t)?;
            let above = if *link == Link::Logit {
                let t = b.op("Neg", &[&t]);
                functions::mean(b, *link, &t)?
            } else {
                // Of cloglog; the other links were refused above.
                let w = b.op("Exp", &[&t]);
                let w = b.op("Neg", &[&w]);
                b.op("Exp", &[&w])
            };
            let last = thresholds.len();
            let mut parts = vec![b.column(&below, 0)];
            for j in 1..last {
                let [a, before] = [b.column(&below, j), b.column(&below, j - 1)];
                let [na, nb] = [b.column(&above, j), b.column(&above, j - 1)];
                let half = b.number(0.5);
                let upper = b.op("Greater", &[&before, &half]);
                let (tail, whole) = (b.op("Sub", &[&nb, &na]), b.op("Sub", &[&a, &before]));
                parts.push(b.op("Where", &[&upper, &tail, &whole]));
            }
            parts.push(b.column(&above, last - 1));
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let p = b.op_with("Concat", &parts, &[("axis", Attribute::Int(1))]);
            b.op("Add", &[&p, &guard])
        }
    };
    outputs(b, &scores, exported.document.what(exported.threshold));
    let names: Vec<&str> = exported.columns.iter().map(|c| c.name.as_str()).collect();
    let doc = format!("{}. Columns: {}.", exported.title(), names.join(", "));
    Ok(builder.finish(doc))
}

/// The outputs of a graph: as the columns of `gradus predict`, but for the probabilities of several classes, which are one matrix. A
/// row without a probability has an empty label.
fn outputs(b: &mut Builder, scores: &str, what: Scores<'_>) {
    let (first, label) = match what {
        Scores::Several(labels) => {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let all = labels.join(", ");
            b.output("probabilities", scores, Element::Double, labels.len(), &all);
            let most = b.op_with(
                "ArgMax",
                &[scores],
                &[("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(1))],
            );
            let texts = b.texts(&[labels.len()], &labels);
            let label = b.op("Gather", &[&texts, &most]);
            (b.column(scores, 0), label)
        }
        Scores::Two(labels, threshold) => {
            b.output("probability", scores, Element::Double, 1, "");
            let [no, yes] = labels else { return };
            let threshold = b.number(threshold);
            let above = b.op("GreaterOrEqual", &[scores, &threshold]);
            let (no, yes) = (b.texts(&[1, 1], &[no]), b.texts(&[1, 1], &[yes]));
            (scores.to_owned(), b.op("Where", &[&above, &yes, &no]))
        }
        Scores::Number(name) => {
            b.output(name, scores, Element::Double, 1, "");
            return;
        }
    };
    let (none, empty) = (b.op("IsNaN", &[&first]), b.texts(&[1, 1], &[""]));
    let label = b.op("Where", &[&none, &empty, &label]);
    b.output("prediction", &label, Element::Text, 1, "");
}
