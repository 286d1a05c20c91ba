//! Sparse rows with a target, and the text format of LIBSVM and `SVMlight` that holds them.

use std::io::{BufRead, Write};
use std::path::Path;

use linalg::{Csr, SparseError};

use crate::DataError;

/// The largest index of a file whose number of columns is not told.
const LARGEST_INDEX: usize = 100_000_000;

/// Rows of which most entries are zero, with a target for each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseDataset {
    /// The number of columns.
    pub columns: usize,
    /// Where each row starts in the entries, and where the last one ends.
    pub starts: Vec<usize>,
    /// The columns of the entries, ascending within a row.
    pub indices: Vec<usize>,
    /// The entries.
    pub values: Vec<f64>,
    /// The target of each row.
    pub target: Vec<f64>,
}

impl SparseDataset {
    /// Without rows.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            starts: vec![0],
            ..Self::default()
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.target.len()
    }

    /// The features as a design, borrowed.
    ///
    /// # Errors
    /// [`SparseError`] if the public parts were changed into something else than a matrix.
    pub fn design(&self) -> Result<Csr<'_>, SparseError> {
        Csr::new(
            self.rows(),
            self.columns,
            &self.starts,
            &self.indices,
            &self.values,
        )
    }

    /// Reads `target index:value index:value …` lines: indices from 1, ascending; `#` starts a comment; `qid:…` is skipped.
    /// The number of columns is the largest index, or `columns` if that is given and no index is larger. An index above 100 000 000 is
    /// taken only if `columns` says that there are so many: a slip in one entry would make vectors of that length.
    ///
    /// # Errors
    /// [`DataError`] with the line and what stands there.
    ///
    /// ```
    /// use datasets::SparseDataset;
    /// let text = "+1 1:0.5 3:2 # a comment\n-1 2:1\n";
    /// let data = SparseDataset::read_svmlight("t.svm", text.as_bytes(), None)?;
    /// assert_eq!((data.rows(), data.columns, data.target[1]), (2, 3, -1.0));
    /// assert_eq!((data.indices.as_slice(), data.values[1]), (&[0, 2, 1][..], 2.0));
    /// # Ok::<(), datasets::DataError>(())
    /// ```
    pub fn read_svmlight(
        file: impl AsRef<Path>,
        mut reader: impl BufRead,
        columns: Option<usize>,
    ) -> Result<Self, DataError> {
        let file = file.as_ref();
        let mut data = Self::new(columns.unwrap_or(0));
        let mut bytes = Vec::new();
        let mut line = 0;
        loop {
            bytes.clear();
            line += 1;
            let read = reader.read_until(b'\n', &mut bytes);
            if read.map_err(|source| DataError::Read {
                file: file.to_owned(),
                source,
            })? == 0
            {
                return if data.target.is_empty() {
                    let file = file.to_owned();
                    Err(DataError::Empty { file, line })
                } else {
                    Ok(data)
                };
            }
            let text = std::str::from_utf8(&bytes).map_err(|_| DataError::Encoding {
                file: file.to_owned(),
                line,
            })?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let text = text.split('#').next().unwrap_or("").trim();
            if !text.is_empty() {
                data.push_line(text, columns)
                    .map_err(|problem| DataError::Svmlight {
                        file: file.to_owned(),
                        line,
                        problem,
                    })?;
            }
        }
    }

    /// Adds the row of a line, or says what is wrong with it.
    fn push_line(&mut self, text: &str, columns: Option<usize>) -> Result<(), String> {
        let mut words = text.split_ascii_whitespace();
        let target = finite(words.next().unwrap_or(""), "the target")?;
        let mut last = None;
        for word in words {
            let Some((index, value)) = word.split_once(':') else {
                return Err(format!("{word:?} is not `index:value`"));
            };
            if index == "qid" {
                continue;
            }
            let index: usize = index
                .parse()
                .ok()
                .filter(|index| *index > 0)
                .ok_or_else(|| format!("{word:?}: an index is a whole number from 1"))?;
            if columns.is_some_and(|columns| index > columns) {
                return Err(format!("{word:?}: there are {} columns", self.columns));
            }
            if columns.is_none() && index > LARGEST_INDEX {
                return Err(format!(
                    "{word:?}: the index is above {LARGEST_INDEX}; say how many columns there are if this is meant"
                ));
            }
            if last.is_some_and(|last| index <= last) {
                return Err(format!("{word:?}: the indices of a row must ascend"));
            }
            let value = finite(value, "a value")?;
            last = Some(index);
            self.columns = self.columns.max(index);
            if value != 0.0 {
                self.indices.push(index - 1);
                self.values.push(value);
            }
        }
        self.target.push(target);
        self.starts.push(self.indices.len());
        Ok(())
    }

    /// Writes the rows as [`read_svmlight`](Self::read_svmlight) reads them. Numbers read back to the same bits.
    ///
    /// # Errors
    /// What the writer reports; [`InvalidInput`](std::io::ErrorKind::InvalidInput), before anything is written, if the public parts were
    /// changed into something else than a matrix.
    pub fn write_svmlight(&self, mut writer: impl Write) -> std::io::Result<()> {
        let invalid = |error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error);
        self.design().map_err(invalid)?;
        for (row, target) in self.target.iter().enumerate() {
            write!(writer, "{target}")?;
            for k in self.starts[row]..self.starts[row + 1] {
                write!(writer, " {}:{}", self.indices[k] + 1, self.values[k])?;
            }
            writeln!(writer)?;
        }
        writer.flush()
    }
}

fn finite(text: &str, what: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(format!("{what} {text:?} is not a finite number")),
        Err(_) => Err(format!("{what} {text:?} is not a number")),
    }
}
