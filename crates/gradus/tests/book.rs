//! The commands of the book (`docs/book/src`): each is run in a folder that holds `data`, and prints what its chapter shows.
//!
//! A block of the language `console` has commands, each on a line that begins with `$ `, and below each the output that is
//! expected: first what goes to standard output, then what goes to standard error. Without expected lines a command has only to
//! succeed. `…` stands for any text within a line, and alone on a line for any number of lines. A command that fails shows a line that
//! begins with `error: ` or `warning: `. The commands of a chapter share a folder, in which there
//! is a folder `pictures`, too.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::text;

const ANY: char = '…';

/// A command with the lines that are expected of it.
struct Shown {
    chapter: String,
    line: usize,
    words: Vec<String>,
    expected: Vec<String>,
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src")
}

/// The chapters, by name.
fn chapters() -> Vec<(String, String)> {
    let mut chapters: Vec<(String, String)> = fs::read_dir(sources())
        .expect("the sources of the book are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name");
            let text = fs::read_to_string(&path).expect("a chapter is UTF-8");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect();
    chapters.sort();
    chapters
}

/// The words of a command as a shell would have them; quotes keep spaces.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quote, mut open) = (Vec::new(), None, false);
    for c in command.chars() {
        if c.is_whitespace() && quote.is_none() {
            open = false;
            continue;
        }
        if !open {
            words.push(String::new());
            open = true;
        }
        match quote {
            Some(end) if c == end => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => words.last_mut().expect("a word is open").push(c),
        }
    }
    words
}

/// The commands of a chapter in their order.
fn commands(chapter: &str, source: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let (mut inside, mut shell) = (false, false);
    for (number, line) in source.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            shell = !inside && language == "console";
            inside = !inside;
            assert!(
                !inside || language != "sh",
                "{chapter}:{}: commands stand in blocks of the language `console`, which are run",
                number + 1
            );
        } else if let (true, Some(command)) = (shell, line.strip_prefix("$ ")) {
            found.push(Shown {
                chapter: chapter.to_owned(),
                line: number + 1,
                words: words(command),
                expected: Vec::new(),
            });
        } else if shell {
            let last = found.last_mut().expect("a block begins with a command");
            last.expected.push(line.trim_end().to_owned());
        }
    }
    found
}

/// Whether a line is the expected one, in which `…` stands for any text.
fn same(expected: &str, line: &str) -> bool {
    match expected.split_once(ANY) {
        None => expected == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|after| {
            let ends = after.char_indices().map(|(at, _)| at).chain([after.len()]);
            ends.into_iter().any(|at| same(rest, &after[at..]))
        }),
    }
}

/// Whether lines are the expected ones, of which `…` stands for any number.
fn matches(expected: &[String], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((any, rest)) if any.chars().eq([ANY]) => {
            (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, after)| same(first, line) && matches(rest, after)),
    }
}

/// Runs a command and compares; what differs, if something does.
fn run(shown: &Shown, folder: &Path) -> Result<(), String> {
    let Shown {
        chapter,
        line,
        words,
        expected,
    } = shown;
    let place = format!("{chapter}:{line}");
    if words.first().map(String::as_str) != Some("gradus") {
        return Err(format!("{place}: only `gradus` is run, not {words:?}"));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(&words[1..])
        .current_dir(folder)
        .output()
        .map_err(|error| format!("{place}: {error}"))?;
    let printed = text(&output.stdout) + &text(&output.stderr);
    let told = |line: &String| line.starts_with("error: ") || line.starts_with("warning: ");
    if !output.status.success() && !expected.iter().any(told) {
        return Err(format!("{place}: {words:?} failed:\n{printed}"));
    }
    let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
    if expected.is_empty() || matches(expected, &lines) {
        return Ok(());
    }
    Err(format!(
        "{place}: {words:?} printed\n{printed}\nand the chapter shows\n{}\n",
        expected.join("\n")
    ))
}

/// Titles and descriptions of a picture, which do not depend on the machine's rounding.
fn captions(svg: &str) -> String {
    let between = |open: &str, close: &str| {
        let after = svg.split_once(open).map_or("", |(_, after)| after);
        after.split_once(close).map_or("", |(text, _)| text)
    };
    format!(
        "{}\n{}",
        between("<title>", "</title>"),
        between("<desc>", "</desc>")
    )
}

/// The pictures that a chapter shows are those that its commands have just drawn.
fn pictures(chapter: &str, source: &str, folder: &Path) -> Vec<String> {
    let shown = source.split("](pictures/").skip(1);
    let names = shown.filter_map(|after| after.split_once(')').map(|(name, _)| name));
    let wrong = |name: &str| {
        let kept = fs::read_to_string(sources().join("pictures").join(name));
        let drawn = fs::read_to_string(folder.join("pictures").join(name));
        match (kept, drawn) {
            (Ok(kept), Ok(_)) if kept.len() > 60_000 => {
                Some(format!("{chapter}: {name} has {} bytes", kept.len()))
            }
            (Ok(kept), Ok(drawn)) if captions(&kept) == captions(&drawn) => None,
            (Ok(_), Ok(_)) => Some(format!("{chapter}: {name} is another picture now")),
            (Err(error), _) => Some(format!("{chapter}: docs/book/src/pictures/{name}: {error}")),
            (_, Err(_)) => Some(format!("{chapter}: no command of it draws {name}")),
        }
    };
    names.filter_map(wrong).collect()
}

#[test]
fn every_command_of_the_book_prints_what_its_chapter_shows() {
    let (mut count, mut wrong) = (0, Vec::new());
    for (chapter, source) in chapters() {
        let shown = commands(&chapter, &source);
        if shown.is_empty() && !source.contains("](pictures/") {
            continue;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder for the data");
        fs::create_dir(folder.path().join("pictures")).expect("a folder for the pictures");
        for entry in fs::read_dir(common::data("")).expect("the data are there") {
            let from = entry.expect("the folder can be read").path();
            let name = from.file_name().expect("a file has a name");
            fs::copy(&from, data.join(name)).expect("the data can be copied");
        }
        count += shown.len();
        let results = shown.iter().map(|shown| run(shown, folder.path()));
        wrong.extend(results.filter_map(Result::err));
        wrong.extend(pictures(&chapter, &source, folder.path()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20, "the book has {count} commands");
}

#[test]
fn an_ellipsis_stands_for_text_or_lines_and_nothing_else_does() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let check = |expected: &str, printed: &str| {
        matches(&lines(expected), &printed.lines().collect::<Vec<_>>())
    };
    assert!(check("a\n…\nd", "a\nb\nc\nd"));
    assert!(check("a\n…\nd", "a\nd"));
    assert!(check("gap 9…; end", "gap 9.3e-12; end"));
    assert!(!check("gap 9…; end", "gap 8.3e-12; end"));
    assert!(!check("a\nb", "a\nb\nc"));
    assert!(!check("a", "A"));
    assert_eq!(
        words("gradus fit 'a b' --x \"c d\""),
        ["gradus", "fit", "a b", "--x", "c d"]
    );
}
