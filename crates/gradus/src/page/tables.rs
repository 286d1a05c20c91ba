//! The tables of a report.

use anyhow::Result;
use train::{Analysis, Covariance};

use super::Told;
use super::html::{Body, Cell, Table};
use crate::diagnose::{Affected, Effect, Errors, effects as all_effects};
use crate::document::Document;
use crate::inference;

/// Rows of a table at most.
const ROWS: usize = 500;
/// Influential rows at most.
const INFLUENTIAL: usize = 20;

/// Estimates with their statistics; `forest` has the places of those in the picture, in its order.
pub(super) fn coefficients(body: &mut Body, document: &Document, forest: &[usize]) -> Result<()> {
    let all = &document.coefficients;
    let several = all.iter().any(|c| c.class.is_some());
    let inferred = all.iter().any(|c| c.std_error.is_some());
    let mut header = vec!["coefficient", "estimate"];
    if several {
        header.insert(1, "class");
    }
    if inferred {
        header.extend(["std. error", "statistic", "p", "2.5 %", "97.5 %"]);
    }
    // What the picture has is in the table, too.
    let shown = |place: &usize| *place < ROWS || forest.binary_search(place).is_ok();
    let rows = all.iter().enumerate().filter(|(place, _)| shown(place));
    let rows = rows.map(|(place, c)| {
        let mut cells = vec![Cell::Text(c.name.clone())];
        if several {
            cells.push(Cell::Text(c.class.clone().unwrap_or_default()));
        }
        cells.push(Cell::Number(Some(c.estimate)));
        if inferred {
            cells.extend([c.std_error, c.statistic].map(Cell::Number));
            cells.push(Cell::P(c.p_value));
            cells.extend([c.conf_low, c.conf_high].map(Cell::Number));
        }
        (cells, forest.binary_search(&place).ok())
    });
    body.table(&Table {
        caption: if inferred {
            "Estimates with standard errors, two-sided p-values and 95 % intervals".to_owned()
        } else {
            "Estimates".to_owned()
        },
        header,
        rows: rows.collect(),
        sortable: true,
    })?;
    if all.len() > ROWS {
        let beyond = forest.iter().any(|place| *place >= ROWS);
        body.note(&format!(
            "The first {ROWS} of {} coefficients are shown{}; gradus fit --format csv prints all.",
            all.len(),
            if beyond {
                ", and those in the picture"
            } else {
                ""
            }
        ));
    }
    Ok(())
}

/// Rows whose removal would change the fit most.
pub(super) fn influential(
    body: &mut Body,
    analysis: &Analysis<'_>,
    line: &dyn Fn(usize) -> u64,
) -> Result<()> {
    let found = analysis.influential(INFLUENTIAL);
    if found.is_empty() {
        body.note("No row has a Cook's distance above 4/n.");
        return Ok(());
    }
    let rows = found.iter().map(|row| {
        let name = Cell::Text(line(row.row).to_string());
        let numbers = [row.cook, row.leverage, row.residual];
        let numbers = numbers.map(|x| Cell::Number(Some(x)));
        (std::iter::once(name).chain(numbers).collect(), None)
    });
    body.table(&Table {
        caption:
            "Rows with a Cook's distance above 4/n, the largest first, by their lines in the file"
                .to_owned(),
        header: vec!["line", "Cook's distance", "leverage", "residual"],
        rows: rows.collect(),
        sortable: true,
    })
}

