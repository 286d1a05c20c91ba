//! Formulas: design matrices as patsy makes them, and faults that point at their place.

use std::path::Path;

use datasets::{CsvOptions, DataError, Formula, Frame, Preparation};
use serde_json::Value;

fn patsy(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patsy");
    std::fs::read_to_string(folder.join(file)).expect("a file of the repository")
}

/// The data of patsy, with a target beside them.
fn frame() -> Frame {
    let text = patsy("data.csv").replace("\r\n", "\n");
    let with_target = |(k, line): (usize, &str)| match k {
        0 => format!("{line},y\n"),
        _ => format!("{line},{k}\n"),
    };
    let text: String = text.lines().enumerate().map(with_target).collect();
    CsvOptions::new()
        .read_from("data.csv", text.as_bytes())
        .expect("a table")
}

#[test]
fn design_matrices_are_those_of_patsy() {
    let expected: Value = serde_json::from_str(&patsy("expected.json")).expect("JSON");
    let frame = frame();
    let found = expected["found"].as_array().expect("a list");
    assert!(found.len() >= 29);
    for case in found {
        let text = case["formula"].as_str().expect("a formula");
        let formula: Formula = text.parse().unwrap_or_else(|e| panic!("{e}"));
        let recipe = Preparation::formula(formula).target("y").learn(&frame);
        let recipe = recipe.unwrap_or_else(|e| panic!("{e}"));
        let matrix = recipe.features(&frame).expect("features").matrix;
        // Columns in any order: ours by term, patsy's by kind of term.
        let names: Vec<String> = case["names"]
            .as_array()
            .expect("names")
            .iter()
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect();
        let intercept = names.contains(&"Intercept".to_owned());
        assert_eq!(recipe.intercept(), intercept, "{text}");
        let ours = recipe.feature_names();
        assert_eq!(
            ours.len() + usize::from(intercept),
            names.len(),
            "{text}: {ours:?}, {names:?}"
        );
        let mut used = vec![false; ours.len()];
        for (name, values) in names
            .iter()
            .zip(case["columns"].as_array().expect("columns"))
        {
            if name == "Intercept" {
                continue;
            }
            let values: Vec<f64> = values
                .as_array()
                .expect("numbers")
                .iter()
                .map(|v| v.as_f64().expect("a number"))
                .collect();
            let same = |j: usize| {
                (0..values.len())
                    .all(|i| (matrix[(i, j)] - values[i]).abs() < 1e-13 * (1.0 + values[i].abs()))
            };
            let place = (0..ours.len()).find(|&j| !used[j] && same(j));
            let place =
                place.unwrap_or_else(|| panic!("{text}: no column is patsy's {name}: {ours:?}"));
            used[place] = true;
            // Where names are written alike, the columns must be alike.
            if ours.contains(name) {
                assert!(
                    ours.iter().position(|own| own == name).is_some_and(same),
                    "{text}: {name}"
                );
            }
        }
    }
}

#[test]
fn names_are_those_of_patsy_where_they_are_simple() {
    let names = |text: &str| {
        let formula: Formula = text.parse().expect("a formula");
        Preparation::formula(formula)
            .target("y")
            .learn(&frame())
            .expect("a recipe")
            .feature_names()
    };
    assert_eq!(names("x + a"), ["x", "a[T.mid]", "a[T.top]"]);
    assert_eq!(names("a - 1"), ["a[low]", "a[mid]", "a[top]"]);
    assert_eq!(
        names("C(k, Treatment(3))"),
        ["C(k)[T.1]", "C(k)[T.2]", "C(k)[T.10]"]
    );
    assert_eq!(names("np.log(z):b"), ["log(z):b[no]", "log(z):b[yes]"]);
    assert_eq!(names("I(x**2+z / 2)"), ["I(x^2 + z / 2)"]);
    assert_eq!(names("a:b")[..2], ["b[T.yes]", "a[T.mid]:b[no]"]);
    assert_eq!(names(". - a - b"), ["x", "z", "k"]);
    assert_eq!(names("poly(x, 2)"), ["poly(x, 2)1", "poly(x, 2)2"]);
}

