//! The columns of the table that a model takes, each once, with the kind of value that serves all inputs that read it.

use anyhow::{Result, bail, ensure};
use datasets::plan::{InputKind, Plan};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKind {
    Number,
    Boolean,
    Text,
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) kind: RawKind,
    /// True if the model has a prediction for rows without a value.
    pub(super) optional: bool,
}

/// The number that a level is the text of: numbers are recognised in any spelling.
pub(super) fn number_of(level: &str) -> Option<f64> {
    let number = level.parse::<f64>().ok()?;
    (number.to_string() == level).then_some(number)
}

/// True if all levels are `true` or `false`.
pub(super) fn are_booleans(levels: &[String]) -> bool {
    levels
        .iter()
        .all(|level| level == "true" || level == "false")
}

fn kind_of(kind: &InputKind) -> Option<RawKind> {
    Some(match kind {
        InputKind::Number => RawKind::Number,
        InputKind::Boolean => RawKind::Boolean,
        InputKind::Category(levels) if are_booleans(levels) => RawKind::Boolean,
        InputKind::Category(levels) if levels.iter().all(|l| number_of(l).is_some()) => {
            RawKind::Number
        }
        InputKind::Category(_) => RawKind::Text,
        InputKind::Missing => return None,
    })
}

/// The columns of a plan, in the order in which it reads them.
pub(super) fn of(plan: &Plan) -> Result<Vec<RawColumn>> {
    let mut columns: Vec<RawColumn> = Vec::new();
    for input in &plan.inputs {
        if columns.iter().any(|column| column.name == input.column) {
            continue;
        }
        let own = || plan.inputs.iter().filter(|i| i.column == input.column);
        let mut kinds = own().filter_map(|input| kind_of(&input.kind));
        let Some(kind) = kinds.next() else {
            bail!(
                "the model looks only at whether `{}` is missing, and the kind of its values is not known",
                input.column
            );
        };
        if kinds.any(|other| other != kind) {
            bail!(
                "the column `{}` is used with values of two kinds; no export knows which it holds",
                input.column
            );
        }
        columns.push(RawColumn {
            name: input.column.clone(),
            kind,
            optional: own().all(|i| i.fill.is_some() || i.kind == InputKind::Missing),
        });
    }
    Ok(columns)
}

/// Refuses columns of the table that are called like a column of the predictions: databases do not tell capitals from small letters.
pub(super) fn differ<'a>(
    columns: impl IntoIterator<Item = &'a str>,
    header: &[String],
) -> Result<()> {
    const OUTPUTS: [&str; 2] = ["probabilities", "prediction"];
    for column in columns {
        let same = |name: &str| name.eq_ignore_ascii_case(column);
        ensure!(
            !header.iter().any(|name| same(name)) && !OUTPUTS.iter().any(|name| same(name)),
            "the column `{column}` is called like a result of the export; rename it in the table and fit the model again"
        );
    }
    Ok(())
}
