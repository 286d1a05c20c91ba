//! Fits by several processes have the bits of one. Needs the feature `mpi` and an installed MPI; `.ci/mpi` runs it.
#![cfg(feature = "mpi")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{gradus, path, text};
use serde_json::Value;

fn mpirun(processes: usize, arguments: &[&str]) -> Output {
    Command::new("mpirun")
        .args(["--allow-run-as-root", "--oversubscribe", "-n"])
        .arg(processes.to_string())
        .arg(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .env("OMPI_MCA_btl_vader_single_copy_mechanism", "none")
        .output()
        .expect("mpirun runs")
}

fn part(folder: &Path, name: &str, rows: std::ops::Range<usize>) -> String {
    let mut out = "a,b,city,y\n".to_owned();
    for i in rows {
        let u = |k: f64| (i as f64 * k).sin();
        let city = ["Lima", "Basel", "Oslo"][i * 7 % 11 % 3];
        let y = u8::from(u(1.7) + 0.5 * u(0.31) > 0.8 * u(558.0));
        writeln!(out, "{:.4},{:.3},{city},{y}", u(1.7), 1e4 + 3.0 * u(0.31)).unwrap();
    }
    let file = folder.join(name);
    fs::write(&file, out).unwrap();
    path(&file).to_owned()
}

/// So many parts of 9000 rows.
fn parts(folder: &Path, number: usize) -> Vec<String> {
    let one = |k| part(folder, &format!("part-{k}.csv"), k * 9000..(k + 1) * 9000);
    (0..number).map(one).collect()
}

/// What a fit is: all but what differs from run to run.
fn result(bytes: &[u8]) -> Vec<Value> {
    common::blocks::result(&serde_json::from_slice(bytes).unwrap())
}

#[test]
fn one_to_four_processes_give_the_bits_of_none() {
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<String> = (0..5)
        .map(|k| {
            part(
                folder.path(),
                &format!("part-{k}.csv"),
                k * 14_000..(k + 1) * 14_000 - 300 * k,
            )
        })
        .collect();
    let whole = part(folder.path(), "whole.csv", 0..70_000);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let variants: [&[&str]; 5] = [
        &["--target", "y"],
        &["--target", "y", "--l1", "0.01"],
        &["--target", "b", "--family", "gaussian", "--l2", "0.5"],
        &["--target", "y", "--family", "poisson", "--solver", "lbfgs"],
        &[
            "--formula",
            "b ~ a * city",
            "--family",
            "gamma",
            "--link",
            "log",
        ],
    ];
    for variant in variants {
        for files in [&parts[..], &[whole.as_str()]] {
            let all = [&["fit"], files, variant, &["--format", "json"]].concat();
            let alone = gradus(&all);
            assert!(alone.status.success(), "{}", text(&alone.stderr));
            for processes in 1..=4 {
                let together = mpirun(processes, &all);
                assert!(together.status.success(), "{}", text(&together.stderr));
                assert_eq!(
                    result(&together.stdout),
                    result(&alone.stdout),
                    "{processes} processes, {variant:?}"
                );
            }
        }
    }
}

#[test]
fn cross_validation_and_several_classes_have_the_bits_of_none() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path(), 3);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let city = ["--target", "city", "--family", "multinomial"];
    let variants: [Vec<&str>; 5] = [
        vec!["--target", "y", "--robust", "hc2"],
        vec!["--target", "y", "--cv", "3", "--l2", "1"],
        vec!["--target", "y", "--path", "--l2", "1"],
        vec!["--target", "y", "--class-weights", "balanced"],
        [&city[..], &["--levels", "Oslo,Lima,Basel"]].concat(),
    ];
    for variant in variants {
        let all = [&["fit"], &parts[..], &variant, &["--format", "json"]].concat();
        let alone = gradus(&all);
        assert!(alone.status.success(), "{}", text(&alone.stderr));
        for processes in 2..=4 {
            let together = mpirun(processes, &all);
            assert!(together.status.success(), "{}", text(&together.stderr));
            assert_eq!(
                result(&together.stdout),
                result(&alone.stdout),
                "{processes} processes, {variant:?}"
            );
        }
    }
}

