//! What the first records say about a file: its delimiter, the names of its columns, and what they hold.

use std::path::Path;

use linalg::Mat;

use super::boundaries::{Dialect, lines};
use super::options::{CsvOptions, Kind};
use super::part::{Lines, boolean, number, records};
use crate::categories::Categories;
use crate::frame::{Index, RowLines, Store};
use crate::{DataError, Frame};

/// Records from which delimiter and kinds are inferred.
const SAMPLE: usize = 1000;
/// Records that have to agree on a delimiter.
const AGREEING: usize = 10;

#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub(super) dialect: Dialect,
    /// The names of all columns, wanted or not.
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    first_line: u64,
}

/// What the head of a file holds.
#[derive(Debug)]
pub(super) enum Head {
    /// Not a whole header and record: more text is needed.
    TooShort,
    /// The schema, and the place where the data start.
    Read(Schema, usize),
}

/// Reads the head of a file; `ended` if it is the whole file.
pub(super) fn head(
    text: &[u8],
    ended: bool,
    file: &Path,
    options: &CsvOptions,
) -> Result<Head, DataError> {
    let dialect = dialect(text, options);
    let ends = dialect.ends(text, 1);
    let text = match ends.cuts.last() {
        _ if ended => text,
        Some(end) => &text[..*end],
        None => return Ok(Head::TooShort),
    };
    if ended && let Some(open) = ends.open {
        let (file, line) = (file.to_owned(), 1 + lines(&text[..open]));
        return Err(DataError::UnclosedQuote { file, line });
    }
    let mut reader = records(text, dialect);
    let mut record = csv::ByteRecord::new();
    if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
        if !ended {
            return Ok(Head::TooShort);
        }
        let (file, line) = (file.to_owned(), 1 + lines(text));
        return Err(DataError::Empty { file, line });
    }
    let start = record.position().map_or(0, csv::Position::byte);
    let first_line = 1 + Lines::new(text, dialect.comment).of(start);
    let (names, start) = if options.header {
        let names = header(&record, file, first_line)?;
        let start = reader.position().byte() as usize;
        if !ended && !matches!(reader.read_byte_record(&mut record), Ok(true)) {
            return Ok(Head::TooShort);
        }
        (names, start)
    } else {
        ((1..=record.len()).map(|k| format!("x{k}")).collect(), 0)
    };
    let (kinds, booleans) = infer(&text[start..], dialect, names.len(), options);
    let mut schema = Schema {
        dialect,
        names,
        kinds,
        first_line,
    };
    schema.choose(&booleans, file, options)?;
    Ok(Head::Read(schema, start))
}

/// The dialect, with a delimiter that fits the first records.
fn dialect(text: &[u8], options: &CsvOptions) -> Dialect {
    let mut dialect = Dialect {
        delimiter: options.delimiter.unwrap_or(b','),
        quote: options.quote,
        comment: options.comment,
    };
    if options.delimiter.is_some() {
        return dialect;
    }
    let mut best = (0, 1);
    for delimiter in [b',', b';', b'\t', b'|'] {
        let candidate = Dialect {
            delimiter,
            ..dialect
        };
        let ends = candidate.ends(text, 1);
        let end = ends.cuts.get(AGREEING - 1).or(ends.cuts.last()).copied();
        let mut widths = Vec::new();
        let mut reader = records(&text[..end.unwrap_or(text.len())], candidate);
        let mut record = csv::ByteRecord::new();
        while let Ok(true) = reader.read_byte_record(&mut record) {
            widths.push(record.len());
        }
        // One line that is at fault does not make another delimiter right.
        let width = widths.first().copied().unwrap_or(1);
        let agreeing = widths.iter().filter(|other| **other == width).count();
        if width > 1 && 2 * agreeing > widths.len() && (agreeing, width) > best {
            (best, dialect.delimiter) = ((agreeing, width), delimiter);
        }
    }
    dialect
}

fn header(record: &csv::ByteRecord, file: &Path, line: u64) -> Result<Vec<String>, DataError> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    let mut known = std::collections::HashSet::new();
    for (k, cell) in record.iter().enumerate() {
        let file = || file.to_owned();
        let name = std::str::from_utf8(cell.trim_ascii())
            .map_err(|_| DataError::Encoding { file: file(), line })?;
        // A line end within a quoted name, or an escape sequence, has no place in a message.
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let name = match name {
            "" => format!("x{}", k + 1),
            name => name.chars().map(printable).collect(),
        };
        if !known.insert(name.clone()) {
            return Err(DataError::DuplicateColumn {
                file: file(),
                line,
                column: name,
            });
        }
        names.push(name);
    }
    Ok(names)
}

