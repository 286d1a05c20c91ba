//! What is wrong with a formula, and where.

use std::fmt;
use std::ops::Range;

/// A formula that cannot be used. Its text shows the formula and marks the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaError {
    text: String,
    range: Range<usize>,
    problem: String,
}

impl FormulaError {
    /// `range` counts bytes.
    pub(crate) fn new(text: &str, range: Range<usize>, problem: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            range,
            problem: problem.into(),
        }
    }

    /// The characters of the formula that are at fault, from 0.
    pub fn characters(&self) -> Range<usize> {
        let count = |bytes: usize| {
            self.text
                .get(..bytes)
                .map_or(0, |text| text.chars().count())
        };
        count(self.range.start)..count(self.range.end)
    }

    /// What is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters = self.characters();
        writeln!(
            f,
            "the formula has a fault at character {}: {}",
            characters.start + 1,
            self.problem
        )?;
        // One line, whatever the formula holds.
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        writeln!(f, "  {}", self.text.chars().map(shown).collect::<String>())?;
        let marks = "^".repeat(characters.len().max(1));
        write!(f, "  {}{marks}", " ".repeat(characters.start))
    }
}

impl std::error::Error for FormulaError {}

/// What to add to a message about an unknown name: the known one at the smallest Damerau-Levenshtein distance, if that is at most 2
/// and half of the length; else nothing.
///
/// ```
/// assert_eq!(datasets::suggestion("asist", ["rebound", "assist"]), "; did you mean `assist`?");
/// assert_eq!(datasets::suggestion("height", ["rebound", "assist"]), "");
/// ```
pub fn suggestion<'k>(unknown: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let distance =
        |name: &str| strsim::damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase());
    let nearest = known.into_iter().map(|name| (distance(name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 2.min(unknown.chars().count() / 2) => {
            format!("; did you mean `{name}`?")
        }
        _ => String::new(),
    }
}
