//! `gradus fit --report`: one file without a network, whatever the family and whatever the names, and that it works in a browser.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{data, gradus, path, text};
use roxmltree::{Document, Node, ParsingOptions};

/// The report of a fit.
#[track_caller]
fn report(folder: &Path, file: &Path, arguments: &[&str]) -> String {
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
fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(html, options).unwrap()
}

fn all_text(node: Node<'_, '_>) -> String {
    let parts = node.descendants().filter(Node::is_text);
    parts.filter_map(|n| n.text()).collect()
}

/// A whole picture, not a part that is an `<svg>` of its own.
fn is_picture(node: &Node<'_, '_>) -> bool {
    node.tag_name().name() == "svg" && node.attribute("role").is_some()
}

/// What holds for every report.
#[track_caller]
fn check(html: &str) {
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

fn titles(html: &str) -> Vec<String> {
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
fn table(html: &str, caption: &str) -> Vec<String> {
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

#[test]
fn two_classes() {
    let folder = tempfile::tempdir().unwrap();
    let html = report(
        folder.path(),
        &data("nba_rookie_draft.csv"),
        &["--target", "draft"],
    );
    check(&html);
    // The figures of R's glm.
    let expected = [
        "coefficient | estimate | std. error | statistic | p | 2.5 % | 97.5 %",
        "(intercept) | −3.68118 | 4.49944 | −0.81814 | 0.4133 | −12.4999 | 5.13757",
        "avg_score | −0.112828 | 0.214878 | −0.525081 | 0.5995 | −0.53398 | 0.308324",
        "rebound | 0.395684 | 0.502709 | 0.787103 | 0.4312 | −0.589607 | 1.38097",
        "assist | 0.679539 | 0.593349 | 1.14526 | 0.2521 | −0.483403 | 1.84248",
    ];
    assert_eq!(table(&html, "Estimates with standard errors"), expected);
    assert_eq!(
        titles(&html),
        [
            "Coefficients",
            "ROC curve",
            "Precision and recall",
            "Calibration",
            "Confusion matrix",
            "Residuals against leverage"
        ]
    );
    let rows = table(&html, "Rows with a Cook");
    assert_eq!((rows.len(), &rows[1][..5]), (4, "11 | "));
    assert_eq!(table(&html, "Average effects").len(), 4);
    for said in [
        "the probability that draft is 1 is explained by avg_score, rebound and assist, from 12 observations",
        "Caution, events:",
        "Holds, convergence:",
        "in-sample",
        "The fit has converged: after",
    ] {
        assert!(all_text(parsed(&html).root()).contains(said), "{said}");
    }
}

#[test]
fn the_command_repeats_the_report_and_the_digest_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my players'.csv");
    fs::copy(data("nba_rookie_draft.csv"), &file).unwrap();
    let html = report(
        folder.path(),
        &file,
        &["--formula", "draft ~ assist + log(rebound)"],
    );
    check(&html);
    let document = parsed(&html);
    let code: Vec<String> = document
        .descendants()
        .filter(|n| n.has_tag_name("pre"))
        .map(all_text)
        .collect();
    let [formula, command, digest] = &code[..] else {
        panic!("{code:?}");
    };
    assert_eq!(formula, "draft ~ assist + log(rebound)");
    // By `sha256sum data/nba_rookie_draft.csv`.
    assert_eq!(
        digest,
        "065ff723f2a89f4666e1721adb5d018b0035a97061ef32747c249bb2c183f650"
    );
    let first = fs::read(folder.path().join("report.html")).unwrap();
    fs::remove_file(folder.path().join("report.html")).unwrap();
    let words = command.strip_prefix("gradus ").unwrap();
    if cfg!(unix) {
        let again = Command::new("sh")
            .args([
                "-c",
                &format!("\"$0\" {words}"),
                env!("CARGO_BIN_EXE_gradus"),
            ])
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", text(&again.stderr));
        assert!(fs::read(folder.path().join("report.html")).unwrap() == first);
    }
}

#[test]
fn numbers_counts_and_shares_have_residuals() {
    let folder = tempfile::tempdir().unwrap();
    let residuals = [
        "Residuals against fitted values",
        "Normal quantiles",
        "Residuals against leverage",
    ];
    let html = report(
        folder.path(),
        &data("diabetes_progression.csv"),
        &["--target", "progression", "--family", "gaussian"],
    );
    check(&html);
    assert_eq!(titles(&html)[1..], residuals);
    assert!(html.contains("ROC curve, calibration and confusion matrix are for classes"));
    let file = folder.path().join("counts.csv");
    let row = |k: u32| {
        format!(
            "{},{},{},{},{},c{}\n",
            k % 3 + 17 * u32::from(k.is_multiple_of(9)),
            (k * 7 + k / 9) % 5,
            k % 11,
            f64::from(k % 13) / 3.0,
            6 + k % 4,
            k % 35
        )
    };
    let rows: String = (0..140).map(row).collect();
    fs::write(&file, format!("wild,events,a,b,n,who\n{rows}")).unwrap();
    for family in ["poisson", "quasipoisson", "negative-binomial"] {
        let html = report(
            folder.path(),
            &file,
            &[
                "--target",
                if family == "negative-binomial" {
                    "wild"
                } else {
                    "events"
                },
                "--family",
                family,
                "--features",
                "a,b",
            ],
        );
        check(&html);
        assert_eq!(titles(&html)[1..], residuals, "{family}");
        assert_eq!(
            html.contains("Quantile residuals are normal"),
            family != "quasipoisson"
        );
    }
    let html = report(
        folder.path(),
        &file,
        &["--target", "events", "--trials", "n", "--features", "a,b"],
    );
    check(&html);
    let all = [
        "Coefficients",
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Confusion matrix",
    ];
    assert_eq!(titles(&html), [&all[..], &residuals[..]].concat());
    let html = report(
        folder.path(),
        &file,
        &[
            "--target",
            "events",
            "--family",
            "poisson",
            "--features",
            "a,b",
            "--cluster",
            "who",
        ],
    );
    check(&html);
    assert!(html.contains("allow for dependence within 35 clusters of who"));
}

#[test]
fn what_a_fit_does_not_have_is_left_out_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (scores, players, iris) = (
        data("diabetes_progression.csv"),
        data("nba_rookie_draft.csv"),
        data("iris.csv"),
    );
    let of = |file: &Path, arguments: &[&str]| {
        let html = report(folder.path(), file, arguments);
        check(&html);
        (all_text(parsed(&html).root()), titles(&html))
    };
    let (said, pictures) = of(
        &scores,
        &[
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--l1",
            "2",
        ],
    );
    assert!(said.contains("A penalty shrinks the coefficients: 2·‖β‖₁"));
    assert!(said.contains("A picture is left out: the coefficients have no intervals"));
    assert!(said.contains("Leverages and influential rows are left out: "));
    assert_eq!(
        pictures,
        ["Residuals against fitted values", "Normal quantiles"]
    );
    for family in ["huber", "quantile"] {
        let (said, pictures) = of(&scores, &["--target", "progression", "--family", family]);
        assert!(
            said.contains("robust and quantile regression have no likelihood"),
            "{family}"
        );
        assert!(pictures.contains(&"Residuals against fitted values".to_owned()));
    }
    let (said, pictures) = of(&players, &["--target", "draft", "--firth", "--profile"]);
    assert!(
        said.contains("Firth's penalty takes") && said.contains("Intervals come from the profile")
    );
    assert!(pictures.contains(&"Residuals against leverage".to_owned()));
    let (said, pictures) = of(
        &iris,
        &[
            "--target",
            "species",
            "--family",
            "multinomial",
            "--firth",
            "--features",
            "sepal_length,sepal_width",
        ],
    );
    assert!(said.contains("Average effects on the probability of each class"));
    assert_eq!(pictures, ["Coefficients", "Confusion matrix"]);
    let file = folder.path().join("grades.csv");
    let mut rows = String::new();
    for k in 0..90_u32 {
        let grade = ["low", "medium", "high"][((k * k + k / 3) % 3) as usize];
        writeln!(rows, "{grade},{}", k % 17).unwrap();
    }
    fs::write(&file, format!("grade,x\n{rows}")).unwrap();
    let (said, pictures) = of(&file, &["--target", "grade", "--family", "ordinal"]);
    assert!(
        said.contains("low|medium")
            && said.contains("A positive coefficient makes higher classes more probable")
    );
    assert_eq!(pictures, ["Coefficients", "Confusion matrix"]);
    let (said, _) = of(&file, &["--formula", "x ~ 1", "--family", "poisson"]);
    assert!(said.contains("the model has an intercept alone"), "{said}");
}

#[test]
fn a_fit_that_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.html");
    let file = data("nba_rookie_draft.csv");
    let output = gradus(&[
        "fit",
        path(&file),
        "--target",
        "draft",
        "--iterations",
        "1",
        "--report",
        path(&out),
    ]);
    assert_eq!(output.status.code(), Some(3));
    let html = fs::read_to_string(out).unwrap();
    check(&html);
    assert!(html.contains("The fit stopped before its optimum"));
}

