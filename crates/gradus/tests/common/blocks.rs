//! Tables for fits from blocks, and what such a fit is.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Rows of numbers, a category and a class, by a fixed recipe; some rows lack a value.
pub fn table(folder: &Path, name: &str, rows: std::ops::Range<usize>, gaps: bool) -> PathBuf {
    let mut out = "a,b,c,city,w,y\n".to_owned();
    for i in rows {
        let u = |k: f64| (i as f64 * k).sin();
        let city = ["Lima", "Basel", "Oslo"][i * 7 % 11 % 3];
        let y = u8::from(u(1.7) + 0.5 * u(0.31) > 0.8 * u(12.9898 * 43.7));
        let a = if gaps && i % 997 == 5 {
            String::new()
        } else {
            format!("{:.4}", u(1.7))
        };
        let w = 1 + i % 3;
        writeln!(
            out,
            "{a},{:.3},{:.5},{city},{w},{y}",
            1e4 + 3.0 * u(0.31),
            u(2.3) * u(0.77)
        )
        .unwrap();
    }
    let path = folder.join(name);
    fs::write(&path, out).unwrap();
    path
}

/// What a fit is: all but what is looked at in memory alone, and what differs from run to run.
pub fn result(document: &Value) -> Vec<Value> {
    let keys = [
        "coefficients",
        "certificate",
        "covariance_matrix",
        "deviance",
        "null_deviance",
        "log_likelihood",
        "observations",
        "pseudo_r2",
        "path",
        "l1",
        "l2",
        "labels",
        "recipe",
    ];
    let mut all = keys.map(|key| document[key].clone()).to_vec();
    // That of Wald's statistics asks for other fits, and those of several classes for all rows.
    let asks = |name: &Value| name == "wald" || document["family"] == "multinomial";
    let conditions = document["validity"].as_array().into_iter().flatten();
    all.extend(conditions.filter(|c| !asks(&c["name"])).cloned());
    all
}
