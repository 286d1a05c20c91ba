//! Networks as ONNX files: the same numbers in ONNX Runtime, and the bytes of a kept file.

mod common;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use common::{gradus, path, text};
use datasets::random::Torch;
use gradus::export::onnx::onnx_network;
use linalg::{Mat, Scalar};
use models::{
    BatchNorm1d, Dropout, Embedding, Flatten, Gelu, LayerNorm, LeakyRelu, Linear, LogSigmoid,
    LogSoftmax, Module, Relu, Sequential, Sigmoid, Silu, Softmax, Softplus, Tanh, Tape,
};

const COLUMNS: usize = 5;

fn batch<T: Scalar>() -> Mat<T> {
    Mat::from_fn(7, COLUMNS, |i, j| {
        T::from_f64(((3 * i + 5 * j) % 11) as f64 / 4.0 - 1.25)
    })
}

/// A network of every kind of layer whose running moments have seen a batch.
fn network<T: Scalar>(gelu: bool) -> Sequential<T> {
    let mut stream = Torch::new(3);
    let mut net: Sequential<T> = Sequential::new()
        .then(Linear::new(COLUMNS, 8, &mut stream))
        .then(BatchNorm1d::new(8))
        .then(LeakyRelu(0.125))
        .then(Linear::without_bias(8, 8, &mut stream))
        .then(LayerNorm::new(8))
        .then(Silu)
        .then(Dropout::new(0.25, 1))
        .then(
            Sequential::new()
                .then(Linear::new(8, 6, &mut stream))
                .then(Softplus),
        )
        .then(Flatten)
        .then(LogSigmoid)
        .then(Tanh)
        .then(Relu)
        .then(Sigmoid)
        .then(Linear::new(6, 3, &mut stream));
    if gelu {
        net = net.then(Gelu);
    }
    let x = batch::<T>();
    let tape = Tape::new();
    net.forward(tape.constant(&x));
    net.set_training(false);
    net
}

