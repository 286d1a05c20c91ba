//! What every Rust program of the comparison shares: `.npy` files, and the command line with its clock.

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A matrix of doubles, column after column.
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Matrix {
    pub fn column(&self, j: usize) -> &[f64] {
        &self.values[j * self.rows..(j + 1) * self.rows]
    }

    /// The same numbers row after row, as most peers want them.
    pub fn by_rows(&self) -> Vec<f64> {
        let mut out = vec![0.0; self.values.len()];
        for j in 0..self.columns {
            for (i, x) in self.column(j).iter().enumerate() {
                out[i * self.columns + j] = *x;
            }
        }
        out
    }

    pub fn by_rows_f32(&self) -> Vec<f32> {
        self.by_rows().iter().map(|x| *x as f32).collect()
    }
}

fn malformed(path: &Path) -> io::Error {
    let text = format!("{} is no matrix that peers-data wrote", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Reads what [`write`] wrote, and no other `.npy` files.
pub fn read(path: impl AsRef<Path>) -> io::Result<Matrix> {
    let path = path.as_ref();
    let bytes = fs::read(path)?;
    let length = bytes
        .get(8..10)
        .map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))
        .ok_or_else(|| malformed(path))?;
    let header = bytes.get(10..10 + length).ok_or_else(|| malformed(path))?;
    let header = String::from_utf8_lossy(header);
    let shape = header.split(['(', ')']).nth(1).unwrap_or_default();
    let shape: Vec<usize> = shape
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let values: Vec<f64> = bytes[10 + length..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default()))
        .collect();
    match shape[..] {
        [rows, columns] if rows * columns == values.len() => Ok(Matrix {
            rows,
            columns,
            values,
        }),
        _ => Err(malformed(path)),
    }
}

/// Writes doubles column after column.
pub fn write(path: impl AsRef<Path>, rows: usize, values: &[f64]) -> io::Result<()> {
    let columns = values.len() / rows.max(1);
    let header =
        format!("{{'descr': '<f8', 'fortran_order': True, 'shape': ({rows}, {columns}), }}");
    // Magic number, version, length and header fill a multiple of 64 bytes.
    let header = format!(
        "{header:width$}\n",
        width = (header.len() + 11).next_multiple_of(64) - 11
    );
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    fs::write(path, bytes)
}

/// What `run.py` asks of a program: `METHOD KIND FOLDER OUT REPEATS GOAL`.
pub struct Request {
    /// Which of several ways of the same program.
    pub method: String,
    /// Kind of work: `logistic`, `tutorial`, `network`.
    pub kind: String,
    folder: PathBuf,
    out: PathBuf,
    repeats: usize,
    /// The tolerance of a fit, or the number of steps of a loop.
    pub goal: f64,
}

impl Request {
    /// # Panics
    /// If the command line is another.
    pub fn from_arguments() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [method, kind, folder, out, repeats, goal] = arguments.as_slice() else {
            panic!("METHOD KIND FOLDER OUT REPEATS GOAL");
        };
        Self {
            method: method.clone(),
            kind: kind.clone(),
            folder: folder.into(),
            out: out.into(),
            repeats: repeats.parse().expect("REPEATS is a number"),
            goal: goal.parse().expect("GOAL is a number"),
        }
    }

    /// A matrix of the data, by its name.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn matrix(&self, name: &str) -> Matrix {
        let path = self.folder.join(name).with_extension("npy");
        read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn steps(&self) -> usize {
        self.goal as usize
    }

    /// Times the work, prints the seconds of each run, and stores the numbers that the last one returned.
    ///
    /// # Panics
    /// If the numbers cannot be stored.
    pub fn measure(&self, mut work: impl FnMut() -> Vec<f64>) {
        self.measure_split(|| (), |()| work(), |numbers| numbers);
    }

    /// The same for a work whose beginning and end are not measured.
    ///
    /// # Panics
    /// If the numbers cannot be stored.
    pub fn measure_split<S, R>(
        &self,
        mut begin: impl FnMut() -> S,
        mut work: impl FnMut(S) -> R,
        end: impl Fn(R) -> Vec<f64>,
    ) {
        for _ in 0..self.repeats {
            let state = black_box(begin());
            let start = Instant::now();
            let result = black_box(work(state));
            println!("seconds {:e}", start.elapsed().as_secs_f64());
            let bytes: Vec<u8> = end(result).iter().flat_map(|x| x.to_le_bytes()).collect();
            fs::write(&self.out, bytes).expect("OUT can be written");
        }
    }
}
