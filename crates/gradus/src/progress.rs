//! Bars of long work: rate and time left on standard error, nothing where that is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use train::Progress;

use crate::output;

/// A bar with a name and a word for its parts. It appears with the first part that takes long and goes when the work is done.
pub(crate) fn bar(name: &str, parts: &str) -> Progress {
    if output::is_quiet() {
        return Progress::default();
    }
    let bar = ProgressBar::no_length().with_finish(ProgressFinish::AndClear);
    let template =
        format!("{name}  {{wide_bar}} {{pos}}/{{len}} {parts}  {{per_sec}}  {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    Progress::new(move |done, all| {
        bar.set_length(all as u64);
        // Threads tell their counts in any order.
        if bar.position() < done as u64 {
            bar.set_position(done as u64);
        }
    })
}
