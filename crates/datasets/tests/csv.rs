//! CSV files as people have them: options, kinds, missing values, blocks, and every fault with its place.

use datasets::{Column, CsvOptions, DataError, Frame, Kind};
use proptest::prelude::*;

fn read(text: &[u8]) -> Result<Frame, DataError> {
    CsvOptions::new().read_from("t.csv", text)
}

fn numbers(frame: &Frame, name: &str) -> Vec<f64> {
    let at = frame.position(name).expect("a column");
    frame.numbers(at).expect("numbers").to_vec()
}

#[test]
fn faults_are_located() {
    let cases: [(&[u8], &str); 22] = [
        (b"", "t.csv, line 1: there are no rows of data"),
        (b"\n\n", "t.csv, line 3: there are no rows of data"),
        (b"a,b\n", "t.csv, line 2: there are no rows of data"),
        (b"a,b", "t.csv, line 1: there are no rows of data"),
        (b"a,b\n\n\n", "t.csv, line 4: there are no rows of data"),
        (b"\xef\xbb\xbf", "t.csv, line 1: there are no rows of data"),
        (
            b"a,b\n1,2\n3\n",
            "t.csv, line 3: 1 cells where the first line has 2",
        ),
        (
            b"a,b\n1,2\n3,4,5\n",
            "t.csv, line 3: 3 cells where the first line has 2",
        ),
        (
            b"a,b\n1,2\n\n\n3\n",
            "t.csv, line 5: 1 cells where the first line has 2",
        ),
        (
            b"a,b\n\"1\n\n\",2\n3\n",
            "t.csv, line 5: 1 cells where the first line has 2",
        ),
        (
            b"a,b\n1,\"2\n3,4\n",
            "t.csv, line 2: a quote is opened and never closed",
        ),
        (
            b"\"a,b\n1,2\n",
            "t.csv, line 1: a quote is opened and never closed",
        ),
        (
            b"a,a\n1,2\n",
            "t.csv, line 1: two columns are called `a`; rename one",
        ),
        (
            b"a,b\n1,2\n3,x\n",
            "t.csv, line 3, column `b`: \"x\" is not a number; leave the column out or correct the cell",
        ),
        (
            b"a,b\n1,2\n3,\"1,234\"\n",
            "t.csv, line 3, column `b`: \"1,234\" is not a number; leave the column out or correct the cell",
        ),
        (
            b"a,b\n1,2\n3,1\x00\n",
            "t.csv, line 3, column `b`: \"1\\0\" is not a number; leave the column out or correct the cell",
        ),
        (
            b"a,b\n1,2\n3,0x10\n",
            "t.csv, line 3, column `b`: \"0x10\" is not a number; leave the column out or correct the cell",
        ),
        (
            b"a,b\n1,2\n3,1e400\n",
            "t.csv, line 3, column `b`: \"1e400\" is not a finite number",
        ),
        (
            b"a,b\n1,2\n3,-inf\n",
            "t.csv, line 3, column `b`: \"-inf\" is not a finite number",
        ),
        (
            b"a,b\n1,2\n3,\xff\n",
            "t.csv, line 3: this is not UTF-8 text; save the file as UTF-8",
        ),
        (
            b"a,b\nx,u\ny,\xff\n",
            "t.csv, line 3: this is not UTF-8 text; save the file as UTF-8",
        ),
        (
            b"a,\xff\n1,2\n",
            "t.csv, line 1: this is not UTF-8 text; save the file as UTF-8",
        ),
    ];
    for (text, expected) in cases {
        let shown = String::from_utf8_lossy(text);
        match read(text) {
            Ok(frame) => panic!("{shown:?} was read: {frame:?}"),
            Err(error) => assert_eq!(error.to_string(), expected, "{shown:?}"),
        }
        // A fault is found in blocks as in one go.
        let mut blocks = CsvOptions::new().block_bytes(64).blocks_from("t.csv", text);
        let last = blocks.find_map(Result::err);
        assert_eq!(
            last.map(|error| error.to_string()).as_deref(),
            Some(expected),
            "{shown:?}"
        );
    }
    let missing = CsvOptions::new()
        .read("no/such/file.csv")
        .expect_err("there is none");
    assert_eq!(missing.to_string(), "no/such/file.csv: cannot be read");
}

