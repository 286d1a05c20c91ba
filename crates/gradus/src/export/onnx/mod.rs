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

use anyhow::{Result, ensure};
use datasets::{Arithmetic, Input, InputKind, Step};
use models::glm::Link;

use self::graph::{Attribute, Builder, Element};
pub use self::network::onnx_network;
use super::Exported;
use super::columns::{RawKind, are_booleans, number_of};
use crate::head::Head;

/// The bytes of a model.
pub(super) fn write(exported: &Exported<'_>) -> Result<Vec<u8>> {
    ensure!(
        !exported.plan.features.is_empty(),
        "the model has no features, so an ONNX graph of it would have no input"
    );
    for input in &exported.plan.inputs {
        let boolean = exported
            .columns
            .iter()
            .any(|c| c.name == input.column && c.kind == RawKind::Boolean);
        ensure!(
            !boolean || input.fill.is_none() && input.kind != InputKind::Missing,
            "the model has predictions for rows without a value of `{}`, and booleans of ONNX have no missing value; export it as SQL, PMML or Rust",
            input.column
        );
    }
    let mut writer = Writer {
        exported,
        builder: Builder::new(Element::Double),
        inputs: Vec::new(),
        known: Vec::new(),
    };
    writer.inputs()?;
    writer.head()?;
    let names: Vec<&str> = exported.columns.iter().map(|c| c.name.as_str()).collect();
    let doc = format!("{}. Columns: {}.", exported.title(), names.join(", "));
    Ok(writer.builder.finish(doc))
}

struct Writer<'e> {
    exported: &'e Exported<'e>,
    builder: Builder,
    /// The value of each input: numbers, and for categories a column of 0 and 1 for each level.
    inputs: Vec<String>,
    /// The single tensor of numbers.
    known: Vec<String>,
}

