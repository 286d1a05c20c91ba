//! Reports: made, read as XML, and what holds for every one of them.

use std::fs;
use std::path::Path;

use roxmltree::{Document, Node, ParsingOptions};

use super::{gradus, path, text};

/// The report of a fit.
#[track_caller]
pub fn report(folder: &Path, file: &Path, arguments: &[&str]) -> String {
    let out = folder.join("report.html");
    let mut all = vec!["fit", path(file), "--report", path(&out)];
    all.extend(arguments);
    let output = gradus(&all);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    fs::read_to_string(out).unwrap()
}

#[track_caller]
pub fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(html, options).unwrap()
}

pub fn all_text(node: Node<'_, '_>) -> String {
    let parts = node.descendants().filter(Node::is_text);
    parts.filter_map(|n| n.text()).collect()
}

/// A whole picture, not a part that is an `<svg>` of its own.
pub fn is_picture(node: &Node<'_, '_>) -> bool {
    node.tag_name().name() == "svg" && node.attribute("role").is_some()
}

/// What holds for every report.
#[track_caller]
pub fn check(html: &str) {
    let document = parsed(html);
    let root = document.root_element();
    assert_eq!(root.attribute("lang"), Some("en"));
    let elements = || document.descendants().filter(Node::is_element);
    let ids: Vec<&str> = elements().filter_map(|n| n.attribute("id")).collect();
    for (k, id) in ids.iter().enumerate() {
        assert!(!ids[..k].contains(id), "{id} twice");
    }
    for node in elements() {
        for name in ["aria-labelledby", "aria-describedby", "for"] {
            if let Some(id) = node.attribute(name) {
                assert!(ids.contains(&id), "{name} {id}");
            }
        }
        for name in ["href", "src", "action", "data", "poster", "srcset"] {
            if let Some(target) = node.attribute(name) {
                let inside = target.strip_prefix('#').is_some_and(|id| ids.contains(&id));
                assert!(inside || target == "data:,", "{name} {target}");
            }
        }
        assert!(
            node.attributes().all(|a| !a.name().starts_with("on")),
            "{node:?}"
        );
        if node.has_tag_name("th") {
            assert!(matches!(node.attribute("scope"), Some("col" | "row")));
        }
    }
    let outside = html.replace("http://www.w3.org/2000/svg", "");
    for loads in ["http:", "https:", "url(", "@import", "<iframe", "<object"] {
        assert!(!outside.contains(loads), "{loads}");
    }
    // Headings go down by one level at a time.
    let named = |n: &Node<'_, '_>| {
        n.tag_name()
            .name()
            .strip_prefix('h')
            .and_then(|h| h.parse::<u32>().ok())
    };
    let levels: Vec<u32> = elements().filter_map(|n| named(&n)).collect();
    assert_eq!(levels.iter().filter(|l| **l == 1).count(), 1);
    assert!(
        levels[0] == 1 && levels.windows(2).all(|w| w[1] <= w[0] + 1),
        "{levels:?}"
    );
    assert_eq!(levels.len(), 9);
    // Every picture is there in light and in dark, and says what it shows.
    for figure in elements().filter(|n| n.has_tag_name("figure")) {
        let svg: Vec<_> = figure.descendants().filter(|n| is_picture(n)).collect();
        assert_eq!(svg.len(), 2);
        for svg in svg {
            assert_eq!(svg.attribute("role"), Some("img"));
            for part in ["title", "desc"] {
                let part = svg
                    .children()
                    .find(|n| n.tag_name().name() == part)
                    .unwrap();
                assert!(!all_text(part).trim().is_empty());
            }
        }
    }
}

pub fn titles(html: &str) -> Vec<String> {
    let document = parsed(html);
    let svg = document.descendants().filter(|n| is_picture(n));
    let title = |n: Node<'_, '_>| {
        n.children()
            .find(|n| n.tag_name().name() == "title")
            .map(all_text)
    };
    let mut all: Vec<String> = svg.filter_map(title).collect();
    all.dedup();
    all
}

/// The cells of the tables, line by line.
pub fn table(html: &str, caption: &str) -> Vec<String> {
    let document = parsed(html);
    let tables = document.descendants().filter(|n| n.has_tag_name("table"));
    let own = |table: &Node<'_, '_>| {
        table
            .children()
            .any(|n| n.has_tag_name("caption") && all_text(n).starts_with(caption))
    };
    let table = tables.into_iter().find(own).unwrap();
    let rows = table.descendants().filter(|n| n.has_tag_name("tr"));
    let cells = |row: Node<'_, '_>| {
        let cells: Vec<String> = row
            .children()
            .filter(Node::is_element)
            .map(all_text)
            .collect();
        cells.join(" | ")
    };
    rows.map(cells).collect()
}
