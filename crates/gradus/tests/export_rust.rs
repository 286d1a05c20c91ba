//! Exported Rust, compiled and beside `gradus predict`.

mod common;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use common::{data, gradus, path, text};

const FILE: &str = "age,income,class,member,target\n\
    31,1200.5,a,true,no\n45,,b,false,yes\n52,3100.25,c \"x\",true,yes\n23,900,a,false,no\n\
    64,2500,b,true,yes\n38,1800,a,false,yes\n41,,a,true,no\n29,2200,b,false,no\n57,2600,c \"x\",false,no\n35,1500,b,true,yes\n";

/// Compiles a program of the exported file and `main`, and gives what it prints.
fn run(folder: &Path, exported: &Path, main: &str) -> String {
    let source = folder.join("main.rs");
    let whole = format!(
        "#[path = {:?}]\n#[deny(warnings)]\n#[allow(dead_code)]\nmod score;\n{main}",
        path(exported)
    );
    std::fs::write(&source, whole).unwrap();
    let program = folder.join("program");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let compiled = Command::new(rustc)
        .args([
            "--edition",
            "2021",
            "-O",
            "-o",
            path(&program),
            path(&source),
        ])
        .output()
        .expect("rustc runs");
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    text(&Command::new(&program).output().unwrap().stdout)
}

/// Numbers of the same value but for a few units of the last digit, texts the same.
#[track_caller]
fn agree(expected: &str, found: &str, tolerance: f64) {
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.lines().skip(1).collect(), found.lines().collect());
    assert_eq!(expected.len(), found.len(), "{found:?}");
    for (expected, found) in expected.iter().zip(found) {
        for (a, b) in expected.split(',').zip(found.split(',')) {
            match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => assert!((a - b).abs() <= tolerance * a.abs(), "{a} and {b}"),
                _ => assert_eq!(a, b),
            }
        }
    }
}

fn fit(folder: &Path, file: &Path, arguments: &[&str]) -> (std::path::PathBuf, String) {
    let (model, exported) = (folder.join("model.json"), folder.join("score.rs"));
    let fit = gradus(&[&["fit", path(file), "--out", path(&model)], arguments].concat());
    assert!(
        matches!(fit.status.code(), Some(0 | 3)),
        "{}",
        text(&fit.stderr)
    );
    let export = gradus(&[
        "export",
        path(&model),
        "--format",
        "rust",
        "--out",
        path(&exported),
    ]);
    assert!(export.status.success(), "{}", text(&export.stderr));
    let predicted = gradus(&["predict", path(&model), path(file)]);
    (exported, text(&predicted.stdout))
}

#[test]
fn a_row_of_all_kinds_scores_as_it_does_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.csv");
    std::fs::write(&file, FILE).unwrap();
    let arguments = [
        "--target",
        "target",
        "--features",
        "age,income,class,member",
        "--missing",
        "mean",
        "--l2",
        "0.1",
    ];
    let (exported, predicted) = fit(folder.path(), &file, &arguments);
    let mut main =
        "fn main() {\n    use score::{Refused, Row, predict};\n    let rows = [\n".to_owned();
    for line in FILE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let income = if fields[1].is_empty() {
            "None".to_owned()
        } else {
            format!("Some({}_f64)", fields[1])
        };
        let _ = writeln!(
            main,
            "        Row {{ age: Some({}_f64), income: {income}, class: Some({:?}), member: Some({}) }},",
            fields[0],
            fields[2],
            fields[3] == "true"
        );
    }
    main.push_str(
        "    ];\n    for row in &rows {\n        let p = predict(row).unwrap();\n        println!(\"{},{}\", p.probability, p.prediction);\n    }\n    let row = Row { class: Some(\"d\"), ..rows[0] };\n    assert_eq!(predict(&row), Err(Refused::Unknown(\"class\")));\n    let row = Row { age: Some(f64::INFINITY), ..rows[0] };\n    assert_eq!(predict(&row), Err(Refused::NotANumber(\"age\")));\n    println!(\"{}\", predict(&row).unwrap_err());\n}\n",
    );
    // Columns without gaps in the fit have no fill, and are no options.
    let written = std::fs::read_to_string(&exported).unwrap();
    for field in ["age", "class", "member"] {
        if !written.contains(&format!("pub {field}: Option<")) {
            main = unwrapped(&main, field);
        }
    }
    let printed = run(folder.path(), &exported, &main);
    let (rows, last) = printed.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(last, "the column `age` is not a finite number");
    agree(&predicted, rows, 1e-15);
}

/// `field: Some(x)` becomes `field: x`.
fn unwrapped(main: &str, field: &str) -> String {
    let start = format!("{field}: Some(");
    let mut parts = main.split(&start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (value, rest) = part.split_once(')').unwrap();
        let _ = write!(out, "{field}: {value}{rest}");
    }
    out
}

#[test]
fn numbers_of_the_main_example_and_of_several_classes() {
    let folder = tempfile::tempdir().unwrap();
    let file = data("nba_rookie_draft.csv");
    let (exported, predicted) = fit(folder.path(), &file, &["--target", "draft"]);
    let csv = std::fs::read_to_string(&file).unwrap();
    let mut main = "fn main() {\n".to_owned();
    for line in csv.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let _ = writeln!(
            main,
            "    let p = score::predict(&score::Row {{ avg_score: {}_f64, rebound: {}_f64, assist: {}_f64 }}).unwrap();\n    println!(\"{{}},{{}}\", p.probability, p.prediction);",
            f[0], f[1], f[2]
        );
    }
    main.push_str("}\n");
    agree(&predicted, &run(folder.path(), &exported, &main), 1e-15);

    let file = data("iris.csv");
    let csv = std::fs::read_to_string(&file).unwrap();
    let mut header = csv.lines().next().unwrap().split(',');
    let target = header.next_back().unwrap();
    let names: Vec<String> = header
        .map(|name| name.replace([' ', '.', '(', ')'], "_").to_lowercase())
        .collect();
    for family in ["multinomial", "ordinal"] {
        let mut arguments = vec!["--family", family, "--target", target];
        if family == "multinomial" {
            arguments.extend(["--l2", "0.01"]);
        } else {
            arguments.extend([
                "--levels",
                "setosa,versicolor,virginica",
                "--features",
                csv.split(',').next().unwrap(),
            ]);
        }
        let (exported, predicted) = fit(folder.path(), &file, &arguments);
        let mut main = "fn main() {\n".to_owned();
        for line in csv.lines().skip(1) {
            let f: Vec<&str> = line.split(',').collect();
            let used = if family == "multinomial" {
                names.len()
            } else {
                1
            };
            let fields = names
                .iter()
                .zip(&f)
                .take(used)
                .map(|(name, x)| format!("{name}: {x}_f64"));
            let fields: Vec<String> = fields.collect();
            let _ = writeln!(
                main,
                "    let p = score::predict(&score::Row {{ {} }}).unwrap();\n    println!(\"{{}},{{}},{{}},{{}}\", p.probabilities[0], p.probabilities[1], p.probabilities[2], p.prediction);",
                fields.join(", ")
            );
        }
        main.push_str("}\n");
        agree(&predicted, &run(folder.path(), &exported, &main), 1e-14);
    }
}
