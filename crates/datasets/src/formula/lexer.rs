//! Words of a formula.

use super::FormulaError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Text(String),
    Sign(&'static str),
    End,
}

/// A token and its bytes in the formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) from: usize,
    pub(super) to: usize,
}

const SIGNS: [&str; 13] = [
    "**", "~", "+", "-", "*", "/", "^", ":", "(", ")", ",", "=", ".",
];

/// Splits a formula; the last word is [`Token::End`].
pub(super) fn words(text: &str) -> Result<Vec<Word>, FormulaError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first.is_ascii_digit() || first == '.' && digit_follows(rest) {
            number(text, at)?
        } else if first.is_alphabetic() || first == '_' {
            let length = name_length(rest);
            (Token::Name(rest[..length].to_owned()), length)
        } else if let '"' | '\'' | '`' = first {
            let Some(end) = rest[1..].find(first) else {
                let problem = format!("the quote {first} is opened and never closed");
                return Err(FormulaError::new(text, at..at + 1, problem));
            };
            let inner = rest[1..=end].to_owned();
            let token = if first == '`' {
                Token::Name(inner)
            } else {
                Token::Text(inner)
            };
            (token, end + 2)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let problem =
                format!("{first:?} has no meaning here; put the name of a column in backticks");
            return Err(FormulaError::new(text, at..at + first.len_utf8(), problem));
        };
        words.push(Word {
            token,
            from: at,
            to: at + length,
        });
        at += length;
    }
    words.push(Word {
        token: Token::End,
        from: text.len(),
        to: text.len(),
    });
    Ok(words)
}

fn digit_follows(rest: &str) -> bool {
    rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

fn name_length(rest: &str) -> usize {
    let within = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    rest.find(|c| !within(c)).unwrap_or(rest.len())
}

fn number(text: &str, at: usize) -> Result<(Token, usize), FormulaError> {
    let rest = &text.as_bytes()[at..];
    let digits = |from: usize| {
        rest[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if rest.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if let Some(b'e' | b'E') = rest.get(end) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let exponent = rest
            .get(end + 1 + sign..)
            .map_or(0, |_| digits(end + 1 + sign));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    match text[at..at + end].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), end)),
        _ => Err(FormulaError::new(
            text,
            at..at + end,
            "this is not a finite number",
        )),
    }
}
