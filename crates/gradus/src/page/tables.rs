//! The tables of a report.

use anyhow::Result;
use train::{Analysis, Covariance};

use super::Told;
use super::html::{Body, Cell, Table};
use crate::diagnose::{Affected, Errors, effects as all_effects};
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
    let rows = all.iter().enumerate().take(ROWS).map(|(place, c)| {
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
        body.note(&format!(
            "The first {ROWS} of {} coefficients are shown; gradus fit --format csv prints all.",
            all.len()
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
    for effect in &found {
        if let Some(reason) = &effect.reason {
            body.note(&format!("{} has none: {reason}.", effect.name()));
        }
    }
    Ok(())
}
