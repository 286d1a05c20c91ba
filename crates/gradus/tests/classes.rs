//! Models of several classes through the command line, against the numbers of R that `train` keeps.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::{gradus, json, path, text};
use serde_json::Value;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../train/tests/inference")
        .join(name)
}

fn reference() -> Value {
    serde_json::from_str(&std::fs::read_to_string(kept("classes.json")).unwrap()).unwrap()
}

/// The data with `yn` cut into the classes of the script, named so that their order has to be said.
fn file(folder: &Path, reference: &Value, names: &[&str]) -> PathBuf {
    let cuts: Vec<f64> = serde_json::from_value(reference["cutpoints"].clone()).unwrap();
    let kept = std::fs::read_to_string(kept("data.csv")).unwrap();
    let mut lines = kept.lines();
    let mut out = lines.next().unwrap().to_owned() + ",class\n";
    for line in lines {
        let yn: f64 = line.split(',').nth(7).unwrap().parse().unwrap();
        let class = cuts.iter().filter(|cut| **cut <= yn).count();
        writeln!(out, "{line},{}", names[class.min(names.len() - 1)]).unwrap();
    }
    let to = folder.join("classes.csv");
    std::fs::write(&to, out).unwrap();
    to
}

#[track_caller]
fn close(found: &Value, expected: &Value, what: &str) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    let error = (found - expected).abs() / expected.abs().max(0.01);
    assert!(error < 1e-7, "{what}: {found} instead of {expected}");
}

fn arguments<'a>(
    file: &'a str,
    family: &'a str,
    features: &'a str,
    more: &[&'a str],
) -> Vec<&'a str> {
    let mut out = vec!["fit", file, "--target", "class", "--family", family];
    out.extend(["--features", features]);
    out.extend(more);
    out
}

#[test]
fn fits_are_profiled_diagnosed_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let reference = reference();
    let file = file(folder.path(), &reference, &["d", "c", "b", "a"]);
    let (file, out, part) = (
        path(&file),
        folder.path().join("model.json"),
        folder.path().join("part.json"),
    );
    for (family, weights, name) in [
        ("multinomial", false, "multinomial"),
        ("multinomial", true, "multinomial_weights"),
        ("ordinal", false, "ordered_probit"),
        ("ordinal", true, "ordered_logit_weights"),
    ] {
        let expected = &reference[name];
        let mut more = vec!["--levels", "d,c,b,a"];
        if weights {
            more.extend(["--weights", "w"]);
        }
        if name == "ordered_probit" {
            more.extend(["--link", "probit"]);
        }
        let mut whole = more.clone();
        whole.extend(["--profile", "--format", "json", "--out", path(&out)]);
        let fit = json(&arguments(file, family, "x1,x2,g", &whole));
        assert_eq!(fit["intervals"], "profile");
        for (j, c) in fit["coefficients"].as_array().unwrap().iter().enumerate() {
            close(&c["conf_low"], &expected["profile"][j][0], name);
            close(&c["conf_high"], &expected["profile"][j][1], name);
        }
        let conditions = fit["validity"].as_array().unwrap();
        let names: Vec<&str> = conditions
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        let known = [
            "convergence",
            "penalty",
            "rank",
            "separation",
            "wald",
            "events",
            "slopes",
        ];
        let ordered = family == "ordinal";
        assert_eq!(names, known[..6 + usize::from(ordered)]);

        let diagnosis = json(&["diagnose", path(&out), file, "--format", "json"]);
        for (k, e) in diagnosis["effects"].as_array().unwrap().iter().enumerate() {
            let of = &expected["effects"][e["column"].as_str().unwrap()];
            assert_eq!(e["class"], ["d", "c", "b", "a"][k / 3]);
            close(&e["estimate"], &of["estimate"][k / 3], name);
            close(&e["std_error"], &of["std_error"][k / 3], name);
        }
        for (k, row) in diagnosis["analysis_of_deviance"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            close(&row["deviance"], &expected["deviances"][k], name);
        }
        assert_eq!(diagnosis["tests"].as_array().unwrap().len(), 3);
        assert!(diagnosis["tests"][0]["score"]["p_value"].as_f64().unwrap() < 0.05);
        let printed = gradus(&["diagnose", path(&out), file]);
        let printed = text(&printed.stdout);
        for line in ["mean effect", "term left out", "term added", "holds   rank"] {
            assert!(printed.contains(line), "{printed}");
        }

        more.extend(["--format", "json", "--out", path(&part)]);
        let smaller = json(&arguments(file, family, "x1", &more));
        assert!(smaller["intervals"].is_null());
        let comparison = json(&["compare", path(&part), path(&out), "--format", "json"]);
        close(
            &comparison["likelihood_ratio"]["statistic"],
            &expected["drop_x2_g"]["lr"]["stat"],
            name,
        );
    }
    // Another file is refused, and so is another family.
    let other = gradus(&["diagnose", path(&part), path(&kept("data.csv"))]);
    assert_eq!(other.status.code(), Some(1));
    let lines = std::fs::read_to_string(file).unwrap();
    let (head, rest) = lines.split_at(lines.len() - 40);
    let cut = head.rfind('\n').unwrap() + 1;
    std::fs::write(file, &lines[..cut]).unwrap();
    assert!(!rest.is_empty());
    let other = gradus(&["diagnose", path(&out), file]);
    assert!(
        text(&other.stderr).contains("not the data"),
        "{}",
        text(&other.stderr)
    );
}

