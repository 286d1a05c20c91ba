//! The loop: fill a buffer, cut it, read its parts in parallel, join their columns.

use std::io::Read;
use std::path::PathBuf;

use linalg::parallel;

use super::boundaries::{Ends, lines};
use super::options::CsvOptions;
use super::part::{Fault, Part, Wrong, parse};
use super::schema::{Head, Schema, head};
use super::source::Source;
use crate::{DataError, Frame};

/// Bytes of a part: enough work for a thread, and many parts in a buffer.
const PART: usize = 256 << 10;
/// Bytes at the start of a file from which its schema is inferred.
const HEAD: usize = 1 << 20;

/// A CSV file as blocks of rows, of which one is made at a time.
///
/// Every block has all columns. The levels of a category are those that occur in the block.
///
/// # Memory
/// Two blocks of text ([`CsvOptions::block_bytes`]), one of which is read from the file while the other is parsed, and the columns of
/// one block. These exist twice while the parts that were parsed are joined: 16 bytes a number (up to 24 if there are quotes), up to
/// 20 a category and 5 a boolean, and up to 48 a row if a row is not a line; half of that or less afterwards. So a file of numbers
/// of 8 characters takes 4 times `block_bytes`. A block that the caller keeps comes on top.
///
/// A record that is longer than a block is held whole, in up to twice its length. At the start the first MiB is held, with up to 24
/// bytes for each of its lines.
///
/// A file whose lines end with carriage returns alone has no place where it could be cut: it is read whole, as one block, and all
/// its rows are said to be on line 1.
///
/// ```
/// use datasets::CsvOptions;
/// let text = "x\n".to_owned() + &"1.5\n".repeat(100);
/// let blocks = CsvOptions::new().block_bytes(64).blocks_from("x.csv", text.as_bytes());
/// let rows: Result<Vec<usize>, _> = blocks.map(|block| Ok(block?.rows())).collect();
/// let rows = rows.map_err(|error: datasets::DataError| error.to_string())?;
/// assert!(rows.len() > 5 && rows.iter().sum::<usize>() == 100);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct Blocks<R> {
    options: CsvOptions,
    file: PathBuf,
    source: Source<R>,
    failed: bool,
    /// The line at which the text of the source starts.
    line: u64,
    rows: usize,
    /// The bytes of the file, and those of the records that were read.
    size: Option<u64>,
    taken: usize,
    schema: Option<Schema>,
}

impl<R: Read + Send> Blocks<R> {
    pub(super) fn new(options: CsvOptions, file: PathBuf, reader: R, size: Option<u64>) -> Self {
        Self {
            options,
            file,
            source: Source::new(reader),
            failed: false,
            line: 1,
            rows: 0,
            size,
            taken: 0,
            schema: None,
        }
    }

    /// All blocks as one.
    pub(super) fn concatenate(mut self) -> Result<Frame, DataError> {
        let mut all = self.schema()?.frame(&self.file, self.line);
        while self.append_block(&mut all)? {
            if all.rows == self.rows && self.expected_rows() > self.rows {
                let columns = all.numbers.ncols();
                all.numbers.reserve(self.expected_rows(), columns);
            }
        }
        all.order_levels();
        Ok(all)
    }

    /// How many rows the file has, judging by those that were read; 0 if its size is not known.
    fn expected_rows(&self) -> usize {
        match self.size {
            Some(size) if self.taken > 0 => {
                let rows = self.rows as f64 * size as f64 / self.taken as f64;
                (1.02 * rows) as usize + 16
            }
            _ => 0,
        }
    }

    /// Skips text at the front.
    fn skip(&mut self, end: usize) {
        self.line += lines(&self.source.text()[..end]);
        self.source.skip(end);
    }

    /// Reads the head of the file.
    fn schema(&mut self) -> Result<Schema, DataError> {
        if let Some(schema) = &self.schema {
            return Ok(schema.clone());
        }
        self.source.fill(3).map_err(|e| self.unreadable(e))?;
        if self.source.text().starts_with(b"\xef\xbb\xbf") {
            self.source.skip(3);
        }
        let mut wanted = HEAD;
        loop {
            self.source.fill(wanted).map_err(|e| self.unreadable(e))?;
            let (text, ended) = (self.source.text(), self.source.ended());
            match head(text, ended, &self.file, &self.options)? {
                Head::TooShort => wanted *= 2,
                Head::Read(schema, start) => {
                    self.skip(start);
                    self.schema = Some(schema.clone());
                    return Ok(schema);
                }
            }
        }
    }

