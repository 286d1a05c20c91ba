//! The loop: fill a buffer, cut it, read its parts in parallel, join their columns.

use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use linalg::parallel;

use super::boundaries::lines;
use super::options::CsvOptions;
use super::part::{Fault, Part, Wrong, parse};
use super::schema::{Head, Schema, head};
use crate::{DataError, Frame};

/// Bytes of a part: enough work for a thread, and many parts in a buffer.
const PART: usize = 256 << 10;
/// Bytes at the start of a file from which its schema is inferred.
const HEAD: usize = 1 << 20;

/// A CSV file as blocks of rows, of which one is in memory at a time.
///
/// Every block has all columns. The levels of a category are those that occur in the block.
///
/// # Memory
/// The text of one block ([`CsvOptions::block_bytes`]; one record if that is longer; the first MiB at the start) and its columns:
/// 8 bytes a number, 4 a category, 1 a boolean.
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
    reader: R,
    buffer: Vec<u8>,
    ended: bool,
    failed: bool,
    /// The line at which the buffer starts.
    line: u64,
    rows: usize,
    schema: Option<Schema>,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(options: CsvOptions, file: PathBuf, reader: R) -> Self {
        Self {
            options,
            file,
            reader,
            buffer: Vec::new(),
            ended: false,
            failed: false,
            line: 1,
            rows: 0,
            schema: None,
        }
    }

    /// All blocks as one.
    pub(super) fn concatenate(mut self) -> Result<Frame, DataError> {
        let mut all: Option<Frame> = None;
        while let Some(block) = self.next_block()? {
            match &mut all {
                Some(all) => all.append(block),
                None => all = Some(block),
            }
        }
        let Some(mut all) = all else {
            let (file, line) = (self.file, self.line);
            return Err(DataError::Empty { file, line });
        };
        all.order_levels();
        Ok(all)
    }

    /// Reads until the buffer holds so many bytes or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), DataError> {
        while self.buffer.len() < wanted && !self.ended {
            let missing = wanted - self.buffer.len();
            self.buffer.reserve_exact(missing);
            let mut limited = self.reader.by_ref().take(missing as u64);
            match limited.read_to_end(&mut self.buffer) {
                Ok(read) => self.ended = read == 0,
                Err(source) => {
                    return Err(DataError::Read {
                        file: self.file.clone(),
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    /// Takes text from the front of the buffer.
    fn consume(&mut self, end: usize) {
        self.line += lines(&self.buffer[..end]);
        self.buffer.drain(..end);
    }

    /// Reads the head of the file.
    fn schema(&mut self) -> Result<Schema, DataError> {
        if let Some(schema) = &self.schema {
            return Ok(schema.clone());
        }
        self.fill(3)?;
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.buffer.drain(..3);
        }
        let mut wanted = HEAD;
        loop {
            self.fill(wanted)?;
            match head(&self.buffer, self.ended, &self.file, &self.options)? {
                Head::TooShort => wanted *= 2,
                Head::Read(schema, start) => {
                    self.consume(start);
                    self.schema = Some(schema.clone());
                    return Ok(schema);
                }
            }
        }
    }

    /// The next block, its levels in the order of their appearance.
    fn next_block(&mut self) -> Result<Option<Frame>, DataError> {
        let schema = self.schema()?;
        let mut wanted = self.options.block_bytes;
        loop {
            self.fill(wanted)?;
            let window = self.buffer.len().min(wanted);
            let last = self.ended && window == self.buffer.len();
            let stride = PART.min(wanted.div_ceil(4));
            let mut ends = schema.dialect.ends(&self.buffer[..window], stride);
            if last {
                if let Some(open) = ends.open {
                    let line = self.line + lines(&self.buffer[..open]);
                    let file = self.file.clone();
                    return Err(DataError::UnclosedQuote { file, line });
                }
                if window == 0 {
                    let (file, line) = (self.file.clone(), self.line);
                    return match self.rows {
                        0 => Err(DataError::Empty { file, line }),
                        _ => Ok(None),
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
            let frame = self.read_parts(&schema, &ends.cuts)?;
            self.consume(end);
            if frame.rows() > 0 {
                self.rows += frame.rows();
                return Ok(Some(frame));
            }
        }
    }

    fn read_parts(&self, schema: &Schema, cuts: &[usize]) -> Result<Frame, DataError> {
        let range = |k: usize| -> Range<usize> {
            let start = if k == 0 { 0 } else { cuts[k - 1] };
            start..cuts[k]
        };
        let (buffer, options) = (&self.buffer, &self.options);
        let read = |k: usize| {
            let text = &buffer[range(k)];
            vec![parse(text, &schema.kinds, schema.dialect, options)]
        };
        let join = |mut left: Vec<Part>, right: Vec<Part>| {
            left.extend(right);
            left
        };
        let parts = parallel::map_reduce(cuts.len(), &read, &join).unwrap_or_default();
        let mut frame: Option<Frame> = None;
        let mut line = self.line;
        for mut part in parts {
            if let Some(fault) = part.fault.take() {
                return Err(self.fault(schema, line, fault));
            }
            let (count, next) = (part.line_count, schema.frame(&self.file, line, part));
            line += count;
            match &mut frame {
                Some(frame) => frame.append(next),
                None => frame = Some(next),
            }
        }
        Ok(frame.unwrap_or_else(|| schema.frame(&self.file, line, Part::default())))
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

impl<R: Read> Iterator for Blocks<R> {
    type Item = Result<Frame, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.next_block() {
            Ok(block) => block.map(|mut block| {
                block.order_levels();
                Ok(block)
            }),
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}
