//! What a fit from blocks shows while it works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use datasets::store::{Opened, Telling};
use indicatif::{ProgressBar, ProgressStyle};
use linalg::Leaves;

use crate::output;

/// What is being done, on a terminal; and what an earlier run left, in lines.
pub(super) struct Bar {
    bar: ProgressBar,
    speaks: bool,
}

impl Bar {
    pub(super) fn new(speaks: bool) -> Self {
        let bar = if speaks && !output::is_quiet() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        Self { bar, speaks }
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    pub(super) fn tell(&self, telling: Telling<'_>) {
        match telling {
            Telling::Reused(path) if self.speaks && !output::is_quiet() => {
                output::say(&format!(
                    "{}: blocks of an earlier fit are used",
                    path.display()
                ));
            }
            Telling::Discarded(path, reason) => {
                output::say(&format!(
                    "{}: blocks of an earlier fit are made again: {reason}",
                    path.display()
                ));
            }
            Telling::Again(path) if self.speaks => output::say(&format!(
                "{}: later rows have values that the first ones have not; it is read once more",
                path.display()
            )),
            Telling::Read { bytes, rows, .. } => {
                if let Some((read, all)) = bytes {
                    self.style(
                        "reading  {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
                    );
                    self.bar.set_length(all);
                    self.bar.set_position(read);
                } else {
                    self.style("reading  {pos} rows  {per_sec}");
                    self.bar.set_position(rows as u64);
                }
            }
            _ => {}
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Ends a watch, also by a panic.
struct Done<'d>(&'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs `f`, and shows meanwhile how far the pass over the table is.
pub(super) fn watched<T>(bar: &Bar, table: &Opened<'_>, f: impl FnOnce() -> T) -> T {
    let leaves = table.starts().len() - 1;
    if bar.bar.is_hidden() || leaves == 0 {
        return f();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let started = Instant::now();
            bar.bar.reset();
            bar.bar.set_length(leaves as u64);
            bar.style("{prefix}  {wide_bar} {pos}/{len} blocks  {msg}");
            while !done.load(Ordering::Acquire) {
                let passed = table.passed();
                let rate = passed as f64 / started.elapsed().as_secs_f64().max(1e-3);
                let left = (leaves - passed % leaves) as f64 / rate.max(1e-9);
                bar.bar.set_prefix(format!("pass {}", passed / leaves + 1));
                bar.bar.set_position((passed % leaves) as u64);
                bar.bar
                    .set_message(format!("{rate:.0}/s  {left:.0} s left in this pass"));
                std::thread::sleep(Duration::from_millis(200));
            }
            bar.clear();
        });
        let _done = Done(&done);
        f()
    })
}
