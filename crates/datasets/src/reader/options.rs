//! How a CSV file is written, and what its columns hold.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::blocks::Blocks;
use super::part::{boolean, number};
use crate::{DataError, Frame};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Number,
    /// Words, of which each is a level.
    Category,
    /// `true` and `false`, `yes` and `no`, `t` and `f`, `y` and `n`, `1` and `0` in any case.
    Boolean,
    /// Nothing that is wanted.
    Ignore,
}

/// What people write for a missing value, in any case.
pub(crate) const MISSING: [&str; 11] = [
    "", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", ".", "-",
];

/// How to read a CSV file. All settings have a default: a header, a delimiter that is guessed, kinds that are inferred.
///
/// A column is inferred to hold numbers if at least half of the values in the first rows are numbers, booleans if all are `true`
/// or `false`, else categories. A word in a column of numbers is an error that names it, so that one bad cell does not make
/// a category of a column unnoticed.
///
/// ```
/// use datasets::{Column, CsvOptions, Kind};
/// let text = "id;city;rooms\n1;Basel;3\n2;Lima;NA\n";
/// let frame = CsvOptions::new().kind("id", Kind::Ignore).read_from("flats.csv", text.as_bytes())?;
/// assert_eq!(frame.names(), ["city", "rooms"]);
/// assert!(matches!(frame.column(0), Column::Categories { levels, .. } if levels == &["Basel", "Lima"]));
/// assert!(matches!(frame.column(1), Column::Numbers(rooms) if rooms[0] == 3.0 && rooms[1].is_nan()));
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    pub(super) delimiter: Option<u8>,
    pub(super) quote: u8,
    pub(super) comment: Option<u8>,
    pub(super) header: bool,
    pub(super) columns: Option<Vec<String>>,
    /// False if columns that do not exist are no error.
    pub(super) columns_exist: bool,
    pub(super) kinds: Vec<(String, Kind)>,
    pub(super) categories: Vec<String>,
    pub(super) booleans: Vec<String>,
    pub(super) codes: Vec<String>,
    pub(super) ignored: Vec<String>,
    pub(super) missing: Vec<String>,
    /// True if a cell that is missing may look like a value, so that every cell is compared.
    pub(super) values_stand_for_missing: bool,
    pub(super) block_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl CsvOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            delimiter: None,
            quote: b'"',
            comment: None,
            header: true,
            columns: None,
            columns_exist: true,
            kinds: Vec::new(),
            categories: Vec::new(),
            booleans: Vec::new(),
            codes: Vec::new(),
            ignored: Vec::new(),
            missing: MISSING.map(str::to_owned).into(),
            values_stand_for_missing: false,
            block_bytes: 8 << 20,
        }
    }

    /// The byte between cells. If not given, it is the one of `,` `;` tab and `|` that stands equally often in the first lines.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// The byte around cells that hold delimiters or line ends; `"` if not given.
    pub fn quote(mut self, quote: u8) -> Self {
        self.quote = quote;
        self
    }

    /// Lines that begin with this byte are skipped.
    pub fn comment(mut self, comment: u8) -> Self {
        self.comment = Some(comment);
        self
    }

    /// The first line is data; the columns are called `x1`, `x2`, ….
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// Only these columns, by name or by position from 1, in the order of the file.
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self.columns_exist = true;
        self
    }

    /// Only those of these columns that the file has. What needs a column that is not there says so itself, and knows more about
    /// it.
    pub fn columns_among<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self.columns_exist = false;
        self
    }

    /// What a column holds, by name or by position from 1, instead of what would be inferred.
    pub fn kind(mut self, column: impl Into<String>, kind: Kind) -> Self {
        self.kinds.push((column.into(), kind));
        self
    }

    /// Not read, if the file has such columns, by name or by position from 1.
    pub(crate) fn ignore_if_there(mut self, columns: &[String]) -> Self {
        self.ignored.extend_from_slice(columns);
        self
    }

    /// A category, if the file has such a column and it does not hold booleans.
    pub(crate) fn category_unless_boolean(mut self, column: &str) -> Self {
        self.codes.push(column.to_owned());
        self
    }

    /// A category, if the file has such a column.
    pub(crate) fn category_if_there(mut self, column: &str) -> Self {
        self.categories.push(column.to_owned());
        self
    }

    /// Booleans, if the file has such a column and it does not hold other numbers than 0 and 1, such as 1.0.
    pub(crate) fn boolean_if_there(mut self, column: &str) -> Self {
        self.booleans.push(column.to_owned());
        self
    }

    /// What stands for a missing value, in any case, instead of nothing, `NA`, `N/A`, `#N/A`, `NaN`, `null`, `none`, `nil`, `?`, `.` and
    /// `-`. A number may stand for a missing value too, as it is written: `-999`, `99`.
    pub fn missing<S: Into<String>>(mut self, tokens: impl IntoIterator<Item = S>) -> Self {
        self.missing = tokens.into_iter().map(Into::into).collect();
        let value = |token: &String| {
            let token = token.as_bytes();
            number(token).is_some_and(f64::is_finite) || boolean(token).is_some()
        };
        self.values_stand_for_missing = self.missing.iter().any(value);
        self
    }

    /// The bytes of text that make a block, from 64 to 1 GiB; 8 MiB if not given. Two blocks of text are in memory at a time: one is read
    /// from the file while the other is parsed ([`Blocks`] has the sum). A longer record is read all the same, and so is the first
    /// MiB, from which delimiter and kinds are inferred.
    pub fn block_bytes(mut self, bytes: usize) -> Self {
        self.block_bytes = bytes.clamp(64, 1 << 30);
        self
    }

    /// Reads a file.
    ///
    /// # Memory
    /// The rows are counted ahead by the size of the file and the rows of the first block, with 2 % to spare. If the other rows are
    /// about as long, the matrix of the numbers is allocated once, and the peak is 1.02 times the matrix, two blocks of text, and 8
    /// bytes for each number of a block: with the default blocks and numbers of 8 characters at most 1.3 times the matrix, if that
    /// has 100 MB or more.
    ///
    /// If the rows become shorter, so that there are more of them, the matrix is allocated again and exists twice meanwhile; if they
    /// become longer, more is allocated than is used. If the size is not known, as that of a pipe, the matrix grows by an eighth or
    /// by a block, whichever is more, and the peak has up to 2.13 times the matrix instead of 1.02. Categories (4 bytes a value) and
    /// booleans (1 byte) grow by doubling.
    ///
    /// # Errors
    /// [`DataError`] with file, line, column and value.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Frame, DataError> {
        self.blocks(path)?.concatenate()
    }

    /// Reads from anything; `file` is the name for messages. The size is not known, so that the matrix exists twice while it grows
    /// ([`read`](Self::read) has the sum).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_from(
        &self,
        file: impl AsRef<Path>,
        reader: impl Read + Send,
    ) -> Result<Frame, DataError> {
        self.blocks_from(file, reader).concatenate()
    }

    /// A file as blocks of rows, in the memory that [`Blocks`] states. Open it again for another pass.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn blocks(&self, path: impl AsRef<Path>) -> Result<Blocks<File>, DataError> {
        let path = path.as_ref();
        match File::open(path) {
            Ok(file) => {
                let size = file.metadata().ok().filter(std::fs::Metadata::is_file);
                let size = size.map(|metadata| metadata.len());
                Ok(Blocks::new(self.clone(), path.to_owned(), file, size))
            }
            Err(source) => Err(DataError::Read {
                file: path.to_owned(),
                source,
            }),
        }
    }

    /// The same from anything that can be read.
    pub fn blocks_from<R: Read + Send>(&self, file: impl AsRef<Path>, reader: R) -> Blocks<R> {
        Blocks::new(self.clone(), PathBuf::from(file.as_ref()), reader, None)
    }

    pub(super) fn is_missing(&self, cell: &[u8]) -> bool {
        self.missing
            .iter()
            .any(|token| token.as_bytes().eq_ignore_ascii_case(cell))
    }
}
