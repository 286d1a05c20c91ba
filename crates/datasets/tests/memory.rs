//! A matrix is read in little more memory than its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::sync::atomic::{AtomicIsize, Ordering};

use datasets::CsvOptions;

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
    let matrix = (8 * ROWS * COLUMNS) as f64;
    let whole = peak(&|| {
        let matrix = options.read(&path).unwrap().into_matrix().unwrap();
        assert_eq!((matrix.nrows(), matrix.ncols()), (ROWS, COLUMNS));
    });
    // Two buffers of text, of which one is filled while the other is read.
    assert!(
        whole <= 1.3 * matrix + 2.0 * BLOCK as f64,
        "{:.2} times the matrix",
        whole / matrix
    );
    let blocks = peak(&|| {
        let rows: usize = options
            .blocks(&path)
            .unwrap()
            .map(|block| block.unwrap().rows())
            .sum();
        assert_eq!(rows, ROWS);
    });
    assert!(
        blocks <= 8.0 * BLOCK as f64,
        "{:.1} blocks",
        blocks / BLOCK as f64
    );
    std::fs::remove_file(&path).unwrap();
}