#[test]
fn firth_fits_have_penalised_ratios() {
    let folder = tempfile::tempdir().unwrap();
    let reference = reference();
    let expected = &reference["firth"];
    let file = file(folder.path(), &reference, &["0", "1", "2"]);
    let (file, out) = (path(&file), folder.path().join("model.json"));
    let more = [
        "--firth",
        "--profile",
        "--format",
        "json",
        "--out",
        path(&out),
    ];
    let fit = json(&arguments(file, "multinomial", "x1,g", &more));
    for (j, c) in fit["coefficients"].as_array().unwrap().iter().enumerate() {
        close(&c["conf_low"], &expected["profile"][j][0], "low");
        close(&c["conf_high"], &expected["profile"][j][1], "high");
        // The interval holds 0 if and only if the test does not refuse it.
        let holds = c["conf_low"].as_f64().unwrap() < 0.0 && c["conf_high"].as_f64().unwrap() > 0.0;
        assert_eq!(holds, c["p_value"].as_f64().unwrap() > 0.05);
    }
    let failed = |document: &Value| -> Vec<String> {
        let all = document["validity"].as_array().unwrap().iter();
        let failed = all.filter(|c| c["holds"] == false);
        failed
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(failed(&fit).is_empty());
    let plain = json(&arguments(
        file,
        "multinomial",
        "x1,g",
        &["--firth", "--format", "json"],
    ));
    assert_eq!(failed(&plain), ["wald"]);
    let diagnosis = json(&["diagnose", path(&out), file, "--format", "json"]);
    close(
        &diagnosis["tests"][1]["likelihood_ratio"]["statistic"],
        &expected["lr_g"]["stat"],
        "ratio",
    );
    assert!(diagnosis["tests"][1]["score"].is_null());
}

#[test]
fn what_several_classes_do_not_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &reference(), &["0", "1", "2"]);
    let file = path(&file);
    for (more, sentence) in [
        (
            &["--bootstrap", "50"][..],
            "--bootstrap is for generalised linear models",
        ),
        (&["--robust", "hc3"][..], "no single leverage"),
        (&["--l2", "0.1", "--profile"][..], "a penalty is in force"),
    ] {
        let output = gradus(&arguments(file, "multinomial", "x1,g", more));
        let said = text(&output.stderr);
        let code = if more[0] == "--bootstrap" { 2 } else { 1 };
        assert!(
            output.status.code() == Some(code) && said.contains(sentence),
            "{said}"
        );
    }
}
