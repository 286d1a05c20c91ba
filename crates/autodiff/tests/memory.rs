//! A tape used again for the same shapes allocates nothing after its first round.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use autodiff::Tape;
use linalg::mat;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_second_epoch_allocates_nothing() {
    let x_train = mat![
        [1.0_f32, 2.0],
        [2.0, 3.0],
        [3.0, 1.0],
        [4.0, 3.0],
        [5.0, 3.0],
        [6.0, 2.0]
    ];
    let y_train = [0.0_f32, 0.0, 0.0, 1.0, 1.0, 1.0];
    let (mut w0, mut b0) = ([0.0_f32; 2], [0.0_f32]);
    let mut tape = Tape::new();
    let mut counts = Vec::with_capacity(10);
    for _ in 0..10 {
        let before = ALLOCATIONS.with(Cell::get);
        tape.clear();
        let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
        let (w, b) = (tape.variable(&w0), tape.variable(&b0));
        let hypothesis = (x.matmul(w) + b).sigmoid();
        let cost = -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean();
        let gradients = cost.backward();
        let (dw, db) = (gradients[w].as_slice(), gradients[b].as_slice());
        w0[0] -= dw[0];
        w0[1] -= dw[1];
        b0[0] -= db[0];
        counts.push(ALLOCATIONS.with(Cell::get) - before);
    }
    assert!(counts[0] > 0);
    assert_eq!(counts[1..], [0; 9], "allocations in each epoch: {counts:?}");
}