    /// Appends the rows of the next block; false if there is none.
    fn append_block(&mut self, frame: &mut Frame) -> Result<bool, DataError> {
        let schema = self.schema()?;
        let mut wanted = self.options.block_bytes;
        loop {
            self.source.fill(wanted).map_err(|e| self.unreadable(e))?;
            let text = self.source.text();
            let window = text.len().min(wanted);
            let last = self.source.ended() && window == text.len();
            let stride = PART.min(wanted.div_ceil(4));
            let mut ends = schema.dialect.ends(&text[..window], stride);
            if last {
                if let Some(open) = ends.open {
                    let line = self.line + lines(&text[..open]);
                    let file = self.file.clone();
                    return Err(DataError::UnclosedQuote { file, line });
                }
                if window == 0 {
                    let (file, line) = (self.file.clone(), self.line);
                    return match self.rows {
                        0 => Err(DataError::Empty { file, line }),
                        _ => Ok(false),
                    };
                }
                if ends.cuts.last() != Some(&window) {
                    ends.cuts.push(window);
                }
            }
            let Some(&end) = ends.cuts.last() else {
                // A record that is longer than the window.
                wanted = wanted.saturating_mul(2);
                continue;
            };
            let options = &self.options;
            let read = |text: &[u8]| parts(text, &ends, &schema, options);
            let parts = self.source.use_and_fill(end, options.block_bytes, read);
            let mut parts = parts.map_err(|e| self.unreadable(e))?;
            for part in &mut parts {
                if let Some(fault) = part.fault.take() {
                    return Err(self.fault(&schema, self.line, fault));
                }
                part.line = self.line;
                self.line += part.line_count;
            }
            let before = frame.rows;
            frame.append(parts);
            self.taken += end;
            if frame.rows > before {
                self.rows += frame.rows - before;
                return Ok(true);
            }
        }
    }

    fn unreadable(&self, source: std::io::Error) -> DataError {
        let file = self.file.clone();
        DataError::Read { file, source }
    }

    fn fault(&self, schema: &Schema, start: u64, fault: Fault) -> DataError {
        let (file, line) = (self.file.clone(), start + fault.line);
        let name = |column: usize| schema.names[column].clone();
        match fault.what {
            Wrong::Ragged { found } => DataError::Ragged {
                file,
                line,
                found,
                expected: schema.kinds.len(),
            },
            Wrong::NotText => DataError::Encoding { file, line },
            Wrong::NotANumber { column, value } => DataError::NotANumber {
                file,
                line,
                column: name(column),
                value,
            },
            Wrong::NotFinite { column, value } => DataError::NotFinite {
                file,
                line,
                column: name(column),
                value,
            },
            Wrong::NotBoolean { column, value } => DataError::NotBoolean {
                file,
                line,
                column: name(column),
                value,
            },
            Wrong::Other(reason) => DataError::Read {
                file,
                source: std::io::Error::other(reason),
            },
        }
    }
}

/// Reads the parts between cuts, in parallel.
fn parts(text: &[u8], ends: &Ends, schema: &Schema, options: &CsvOptions) -> Vec<Part> {
    let cuts = &ends.cuts;
    let read = |k: usize| {
        let start = if k == 0 { 0 } else { cuts[k - 1] };
        let text = &text[start..cuts[k]];
        vec![parse(
            text,
            ends.quotes,
            &schema.kinds,
            schema.dialect,
            options,
        )]
    };
    let join = |mut left: Vec<Part>, right: Vec<Part>| {
        left.extend(right);
        left
    };
    parallel::map_reduce(cuts.len(), &read, &join).unwrap_or_default()
}

impl<R: Read + Send> Iterator for Blocks<R> {
    type Item = Result<Frame, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let block = self.schema().and_then(|schema| {
            let mut block = schema.frame(&self.file, self.line);
            let more = self.append_block(&mut block)?;
            block.order_levels();
            Ok(more.then_some(block))
        });
        self.failed = block.is_err();
        block.transpose()
    }
}