#[test]
fn odd_files_that_are_tables() {
    let cases: [(&[u8], &str, &[f64]); 13] = [
        (b"\xef\xbb\xbfa,b\n1,2\n", "a", &[1.0]),
        (b"a,b\r\n1,2\r\n3,4\r\n", "b", &[2.0, 4.0]),
        (b"a,b\n1,2\n3,4", "b", &[2.0, 4.0]),
        (b"a\n1\n2\n", "a", &[1.0, 2.0]),
        (b"a;b\n1;2,5\n3;4,5\n", "a", &[1.0, 3.0]),
        (b"a,b\r1,2\r3,4\r", "b", &[2.0, 4.0]),
        (b"a\tb\n1\t2\n", "b", &[2.0]),
        (b"a|b\n1|2\n", "b", &[2.0]),
        (b" a , b \n 1 , +2 \n", "b", &[2.0]),
        (b"\n\na,b\n\n1,2\n\n", "b", &[2.0]),
        (b"a,\n1,2\n", "x2", &[2.0]),
        (b"a,b\n\"1\",\"2.5e0\"\n", "b", &[2.5]),
        (b"a,b\n1,true\n2,FALSE\n", "b", &[1.0, 0.0]),
    ];
    for (text, column, expected) in cases {
        let frame =
            read(text).unwrap_or_else(|e| panic!("{:?}: {e}", String::from_utf8_lossy(text)));
        assert_eq!(numbers(&frame, column), expected);
    }
    // A single line of 10 MB, longer than the buffer.
    let mut text = b"a,b\n1,\"".to_vec();
    text.extend(std::iter::repeat_n(b'z', 10 << 20));
    text.extend(b"\"\n");
    let frame = CsvOptions::new()
        .block_bytes(1 << 16)
        .read_from("t.csv", &text[..]);
    assert!(matches!(frame.map(|f| f.rows()), Ok(1)));
}

#[test]
fn one_ragged_line_does_not_change_the_delimiter() {
    let error = read(b"a;b;y\n1;2;0\n3;4\n5;6;1\n").expect_err("a line is short");
    assert_eq!(
        error.to_string(),
        "t.csv, line 3: 2 cells where the first line has 3"
    );
    // A carriage return by itself ends a record, and lines are counted by line feeds, in one go and in blocks.
    let text = b"a,b\n1,2\r3,4\n\n5,6\n6,7\n";
    let whole = read(text).expect("a table");
    let lines: Vec<u64> = (0..4).map(|row| whole.line(row)).collect();
    assert_eq!(lines, [2, 2, 4, 5]);
}

#[test]
fn carriage_returns_alone_make_one_block_on_one_line() {
    let text = "a,b\r".to_owned() + &"1,2\r".repeat(1000);
    let options = CsvOptions::new().block_bytes(64);
    let blocks: Result<Vec<Frame>, _> = options.blocks_from("t.csv", text.as_bytes()).collect();
    let blocks = blocks.expect("a table");
    let [block] = &blocks[..] else {
        panic!("{} blocks", blocks.len());
    };
    assert_eq!((block.rows(), block.line(0), block.line(999)), (1000, 1, 1));
    let text = text.replace('\r', "\r\n");
    assert!(options.blocks_from("t.csv", text.as_bytes()).count() > 50);
}

#[test]
fn options() {
    let text = b"% made by hand\n1:'a:b':7\n% more\n2:c:8\n";
    let frame = CsvOptions::new()
        .delimiter(b':')
        .quote(b'\'')
        .comment(b'%')
        .without_header()
        .read_from("t.csv", &text[..])
        .expect("a table");
    assert_eq!(frame.names(), ["x1", "x2", "x3"]);
    assert_eq!(numbers(&frame, "x3"), [7.0, 8.0]);
    assert!(matches!(frame.column(1), Column::Categories { levels, .. } if levels == ["a:b", "c"]));
    assert_eq!((frame.line(0), frame.line(1)), (2, 4));

    let text = b"id,grade,passed,score\n1,10,yes,1\n2,9,no,99\n3,10,yes,3\n";
    let options = CsvOptions::new()
        .columns(["passed", "2", "score"])
        .kind("grade", Kind::Category)
        .kind("passed", Kind::Boolean)
        .missing(["99"]);
    let frame = options.read_from("t.csv", &text[..]).expect("a table");
    assert_eq!(frame.names(), ["grade", "passed", "score"]);
    assert_eq!(numbers(&frame, "passed"), [1.0, 0.0, 1.0]);
    // Levels that are numbers are in the order of numbers.
    let Column::Categories { codes, levels } = frame.column(0) else {
        panic!("{:?}", frame.column(0));
    };
    assert_eq!(codes, [1, 0, 1]);
    assert_eq!(levels, ["9", "10"]);
    assert!(frame.column(2).is_missing(1));
    let error = frame.numbers(2).expect_err("one is missing");
    assert_eq!(
        error.to_string(),
        "t.csv, line 3, column `score`: the value is missing (1 in this column); drop such rows or impute"
    );
    // Words that are numbers are numbers, to a frame as to a recipe.
    assert_eq!(numbers(&frame, "grade"), [10.0, 9.0, 10.0]);
    let whole = options.clone().missing([""]).read_from("t.csv", &text[..]);
    assert_eq!(
        whole.and_then(Frame::into_matrix).expect("numbers"),
        linalg::mat![[10.0, 1.0, 1.0], [9.0, 0.0, 99.0], [10.0, 1.0, 3.0]]
    );
    let words = b"a,b\n1,01\n2,1e999\n3,u\n";
    let options = CsvOptions::new().kind("b", Kind::Category);
    let frame = options.read_from("t.csv", &words[..]).expect("a table");
    assert_eq!(
        frame.numbers(1).expect_err("words").to_string(),
        "t.csv, line 3, column `b`: \"1e999\" is not a number; leave the column out or correct the cell"
    );
    assert!(matches!(
        frame.into_matrix(),
        Err(DataError::NotANumber { line: 3, .. })
    ));
    let error = CsvOptions::new()
        .kind("nope", Kind::Number)
        .read_from("t.csv", &text[..]);
    assert!(
        error
            .expect_err("no such column")
            .to_string()
            .contains("there is no column `nope`")
    );
    let error = CsvOptions::new()
        .kind("grade", Kind::Boolean)
        .read_from("t.csv", &text[..]);
    assert_eq!(
        error.expect_err("not a boolean").to_string(),
        "t.csv, line 2, column `grade`: \"10\" is neither true nor false"
    );
}

