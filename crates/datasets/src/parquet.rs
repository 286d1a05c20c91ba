//! Arrow and Parquet files as tables. With the feature `parquet`.
//!
//! Numbers of every kind become doubles, dates and times numbers of their unit, booleans booleans, texts and dictionaries
//! categories. Nulls and NaN are missing values. Messages count rows from 1, as if they were lines.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_ipc::reader::FileReader;
use arrow_ipc::root_as_footer;
use arrow_schema::{DataType, Schema};
use linalg::Mat;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::categories::Categories;
use crate::frame::{Index, RowLines, Store};
use crate::{DataError, Frame};

/// Reads a Parquet file.
///
/// # Errors
/// [`DataError`] with the file, and the column that cannot be used.
pub fn read_parquet(path: impl AsRef<Path>) -> Result<Frame, DataError> {
    let path = path.as_ref();
    let fault = |error: parquet::errors::ParquetError| problem(path, error.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(fault)?;
    let schema = builder.schema().clone();
    let reader = builder.build().map_err(fault)?;
    let mut table = Table::new(path, &schema)?;
    for batch in reader {
        table.append(&batch.map_err(|error| problem(path, error.to_string()))?)?;
    }
    table.finish()
}

/// Reads an Arrow (IPC, Feather 2) file.
///
/// # Errors
/// [`DataError`] with the file, and the column that cannot be used.
pub fn read_arrow(path: impl AsRef<Path>) -> Result<Frame, DataError> {
    let path = path.as_ref();
    let fault = |error: arrow_schema::ArrowError| problem(path, error.to_string());
    let reader = FileReader::try_new(open(path)?, None).map_err(fault)?;
    let mut table = Table::new(path, &reader.schema())?;
    for batch in reader {
        table.append(&batch.map_err(fault)?)?;
    }
    table.finish()
}

/// A Parquet file as blocks of at most so many rows, of which one is in memory at a time.
///
/// # Errors
/// As [`read_parquet`], here and for every block.
pub fn parquet_blocks(
    path: &Path,
    rows: usize,
) -> Result<impl Iterator<Item = Result<Frame, DataError>> + use<>, DataError> {
    let path = path.to_owned();
    let fault = |error: parquet::errors::ParquetError| problem(&path, error.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(&path)?).map_err(fault)?;
    let schema = builder.schema().clone();
    let reader = builder
        .with_batch_size(rows.max(1))
        .build()
        .map_err(fault)?;
    Ok(blocks(path, schema, reader, usize::MAX))
}

/// An Arrow file as blocks of at most so many rows, of which one is in memory at a time, beside the file's own batch.
///
/// # Errors
/// As [`read_arrow`], here and for every block.
pub fn arrow_blocks(
    path: &Path,
    rows: usize,
) -> Result<impl Iterator<Item = Result<Frame, DataError>> + use<>, DataError> {
    let path = path.to_owned();
    let fault = |error: arrow_schema::ArrowError| problem(&path, error.to_string());
    let reader = FileReader::try_new(open(&path)?, None).map_err(fault)?;
    let schema = reader.schema();
    Ok(blocks(path, schema, reader, rows.max(1)))
}

/// About the bytes that a reader of a Parquet file's blocks holds beside them: of every column a dictionary and a page, which the
/// usual writers end at a MiB each.
///
/// # Errors
/// As [`read_parquet`].
pub fn held_of_parquet(path: &Path) -> Result<u64, DataError> {
    const MOST: u64 = 2 << 20;
    let fault = |error: parquet::errors::ParquetError| problem(path, error.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(fault)?;
    let groups = builder.metadata().row_groups().iter().map(|group| {
        let columns = group.columns().iter();
        let held = columns
            .map(|column| MOST.min(u64::try_from(column.uncompressed_size()).unwrap_or_default()));
        held.sum()
    });
    Ok(groups.max().unwrap_or(0))
}

/// The bytes that a reader of an Arrow file's blocks holds beside them: the longest batch.
///
/// # Errors
/// As [`read_arrow`].
pub fn held_of_arrow(path: &Path) -> Result<u64, DataError> {
    let unreadable = |source| DataError::Read {
        file: path.to_owned(),
        source,
    };
    // The file ends with the account of batches, its length and a mark of six bytes.
    let mut file = open(path)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut end = [0; 4];
    let at = size.saturating_sub(10);
    file.seek(SeekFrom::Start(at)).map_err(unreadable)?;
    file.read_exact(&mut end).map_err(unreadable)?;
    let length = u64::try_from(i32::from_le_bytes(end)).unwrap_or(0).min(at);
    let mut footer = vec![0; length as usize];
    file.seek(SeekFrom::Start(at - length))
        .map_err(unreadable)?;
    file.read_exact(&mut footer).map_err(unreadable)?;
    // What is no account is said by whoever reads the file.
    let footer = root_as_footer(&footer).ok();
    let blocks = footer.and_then(|footer| footer.recordBatches());
    let longest = blocks.and_then(|blocks| blocks.iter().map(arrow_ipc::Block::bodyLength).max());
    Ok(longest.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0)))
}

