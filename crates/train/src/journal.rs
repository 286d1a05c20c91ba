//! The checkpoint of a long fit: what its passes over the rows have given.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use linalg::Communicator;

use crate::FitError;

/// Writes down what the passes of a fit over its rows give, and answers from that when the same fit is run again: up to where an earlier
/// run was ended rows are looked at no more than to find faults in them, and what follows has the same bits as if it had not been ended. It stands between the rows in leaves
/// ([`Leaves::communicator`](linalg::Leaves::communicator)) and the other processes, of which the first one writes.
///
/// The file is written after every pass and given to the disk once a second; the last pass of an earlier run, of which a part may be
/// missing, is made again. It grows by 28
/// bytes for each sum: for a pass with the Hessian of d coefficients about 14 d².
///
/// ```
/// use linalg::{Alone, Communicator};
/// use train::Journal;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("fit.journal");
/// let first = Journal::open(&path, "a fit", &Alone)?;
/// assert!(first.must_look());
/// first.total(&mut [7]);
/// assert!(first.must_look());
/// // The process is ended here, and started again.
/// drop(first);
/// let second = Journal::open(&path, "a fit", &Alone)?;
/// assert!(!second.must_look());
/// let mut sum = [0];
/// second.total(&mut sum);
/// assert!(sum == [7] && second.must_look());
/// assert!(Journal::open(&path, "another fit", &Alone).is_err());
/// second.remove();
/// assert!(!path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal<'c> {
    processes: &'c dyn Communicator,
    path: PathBuf,
    resumed: usize,
    tell: Option<Telling<'c>>,
    state: Mutex<State>,
}

struct Telling<'c>(Box<dyn Fn(&str) + Send + Sync + 'c>);

impl std::fmt::Debug for Telling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telling")
    }
}

#[derive(Debug)]
struct State {
    /// The answers of the earlier run that are still to be given.
    known: usize,
    /// Of the first process: where they are read.
    reader: Option<BufReader<File>>,
    /// Of the first process: where new ones are written.
    writer: Option<File>,
    synced: Instant,
    fault: Option<String>,
}

const MAGIC: &[u8] = b"gradus journal 1\n";
const STRANGE: &str =
    "what an earlier run left does not belong to this fit; start again without it";
/// How long answers may be known to the system alone.
const SYNC: Duration = Duration::from_secs(1);

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Identity,
    /// Leaves were looked at: what follows up to the next such mark belongs together.
    Look,
    Largest,
    Total,
    Gather,
}

impl<'c> Journal<'c> {
    /// Opens the journal of a fit, or begins one. The identity is a text that differs for other data, other models, other programs: all that
    /// a fit depends on. Numbers of threads and processes are not among it. All processes have to call this.
    ///
    /// # Errors
    /// [`FitError::Journal`] if the file cannot be read or written, is something else, or the journal of a fit with another identity.
    pub fn open(
        path: impl AsRef<Path>,
        identity: &str,
        processes: &'c dyn Communicator,
    ) -> Result<Self, FitError> {
        // Behind a link stands the file that is written and removed.
        let path = path.as_ref();
        let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut state = State {
            known: 0,
            reader: None,
            writer: None,
            synced: Instant::now(),
            fault: None,
        };
        // What the first process finds, as a number or a sentence for all.
        let mut said = Vec::new();
        if processes.rank() == 0 {
            said = match begin(path, identity) {
                Ok((reader, writer, known)) => {
                    (state.reader, state.writer) = (Some(reader), Some(writer));
                    [&b"+"[..], &(known as u64).to_le_bytes()].concat()
                }
                Err(problem) => [&b"-"[..], problem.as_bytes()].concat(),
            };
        }
        let all = processes.gather(&said).concat();
        match all.split_first() {
            Some((b'+', number)) => {
                state.known = number.try_into().map_or(0, u64::from_le_bytes) as usize;
            }
            other => {
                let problem = other.map_or(&[][..], |(_, text)| text);
                return Err(FitError::Journal {
                    path: path.to_owned(),
                    problem: String::from_utf8_lossy(problem).into_owned(),
                });
            }
        }
        Ok(Self {
            processes,
            path: path.to_owned(),
            resumed: state.known,
            tell: None,
            state: Mutex::new(state),
        })
    }

