//! Fits to tables that are kept on the disk in blocks have the bits of those in memory, keep their bound, and survive what happens to
//! files.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::blocks::{result, table};
use common::{gradus, path, text};
use serde_json::Value;

fn fit(arguments: &[&str]) -> Value {
    let out = gradus(&[&["fit", "--target", "y", "--format", "json"], arguments].concat());
    assert!(out.status.success(), "{}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn a_bound_of_memory_changes_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..60_000, true);
    let file = path(&file);
    let variants: [&[&str]; 8] = [
        &[],
        &["--robust", "hc1"],
        &["--robust", "hc3", "--weights", "w", "--family", "poisson"],
        &["--weights", "w"],
        &["--family", "gaussian", "--exclude", "w"],
        &["--family", "poisson", "--l2", "0.1", "--offset", "c"],
        &["--l1", "0.01", "--standardise"],
        &["--solver", "lbfgs", "--no-intercept"],
    ];
    for variant in variants {
        let all = [&[file, "--missing", "drop"], variant].concat();
        let memory = fit(&all);
        for threads in ["1", "3"] {
            let stored = fit(&[&all[..], &["--memory", "64MiB", "--threads", threads]].concat());
            assert_eq!(result(&stored), result(&memory), "{variant:?}, {threads}");
            assert!(stored["coefficients"][0]["estimate"].is_number());
        }
    }
}

#[test]
fn parts_are_one_table_and_may_teach_later_what_the_first_lack() {
    let folder = tempfile::tempdir().unwrap();
    let first = table(folder.path(), "part-1.csv", 0..20_000, false);
    let second = table(folder.path(), "part-2.csv", 20_000..33_000, false);
    // A word that the first part does not have.
    let mut words = fs::read_to_string(&second).unwrap();
    words.push_str("0.5,9999.5,0.1,Quito,1,1\n0.25,10000.5,0.2,Quito,1,0\n");
    fs::write(&second, words).unwrap();
    let (a, b) = (path(&first), path(&second));
    let fitted = fit(&[a, b]);
    let names: Vec<&str> = fitted["coefficients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"city[T.Quito]"), "{names:?}");
    assert_eq!(fitted["observations"], 33_002);
    // One file of all rows: the same estimates, if not to the last bit.
    let whole = folder.path().join("whole.csv");
    let rest = fs::read_to_string(&second).unwrap();
    let rest = rest.split_once('\n').unwrap().1;
    fs::write(&whole, fs::read_to_string(&first).unwrap() + rest).unwrap();
    let one = fit(&[path(&whole)]);
    for (x, y) in fitted["coefficients"]
        .as_array()
        .unwrap()
        .iter()
        .zip(one["coefficients"].as_array().unwrap())
    {
        let (x, y) = (
            x["std_error"].as_f64().unwrap(),
            y["std_error"].as_f64().unwrap(),
        );
        assert!((x / y - 1.0).abs() < 1e-11, "{x} {y}");
    }
    // Parts of other tables, and parts that are not there.
    let other = folder.path().join("other.csv");
    fs::write(&other, "a,b,y\n1,2,0\n2,3,1\n").unwrap();
    let out = gradus(&["fit", a, path(&other), "--target", "y"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("other.csv"),
        "{}",
        text(&out.stderr)
    );
    let out = gradus(&[
        "fit",
        a,
        path(&folder.path().join("none.csv")),
        "--target",
        "y",
    ]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("none.csv: cannot be read"),
        "{}",
        text(&out.stderr)
    );
}

/// The files of a folder that are blocks, or were to become some.
#[test]
fn cross_validation_paths_and_several_classes_have_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..20_000, true);
    let common = ["--missing", "drop", "--exclude", "w"];
    let city = ["--target", "city", "--family", "multinomial"];
    let levels = ["--levels", "Oslo,Lima,Basel", "--l2", "0.01"];
    let variants: [Vec<&str>; 6] = [
        vec!["--target", "y", "--cv", "3", "--seed", "5"],
        vec!["--target", "y", "--cv", "4", "--rule", "1se", "--l2", "1"],
        vec!["--target", "y", "--path"],
        city.to_vec(),
        [&city[..], &levels].concat(),
        [&city[..], &["--solver", "newton-cg"]].concat(),
    ];
    for variant in variants {
        let run = |more: &[&str]| {
            let basic = ["fit", path(&file), "--format", "json"];
            let out = gradus(&[&basic[..], &common, &variant, more].concat());
            assert!(out.status.success(), "{variant:?}: {}", text(&out.stderr));
            serde_json::from_slice::<Value>(&out.stdout).unwrap()
        };
        let memory = run(&[]);
        for threads in ["1", "2"] {
            let stored = run(&["--memory", "64MiB", "--threads", threads]);
            assert_eq!(result(&stored), result(&memory), "{variant:?}");
        }
    }
}

fn blocks(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let own = |file: &PathBuf| path(file).contains(".arrow");
    files.filter(own).collect()
}

#[test]
fn blocks_are_used_again_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..20_000, false);
    let arguments = [
        "fit",
        path(&file),
        "--target",
        "y",
        "--memory",
        "64MiB",
        "--format",
        "csv",
    ];
    let first = gradus(&arguments);
    assert!(
        text(&first.stderr).contains("of 64.0 MiB"),
        "{}",
        text(&first.stderr)
    );
    let second = gradus(&arguments);
    assert!(text(&second.stderr).contains("earlier fit are used"));
    assert_eq!(first.stdout, second.stdout);
    let kept = blocks(folder.path());
    assert_eq!(kept.len(), 1, "{kept:?}");
    // A bit of a block, the account, the end.
    let whole = fs::read(&kept[0]).unwrap();
    for at in [whole.len() / 2, whole.len() - 200, whole.len() - 3] {
        let mut damaged = whole.clone();
        damaged[at] ^= 16;
        fs::write(&kept[0], damaged).unwrap();
        let third = gradus(&arguments);
        assert!(
            text(&third.stderr).contains("made again"),
            "{at}: {}",
            text(&third.stderr)
        );
        assert_eq!(first.stdout, third.stdout, "{at}");
    }
    fs::write(&kept[0], &whole[..whole.len() / 3]).unwrap();
    let third = gradus(&arguments);
    assert!(
        text(&third.stderr).contains("made again"),
        "{}",
        text(&third.stderr)
    );
    assert_eq!(first.stdout, third.stdout);
    // Another source of the same name.
    table(folder.path(), "t.csv", 5..20_005, false);
    let fourth = gradus(&arguments);
    assert!(
        text(&fourth.stderr).contains("its source has changed"),
        "{}",
        text(&fourth.stderr)
    );
    assert_ne!(first.stdout, fourth.stdout);
    assert_eq!(blocks(folder.path()).len(), 1);
    // A folder of their own.
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    let fifth = gradus(&[&arguments[..], &["--cache", path(&cache)]].concat());
    assert!(fifth.status.success());
    assert_eq!(blocks(&cache).len(), 1);
}

