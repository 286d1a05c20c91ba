//! The document that the command line writes. `cargo bench -p gradus` or `cargo criterion -p gradus`.

use criterion::{Criterion, criterion_group, criterion_main};
use gradus::document::{Document, Timing};
use gradus::fitted::Fitted;
use models::glm::{Distribution, GeneralisedLinearModel};
use train::Fit;

fn document(c: &mut Criterion) {
    let fit = GeneralisedLinearModel::new(Distribution::Binomial)
        .fit(&datasets::nba_rookie_draft())
        .expect("a finite estimate");
    let fit = Fitted::Glm(Box::new(fit));
    let timing = Timing {
        read_seconds: 0.0,
        fit_seconds: 0.0,
    };
    c.benchmark_group("document").bench_function("json", |b| {
        b.iter(|| Document::new(&fit, None, timing).to_json());
    });
}

criterion_group!(benches, document);
criterion_main!(benches);
