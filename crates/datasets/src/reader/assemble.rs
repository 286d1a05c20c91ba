//! Parts below each other in one frame.

use linalg::{MatMut, parallel};

use super::part::{Cells, Part};
use crate::Frame;
use crate::frame::{RowLines, Store};

impl Frame {
    /// Appends the rows of parts, which have the columns of this frame.
    pub(super) fn append(&mut self, mut parts: Vec<Part>) {
        let before = self.rows;
        for part in &mut parts {
            part.columns
                .retain(|cells| !matches!(cells, Cells::Ignored));
            let lines = match part.lines.take() {
                None => RowLines::From(part.line),
                Some(lines) => RowLines::Each(lines.iter().map(|line| part.line + line).collect()),
            };
            self.lines.append(self.rows, lines, part.rows);
            self.rows += part.rows;
            self.gaps |= part.gaps;
            for (store, cells) in self.stores.iter_mut().zip(&part.columns) {
                match (store, cells) {
                    (Store::Booleans(all), Cells::Booleans(more)) => all.extend(more),
                    (Store::Categories(all), Cells::Categories(more)) => all.append(more),
                    _ => {}
                }
            }
        }
        let columns = self.numbers.ncols();
        if self.rows as isize > self.numbers.col_stride() {
            let more = (self.rows - before).max(before / 8);
            self.numbers.reserve(before + more, columns);
        }
        self.numbers.resize_with(self.rows, columns, |_, _| 0.0);
        let new = self
            .numbers
            .as_mut()
            .subrows_mut(before, self.rows - before);
        copy(new, &parts);
    }
}

/// The numbers of parts, below each other.
fn copy(out: MatMut<'_, f64>, parts: &[Part]) {
    if let [part] = parts {
        let numbers = part.columns.iter().filter_map(|cells| match cells {
            Cells::Numbers(numbers) => Some(numbers),
            _ => None,
        });
        for (out, numbers) in out.col_iter_mut().zip(numbers) {
            if let Some(out) = out.try_as_col_major_mut() {
                out.as_slice_mut().copy_from_slice(numbers);
            }
        }
    } else if !parts.is_empty() {
        let (first, second) = parts.split_at(parts.len() / 2);
        let rows = first.iter().map(|part| part.rows).sum();
        let (upper, lower) = out.split_at_row_mut(rows);
        parallel::join(|| copy(upper, first), || copy(lower, second));
    }
}