/// What the columns hold, judging by the first records; and which of them can be read as booleans.
fn infer(
    text: &[u8],
    dialect: Dialect,
    width: usize,
    options: &CsvOptions,
) -> (Vec<Kind>, Vec<bool>) {
    #[derive(Default, Clone)]
    struct Seen {
        present: usize,
        numbers: usize,
        booleans: usize,
        /// Booleans in any spelling.
        readable: usize,
    }
    let mut seen = vec![Seen::default(); width];
    let mut reader = records(text, dialect);
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    while count < SAMPLE && matches!(reader.read_byte_record(&mut record), Ok(true)) {
        count += 1;
        for (cell, seen) in record.iter().zip(&mut seen) {
            let cell = cell.trim_ascii();
            if options.is_missing(cell) {
                continue;
            }
            seen.present += 1;
            seen.numbers += usize::from(number(cell).is_some());
            let word = cell.eq_ignore_ascii_case(b"true") || cell.eq_ignore_ascii_case(b"false");
            seen.booleans += usize::from(word);
            seen.readable += usize::from(boolean(cell).is_some());
        }
    }
    let kind = |seen: &Seen| {
        if seen.present > 0 && seen.booleans == seen.present {
            Kind::Boolean
        } else if 2 * seen.numbers >= seen.present {
            Kind::Number
        } else {
            Kind::Category
        }
    };
    let boolean = |seen: &Seen| seen.readable == seen.present;
    (
        seen.iter().map(kind).collect(),
        seen.iter().map(boolean).collect(),
    )
}

impl Schema {
    /// The kinds and columns that the user asked for. `booleans` says which columns can be read as booleans.
    fn choose(
        &mut self,
        booleans: &[bool],
        file: &Path,
        options: &CsvOptions,
    ) -> Result<(), DataError> {
        let find = |column: &str| crate::frame::place(&self.names, column);
        let place = |column: &str| {
            find(column).ok_or_else(|| DataError::NoSuchColumn {
                file: file.to_owned(),
                line: self.first_line,
                column: column.to_owned(),
                available: self.names.clone(),
            })
        };
        let mut kinds = self.kinds.clone();
        for (column, kind) in &options.kinds {
            kinds[place(column)?] = *kind;
        }
        for name in &options.codes {
            if let Some(at) = self.names.iter().position(|known| known == name)
                && kinds[at] == Kind::Number
            {
                kinds[at] = Kind::Category;
            }
        }
        for at in options.ignored.iter().filter_map(|column| find(column)) {
            kinds[at] = Kind::Ignore;
        }
        for name in &options.categories {
            if let Some(at) = self.names.iter().position(|known| known == name) {
                kinds[at] = Kind::Category;
            }
        }
        for name in &options.booleans {
            // Numbers that are no booleans stay numbers, of which 1.0 and 0.0 are taken for booleans later.
            if let Some(at) = self.names.iter().position(|known| known == name)
                && (booleans[at] || kinds[at] != Kind::Number)
            {
                kinds[at] = Kind::Boolean;
            }
        }
        if let Some(columns) = &options.columns {
            let mut wanted = vec![false; self.names.len()];
            for column in columns {
                if let Some(at) = if options.columns_exist {
                    Some(place(column)?)
                } else {
                    find(column)
                } {
                    wanted[at] = true;
                }
            }
            for (kind, wanted) in kinds.iter_mut().zip(wanted) {
                if !wanted {
                    *kind = Kind::Ignore;
                }
            }
        }
        self.kinds = kinds;
        Ok(())
    }

    /// A table without rows, of which the first will be at this line.
    pub(super) fn frame(&self, file: &Path, line: u64) -> Frame {
        let wanted = |at: &usize| self.kinds[*at] != Kind::Ignore;
        let places: Vec<usize> = (0..self.names.len()).filter(wanted).collect();
        let mut numbers = 0;
        let mut store = |at: &usize| match self.kinds[*at] {
            Kind::Category => Store::Categories(Categories::default()),
            Kind::Boolean => Store::Booleans(Vec::new()),
            Kind::Number | Kind::Ignore => {
                numbers += 1;
                Store::Number(numbers - 1)
            }
        };
        let stores = places.iter().map(&mut store).collect();
        Frame {
            file: file.to_owned(),
            first_line: self.first_line,
            file_names: self.names.clone(),
            index: Index::default(),
            names: places.iter().map(|at| self.names[*at].clone()).collect(),
            places,
            rows: 0,
            lines: RowLines::From(line),
            gaps: false,
            numbers: Mat::zeros(0, numbers),
            stores,
        }
    }
}
