//! Reading tables. `cargo bench -p datasets` or `cargo criterion -p datasets`.
//!
//! `large` is a file of 500,000 rows and 21 columns of numbers, about 96 MB, which the bench writes itself; where Python has polars,
//! its `read_csv(...).to_numpy()` is timed on the same file, in turns.

#[path = "../../../benches/reference.rs"]
mod reference;

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::random::{ChaCha, Stream};
use datasets::{CsvOptions, Preparation};

fn small(c: &mut Criterion) {
    let mut group = c.benchmark_group("datasets-csv");
    let mut stream = ChaCha::new(1);
    for rows in [100, 10_000] {
        let mut text = String::from("a,b,c,d,y\n");
        for _ in 0..rows {
            for _ in 0..4 {
                let _ = write!(text, "{:.6},", stream.uniform_f64());
            }
            let _ = writeln!(text, "{}", stream.below(2));
        }
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new("binary", rows), &text, |b, text| {
            b.iter(|| {
                let frame = CsvOptions::new().read_from("bench.csv", black_box(text).as_bytes());
                frame
                    .and_then(|frame| Preparation::new("y").binary(&frame))
                    .map(|data| data.observations())
            });
        });
    }
    group.finish();
}

const ROWS: usize = 500_000;
const COLUMNS: usize = 21;

fn write_large(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    let mut stream = ChaCha::new(2);
    let names: Vec<String> = (1..=COLUMNS).map(|j| format!("x{j}")).collect();
    writeln!(file, "{}", names.join(","))?;
    let mut row = vec![0.0; COLUMNS];
    for _ in 0..ROWS {
        stream.fill_normal_f64(&mut row);
        for (j, x) in row.iter().enumerate() {
            write!(file, "{}{x:.6}", if j == 0 { "" } else { "," })?;
        }
        writeln!(file)?;
    }
    file.flush()
}

/// Seconds that polars takes, best of a few; `None` without polars.
fn polars(path: &Path) -> Option<f64> {
    let script = "import sys, time, polars\nbest = 1e9\nfor _ in range(3):\n    start = time.perf_counter()\n    \
                  polars.read_csv(sys.argv[1]).to_numpy()\n    best = min(best, time.perf_counter() - start)\nprint(best)";
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        .args(["-c", script])
        .arg(path)
        .output()
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn large(c: &mut Criterion) {
    let path = std::env::temp_dir().join(format!("gradus-bench-{}.csv", std::process::id()));
    if let Err(error) = write_large(&path) {
        eprintln!("the file of the bench cannot be written: {error}");
        return;
    }
    let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let read = || {
        CsvOptions::new()
            .read(&path)
            .and_then(datasets::Frame::into_matrix)
    };
    let mut group = c.benchmark_group("datasets-csv_of_96_mb");
    group.sample_size(10).throughput(Throughput::Bytes(bytes));
    group.bench_function("matrix", |b| b.iter(&read));
    group.finish();
    for _ in 0..3 {
        let best = (0..3).map(|_| {
            let start = Instant::now();
            let rows = read().map_or(0, |matrix| matrix.nrows());
            assert_eq!(rows, ROWS);
            start.elapsed().as_secs_f64()
        });
        let ours = best.fold(f64::INFINITY, f64::min);
        match polars(&path) {
            Some(theirs) => println!(
                "ours {ours:.3} s, polars {theirs:.3} s, ratio {:.2} (bar 1)",
                ours / theirs
            ),
            None => println!("ours {ours:.3} s; polars is not installed"),
        }
    }
    let _ = std::fs::remove_file(&path);
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = small, large, reference::reference
}
criterion_main!(benches);
