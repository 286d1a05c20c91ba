//! A fit to dense data needs little memory beside them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use datasets::generators;
use datasets::random::ChaCha;
use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
use train::Fit;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(bytes: usize) {
    let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are on the side.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_fit_needs_at_most_fifteen_hundredths_of_its_data() {
    let data = generators::classification(200_000, 50, 1.5, &mut ChaCha::new(1)).data;
    let size = 200_000.0 * 51.0 * 8.0;
    for penalty in [Penalty::none(), Penalty::ridge(1e-5), Penalty::lasso(0.001)] {
        let model = GeneralisedLinearModel::new(Distribution::Binomial).penalised(penalty);
        let before = NOW.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        // Each thread has some blocks of its own.
        let fit = linalg::parallel::with_threads(2, || model.fit(&data).unwrap()).unwrap();
        let extra = PEAK.load(Ordering::Relaxed) - before;
        assert!(fit.certificate().gradient_max < 1e-9);
        assert!(
            extra as f64 <= 0.15 * size,
            "{:?}: {extra} bytes beside {size}",
            model.penalty()
        );
    }
}
