//! Drawing. `cargo bench -p plots` or `cargo criterion -p plots`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use plots::LineChart;

fn draw(c: &mut Criterion) {
    let mut group = c.benchmark_group("line");
    for points in [100, 1000, 10_000] {
        let x: Vec<f64> = (0..points).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| (x * 0.01).sin()).collect();
        let chart = LineChart::new("t", "x", "y")
            .curve("sin", &x, &y)
            .expect("equal lengths");
        group.bench_with_input(BenchmarkId::new("svg", points), &chart, |b, chart| {
            b.iter(|| chart.to_svg());
        });
    }
    group.finish();
}

criterion_group!(benches, draw);
criterion_main!(benches);
