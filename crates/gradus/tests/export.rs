//! Exported models beside `gradus predict`: the same numbers and labels in `SQLite`, in Rust, in ONNX Runtime and in JPMML. Interpreters
//! that are not there are not run (their tests say so); what was written is compared with stored files in any case.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{gradus, path, text};

const LABELS: [&str; 3] = ["North, \"old\"", "O'Hara", "Süd & <West>"];

/// A table of all kinds of columns; gaps in `income` and `region` where asked for.
fn table(rows: usize, gaps: bool) -> String {
    let mut csv = "age,income,region,smoker,grade,years,visits,passed,level\n".to_owned();
    let mut state = 12345_u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    for i in 0..rows {
        let (age, income) = (20.0 + 50.0 * draw(), 500.0 + 4000.0 * draw());
        let (region, smoker, grade) = (
            (3.0 * draw()) as usize,
            draw() < 0.4,
            1 + (3.0 * draw()) as usize,
        );
        let years = 0.5 + 3.0 * draw();
        let score = 0.04 * (age - 45.0)
            + [0.0, 0.7, -0.5][region]
            + 0.0003 * (income - 2500.0)
            + 0.3 * grade as f64
            - 0.6;
        let noise = 3.0 * (draw() - 0.5);
        let level = ["low", "medium", "high"]
            [usize::from(score + noise > -0.7) + usize::from(score + noise > 0.7)];
        let visits = (years * (0.6 * score).exp() * (0.5 + draw())).round();
        let income = if gaps && i % 7 == 3 {
            String::new()
        } else {
            format!("{income}")
        };
        let region = if gaps && i % 11 == 5 {
            String::new()
        } else {
            format!("\"{}\"", LABELS[region].replace('"', "\"\""))
        };
        let _ = writeln!(
            csv,
            "{age},{income},{region},{},{grade},{years},{visits},{},{level}",
            smoker,
            if score + noise > 0.0 {
                "yes it's"
            } else {
                "no"
            }
        );
    }
    csv
}

struct Case {
    name: &'static str,
    gaps: bool,
    arguments: &'static [&'static str],
}

const CASES: [Case; 9] = [
    Case {
        name: "logit",
        gaps: false,
        arguments: &[
            "--formula",
            "passed ~ age + I(age ** 2) + log(income) * C(region) + smoker + C(grade) + sqrt(years)",
        ],
    },
    Case {
        name: "imputed",
        gaps: true,
        arguments: &[
            "--target",
            "passed",
            "--missing",
            "median",
            "--features",
            "age,income,region",
        ],
    },
    Case {
        name: "dropped",
        gaps: true,
        arguments: &[
            "--target",
            "passed",
            "--missing",
            "drop",
            "--features",
            "age,income,region",
        ],
    },
    Case {
        name: "offset",
        gaps: false,
        arguments: &[
            "--family",
            "poisson",
            "--formula",
            "visits ~ poly(age, 3) + log1p(income) + expm1(years / 10) + offset(log(years))",
        ],
    },
    Case {
        name: "cloglog",
        gaps: false,
        arguments: &[
            "--link",
            "cloglog",
            "--formula",
            "passed ~ age + years:region",
        ],
    },
    Case {
        name: "cauchit",
        gaps: false,
        arguments: &[
            "--link",
            "cauchit",
            "--formula",
            "passed ~ age + tanh(years) - 1",
        ],
    },
    Case {
        name: "inverse",
        gaps: false,
        arguments: &[
            "--family",
            "gamma",
            "--link",
            "inverse",
            "--formula",
            "years ~ age + smoker",
        ],
    },
    Case {
        name: "multinomial",
        gaps: false,
        arguments: &[
            "--family",
            "multinomial",
            "--target",
            "level",
            "--features",
            "age,region,income",
        ],
    },
    Case {
        name: "ordinal",
        gaps: false,
        arguments: &[
            "--family",
            "ordinal",
            "--target",
            "level",
            "--features",
            "age,smoker,income",
        ],
    },
];

struct Fitted {
    _folder: tempfile::TempDir,
    model: PathBuf,
    data: PathBuf,
    /// What `gradus predict` says, a line a row.
    predictions: Vec<Vec<String>>,
}

