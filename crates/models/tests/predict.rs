//! Predictions of rows and batches are the same numbers, and those into the caller's memory allocate nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use linalg::{Mat, mat};
use models::glm::{
    Distribution, Generalised, GlmModel, Link, LogisticModel, MultinomialModel, OrderedModel,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the counter is on the side.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    f();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn rows_agree_with_batches_and_allocate_nothing() {
    let n = 700;
    let x = Mat::from_fn(n, 3, |i, j| ((i * 5 + j * 3) as f64 * 0.21).sin() + 0.1);
    let rows = Mat::from_fn(3, n, |j, i| x[(i, j)]);
    let beta = vec![0.4, 0.3, 0.2];
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 4e-15 * a.abs(), "{a} and {b}");
    let offset: Vec<f64> = (0..n).map(|i| (i as f64 * 0.1).cos() * 0.01).collect();
    let links = [
        Link::Identity,
        Link::Logit,
        Link::Probit,
        Link::Cloglog,
        Link::Cauchit,
        Link::Log,
        Link::Inverse,
        Link::InverseSquare,
        Link::Sqrt,
    ];
    for link in links {
        let family = Generalised {
            distribution: Distribution::Gaussian,
            link,
        };
        let model = GlmModel::new(family, 2.0, beta.clone());
        let batch = model.predict(x.as_ref(), Some(&offset)).unwrap();
        // Rows that are adjacent in memory, instead of columns.
        let other = model
            .predict(rows.as_ref().transpose(), Some(&offset))
            .unwrap();
        for i in 0..n {
            let row = rows.col_as_slice(i);
            let eta = 2.0 + (0..3).map(|j| row[j] * beta[j]).sum::<f64>() + offset[i];
            close(link.mean(eta).value, batch[i]);
            close(batch[i], other[i]);
            close(batch[i], model.predict_row(row, offset[i]).unwrap());
        }
        let mut out = vec![0.0; n];
        model
            .predict_into(x.as_ref(), Some(&offset), &mut out)
            .unwrap();
        assert_eq!(out, batch);
        assert!(
            model
                .predict_into(mat![[1.0]].as_ref(), None, &mut [0.0])
                .is_err()
        );
    }
    let logistic = LogisticModel::new(0.5, beta.clone());
    let ordered = OrderedModel::new(Link::Probit, vec![0.0, 1.0], beta.clone());
    let coefficients = mat![[0.0, 0.4, 0.1], [0.0, 0.3, 0.2], [0.0, 0.2, 0.3]];
    let multinomial = MultinomialModel::new(vec![0.0, 0.1, 0.2], coefficients);
    let all = [
        ordered.predict_proba(x.as_ref()).unwrap(),
        multinomial.predict_proba(x.as_ref()).unwrap(),
    ];
    let mut p = [0.0; 3];
    for i in 0..n {
        let row = rows.col_as_slice(i);
        ordered.predict_proba_row(row, &mut p).unwrap();
        (0..3).for_each(|k| close(all[0][(i, k)], p[k]));
        multinomial.predict_proba_row(row, &mut p).unwrap();
        (0..3).for_each(|k| close(all[1][(i, k)], p[k]));
    }
    let row = rows.col_as_slice(7);
    let mut out = vec![0.0; n];
    linalg::parallel::with_threads(1, || {
        let count = allocations(|| {
            logistic.predict_proba_into(x.as_ref(), &mut out).unwrap();
            ordered.predict_proba_row(row, &mut p).unwrap();
            multinomial.predict_proba_row(row, &mut p).unwrap();
            close(out[7], logistic.predict_proba_row(row).unwrap());
        });
        assert_eq!(count, 0);
    })
    .unwrap();
}
