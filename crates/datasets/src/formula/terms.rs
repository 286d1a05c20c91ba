//! From parts to terms: what `+ - * / : ^` mean between columns.

use super::error::suggestion;
use super::syntax::{Node, Operator, Spanned};
use super::{Formula, FormulaError};

/// More terms than this are a slip of the pen.
const MOST: usize = 10_000;

/// Functions of one column that give a column.
pub(crate) const FUNCTIONS: [&str; 11] = [
    "log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "abs", "sin", "cos", "tanh",
];
/// What else can be called.
const SPECIAL: [&str; 10] = [
    "I",
    "C",
    "Q",
    "ordinal",
    "center",
    "scale",
    "standardize",
    "poly",
    "offset",
    "cbind",
];

/// The terms of the right side of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terms {
    pub(crate) intercept: bool,
    /// Each a product of factors, in the order of their number of factors.
    pub(crate) products: Vec<Vec<Spanned>>,
    pub(crate) offsets: Vec<Spanned>,
}

/// A sum under expansion. A term without factors is the intercept.
type Sum = Vec<Vec<Spanned>>;

/// The terms of a formula, in which `.` stands for `others`. Without them, what `.` stands for is not known yet.
pub(crate) fn terms(formula: &Formula, others: Option<&[String]>) -> Result<Terms, FormulaError> {
    let mut expansion = Expansion {
        formula,
        others,
        offsets: Vec::new(),
    };
    if let Some(response) = &formula.response {
        expansion.check(response)?;
    }
    let mut sum = vec![Vec::new()];
    expansion.add(&formula.right, &mut sum)?;
    let intercept = sum.iter().any(Vec::is_empty);
    sum.retain(|term| !term.is_empty());
    sum.sort_by_key(Vec::len);
    Ok(Terms {
        intercept,
        products: sum,
        offsets: expansion.offsets,
    })
}

struct Expansion<'f> {
    formula: &'f Formula,
    others: Option<&'f [String]>,
    offsets: Vec<Spanned>,
}

fn same(a: &[Spanned], b: &[Spanned]) -> bool {
    a.len() == b.len() && a.iter().all(|factor| b.contains(factor))
}

fn insert(sum: &mut Sum, term: Vec<Spanned>) {
    if !sum.iter().any(|known| same(known, &term)) {
        sum.push(term);
    }
}

/// The factors of both, each once.
fn product(a: &[Spanned], b: &[Spanned]) -> Vec<Spanned> {
    let mut term = a.to_vec();
    term.extend(b.iter().filter(|factor| !a.contains(factor)).cloned());
    term
}