/// Effects of the columns on the mean, or on the probability of each class; `own` is the covariance of the model, with its name.
pub(super) fn effects(
    body: &mut Body,
    told: &Told<'_>,
    analysis: &dyn Affected,
    own: (Covariance<'_>, &'static str),
) -> Result<()> {
    let (document, arguments) = (told.document, told.arguments);
    let Some(recipe) = &document.recipe else {
        return Ok(());
    };
    let clusters = match &arguments.cluster {
        Some(column) => Some(inference::clusters(
            &arguments.file,
            arguments.no_header,
            column,
            &told.scored.data,
        )?),
        None => None,
    };
    let errors = Errors::new(document, clusters.as_deref(), own);
    let found = match all_effects(recipe, told.frame, analysis, &errors.covariance) {
        Ok(found) => found,
        Err(error) => {
            body.note(&format!("They are left out: {error:#}."));
            return Ok(());
        }
    };
    if found.is_empty() {
        body.note("There are none: the model has an intercept alone.");
        return Ok(());
    }
    let several = found.iter().any(|effect| effect.class.is_some());
    let what = match document.family.as_str() {
        _ if several => "the probability of each class",
        "binomial" => "the probability",
        _ => "the mean",
    };
    body.paragraph(&format!(
        "By how much {what} changes on average over the rows when a column grows by one unit, through every term in which it takes part; of categories and columns of 0 and 1, between two values."
    ));
    if let Some(note) = errors.note {
        body.note(&format!("These errors are model-based: {note}."));
    }
    let rows = found.iter().map(|effect| {
        let mut cells = vec![
            Cell::Text(effect.name()),
            Cell::Number(effect.estimate),
            Cell::Number(effect.std_error),
            Cell::P(effect.p_value),
        ];
        if let Some(class) = &effect.class {
            cells.insert(1, Cell::Text(class.clone()));
        }
        (cells, None)
    });
    let mut header = vec!["column", "effect", "std. error", "p"];
    if several {
        header.insert(1, "class");
    }
    body.table(&Table {
        caption: format!("Average effects on {what}"),
        header,
        rows: rows.take(ROWS).collect(),
        sortable: true,
    })?;
    for note in gaps(&found) {
        body.note(&note);
    }
    Ok(())
}

/// Changes of a column that a sentence names at most.
const CHANGES: usize = 12;

/// Which columns have no effect or no standard error, each once for a reason, with those of its changes that lack it if not all do.
fn gaps(effects: &[Effect]) -> Vec<String> {
    type Gap<'e> = (&'e str, &'static str, &'e str);
    let mut all: Vec<(Gap<'_>, Vec<&str>)> = Vec::new();
    for effect in effects {
        let Some(reason) = &effect.reason else {
            continue;
        };
        let what = match effect.estimate {
            Some(_) => "standard error",
            None => "effect",
        };
        let gap = (effect.column.as_str(), what, reason.as_str());
        let at = all.iter().position(|known| known.0 == gap);
        let at = at.unwrap_or_else(|| {
            all.push((gap, Vec::new()));
            all.len() - 1
        });
        let changes = &mut all[at].1;
        changes.extend(effect.change.as_deref().filter(|c| !changes.contains(c)));
    }
    let said = |((column, what, reason), changes): (Gap<'_>, Vec<&str>)| {
        let own = effects.iter().filter(|effect| effect.column == column);
        let mut own = own.filter_map(|effect| effect.change.as_deref());
        if own.all(|change| changes.contains(&change)) {
            return format!("{column} has no {what}: {reason}.");
        }
        let more = changes.len().saturating_sub(CHANGES);
        let named = changes[..changes.len() - more].join(", ");
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{column} ({named}{more}) has no {what}: {reason}.")
    };
    all.into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_without_an_error_is_named_once() {
        let effect = |column: &str, class: &str, change: Option<&str>, gap: Option<bool>| Effect {
            class: Some(class.to_owned()),
            column: column.to_owned(),
            change: change.map(str::to_owned),
            estimate: gap.is_none_or(|estimated| estimated).then_some(0.5),
            std_error: gap.is_none().then_some(0.1),
            p_value: gap.is_none().then_some(0.01),
            reason: gap.map(|_| "because".to_owned()),
        };
        let (b, c) = (Some("b against a"), Some("c against a"));
        let mut all = Vec::new();
        for class in ["one", "two"] {
            all.extend([
                effect("whole", class, None, None),
                effect("x", class, None, Some(true)),
                effect("y", class, None, Some(false)),
                effect("g", class, b, Some(true)),
                effect("g", class, c, None),
                effect("h", class, b, Some(true)),
                effect("h", class, c, Some(true)),
            ]);
        }
        let expected = [
            "x has no standard error: because.",
            "y has no effect: because.",
            "g (b against a) has no standard error: because.",
            "h has no standard error: because.",
        ];
        assert_eq!(gaps(&all), expected);
    }
}
