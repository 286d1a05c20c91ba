//! How columns became features, and the command that repeats a fit.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use datasets::Variable;
use sha2::{Digest, Sha256};

use super::html::{Body, Cell, Table};
use super::{Told, words};
use crate::arguments::FitArguments;
use crate::input;

const HEX: [u8; 16] = *b"0123456789abcdef";

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
        match digest(arguments)? {
            Some(digest) => {
                body.paragraph(&format!(
                    "SHA-256 of {}, as sha256sum prints it:",
                    input::name(&arguments.file)
                ));
                body.code(&digest);
            }
            None => {
                body.note("The data came from standard input, so there is no file to be compared.");
            }
        }
        Ok(())
    }
}

/// SHA-256 of the data file.
fn digest(arguments: &FitArguments) -> Result<Option<String>> {
    let path = &arguments.file;
    if path == Path::new("-") {
        return Ok(None);
    }
    let read = || -> io::Result<String> {
        let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
        let mut hash = Sha256::new();
        loop {
            let block = file.fill_buf()?;
            if block.is_empty() {
                break;
            }
            hash.update(block);
            let used = block.len();
            file.consume(used);
        }
        let mut text = String::new();
        for byte in hash.finalize() {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Ok(text)
    };
    let digest = read().with_context(|| format!("{}: cannot be read", path.display()))?;
    Ok(Some(digest))
}
