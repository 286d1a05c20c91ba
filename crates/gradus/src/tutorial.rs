//! `gradus tutorial`: the tutorials, step by step.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use examples::{TUTORIALS, Tutorial, pictures};

use crate::output;
use crate::usage::require;

/// `gradus tutorial`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus tutorial\n  gradus tutorial student-hours --out pictures\n  gradus tutorial diabetes data-03-diabetes.csv"
)]
pub struct TutorialArguments {
    /// The tutorial; without it, a list of all.
    pub name: Option<String>,
    /// The file of its data, where they are not included.
    pub file: Option<PathBuf>,
    /// Also write its pictures to this folder, each as SVG, as PNG and as SVG for dark pages.
    #[arg(long, value_name = "FOLDER", requires = "name")]
    pub out: Option<PathBuf>,
}

/// Lists the tutorials, or prints one as its example does.
///
/// # Errors
/// If there is no such tutorial, its data are missing or faulty, or a picture cannot be written.
pub fn tutorial(arguments: &TutorialArguments) -> Result<()> {
    let Some(name) = &arguments.name else {
        return output::print(&list()?);
    };
    let Some(tutorial) = TUTORIALS.iter().find(|tutorial| tutorial.name == *name) else {
        let names: Vec<&str> = TUTORIALS.iter().map(|tutorial| tutorial.name).collect();
        return require(false, || {
            let known = names.join(", ");
            let meant = datasets::suggestion(name, names.iter().copied());
            format!("there is no tutorial {name:?}; there are {known}{meant}")
        });
    };
    if tutorial.needs_file() && arguments.file.is_none() {
        return require(false, || {
            format!(
                "the data of {name} are not included: gradus tutorial {name} FILE.csv, a file without a header whose last column is the label"
            )
        });
    }
    let mut told = Vec::new();
    tutorial
        .tell(arguments.file.as_deref(), &mut told)
        .map_err(anyhow::Error::from_boxed)?;
    let mut text = String::from_utf8(told)?;
    if let Some(folder) = &arguments.out
        && !tutorial.pictures.is_empty()
    {
        pictures::write(folder, tutorial.pictures, &mut std::io::sink())
            .map_err(anyhow::Error::from_boxed)
            .with_context(|| folder.display().to_string())?;
    }
    text.push_str(&told_of_pictures(tutorial, arguments)?);
    output::print(&text)
}

/// What was drawn, or could be.
fn told_of_pictures(tutorial: &Tutorial, arguments: &TutorialArguments) -> Result<String> {
    let mut text = String::new();
    if tutorial.pictures.is_empty() {
        if arguments.out.is_some() {
            writeln!(text, "\n{} has no pictures", tutorial.name)?;
        }
        return Ok(text);
    }
    let names = tutorial.pictures.join(", ");
    match &arguments.out {
        Some(folder) => writeln!(text, "\npictures in {}: {names}", folder.display())?,
        None => writeln!(text, "\npictures, written by --out FOLDER: {names}")?,
    }
    Ok(text)
}

fn list() -> Result<String> {
    let mut text = String::new();
    for tutorial in &TUTORIALS {
        let name = if tutorial.needs_file() {
            format!("{} FILE", tutorial.name)
        } else {
            tutorial.name.to_owned()
        };
        writeln!(text, "{name:22} {}", tutorial.about)?;
    }
    Ok(text)
}
