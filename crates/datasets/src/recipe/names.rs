//! Columns that a formula names, and powers of columns.

use crate::formula::{Node, Spanned};

/// All exponents of `n` numbers with a sum from 2 to `degree`, by their sum.
pub(super) fn powers(n: usize, degree: usize) -> Vec<Vec<usize>> {
    fn extend(n: usize, left: usize, start: Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if start.len() == n {
            if left == 0 {
                all.push(start);
            }
            return;
        }
        for power in (0..=left).rev() {
            extend(n, left - power, [start.as_slice(), &[power]].concat(), all);
        }
    }
    let mut all = Vec::new();
    (2..=degree).for_each(|degree| extend(n, degree, Vec::new(), &mut all));
    all
}

/// The columns that a part of a formula names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) plain: Vec<String>,
    /// Those that stand within `C(…)`.
    pub(super) categories: Vec<String>,
    /// True if it says `.`.
    pub(super) rest: bool,
}

impl Names {
    /// All names, within `C(…)` or not.
    pub(super) fn all(mut self) -> Vec<String> {
        self.plain.append(&mut self.categories);
        self.plain
    }

    pub(super) fn collect(&mut self, part: &Spanned) {
        match &part.node {
            Node::Name(name) => self.plain.push(name.clone()),
            Node::Rest => self.rest = true,
            Node::Call {
                function,
                arguments,
            } => match (function.as_str(), arguments.as_slice()) {
                (
                    "Q",
                    [
                        Spanned {
                            node: Node::Text(name),
                            ..
                        },
                    ],
                ) => self.plain.push(name.clone()),
                ("C", [column, ..]) if column.column().is_some() => {
                    self.categories.extend(column.column().map(str::to_owned));
                }
                ("C", [column, ..]) => self.collect(column),
                _ => arguments.iter().for_each(|argument| self.collect(argument)),
            },
            Node::Negative(inner) => self.collect(inner),
            Node::Binary(_, left, right) => {
                self.collect(left);
                self.collect(right);
            }
            Node::Number(_) | Node::Text(_) => {}
        }
    }
}
