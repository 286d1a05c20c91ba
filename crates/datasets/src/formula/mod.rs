//! Formulas as R and statsmodels write them.

mod error;
mod lexer;
mod parser;
mod syntax;
mod terms;

pub use error::{FormulaError, suggestion};
pub(crate) use syntax::{Exact, Node, Operator, Spanned};
pub(crate) use terms::{Terms, terms};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A model in the notation of Wilkinson and Rogers (1973), as R and statsmodels write it.
///
/// | notation | meaning |
/// |---|---|
/// | `y ~ a + b` | the target `y`, the columns `a` and `b`, an intercept |
/// | `. ` | all other columns |
/// | `- 1`, `+ 0` | no intercept |
/// | `- a` | without the term `a` |
/// | `a:b` | the product of two columns, or all combinations of two categories |
/// | `a*b` | `a + b + a:b` |
/// | `a/b` | `a + a:b` |
/// | `(a + b + c)^2`, `**2` | all of them and their products by two |
/// | `log(a)`, `log2`, `log10`, `log1p`, `exp`, `expm1`, `sqrt`, `abs`, `sin`, `cos`, `tanh` | a function of a column, also as `np.log(a)` |
/// | `I(a^2 + b/2)` | arithmetic: `+ - * / ^` |
/// | `center(a)`, `standardize(a)`, `scale(a)` | minus the mean; also divided by the standard deviation with divisor n, or n − 1 as in R |
/// | `poly(a, 3)` | orthogonal polynomials as in R |
/// | `C(a)`, `C(a, "low")` | a category, also of a column of numbers; with its reference level |
/// | `ordinal(a, "low", "mid", "high")` | 0, 1, 2 |
/// | `offset(a)` | a known part of the linear predictor |
/// | `cbind(s, f) ~ …` | successes and failures |
/// | `` `a b` ``, `Q("a b")` | a column with an unusual name |
///
/// Categories are coded by treatment: one column for each level but the reference, which is the first level. In a term whose
/// margins are not in the model, a category keeps the columns that the model would lack, so that the columns span what the formula
/// says and no column is redundant (the rule of patsy).
///
/// ```
/// use datasets::{CsvOptions, Formula, Preparation};
/// let file = "draft,score,position\n0,12,guard\n1,17,center\n1,14,guard\n";
/// let frame = CsvOptions::new().read_from("nba.csv", file.as_bytes())?;
/// let formula: Formula = "draft ~ log(score) + C(position)".parse().map_err(|e| format!("{e}"))?;
/// let recipe = Preparation::formula(formula).learn(&frame)?;
/// assert_eq!(recipe.feature_names(), ["log(score)", "C(position)[T.guard]"]);
///
/// let error = "draft ~ score + lgo(score)".parse::<Formula>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the formula has a fault at character 17: there is no function `lgo`; did you mean `log`?\n  \
///      draft ~ score + lgo(score)\n                  ^^^"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Formula {
    text: String,
    pub(crate) response: Option<Spanned>,
    pub(crate) right: Spanned,
}

impl Formula {
    /// The formula as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn error(&self, at: &Spanned, problem: impl Into<String>) -> FormulaError {
        FormulaError::new(&self.text, at.from..at.to, problem)
    }
}

impl FromStr for Formula {
    type Err = FormulaError;

    fn from_str(text: &str) -> Result<Self, FormulaError> {
        let (response, right) = parser::parse(text)?;
        let formula = Self {
            text: text.to_owned(),
            response,
            right,
        };
        // What is wrong without data is found without data.
        terms(&formula, None)?;
        Ok(formula)
    }
}

impl TryFrom<String> for Formula {
    type Error = FormulaError;

    fn try_from(text: String) -> Result<Self, FormulaError> {
        text.parse()
    }
}

impl From<Formula> for String {
    fn from(formula: Formula) -> Self {
        formula.text
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
