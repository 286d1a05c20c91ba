//! That the report of a fit works in a browser, where one is installed.

mod common;

use std::fs;
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
