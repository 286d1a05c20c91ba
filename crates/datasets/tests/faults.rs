//! Every fault of a file has its place and its sentence.

use datasets::{CsvOptions, DataError, Dataset, Frame, Preparation};

fn read(text: &[u8], header: bool) -> Result<Frame, DataError> {
    let options = CsvOptions::new();
    let options = if header {
        options
    } else {
        options.without_header()
    };
    options.read_from("t.csv", text)
}

fn binary(text: &[u8], target: &str, header: bool) -> Result<Dataset, DataError> {
    Preparation::new(target).binary(&read(text, header)?)
}

fn message(text: &str, target: &str) -> String {
    binary(text.as_bytes(), target, true)
        .unwrap_err()
        .to_string()
}

#[test]
fn faults_are_located() {
    let cases = [
        (
            "a,y\n1,0\n2,\"1\n3,0\n",
            "y",
            "t.csv, line 3: a quote is opened and never closed",
        ),
        (
            "a,y\n\"1\n,0\n2,1",
            "y",
            "t.csv, line 2: a quote is opened and never closed",
        ),
        (
            "a;y\n1;0\n",
            "z",
            "t.csv, line 1: there is no column `z`; the columns are a, y",
        ),
        (
            "a,y\n1,0\n2,NAN\n",
            "y",
            "t.csv, line 3, column `y`: the value is missing (1 in this column); drop such rows or impute",
        ),
        ("", "y", "t.csv, line 1: there are no rows of data"),
        ("a,y\n", "y", "t.csv, line 2: there are no rows of data"),
        (
            "a,y\n1,0\n2\n",
            "y",
            "t.csv, line 3: 1 cells where the first line has 2",
        ),
        (
            "a,y\n1,0\n2,1,5\n",
            "y",
            "t.csv, line 3: 3 cells where the first line has 2",
        ),
        (
            "a,y\n1,0\n\n2,1,5\n",
            "y",
            "t.csv, line 4: 3 cells where the first line has 2",
        ),
        (
            "a,y\n1,0\nx,1\n",
            "y",
            "t.csv, line 3, column `a`: \"x\" is not a number; leave the column out or correct the cell",
        ),
        (
            "a,y\n1,0\n\"1,234\",1\n",
            "y",
            "t.csv, line 3, column `a`: \"1,234\" is not a number; leave the column out or correct the cell",
        ),
        (
            "a,y\n1,0\n,1\n",
            "y",
            "t.csv, line 3, column `a`: the value is missing (1 in this column); drop such rows or impute",
        ),
        (
            "a,y\n1,0\nNA,1\n",
            "y",
            "t.csv, line 3, column `a`: the value is missing (1 in this column); drop such rows or impute",
        ),
        (
            "a,y\n1,0\n2,\n",
            "y",
            "t.csv, line 3, column `y`: the value is missing (1 in this column); drop such rows or impute",
        ),
        (
            "a,y\n1,0\n1e400,1\n",
            "y",
            "t.csv, line 3, column `a`: \"1e400\" is not a finite number",
        ),
        (
            "a,y\n1,0\n-inf,1\n",
            "y",
            "t.csv, line 3, column `a`: \"-inf\" is not a finite number",
        ),
        (
            "a,y\n1,0\n1,1\n1,2\n",
            "y",
            "t.csv, line 4, column `y`: \"2\" is a third value beside \"0\" and \"1\"; a binary target has two",
        ),
        (
            "a,y\n1,0\n1,0\n",
            "y",
            "t.csv, line 2, column `y`: every row says \"0\"; a binary target needs two values",
        ),
        (
            "a,y\n1,0\n1,1\n",
            "z",
            "t.csv, line 1: there is no column `z`; the columns are a, y",
        ),
        (
            "a,a,y\n1,2,0\n",
            "y",
            "t.csv, line 1: two columns are called `a`; rename one",
        ),
        (
            "y\n0\n1\n",
            "y",
            "t.csv, line 1: no column is left beside the target `y`",
        ),
    ];
    for (text, target, expected) in cases {
        assert_eq!(message(text, target), expected, "{text:?}");
    }
    let error = binary(b"a,y\n1,0\n\xff,1\n", "y", true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, line 3: this is not UTF-8 text; save the file as UTF-8"
    );
    let error = Dataset::binary_from_csv("no/such/file.csv", "y").unwrap_err();
    assert_eq!(error.to_string(), "no/such/file.csv: cannot be read");
}

#[test]
fn headers_positions_and_odd_but_valid_files() {
    // Without a header, target by position; byte-order mark, CRLF, blanks, no newline at the end.
    let data = binary(b"\xef\xbb\xbf1,2,0\r\n 3 ,4,1", "3", false).unwrap();
    assert_eq!(data.feature_names, ["x1", "x2"]);
    assert_eq!((data.features[(0, 0)], data.features[(1, 0)]), (1.0, 3.0));
    assert_eq!(data.target_name, "x3");
    // Quotes: doubled within a cell, and in the middle of one, where they are letters.
    let frame = read(
        "a,b,y\n\"x \"\"1\"\"\",5\"\" wide,0\n\"two\nlines\",\"\",1\n".as_bytes(),
        true,
    )
    .unwrap();
    let cell = |column: usize, row: usize| {
        frame
            .column(column)
            .text(row)
            .map(std::borrow::Cow::into_owned)
    };
    assert_eq!(
        [cell(0, 0), cell(1, 0), cell(0, 1), cell(1, 1)],
        [
            Some("x \"1\""),
            Some("5\"\" wide"),
            Some("two\nlines"),
            None
        ]
        .map(|t| t.map(str::to_owned))
    );
    assert_eq!((frame.line(0), frame.line(1)), (2, 3));
    // A name wins over a position.
    let data = binary(b"2,1\n5,0\n6,1\n", "1", true).unwrap();
    assert_eq!(
        (data.target_name.as_str(), data.feature_names[0].as_str()),
        ("1", "2")
    );
    // Codes follow the order of numbers and of words, not of appearance.
    assert_eq!(
        binary(b"a,y\n1,2\n2,1\n", "y", true).unwrap().target,
        [1.0, 0.0]
    );
    assert_eq!(
        binary(b"a,y\n1,yes\n2,no\n", "y", true).unwrap().target,
        [1.0, 0.0]
    );
    assert_eq!(
        binary(b"a,y\n1,1\n2,0\n3,1.0\n", "y", true).unwrap().target,
        [1.0, 0.0, 1.0]
    );
    let table = read("a,b,y\n1,x,3.5\n2,y,4\n".as_bytes(), true).unwrap();
    let data = Preparation::new("y")
        .features(["a"])
        .numeric(&table)
        .unwrap();
    assert_eq!(
        (data.target.as_slice(), data.labels),
        (&[3.5, 4.0][..], None)
    );
    let error = Preparation::new("y")
        .features(["a", "y"])
        .numeric(&table)
        .unwrap_err();
    assert!(matches!(
        error,
        DataError::TargetAmongFeatures { line: 1, .. }
    ));
    let error = Preparation::new("y")
        .features(["a", "a"])
        .numeric(&table)
        .unwrap_err();
    assert!(matches!(error, DataError::ListedTwice { .. }));
}
