//! The document that the command line writes. `cargo bench -p gradus` or `cargo criterion -p gradus`.

use criterion::{Criterion, criterion_group, criterion_main};
use gradus::document::Document;
use models::LogisticRegression;
use train::Fit;

fn document(c: &mut Criterion) {
    let fit = LogisticRegression::new()
        .fit(&datasets::nba_rookie_draft())
        .expect("a finite estimate");
    c.benchmark_group("document")
        .bench_function("json", |b| b.iter(|| Document::new(&fit, None).to_json()));
}

criterion_group!(benches, document);
criterion_main!(benches);
