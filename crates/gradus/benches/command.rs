//! The document that the command line writes. `cargo bench -p gradus` or `cargo criterion -p gradus`.

#[path = "../../../benches/reference.rs"]
mod reference;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use datasets::generators::regression;
use datasets::random::ChaCha;
use gradus::document::{Document, Timing};
use gradus::fitted::Fitted;
use models::glm::{Distribution, GeneralisedLinearModel};
use train::Fit;

fn document(c: &mut Criterion) {
    let mut group = c.benchmark_group("gradus-document");
    for columns in [2, 20, 150] {
        let data = regression(4 * columns + 20, columns, 1.0, &mut ChaCha::new(5)).data;
        let fit = GeneralisedLinearModel::new(Distribution::Gaussian)
            .fit(&data)
            .expect("a finite estimate");
        let fit = Fitted::Glm(Box::new(fit));
        let timing = Timing {
            read_seconds: 0.0,
            fit_seconds: 0.0,
        };
        group.bench_function(BenchmarkId::new("json", columns), |b| {
            b.iter(|| Document::new(&fit, None, timing).to_json());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = reference::settings();
    targets = document, reference::reference
}
criterion_main!(benches);
