//! The parts of a formula.

use std::fmt;

/// An operator between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Colon,
    Power,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Number(f64),
    Name(String),
    Text(String),
    /// All other columns.
    Rest,
    Call {
        function: String,
        arguments: Vec<Spanned>,
    },
    Negative(Box<Spanned>),
    Binary(Operator, Box<Spanned>, Box<Spanned>),
}

/// A part of a formula and its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Spanned {
    pub(crate) node: Node,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Two parts are the same wherever they stand.
impl PartialEq for Spanned {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Self::Plus => " + ",
            Self::Minus => " - ",
            Self::Times => " * ",
            Self::Over => " / ",
            Self::Colon => ":",
            Self::Power => "^",
        }
    }

    fn precedence(self) -> u8 {
        match self {
            Self::Plus | Self::Minus => 1,
            Self::Times | Self::Over => 2,
            Self::Colon => 3,
            Self::Power => 5,
        }
    }
}

/// The text that names a column of a design matrix: without spaces but around operators.
impl fmt::Display for Spanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(0, "", f)
    }
}

/// A text that is the same for the same parts only: names stand in backticks.
pub(crate) struct Exact<'p>(pub(crate) &'p Spanned);

impl fmt::Display for Exact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(0, "`", f)
    }
}

impl Spanned {
    fn write(&self, within: u8, quote: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Number(number) => write!(f, "{number}"),
            Node::Name(name) => write!(f, "{quote}{name}{quote}"),
            Node::Text(text) => write!(f, "{text:?}"),
            Node::Rest => f.write_str("."),
            Node::Call {
                function,
                arguments,
            } => {
                write!(f, "{function}(")?;
                for (k, argument) in arguments.iter().enumerate() {
                    f.write_str(if k == 0 { "" } else { ", " })?;
                    argument.write(0, quote, f)?;
                }
                f.write_str(")")
            }
            Node::Negative(inner) => {
                // Weaker than a power, stronger than a product.
                let parentheses = within > 4;
                f.write_str(if parentheses { "(-" } else { "-" })?;
                inner.write(4, quote, f)?;
                f.write_str(if parentheses { ")" } else { "" })
            }
            Node::Binary(operator, left, right) => {
                let mine = operator.precedence();
                let parentheses = mine < within;
                f.write_str(if parentheses { "(" } else { "" })?;
                // Powers group to the right, all others to the left.
                let right_first = u8::from(*operator == Operator::Power);
                left.write(mine + right_first, quote, f)?;
                f.write_str(operator.sign())?;
                right.write(mine + 1 - right_first, quote, f)?;
                f.write_str(if parentheses { ")" } else { "" })
            }
        }
    }
}

/// Parts that no text says.
impl Spanned {
    fn unwritten(node: Node) -> Self {
        Self {
            node,
            from: 0,
            to: 0,
        }
    }

    pub(crate) fn name(name: String) -> Self {
        Self::unwritten(Node::Name(name))
    }

    pub(crate) fn power(name: String, power: usize) -> Self {
        let name = Self::name(name);
        if power == 1 {
            return name;
        }
        let power = Self::unwritten(Node::Number(power as f64));
        let arguments = vec![Self::join(Operator::Power, name, power)];
        Self::unwritten(Node::Call {
            function: "I".to_owned(),
            arguments,
        })
    }

    pub(crate) fn join(operator: Operator, left: Self, right: Self) -> Self {
        let (from, to) = (left.from, right.to);
        Self {
            node: Node::Binary(operator, Box::new(left), Box::new(right)),
            from,
            to,
        }
    }
}

impl Spanned {
    /// The text of a level: a text, or a number as it is printed.
    pub(crate) fn level(&self) -> Option<String> {
        match &self.node {
            Node::Text(text) => Some(text.clone()),
            Node::Number(number) => Some(number.to_string()),
            Node::Negative(inner) => match inner.node {
                Node::Number(number) => Some((-number).to_string()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The name, if this is a column by its name.
    pub(crate) fn column(&self) -> Option<&str> {
        match &self.node {
            Node::Name(name) => Some(name),
            Node::Call {
                function,
                arguments,
            } if function == "Q" => match arguments.as_slice() {
                [
                    Self {
                        node: Node::Text(name),
                        ..
                    },
                ] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}
