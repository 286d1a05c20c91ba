//! One way to work in parallel: map blocks of rows, combine the results along a fixed binary tree.
//!
//! The tree depends on the number of leaves alone, never on the number of threads, so that one thread and many give the same
//! bits. rayon runs it; work of a single leaf stays on the calling thread.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::LinalgError;

/// Entries that are worth a leaf of element-wise work.
pub const LEAF: usize = 1 << 14;

/// Runs two pieces of work, in parallel if a thread is free.
///
/// A thread outside rayon's pool does the first itself instead of handing both over and waiting: two changes of context would
/// cost as much as a small product.
pub fn join<A: Send, B: Send>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if rayon::current_thread_index().is_some() {
        return rayon::join(first, second);
    }
    let mut right = None;
    let left = rayon::in_place_scope(|scope| {
        scope.spawn(|_| right = Some(second()));
        first()
    });
    match right {
        Some(right) => (left, right),
        // The scope waits for what it spawned, and hands its panic on.
        None => unreachable!("the second piece of work was not done"),
    }
}

/// Maps the leaves `0..leaves` and combines the results pairwise along a fixed tree; `None` for no leaves.
///
/// ```
/// use linalg::parallel;
/// let digits = parallel::map_reduce(4, &|leaf| leaf.to_string(), &|a, b| format!("({a}{b})"));
/// assert_eq!(digits.as_deref(), Some("((01)(23))"));
/// ```
pub fn map_reduce<A: Send>(
    leaves: usize,
    map: &(impl Fn(usize) -> A + Sync),
    combine: &(impl Fn(A, A) -> A + Sync),
) -> Option<A> {
    (leaves > 0).then(|| tree(0, leaves, map, combine))
}

fn tree<A: Send>(
    from: usize,
    to: usize,
    map: &(impl Fn(usize) -> A + Sync),
    combine: &(impl Fn(A, A) -> A + Sync),
) -> A {
    if to - from == 1 {
        return map(from);
    }
    let middle = from + (to - from) / 2;
    let (left, right) = join(
        || tree(from, middle, map, combine),
        || tree(middle, to, map, combine),
    );
    combine(left, right)
}

/// Calls `f` for every part of `out` that belongs to a leaf of `size` entries, in parallel. `f` gets the number of the first
/// entry.
pub fn for_each_part<T: Send>(out: &mut [T], size: usize, f: &(impl Fn(usize, &mut [T]) + Sync)) {
    parts(0, out, size.max(1), f);
}

fn parts<T: Send>(start: usize, out: &mut [T], size: usize, f: &(impl Fn(usize, &mut [T]) + Sync)) {
    if out.len() <= size {
        if !out.is_empty() {
            f(start, out);
        }
        return;
    }
    let middle = out.len().div_ceil(size) / 2 * size;
    let (left, right) = out.split_at_mut(middle);
    join(
        || parts(start, left, size, f),
        || parts(start + middle, right, size, f),
    );
}

/// The number of threads that parallel work is spread over here.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Runs `f` on so many threads: all parallel work that it starts stays on them. Without it, work is spread over all cores.
///
/// # Errors
/// [`LinalgError::Threads`] if the threads cannot be started, or if there are to be none.
///
/// ```
/// let sum = linalg::parallel::with_threads(2, || 1 + 1)?;
/// assert_eq!(sum, 2);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn with_threads<R: Send>(
    threads: usize,
    f: impl FnOnce() -> R + Send,
) -> Result<R, LinalgError> {
    let fail = |reason: String| LinalgError::Threads { threads, reason };
    if threads == 0 {
        return Err(fail("at least one is needed".to_owned()));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok(pool.map_err(|e| fail(e.to_string()))?.install(f))
}

/// Runs `f` and keeps the other threads looking for pieces of its work meanwhile, so that none has to be woken up: for loops with
/// many short parallel sections, such as the steps of a small network. Each thread is busy until `f` returns, so it is for a machine that
/// has nothing else to do: beside other programs, which take these threads' turns, the same loop may take twice as long as without.
///
/// ```
/// use linalg::parallel;
/// let total = parallel::awake(|| (0..100).map(|k| parallel::join(|| k, || 1)).map(|(a, b)| a + b).sum::<u32>());
/// assert_eq!(total, 5050);
/// ```
pub fn awake<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    /// Ends the search, also if `f` panics.
    struct Done<'d>(&'d AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let done = &AtomicBool::new(false);
    rayon::scope(|scope| {
        for _ in 1..rayon::current_num_threads() {
            scope.spawn(|_| {
                while !done.load(Ordering::Acquire) {
                    if rayon::yield_now() != Some(rayon::Yield::Executed) {
                        std::hint::spin_loop();
                    }
                }
            });
        }
        let _done = Done(done);
        f()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awake_ends_with_its_work_even_if_that_panics() {
        for threads in [1, 2, 4] {
            let sum = with_threads(threads, || {
                let caught = std::panic::catch_unwind(|| awake(|| panic!("on purpose")));
                assert!(caught.is_err());
                awake(|| {
                    let part = |leaf: usize| leaf as u64;
                    map_reduce(100, &part, &|a, b| a + b)
                })
            });
            assert!(matches!(sum, Ok(Some(4950))), "{sum:?}");
        }
    }
}
