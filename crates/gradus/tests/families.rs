//! Every family through the command line: the JSON against fits of R and Python refined to 15 digits, which `train` keeps.

mod common;

use std::path::{Path, PathBuf};

use common::{gradus, json as fit};
use serde_json::Value;

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../train/tests/reference")
}

fn cases(wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    let text = std::fs::read_to_string(reference().join("reference.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    all.into_iter()
        .filter(|case| wanted(case["name"].as_str().unwrap()))
        .collect()
}

#[track_caller]
fn close(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what}: {found}"));
    let error = (found - expected).abs() / expected.abs().max(0.01);
    assert!(error < 1e-8, "{what}: {found} instead of {expected}");
}

/// Estimates and errors of every coefficient that the reference names.
fn check(case: &Value, document: &Value) {
    let name = case["name"].as_str().unwrap();
    for (key, expected) in case["coefficients"].as_object().unwrap() {
        let (class, column) = match key.split_once(':') {
            Some((class, column)) => (Some(class), column),
            None => (None, key.as_str()),
        };
        let column = match column {
            "(Intercept)" => "(intercept)",
            "gB" => "g[T.B]",
            "gC" => "g[T.C]",
            other => other,
        };
        let found = document["coefficients"].as_array().unwrap().iter();
        let found = found
            .into_iter()
            .find(|c| c["name"] == column && c["class"].as_str() == class);
        let found = found.unwrap_or_else(|| panic!("{name}: no {key}"));
        close(
            &found["estimate"],
            expected["estimate"].as_f64().unwrap(),
            &format!("{name}, {key}"),
        );
        if let Some(error) = expected["std_error"].as_f64() {
            close(&found["std_error"], error, &format!("{name}, {key}, error"));
        }
    }
    if let Some(likelihood) = case["log_likelihood"].as_f64()
        && !document["log_likelihood"].is_null()
        && case["family"] != "tweedie"
    {
        close(&document["log_likelihood"], likelihood, name);
    }
}

#[test]
fn every_family_agrees_with_r() {
    let data = reference().join("data.csv");
    let data = data.to_str().unwrap();
    let mut seen = 0;
    for case in cases(|name| !name.starts_with("elastic") && !name.contains("separated")) {
        let options = &case["options"];
        let family = match case["family"].as_str().unwrap() {
            "inverse_gaussian" => "inverse-gaussian",
            "negative_binomial" => "negative-binomial",
            "ordered" => "ordinal",
            other => other,
        };
        let link = match case["link"].as_str().unwrap() {
            // No link of ours.
            "loglog" => continue,
            "inverse_squared" | "1/mu^2" => "inverse-square",
            other => other,
        };
        let name = case["name"].as_str().unwrap();
        let target = options["target"].as_str().unwrap();
        let formula = format!("{target} ~ x1 + x2 + g");
        let mut arguments = vec!["fit", data, "--format", "json", "--formula", &formula];
        arguments.extend(["--family", family, "--link", link]);
        let offset = format!("{target} ~ x1 + x2 + g + offset(log(e))");
        if !options["offset"].is_null() {
            arguments[5] = &offset;
        }
        if !options["weights"].is_null() {
            arguments.extend(["--weights", "w"]);
            if !matches!(family, "multinomial" | "ordinal") {
                arguments.push("--analytic");
            }
        }
        if !options["trials"].is_null() {
            arguments.extend(["--trials", "n"]);
        }
        if name.starts_with("firth") {
            arguments.push("--firth");
        }
        if name.contains("theta_2") {
            arguments.extend(["--theta", "2"]);
        }
        let bounds: Vec<String> = match options["bounds"].as_object() {
            Some(bounds) => bounds
                .iter()
                .map(|(column, b)| {
                    let side = |b: &Value| b.as_f64().map_or(String::new(), |b| b.to_string());
                    let column = column.replace("gB", "g[T.B]").replace("gC", "g[T.C]");
                    format!("{column}={}:{}", side(&b[0]), side(&b[1]))
                })
                .collect(),
            None => Vec::new(),
        };
        for bound in &bounds {
            arguments.extend(["--bounds", bound]);
        }
        let (k, tau) = (options["k"].to_string(), options["tau"].to_string());
        match family {
            "huber" => arguments.extend(["--k", &k]),
            "quantile" => arguments.extend(["--tau", &tau]),
            _ => {}
        }
        let lambda = options["lambda"].as_f64().map(|l| l.to_string());
        if name == "ridge_logistic_factors" {
            arguments.extend(["--l2", lambda.as_deref().unwrap()]);
            for factor in ["x1=0", "g[T.B]=2", "g[T.C]=2"] {
                arguments.extend(["--penalty-factor", factor]);
            }
        }
        // The likelihoods of the penalised are not those of the reference.
        let mut case = case.clone();
        if name.starts_with("firth") || family.starts_with("quasi") {
            case["log_likelihood"] = Value::Null;
        }
        let document = fit(&arguments);
        check(&case, &document);
        assert_eq!(document["certificate"]["status"], "converged", "{name}");
        assert!(document["timing"]["fit_seconds"].as_f64().unwrap() > 0.0);
        if let Some(theta) = case["theta"].as_f64().filter(|_| !name.contains("theta_2")) {
            close(&document["dispersion"]["estimate"], theta, name);
            let error = case["theta_std_error"].as_f64().unwrap();
            close(&document["dispersion"]["std_error"], error, name);
        } else if let Some(dispersion) = case["dispersion"].as_f64().filter(|d| *d != 1.0) {
            close(&document["dispersion"]["estimate"], dispersion, name);
        }
        seen += 1;
    }
    assert!(seen >= 54, "{seen}");
}

#[test]
fn elastic_nets_paths_and_cross_validation() {
    let data = reference().join("data.csv");
    let data = data.to_str().unwrap();
    for case in cases(|name| name.starts_with("elastic_net_binomial")) {
        let options = &case["options"];
        let net = format!("{},{}", options["lambda"], options["alpha"]);
        let formula = "yb ~ x1 + x2 + g";
        let arguments = [
            "fit",
            data,
            "--format",
            "json",
            "--formula",
            formula,
            "--elastic-net",
            &net,
        ];
        let mut case = case.clone();
        case["log_likelihood"] = Value::Null;
        check(&case, &fit(&arguments));
    }
    let arguments = [
        "fit",
        data,
        "--format",
        "json",
        "--formula",
        "yg ~ x1 + x2 + g",
        "--family",
        "gaussian",
    ];
    let with = |more: &[&'static str]| [&arguments[..], more].concat();
    let path = fit(&with(&["--path"]));
    let points = path["path"].as_array().unwrap();
    assert_eq!(
        (points.len(), &points[0]["nonzero"]),
        (100, &Value::from(0))
    );
    let best = fit(&with(&["--cv", "5"]));
    let simple = fit(&with(&["--cv", "5", "--rule", "1se"]));
    assert!(simple["l1"].as_f64() > best["l1"].as_f64());
    assert_eq!(
        best["l1"],
        fit(&with(&["--cv", "5", "--threads", "1"]))["l1"]
    );
    for (more, expected) in [
        (&["--elastic-net", "1"][..], "two numbers are needed"),
        (&["--link", "logistic"], "there is no link `logistic`"),
        (&["--solver", "newtn"], "did you mean `newton`?"),
        (&["--link", "lgit"], "did you mean `logit`?"),
        (&["--bounds", "x1"], "COLUMN=LOW:HIGH is needed"),
        (
            &["--penalty-factor", "z=1", "--l2", "1"],
            "has none of that name",
        ),
        (
            &["--theta", "2"],
            "--theta is for --family negative-binomial",
        ),
        (&["--firth"], "--firth is for binomial models"),
        (&["--threads", "0"], "a whole number from 1 to 1024"),
        (&["--tau", "0.9"], "--tau is for --family quantile"),
        (
            &["--path", "--solver", "lbfgs"],
            "leave out --solver and --iterations",
        ),
    ] {
        let output = gradus(&with(more));
        // A column that the data do not have is a fault of both; all others are faults of the words alone.
        let code = if expected.starts_with("has none") {
            1
        } else {
            2
        };
        assert_eq!(output.status.code(), Some(code), "{more:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains(expected), "{errors}");
    }
    let output = gradus(&with(&["--iterations", "0"]));
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("iteration limit reached"));
}

#[test]
fn predictions_of_every_kind() {
    let data = reference().join("data.csv");
    let data = data.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let model = model.to_str().unwrap();
    for (family, target, header, columns) in [
        (
            "multinomial",
            "ym",
            "probability_a,probability_b,probability_c,prediction",
            4,
        ),
        (
            "ordinal",
            "yo",
            "probability_1low,probability_2mid,probability_3high,probability_4top,prediction",
            5,
        ),
        ("poisson", "yc", "mean", 1),
        ("gamma", "yp", "mean", 1),
        ("gaussian", "yg", "mean", 1),
        ("binomial", "yb", "probability,prediction", 2),
    ] {
        let formula = format!("{target} ~ x1 + g");
        let formula = formula.as_str();
        fit(&[
            "fit",
            data,
            "--format",
            "json",
            "--family",
            family,
            "--formula",
            formula,
            "--out",
            model,
        ]);
        let output = gradus(&["predict", model, data]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(header));
        let mut rows = 0;
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), columns);
            if columns > 2 {
                let numbers = cells[..columns - 1]
                    .iter()
                    .map(|c| c.parse::<f64>().unwrap());
                assert!((numbers.sum::<f64>() - 1.0).abs() < 1e-12, "{line}");
            }
            rows += 1;
        }
        assert_eq!(rows, 121);
    }
}
