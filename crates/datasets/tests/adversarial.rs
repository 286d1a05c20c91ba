//! Inputs that nobody means: each an error that says what to do, or a right answer, and soon.

#![allow(missing_docs)]

use std::time::{Duration, Instant};

use datasets::{
    Change, CsvOptions, DataError, Description, Frame, Preparation, Scaler, Scaling, SparseDataset,
};
use linalg::Mat;

fn frame(text: &str) -> Frame {
    let options = CsvOptions::new();
    options.read_from("t.csv", text.as_bytes()).unwrap()
}

/// A table of columns c1, c2, … by a rule for row and column, and y.
fn table(rows: usize, columns: usize, cell: impl Fn(usize, usize) -> String) -> Frame {
    let names: Vec<String> = (1..=columns).map(|k| format!("c{k}")).collect();
    let mut text = format!("{},y\n", names.join(","));
    for row in 0..rows {
        for column in 0..columns {
            text += &cell(row, column);
            text.push(',');
        }
        text += ["0\n", "1\n", "2\n"][row % 3];
    }
    frame(&text)
}

/// What a preparation says, within a time that no explosion keeps to.
fn answer(wanted: Preparation, frame: &Frame) -> Result<usize, String> {
    let start = Instant::now();
    let learned = wanted.learn(frame);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    match learned {
        Ok(recipe) => Ok(recipe.feature_names().len()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn formulas_do_not_explode() {
    let two = table(40, 40, |row, column| {
        ["a", "b"][(row >> (column % 5)) & 1].to_owned()
    });
    let many = table(4000, 3, |row, column| {
        format!("l{}", (row + 7 * column) % 2000)
    });
    let all: Vec<String> = (1..=40).map(|k| format!("c{k}")).collect();
    let cases = [
        (
            &two,
            format!("y ~ {}", all.join(":")),
            Err("product of more than 10 categories"),
        ),
        (
            &two,
            format!("y ~ {}", all[..13].join("*")),
            Err("product of more than 10 categories"),
        ),
        (&two, format!("y ~ {}", all[..10].join(":")), Ok(1023)),
        (&two, format!("y ~ {}", all[..8].join("*")), Ok(255)),
        (&two, format!("y ~ ({})^2", all.join("+")), Ok(820)),
        (
            &many,
            "y ~ c1:c2:c3".to_owned(),
            Err("the term `c1:c2:c3` makes 8000000000 columns"),
        ),
        (&two, format!("y ~ ({})^3", all[..24].join("+")), Ok(2324)),
        (
            &many,
            "y ~ c1 + c1:c2".to_owned(),
            Err("the term `c1:c2` makes 4000000 columns"),
        ),
    ];
    for (frame, text, expected) in cases {
        let found = answer(Preparation::formula(text.parse().unwrap()), frame);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(expected)) => {
                assert!(
                    found.contains(expected) && found.contains("leave"),
                    "{found}"
                );
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

#[test]
fn a_long_list_of_terms_is_removed_at_once() {
    let wide = table(3, 10_000, |row, column| (row + column).to_string());
    let text = "y ~ I(c1 * c2) + . - .";
    assert_eq!(
        answer(Preparation::formula(text.parse().unwrap()), &wide),
        Ok(1)
    );
}

#[test]
fn powers_and_products_are_counted_first() {
    let wide = table(3, 2000, |row, column| (row + column).to_string());
    let thin = table(9, 1, |row, _| format!("0.{}", row + 1));
    let new = || Preparation::new("y");
    let cases = [
        (&wide, new().polynomial(2), None),
        (&wide, new().polynomial(usize::MAX), None),
        (&wide, new().interactions(), None),
        (&wide, new().polynomial(0), Some(2000)),
        (&wide, new().polynomial(1), Some(2000)),
        (&thin, new().polynomial(usize::MAX), None),
        (&thin, new().polynomial(50), Some(50)),
        (&thin, new().interactions(), Some(1)),
    ];
    for (frame, wanted, expected) in cases {
        match (answer(wanted, frame), expected) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected),
            (Err(message), None) => assert!(message.contains("list fewer features"), "{message}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}

#[test]
fn sparse_files_do_not_choose_their_width() {
    let read = |text: &str, columns| {
        SparseDataset::read_svmlight("f.svm", text.as_bytes(), columns).map(|data| data.columns)
    };
    let cases: [(&str, Option<usize>, Option<usize>); 12] = [
        ("1 18446744073709551615:1\n", None, None),
        ("1 1:2\n1 1000000000000:1\n", None, None),
        ("1 100000001:1\n", None, None),
        ("1 100000000:1\n", None, Some(100_000_000)),
        ("1 1000000000000:1\n", Some(1 << 40), Some(1 << 40)),
        ("nan 1:1\n", None, None),
        ("1 0:1\n", None, None),
        ("1 -1:1\n", None, None),
        ("1 2:1 1:1\n", None, None),
        ("1 1:1e400\n", None, None),
        ("", None, None),
        ("1\n", None, Some(0)),
    ];
    for (text, columns, expected) in cases {
        assert_eq!(read(text, columns).ok(), expected, "{text:?}");
    }
    let message = read("1 1:2\n1 1000000000000:1\n", None).unwrap_err();
    assert!(
        message
            .to_string()
            .starts_with("f.svm, line 2: \"1000000000000:1\": the index is")
    );

    let mut data = SparseDataset::read_svmlight("f.svm", "1 1:2\n".as_bytes(), None).unwrap();
    for change in [
        |data: &mut SparseDataset| data.starts.clear(),
        |data: &mut SparseDataset| data.target.push(0.0),
        |data: &mut SparseDataset| data.indices.clear(),
    ] {
        change(&mut data);
        let mut out = Vec::new();
        assert!(data.write_svmlight(&mut out).is_err() && out.is_empty());
    }
}

#[test]
fn columns_of_any_size_are_described() {
    let most = "1.7e308";
    for column in [
        vec![most, "-1.7e308"],
        vec!["-1.7e308", most, most, "-1.7e308", "0"],
        vec!["3", "3", "3"],
        vec!["5e-324", "0", "-5e-324"],
        vec!["1", "", "2"],
    ] {
        let rows: Vec<String> = (0..column.len())
            .map(|k| format!("{},{k}\n", column[k]))
            .collect();
        let frame = frame(&format!("x,k\n{}", rows.concat()));
        let text = Description::of(&frame).to_string();
        let quartiles = text.lines().filter_map(|line| line.split("max:").nth(1));
        assert!(
            !quartiles.collect::<String>().contains(['i', 'N']),
            "{text}"
        );
        for scaling in [Scaling::Standard, Scaling::MinMax, Scaling::Robust] {
            let Ok(x) = frame.numbers(0) else { continue };
            let x = Mat::from_fn(x.len(), 1, |i, _| x[i]);
            let scaled = Scaler::learn(scaling, x.as_ref()).scaled(x.as_ref());
            let finite = scaled
                .col_as_slice(0)
                .iter()
                .all(|x| x.is_finite() && x.abs() < 1e3);
            // A range that no double holds is known to be unknown.
            let unknown = scaled.col_as_slice(0).iter().all(|x| x.is_nan());
            assert!(
                finite || unknown && column.contains(&most),
                "{scaling:?} {scaled:?}"
            );
        }
    }
}

/// A recipe of one table applied to another.
fn applied(wanted: Preparation, first: &str, then: &str) -> Result<(), DataError> {
    let recipe = wanted.learn(&frame(first)).unwrap();
    recipe.dataset(&frame(then)).map(|data| {
        let all = (0..data.features.ncols()).flat_map(|j| data.features.col_as_slice(j));
        assert!(
            all.chain(data.offset.iter().flatten())
                .all(|x| x.is_finite())
        );
    })
}

#[test]
fn what_a_recipe_makes_is_finite() {
    let tiny = "x,y\n1e-300,0\n2e-300,1\n3e-300,0\n";
    for scaling in [Scaling::Standard, Scaling::MinMax, Scaling::Robust] {
        let wanted = || Preparation::new("y").scaling(scaling);
        applied(wanted(), tiny, tiny).unwrap();
        let error = applied(wanted(), tiny, "x,y\n1,0\n1e10,1\n").unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("line 3: the scaled feature `x` is inf"),
            "{message}"
        );
    }
    let formula = |text: &str| Preparation::formula(text.parse().unwrap());
    let good = "x,a,b,y\n1,1,1,1\n2,1,1,2\n4,1,1,3\n";
    let huge = "x,a,b,y\n1,1,1,1\n2,1e308,1e308,2\n4,1,1,3\n";
    for text in [
        "y ~ x + offset(a) + offset(b)",
        "y ~ x + I(a * b)",
        "cbind(a, b) ~ x",
    ] {
        applied(formula(text), good, good).unwrap();
        let message = applied(formula(text), good, huge).unwrap_err().to_string();
        assert!(
            message.contains("line 3") && message.contains("inf"),
            "{message}"
        );
    }
}

#[test]
fn the_smallest_numbers_have_slopes() {
    let frame = frame("x,y\n5e-324,0\n1,1\n2,0\n0,1\n");
    let recipe = Preparation::new("y").learn(&frame).unwrap();
    let slopes = recipe.changed(&frame, "x", Change::Derivative).unwrap();
    for row in 0..frame.rows() {
        assert!((slopes[(row, 0)] - 1.0).abs() < 1e-9, "{slopes:?}");
    }
}

#[test]
fn blocks_of_any_size_are_read() {
    for bytes in [0, 1, usize::MAX] {
        let options = CsvOptions::new().block_bytes(bytes);
        let frame = options
            .read_from("t.csv", "x,y\n1,2\n3,4\n".as_bytes())
            .unwrap();
        assert_eq!(frame.rows(), 2);
    }
}