impl Expansion<'_> {
    fn fault<T>(&self, at: &Spanned, problem: impl Into<String>) -> Result<T, FormulaError> {
        Err(self.formula.error(at, problem))
    }

    /// Adds the terms of a part to a sum that may hold an intercept.
    fn add(&mut self, part: &Spanned, sum: &mut Sum) -> Result<(), FormulaError> {
        match &part.node {
            Node::Binary(Operator::Plus, left, right) => {
                self.add(left, sum)?;
                self.add(right, sum)
            }
            Node::Binary(Operator::Minus, left, right) => {
                self.add(left, sum)?;
                self.remove(right, sum)
            }
            Node::Negative(inner) => self.remove(inner, sum),
            Node::Number(0.0) => {
                sum.retain(|term| !term.is_empty());
                Ok(())
            }
            Node::Number(1.0) => {
                insert(sum, Vec::new());
                Ok(())
            }
            Node::Call {
                function,
                arguments,
            } if function == "offset" => match arguments.as_slice() {
                [value] => {
                    self.check(value)?;
                    self.offsets.push(value.clone());
                    Ok(())
                }
                _ => self.fault(part, "`offset` takes one column"),
            },
            _ => {
                for term in self.expand(part)? {
                    insert(sum, term);
                }
                if sum.len() > MOST {
                    return self.fault(part, format!("this makes more than {MOST} terms"));
                }
                Ok(())
            }
        }
    }

    fn remove(&mut self, part: &Spanned, sum: &mut Sum) -> Result<(), FormulaError> {
        match part.node {
            Node::Number(1.0) => sum.retain(|term| !term.is_empty()),
            Node::Number(0.0) => insert(sum, Vec::new()),
            _ => {
                for gone in self.expand(part)? {
                    let known = self.others.is_none() || sum.iter().any(|term| same(term, &gone));
                    if gone.is_empty() || !known {
                        return self.fault(
                            part,
                            "there is no such term before this that could be removed",
                        );
                    }
                    sum.retain(|term| !same(term, &gone));
                }
            }
        }
        Ok(())
    }

    /// The terms of a part within products and parentheses.
    fn expand(&mut self, part: &Spanned) -> Result<Sum, FormulaError> {
        let sum = match &part.node {
            Node::Binary(
                operator @ (Operator::Colon | Operator::Times | Operator::Over),
                left,
                right,
            ) => {
                let (left, right) = (self.expand(left)?, self.expand(right)?);
                let mut sum = Vec::new();
                if *operator != Operator::Colon {
                    left.iter().for_each(|term| insert(&mut sum, term.clone()));
                }
                if *operator == Operator::Times {
                    right.iter().for_each(|term| insert(&mut sum, term.clone()));
                }
                if *operator == Operator::Over {
                    let all = left
                        .iter()
                        .fold(Vec::new(), |all, term| product(&all, term));
                    right
                        .iter()
                        .for_each(|term| insert(&mut sum, product(&all, term)));
                } else {
                    for a in &left {
                        right.iter().for_each(|b| insert(&mut sum, product(a, b)));
                        if sum.len() > MOST {
                            break;
                        }
                    }
                }
                sum
            }
            Node::Binary(Operator::Power, base, power) => {
                let Node::Number(power) = power.node else {
                    return self.fault(
                        power,
                        "the power of a sum is a whole number; write I(…) for arithmetic",
                    );
                };
                if power < 1.0 || power.fract() != 0.0 || power > 20.0 {
                    return self.fault(part, "the power of a sum is a whole number from 1 to 20");
                }
                let base = self.expand(base)?;
                let mut sum = base.clone();
                for _ in 1..power as usize {
                    for a in sum.clone() {
                        base.iter().for_each(|b| insert(&mut sum, product(&a, b)));
                        if sum.len() > MOST {
                            break;
                        }
                    }
                }
                sum
            }
            Node::Binary(Operator::Plus | Operator::Minus, ..) | Node::Negative(_) => {
                let mut sum = Vec::new();
                self.add(part, &mut sum)?;
                if sum.iter().any(Vec::is_empty) {
                    return self.fault(part, "an intercept cannot be part of a product");
                }
                sum
            }
            Node::Number(_) => {
                return self.fault(part, "a number is no column; `1` or `0` stands in a sum, and I(2 * x) for arithmetic");
            }
            Node::Text(_) => {
                return self.fault(
                    part,
                    "a text is no column; write Q(\"…\") or backticks for an unusual name",
                );
            }
            Node::Rest => {
                let name = |name: &String| Spanned {
                    node: Node::Name(name.clone()),
                    from: part.from,
                    to: part.to,
                };
                let others = self.others.unwrap_or_default();
                others.iter().map(|other| vec![name(other)]).collect()
            }
            Node::Name(_) => vec![vec![part.clone()]],
            Node::Call {
                function,
                arguments,
            } => {
                self.check(part)?;
                match (function.as_str(), arguments.as_slice()) {
                    (
                        "Q",
                        [
                            Spanned {
                                node: Node::Text(name),
                                ..
                            },
                        ],
                    ) => vec![vec![Spanned {
                        node: Node::Name(name.clone()),
                        from: part.from,
                        to: part.to,
                    }]],
                    ("offset", _) => {
                        return self.fault(part, "an offset stands by itself in the sum");
                    }
                    ("cbind", _) => return self.fault(part, "`cbind` stands left of `~`"),
                    _ => vec![vec![part.clone()]],
                }
            }
        };
        if sum.len() > MOST {
            return self.fault(part, format!("this makes more than {MOST} terms"));
        }
        Ok(sum)
    }

    /// Refuses functions that do not exist.
    fn check(&self, part: &Spanned) -> Result<(), FormulaError> {
        match &part.node {
            Node::Call {
                function,
                arguments,
            } => {
                let known = || FUNCTIONS.iter().chain(&SPECIAL).copied();
                let inner = function == "C" && arguments.len() == 2;
                if !known().any(|name| name == function) {
                    let problem = format!(
                        "there is no function `{function}`{}",
                        suggestion(function, known())
                    );
                    let name = Spanned {
                        node: Node::Rest,
                        from: part.from,
                        to: part.from
                            + self.formula.text[part.from..part.to].find('(').unwrap_or(1),
                    };
                    return self.fault(&name, problem);
                }
                let takes_one = FUNCTIONS.contains(&function.as_str())
                    || ["I", "Q", "center", "scale", "standardize"].contains(&function.as_str());
                if takes_one && arguments.len() != 1 {
                    return self.fault(part, format!("`{function}` takes one argument"));
                }
                // The contrast of `C(a, Treatment("low"))` is read where it is used.
                let checked = if inner {
                    &arguments[..1]
                } else {
                    &arguments[..]
                };
                checked.iter().try_for_each(|argument| self.check(argument))
            }
            Node::Negative(inner) => self.check(inner),
            Node::Binary(_, left, right) => {
                self.check(left)?;
                self.check(right)
            }
            _ => Ok(()),
        }
    }
}