#[test]
fn hostile_names_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.csv");
    let mut rows = "\"</script><script>alert(1)</script>\",\"\"\"><img src=x onerror=alert(2)>\",\"o'k & <b>\"\n".to_owned();
    for k in 0..60_u32 {
        let label = ["<u>yes</u>", "</svg>&no"][usize::from(k * k % 7 < 3)];
        let level = ["'<a>", "&amp;", "b\u{202e}"][(k % 3) as usize];
        writeln!(rows, "{label},{},{level}", (k * 13) % 17).unwrap();
    }
    fs::write(&file, rows).unwrap();
    let html = report(folder.path(), &file, &["--target", "1"]);
    check(&html);
    let document = parsed(&html);
    let of = |name: &str| {
        document
            .descendants()
            .filter(|n| n.has_tag_name(name))
            .count()
    };
    assert_eq!(
        (of("script"), of("img"), of("u"), of("b"), of("a")),
        (1, 0, 0, 0, 8)
    );
    let shown = table(&html, "Estimates");
    assert!(
        shown
            .iter()
            .any(|row| row.starts_with("\"><img src=x onerror=alert(2)> | ")),
        "{shown:?}"
    );
}

#[test]
fn a_hundred_thousand_rows_make_a_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.csv");
    let mut rows = "events,ill,a,b\n".to_owned();
    let mut state = 1_u32;
    for _ in 0..100_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (
            f64::from(state >> 16) / 65536.0,
            f64::from(state & 0xffff) / 65536.0,
        );
        let events = ((state >> 9) % 7) * u32::from(x > 0.4);
        let ill = u32::from((state >> 3) % 5 > 2);
        writeln!(rows, "{events},{ill},{x},{y}").unwrap();
    }
    fs::write(&file, rows).unwrap();
    for arguments in [
        ["--target", "events", "--family", "poisson"],
        ["--target", "ill", "--family", "binomial"],
    ] {
        let html = report(folder.path(), &file, &arguments);
        check(&html);
        assert!(html.len() < 2_000_000, "{}", html.len());
    }
}

