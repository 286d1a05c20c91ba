//! Any text is a model file or a fault; a model predicts a row or says why not, and is written and read again.
#![no_main]

use datasets::{CsvOptions, Features};
use gradus::document::Document;
use gradus::export::{Options, ExportFormat};
use libfuzzer_sys::fuzz_target;
use linalg::Mat;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::parse(text) else {
        return;
    };
    let features = Features {
        matrix: Mat::from_fn(2, document.slopes().len(), |i, j| (i + j) as f64),
        offset: None,
        rows: None,
    };
    if let Ok(predictions) = document.predict(&features, 0.5) {
        assert_eq!(predictions.rows.len(), 2);
    }
    let _ = document.intervals(&features);
    let table = CsvOptions::new().read_from("f.csv", "a,b\n1,2\n3,4\n".as_bytes()).expect("a table");
    let _ = document.features(&table);
    for format in [ExportFormat::Sql, ExportFormat::Pmml, ExportFormat::Onnx, ExportFormat::Rust] {
        let _ = document.export(format, &Options::default());
    }
    let written = document.to_json().expect("what was read can be written");
    let again = Document::parse(&written).expect("what was written can be read");
    assert_eq!(again.coefficients.len(), document.coefficients.len());
});
