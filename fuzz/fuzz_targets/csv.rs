//! Any bytes are a table or a fault, and the same in blocks as in one go.
#![no_main]

use datasets::{Column, CsvOptions, Frame};
use libfuzzer_sys::fuzz_target;

/// The rows as texts.
fn rows(frame: &Frame) -> Vec<Vec<Option<String>>> {
    let text = |column: Column<'_>, row: usize| column.text(row).map(|text| text.into_owned());
    let row = |row: usize| (0..frame.names().len()).map(|at| text(frame.column(at), row)).collect();
    (0..frame.rows()).map(row).collect()
}

fuzz_target!(|bytes: &[u8]| {
    for options in [CsvOptions::new(), CsvOptions::new().comment(b'#').without_header()] {
        let whole = options.read_from("f.csv", bytes);
        let blocks: Result<Vec<Frame>, _> = options.block_bytes(64).blocks_from("f.csv", bytes).collect();
        match (whole, blocks) {
            (Ok(whole), Ok(blocks)) => {
                let parts: Vec<_> = blocks.iter().flat_map(rows).collect();
                assert_eq!(rows(&whole), parts);
                let lines = blocks.iter().flat_map(|block| (0..block.rows()).map(|row| block.line(row)));
                assert!(lines.eq((0..whole.rows()).map(|row| whole.line(row))));
            }
            (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
            (one, other) => panic!("{one:?} in one go, {other:?} in blocks"),
        }
    }
});