/// A cell as it is written: quoted where it must be.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_one_go_and_in_blocks(
        rows in prop::collection::vec((any::<f64>(), "[a-c\",\n]{0,4}q", prop::option::of(-1e6_f64..1e6)), 1..60),
        block in 64_usize..400,
    ) {
        let rows: Vec<_> = rows.into_iter().filter(|row| row.0.is_finite()).collect();
        prop_assume!(!rows.is_empty());
        let mut text = b"number,word,gap\n".to_vec();
        for (number, word, gap) in &rows {
            let gap = gap.map_or("NA".to_owned(), |gap| gap.to_string());
            text.extend(format!("{number:e},{},{gap}\n", quoted(word)).bytes());
        }
        let options = CsvOptions::new().kind("word", Kind::Category).kind("gap", Kind::Number).delimiter(b',');
        let frame = options.read_from("t.csv", &text[..]).expect("what was written");
        prop_assert_eq!(frame.rows(), rows.len());
        let mut line = 2;
        for (row, (number, word, gap)) in rows.iter().enumerate() {
            prop_assert_eq!(frame.line(row), line);
            line += 1 + word.matches('\n').count() as u64;
            let Column::Numbers(numbers) = frame.column(0) else { panic!("numbers") };
            prop_assert_eq!(numbers[row].to_bits(), number.to_bits());
            let Column::Categories { codes, levels } = frame.column(1) else { panic!("words") };
            prop_assert_eq!(levels[codes[row] as usize].as_str(), word.trim());
            let Column::Numbers(gaps) = frame.column(2) else { panic!("numbers") };
            prop_assert!(gap.map_or(gaps[row].is_nan(), |gap| gaps[row] == gap));
        }
        // Blocks are the whole, row by row.
        let mut seen = 0;
        for part in options.clone().block_bytes(block).blocks_from("t.csv", &text[..]) {
            let part = part.expect("what was written");
            for row in 0..part.rows() {
                prop_assert_eq!(part.line(row), frame.line(seen + row));
                let (Column::Numbers(a), Column::Numbers(b)) = (part.column(0), frame.column(0)) else { panic!("numbers") };
                prop_assert_eq!(a[row].to_bits(), b[seen + row].to_bits());
                let (Column::Categories { codes, levels }, Column::Categories { codes: all, levels: names }) =
                    (part.column(1), frame.column(1)) else { panic!("words") };
                prop_assert_eq!(&levels[codes[row] as usize], &names[all[seen + row] as usize]);
            }
            seen += part.rows();
        }
        prop_assert_eq!(seen, rows.len());
        let small = options.clone().block_bytes(block).read_from("t.csv", &text[..]).expect("what was written");
        prop_assert_eq!(small.names(), frame.names());
        prop_assert_eq!(small.column(1), frame.column(1));
        // What is written is read again, to the last bit.
        let mut written = Vec::new();
        frame.write_csv(&mut written).expect("memory");
        let again = options.read_from("t.csv", &written[..]).expect("what was written");
        prop_assert_eq!(again.names(), frame.names());
        for at in 0..3 {
            for row in 0..frame.rows() {
                prop_assert_eq!(again.column(at).text(row), frame.column(at).text(row));
            }
        }
    }

    #[test]
    fn decimals_are_read_to_the_last_bit(digits in any::<i64>(), places in 0_usize..25, keep in 0_u32..19) {
        let digits = digits / 10_i64.pow(keep);
        let mut text = format!("{:0width$}", digits.unsigned_abs(), width = places + 1);
        text.insert(text.len() - places, '.');
        if digits < 0 {
            text.insert(0, '-');
        }
        let file = format!("a,b\n{text},1\n,1\n");
        let frame = CsvOptions::new().kind("a", Kind::Number).read_from("t.csv", file.as_bytes()).expect("a number");
        let Column::Numbers(numbers) = frame.column(0) else { panic!("numbers") };
        let expected: f64 = text.parse().expect("a number");
        prop_assert_eq!(numbers[0].to_bits(), expected.to_bits());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(prop::sample::select(&b"a1.,;\"\n\r\t #-e\xff\x00"[..]), 0..300)) {
        let _ = read(&bytes);
        let _ = CsvOptions::new().comment(b'#').block_bytes(64).read_from("t", &bytes[..]);
    }
}

#[test]
fn the_matrix_of_a_frame() {
    let frame = read(b"a,b\n1,2\n3,4\n").expect("a table");
    assert_eq!(
        frame.into_matrix().expect("numbers"),
        linalg::mat![[1.0, 2.0], [3.0, 4.0]]
    );
}
