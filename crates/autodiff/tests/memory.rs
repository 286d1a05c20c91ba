//! A tape used again for the same shapes allocates nothing after its first round.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use autodiff::{Program, Tape, Var, ops::Over};
use linalg::{Mat, View, mat};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes in use, relative to some point, and the most there were since.
    static BYTES: Cell<[isize; 2]> = const { Cell::new([0; 2]) };
}

fn count(change: isize) {
    let _ = BYTES.try_with(|bytes| {
        let [now, most] = bytes.get();
        let now = now + change;
        bytes.set([now, most.max(now)]);
    });
}

/// What `f` allocates at most, beyond what was in use before.
fn peak<R>(f: impl FnOnce() -> R) -> (R, usize) {
    BYTES.with(|bytes| bytes.set([0; 2]));
    let result = f();
    (result, BYTES.with(|bytes| bytes.get()[1].unsigned_abs()))
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
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

#[test]
fn second_derivatives_and_every_kind_of_operation_allocate_nothing_later() {
    let x0 = Mat::from_fn(20, 5, |i, j| ((i + 3 * j) as f64).sin());
    let w0 = Mat::from_fn(5, 3, |i, j| ((2 * i + j) as f64).cos());
    let (classes, direction) = (vec![1.0; 20], Mat::from_fn(5, 3, |i, j| (i + j) as f64));
    let mut tape = Tape::new();
    let mut counts = Vec::with_capacity(10);
    for _ in 0..10 {
        let before = ALLOCATIONS.with(Cell::get);
        tape.clear();
        let (x, w, c) = (
            tape.constant(&x0),
            tape.variable(&w0),
            tape.constant(&classes),
        );
        let z = tape.checkpoint(|| x.matmul(w).gelu().leaky_relu(0.1));
        let scale = tape.no_grad(|| z.norm(Over::Columns).max_over(Over::All));
        let both = tape.concatenate_rows(&[z, z.rows(0..3)]).gather_rows(c) / scale;
        let cost =
            (autodiff::loss::softmax_cross_entropy(z, c) + both.log_sum_exp(Over::Columns)).mean();
        let gradient = cost.backward();
        let product = cost.hvp(&[(w, direction.as_ref())]);
        assert!(gradient[w][(0, 0)].is_finite() && product[w][(0, 0)].is_finite());
        drop((gradient, product));
        counts.push(ALLOCATIONS.with(Cell::get) - before);
    }
    // The sweep's list of open checkpoints is the one exception.
    assert!(counts[2..].iter().all(|&n| n <= 1), "{counts:?}");
}

#[test]
fn a_replay_allocates_nothing() {
    for rows in [6, 2000] {
        let x = Mat::from_fn(rows, 2, |i, j| ((i + j) as f64).sin());
        let mut program = Program::record(&[(2, 1)], &[], |w, _| {
            w.constant(&x).matmul(w[0]).softplus().mean()
        });
        let w = [0.1, 0.2];
        let mut counts = Vec::with_capacity(5);
        for _ in 0..5 {
            let before = ALLOCATIONS.with(Cell::get);
            assert!(program.gradient(&[w.view()], &[]).0 > 0.0);
            counts.push(ALLOCATIONS.with(Cell::get) - before);
        }
        assert_eq!(counts[2..], [0; 3], "{counts:?}");
    }
}

/// A chain of element-wise operations on 2^16 numbers of 8 bytes.
fn chain(x: Var<'_, f64>, length: usize) -> Var<'_, f64> {
    (0..length).fold(x, |x, _| x.sin())
}

#[test]
fn the_memory_of_a_backward_sweep_is_what_the_documentation_says() {
    const ONE: usize = 8 << 16;
    let x0 = vec![0.5; 1 << 16];
    let little = ONE / 8;
    let (tape, forward) = {
        let tape = Tape::new();
        let ((), forward) = peak(|| {
            chain(tape.variable(&x0), 32);
        });
        (tape, forward)
    };
    // One matrix a record, for the variable none.
    assert!(
        forward >= 32 * ONE && forward < 32 * ONE + little,
        "{forward}"
    );
    let mut tape = tape;
    tape.clear();
    let cost = chain(tape.variable(&x0), 32).mean();
    let (gradients, sweep) = peak(|| cost.backward());
    // Two at a time: a cotangent and the next. The last one leaves as the gradient.
    assert!(sweep <= 2 * ONE + little, "{sweep}");
    drop(gradients);

    // In segments of 8 a computation keeps a value each, and recomputes one segment at a time.
    let tape = Tape::new();
    let (gradients, whole) = peak(|| {
        let x = tape.variable(&x0);
        let y = (0..4).fold(x, |x, _| tape.checkpoint(|| chain(x, 8)));
        y.mean().backward()
    });
    assert!(whole <= (4 + 8 + 2) * ONE + little, "{whole} of {ONE}");
    drop(gradients);
    let tape = Tape::new();
    let (_, evaluation) = peak(|| {
        let x = tape.variable(&x0);
        (0..8).fold(x, |x, _| tape.no_grad(|| chain(x, 4)))
    });
    assert!(evaluation <= (8 + 4) * ONE + little, "{evaluation}");
}
