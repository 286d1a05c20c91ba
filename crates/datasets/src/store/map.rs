//! The file of a store as memory.

#![expect(
    unsafe_code,
    reason = "a file as memory, and giving its pages back, are unsafe calls of memmap2; see `open` and `release`"
)]

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_ipc::{Block, root_as_footer, root_as_message};
use linalg::MatRef;
use memmap2::{Advice, Mmap, UncheckedAdvice};

use super::{Account, VERSION};
use crate::DataError;

/// What surrounds an Arrow file.
const MAGIC: &[u8] = b"ARROW1";
/// The name of the account in the metadata of the footer.
pub(super) const ACCOUNT: &str = "gradus";
/// And that of its checksum.
pub(super) const CHECKSUM: &str = "gradus-checksum";

/// A file of batches.
#[derive(Debug)]
pub(super) struct Map {
    path: PathBuf,
    memory: Mmap,
    columns: usize,
    batches: Vec<Batch>,
}

/// Where the columns of a batch stand in the file.
#[derive(Debug)]
struct Batch {
    /// The first byte, and the number of bytes from the first column to the end of the last.
    start: usize,
    bytes: usize,
    rows: usize,
    /// The entries from one column to the next.
    stride: usize,
}

/// Opens a file, finds its batches and its account.
pub(super) fn open(path: &Path) -> Result<(Map, Account), DataError> {
    let unreadable = |source| DataError::Read {
        file: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    // SAFETY: the memory is only read. What another program writes into the file while it is mapped would be seen as other numbers, as it
    // would by reading; a store is written whole under another name and renamed, so that this program never writes into one that is open.
    // A file that is cut short while it is mapped ends the process, as the documentation of limits says.
    let memory = unsafe { Mmap::map(&file) }.map_err(unreadable)?;
    // A file system that caches in large pieces would map megabytes for a byte that is read, which the bound of memory does not know.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(Advice::NoHugePage);
    let mut map = Map {
        path: path.to_owned(),
        memory,
        columns: 0,
        batches: Vec::new(),
    };
    let damaged = |map: &Map| map.damaged("it is no Arrow file, or only a part of one");
    let Some((blocks, account)) = footer(&map.memory) else {
        return Err(damaged(&map));
    };
    let Some(account) = account else {
        return Err(
            map.damaged("it is an Arrow file, but not a whole one that was written as a store")
        );
    };
    for block in blocks {
        let Some((columns, batch)) = batch(&map.memory, &block) else {
            return Err(damaged(&map));
        };
        map.columns = columns;
        map.batches.push(batch);
        map.release(map.batches() - 1);
    }
    let account: Account = serde_json::from_str(&account)
        .map_err(|error| map.damaged(&format!("its account cannot be read: {error}")))?;
    if account.version != VERSION {
        return Err(map.damaged("another version of the program has written it"));
    }
    Ok((map, account))
}

/// The checksum of an account, as text.
pub(super) fn checksum_of(account: &str) -> String {
    format!("{:08x}", crc32fast::hash(account.as_bytes()))
}

/// The batches of a file, and the text of the account if it is what was written.
fn footer(bytes: &[u8]) -> Option<(Vec<Block>, Option<String>)> {
    let end = bytes.len().checked_sub(MAGIC.len() + 4)?;
    if !bytes.starts_with(MAGIC) || !bytes.ends_with(MAGIC) {
        return None;
    }
    let length = i32::from_le_bytes(bytes.get(end..end + 4)?.try_into().ok()?);
    let start = end.checked_sub(usize::try_from(length).ok()?)?;
    let footer = root_as_footer(bytes.get(start..end)?).ok()?;
    let blocks = footer.recordBatches()?.iter().copied().collect();
    let named = |name: &str| {
        let mut entries = footer.custom_metadata().into_iter().flatten();
        let entry = entries.find(|entry| entry.key() == Some(name))?;
        entry.value().map(str::to_owned)
    };
    let (account, checksum) = (named(ACCOUNT), named(CHECKSUM));
    let sound = |account: &String| checksum.as_deref() == Some(&checksum_of(account));
    Some((blocks, account.filter(sound)))
}

/// The columns of a batch, all of which are doubles without gaps.
fn batch(bytes: &[u8], block: &Block) -> Option<(usize, Batch)> {
    let at = usize::try_from(block.offset()).ok()?;
    let head = usize::try_from(block.metaDataLength()).ok()?;
    // A mark of continuation and the length stand before the message.
    let message = root_as_message(bytes.get(at.checked_add(8)?..at.checked_add(head)?)?).ok()?;
    let batch = message.header_as_record_batch()?;
    let rows = usize::try_from(batch.length()).ok()?;
    let height = rows.checked_mul(8)?;
    // Of each column a bitmap of gaps and the entries.
    let buffers = batch.buffers()?;
    let columns = buffers.len() / 2;
    if columns == 0 {
        return None;
    }
    let place = |column: usize| {
        let buffer = buffers.get(2 * column + 1);
        let fits = usize::try_from(buffer.length()).ok()? >= height;
        let offset = usize::try_from(buffer.offset()).ok()?;
        at.checked_add(head)?.checked_add(offset).filter(|_| fits)
    };
    let first = place(0)?;
    let step = if columns > 1 {
        place(1)?.checked_sub(first)?
    } else {
        height
    };
    let bytes_of_all = (columns - 1).checked_mul(step)?.checked_add(height)?;
    let fits = first.checked_add(bytes_of_all)? <= bytes.len();
    // Where all fit, no product is too large.
    let even = fits && (0..columns).all(|column| place(column) == Some(first + column * step));
    let aligned = first % 8 == 0 && step % 8 == 0 && step >= height;
    (even && aligned).then_some((
        columns,
        Batch {
            start: first,
            bytes: bytes_of_all,
            rows,
            stride: step / 8,
        },
    ))
}

impl Map {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn set_columns(&mut self, columns: usize) {
        self.columns = columns;
    }

    pub(super) fn batches(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn damaged(&self, what: &str) -> DataError {
        DataError::Store {
            file: self.path.clone(),
            problem: format!("{what}; remove it, and it is made again"),
        }
    }

    fn bytes(&self, batch: usize) -> &[u8] {
        let Batch { start, bytes, .. } = self.batches[batch];
        &self.memory[start..start + bytes]
    }

    pub(super) fn checksum(&self, batch: usize) -> u32 {
        let x = self.matrix(batch);
        let columns = (0..x.ncols()).filter_map(|j| linalg::flat(x.subcols(j, 1)));
        super::write::checksum(columns)
    }

    pub(super) fn matrix(&self, batch: usize) -> MatRef<'_, f64> {
        let Batch { rows, stride, .. } = self.batches[batch];
        let entries: &[f64] = bytemuck::cast_slice(self.bytes(batch));
        MatRef::from_column_major_slice_with_stride(entries, rows, self.columns, stride)
    }

    /// The pages that belong to a batch alone, or also to its neighbours.
    fn pages(&self, batch: usize) -> (usize, usize) {
        const PAGE: usize = 4096;
        let Batch { start, bytes, .. } = self.batches[batch];
        let from = start / PAGE * PAGE;
        (from, start + bytes - from)
    }

    /// A hint to the system; what it cannot follow does no harm.
    pub(super) fn ahead(&self, batch: usize) {
        let (from, bytes) = self.pages(batch);
        let _ = self.memory.advise_range(Advice::WillNeed, from, bytes);
    }

    /// Gives the pages of a batch back; whoever reads them again has them mapped again.
    pub(super) fn release(&self, batch: usize) {
        // Who reads a page of a batch has those around it mapped too (fault-around, by default within 64 KiB), of the neighbours that
        // were released before.
        const AROUND: usize = 64 << 10;
        let (from, bytes) = self.pages(batch);
        let end = (from + bytes + AROUND).min(self.memory.len());
        let from = from.saturating_sub(AROUND);
        let bytes = end - from;
        // SAFETY: the mapping is read-only and of a file, so pages that are dropped are read from the file again: nothing is lost, and
        // other threads that read them at this moment see the same bytes.
        let _ = unsafe {
            self.memory
                .unchecked_advise_range(UncheckedAdvice::DontNeed, from, bytes)
        };
    }
}
