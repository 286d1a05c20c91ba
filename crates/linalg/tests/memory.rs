//! A second pass over a design allocates nothing. Alone in its file, because other tests allocate, too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use linalg::{Block, Dense, Design, Mat, Standardised, Workspace, elementwise, parallel};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_second_pass_allocates_nothing() {
    let n = 40_000;
    let x = Mat::from_fn(n, 50, |i, j| ((i * 7 + j * 13) as f64 * 0.37).sin());
    let y: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let pointwise = |b: Block<'_>| {
        let y = &y[b.start..b.start + b.eta.len()];
        elementwise::logistic_loss(b.eta, y, b.loss, b.slope, b.curvature);
    };
    let standardised = Standardised::new(x.as_ref(), true).unwrap();
    let dense = Dense::new(x.as_ref());
    let designs: [&dyn Design; 2] = [&dense, &standardised];
    // One thread: with more, how many partial sums live at a time depends on chance.
    let counts = parallel::with_threads(1, || {
        designs.map(|design| {
            let d = design.columns();
            let (v, mut gradient, mut hessian) = (vec![0.1; d], vec![0.0; d], Mat::zeros(d, d));
            let workspace = Workspace::new();
            [true, true, true, false, false].map(|gram| {
                let before = ALLOCATIONS.load(Ordering::SeqCst);
                design.pass(
                    &v,
                    &pointwise,
                    &mut gradient,
                    gram.then(|| hessian.as_mut()),
                    &workspace,
                );
                ALLOCATIONS.load(Ordering::SeqCst) - before
            })
        })
    });
    for counts in counts.unwrap() {
        // The fourth gives the matrices of its partial sums up; what comes after finds them gone.
        assert!(counts[0] > 0);
        assert_eq!(
            [counts[1], counts[2], counts[4]],
            [0; 3],
            "allocations in each pass: {counts:?}"
        );
    }
}
