//! Recipes: what is learned from a table is applied alike to it, to its blocks, and to new tables.

use std::fmt::Write;

use datasets::{
    Batches, CsvOptions, DataError, Dataset, Description, Frame, Missing, Preparation, Recipe,
    Response, Scaler, Scaling, Summary, permutation, random::ChaCha,
};
use linalg::Mat;
use proptest::prelude::*;

fn read(text: &str) -> Frame {
    CsvOptions::new()
        .read_from("t.csv", text.as_bytes())
        .unwrap_or_else(|e| panic!("{e}"))
}

fn rows(m: &Mat<f64>) -> Vec<Vec<f64>> {
    (0..m.nrows())
        .map(|i| (0..m.ncols()).map(|j| m[(i, j)]).collect())
        .collect()
}

const GAPS: &str = "y,x,c,z\n1,1,u,2\n0,,v,4\n1,4,,6\n0,1,v,9\n1,10,v,\n";

#[test]
fn missing_values_are_refused_dropped_or_imputed() {
    let frame = read(GAPS);
    let error = Preparation::new("y").learn(&frame).unwrap_err().to_string();
    assert_eq!(
        error,
        "t.csv, line 3, column `x`: the value is missing (1 in this column); drop such rows or impute"
    );

    let dropped = Preparation::new("y")
        .missing(Missing::DropRows)
        .binary(&frame)
        .unwrap();
    assert_eq!(dropped.rows.as_deref(), Some(&[0, 3][..]));
    assert_eq!(
        (dropped.target.as_slice(), dropped.feature_names.as_slice()),
        (
            &[1.0, 0.0][..],
            &["x", "c[T.v]", "z"].map(str::to_owned)[..]
        )
    );
    assert_eq!(rows(&dropped.features), [[1.0, 0.0, 2.0], [1.0, 1.0, 9.0]]);

    for (missing, x, z) in [
        (Missing::Mean, 4.0, 5.25),
        (Missing::Median, 2.5, 5.0),
        (Missing::Mode, 1.0, 2.0),
    ] {
        let preparation = Preparation::new("y")
            .missing(missing)
            .indicators()
            .response(Response::Binary);
        let recipe = preparation.learn(&frame).unwrap();
        assert_eq!(
            recipe.feature_names(),
            ["x", "c[T.v]", "z", "x[missing]", "c[missing]", "z[missing]"]
        );
        let data = recipe.dataset(&frame).unwrap();
        assert_eq!(
            rows(&data.features),
            [
                [1.0, 0.0, 2.0, 0.0, 0.0, 0.0],
                [x, 1.0, 4.0, 1.0, 0.0, 0.0],
                [4.0, 1.0, 6.0, 0.0, 1.0, 0.0],
                [1.0, 1.0, 9.0, 0.0, 0.0, 0.0],
                [10.0, 1.0, z, 0.0, 0.0, 1.0],
            ]
        );
        // What was learned stands for gaps in new data.
        let new = recipe.features(&read("z,c,x\n,,\n")).unwrap();
        assert_eq!(rows(&new.matrix), [[x, 1.0, z, 1.0, 1.0, 1.0]]);
    }
    // One column is imputed, rows with other gaps are dropped; a target is never imputed.
    let mixed = Preparation::new("y")
        .missing(Missing::DropRows)
        .missing_in("x", Missing::Mean);
    let data = mixed.binary(&frame).unwrap();
    assert_eq!(data.rows.as_deref(), Some(&[0, 1, 3][..]));
    assert_eq!(data.features[(1, 0)], 1.0);
    let no_target = read("y,x\n1,1\n,2\n0,3\n");
    let error = Preparation::new("y")
        .missing(Missing::Mean)
        .binary(&no_target)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("line 3, column `y`: the value is missing"),
        "{error}"
    );
    assert_eq!(
        Preparation::new("y")
            .missing(Missing::DropRows)
            .binary(&no_target)
            .unwrap()
            .target,
        [1.0, 0.0]
    );
}