/// A Python with ONNX Runtime; `GRADUS_PYTHON` names another than `python3`.
fn runtime() -> Option<String> {
    let program = std::env::var("GRADUS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program)
        .args(["-c", "import onnx, onnxruntime"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    eprintln!("skipped: no Python with onnx and onnxruntime");
    None
}

fn compare<T: Scalar>(net: &Sequential<T>, tolerance: f64) {
    let folder = tempfile::tempdir().unwrap();
    let (model, data) = (
        folder.path().join("net.onnx"),
        folder.path().join("data.csv"),
    );
    std::fs::write(&model, onnx_network(net, COLUMNS).unwrap()).unwrap();
    let Some(program) = runtime() else { return };
    let x = batch::<T>();
    let mut csv = "a,b,c,d,e\n".to_owned();
    for i in 0..x.nrows() {
        let row: Vec<String> = (0..COLUMNS)
            .map(|j| x[(i, j)].to_f64().to_string())
            .collect();
        let _ = writeln!(csv, "{}", row.join(","));
    }
    std::fs::write(&data, csv).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/onnx_run.py");
    let output = Command::new(program)
        .args([path(&script), path(&model), path(&data)])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let tape = Tape::new();
    let expected = net.forward(tape.constant(&x)).to_mat();
    let mut worst = 0.0_f64;
    for (i, line) in text(&output.stdout).lines().skip(1).enumerate() {
        for (j, field) in line.split(',').enumerate() {
            worst = worst.max((field.parse::<f64>().unwrap() - expected[(i, j)].to_f64()).abs());
        }
    }
    println!("network {worst:e}");
    assert!(worst <= tolerance, "{worst}");
}

#[test]
fn onnx_runtime_computes_the_network() {
    compare(&network::<f32>(true).then(Softmax), 2e-6);
    compare(&network::<f32>(false).then(LogSoftmax), 2e-6);
    compare(&network::<f64>(false).then(Softmax), 1e-14);
}

#[test]
fn the_bytes_of_a_small_network_are_the_kept_ones() {
    let mut stream = Torch::new(0);
    let net: Sequential<f32> = Sequential::new()
        .then(Linear::new(2, 2, &mut stream))
        .then(Relu)
        .then(Linear::new(2, 1, &mut stream))
        .then(Sigmoid);
    let bytes = onnx_network(&net, 2).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/network.onnx");
    if std::env::var_os("GRADUS_KEEP").is_some() {
        std::fs::write(&kept, &bytes).unwrap();
    }
    assert!(bytes == std::fs::read(kept).unwrap());
}

#[test]
fn what_onnx_cannot_say_is_refused() {
    let mut stream = Torch::new(0);
    let words: Sequential<f32> =
        Sequential::new().named("words", Embedding::new(10, 4, &mut stream));
    let error = onnx_network(&words, 3).unwrap_err().to_string();
    assert!(error.starts_with("the layer `words` (Embedding"), "{error}");
    let net: Sequential<f32> = Sequential::new().named("hidden", Linear::zeros(4, 2));
    let error = format!("{:#}", onnx_network(&net, 3).unwrap_err());
    assert!(
        error.contains("the layer `hidden`")
            && error.ends_with("it takes 4 columns and is given 3"),
        "{error}"
    );
    let error = format!(
        "{:#}",
        onnx_network(&network::<f64>(true), COLUMNS).unwrap_err()
    );
    assert!(error.contains("single precision only"), "{error}");
}

/// A table of all kinds of columns, with classes and a number to explain.
fn table() -> String {
    let mut csv = "size,city,member,grade,bought,level,spent\n".to_owned();
    for i in 0..60 {
        let size = f64::from((7 * i) % 23) / 4.0 - 2.0;
        let city = ["Genève", "O'Hare", "Ulm"][(i % 3) as usize];
        let (member, grade) = (i % 4 == 1, 1 + i % 5);
        let spent = size * 120.0 + f64::from(grade * 30) + if member { 200.0 } else { -45.5 };
        let _ = writeln!(
            csv,
            "{size},{city},{member},{grade},{},{},{spent}",
            if spent > 100.0 { "yes" } else { "no" },
            ["low", "middle", "high"][usize::from(spent > 0.0) + usize::from(spent > 250.0)]
        );
    }
    csv
}

/// A network that `gradus train` wrote, beside `gradus predict`: two classes, three, and a number.
#[test]
fn onnx_runtime_computes_what_the_command_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let [specification, data, model, onnx] = [
        "network.toml",
        "data.csv",
        "network.safetensors",
        "network.onnx",
    ]
    .map(|name| folder.path().join(name));
    std::fs::write(
        &specification,
        "layers = [\"linear 8\", \"batch-norm\", \"tanh\", \"dropout 0.1\"]\n[training]\nepochs = 20\n",
    )
    .unwrap();
    std::fs::write(&data, table()).unwrap();
    let Some(program) = runtime() else { return };
    for (target, columns) in [("bought", 2), ("level", 4), ("spent", 1)] {
        let trained = gradus(&[
            "train",
            path(&specification),
            path(&data),
            "--target",
            target,
            "--features",
            "size,city,member,grade",
            "--out",
            path(&model),
        ]);
        assert!(trained.status.success(), "{}", text(&trained.stderr));
        let exported = gradus(&[
            "export",
            path(&model),
            "--format",
            "onnx",
            "--out",
            path(&onnx),
        ]);
        assert!(exported.status.success(), "{}", text(&exported.stderr));
        let predicted = gradus(&["predict", path(&model), path(&data)]);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/onnx_run.py");
        let run = Command::new(&program)
            .args([path(&script), path(&onnx), path(&data)])
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", text(&run.stderr));
        let (ours, theirs) = (text(&predicted.stdout), text(&run.stdout));
        assert_eq!(ours.lines().count(), 61);
        assert_eq!(theirs.lines().count(), 61);
        for (a, b) in ours.lines().zip(theirs.lines()).skip(1) {
            assert_eq!(a.split(',').count(), columns);
            for (a, b) in a.split(',').zip(b.split(',')) {
                match (a.parse::<f64>(), b.parse::<f64>()) {
                    // The layers are in single precision.
                    (Ok(a), Ok(b)) => assert!(
                        (a - b).abs() <= 2e-6 * a.abs().max(1.0),
                        "{target}: {a} {b}"
                    ),
                    _ => assert_eq!(a, b, "{target}"),
                }
            }
        }
    }
}

#[test]
fn a_network_is_exported_as_onnx_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [specification, model] =
        ["network.toml", "network.safetensors"].map(|name| folder.path().join(name));
    std::fs::write(&specification, "layers = []\n[training]\nepochs = 1\n").unwrap();
    let data = common::data("student_hours.csv");
    let trained = gradus(&[
        "train",
        path(&specification),
        path(&data),
        "--target",
        "passed",
        "--out",
        path(&model),
    ]);
    assert!(trained.status.success(), "{}", text(&trained.stderr));
    let refused = gradus(&["export", path(&model), "--format", "sql"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr)
            .ends_with("it is a network, and networks are exported by --format onnx alone\n")
    );
}