/// The processes that `mpirun` started, in the order in which it did.
#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<i32> {
    let parent = |id: i32| {
        let text = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        line.trim().parse::<u32>().ok()
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut ids: Vec<i32> = ids.filter(|id| parent(*id) == Some(of)).collect();
    ids.sort_unstable();
    ids
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_process_ends_all_and_others_go_on_from_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path(), 4);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let checkpoint = folder.path().join("fit.journal");
    let more = [
        "--target", "y", "--cv", "4", "--l2", "1", "--format", "json",
    ];
    let all = [&["fit"], &parts[..], &more].concat();
    let alone = gradus(&all);
    assert!(alone.status.success(), "{}", text(&alone.stderr));
    let all = [&all[..], &["--checkpoint", path(&checkpoint)]].concat();
    let mut job = Command::new("mpirun");
    job.args(["--allow-run-as-root", "--oversubscribe", "-n", "2"])
        .arg(env!("CARGO_BIN_EXE_gradus"))
        .args(&all)
        .env("OMPI_MCA_btl_vader_single_copy_mechanism", "none")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut job = job.spawn().unwrap();
    while fs::metadata(&checkpoint).map_or(0, |data| data.len()) < 30_000 {
        assert!(job.try_wait().unwrap().is_none(), "ended before");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let second = children(job.id())[1];
    let killed = Command::new("kill")
        .args(["-9", &second.to_string()])
        .status();
    assert!(killed.unwrap().success());
    let out = job.wait_with_output().unwrap();
    assert!(!out.status.success());
    let said = text(&out.stderr) + &text(&out.stdout);
    assert!(said.contains("process rank 1 with PID"), "{said}");
    assert!(checkpoint.exists());
    let together = mpirun(3, &all);
    let said = text(&together.stderr);
    assert!(together.status.success(), "{said}");
    assert_eq!(said.matches("the fit goes on after").count(), 1, "{said}");
    assert_eq!(result(&together.stdout), result(&alone.stdout));
    assert!(!checkpoint.exists());
}

#[test]
fn one_message_names_what_is_wrong_with_a_share() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = [0, 1].map(|k| {
        part(
            folder.path(),
            &format!("part-{k}.csv"),
            k * 9000..(k + 1) * 9000,
        )
    });
    let said = |files: &[&str], words: &[&str]| {
        let out = mpirun(2, &[&["fit"], files, &["--target", "y"]].concat());
        assert!(!out.status.success());
        let errors = text(&out.stderr);
        let mine: Vec<&str> = errors
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect();
        assert_eq!(mine.len(), 1, "{errors}");
        for word in words {
            assert!(mine[0].contains(word), "{word}: {errors}");
        }
    };
    let none = folder.path().join("none.csv");
    said(
        &[&a, path(&none)],
        &["process 1 of 2", "none.csv: cannot be read"],
    );
    let other = folder.path().join("other.csv");
    fs::write(&other, "a,b,y\n1,2,0\n2,3,1\n").unwrap();
    said(&[&a, path(&other)], &["other.csv", "parts of one table"]);
    let mut rows = fs::read_to_string(&b).unwrap();
    rows.push_str("0.5,a word,Lima,1\n");
    fs::write(&b, rows).unwrap();
    said(
        &[&a, &b],
        &["process 1 of 2", "part-1.csv, line 9002", "a word"],
    );
    // A gap in the other part, which is found when all know all samples.
    let mut rows = fs::read_to_string(&a).unwrap();
    rows.push_str("0.5,,Lima,1\n");
    let gap = folder.path().join("gap.csv");
    fs::write(&gap, rows).unwrap();
    said(&[&a, path(&gap)], &["gap.csv, line 9002, column `b`"]);
    // Separated, whichever process has the rows.
    for (k, file) in [&a, &b].into_iter().enumerate() {
        let mut rows = "z,y\n".to_owned();
        for z in k * 9000..(k + 1) * 9000 {
            writeln!(rows, "{z},{}", u8::from(z >= 5000)).unwrap();
        }
        fs::write(file, rows).unwrap();
    }
    said(&[&a, &b], &["apart without error"]);
}