#[test]
fn what_needs_all_rows_and_what_is_wrong_with_them_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..20_000, true);
    let said = |more: &[&str], code: i32| {
        let basic = ["fit", path(&file), "--target", "y", "--memory", "64MiB"];
        let out = gradus(&[&basic[..], more].concat());
        assert_eq!(
            out.status.code(),
            Some(code),
            "{more:?}: {}",
            text(&out.stderr)
        );
        text(&out.stderr)
    };
    assert!(
        said(&["--missing", "drop", "--cluster", "city"], 2).contains("--cluster needs all rows")
    );
    let classes = ["--family", "multinomial", "--robust", "hc0"];
    assert!(said(&classes, 2).contains("--robust of several classes"));
    assert!(said(&["--missing", "drop", "--family", "huber"], 2).contains("needs all rows"));
    assert!(said(&["--missing", "drop", "--trials", "w"], 2).contains("--trials takes more"));
    let missing = said(&[], 1);
    assert!(
        missing.contains("line 7") && missing.contains("21"),
        "{missing}"
    );
    assert!(said(&["--missing", "mean"], 1).contains("gaps of `a` needs all rows"));
    let formula = ["--missing", "drop", "--formula"];
    let out = gradus(
        &[
            &["fit", path(&file), "--memory", "64MiB"],
            &formula[..],
            &["y ~ poly(b, 2)"],
        ]
        .concat(),
    );
    assert!(
        text(&out.stderr).contains("needs all rows"),
        "{}",
        text(&out.stderr)
    );
    assert!(said(&["--memory", "1MiB"], 2).contains("cannot be used multiple times"));
    let out = gradus(&["fit", path(&file), "--target", "y", "--memory", "1MiB"]);
    assert!(
        text(&out.stderr).contains("need at least"),
        "{}",
        text(&out.stderr)
    );
    // A negative count, with its line.
    let counts = folder.path().join("counts.csv");
    let mut rows = "x,y\n".to_owned();
    (0..30_000).for_each(|i| {
        writeln!(rows, "{},{}", i % 13, if i == 25_000 { -1 } else { i % 5 }).unwrap();
    });
    fs::write(&counts, rows).unwrap();
    let out = gradus(&[
        "fit",
        path(&counts),
        "--target",
        "y",
        "--family",
        "poisson",
        "--memory",
        "64MiB",
    ]);
    assert!(
        text(&out.stderr).contains("counts.csv, line 25002"),
        "{}",
        text(&out.stderr)
    );
    // Separated, and collinear.
    let mut rows = "x,z,y\n".to_owned();
    (0..30_000)
        .for_each(|i| writeln!(rows, "{},{},{}", i % 100, 3 * (i % 100) + 1, i % 2).unwrap());
    fs::write(&counts, rows.clone()).unwrap();
    let arguments = ["fit", path(&counts), "--target", "y", "--memory", "64MiB"];
    let out = gradus(&arguments);
    assert!(text(&out.stderr).contains("`z`"), "{}", text(&out.stderr));
    let mut rows = "x,y\n".to_owned();
    (0..30_000).for_each(|i| writeln!(rows, "{},{}", i % 100, u8::from(i % 100 >= 50)).unwrap());
    fs::write(&counts, rows).unwrap();
    let memory = gradus(&["fit", path(&counts), "--target", "y"]);
    let stored = gradus(&arguments);
    let last = |out: &std::process::Output| {
        text(&out.stderr)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        last(&stored).contains("apart without error"),
        "{}",
        last(&stored)
    );
    let sentence = |line: String| {
        line.rsplit_once(": ")
            .map(|(_, sentence)| sentence.to_owned())
    };
    assert_eq!(sentence(last(&memory)), sentence(last(&stored)));
}