fn blocks<E: std::fmt::Display>(
    path: std::path::PathBuf,
    schema: std::sync::Arc<Schema>,
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
    rows: usize,
) -> impl Iterator<Item = Result<Frame, DataError>> {
    let mut first = 1;
    batches
        .flat_map(move |batch| {
            let batch = batch.map(|batch| (batch.num_rows(), batch));
            let length = batch.as_ref().map_or(1, |(length, _)| *length);
            let mut batch = Some(batch);
            // Slices share the memory of the batch; a fault comes once.
            (0..length)
                .step_by(rows)
                .map_while(move |from| match &batch {
                    Some(Ok((length, whole))) => {
                        Some(Ok(whole.slice(from, rows.min(length - from))))
                    }
                    _ => batch.take()?.err().map(Err),
                })
        })
        .map(move |batch| {
            let batch = batch.map_err(|error| problem(&path, error.to_string()))?;
            let mut table = Table::new(&path, &schema)?;
            table.before = first as usize - 1;
            table.append(&batch)?;
            let mut frame = table.finish()?;
            frame.lines = RowLines::From(first);
            first += batch.num_rows() as u64;
            Ok(frame)
        })
}

fn open(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(|source| DataError::Read {
        file: path.to_owned(),
        source,
    })
}

fn problem(file: &Path, problem: String) -> DataError {
    let file = file.to_owned();
    DataError::Arrow { file, problem }
}

/// A column that grows.
enum Growing {
    Numbers(Vec<f64>),
    Booleans(Vec<Option<bool>>),
    Categories(Categories),
}

struct Table<'p> {
    path: &'p Path,
    names: Vec<String>,
    columns: Vec<Growing>,
    rows: usize,
    /// The rows of the file before these.
    before: usize,
    gaps: bool,
}

impl<'p> Table<'p> {
    fn new(path: &'p Path, schema: &Schema) -> Result<Self, DataError> {
        let (mut names, mut columns): (Vec<String>, _) = (Vec::new(), Vec::new());
        for field in schema.fields() {
            if names.contains(field.name()) {
                return Err(DataError::DuplicateColumn {
                    file: path.to_owned(),
                    line: 1,
                    column: field.name().clone(),
                });
            }
            names.push(field.name().clone());
            columns.push(match field.data_type() {
                DataType::Boolean => Growing::Booleans(Vec::new()),
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Growing::Categories(Categories::default()),
                DataType::Dictionary(_, values) if matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
                    Growing::Categories(Categories::default())
                }
                kind if kind.is_numeric() || kind.is_temporal() => Growing::Numbers(Vec::new()),
                kind => {
                    let text = format!("the column `{}` holds {kind}, which is neither numbers, booleans nor text; leave it out of the file", field.name());
                    return Err(problem(path, text));
                }
            });
        }
        Ok(Self {
            path,
            names,
            columns,
            rows: 0,
            before: 0,
            gaps: false,
        })
    }

    fn append(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        for ((column, array), name) in self
            .columns
            .iter_mut()
            .zip(batch.columns())
            .zip(&self.names)
        {
            let convert = |array: &ArrayRef, to: &DataType| {
                cast(array, to)
                    .map_err(|error| problem(self.path, format!("the column `{name}`: {error}")))
            };
            match column {
                Growing::Numbers(numbers) => {
                    // Times reach doubles by way of whole numbers.
                    let array = if array.data_type().is_temporal() {
                        convert(array, &DataType::Int64)?
                    } else {
                        array.clone()
                    };
                    let array = convert(&array, &DataType::Float64)?;
                    for (row, value) in array.as_primitive::<Float64Type>().iter().enumerate() {
                        let value = value.unwrap_or(f64::NAN);
                        if value.is_infinite() {
                            return Err(DataError::NotFinite {
                                file: self.path.to_owned(),
                                line: (self.before + self.rows + row + 1) as u64,
                                column: name.clone(),
                                value: value.to_string(),
                            });
                        }
                        self.gaps |= value.is_nan();
                        numbers.push(value);
                    }
                }
                Growing::Booleans(values) => {
                    let array = array.as_boolean();
                    self.gaps |= array.null_count() > 0;
                    values.extend(array.iter());
                }
                Growing::Categories(categories) => {
                    let array = convert(array, &DataType::Utf8)?;
                    for text in array.as_string::<i32>() {
                        match text {
                            Some(text) => {
                                categories.push(text.as_bytes());
                            }
                            None => categories.push_missing(),
                        }
                    }
                    self.gaps |= array.null_count() > 0;
                }
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    fn finish(self) -> Result<Frame, DataError> {
        if self.rows == 0 {
            let file = self.path.to_owned();
            return Err(DataError::Empty { file, line: 1 });
        }
        let (mut stores, mut numbers) = (Vec::new(), Vec::new());
        for column in self.columns {
            stores.push(match column {
                Growing::Numbers(values) => {
                    numbers.push(values);
                    Store::Number(numbers.len() - 1)
                }
                Growing::Booleans(values) => Store::Booleans(values),
                Growing::Categories(mut categories) => {
                    categories.order();
                    Store::Categories(categories)
                }
            });
        }
        Ok(Frame {
            file: self.path.to_owned(),
            first_line: 1,
            file_names: self.names.clone(),
            index: Index::default(),
            places: (0..self.names.len()).collect(),
            names: self.names,
            rows: self.rows,
            lines: RowLines::From(1),
            gaps: self.gaps,
            numbers: Mat::from_fn(self.rows, numbers.len(), |i, j| numbers[j][i]),
            stores,
        })
    }
}
