//! How batches are written.

use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema};
use linalg::rows::LEAF;
use tempfile::NamedTempFile;

use super::Account;
use super::map::{ACCOUNT, CHECKSUM, checksum_of};
use crate::{DataError, Dataset, Recipe};

/// A file of batches that grows, under another name until it is whole.
pub(super) struct Writer<'p> {
    path: &'p Path,
    file: FileWriter<BufWriter<NamedTempFile>>,
    schema: Arc<Schema>,
    /// Rows that do not make a batch yet, column by column.
    columns: Vec<Vec<f64>>,
    checksums: Vec<u32>,
    features: usize,
    extra: [bool; 3],
}

/// A fault of the disk, in words.
fn fault(path: &Path, error: &dyn std::fmt::Display) -> DataError {
    DataError::Store {
        file: path.to_owned(),
        problem: format!(
            "the table cannot be kept on the disk: {error}; free some room, or name a folder on another disk by --cache"
        ),
    }
}

/// The checksum of a batch: of its entries, column by column.
pub(super) fn checksum<'c>(columns: impl Iterator<Item = &'c [f64]>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    columns.for_each(|column| hasher.update(bytemuck::cast_slice(column)));
    hasher.finalize()
}

impl<'p> Writer<'p> {
    pub(super) fn new(
        path: &'p Path,
        recipe: &Recipe,
        extra: [bool; 3],
    ) -> Result<Self, DataError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let temporary = tempfile::Builder::new()
            .prefix(".gradus-")
            .suffix(".arrow.part")
            .tempfile_in(folder)
            .map_err(|error| fault(path, &error))?;
        let names = recipe.feature_names();
        let features = names.len();
        // Names of roles after those of features, of which a table may have the same.
        let roles = [
            ("target", true),
            ("weights", extra[0]),
            ("offset", extra[1]),
            ("trials", extra[2]),
            ("line", true),
        ];
        let roles = roles.iter().filter(|(_, there)| *there);
        let names = names
            .into_iter()
            .chain(roles.map(|(name, _)| format!("({name})")));
        let fields: Vec<Field> = names
            .map(|name| Field::new(name, DataType::Float64, false))
            .collect();
        let columns = fields.iter().map(|_| Vec::with_capacity(LEAF)).collect();
        let schema = Arc::new(Schema::new(fields));
        let file = FileWriter::try_new(BufWriter::new(temporary), &schema)
            .map_err(|error| fault(path, &error))?;
        Ok(Self {
            path,
            file,
            schema,
            columns,
            checksums: Vec::new(),
            features,
            extra,
        })
    }

    /// Which of weights, offset and trials are kept.
    pub(super) fn extra(&self) -> [bool; 3] {
        self.extra
    }

    /// Appends rows, whose lines `line` tells.
    pub(super) fn append(
        &mut self,
        data: &Dataset,
        line: &dyn Fn(usize) -> u64,
    ) -> Result<(), DataError> {
        let rows = data.observations();
        let extra: [Option<&[f64]>; 3] = [
            data.weights.as_deref(),
            data.offset.as_deref(),
            data.trials.as_deref(),
        ];
        let lines: Vec<f64> = (0..rows).map(|row| line(row) as f64).collect();
        let mut from = 0;
        while from < rows {
            let room = LEAF - self.columns[0].len();
            let to = rows.min(from + room);
            let features = (0..self.features).map(|j| data.features.col_as_slice(j));
            let own = extra.iter().zip(self.extra);
            let own = own.filter_map(|(values, there)| values.filter(|_| there));
            let all = features
                .chain(std::iter::once(data.target.as_slice()))
                .chain(own)
                .chain(std::iter::once(lines.as_slice()));
            for (column, values) in self.columns.iter_mut().zip(all) {
                column.extend_from_slice(&values[from..to]);
            }
            if self.columns[0].len() == LEAF {
                self.write()?;
            }
            from = to;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), DataError> {
        self.checksums
            .push(checksum(self.columns.iter().map(Vec::as_slice)));
        // The rows are lent to the batch, and the memory taken back.
        let columns = self.columns.iter_mut();
        let buffers: Vec<Buffer> = columns
            .map(|column| Buffer::from_vec(std::mem::take(column)))
            .collect();
        let arrays = buffers.iter().map(|buffer| {
            let numbers = ScalarBuffer::from(buffer.clone());
            Arc::new(Float64Array::new(numbers, None)) as ArrayRef
        });
        let batch = RecordBatch::try_new(self.schema.clone(), arrays.collect())
            .and_then(|batch| self.file.write(&batch));
        for (column, buffer) in self.columns.iter_mut().zip(buffers) {
            *column = buffer
                .into_vec()
                .unwrap_or_else(|_| Vec::with_capacity(LEAF));
            column.clear();
        }
        batch.map_err(|error| fault(self.path, &error))
    }

    /// Writes the last rows and the account, and gives the file its name.
    pub(super) fn finish(mut self, account: &mut Account) -> Result<(), DataError> {
        if !self.columns[0].is_empty() {
            self.write()?;
        }
        account.checksums = std::mem::take(&mut self.checksums);
        let text = serde_json::to_string(account).map_err(|error| fault(self.path, &error))?;
        self.file.write_metadata(CHECKSUM, checksum_of(&text));
        self.file.write_metadata(ACCOUNT, text);
        let path = self.path;
        self.file.finish().map_err(|error| fault(path, &error))?;
        let buffered = self
            .file
            .into_inner()
            .map_err(|error| fault(path, &error))?;
        let file = buffered
            .into_inner()
            .map_err(|error| fault(path, error.error()))?;
        file.as_file()
            .sync_all()
            .map_err(|error| fault(path, &error))?;
        file.persist(path)
            .map_err(|error| fault(path, &error.error))?;
        Ok(())
    }
}
