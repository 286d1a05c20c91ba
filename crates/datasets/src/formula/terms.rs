//! From parts to terms: what `+ - * / : ^` mean between columns.

use std::collections::HashSet;

use super::error::suggestion;
use super::syntax::{Exact, Node, Operator, Spanned};
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

/// A sum under expansion, in which every term occurs once. A term without factors is the intercept.
#[derive(Debug, Default)]
struct Sum {
    terms: Vec<Vec<Spanned>>,
    keys: HashSet<Vec<String>>,
}

/// The same for the same factors in any order.
fn key(term: &[Spanned]) -> Vec<String> {
    let mut key: Vec<String> = term
        .iter()
        .map(|factor| Exact(factor).to_string())
        .collect();
    key.sort_unstable();
    key
}

impl Sum {
    fn insert(&mut self, term: Vec<Spanned>) {
        if self.keys.insert(key(&term)) {
            self.terms.push(term);
        }
    }

    /// Removes terms, in one pass; false if there was none such for one of them.
    fn remove(&mut self, terms: &[Vec<Spanned>]) -> bool {
        let gone: HashSet<Vec<String>> = terms.iter().map(|term| key(term)).collect();
        let before = self.keys.len();
        self.keys.retain(|key| !gone.contains(key));
        if self.keys.len() < before {
            self.terms.retain(|term| !gone.contains(&key(term)));
        }
        before - self.keys.len() == gone.len()
    }

    fn has_intercept(&self) -> bool {
        self.keys.contains(&Vec::new())
    }

    fn one(term: Vec<Spanned>) -> Self {
        let mut sum = Self::default();
        sum.insert(term);
        sum
    }
}

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
    let mut sum = Sum::one(Vec::new());
    expansion.add(&formula.right, &mut sum)?;
    let intercept = sum.remove(&[Vec::new()]);
    sum.terms.sort_by_key(Vec::len);
    Ok(Terms {
        intercept,
        products: sum.terms,
        offsets: expansion.offsets,
    })
}

struct Expansion<'f> {
    formula: &'f Formula,
    others: Option<&'f [String]>,
    offsets: Vec<Spanned>,
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
                sum.remove(&[Vec::new()]);
                Ok(())
            }
            Node::Number(1.0) => {
                sum.insert(Vec::new());
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
                for term in self.expand(part)?.terms {
                    sum.insert(term);
                }
                self.not_too_many(part, sum)
            }
        }
    }

    fn remove(&mut self, part: &Spanned, sum: &mut Sum) -> Result<(), FormulaError> {
        match part.node {
            Node::Number(1.0) => {
                sum.remove(&[Vec::new()]);
            }
            Node::Number(0.0) => sum.insert(Vec::new()),
            _ => {
                let gone = self.expand(part)?.terms;
                if gone.iter().any(Vec::is_empty) || !sum.remove(&gone) && self.others.is_some() {
                    let problem = "there is no such term before this that could be removed";
                    return self.fault(part, problem);
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
                let (left, right) = (self.expand(left)?.terms, self.expand(right)?.terms);
                let mut sum = Sum::default();
                if *operator != Operator::Colon {
                    left.iter().for_each(|term| sum.insert(term.clone()));
                }
                if *operator == Operator::Times {
                    right.iter().for_each(|term| sum.insert(term.clone()));
                }
                if *operator == Operator::Over {
                    let all = left
                        .iter()
                        .fold(Vec::new(), |all, term| product(&all, term));
                    right
                        .iter()
                        .for_each(|term| sum.insert(product(&all, term)));
                } else {
                    self.multiply(part, &left, &right, &mut sum)?;
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
                let mut sum = self.expand(base)?;
                let base = sum.terms.clone();
                for _ in 1..power as usize {
                    let before = sum.terms.clone();
                    self.multiply(part, &before, &base, &mut sum)?;
                    if sum.terms.len() == before.len() {
                        break;
                    }
                }
                sum
            }
            Node::Binary(Operator::Plus | Operator::Minus, ..) | Node::Negative(_) => {
                let mut sum = Sum::default();
                self.add(part, &mut sum)?;
                if sum.has_intercept() {
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
                let mut sum = Sum::default();
                others
                    .iter()
                    .for_each(|other| sum.insert(vec![name(other)]));
                sum
            }
            Node::Name(_) => Sum::one(vec![part.clone()]),
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
                    ) => Sum::one(vec![Spanned {
                        node: Node::Name(name.clone()),
                        from: part.from,
                        to: part.to,
                    }]),
                    ("offset", _) => {
                        return self.fault(part, "an offset stands by itself in the sum");
                    }
                    ("cbind", _) => return self.fault(part, "`cbind` stands left of `~`"),
                    _ => Sum::one(vec![part.clone()]),
                }
            }
        };
        self.not_too_many(part, &sum)?;
        Ok(sum)
    }

    fn not_too_many(&self, part: &Spanned, sum: &Sum) -> Result<(), FormulaError> {
        let others = self.others.map_or(0, <[String]>::len);
        if sum.terms.len() > MOST + others {
            return self.fault(part, format!("this makes more than {MOST} terms"));
        }
        Ok(())
    }

    /// Adds the products of the terms of two sums.
    fn multiply(
        &self,
        part: &Spanned,
        left: &[Vec<Spanned>],
        right: &[Vec<Spanned>],
        sum: &mut Sum,
    ) -> Result<(), FormulaError> {
        if left.len().saturating_mul(right.len()) > 100 * MOST {
            return self.fault(part, format!("this makes more than {MOST} terms"));
        }
        for a in left {
            right.iter().for_each(|b| sum.insert(product(a, b)));
            self.not_too_many(part, sum)?;
        }
        Ok(())
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