fn lines(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .flexible(true)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|line| line.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn fitted(case: &Case) -> Fitted {
    let folder = tempfile::tempdir().unwrap();
    let (model, data) = (
        folder.path().join("model.json"),
        folder.path().join("data.csv"),
    );
    std::fs::write(&data, table(240, case.gaps)).unwrap();
    let fit = gradus(&[&["fit", path(&data), "--out", path(&model)], case.arguments].concat());
    assert!(fit.status.success(), "{}: {}", case.name, text(&fit.stderr));
    let predicted = gradus(&["predict", path(&model), path(&data)]);
    assert!(
        predicted.status.success(),
        "{}: {}",
        case.name,
        text(&predicted.stderr)
    );
    Fitted {
        _folder: folder,
        model,
        data,
        predictions: lines(&text(&predicted.stdout)),
    }
}

impl Fitted {
    fn export(&self, format: &str) -> Result<PathBuf, String> {
        let out = self.model.with_extension(format);
        let output = gradus(&[
            "export",
            path(&self.model),
            "--format",
            format,
            "--out",
            path(&out),
        ]);
        if output.status.success() {
            Ok(out)
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The last columns of these lines are the predictions; returns the largest relative error.
    fn agree(&self, name: &str, other: &[Vec<String>], tolerance: f64) -> f64 {
        assert_eq!(other.len(), self.predictions.len(), "{name}");
        let mut worst = 0.0_f64;
        for (row, (expected, found)) in self.predictions.iter().zip(other).enumerate() {
            let found = &found[found.len() - expected.len()..];
            for (a, b) in expected.iter().zip(found) {
                match (a.parse::<f64>(), b.parse::<f64>()) {
                    (Ok(a), Ok(b)) => {
                        let error = (a - b).abs() / a.abs().max(1e-300);
                        worst = worst.max(error);
                        assert!(error <= tolerance, "{name}, row {row}: {a} and {b}");
                    }
                    _ => assert_eq!(a, b, "{name}, row {row}"),
                }
            }
        }
        worst
    }
}

/// An interpreter with these modules; `GRADUS_PYTHON` names another than `python3`.
fn python(modules: &str) -> Option<Command> {
    let program = std::env::var("GRADUS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program)
        .args(["-c", &format!("import {modules}")])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(program));
    }
    eprintln!("skipped: no Python with {modules}");
    None
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/export")
        .join(name)
}

#[track_caller]
fn run(mut command: Command) -> Vec<Vec<String>> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    lines(&text(&output.stdout))
}

#[test]
fn queries_give_the_same_in_sqlite() {
    for case in &CASES {
        let Some(mut python) = python("sqlite3") else {
            return;
        };
        let fitted = fitted(case);
        let query = fitted.export("sql").unwrap();
        python.args([
            path(&script("sqlite.py")),
            path(&query),
            path(&fitted.data),
            "data",
        ]);
        let worst = fitted.agree(case.name, &run(python), 1e-12);
        println!("sql {} {worst:e}", case.name);
    }
}

#[test]
fn onnx_runtime_gives_the_same() {
    for case in &CASES {
        let Some(mut python) = python("onnx, onnxruntime") else {
            return;
        };
        let fitted = fitted(case);
        let model = match fitted.export("onnx") {
            Ok(model) => model,
            Err(refusal) => {
                assert!(
                    case.name == "cauchit" && refusal.contains("single precision only"),
                    "{}: {refusal}",
                    case.name
                );
                continue;
            }
        };
        python.args([
            path(&script("onnx_run.py")),
            path(&model),
            path(&fitted.data),
        ]);
        let worst = fitted.agree(case.name, &run(python), 1e-12);
        println!("onnx {} {worst:e}", case.name);
    }
}

#[test]
fn jpmml_gives_the_same() {
    for case in &CASES {
        let Some(mut python) = python("jpmml_evaluator") else {
            return;
        };
        let fitted = fitted(case);
        let model = fitted.export("pmml").unwrap();
        python.args([
            path(&script("pmml_run.py")),
            path(&model),
            path(&fitted.data),
        ]);
        let worst = fitted.agree(case.name, &run(python), 1e-12);
        println!("pmml {} {worst:e}", case.name);
    }
}

/// Rows with a gap, with a level that did not occur, and whole ones, of the kept model, which fills gaps.
#[test]
fn rows_without_a_prediction_have_none_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("rows.csv");
    std::fs::write(
        &data,
        "log dose,city\n0.5,Basel\n,L'Aquila\n1,Paris\n-1.5,\"S<P> & \"\"R\"\"\"\n",
    )
    .unwrap();
    let known = folder.path().join("known.csv");
    std::fs::write(
        &known,
        "log dose,city\n0.5,Basel\n,L'Aquila\n-1.5,\"S<P> & \"\"R\"\"\"\n",
    )
    .unwrap();
    let model = script("model.json");
    let unknown = gradus(&["predict", path(&model), path(&data)]);
    assert!(
        text(&unknown.stderr)
            .contains("line 4, column `city`: \"Paris\" did not occur when the model was fitted")
    );
    let mut expected = lines(&text(
        &gradus(&["predict", path(&model), path(&known)]).stdout,
    ));
    assert_eq!(expected.len(), 3);
    expected.insert(2, vec![String::new(), String::new()]);
    let fitted = Fitted {
        _folder: folder,
        model,
        data,
        predictions: expected,
    };
    for (kept, runner, modules) in [
        ("model.sql", "sqlite.py", "sqlite3"),
        ("model.onnx", "onnx_run.py", "onnx, onnxruntime"),
        ("model.pmml", "pmml_run.py", "jpmml_evaluator"),
    ] {
        let Some(mut python) = python(modules) else {
            continue;
        };
        python.args([
            path(&script(runner)),
            path(&script(kept)),
            path(&fitted.data),
        ]);
        if runner == "sqlite.py" {
            python.arg("data");
        }
        fitted.agree(kept, &run(python), 1e-14);
    }
}