    /// How many answers of an earlier run were found, looks among them.
    pub fn resumed(&self) -> usize {
        self.resumed
    }

    /// Whether, in all processes, all answers of the earlier run were those that the fit asked for; if not, what it found is worth nothing.
    ///
    /// # Errors
    /// [`FitError::Journal`] if not.
    pub fn check(&self) -> Result<(), FitError> {
        let fault = self.state().fault.clone();
        if self.processes.all(fault.is_none()) {
            return Ok(());
        }
        Err(FitError::Journal {
            path: self.path.clone(),
            problem: fault.unwrap_or_else(|| STRANGE.to_owned()),
        })
    }

    /// Tells why answers cannot be written, when that happens; the fit goes on all the same.
    #[must_use]
    pub fn tell_of_faults(mut self, tell: impl Fn(&str) + Send + Sync + 'c) -> Self {
        self.tell = Some(Telling(Box::new(tell)));
        self
    }

    /// Removes the file: the fit is at its end, or failed by a fault of its own.
    pub fn remove(self) {
        if self.processes.rank() == 0 {
            // A file that stays is refused or used again; both are harmless.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next answer of the earlier run.
    fn known(&self, kind: Kind, length: Option<usize>) -> Option<Vec<u8>> {
        let mut state = self.state();
        if state.known == 0 {
            return None;
        }
        state.known -= 1;
        let own = state.reader.as_mut().and_then(next);
        let said = match own {
            Some((found, bytes)) if found == kind => [&b"+"[..], &bytes].concat(),
            _ => Vec::new(),
        };
        let said = self.processes.gather(&said).concat();
        let fits = |bytes: &[u8]| length.is_none_or(|length| bytes.len() == length);
        match said.split_first() {
            Some((_, bytes)) if fits(bytes) => Some(bytes.to_vec()),
            _ => {
                state.fault = Some(STRANGE.to_owned());
                Some(vec![0; length.unwrap_or(0)])
            }
        }
    }

    fn keep(&self, kind: Kind, bytes: &[u8]) {
        let mut state = self.state();
        let now = Instant::now();
        let due = now.duration_since(state.synced) >= SYNC;
        let Some(writer) = &mut state.writer else {
            return;
        };
        let mut written = writer.write_all(&record(kind, bytes));
        if due && written.is_ok() {
            written = writer.sync_data();
            state.synced = now;
        }
        if let Err(error) = written {
            // The fit goes on without it.
            state.writer = None;
            if let Some(Telling(tell)) = &self.tell {
                tell(&error.to_string());
            }
        }
    }
}

impl Communicator for Journal<'_> {
    fn rank(&self) -> usize {
        self.processes.rank()
    }

    fn size(&self) -> usize {
        self.processes.size()
    }

    fn is_alone(&self) -> bool {
        false
    }

    fn must_look(&self) -> bool {
        if self.known(Kind::Look, Some(0)).is_some() {
            return false;
        }
        self.keep(Kind::Look, &[]);
        true
    }

    fn largest(&self, values: &mut [i32]) {
        if let Some(bytes) = self.known(Kind::Largest, Some(4 * values.len())) {
            for (value, bytes) in values.iter_mut().zip(bytes.chunks(4)) {
                *value = bytes.try_into().map_or(0, i32::from_le_bytes);
            }
            return;
        }
        self.processes.largest(values);
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.keep(Kind::Largest, &bytes);
    }

    fn total(&self, values: &mut [i64]) {
        if let Some(bytes) = self.known(Kind::Total, Some(8 * values.len())) {
            for (value, bytes) in values.iter_mut().zip(bytes.chunks(8)) {
                *value = bytes.try_into().map_or(0, i64::from_le_bytes);
            }
            return;
        }
        self.processes.total(values);
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.keep(Kind::Total, &bytes);
    }

    fn gather(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        if let Some(bytes) = self.known(Kind::Gather, None) {
            let known = parts(&bytes);
            // After a fault, which is told at the end, anything that does not end the process.
            return if known.is_empty() {
                vec![mine.to_vec()]
            } else {
                known
            };
        }
        let all = self.processes.gather(mine);
        let mut bytes = Vec::new();
        for part in &all {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        self.keep(Kind::Gather, &bytes);
        all
    }
}

/// What processes said, each with its length before it.
fn parts(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
        let length = u64::from_le_bytes(*length) as usize;
        let (part, rest) = rest.split_at(length.min(rest.len()));
        all.push(part.to_vec());
        bytes = rest;
    }
    all
}

/// Opens the file for reading after its beginning and for writing at the end of what is whole in it; the number of whole answers.
fn begin(path: &Path, identity: &str) -> Result<(BufReader<File>, File, usize), String> {
    let unusable = |error: std::io::Error| format!("it cannot be read or written: {error}");
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let mut writer = options.open(path).map_err(unusable)?;
    // A file system without locks has to do without.
    if let Err(TryLockError::WouldBlock) = writer.try_lock() {
        return Err("another run is writing it; give another name".to_owned());
    }
    let head = [MAGIC, &record(Kind::Identity, identity.as_bytes())].concat();
    let length = writer.metadata().map_err(unusable)?.len();
    let mut reader = BufReader::new(File::open(path).map_err(unusable)?);
    let mut start = vec![0; head.len().min(length as usize)];
    reader.read_exact(&mut start).map_err(unusable)?;
    if !start.is_empty() && !start.starts_with(MAGIC) {
        return Err("it is no journal of a fit; give another name, or remove it".to_owned());
    }
    if !head.starts_with(&start) {
        return Err(
            "it is the journal of another fit: other data, another model or another program; remove it, or give another name"
                .to_owned(),
        );
    }
    let (mut known, mut end) = (0, head.len() as u64);
    if start.len() == head.len() {
        // Of the last look not all may have been written.
        let (mut records, mut place) = (0, end);
        while let Some((kind, bytes)) = next(&mut reader) {
            if kind == Kind::Look {
                (known, end) = (records, place);
            }
            records += 1;
            place += (bytes.len() + FRAME) as u64;
        }
    } else {
        // New, or ended before it had begun.
        writer.set_len(0).map_err(unusable)?;
        writer.write_all(&head).map_err(unusable)?;
    }
    writer.set_len(end).map_err(unusable)?;
    writer.seek(SeekFrom::End(0)).map_err(unusable)?;
    let after = SeekFrom::Start(head.len() as u64);
    reader.seek(after).map_err(unusable)?;
    Ok((reader, writer, known))
}

/// The bytes of a record beside its content.
const FRAME: usize = 1 + 8 + 4;

/// Kind, length, content, CRC-32 of all these.
fn record(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + FRAME);
    out.push(kind as u8);
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
    let sum = crc32fast::hash(&out);
    out.extend(sum.to_le_bytes());
    out
}

/// The next record, if there is a whole one.
fn next(reader: &mut BufReader<File>) -> Option<(Kind, Vec<u8>)> {
    let mut head = [0; 9];
    reader.read_exact(&mut head).ok()?;
    let kind = match head[0] {
        1 => Kind::Look,
        2 => Kind::Largest,
        3 => Kind::Total,
        4 => Kind::Gather,
        _ => return None,
    };
    let length = u64::from_le_bytes(head[1..].try_into().ok()?);
    let mut bytes = Vec::new();
    let read = reader.take(length).read_to_end(&mut bytes).ok()?;
    let mut sum = [0; 4];
    reader.read_exact(&mut sum).ok()?;
    let mut hash = crc32fast::Hasher::new();
    hash.update(&head);
    hash.update(&bytes);
    (read as u64 == length && u32::from_le_bytes(sum) == hash.finalize()).then_some((kind, bytes))
}
