//! What a sequence of modules does to a batch, and how many numbers it has.

use std::fmt;

use autodiff::{Shape, Tape};
use linalg::{Mat, Scalar};

use crate::{Module, Sequential};

/// A line of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The name.
    pub name: String,
    /// What it is.
    pub what: String,
    /// The columns of its result.
    pub columns: usize,
    /// Its parameters, as numbers.
    pub parameters: usize,
}

/// The layers of a sequence of modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    rows: Vec<Layer>,
}

impl<T: Scalar> Sequential<T> {
    /// The layers applied to a batch of two rows of zeros with so many columns. Buffers are put back as they were.
    ///
    /// # Panics
    /// If a layer takes another number of columns.
    ///
    /// ```
    /// use datasets::random::Torch;
    /// use models::{Linear, Relu, Sequential};
    /// let mut stream = Torch::new(0);
    /// let model: Sequential<f32> = Sequential::new().then(Linear::new(8, 4, &mut stream)).then(Relu).then(Linear::new(4, 1, &mut stream));
    /// let text = model.summary(8).to_string();
    /// assert!(text.contains("Linear(8 -> 4)") && text.ends_with("41 parameters\n"));
    /// ```
    #[track_caller]
    pub fn summary(&self, columns: usize) -> Summary {
        let mut kept = Vec::new();
        self.visit_buffers("", &mut |_, buffer| kept.push((buffer, buffer.values())));
        let tape = Tape::new();
        let zeros = Mat::zeros(2, columns);
        let mut x = tape.constant(&zeros);
        let mut rows = Vec::new();
        for (name, layer) in self.layers() {
            x = layer.forward(x);
            let Shape { columns, .. } = x.shape();
            rows.push(Layer {
                name: name.to_owned(),
                what: layer.describe(),
                columns,
                parameters: layer.parameter_count(),
            });
        }
        for (buffer, values) in kept {
            buffer.change(|own| *own = values);
        }
        Summary { rows }
    }
}

impl Summary {
    /// The layers in their order.
    pub fn layers(&self) -> &[Layer] {
        &self.rows
    }

    /// The number of parameters of all layers.
    pub fn parameters(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Layer) -> &str, least: usize| {
            let widths = self.rows.iter().map(|row| text(row).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let (name, what) = (width(|row| &row.name, 4), width(|row| &row.what, 5));
        writeln!(
            f,
            "{:<name$}  {:<what$} {:>10} {:>12}",
            "name", "layer", "columns", "parameters"
        )?;
        for row in &self.rows {
            writeln!(
                f,
                "{:<name$}  {:<what$} {:>10} {:>12}",
                row.name, row.what, row.columns, row.parameters
            )?;
        }
        writeln!(f, "{} parameters", self.parameters())
    }
}