#[test]
fn rows_that_are_dropped_teach_nothing_and_their_parts_stay_empty() {
    let folder = tempfile::tempdir().unwrap();
    let row = |i: usize, x: &str| format!("{x},{},{}\n", ["u", "v", "w"][i % 3], i * 7 % 5);
    let file = |name: &str, rows: String| {
        let file = folder.path().join(name);
        fs::write(&file, "x,c,y\n".to_owned() + &rows).unwrap();
        file
    };
    // The only early repetitions of levels stand in rows that are dropped.
    let mut rows: String = (0..300).map(|_| "1,,2\n").collect();
    (0..5).for_each(|i| rows += &row(i, ""));
    (0..300).for_each(|i| rows += &row(i / 100 + 3 * (i % 7), &(i % 11).to_string()));
    let sorted = file("sorted.csv", rows);
    let basic = ["--family", "gaussian", "--missing", "drop"];
    let memory = fit(&[&[path(&sorted)], &basic[..]].concat());
    let stored = fit(&[&[path(&sorted)], &basic[..], &["--memory", "64MiB"]].concat());
    assert_eq!(result(&stored), result(&memory));
    // A part of which nothing is left.
    let gone = file("gone.csv", (0..50).map(|i| row(i, "")).collect());
    let parts = fit(&[&[path(&gone), path(&sorted)], &basic[..]].concat());
    assert_eq!(parts["observations"], memory["observations"]);
    // Another list of parts has blocks of its own, and theirs are no tables.
    let third = file(
        "third.csv",
        (0..60)
            .map(|i| row(i, &i.to_string()).replace('u', "z"))
            .collect(),
    );
    let other = fit(&[&[path(&sorted), path(&third)], &basic[..]].concat());
    assert_ne!(other["recipe"], parts["recipe"]);
    assert_eq!(blocks(folder.path()).len(), 5);
    let block = blocks(folder.path()).remove(0);
    let out = gradus(&["fit", path(&sorted), path(&block), "--target", "y"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        text(&out.stderr).contains("blocks of another fit"),
        "{}",
        text(&out.stderr)
    );
}

#[test]
fn levels_of_later_rows_are_within_the_bound_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sorted.csv");
    let mut rows = "c,y\n".to_owned();
    (0..300_000).for_each(|i| writeln!(rows, "level{},{}", i / 1000, i % 7).unwrap());
    fs::write(&file, rows).unwrap();
    let out = gradus(&[
        "fit",
        path(&file),
        "--target",
        "y",
        "--family",
        "gaussian",
        "--memory",
        "32MiB",
        "--threads",
        "1",
    ]);
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("memory does not suffice"),
        "{}",
        text(&out.stderr)
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..30_000, false);
    let out = Command::new("sh")
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 500; exec \"$0\" \"$@\"")
        .arg(env!("CARGO_BIN_EXE_gradus"))
        .args(["fit", path(&file), "--target", "y", "--memory", "64MiB"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stderr);
    assert!(said.contains("cannot be kept on the disk"), "{said}");
    assert!(said.contains("--cache"), "{said}");
    assert_eq!(blocks(folder.path()), Vec::<PathBuf>::new());
}

