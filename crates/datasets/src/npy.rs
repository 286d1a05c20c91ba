//! NumPy's `.npy` files of doubles and floats, one or two dimensions, in either order.
//!
//! The format is that of NumPy's documentation, versions 1 to 3: a magic string, the length of a header, a Python literal, and the
//! numbers.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use linalg::{Mat, MatRef};

use crate::DataError;

/// Reads a matrix; an array of one dimension is a column. Single precision is converted.
///
/// # Errors
/// [`DataError::Npy`] if it is something else, or shorter than its header says.
///
/// ```
/// use datasets::npy;
/// use linalg::mat;
/// let mut bytes = Vec::new();
/// npy::write(mat![[1.0, 2.0], [3.0, 4.0]].as_ref(), &mut bytes).expect("memory can be written to");
/// assert_eq!(npy::read("m.npy", &bytes[..])?, mat![[1.0, 2.0], [3.0, 4.0]]);
/// # Ok::<(), datasets::DataError>(())
/// ```
pub fn read(file: impl AsRef<Path>, reader: impl Read) -> Result<Mat<f64>, DataError> {
    let file = file.as_ref();
    parse(reader).map_err(|problem| match problem {
        Problem::Read(source) => DataError::Read {
            file: file.to_owned(),
            source,
        },
        Problem::Format(problem) => DataError::Npy {
            file: PathBuf::from(file),
            problem,
        },
    })
}

enum Problem {
    Read(std::io::Error),
    Format(String),
}

impl From<&str> for Problem {
    fn from(problem: &str) -> Self {
        Self::Format(problem.to_owned())
    }
}

/// Fills a buffer, or says that the file ends early.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), Problem> {
    reader
        .read_exact(buffer)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "it ends too early".into(),
            _ => Problem::Read(error),
        })
}

/// The value of a key in the header, which NumPy writes as a Python dictionary.
fn value<'h>(header: &'h str, key: &str) -> Result<&'h str, Problem> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let found = quoted
        .iter()
        .find_map(|key| header.split_once(key.as_str()));
    let (_, rest) = found.ok_or_else(|| Problem::Format(format!("its header has no {key}")))?;
    Ok(rest.trim_start().trim_start_matches(':').trim_start())
}

fn shape(header: &str) -> Result<(usize, usize), Problem> {
    let text = value(header, "shape")?;
    let inside = text
        .strip_prefix('(')
        .and_then(|text| text.split(')').next());
    let numbers: Option<Vec<usize>> = inside.and_then(|inside| {
        let parts = inside
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(|part| part.parse().ok()).collect()
    });
    match numbers.as_deref() {
        Some([rows]) => Ok((*rows, 1)),
        Some([rows, columns]) => Ok((*rows, *columns)),
        _ => Err("an array of one or two dimensions is needed".into()),
    }
}

fn parse(mut reader: impl Read) -> Result<Mat<f64>, Problem> {
    let mut start = [0; 8];
    fill(&mut reader, &mut start)?;
    if &start[..6] != b"\x93NUMPY" {
        return Err("it does not begin as an .npy file does".into());
    }
    let length = match start[6] {
        1 => {
            let mut length = [0; 2];
            fill(&mut reader, &mut length)?;
            u32::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            fill(&mut reader, &mut length)?;
            u32::from_le_bytes(length)
        }
        _ => return Err("its version is unknown".into()),
    };
    if length > 1 << 16 {
        return Err("its header is longer than any of a plain array".into());
    }
    let mut header = vec![0; length as usize];
    fill(&mut reader, &mut header)?;
    let header = String::from_utf8(header).map_err(|_| Problem::from("its header is not text"))?;
    let kind = value(&header, "descr")?;
    let kind = kind.trim_start_matches(['\'', '"']);
    let width = match kind.get(..3) {
        Some("<f8") => 8,
        Some("<f4") => 4,
        _ => {
            return Err(
                "numbers of the kinds <f8 and <f4 can be read; convert with astype('<f8')".into(),
            );
        }
    };
    let by_columns = value(&header, "fortran_order")?.starts_with("True");
    let (rows, columns) = shape(&header)?;
    let largest = usize::try_from(isize::MAX).unwrap_or(usize::MAX) / 16;
    let count = rows
        .checked_mul(columns)
        .filter(|_| rows.max(columns) <= largest)
        .ok_or_else(|| Problem::from("its shape is too large"))?;
    if count == 0 && rows.max(columns) > 1 << 32 {
        return Err("its shape is too large".into());
    }
    // Memory grows with what is there, not with what the header promises.
    let mut bytes = Vec::new();
    let expected = (count as u64).saturating_mul(width);
    reader
        .take(expected)
        .read_to_end(&mut bytes)
        .map_err(Problem::Read)?;
    if bytes.len() as u64 != expected {
        return Err("it ends too early".into());
    }
    let number = |k: usize| {
        let at = k * width as usize;
        if width == 8 {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            f64::from_le_bytes(number)
        } else {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[at..at + 4]);
            f64::from(f32::from_le_bytes(number))
        }
    };
    Ok(Mat::from_fn(rows, columns, |i, j| {
        number(if by_columns {
            i + j * rows
        } else {
            i * columns + j
        })
    }))
}

/// Writes a matrix as doubles, in the order in which NumPy keeps them, row after row.
///
/// # Errors
/// What the writer reports.
pub fn write(m: MatRef<'_, f64>, mut writer: impl Write) -> std::io::Result<()> {
    let (rows, columns) = (m.nrows(), m.ncols());
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // Magic, version and length take 10 bytes; the numbers start at a multiple of 64.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', padded - header.len() - 1));
    header.push('\n');
    writer.write_all(b"\x93NUMPY\x01\x00")?;
    writer.write_all(&(header.len() as u16).to_le_bytes())?;
    writer.write_all(header.as_bytes())?;
    for i in 0..rows {
        for j in 0..columns {
            writer.write_all(&m[(i, j)].to_le_bytes())?;
        }
    }
    writer.flush()
}
