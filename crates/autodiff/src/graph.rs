//! A computation as a graph: a list of nodes for programs, the language of Graphviz for its tools.

use std::fmt::Write;

use linalg::Scalar;

use crate::{Shape, Tape, Var};

/// What made a value on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It is differentiated by.
    Variable,
    /// It entered as data.
    Constant,
    /// An operation of this name.
    Operation(&'static str),
}

impl Origin {
    /// "variable", "constant" or the name of the operation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::Constant => "constant",
            Self::Operation(name) => name,
        }
    }
}

/// A node of [`Var::graph`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// Its number on the tape.
    pub index: usize,
    /// The name that it was given, or that of its origin.
    pub name: String,
    /// What made it.
    pub origin: Origin,
    /// Rows and columns.
    pub shape: Shape,
    /// The numbers of its operands on the tape, each smaller than its own.
    pub operands: Vec<usize>,
}

impl<T: Scalar> Var<'_, T> {
    /// The computation of this value: itself and all that it depends on, operands first. Names can be given to variables.
    ///
    /// ```
    /// use autodiff::{Origin, Tape};
    /// let tape = Tape::new();
    /// let w = tape.variable(&[2.0]);
    /// let graph = (w * w).sigmoid().graph(&[(w, "w")]);
    /// assert_eq!(graph.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["w", "mul", "sigmoid"]);
    /// assert_eq!((graph[0].origin, &graph[1].operands[..]), (Origin::Variable, &[0, 0][..]));
    /// ```
    pub fn graph(self, names: &[(Self, &str)]) -> Vec<GraphNode> {
        let mut marks = Vec::new();
        self.tape()
            .mark_ancestors(self.index() as usize, &mut marks);
        self.tape()
            .graph_where(names, |at| marks.get(at) == Some(&true))
    }

    /// [`Var::graph`] in the language of Graphviz: an ellipse for each operation with its name and shape, a box for each matrix that
    /// entered.
    ///
    /// `dot -Tsvg` of the Graphviz tools makes a picture of it.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let w = tape.variable(&[2.0]);
    /// let graph = (w * w).sigmoid().to_dot(&[(w, "w")]);
    /// assert!(graph.contains("w\\n1x1") && graph.contains("sigmoid\\n1x1"));
    /// ```
    pub fn to_dot(self, names: &[(Self, &str)]) -> String {
        dot(&self.graph(names))
    }
}

impl<T: Scalar> Tape<T> {
    /// Everything on the tape as a graph; see [`Var::graph`].
    pub fn graph(&self, names: &[(Var<'_, T>, &str)]) -> Vec<GraphNode> {
        self.graph_where(names, |_| true)
    }

    /// Everything on the tape in the language of Graphviz; see [`Var::to_dot`].
    pub fn to_dot(&self, names: &[(Var<'_, T>, &str)]) -> String {
        dot(&self.graph(names))
    }

    /// What made the value of this number.
    pub(crate) fn origin(&self, index: usize) -> Origin {
        let node = &self.nodes()[index];
        match (node.operation(), node.key()) {
            (Some(operation), _) => Origin::Operation(operation.name()),
            (None, Some(_)) => Origin::Variable,
            (None, None) => Origin::Constant,
        }
    }

    fn graph_where(
        &self,
        names: &[(Var<'_, T>, &str)],
        shown: impl Fn(usize) -> bool,
    ) -> Vec<GraphNode> {
        let nodes = self.nodes();
        let node = |index: usize| {
            let given = names
                .iter()
                .find(|(var, _)| std::ptr::eq(var.tape(), self) && var.index() as usize == index);
            let origin = self.origin(index);
            let operands = nodes[index].operation().map_or(&[][..], |o| o.operands());
            GraphNode {
                index,
                name: given.map_or(origin.name(), |(_, name)| name).to_owned(),
                origin,
                shape: nodes[index].shape(),
                operands: operands.iter().map(|i| *i as usize).collect(),
            }
        };
        (0..nodes.len()).filter(|at| shown(*at)).map(node).collect()
    }
}

fn dot(nodes: &[GraphNode]) -> String {
    let mut out =
        String::from("digraph tape {\n  rankdir=BT;\n  node [fontname=\"sans-serif\"];\n");
    for node in nodes {
        let style = match node.origin {
            Origin::Operation(_) => "shape=ellipse",
            Origin::Variable => "shape=box, style=filled, fillcolor=\"#cfe2f3\"",
            Origin::Constant => "shape=box, style=filled, fillcolor=\"#eeeeee\"",
        };
        let (at, name, shape) = (node.index, escape(&node.name), node.shape);
        // Writing to a string does not fail.
        let _ = writeln!(out, "  n{at} [label=\"{name}\\n{shape}\", {style}];");
        for i in &node.operands {
            let _ = writeln!(out, "  n{i} -> n{at};");
        }
    }
    out.push_str("}\n");
    out
}

fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}