#[test]
fn files_are_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("players.csv");
    fs::copy(data("nba_rookie_draft.csv"), &copy).unwrap();
    let over = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--report",
        path(&copy),
    ]);
    assert!(text(&over.stderr).contains("the result would replace the data"));
    let one = folder.path().join("x");
    let both = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--report",
        path(&one),
        "--out",
        path(&one),
    ]);
    assert!(text(&both.stderr).contains("--out and --report are one file"));
    let path_of = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--path",
        "--report",
        path(&one),
    ]);
    assert_eq!(path_of.status.code(), Some(2));
    assert!(!one.exists());
}

/// A browser without a window, if one is installed.
fn browser() -> Option<&'static str> {
    let known = ["chromium", "chromium-browser", "google-chrome"];
    known.into_iter().find(|name| {
        Command::new(name)
            .arg("--version")
            .output()
            .is_ok_and(|o| o.status.success())
    })
}

/// Collects faults, then tries the page and writes what it found into an attribute of the body.
const TRY: (&str, &str) = (
    "<script>window.faults = []; window.onerror = function (m) { window.faults.push(m); };
     console.error = console.warn = function (m) { window.faults.push(String(m)); };</script>",
    "<script>window.addEventListener('load', function () {
       var all = function (what) { return Array.from(document.querySelectorAll(what)); };
       var shown = all('svg[role=img]').filter(function (s) { return s.getBoundingClientRect().width > 100 && s.getBoundingClientRect().height > 100; });
       var names = function () { return all('table.sortable')[0].tBodies[0].rows; };
       var order = function () { return Array.from(names()).map(function (r) { return r.cells[0].textContent; }).join(' '); };
       var first = all('table.sortable')[0], heads = first.querySelectorAll('thead button');
       heads[1].click(); var up = order(); var sorted = heads[1].parentNode.getAttribute('aria-sort');
       heads[1].click(); var down = order();
       heads[0].click(); var name = order();
       var row = document.querySelector('tr[data-row=\"2\"]'); row.focus();
       var lit = all('.interval.on').length + '/' + all('#forest.lit').length; row.blur();
       var wide = document.documentElement.scrollWidth > window.innerWidth ? 'too wide' : 'fits';
       var theme = document.getElementById('theme'); var before = getComputedStyle(document.body).backgroundColor;
       theme.click(); var after = getComputedStyle(document.body).backgroundColor;
       document.body.setAttribute('data-found', [window.faults.join(), shown.length, up, sorted, down, name, lit, wide, before !== after,
         all('svg[role=img]').filter(function (s) { return s.getBoundingClientRect().width > 100; }).length].join(';'));
     });</script>",
);

#[test]
fn it_works_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no chromium, chromium-browser or google-chrome is on the path");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let html = report(
        folder.path(),
        &data("nba_rookie_draft.csv"),
        &["--target", "draft"],
    );
    let tried = html
        .replace("<head>", &format!("<head>{}", TRY.0))
        .replace("</body>", &format!("{}</body>", TRY.1));
    let page = folder.path().join("tried.html");
    fs::write(&page, tried).unwrap();
    for size in ["1200,900", "500,800"] {
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--virtual-time-budget=4000",
                "--dump-dom",
            ])
            .arg(format!(
                "--user-data-dir={}",
                path(&folder.path().join("profile"))
            ))
            .arg(format!("--window-size={size}"))
            .arg(format!("file://{}", path(&page)))
            .output()
            .unwrap();
        let dom = text(&output.stdout);
        let found = dom
            .split("data-found=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let found = found.unwrap_or_else(|| panic!("{}", text(&output.stderr)));
        let expected = [
            "",
            "6",
            "(intercept) avg_score rebound assist",
            "ascending",
            "assist rebound avg_score (intercept)",
            "(intercept) assist avg_score rebound",
            "2/1",
            "fits",
            "true",
            "6",
        ];
        assert_eq!(found.split(';').collect::<Vec<_>>(), expected, "{size}");
    }
}