impl Writer<'_> {
    fn inputs(&mut self) -> Result<()> {
        let columns = &self.exported.columns;
        let numbers = columns.iter().all(|column| column.kind == RawKind::Number);
        let mut raw: Vec<String> = Vec::new();
        if numbers {
            let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
            let all = self.builder.input(
                "features",
                Element::Double,
                columns.len(),
                &names.join(", "),
            );
            for k in 0..columns.len() {
                raw.push(self.column(&all, k));
            }
            self.known.push(all);
        } else {
            for column in columns {
                ensure!(
                    !column.name.is_empty()
                        && !column.name.starts_with('_')
                        && !column.name.starts_with("constant_"),
                    "ONNX has no room for a column called `{}`; rename it in the table and fit the model again",
                    column.name
                );
                let element = match column.kind {
                    RawKind::Number => Element::Double,
                    RawKind::Boolean => Element::Boolean,
                    RawKind::Text => Element::Text,
                };
                raw.push(self.builder.input(&column.name, element, 1, ""));
            }
        }
        for input in &self.exported.plan.inputs {
            let at = columns.iter().position(|c| c.name == input.column);
            let at = at.unwrap_or(0);
            let value = self.source(input, columns[at].kind, &raw[at]);
            self.inputs.push(value);
        }
        Ok(())
    }

    /// Column `k` of a matrix.
    fn column(&mut self, matrix: &str, k: usize) -> String {
        let at = self.builder.integers([k]);
        self.builder
            .op_with("Gather", &[matrix, &at], &[("axis", Attribute::Int(1))])
    }

    /// The value of an input from its raw column.
    fn source(&mut self, input: &Input, kind: RawKind, raw: &str) -> String {
        let b = &mut self.builder;
        match &input.kind {
            InputKind::Missing => {
                let missing = match kind {
                    RawKind::Text => {
                        let empty = b.texts(&[1, 1], &[""]);
                        b.op("Equal", &[raw, &empty])
                    }
                    _ => b.op("IsNaN", &[raw]),
                };
                b.cast(&missing, Element::Double)
            }
            InputKind::Number => match input.fill {
                Some(fill) => {
                    let (missing, fill) = (b.op("IsNaN", &[raw]), b.number(fill));
                    b.op("Where", &[&missing, &fill, raw])
                }
                None => raw.to_owned(),
            },
            InputKind::Boolean => b.cast(raw, Element::Double),
            InputKind::Category(levels) => {
                let k = levels.len();
                let code = match kind {
                    RawKind::Text => {
                        let mut keys: Vec<&str> = levels.iter().map(String::as_str).collect();
                        let mut places: Vec<f32> = (0..k).map(|place| place as f32).collect();
                        if let Some(fill) = input.fill {
                            keys.push("");
                            places.push(fill as f32);
                        }
                        let code = b.ml(
                            "LabelEncoder",
                            &[raw],
                            &[
                                ("keys_strings", Attribute::Strings(keys)),
                                ("values_floats", Attribute::Floats(places)),
                                ("default_float", Attribute::Float(f32::NAN)),
                            ],
                        );
                        b.cast(&code, Element::Double)
                    }
                    RawKind::Boolean => {
                        let place = |word: &str| levels.iter().position(|level| level == word);
                        let value = |place: Option<usize>| place.map_or(f64::NAN, |k| k as f64);
                        let no = b.number(value(place("false")));
                        let yes = b.number(value(place("true")));
                        debug_assert!(are_booleans(levels));
                        b.op("Where", &[raw, &yes, &no])
                    }
                    RawKind::Number => {
                        // One row of comparisons with all levels; its product with the places is the place.
                        let values: Vec<f64> =
                            levels.iter().filter_map(|level| number_of(level)).collect();
                        let values = b.numbers(&[1, k], values);
                        let equal = b.op("Equal", &[raw, &values]);
                        let equal = b.cast(&equal, Element::Double);
                        let places = b.numbers(&[k, 1], (0..k).map(|place| place as f64));
                        let ones = b.numbers(&[k, 1], (0..k).map(|_| 1.0));
                        let (place, found) = (
                            b.op("MatMul", &[&equal, &places]),
                            b.op("MatMul", &[&equal, &ones]),
                        );
                        let (one, nan) = (b.number(1.0), b.number(f64::NAN));
                        let found = b.op("Equal", &[&found, &one]);
                        let place = b.op("Where", &[&found, &place, &nan]);
                        match input.fill {
                            Some(fill) => {
                                let (missing, fill) = (b.op("IsNaN", &[raw]), b.number(fill));
                                b.op("Where", &[&missing, &fill, &place])
                            }
                            None => place,
                        }
                    }
                };
                let places = b.numbers(&[1, k], (0..k).map(|place| place as f64));
                let equal = b.op("Equal", &[&code, &places]);
                let indicators = b.cast(&equal, Element::Double);
                // A level that is not known is NaN, not the reference.
                let zero = b.number(0.0);
                let nothing = b.op("Mul", &[&code, &zero]);
                b.op("Add", &[&indicators, &nothing])
            }
        }
    }

    fn step(&mut self, step: &Step, values: &[String]) -> String {
        match *step {
            Step::Input(input) => self.inputs[input].clone(),
            Step::Constant(value) => self.builder.number(value),
            Step::Indicator { input, level } => {
                let indicators = self.inputs[input].clone();
                self.column(&indicators, level)
            }
            Step::Negative(of) => self.builder.op("Neg", &[&values[of]]),
            Step::Apply(function, of) => functions::apply(&mut self.builder, function, &values[of]),
            Step::Binary(operator, left, right) => {
                let name = match operator {
                    Arithmetic::Plus => "Add",
                    Arithmetic::Minus => "Sub",
                    Arithmetic::Times => "Mul",
                    Arithmetic::Over => "Div",
                    Arithmetic::Power => "Pow",
                };
                self.builder.op(name, &[&values[left], &values[right]])
            }
        }
    }

    /// The features as one matrix, and a column of 0 that is NaN where one of them is not finite.
    fn matrix(&mut self) -> (String, Option<String>, String) {
        let plan = &self.exported.plan;
        let raw = plan.inputs.len() == plan.features.len()
            && plan
                .features
                .iter()
                .enumerate()
                .all(|(k, step)| plan.steps[*step] == Step::Input(k))
            && plan
                .inputs
                .iter()
                .all(|i| i.fill.is_none() && i.kind == InputKind::Number)
            && self.exported.columns.len() == plan.inputs.len()
            && plan.offset.is_none();
        let (x, offset) = if let (true, Some(all)) = (raw, self.known.first()) {
            (all.clone(), None)
        } else {
            let mut values: Vec<String> = Vec::new();
            for step in &plan.steps {
                let value = self.step(step, &values);
                values.push(value);
            }
            let parts: Vec<&str> = plan
                .features
                .iter()
                .map(|step| values[*step].as_str())
                .collect();
            let x = self
                .builder
                .op_with("Concat", &parts, &[("axis", Attribute::Int(1))]);
            (x, plan.offset.map(|step| values[step].clone()))
        };
        let b = &mut self.builder;
        let (zero, axis) = (b.number(0.0), b.integers([1]));
        let nothing = b.op("Mul", &[&x, &zero]);
        let mut guard = b.op("ReduceSum", &[&nothing, &axis]);
        if let Some(offset) = &offset {
            let nothing = b.op("Mul", &[offset, &zero]);
            guard = b.op("Add", &[&guard, &nothing]);
        }
        (x, offset, guard)
    }

    fn head(&mut self) -> Result<()> {
        let exported = self.exported;
        let (x, offset, guard) = self.matrix();
        let features = exported.plan.features.len();
        match &exported.head {
            Head::Mean {
                link,
                intercept,
                slopes,
            } => {
                let b = &mut self.builder;
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
                let mean = b.op("Add", &[&mean, &nothing]);
                let header = exported.document.header();
                b.output(&header[0], &mean, Element::Double, 1, "");
                if let Some([no, yes]) = exported.document.pair() {
                    let threshold = b.number(exported.threshold);
                    let above = b.op("GreaterOrEqual", &[&mean, &threshold]);
                    let (no, yes) = (b.texts(&[1, 1], &[no]), b.texts(&[1, 1], &[yes]));
                    let label = b.op("Where", &[&above, &yes, &no]);
                    self.label(&mean, label);
                }
            }
            Head::Classes { intercepts, slopes } => {
                let b = &mut self.builder;
                let k = intercepts.len();
                let rows = (0..features).flat_map(|j| slopes.iter().map(move |own| own[j]));
                let weights = b.numbers(&[features, k], rows);
                let starts = b.numbers(&[1, k], intercepts.iter().copied());
                let product = b.op("MatMul", &[&x, &weights]);
                let eta = b.op("Add", &[&product, &starts]);
                let p = b.op_with("Softmax", &[&eta], &[("axis", Attribute::Int(1))]);
                let p = b.op("Add", &[&p, &guard]);
                self.classes(&p);
            }
            Head::Ordered {
                link,
                thresholds,
                slopes,
            } => {
                let b = &mut self.builder;
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
                let mut parts = vec![self.column(&below, 0)];
                for j in 1..last {
                    let [a, before] = [self.column(&below, j), self.column(&below, j - 1)];
                    let [na, nb] = [self.column(&above, j), self.column(&above, j - 1)];
                    let b = &mut self.builder;
                    let half = b.number(0.5);
                    let upper = b.op("Greater", &[&before, &half]);
                    let (tail, whole) = (b.op("Sub", &[&nb, &na]), b.op("Sub", &[&a, &before]));
                    parts.push(b.op("Where", &[&upper, &tail, &whole]));
                }
                parts.push(self.column(&above, last - 1));
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                let p = self
                    .builder
                    .op_with("Concat", &parts, &[("axis", Attribute::Int(1))]);
                let p = self.builder.op("Add", &[&p, &guard]);
                self.classes(&p);
            }
        }
        Ok(())
    }

    /// The outputs of several classes.
    fn classes(&mut self, p: &str) {
        let labels: Vec<&str> = self.exported.labels().iter().map(String::as_str).collect();
        let b = &mut self.builder;
        b.output(
            "probabilities",
            p,
            Element::Double,
            labels.len(),
            &labels.join(", "),
        );
        let most = b.op_with(
            "ArgMax",
            &[p],
            &[("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(1))],
        );
        let texts = b.texts(&[labels.len()], &labels);
        let label = b.op("Gather", &[&texts, &most]);
        let first = self.column(p, 0);
        self.label(&first, label);
    }

    /// The output `prediction`: empty where there is no probability.
    fn label(&mut self, p: &str, label: String) {
        let b = &mut self.builder;
        let (none, empty) = (b.op("IsNaN", &[p]), b.texts(&[1, 1], &[""]));
        let label = b.op("Where", &[&none, &empty, &label]);
        b.output("prediction", &label, Element::Text, 1, "");
    }
}
