//! From the columns of a table to the features of a model.

use anyhow::{Result, ensure};
use datasets::plan::{Arithmetic, Input, InputKind, Plan, Step};

use super::functions;
use super::graph::{Attribute, Builder, Element};
use crate::export::columns::{RawColumn, RawKind, are_booleans, number_of};

/// The names of the results that a model goes on from.
pub(super) struct Features {
    /// All features as one matrix of doubles.
    pub(super) x: String,
    /// A column that is added to the predictor.
    pub(super) offset: Option<String>,
    /// A column of 0 that is NaN where a feature or the offset is not finite.
    pub(super) guard: String,
}

/// Writes the inputs of a graph and what is done to them before the model.
///
/// # Errors
/// If ONNX cannot say it.
pub(super) fn features(
    builder: &mut Builder,
    plan: &Plan,
    columns: &[RawColumn],
) -> Result<Features> {
    ensure!(
        !plan.features.is_empty(),
        "the model has no features, so an ONNX graph of it would have no input"
    );
    for input in &plan.inputs {
        let boolean = columns
            .iter()
            .any(|c| c.name == input.column && c.kind == RawKind::Boolean);
        ensure!(
            !boolean || input.fill.is_none() && input.kind != InputKind::Missing,
            "the model has predictions for rows without a value of `{}`, and booleans of ONNX have no missing value; export it as SQL, PMML or Rust",
            input.column
        );
    }
    let mut table = Table {
        plan,
        columns,
        builder,
        inputs: Vec::new(),
        known: Vec::new(),
    };
    table.inputs()?;
    Ok(table.features())
}

struct Table<'a> {
    plan: &'a Plan,
    columns: &'a [RawColumn],
    builder: &'a mut Builder,
    /// The value of each input: numbers, and for categories a column of 0 and 1 for each level.
    inputs: Vec<String>,
    /// The single tensor of numbers.
    known: Vec<String>,
}

impl Table<'_> {
    fn inputs(&mut self) -> Result<()> {
        let columns = self.columns;
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
                raw.push(self.builder.column(&all, k));
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
        for input in &self.plan.inputs {
            let at = columns.iter().position(|c| c.name == input.column);
            let at = at.unwrap_or(0);
            let value = self.source(input, columns[at].kind, &raw[at]);
            self.inputs.push(value);
        }
        Ok(())
    }

    /// The value of an input from its raw column.
    fn source(&mut self, input: &Input, kind: RawKind, raw: &str) -> String {
        let b = &mut *self.builder;
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
                self.builder.column(&indicators, level)
            }
            Step::Negative(of) => self.builder.op("Neg", &[&values[of]]),
            Step::Apply(function, of) => functions::apply(self.builder, function, &values[of]),
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

    fn features(&mut self) -> Features {
        let plan = self.plan;
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
            && self.columns.len() == plan.inputs.len()
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
        let b = &mut *self.builder;
        let (zero, axis) = (b.number(0.0), b.integers([1]));
        let nothing = b.op("Mul", &[&x, &zero]);
        let mut guard = b.op("ReduceSum", &[&nothing, &axis]);
        if let Some(offset) = &offset {
            let nothing = b.op("Mul", &[offset, &zero]);
            guard = b.op("Add", &[&guard, &nothing]);
        }
        Features { x, offset, guard }
    }
}
