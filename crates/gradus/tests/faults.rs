//! What is wrong with a file or a model is said in a sentence with its place, and nothing is written.

mod common;

use common::{data, gradus, path, text};

#[test]
fn every_fault_is_a_sentence_with_a_place_and_writes_nothing() {
    let cases = [
        (
            "a,y\n1,0\n2,1\n3,0\n4,1\nx,1\n",
            "y",
            "bad.csv, line 6, column `a`: \"x\" is not a number",
        ),
        (
            "a,y\n1,0\n,1\n",
            "y",
            "bad.csv, line 3, column `a`: the value is missing",
        ),
        (
            "a,y\n1,0\n2\n",
            "y",
            "bad.csv, line 3: 1 cells where the first line has 2",
        ),
        ("", "y", "bad.csv, line 1: there are no rows of data"),
        (
            "a,y\n1,0\n2,1\n3,2\n",
            "y",
            "bad.csv, line 4, column `y`: \"2\" is a third value",
        ),
        (
            "a,y\n1,0\n2,1\n",
            "z",
            "bad.csv, line 1: there is no column `z`; the columns are a, y",
        ),
        (
            "a,b,y\n1,5,0\n2,5,1\n3,5,0\n4,5,1\n",
            "y",
            "bad.csv, lines 2 to 5: column `b` is 5 in every row",
        ),
        (
            "a,b,y\n1,2,0\n2,4,1\n3,6,0\n4,8,1\n",
            "y",
            "bad.csv, lines 2 to 5: column `b` is determined by others (it is 2.0000·`a`",
        ),
        (
            "a,y\n1,0\n2,0\n3,1\n4,1\n",
            "y",
            "bad.csv, lines 2 to 5: no finite estimate exists: `a` tells the two classes apart without error",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (file, model) = (
        folder.path().join("bad.csv"),
        folder.path().join("model.json"),
    );
    for (content, target, expected) in cases {
        std::fs::write(&file, content).unwrap();
        let output = gradus(&[
            "fit",
            path(&file),
            "--target",
            target,
            "--out",
            path(&model),
        ]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{content:?}");
        assert!(
            message.starts_with("error: ") && message.contains(expected),
            "{message}"
        );
        assert!(output.stdout.is_empty() && !model.exists());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }
    for (name, target) in [
        ("student_hours.csv", "passed"),
        ("exam_scores.csv", "passed"),
    ] {
        let output = gradus(&["fit", path(&data(name)), "--target", target]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("no finite estimate exists") && output.stdout.is_empty()
        );
        assert!(
            gradus(&["fit", path(&data(name)), "--target", target, "--l2", "0.01"])
                .status
                .success()
        );
    }
    let output = gradus(&["fit", "no-such.csv", "--target", "y"]);
    assert!(text(&output.stderr).contains("no-such.csv: cannot be read"));
    let unwritable = folder.path().join("no/such/folder/model.json");
    let output = gradus(&[
        "fit",
        path(&data("nba_rookie_draft.csv")),
        "--target",
        "draft",
        "--out",
        path(&unwritable),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot be written") && output.stdout.is_empty());
    assert_eq!(gradus(&["fit", "x.csv"]).status.code(), Some(2));
    assert_eq!(
        gradus(&[
            "fit",
            path(&data("nba_rookie_draft.csv")),
            "--target",
            "draft",
            "--l2",
            "-1"
        ])
        .status
        .code(),
        Some(2)
    );
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = data("nba_rookie_draft.csv");
    assert!(
        gradus(&[
            "fit",
            path(&file),
            "--target",
            "draft",
            "--out",
            path(&model)
        ])
        .status
        .success()
    );
    let whole = std::fs::read_to_string(&model).unwrap();
    let cases = [
        (whole[..whole.len() / 2].to_owned(), "this is not a model"),
        (
            whole.replace("\"schema\": 1", "\"schema\": 2"),
            "it has schema 2, and this version reads schema 1",
        ),
        (
            whole.replace("\"logit\"", "\"logistic\""),
            "there is no link `logistic`",
        ),
        (
            whole.replace("\"binomial\"", "\"weibull\""),
            "it is a weibull model, which this version does not know",
        ),
        (
            whole.replace("\"estimate\"", "\"estimated\""),
            "missing field `estimate`",
        ),
        ("[]".to_owned(), "this is not a model"),
        (
            whole.replace("\"assist\"", "\"rebound\""),
            "it has the coefficient `rebound` twice",
        ),
        (
            whole.replace("    \"0\"", "    \"1\""),
            "two of its labels are \"1\"",
        ),
    ];
    for (content, expected) in cases {
        std::fs::write(&model, content).unwrap();
        let output = gradus(&["predict", path(&model), path(&file)]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
}
