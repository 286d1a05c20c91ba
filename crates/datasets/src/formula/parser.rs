//! From words to parts: precedence climbing.

use super::FormulaError;
use super::lexer::{Token, Word, words};
use super::syntax::{Node, Operator, Spanned};

/// How deep parentheses may stand in each other.
const DEPTH: usize = 64;
/// Words of the longest formula: the parts of a sum stand in each other like parentheses.
const LENGTH: usize = 1000;

struct Parser<'t> {
    text: &'t str,
    words: Vec<Word>,
    at: usize,
    depth: usize,
}

/// The response, if the formula has one, and the right side.
pub(super) fn parse(text: &str) -> Result<(Option<Spanned>, Spanned), FormulaError> {
    let mut parser = Parser {
        text,
        words: words(text)?,
        at: 0,
        depth: 0,
    };
    if let Some(word) = parser.words.get(LENGTH) {
        let problem = format!("a formula has at most {LENGTH} words; `.` stands for all columns");
        return Err(FormulaError::new(text, word.from..word.to, problem));
    }
    let mut response = None;
    if !parser.take("~") {
        let first = parser.sum()?;
        if !parser.take("~") {
            parser.end()?;
            return Ok((None, first));
        }
        response = Some(first);
    }
    let right = parser.sum()?;
    parser.end()?;
    Ok((response, right))
}

impl Parser<'_> {
    fn word(&self) -> &Word {
        &self.words[self.at]
    }

    fn next(&mut self) -> Word {
        let word = self.word().clone();
        self.at = (self.at + 1).min(self.words.len() - 1);
        word
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(&self.word().token, Token::Sign(s) if *s == sign);
        if found {
            self.next();
        }
        found
    }

    fn fault<T>(&self, problem: impl Into<String>) -> Result<T, FormulaError> {
        let word = self.word();
        Err(FormulaError::new(self.text, word.from..word.to, problem))
    }

    fn end(&self) -> Result<(), FormulaError> {
        match &self.word().token {
            Token::End => Ok(()),
            Token::Sign(sign) => self.fault(format!("`{sign}` cannot stand here")),
            _ => self.fault("an operator such as `+` is missing before this"),
        }
    }

    fn sum(&mut self) -> Result<Spanned, FormulaError> {
        self.binary(0)
    }

    /// Operators from a level on: `+ -`, then `* /`, then `:`.
    fn binary(&mut self, level: usize) -> Result<Spanned, FormulaError> {
        const LEVELS: [&[(&str, Operator)]; 3] = [
            &[("+", Operator::Plus), ("-", Operator::Minus)],
            &[("*", Operator::Times), ("/", Operator::Over)],
            &[(":", Operator::Colon)],
        ];
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let mut left = self.binary(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.take(sign)) {
            let right = self.binary(level + 1)?;
            left = Spanned::join(*operator, left, right);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Spanned, FormulaError> {
        let from = self.word().from;
        if self.take("-") {
            let inner = self.nested(Self::signed)?;
            let to = inner.to;
            return Ok(Spanned {
                node: Node::Negative(Box::new(inner)),
                from,
                to,
            });
        }
        if self.take("+") {
            return self.nested(Self::signed);
        }
        let base = self.primary()?;
        if self.take("^") || self.take("**") {
            let power = self.nested(Self::signed)?;
            return Ok(Spanned::join(Operator::Power, base, power));
        }
        Ok(base)
    }

    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, FormulaError>,
    ) -> Result<T, FormulaError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.fault("the formula is nested too deeply");
        }
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn primary(&mut self) -> Result<Spanned, FormulaError> {
        let word = self.word().clone();
        let node = match &word.token {
            Token::Number(number) => Node::Number(*number),
            Token::Text(text) => Node::Text(text.clone()),
            Token::Sign(".") => Node::Rest,
            Token::Sign("(") => {
                self.next();
                let mut inner = self.nested(Self::sum)?;
                inner.from = word.from;
                inner.to = self.close(&word)?;
                return Ok(inner);
            }
            Token::Name(name) => {
                self.next();
                let open = self.word().clone();
                // A name in backticks is never a function.
                let quoted = self.text[word.from..].starts_with('`');
                if quoted || !self.take("(") {
                    return Ok(Spanned {
                        node: Node::Name(name.clone()),
                        from: word.from,
                        to: word.to,
                    });
                }
                let arguments = self.nested(|parser| parser.arguments(name))?;
                let to = self.close(&open)?;
                let function = name.strip_prefix("np.").unwrap_or(name).to_owned();
                return Ok(Spanned {
                    node: Node::Call {
                        function,
                        arguments,
                    },
                    from: word.from,
                    to,
                });
            }
            Token::Sign("~") => return self.fault("a second `~`"),
            Token::Sign(sign) => {
                return self.fault(format!(
                    "a column or a number should stand here, not `{sign}`"
                ));
            }
            Token::End => {
                return self.fault("the formula ends where a column or a number should stand");
            }
        };
        self.next();
        Ok(Spanned {
            node,
            from: word.from,
            to: word.to,
        })
    }

    fn arguments(&mut self, function: &str) -> Result<Vec<Spanned>, FormulaError> {
        let mut arguments = Vec::new();
        if matches!(self.word().token, Token::Sign(")")) {
            return Ok(arguments);
        }
        loop {
            let mut argument = self.sum()?;
            if let Node::Name(name) = &argument.node
                && self.take("=")
            {
                // What there is only one of.
                let known = match function {
                    "C" | "Treatment" => ["ref", "reference"].contains(&name.as_str()),
                    "poly" => name == "degree",
                    _ => false,
                };
                if !known {
                    let problem = format!("`{function}` has no argument `{name}`");
                    let range = argument.from..argument.to;
                    return Err(FormulaError::new(self.text, range, problem));
                }
                argument = self.sum()?;
            }
            arguments.push(argument);
            if !self.take(",") {
                return Ok(arguments);
            }
        }
    }

    fn close(&mut self, open: &Word) -> Result<usize, FormulaError> {
        let to = self.word().to;
        if self.take(")") {
            return Ok(to);
        }
        match self.word().token {
            Token::End => {
                let problem = "this parenthesis is opened and never closed";
                Err(FormulaError::new(self.text, open.from..open.to, problem))
            }
            _ => self.end().and(Ok(to)),
        }
    }
}
