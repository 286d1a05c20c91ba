//! Sparse text and `.npy` files: written and read again, and every fault refused with its place.

use datasets::random::ChaCha;
use datasets::{SparseDataset, generators, npy};
use linalg::Mat;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_is_read(rows in 1_usize..20, columns in 1_usize..12, entries in 0_usize..8, seed: u64) {
        let data = generators::sparse_counts(rows, columns, entries, &mut ChaCha::new(seed));
        prop_assert!(data.design().is_ok());
        let mut text = Vec::new();
        data.write_svmlight(&mut text).expect("memory can be written to");
        let read = SparseDataset::read_svmlight("t", &text[..], Some(columns)).expect("what was written");
        prop_assert_eq!(read, data);
        let m = Mat::from_fn(rows, columns, |i, j| ((i * 7 + j) as f64 + seed as f64).sin());
        let mut bytes = Vec::new();
        npy::write(m.as_ref(), &mut bytes).expect("memory can be written to");
        prop_assert_eq!(bytes.len() % 64, rows * columns * 8 % 64);
        prop_assert_eq!(npy::read("t", &bytes[..]).expect("what was written"), m);
        // Cut anywhere, it is refused.
        let cut = seed as usize % bytes.len();
        prop_assert!(npy::read("t", &bytes[..cut]).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = SparseDataset::read_svmlight("t", &bytes[..], None);
        let _ = npy::read("t", &bytes[..]);
        let mut header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }".to_vec();
        header.extend(bytes);
        let _ = npy::read("t", &header[..]);
    }
}

#[test]
fn faults_of_sparse_files() {
    let cases = [
        ("", "t, line 1: there are no rows of data"),
        ("# only a comment\n", "t, line 2: there are no rows of data"),
        (
            "1 1:2\nx 1:2\n",
            "t, line 2: the target \"x\" is not a number",
        ),
        ("1 1\n", "t, line 1: \"1\" is not `index:value`"),
        (
            "1 0:2\n",
            "t, line 1: \"0:2\": an index is a whole number from 1",
        ),
        (
            "1 a:2\n",
            "t, line 1: \"a:2\": an index is a whole number from 1",
        ),
        (
            "1 2:1 2:1\n",
            "t, line 1: \"2:1\": the indices of a row must ascend",
        ),
        (
            "1 2:1 1:1\n",
            "t, line 1: \"1:1\": the indices of a row must ascend",
        ),
        (
            "1 1:nan\n",
            "t, line 1: a value \"nan\" is not a finite number",
        ),
        (
            "1 1:1e999\n",
            "t, line 1: a value \"1e999\" is not a finite number",
        ),
        ("1 4:1\n", "t, line 1: \"4:1\": there are 3 columns"),
    ];
    for (text, expected) in cases {
        let error = SparseDataset::read_svmlight("t", text.as_bytes(), Some(3)).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
    let odd = "\u{feff}1 qid:3 1:0 2:5 # five\r\n\r\n0\n";
    let data = SparseDataset::read_svmlight("t", odd.as_bytes(), None).expect("odd but valid");
    assert_eq!(
        (data.rows(), data.columns, data.indices.as_slice()),
        (2, 2, &[1][..])
    );
}

#[test]
fn arrays_of_numpy() {
    // As NumPy writes them: one dimension, columns first, single precision.
    let file = |kind: &str, order: &str, shape: &str, numbers: &[u8]| {
        let mut header =
            format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    };
    let numbers: Vec<u8> = (0..6).flat_map(|k| f64::from(k).to_le_bytes()).collect();
    let singles: Vec<u8> = (0..6).flat_map(|k| (k as f32).to_le_bytes()).collect();
    let read = |bytes: Vec<u8>| npy::read("a.npy", &bytes[..]);
    let column = read(file("<f8", "False", "(6,)", &numbers)).expect("one dimension");
    assert_eq!(
        (column.nrows(), column.ncols(), column[(5, 0)]),
        (6, 1, 5.0)
    );
    let by_rows = read(file("<f4", "False", "(2, 3)", &singles)).expect("single precision");
    let by_columns = read(file("<f8", "True", "(2, 3)", &numbers)).expect("columns first");
    assert_eq!((by_rows[(1, 0)], by_columns[(1, 0)]), (3.0, 1.0));
    for (bytes, expected) in [
        (b"not one".to_vec(), "a.npy: it ends too early"),
        (
            b"not an array".to_vec(),
            "a.npy: it does not begin as an .npy file does",
        ),
        (
            file("<i8", "False", "(6,)", &numbers),
            "a.npy: numbers of the kinds <f8 and <f4 can be read; convert with astype('<f8')",
        ),
        (
            file("<f8", "False", "(1, 2, 3)", &numbers),
            "a.npy: an array of one or two dimensions is needed",
        ),
        (
            file("<f8", "False", "(7,)", &numbers),
            "a.npy: it ends too early",
        ),
        (
            file("<f8", "False", "(4294967296, 4294967296)", &numbers),
            "a.npy: its shape is too large",
        ),
    ] {
        assert_eq!(read(bytes).expect_err(expected).to_string(), expected);
    }
}
