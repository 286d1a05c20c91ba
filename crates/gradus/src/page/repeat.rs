//! How columns became features, and the command that repeats a fit.

use anyhow::Result;
use datasets::Variable;

use super::html::{Body, Cell, Table};
use super::{Told, words};
use crate::input;

impl Told<'_> {
    /// How columns became features, and the command with its versions.
    pub(super) fn repeat(&self, body: &mut Body) -> Result<()> {
        let arguments = self.arguments;
        if let Some(formula) = &arguments.formula {
            body.paragraph("The formula:");
            body.code(formula);
        }
        body.paragraph(&words::missing(
            arguments,
            self.frame.rows() - self.scored.data.observations(),
        ));
        if let Some(recipe) = &self.document.recipe {
            let row = |(name, variable): (&str, Variable)| {
                let (kind, detail) = match variable {
                    Variable::Number => ("number", String::new()),
                    Variable::Boolean => ("0 or 1", String::new()),
                    Variable::Category { levels, reference } => {
                        let base = levels.get(reference).cloned().unwrap_or_default();
                        let (count, some) = (levels.len(), &levels[..levels.len().min(20)]);
                        let more = if count > some.len() { ", …" } else { "" };
                        (
                            "category",
                            format!(
                                "{count} levels ({}{more}); the others are compared with {base}",
                                some.join(", ")
                            ),
                        )
                    }
                    Variable::Several => (
                        "several parts",
                        "part of an offset, or read in two ways".to_owned(),
                    ),
                };
                let cells = [name.to_owned(), kind.to_owned(), detail];
                (cells.map(Cell::Text).to_vec(), None)
            };
            let variables = recipe.variables();
            if !variables.is_empty() {
                body.table(&Table {
                    caption: "How the columns were read".to_owned(),
                    header: vec!["column", "as", "detail"],
                    rows: variables.into_iter().take(500).map(row).collect(),
                    sortable: false,
                })?;
            }
        }
        body.paragraph("The command:");
        let command = arguments.command.iter().map(|word| words::quoted(word));
        let command: Vec<String> = std::iter::once("gradus".to_owned())
            .chain(command)
            .collect();
        body.code(&command.join(" "));
        let mut facts = vec![("gradus".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        if let Some(data) = &self.document.data {
            facts.push(("target, weights, offset, trials".to_owned(), data.clone()));
        }
        body.facts(&facts);
        let provenance = self.document.provenance.as_ref();
        match provenance.and_then(|p| p.sha256.as_deref()) {
            Some(digest) => {
                body.paragraph(&format!(
                    "SHA-256 of {}, as sha256sum prints it:",
                    input::name(&arguments.file)
                ));
                body.code(digest);
            }
            None => {
                body.note("The data came from standard input, so there is no file to be compared.");
            }
        }
        Ok(())
    }
}
