//! What a learner sees: values with their shape and origin, and a computation as a graph.

use std::fmt::{self, Write};

use linalg::{Mat, Scalar};

use crate::{Shape, Tape, Var};

/// Matrices with more entries are abbreviated, as in PyTorch.
const ENTRIES: usize = 1000;
/// Rows and columns that are shown at each end of an abbreviated matrix.
const ENDS: usize = 3;

impl<T: Scalar> Var<'_, T> {
    /// The name of the operation that made it, or what it is.
    fn origin(self) -> &'static str {
        let nodes = self.tape().nodes();
        let node = &nodes[self.index() as usize];
        match (node.operation(), node.key()) {
            (Some(operation), _) => operation.name(),
            (None, Some(_)) => "variable",
            (None, None) => "constant",
        }
    }

    /// The computation of this value as a graph in the language of Graphviz: an ellipse for each operation with its name and
    /// shape, a box for each matrix that entered. Names can be given to variables.
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
        let mut marks = Vec::new();
        self.tape()
            .mark_ancestors(self.index() as usize, &mut marks);
        self.tape().graph(names, |at| marks.get(at) == Some(&true))
    }
}

impl<T: Scalar> Tape<T> {
    /// Everything on the tape as a graph; see [`Var::to_dot`].
    pub fn to_dot(&self, names: &[(Var<'_, T>, &str)]) -> String {
        self.graph(names, |_| true)
    }

    fn graph(&self, names: &[(Var<'_, T>, &str)], shown: impl Fn(usize) -> bool) -> String {
        let mut out =
            String::from("digraph tape {\n  rankdir=BT;\n  node [fontname=\"sans-serif\"];\n");
        let nodes = self.nodes();
        for (at, node) in nodes.iter().enumerate().filter(|(at, _)| shown(*at)) {
            let given = names
                .iter()
                .find(|(var, _)| std::ptr::eq(var.tape(), self) && var.index() as usize == at);
            let (name, style) = match (node.operation(), node.key()) {
                (Some(operation), _) => (operation.name(), "shape=ellipse"),
                (None, Some(_)) => ("variable", "shape=box, style=filled, fillcolor=\"#cfe2f3\""),
                (None, None) => ("constant", "shape=box, style=filled, fillcolor=\"#eeeeee\""),
            };
            let name = given.map_or(name, |(_, name)| name);
            let (name, shape) = (escape(name), node.shape());
            // Writing to a string does not fail.
            let _ = writeln!(out, "  n{at} [label=\"{name}\\n{shape}\", {style}];");
            for i in node.operation().map_or(&[][..], |o| o.operands()) {
                let _ = writeln!(out, "  n{i} -> n{at};");
            }
        }
        out.push_str("}\n");
        out
    }
}

fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The numbers of the rows (or columns) that are shown, with `None` for those left out.
fn shown(n: usize, abbreviate: bool) -> Vec<Option<usize>> {
    if !abbreviate || n <= 2 * ENDS {
        return (0..n).map(Some).collect();
    }
    let ends = (0..ENDS).map(Some);
    let tail = (n - ENDS..n).map(Some);
    ends.chain([None]).chain(tail).collect()
}

fn entries<T: Scalar>(m: &Mat<T>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let abbreviate = m.nrows() * m.ncols() > ENTRIES;
    let (rows, columns) = (shown(m.nrows(), abbreviate), shown(m.ncols(), abbreviate));
    f.write_str("[")?;
    for (k, row) in rows.iter().enumerate() {
        f.write_str(if k == 0 { "[" } else { "\n [" })?;
        let Some(i) = row else {
            f.write_str("…]")?;
            continue;
        };
        for (k, column) in columns.iter().enumerate() {
            if k > 0 {
                f.write_str(", ")?;
            }
            match column {
                Some(j) => fmt::Display::fmt(&m[(*i, *j)], f)?,
                None => f.write_str("…")?,
            }
        }
        f.write_str("]")?;
    }
    f.write_str("]")
}

impl<T: Scalar> fmt::Display for Var<'_, T> {
    /// The values, a line a row, with the shape and the operation that made it: `[[0.5], [0.25]] (2x1, sigmoid)`. A precision
    /// in the format applies to each entry; more than 1000 entries are abbreviated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        entries(&self.to_mat(), f)?;
        write!(f, " ({}, {})", self.shape(), self.origin())
    }
}

impl<T: Scalar> fmt::Debug for Var<'_, T> {
    /// Shape, origin and place, without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape: Shape = self.shape();
        let (origin, at, tape) = (self.origin(), self.index(), self.tape().id());
        write!(f, "{shape} {origin} (record {at} of tape {tape})")
    }
}
