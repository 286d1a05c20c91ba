//! Columns that a formula names, and powers of columns.

use crate::formula::{Node, Spanned};

/// More powers and products than this of a list of columns are a slip of the pen, and a higher degree.
pub(super) const MOST_POWERS: usize = 100_000;
pub(super) const HIGHEST_DEGREE: usize = 100;

/// How many powers and products of `n` numbers have a degree from 2 to `degree`; `None` if too many to make.
pub(super) fn count_of_powers(n: usize, degree: usize) -> Option<usize> {
    if degree > HIGHEST_DEGREE {
        return None;
    }
    // Those up to the degree k are (n + k) choose k.
    let mut all = 1_usize;
    for k in 1..=degree {
        all = all.checked_mul(n.checked_add(k)?)? / k;
    }
    let powers = all - 1 - if degree > 0 { n } else { 0 };
    (powers <= MOST_POWERS).then_some(powers)
}

/// All powers and products of `n` numbers with degrees from 2 to `degree`, by their degree: each a list of numbers and exponents.
pub(super) fn powers(n: usize, degree: usize) -> Vec<Vec<(usize, usize)>> {
    let mut all = Vec::new();
    if n == 0 {
        return all;
    }
    for degree in 2..=degree {
        // The numbers that are multiplied, in ascending order: 0 0, 0 1, 1 1.
        let mut factors = vec![0; degree];
        loop {
            let runs = factors.chunk_by(|a, b| a == b);
            all.push(runs.map(|run| (run[0], run.len())).collect());
            let Some(at) = factors.iter().rposition(|factor| *factor + 1 < n) else {
                break;
            };
            let next = factors[at] + 1;
            factors[at..].fill(next);
        }
    }
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
