//! That the report of a fit works in a browser, where one is installed.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::html::report;
use common::{data, path, text};

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

/// Collects faults, then tries the page and writes what it found into an attribute of the body, or tells the page around it.
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
       // An interval lights up itself, its twin of the other theme, and its row.
       var intervals = all('#forest .interval');
       var answers = intervals.filter(function (interval) {
         interval.dispatchEvent(new MouseEvent('mouseenter'));
         var on = all('.interval.on').length === 2 && all('tr.on').length === 1 && interval.classList.contains('on');
         interval.dispatchEvent(new MouseEvent('mouseleave'));
         return on && all('.on').length === 0;
       });
       var wide = document.documentElement.scrollWidth > window.innerWidth ? 'too wide' : 'fits';
       var theme = document.getElementById('theme'); var before = getComputedStyle(document.body).backgroundColor;
       theme.click(); var after = getComputedStyle(document.body).backgroundColor;
       var found = [window.faults.join(), window.innerWidth, shown.length, up, sorted, down, name, lit, answers.length + '/' + intervals.length, wide, before !== after,
         all('svg[role=img]').filter(function (s) { return s.getBoundingClientRect().width > 100; }).length].join(';');
       if (window.parent === window) { document.body.setAttribute('data-found', found); } else { window.parent.postMessage(found, '*'); }
     });</script>",
);

/// A page as narrow as no window can be, around another one.
const AROUND: &str = "<!DOCTYPE html><html><body><script>window.addEventListener('message', function (e) { document.body.setAttribute('data-found', e.data); });</script>
     <iframe src=\"tried.html\" width=\"360\" height=\"800\" style=\"border: 0\"></iframe></body></html>";

/// What trying a page finds, at a width.
#[track_caller]
fn found(browser: &str, folder: &Path, page: &str, width: u32) -> Vec<String> {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=4000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", path(&folder.join("profile"))))
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", path(&folder.join(page))))
        .output()
        .unwrap();
    let dom = text(&output.stdout);
    let found = dom
        .split("data-found=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let found = found.unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    found.split(';').map(str::to_owned).collect()
}

/// Tries the report of a fit in a window, in a narrow one, and on a telephone.
#[track_caller]
fn tried(file: &Path, arguments: &[&str], pictures: &str, intervals: &str, orders: [&str; 3]) {
    let Some(browser) = browser() else {
        eprintln!("skipped: no chromium, chromium-browser or google-chrome is on the path");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let html = report(folder.path(), file, arguments);
    let tried = html
        .replace("<head>", &format!("<head>{}", TRY.0))
        .replace("</body>", &format!("{}</body>", TRY.1));
    fs::write(folder.path().join("tried.html"), tried).unwrap();
    fs::write(folder.path().join("around.html"), AROUND).unwrap();
    for (page, window, width) in [
        ("tried.html", 1200, "1200"),
        ("tried.html", 500, "500"),
        ("around.html", 500, "360"),
    ] {
        let [up, down, name] = orders;
        let expected = [
            "",
            width,
            pictures,
            up,
            "ascending",
            down,
            name,
            "2/1",
            intervals,
            "fits",
            "true",
            pictures,
        ];
        assert_eq!(
            found(browser, folder.path(), page, window),
            expected,
            "{width}"
        );
    }
}

#[test]
fn a_report_of_two_classes_works_in_a_browser() {
    let orders = [
        "(intercept) avg_score rebound assist",
        "assist rebound avg_score (intercept)",
        "(intercept) assist avg_score rebound",
    ];
    let file = data("nba_rookie_draft.csv");
    tried(&file, &["--target", "draft"], "6", "6/6", orders);
}

#[test]
fn a_report_of_numbers_works_in_a_browser() {
    let orders = [
        "(intercept) sex total_cholesterol age glucose hdl ldl blood_pressure bmi cholesterol_ratio log_triglycerides",
        "log_triglycerides cholesterol_ratio bmi blood_pressure ldl hdl glucose age total_cholesterol sex (intercept)",
        "(intercept) age blood_pressure bmi cholesterol_ratio glucose hdl ldl log_triglycerides sex total_cholesterol",
    ];
    let file = data("diabetes_progression.csv");
    let arguments = ["--target", "progression", "--family", "gaussian"];
    tried(&file, &arguments, "4", "20/20", orders);
}

#[test]
fn a_report_of_several_classes_works_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("classes.csv");
    let mut rows = "class,x,z\n".to_owned();
    for k in 0..60_u32 {
        let class = ["a", "b", "c"][(k * k % 11 % 3) as usize];
        writeln!(rows, "{class},{},{}", k % 7, k * 13 % 17).unwrap();
    }
    fs::write(&file, rows).unwrap();
    let by_name = "(intercept) (intercept) x x z z";
    // The second column has the classes.
    let orders = [
        "(intercept) x z (intercept) x z",
        "(intercept) x z (intercept) x z",
        by_name,
    ];
    let arguments = ["--target", "class", "--family", "multinomial"];
    tried(&file, &arguments, "2", "8/8", orders);
}
