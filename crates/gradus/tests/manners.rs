//! Names that are spelt wrongly, quiet, exit codes and colours: how the program behaves whatever it is asked.

mod common;

use std::fs;

use common::{data, gradus, path, text};

#[test]
fn a_misspelt_column_has_a_suggestion_wherever_it_is_named() {
    let players = data("nba_rookie_draft.csv");
    let file = path(&players);
    let fit = |more: &[&str]| {
        let output = gradus(&[&["fit", file], more].concat());
        assert_eq!(output.status.code(), Some(1), "{more:?}");
        text(&output.stderr)
    };
    for (arguments, meant) in [
        (&["--target", "darft"][..], "draft"),
        (
            &["--target", "draft", "--features", "asist,rebound"],
            "assist",
        ),
        (&["--target", "draft", "--exclude", "rebuond"], "rebound"),
        (&["--target", "draft", "--weights", "asist"], "assist"),
        (&["--target", "draft", "--offset", "asist"], "assist"),
        (&["--target", "draft", "--trials", "asist"], "assist"),
        (&["--target", "draft", "--cluster", "asist"], "assist"),
        (&["--formula", "draft ~ asist"], "assist"),
        (&["--formula", "draft ~ log(asist)"], "assist"),
        (&["--formula", "draft ~ C(asist)"], "assist"),
        (
            &[
                "--target",
                "draft",
                "--l2",
                "1",
                "--penalty-factor",
                "asist=0",
            ],
            "assist",
        ),
        (&["--target", "draft", "--bounds", "asist=0:"], "assist"),
    ] {
        let error = fit(arguments);
        assert!(
            error.contains(&format!("did you mean `{meant}`?")),
            "{arguments:?}: {error}"
        );
    }
}

#[test]
fn quiet_prints_nothing_and_writes_files() {
    let folder = tempfile::tempdir().unwrap();
    let (model, out) = (
        folder.path().join("model.json"),
        folder.path().join("out.csv"),
    );
    let players = data("nba_rookie_draft.csv");
    let (model, file) = (path(&model), path(&players));
    for arguments in [
        &["fit", file, "--target", "draft", "--out", model, "--quiet"][..],
        &["--quiet", "predict", model, file, "--out", path(&out)],
        &["evaluate", model, file, "-q"],
        &["diagnose", model, file, "-q"],
        &["describe", file, "-q"],
        &["show", model, "-q"],
    ] {
        let output = gradus(arguments);
        assert!(
            output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
    assert!(
        fs::read_to_string(&out)
            .unwrap()
            .starts_with("probability,prediction\n")
    );
    let wrong = gradus(&["predict", "no-model.json", file, "-q"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).starts_with("error: no-model.json: cannot be read"));
}

#[test]
fn help_says_the_exit_codes_and_nothing_has_colours() {
    for arguments in [&["--help"][..], &["fit", "--help"]] {
        let help = text(&gradus(arguments).stdout);
        assert!(
            help.contains(
                "Exit codes: 0 done, 1 the data or the model are at fault, 2 the arguments are"
            ),
            "{help}"
        );
        assert!(!help.contains('\u{1b}'));
    }
    let players = data("nba_rookie_draft.csv");
    let output = gradus(&["fit", path(&players), "--target", "draft"]);
    assert!(!output.stdout.contains(&0x1b) && !gradus(&["fit"]).stderr.contains(&0x1b));
}