#[test]
fn polynomials_are_orthogonal_and_scaled_as_in_r() {
    // Q of the QR decomposition of the centred powers of (1, 2, 4, 7), with positive diagonal of R, by NumPy: R's definition.
    let expected = [
        [
            -0.545544725589981,
            -0.3273268353539887,
            0.10910894511799628,
            0.7637626158259734,
        ],
        [
            0.5128225940683706,
            -0.17094086468945702,
            -0.7407437469876463,
            0.3988620176087328,
        ],
    ];
    let frame = CsvOptions::new()
        .read_from("t.csv", "x,y\n1,0\n2,1\n4,0\n7,1\n".as_bytes())
        .expect("a table");
    let formula: Formula = "y ~ poly(x, 2)".parse().expect("a formula");
    let recipe = Preparation::formula(formula)
        .learn(&frame)
        .expect("a recipe");
    let matrix = recipe.features(&frame).expect("features").matrix;
    for (j, column) in expected.iter().enumerate() {
        let dot: f64 = (0..4).map(|i| matrix[(i, 0)] * matrix[(i, 1)]).sum();
        let square: f64 = (0..4).map(|i| matrix[(i, j)] * matrix[(i, j)]).sum();
        assert!(dot.abs() < 1e-15 && (square - 1.0).abs() < 1e-15);
        for (i, expected) in column.iter().enumerate() {
            assert!(
                (matrix[(i, j)] - expected).abs() < 1e-14,
                "{i} {j}: {} {expected}",
                matrix[(i, j)]
            );
        }
    }
    // The same polynomials on new data.
    let new = CsvOptions::new()
        .read_from("t.csv", "x\n7\n".as_bytes())
        .expect("a table");
    let again = recipe.features(&new).expect("features").matrix;
    assert_eq!(
        (again[(0, 0)], again[(0, 1)]),
        (matrix[(3, 0)], matrix[(3, 1)])
    );
}

