//! What is wrong with the words of a command, whatever the data: exit code 2, as of words that the parser refuses.

use std::fmt;

use models::glm::Link;
use train::Solver;

/// A fault of the arguments.
#[derive(Debug)]
pub struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A failure as a fault of the arguments.
pub(crate) fn usage(error: anyhow::Error) -> anyhow::Error {
    Usage(format!("{error:#}")).into()
}

/// Refuses arguments with a sentence unless a condition holds.
pub(crate) fn require(holds: bool, sentence: impl FnOnce() -> String) -> anyhow::Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Usage(sentence()).into())
    }
}

/// A number between 0 and 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) => Err("it lies between 0 and 1".to_owned()),
        Err(_) => Err("it is not a number".to_owned()),
    }
}

/// The strength of a penalty.
pub(crate) fn strength(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(strength) if strength >= 0.0 && strength.is_finite() => Ok(strength),
        Ok(_) => Err("it is a finite number from 0 on".to_owned()),
        Err(_) => Err("it is not a number".to_owned()),
    }
}

/// A number of bytes: `1500000`, `64MB`, `1.5GiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(at.unwrap_or(text.len()));
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "k" | "kib" => f64::from(1_u32 << 10),
        "m" | "mib" => f64::from(1_u32 << 20),
        "g" | "gib" => f64::from(1_u32 << 30),
        "t" | "tib" => (1_u64 << 40) as f64,
        _ => return Err(format!("{unit} is no unit; take MiB or GiB")),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number > 0.0 && number * factor < 1e18 => Ok((number * factor) as u64),
        _ => Err("it is a size such as 512MiB or 1GiB".to_owned()),
    }
}

/// A link by its name.
pub(crate) fn link(text: &str) -> Result<Link, String> {
    let meant = || datasets::suggestion(text, Link::ALL.map(Link::name));
    text.parse::<Link>()
        .map_err(|error| format!("{error}{}", meant()))
}

/// A solver by its name.
pub(crate) fn solver(text: &str) -> Result<Solver, String> {
    let known = Solver::ALL.into_iter().find(|solver| solver.name() == text);
    known.ok_or_else(|| {
        format!(
            "there is no {text}; there are {}{}",
            Solver::ALL.map(Solver::name).join(", "),
            datasets::suggestion(text, Solver::ALL.map(Solver::name))
        )
    })
}

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err("it is a whole number from 1 to 1024".to_owned()),
    }
}