#[test]
fn categories_orders_and_products() {
    let frame =
        read("y,size,flag,x\n1,small,true,2\n2,large,false,3\n3,mid,true,4\n5,mid,false,5\n");
    let recipe = Preparation::new("y")
        .ordinal("size", ["small", "mid", "large"])
        .learn(&frame)
        .unwrap();
    assert_eq!(recipe.feature_names(), ["size", "flag", "x"]);
    assert_eq!(
        rows(&recipe.features(&frame).unwrap().matrix),
        [
            [0.0, 1.0, 2.0],
            [2.0, 0.0, 3.0],
            [1.0, 1.0, 4.0],
            [1.0, 0.0, 5.0]
        ]
    );
    let recipe = Preparation::new("y")
        .reference("size", "mid")
        .features(["size"])
        .learn(&frame)
        .unwrap();
    assert_eq!(recipe.feature_names(), ["size[T.large]", "size[T.small]"]);
    let recipe = Preparation::new("y")
        .features(["size"])
        .without_intercept()
        .learn(&frame)
        .unwrap();
    assert_eq!(
        recipe.feature_names(),
        ["size[large]", "size[mid]", "size[small]"]
    );
    assert!(!recipe.dataset(&frame).unwrap().intercept);
    let recipe = Preparation::new("y")
        .exclude(["size"])
        .polynomial(2)
        .learn(&frame)
        .unwrap();
    assert_eq!(recipe.feature_names(), ["flag", "x", "flag:x", "I(x^2)"]);
    assert_eq!(
        rows(&recipe.features(&frame).unwrap().matrix)[2],
        [1.0, 4.0, 4.0, 16.0]
    );
    let recipe = Preparation::new("y").interactions().learn(&frame).unwrap();
    assert_eq!(
        recipe.feature_names(),
        [
            "size[T.mid]",
            "size[T.small]",
            "flag",
            "x",
            "size[T.mid]:flag",
            "size[T.small]:flag",
            "size[T.mid]:x",
            "size[T.small]:x",
            "flag:x"
        ]
    );
    let classes = Preparation::new("size")
        .features(["x"])
        .classes(&frame)
        .unwrap();
    assert_eq!(
        (classes.target, classes.labels.unwrap().join(" ")),
        (vec![2.0, 0.0, 1.0, 1.0], "large mid small".to_owned())
    );
}

#[test]
fn weights_offsets_and_trials_are_carried_along() {
    let frame = read("wins,n,w,t,x\n3,10,1,0.5,1\n5,5,0,1.5,2\n0,4,2.5,2.5,4\n");
    let preparation = Preparation::new("wins")
        .trials("n")
        .weights("w")
        .offset("t");
    let data = preparation.numeric(&frame).unwrap();
    assert_eq!(data.feature_names, ["x"]);
    assert_eq!(data.trials.as_deref(), Some(&[10.0, 5.0, 4.0][..]));
    assert_eq!(data.weights.as_deref(), Some(&[1.0, 0.0, 2.5][..]));
    assert_eq!(data.offset.as_deref(), Some(&[0.5, 1.5, 2.5][..]));
    let part = data.select(&[2, 0]);
    assert_eq!(
        (part.target, part.weights, part.rows),
        (vec![0.0, 3.0], Some(vec![2.5, 1.0]), Some(vec![2, 0]))
    );
    let fault = |text: &str| {
        Preparation::new("wins")
            .trials("n")
            .weights("w")
            .numeric(&read(text))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fault("wins,n,w,x\n1,2,1,1\n3,2,1,2\n"),
        "t.csv, line 3: 3 successes of 2 trials"
    );
    assert_eq!(
        fault("wins,n,w,x\n1,2,1,1\n1,2,-1,2\n"),
        "t.csv, line 3, column `w`: the weight -1 is negative"
    );
}