#[test]
fn faults_point_at_their_place() {
    let cases = [
        (
            "y ~ ",
            4,
            "the formula ends where a column or a number should stand",
        ),
        (
            "",
            0,
            "the formula ends where a column or a number should stand",
        ),
        (
            "y ~ x +",
            7,
            "the formula ends where a column or a number should stand",
        ),
        (
            "y ~ x z",
            6,
            "an operator such as `+` is missing before this",
        ),
        (
            "y ~ (x + z",
            4,
            "this parenthesis is opened and never closed",
        ),
        ("y ~ x)", 5, "`)` cannot stand here"),
        ("y ~ x ~ z", 6, "`~` cannot stand here"),
        (
            "y ~ lgo(x)",
            4,
            "there is no function `lgo`; did you mean `log`?",
        ),
        (
            "y ~ x $ z",
            6,
            "'$' has no meaning here; put the name of a column in backticks",
        ),
        ("y ~ `x", 4, "the quote ` is opened and never closed"),
        (
            "y ~ 2*x",
            4,
            "a number is no column; `1` or `0` stands in a sum, and I(2 * x) for arithmetic",
        ),
        (
            "y ~ (x+z)^0.5",
            4,
            "the power of a sum is a whole number from 1 to 20",
        ),
        (
            "y ~ (x+z)^x",
            10,
            "the power of a sum is a whole number; write I(…) for arithmetic",
        ),
        ("y ~ log(x, z)", 4, "`log` takes one argument"),
        (
            "y ~ \"x\"",
            4,
            "a text is no column; write Q(\"…\") or backticks for an unusual name",
        ),
        ("y ~ cbind(x, z)", 4, "`cbind` stands left of `~`"),
        (
            "y ~ x:offset(z)",
            6,
            "an offset stands by itself in the sum",
        ),
        (
            "ä ~ ö * ü $",
            10,
            "'$' has no meaning here; put the name of a column in backticks",
        ),
        ("y ~ 1e999", 4, "this is not a finite number"),
    ];
    for (text, at, expected) in cases {
        let error = text.parse::<Formula>().expect_err(text);
        assert_eq!(
            (error.characters().start, error.problem()),
            (at, expected),
            "{text}"
        );
        let shown = error.to_string();
        let marks = shown.lines().last().expect("a line");
        assert_eq!(
            marks.chars().take_while(|c| *c == ' ').count(),
            at + 2,
            "{shown}"
        );
    }
    // Deep and long formulas are refused, not followed until the stack ends.
    let deep = format!("y ~ {}x{}", "(".repeat(5000), ")".repeat(5000));
    assert!(deep.parse::<Formula>().is_err());
    let long = format!("y ~ x{}", " + x".repeat(100_000));
    assert!(
        long.parse::<Formula>()
            .expect_err("too long")
            .problem()
            .contains("at most 1000 words")
    );
    let wide = format!(
        "y ~ ({})^6",
        ('a'..='z').map(String::from).collect::<Vec<_>>().join("+")
    );
    assert!(
        wide.parse::<Formula>()
            .expect_err("too many terms")
            .problem()
            .contains("more than 10000 terms")
    );

    let in_data = |text: &str| {
        let formula: Formula = text.parse().unwrap_or_else(|e| panic!("{e}"));
        let recipe = Preparation::formula(formula).learn(&frame());
        let data = recipe.and_then(|recipe| recipe.dataset(&frame()));
        data.expect_err(text).to_string()
    };
    assert_eq!(
        in_data("y ~ x + aa"),
        "the formula has a fault at character 9: data.csv has no column `aa`; did you mean `a`?; its columns are x, z, a, b, k, y\n  \
         y ~ x + aa\n          ^^"
    );
    assert!(
        in_data("y ~ C(a, 'bottom')")
            .contains("the column `a` has no level \"bottom\"; its levels are low, mid, top")
    );
    assert!(
        in_data("y ~ log(x)").starts_with("data.csv, line "),
        "{}",
        in_data("y ~ log(x)")
    );
    assert!(
        in_data("y ~ log(x)")
            .contains("the term `log(x)` is NaN there; it must be a finite number in every row")
    );
    assert!(in_data("y ~ a + log(a)").contains("column `a`: \"low\" is not a number"));
    assert!(
        in_data("y ~ poly(k, 4)")
            .contains("the degree of `poly` must be less than the number of different values")
    );
    assert!(
        in_data("y ~ scale(I(0*x))")
            .contains("a constant cannot be divided by its standard deviation")
    );
    assert!(
        in_data("y ~ x - k")
            .contains("character 9: there is no such term before this that could be removed")
    );
    assert!(in_data("y ~ C(x)").contains("another one in each row"));
    let formula: Formula = "x + z".parse().expect("a formula");
    assert!(matches!(
        Preparation::formula(formula).learn(&frame()),
        Err(DataError::NoTarget)
    ));
}

#[test]
fn offsets_counts_and_unusual_names() {
    let text = "wins,losses,log time,side\n3,7,0.5,a\n5,5,1.5,b\n9,1,2.5,a\n";
    let frame = CsvOptions::new()
        .read_from("t.csv", text.as_bytes())
        .expect("a table");
    let formula: Formula = "cbind(wins, losses) ~ side + offset(`log time`) + Q('log time')"
        .parse()
        .expect("a formula");
    let recipe = Preparation::formula(formula)
        .learn(&frame)
        .expect("a recipe");
    let data = recipe.dataset(&frame).expect("data");
    assert_eq!(data.target, [3.0, 5.0, 9.0]);
    assert_eq!(data.trials.as_deref(), Some(&[10.0, 10.0, 10.0][..]));
    assert_eq!(data.offset.as_deref(), Some(&[0.5, 1.5, 2.5][..]));
    assert_eq!(data.feature_names, ["side[T.b]", "log time"]);
}
