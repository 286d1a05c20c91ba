//! An ONNX graph as it grows: operations by their results.

use prost::Message;

use super::proto;

/// The version of the operators, and of those of `ai.onnx.ml`.
const OPSET: i64 = 17;
const OPSET_ML: i64 = 2;
/// The version of the file format that goes with them.
const IR: i64 = 8;

/// What a tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Float = 1,
    Int64 = 7,
    Text = 8,
    Boolean = 9,
    Double = 11,
}

/// An attribute of an operation.
pub(super) enum Attribute<'a> {
    Float(f32),
    Int(i64),
    Floats(Vec<f32>),
    Strings(Vec<&'a str>),
}

/// A graph whose numbers are of one precision.
pub(super) struct Builder {
    precision: Element,
    graph: proto::Graph,
}

impl Builder {
    pub(super) fn new(precision: Element) -> Self {
        let graph = proto::Graph {
            name: "model".to_owned(),
            ..proto::Graph::default()
        };
        Self { precision, graph }
    }

    /// The precision of the numbers that follow.
    pub(super) fn set_precision(&mut self, precision: Element) {
        self.precision = precision;
    }

    /// An input or output with a row for each observation.
    fn value(name: &str, element: Element, columns: usize, doc: &str) -> proto::ValueInfo {
        let rows = proto::Dimension {
            parameter: Some("rows".to_owned()),
            value: None,
        };
        let columns = proto::Dimension {
            value: Some(columns as i64),
            parameter: None,
        };
        proto::ValueInfo {
            name: name.to_owned(),
            doc_string: doc.to_owned(),
            kind: Some(proto::Type {
                tensor: Some(proto::TensorType {
                    elem_type: element as i32,
                    shape: Some(proto::Shape {
                        dim: vec![rows, columns],
                    }),
                }),
            }),
        }
    }

    pub(super) fn input(
        &mut self,
        name: &str,
        element: Element,
        columns: usize,
        doc: &str,
    ) -> String {
        self.graph
            .input
            .push(Self::value(name, element, columns, doc));
        name.to_owned()
    }

    /// Gives a result a name as an output.
    pub(super) fn output(
        &mut self,
        name: &str,
        result: &str,
        element: Element,
        columns: usize,
        doc: &str,
    ) {
        self.node("", "Identity", &[result], &[], name.to_owned());
        self.graph
            .output
            .push(Self::value(name, element, columns, doc));
    }

    fn node(
        &mut self,
        domain: &str,
        operation: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
        output: String,
    ) {
        let attribute = |(name, value): &(&str, Attribute<'_>)| {
            let mut attribute = proto::Attribute {
                name: (*name).to_owned(),
                ..proto::Attribute::default()
            };
            match value {
                Attribute::Float(x) => (attribute.f, attribute.kind) = (Some(*x), 1),
                Attribute::Int(x) => (attribute.i, attribute.kind) = (Some(*x), 2),
                Attribute::Floats(x) => (attribute.floats, attribute.kind) = (x.clone(), 6),
                Attribute::Strings(x) => {
                    attribute.strings = x.iter().map(|x| x.as_bytes().to_vec()).collect();
                    attribute.kind = 8;
                }
            }
            attribute
        };
        self.graph.node.push(proto::Node {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            name: format!("{operation}_{}", self.graph.node.len()),
            output: vec![output],
            op_type: operation.to_owned(),
            attribute: attributes.iter().map(attribute).collect(),
            domain: domain.to_owned(),
        });
    }

    fn fresh(&self) -> String {
        format!("_{}", self.graph.node.len())
    }

    /// The result of an operation.
    pub(super) fn op(&mut self, operation: &str, inputs: &[&str]) -> String {
        self.op_with(operation, inputs, &[])
    }

    pub(super) fn op_with(
        &mut self,
        operation: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        let output = self.fresh();
        self.node("", operation, inputs, attributes, output.clone());
        output
    }

    /// The result of an operation of `ai.onnx.ml`.
    pub(super) fn ml(
        &mut self,
        operation: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        let output = self.fresh();
        self.node("ai.onnx.ml", operation, inputs, attributes, output.clone());
        output
    }

    /// Another kind of element.
    pub(super) fn cast(&mut self, x: &str, element: Element) -> String {
        self.op_with("Cast", &[x], &[("to", Attribute::Int(element as i64))])
    }

    /// Column `k` of a matrix.
    pub(super) fn column(&mut self, matrix: &str, k: usize) -> String {
        let at = self.integers([k]);
        self.op_with("Gather", &[matrix, &at], &[("axis", Attribute::Int(1))])
    }

    fn constant(
        &mut self,
        element: Element,
        dims: &[usize],
        raw: Option<Vec<u8>>,
        texts: Vec<Vec<u8>>,
    ) -> String {
        let tensor = proto::Tensor {
            dims: dims.iter().map(|n| *n as i64).collect(),
            data_type: element as i32,
            string_data: texts,
            name: format!("constant_{}", self.graph.initializer.len()),
            raw_data: raw,
        };
        // The same numbers are kept once.
        let same = |known: &&proto::Tensor| {
            known.dims == tensor.dims
                && known.data_type == tensor.data_type
                && known.raw_data == tensor.raw_data
                && known.string_data == tensor.string_data
        };
        if let Some(known) = self.graph.initializer.iter().find(same) {
            return known.name.clone();
        }
        let name = tensor.name.clone();
        self.graph.initializer.push(tensor);
        name
    }

    /// Numbers, row after row.
    pub(super) fn numbers(
        &mut self,
        dims: &[usize],
        values: impl IntoIterator<Item = f64>,
    ) -> String {
        let mut raw = Vec::new();
        for value in values {
            match self.precision {
                Element::Float => raw.extend((value as f32).to_le_bytes()),
                _ => raw.extend(value.to_le_bytes()),
            }
        }
        self.constant(self.precision, dims, Some(raw), Vec::new())
    }

    /// One number, as a matrix.
    pub(super) fn number(&mut self, value: f64) -> String {
        self.numbers(&[1, 1], [value])
    }

    pub(super) fn integers(&mut self, values: impl IntoIterator<Item = usize>) -> String {
        let raw: Vec<u8> = values
            .into_iter()
            .flat_map(|x| (x as i64).to_le_bytes())
            .collect();
        self.constant(Element::Int64, &[raw.len() / 8], Some(raw), Vec::new())
    }

    pub(super) fn texts(&mut self, dims: &[usize], texts: &[&str]) -> String {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        self.constant(Element::Text, dims, None, texts)
    }

    /// The bytes of the file.
    pub(super) fn finish(self, doc: String) -> Vec<u8> {
        let set = |domain: &str, version| proto::OperatorSet {
            domain: domain.to_owned(),
            version,
        };
        let mut opset_import = vec![set("", OPSET)];
        if self.graph.node.iter().any(|node| !node.domain.is_empty()) {
            opset_import.push(set("ai.onnx.ml", OPSET_ML));
        }
        let model = proto::Model {
            ir_version: IR,
            opset_import,
            producer_name: "gradus".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: doc,
            graph: Some(self.graph),
        };
        model.encode_to_vec()
    }
}