#[test]
fn new_data_that_do_not_fit_are_named() {
    let frame = read("y,x,c\n1,1,u\n0,2,v\n1,4,v\n");
    let recipe = Preparation::new("y").learn(&frame).unwrap();
    let fault = |text: &str| {
        let frame = recipe
            .csv_options(CsvOptions::new())
            .read_from("new.csv", text.as_bytes());
        frame
            .and_then(|frame| recipe.features(&frame))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fault("x,k\n1,u\n"),
        "new.csv, line 1: there is no column `c`; the columns are x, k"
    );
    assert_eq!(
        fault("x,C\n1,u\n"),
        "new.csv, line 1: there is no column `c`; did you mean `C`?; the columns are x, C"
    );
    assert_eq!(
        fault("x,c\n1,u\n2,w\n"),
        "new.csv, line 3, column `c`: \"w\" did not occur when the model was fitted; known are \"u\", \"v\""
    );
    assert_eq!(
        fault("x,c\n1,u\n,v\n"),
        "new.csv, line 3, column `x`: the value is missing (1 in this column); drop such rows or impute"
    );
    assert_eq!(
        fault("x,c\n1,u\na,v\n"),
        "new.csv, line 3, column `x`: \"a\" is not a number; leave the column out or correct the cell"
    );
    // A category whose words look like numbers is read as it is written.
    let zip = CsvOptions::new()
        .kind("zip", datasets::Kind::Category)
        .read_from("t.csv", "y,zip\n1,01\n0,02\n1,01\n".as_bytes())
        .unwrap();
    let recipe = Preparation::new("y").learn(&zip).unwrap();
    let new = recipe
        .csv_options(CsvOptions::new())
        .read_from("n.csv", "zip\n02\n".as_bytes())
        .unwrap();
    assert_eq!(rows(&recipe.features(&new).unwrap().matrix), [[1.0]]);
    // A file that was tampered with.
    let saved = serde_json::to_string(&recipe).unwrap();
    for (from, to) in [
        ("\"reference\":0", "\"reference\":7"),
        ("\"column\":0", "\"column\":3"),
        ("[[0,", "[[5,"),
    ] {
        let broken = saved.replace(from, to);
        assert_ne!(broken, saved, "{from} in {saved}");
        assert!(serde_json::from_str::<Recipe>(&broken).is_err(), "{broken}");
    }
    // A name of every row explains nothing.
    let named = read("y,x,name\n1,1,ann\n0,2,bob\n1,4,cy\n");
    assert!(matches!(
        Preparation::new("y").learn(&named),
        Err(DataError::Levels { levels: 3, .. })
    ));
}

