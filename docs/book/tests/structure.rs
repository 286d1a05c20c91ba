//! The book hangs together: chapters, links, pictures and blocks of code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of chapters, the summary not among them.
fn chapters() -> BTreeSet<String> {
    fs::read_dir(folder().join("src"))
        .expect("the sources are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .filter(|name| name != "SUMMARY.md")
        .collect()
}

/// The targets of links and pictures of a chapter, code left out.
fn targets(source: &str) -> Vec<String> {
    let mut inside = false;
    let prose = source.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    let prose = prose.collect::<Vec<_>>().join("\n");
    let after = prose.split("](").skip(1);
    after
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()))
        .collect()
}

#[test]
fn every_chapter_is_in_the_summary_and_among_the_tests() {
    let summary = read(&folder().join("src/SUMMARY.md"));
    let listed: BTreeSet<String> = targets(&summary).into_iter().collect();
    assert_eq!(listed, chapters(), "SUMMARY.md lists the chapters");
    let tested = read(&folder().join("lib.rs"));
    for chapter in chapters() {
        assert!(
            tested.contains(&format!("\"src/{chapter}\"")),
            "lib.rs does not include {chapter}, so its snippets are not tested"
        );
    }
}

#[test]
fn links_lead_to_files_that_exist() {
    for chapter in chapters() {
        for target in targets(&read(&folder().join("src").join(&chapter))) {
            let outside = target.starts_with("https://");
            let file = target.split('#').next().unwrap_or_default();
            let exists = file.is_empty() || folder().join("src").join(file).exists();
            assert!(outside || exists, "{chapter}: there is no {target}");
        }
    }
}

#[test]
fn every_block_of_code_names_its_language() {
    for chapter in chapters() {
        let mut inside = false;
        for (number, line) in read(&folder().join("src").join(&chapter))
            .lines()
            .enumerate()
        {
            let Some(language) = line.strip_prefix("```") else {
                // Rustdoc takes an indented paragraph for code.
                assert!(
                    inside || !line.starts_with("    "),
                    "{chapter}:{}: an indented line is taken for Rust",
                    number + 1
                );
                continue;
            };
            inside = !inside;
            let known = ["rust", "text", "toml", "console", "python", "r"];
            assert!(
                !inside || known.contains(&language),
                "{chapter}:{}: the block is of the language {language:?}; known are {known:?}",
                number + 1
            );
        }
        assert!(!inside, "{chapter}: a block does not end");
    }
}

#[test]
fn pictures_are_small_and_shown() {
    let shown: String = chapters()
        .iter()
        .map(|chapter| read(&folder().join("src").join(chapter)))
        .collect();
    for entry in fs::read_dir(folder().join("src/pictures")).expect("the pictures are there") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let size = entry.metadata().expect("a file has a size").len();
        assert!(size < 60_000, "{name} has {size} bytes");
        assert!(
            shown.contains(&format!("](pictures/{name})")),
            "no chapter shows {name}"
        );
    }
}
