//! Reading a table. `cargo bench -p datasets` or `cargo criterion -p datasets`.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::random::{ChaCha, Stream};
use datasets::{Recipe, Table};

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("csv");
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
                let table = Table::from_reader("bench.csv", black_box(text).as_bytes(), true);
                table
                    .and_then(|table| Recipe::new("y").binary(&table))
                    .map(|data| data.observations())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
