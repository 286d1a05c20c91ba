//! Reading pictures back.

#![allow(dead_code)]

use plots::{Chart, PlotError};

/// A number of an attribute.
pub fn number(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name)
        .and_then(|v| v.parse().ok())
        .unwrap_or_else(|| panic!("{name} of {node:?}"))
}

/// All texts of groups of a class, with their places.
pub fn texts(document: &roxmltree::Document<'_>, class: &str) -> Vec<(String, f64, f64)> {
    groups(document, class)
        .into_iter()
        .flat_map(|g| g.descendants().filter(|n| n.has_tag_name(tag("text"))))
        .map(|t| {
            let shown = t
                .children()
                .filter(roxmltree::Node::is_text)
                .filter_map(|c| c.text());
            (shown.collect(), number(t, "x"), number(t, "y"))
        })
        .collect()
}

/// The groups of a class.
pub fn groups<'a, 'b>(
    document: &'a roxmltree::Document<'b>,
    class: &str,
) -> Vec<roxmltree::Node<'a, 'b>> {
    document
        .descendants()
        .filter(|n| n.attribute("class") == Some(class))
        .collect()
}

/// A tag of SVG.
pub fn tag(name: &str) -> roxmltree::ExpandedName<'_, '_> {
    ("http://www.w3.org/2000/svg", name).into()
}

/// The points of a path of straight lines, in pixels.
pub fn points(path: &str) -> Vec<(f64, f64)> {
    path.split(['M', 'L'])
        .map(|p| p.trim_end_matches('Z'))
        .filter(|p| !p.is_empty())
        .map(|p| {
            let (x, y) = p.split_once(' ').expect("two coordinates");
            (x.parse().expect("x"), y.parse().expect("y"))
        })
        .collect()
}

/// What every picture must be: XML with title and description, no coordinate that is not a number, equal at every call.
pub fn sound(chart: &impl Chart) -> Result<String, PlotError> {
    let svg = chart.to_svg()?;
    assert_eq!(svg, chart.to_svg().expect("drawn before"));
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let mut children = root.children().filter(roxmltree::Node::is_element);
    assert!(
        children
            .next()
            .is_some_and(|c| c.has_tag_name(tag("title")))
    );
    let told = children.next().expect("a description");
    assert!(told.has_tag_name(tag("desc")) && told.text().is_some_and(|t| !t.is_empty()));
    for node in document.descendants() {
        for attribute in node.attributes() {
            let value = attribute.value();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
        }
    }
    Ok(svg)
}
