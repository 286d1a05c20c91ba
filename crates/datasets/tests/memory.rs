//! A matrix is read in little more memory than its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;
use std::fs::File;
use std::sync::atomic::{AtomicIsize, Ordering};

use datasets::{CsvOptions, Frame};

struct Counting;

static NOW: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

fn count(change: isize) {
    let now = NOW.fetch_add(change, Ordering::Relaxed) + change;
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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
fn a_file_is_read_within_its_bound_whole_and_in_blocks() {
    const ROWS: usize = 100_000;
    const COLUMNS: usize = 12;
    const BLOCK: usize = 1 << 20;
    let path = std::env::temp_dir().join(format!("gradus-memory-{}.csv", std::process::id()));
    {
        let mut text = String::new();
        let names: Vec<String> = (0..COLUMNS).map(|j| format!("x{j}")).collect();
        writeln!(text, "{}", names.join(",")).unwrap();
        for i in 0..ROWS {
            for j in 0..COLUMNS {
                let separator = if j == 0 { "" } else { "," };
                write!(
                    text,
                    "{separator}{:.5}",
                    ((i * 31 + j * 17) as f64 * 0.618).sin()
                )
                .unwrap();
            }
            text.push('\n');
        }
        std::fs::write(&path, text).unwrap();
    }
    let options = CsvOptions::new().block_bytes(BLOCK);
    let peak = |f: &dyn Fn()| {
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        f();
        (MOST.load(Ordering::Relaxed) - before) as f64
    };
    // As the documentation of `Blocks` says: two blocks of text, and the numbers of one of them twice. Threads that start need a
    // little, too.
    let (text, little) = ((2 * BLOCK) as f64, f64::from(256 << 10));
    let most = Cell::new(0);
    let blocks = peak(&|| {
        let mut rows = 0;
        for block in options.blocks(&path).unwrap() {
            let block = block.unwrap().rows();
            rows += block;
            most.set(block.max(most.get()));
        }
        assert_eq!(rows, ROWS);
    });
    let numbers = (8 * most.get() * COLUMNS) as f64;
    assert!(
        blocks <= text + 2.0 * numbers + little,
        "{:.2} blocks",
        blocks / BLOCK as f64
    );
    assert!(blocks <= 4.1 * BLOCK as f64 + little);
    // As that of `CsvOptions::read` says: the matrix once, if the size of the file is known, and else twice while it grows.
    let matrix = (8 * ROWS * COLUMNS) as f64;
    let check = |frame: Frame| {
        let matrix = frame.into_matrix().unwrap();
        assert_eq!((matrix.nrows(), matrix.ncols()), (ROWS, COLUMNS));
    };
    for (times, peak) in [
        (1.02, peak(&|| check(options.read(&path).unwrap()))),
        (
            2.13,
            peak(&|| {
                let file = File::open(&path).unwrap();
                check(options.read_from(&path, file).unwrap());
            }),
        ),
    ] {
        assert!(
            peak <= times * matrix + text + numbers + little,
            "{:.2} times the matrix, not {times} and {:.2}",
            peak / matrix,
            (text + numbers) / matrix
        );
    }
    std::fs::remove_file(&path).unwrap();
}
