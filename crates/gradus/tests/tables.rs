//! What commands print for people, whole: kept texts of `tests/tables`, of which words and layout are the same, and numbers to a few units of
//! their last printed digit, because the last bits of a fit depend on the processor. `GRADUS_KEEP=1 cargo test -p gradus --test tables`
//! writes them anew, to be read before they are committed.

mod common;

use std::path::Path;

use common::{data, gradus, path, text};

/// Words and numbers of a text, with all that stands between them.
fn tokens(text: &str) -> Vec<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest
            .find(|other| part(other) != part(c))
            .unwrap_or(rest.len());
        out.push(&rest[..end]);
        rest = &rest[end..];
    }
    out
}

/// A unit of the last digit of a number as it is printed.
fn unit(number: &str) -> f64 {
    let (digits, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let decimals = digits
        .split_once('.')
        .map_or(0, |(_, after)| after.len() as i32);
    10.0_f64.powi(exponent.parse::<i32>().unwrap_or(0) - decimals)
}

fn same(found: &str, kept: &str) -> bool {
    let (a, b) = (tokens(found), tokens(kept));
    a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(a, b)| match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(x), Ok(y)) => {
                    // A certificate prints rounding errors, of which the size is all that is meant.
                    x == y
                        || (x - y).abs() <= 3.0 * unit(a).max(unit(b))
                        || x.abs().max(y.abs()) < 1e-9
                }
                _ => a == b || a.trim() == b.trim() && a.trim().is_empty(),
            })
}

#[track_caller]
fn check(name: &str, arguments: &[&str]) {
    let output = gradus(arguments);
    // Files of the test are in a folder with a new name each time.
    let folder = std::env::temp_dir();
    let mut found = text(&output.stdout);
    for argument in arguments
        .iter()
        .filter(|argument| Path::new(argument).starts_with(&folder))
    {
        let name = Path::new(argument).file_name().unwrap().to_str().unwrap();
        found = found.replace(argument, name);
    }
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tables")
        .join(format!("{name}.txt"));
    if std::env::var_os("GRADUS_KEEP").is_some() {
        std::fs::write(&file, &found).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(same(&found, &kept), "{name}: now\n{found}\nkept\n{kept}");
}

#[test]
fn tables_are_the_kept_ones() {
    let folder = tempfile::tempdir().unwrap();
    let [logit, smaller, gaussian, poisson, classes] =
        ["logit", "smaller", "gaussian", "poisson", "classes"]
            .map(|name| folder.path().join(format!("{name}.json")));
    let [players, progress, iris] = [
        "nba_rookie_draft.csv",
        "diabetes_progression.csv",
        "iris.csv",
    ]
    .map(data);
    let (players, progress, iris) = (path(&players), path(&progress), path(&iris));
    check(
        "fit",
        &["fit", players, "--target", "draft", "--out", path(&logit)],
    );
    check(
        "fit_smaller",
        &[
            "fit",
            players,
            "--formula",
            "draft ~ rebound",
            "--out",
            path(&smaller),
        ],
    );
    check(
        "fit_gaussian",
        &[
            "fit",
            progress,
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--robust",
            "hc3",
            "--out",
            path(&gaussian),
        ],
    );
    check(
        "fit_poisson",
        &[
            "fit",
            players,
            "--target",
            "rebound",
            "--family",
            "poisson",
            "--profile",
            "--out",
            path(&poisson),
        ],
    );
    check(
        "fit_classes",
        &[
            "fit",
            iris,
            "--target",
            "species",
            "--family",
            "multinomial",
            "--l2",
            "0.01",
            "--out",
            path(&classes),
        ],
    );
    check(
        "fit_path",
        &[
            "fit",
            progress,
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--path",
            "--l1",
            "1",
        ],
    );
    check("show", &["show", path(&gaussian)]);
    check("diagnose", &["diagnose", path(&logit), players]);
    check("compare", &["compare", path(&smaller), path(&logit)]);
    check("evaluate", &["evaluate", path(&logit), players]);
    check("evaluate_classes", &["evaluate", path(&classes), iris]);
    check("evaluate_numbers", &["evaluate", path(&gaussian), progress]);
    check("describe", &["describe", iris]);
    check("tutorial", &["tutorial"]);
}

#[test]
fn the_comparison_of_tables_sees_what_matters() {
    assert!(same("a  1.2345 b", "a  1.2346 b"));
    assert!(same("gradient 2.1e-17", "gradient 4.0e-16"));
    for (found, kept) in [
        ("a  1.2345 b", "a  1.3345 b"),
        ("a 1", "b 1"),
        ("x 1 2", "x 1"),
        ("12", "13000"),
        ("NaN", "1"),
    ] {
        assert!(!same(found, kept), "{found} {kept}");
    }
}
