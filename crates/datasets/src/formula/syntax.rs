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
        fn write(part: &Spanned, within: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match &part.node {
                Node::Number(number) => write!(f, "{number}"),
                Node::Name(name) => f.write_str(name),
                Node::Text(text) => write!(f, "{text:?}"),
                Node::Rest => f.write_str("."),
                Node::Call {
                    function,
                    arguments,
                } => {
                    write!(f, "{function}(")?;
                    for (k, argument) in arguments.iter().enumerate() {
                        f.write_str(if k == 0 { "" } else { ", " })?;
                        write(argument, 0, f)?;
                    }
                    f.write_str(")")
                }
                Node::Negative(inner) => {
                    f.write_str("-")?;
                    write(inner, 4, f)
                }
                Node::Binary(operator, left, right) => {
                    let mine = operator.precedence();
                    let parentheses = mine < within;
                    f.write_str(if parentheses { "(" } else { "" })?;
                    write(left, mine, f)?;
                    f.write_str(operator.sign())?;
                    write(right, mine + 1, f)?;
                    f.write_str(if parentheses { ")" } else { "" })
                }
            }
        }
        write(self, 0, f)
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
