//! The progress bar.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Steps, rate and time left on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    /// When the text changed last.
    told: Option<Instant>,
}

impl Bar {
    pub(super) fn new(shown: bool, steps: u64, done: u64) -> Self {
        let bar = if shown {
            ProgressBar::new(steps)
        } else {
            ProgressBar::hidden()
        };
        let template = "{msg}  {wide_bar} {pos}/{len} steps  {per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(done);
        bar.reset_eta();
        Self { bar, told: None }
    }

    /// After a step. The text changes ten times a second at most.
    pub(super) fn step(&mut self, epoch: u64, loss: f64) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.inc(1);
        let now = Instant::now();
        if self
            .told
            .is_none_or(|told| now - told > Duration::from_millis(100))
        {
            self.told = Some(now);
            self.bar
                .set_message(format!("epoch {epoch}  loss {loss:.5}"));
        }
    }

    /// A line above the bar.
    pub(super) fn say(&self, text: &str) {
        if !self.bar.is_hidden() {
            self.bar.println(text);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