/// A tenth of the data, by the operating system's own figure of the most memory that a process had at a time.
#[cfg(target_os = "linux")]
#[test]
fn the_bound_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.csv");
    // 2,000,000 rows of 21 numbers: 336 MB as doubles.
    let (rows, columns) = (2_000_000_usize, 20);
    let bound = rows * (columns + 1) * 8 / 10;
    let mut csv = std::io::BufWriter::new(fs::File::create(&file).unwrap());
    let mut line = String::new();
    (0..columns).for_each(|j| write!(line, "x{j},").unwrap());
    for i in 0..=rows {
        line += if i == 0 {
            "y\n"
        } else if i * i % 7 > 2 {
            "1\n"
        } else {
            "0\n"
        };
        csv.write_all(line.as_bytes()).unwrap();
        line.clear();
        for j in 0..columns {
            write!(line, "{},", (i * (2 * j + 3) + i * i % 31 + j) % 97).unwrap();
        }
    }
    csv.into_inner().unwrap();
    let kibibytes = format!("{}KiB", bound >> 10);
    let whole = fit(&[path(&file)]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(["fit", path(&file), "--target", "y", "--format", "json"])
        .args(["--threads", "2", "--memory", &kibibytes])
        .args(["--out", path(&folder.path().join("fit.json"))])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kib) = line.and_then(|line| line.trim().strip_suffix(" kB")) {
            most = most.max(kib.trim().parse::<usize>().unwrap() << 10);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(most > 1 << 20 && most <= bound, "{most} of {bound}");
    let kept = fs::read_to_string(folder.path().join("fit.json")).unwrap();
    let stored: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(result(&stored), result(&whole));
}
