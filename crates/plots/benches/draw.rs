//! Drawing. `cargo bench -p plots` or `cargo criterion -p plots`.

#[path = "../../../benches/reference.rs"]
mod reference;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use plots::{Chart, LineChart, SurfaceChart};

fn draw(c: &mut Criterion) {
    let mut group = c.benchmark_group("plots-line");
    for points in [100, 10_000, 1_000_000] {
        let x: Vec<f64> = (0..points).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| (x * 0.01).sin()).collect();
        let chart = LineChart::new("t", "x", "y").curve("sin", &x, &y);
        group.bench_with_input(BenchmarkId::new("svg", points), &chart, |b, chart| {
            b.iter(|| chart.to_svg());
        });
    }
    group.finish();
    let surface = SurfaceChart::new("t", "w", "b", "cost", (-2.0, 2.0), (-2.0, 2.0), |w, b| {
        w * w + b * b
    });
    c.bench_function("plots-surface/svg", |b| b.iter(|| surface.to_svg()));
    #[cfg(feature = "png")]
    c.bench_function("plots-surface/png", |b| b.iter(|| surface.to_png()));
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = draw, reference::reference
}
criterion_main!(benches);