#[test]
fn descriptions() {
    let frame = read("x,z,flag,c\n1,2,true,u\n2,4,false,v\n,9,true,v\n4,8,,\n");
    let description = Description::of(&frame);
    let Summary::Numbers {
        mean,
        deviation,
        minimum,
        lower_quartile,
        median,
        upper_quartile,
        maximum,
    } = description.columns[0].summary
    else {
        panic!("numbers");
    };
    assert_eq!((mean, minimum, median, maximum), (7.0 / 3.0, 1.0, 2.0, 4.0));
    assert!((deviation - (7.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    assert_eq!((lower_quartile, upper_quartile), (1.5, 3.0));
    assert_eq!(description.columns[2].summary, Summary::Booleans { yes: 2 });
    assert_eq!(
        (description.columns[3].count, description.columns[3].missing),
        (3, 1)
    );
    assert_eq!(description.correlated, ["x", "z", "flag"]);
    // x and z in the rows that have both: z = 2 x.
    assert!((description.correlations[0][1] - 1.0).abs() < 1e-15);
    let shown = description.to_string();
    assert!(shown.contains("x       number            3         1  mean 2.33333 ± 1.52753; min, quartiles, max: 1, 1.5, 2, 3, 4"), "{shown}");
    let json = serde_json::to_value(&description).unwrap();
    assert_eq!(json["columns"][3]["summary"]["type"], "levels");
}

#[test]
fn batches_are_parts_or_copies() {
    let x = Mat::from_fn(10, 2, |i, j| (10 * j + i) as f64);
    let mut batches = Batches::new(x.as_ref(), 4);
    assert_eq!(batches.len(), 3);
    let first = batches.next_batch().unwrap();
    assert_eq!(first.as_ptr(), x.as_ref().as_ptr(), "not a copy");
    let order = permutation(10, &mut ChaCha::new(4));
    let mut shuffled = Batches::in_order(x.as_ref(), 4, &order);
    for _ in 0..2 {
        let mut seen = Vec::new();
        while let Some(batch) = shuffled.next_batch() {
            for i in 0..batch.nrows() {
                assert_eq!(batch[(i, 1)], batch[(i, 0)] + 10.0);
                seen.push(batch[(i, 0)] as usize);
            }
        }
        assert_eq!(seen, order);
        shuffled.rewind();
    }
}

proptest! {
    #[test]
    fn a_scaler_inverts_itself(
        columns in prop::collection::vec(prop::collection::vec(-1e3_f64..1e3, 7), 1..4),
        scaling in prop::sample::select(vec![Scaling::Standard, Scaling::MinMax, Scaling::Robust]),
    ) {
        let x = Mat::from_fn(7, columns.len(), |i, j| columns[j][i]);
        let scaler = Scaler::learn(scaling, x.as_ref());
        let mut y = scaler.scaled(x.as_ref());
        for j in 0..x.ncols() {
            let column: Vec<f64> = (0..7).map(|i| y[(i, j)]).collect();
            if scaling == Scaling::MinMax {
                prop_assert!(column.iter().all(|v| (-1e-12..=1.0 + 1e-12).contains(v)));
            }
            if scaling == Scaling::Standard {
                prop_assert!(column.iter().sum::<f64>().abs() < 1e-9);
                prop_assert!((column.iter().map(|v| v * v).sum::<f64>() / 7.0 - 1.0).abs() < 1e-9);
            }
        }
        scaler.invert(y.as_mut());
        for j in 0..x.ncols() {
            for i in 0..7 {
                prop_assert!((y[(i, j)] - x[(i, j)]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_recipe_gives_the_same_bits_in_one_go_in_blocks_and_after_being_saved(
        table in prop::collection::vec((-10.0_f64..10.0, 0_usize..3, prop::option::of(0.1_f64..9.0), any::<bool>()), 8..60),
        block in 64_usize..300,
    ) {
        let mut text = "y,c,z,flag\n".to_owned();
        for (i, (y, c, z, flag)) in table.iter().enumerate() {
            // All levels occur, both flags, and two values of z.
            let c = ["u", "v", "w"][if i < 3 { i } else { *c }];
            let z = if i < 2 { Some(1.0 + i as f64) } else { *z };
            let z = z.map_or(String::new(), |z| z.to_string());
            let flag = if i < 2 { i == 1 } else { *flag };
            writeln!(text, "{y},{c},{z},{flag}").expect("a string");
        }
        let options = CsvOptions::new().kind("flag", datasets::Kind::Boolean).kind("z", datasets::Kind::Number);
        let frame = options.read_from("t.csv", text.as_bytes()).expect("a table");
        let formula: datasets::Formula = "y ~ c*log(z) + flag:z + poly(z, 1) + scale(z)".parse().expect("a formula");
        let preparation = Preparation::formula(formula).missing(Missing::Mean).scaling(Scaling::Standard).indicators();
        let recipe = preparation.learn(&frame).expect("a recipe");
        let whole = recipe.dataset(&frame).expect("data");
        let saved = serde_json::to_string(&recipe).expect("text");
        let read: Recipe = serde_json::from_str(&saved).expect("what was saved");
        prop_assert_eq!(&read, &recipe);
        let mut row = 0;
        for part in options.block_bytes(block).blocks_from("t.csv", text.as_bytes()) {
            let part: Dataset = read.dataset(&part.expect("a block")).expect("data");
            for i in 0..part.observations() {
                prop_assert_eq!(part.target[i].to_bits(), whole.target[row].to_bits());
                for j in 0..whole.features.ncols() {
                    prop_assert_eq!(part.features[(i, j)].to_bits(), whole.features[(row, j)].to_bits());
                }
                row += 1;
            }
        }
        prop_assert_eq!(row, table.len());
    }

    #[test]
    fn formula_matrices_are_those_made_by_hand(x in prop::collection::vec((0.1_f64..5.0, -3.0_f64..3.0, 0_usize..2), 4..20)) {
        let mut text = "y,a,b,g\n".to_owned();
        for (i, (a, b, g)) in x.iter().enumerate() {
            writeln!(text, "0,{a},{b},{}", ["p", "q"][if i < 2 { i } else { *g }]).expect("a string");
        }
        let formula: datasets::Formula = "y ~ a*b + log(a):g + I(b^2 - 1)".parse().expect("a formula");
        let frame = read(&text);
        let found = Preparation::formula(formula).numeric(&frame).expect("data");
        prop_assert_eq!(&found.feature_names, &["a", "b", "I(b^2 - 1)", "a:b", "log(a):g[p]", "log(a):g[q]"].map(str::to_owned));
        for (i, (a, b, g)) in x.iter().enumerate() {
            let q = f64::from(u8::from(if i < 2 { i == 1 } else { *g == 1 }));
            let hand = [*a, *b, b * b - 1.0, a * b, a.ln() * (1.0 - q), a.ln() * q];
            for (j, hand) in hand.iter().enumerate() {
                prop_assert_eq!(found.features[(i, j)], *hand);
            }
        }
    }
}
