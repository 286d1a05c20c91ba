//! Arrow and Parquet files, as `tests/arrow/make.py` wrote them with pyarrow.
#![cfg(feature = "parquet")]

use std::path::{Path, PathBuf};

use datasets::parquet::{
    arrow_blocks, held_of_arrow, held_of_parquet, parquet_blocks, read_arrow, read_parquet,
};
use datasets::{Column, DataError, Frame, Missing, Preparation};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/arrow")
        .join(name)
}

fn check(frame: &Frame) {
    assert_eq!(frame.names(), ["y", "x", "count", "city", "code", "flag"]);
    assert_eq!(frame.rows(), 5);
    assert_eq!(*frame.numbers(0).unwrap(), [0.0, 1.0, 1.0, 0.0, 1.0]);
    let Column::Numbers(x) = frame.column(1) else {
        panic!("numbers")
    };
    assert!(x[1].is_nan() && x[0] == 0.5 && x[4] == -2.0);
    let texts = |at: usize| {
        (0..5)
            .map(|row| frame.column(at).text(row).map(std::borrow::Cow::into_owned))
            .collect::<Vec<_>>()
    };
    let some = |texts: [&str; 5]| {
        texts
            .map(|t| (!t.is_empty()).then(|| t.to_owned()))
            .to_vec()
    };
    assert_eq!(texts(2), some(["1", "2", "3", "4", "9007199254740992"]));
    assert_eq!(texts(3), some(["Lima", "Basel", "", "Lima", "Basel"]));
    assert_eq!(texts(4), some(["b", "a", "b", "a", "b"]));
    assert_eq!(texts(5), some(["true", "false", "true", "", "true"]));
    let data = Preparation::new("y")
        .features(["x", "city"])
        .missing(Missing::DropRows)
        .binary(frame)
        .unwrap();
    assert_eq!(data.rows.as_deref(), Some(&[0, 3, 4][..]));
}

#[test]
fn both_formats_give_the_same_table() {
    check(&read_parquet(file("table.parquet")).unwrap());
    check(&read_arrow(file("table.arrow")).unwrap());
}

/// The batch of the file has five rows; blocks have two, two and one of them.
#[test]
fn blocks_are_slices_of_the_rows() {
    let whole = read_arrow(file("table.arrow")).unwrap();
    let cells = |frame: &Frame, row: usize| -> Vec<Option<String>> {
        let text = |at: usize| frame.column(at).text(row).map(std::borrow::Cow::into_owned);
        (0..6).map(text).collect()
    };
    let wanted: Vec<_> = (0..5).map(|row| cells(&whole, row)).collect();
    let readers: [Box<dyn Iterator<Item = Result<Frame, DataError>>>; 2] = [
        Box::new(arrow_blocks(&file("table.arrow"), 2).unwrap()),
        Box::new(parquet_blocks(&file("table.parquet"), 2).unwrap()),
    ];
    for reader in readers {
        let blocks: Vec<Frame> = reader.map(Result::unwrap).collect();
        let rows: Vec<usize> = blocks.iter().map(Frame::rows).collect();
        assert_eq!(rows, [2, 2, 1]);
        let found = blocks
            .iter()
            .flat_map(|block| (0..block.rows()).map(|row| cells(block, row)));
        assert_eq!(found.collect::<Vec<_>>(), wanted);
        // Rows count as lines.
        let lines: Vec<u64> = blocks.iter().map(|block| block.line(0)).collect();
        assert_eq!(lines, [1, 3, 5]);
    }
    assert_eq!(arrow_blocks(&file("table.arrow"), 9).unwrap().count(), 1);
    // Six columns of five rows: more than their numbers, and far less than the file's account of them.
    let held = [
        held_of_arrow(&file("table.arrow")).unwrap(),
        held_of_parquet(&file("table.parquet")).unwrap(),
    ];
    assert!(
        held.iter().all(|bytes| (100..4096).contains(bytes)),
        "{held:?}"
    );
    // What is wrong with a file is said by its reader.
    assert_eq!(held_of_arrow(&file("table.parquet")).unwrap(), 0);
    assert!(held_of_parquet(&file("table.arrow")).is_err());
}

#[test]
fn faults() {
    let error = read_parquet(file("table.arrow")).unwrap_err().to_string();
    assert!(error.contains("table.arrow: "), "{error}");
    let error = read_arrow(file("table.parquet")).unwrap_err().to_string();
    assert!(error.contains("table.parquet: "), "{error}");
    let error = read_parquet(file("nested.parquet"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("the column `list` holds"), "{error}");
    let error = read_parquet(file("infinite.parquet"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2, column `x`: \"inf\" is not a finite number"),
        "{error}"
    );
    assert!(
        read_parquet("no/such.parquet")
            .unwrap_err()
            .to_string()
            .contains("cannot be read")
    );
}
