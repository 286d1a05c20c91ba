//! Formulas and wishes that look alike, contradict each other, or ask for what no data can give.

use datasets::{CsvOptions, Frame, Missing, Preparation, Recipe};
use linalg::Mat;

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

#[test]
fn what_looks_alike_is_told_apart() {
    let learn = |text: &str, formula: &str| {
        let formula: datasets::Formula = formula.parse().unwrap_or_else(|e| panic!("{e}"));
        let preparation = Preparation::formula(formula);
        let frame = preparation
            .csv_options(CsvOptions::new())
            .read_from("t.csv", text.as_bytes());
        frame.and_then(|frame| {
            let recipe = preparation.learn(&frame)?;
            let matrix = recipe.features(&frame)?.matrix;
            Ok((recipe, matrix))
        })
    };
    let table =
        "y,x,z,t,k,zip\n1,1,2,true,-1,01\n0,2,5,false,-2,1\n1,4,7,true,-1,01\n0,3,1,false,-2,1\n";
    // A minus within a power and before it.
    let (recipe, matrix) = learn(table, "y ~ I((-x)^2) + I(-x^2)").unwrap();
    assert_eq!(recipe.feature_names(), ["I((-x)^2)", "I(-x^2)"]);
    assert_eq!(rows(&matrix)[1], [4.0, -4.0]);
    let (recipe, matrix) = learn(table, "y ~ I((x^2)^3) + I(x^2^3)").unwrap();
    assert_eq!(recipe.feature_names(), ["I((x^2)^3)", "I(x^2^3)"]);
    assert_eq!(rows(&matrix)[1], [64.0, 256.0]);
    // Booleans are categories in formulas.
    let (recipe, matrix) = learn(table, "y ~ t:x").unwrap();
    assert_eq!(recipe.feature_names(), ["t[false]:x", "t[true]:x"]);
    assert_eq!(rows(&matrix)[0], [0.0, 1.0]);
    // Codes are read as they are written, negative levels without quotes.
    let (recipe, _) = learn(table, "y ~ C(zip) + C(k, Treatment(-1))").unwrap();
    assert_eq!(recipe.feature_names(), ["C(zip)[T.1]", "C(k)[T.-2]"]);
    let fault = |formula: &str| {
        learn(table, formula)
            .map(|(recipe, _)| recipe)
            .unwrap_err()
            .to_string()
    };
    assert!(
        fault("y ~ x + y").contains("character 9: `y` is the target and cannot explain itself")
    );
    assert!(fault("y ~ x + C(y)").contains("`y` is the target and cannot explain itself"));
    assert!(fault("y ~ x*z + Q('x:z')").contains("has no column `x:z`"));
    assert!(
        "y ~ C(zip, levels='01')"
            .parse::<datasets::Formula>()
            .unwrap_err()
            .problem()
            .contains("`C` has no argument `levels`")
    );
    assert!("y ~ log(base=x)".parse::<datasets::Formula>().is_err());
    let twice = "y,x,z,x:z\n1,1,2,3\n0,2,5,4\n1,4,7,9\n";
    let error = learn(twice, "y ~ x*z + Q('x:z')").unwrap_err().to_string();
    assert_eq!(error, "two features are called `x:z`; rename a column");
    let comma = "y;x\n1;1,5\n0;2,5\n1;4,5\n0;2,5\n";
    assert!(
        learn(comma, "y ~ x")
            .unwrap_err()
            .to_string()
            .contains("holds numbers with decimal commas, such as \"1,5\"")
    );
    // A kind that was learned is the kind of new data.
    let (recipe, _) = learn(table, "y ~ x").unwrap();
    assert!(
        recipe
            .features(&read("x\ntrue\n"))
            .unwrap_err()
            .to_string()
            .contains("column `x`: \"true\" is not a number")
    );
    let flags = Preparation::new("y")
        .features(["t"])
        .learn(&read(table))
        .unwrap();
    assert!(
        flags
            .features(&read("t\n1\n7\n"))
            .unwrap_err()
            .to_string()
            .contains("line 3, column `t`: \"7\" is neither true nor false")
    );
    assert_eq!(
        rows(&flags.features(&read("t\n1\n0\n")).unwrap().matrix),
        [[1.0], [0.0]]
    );
}

#[test]
fn wishes_that_contradict_each_other_are_refused() {
    let frame = read("y,x,z\n1,1,2\n0,2,5\n1,4,7\n");
    let fault = |preparation: Preparation| preparation.learn(&frame).unwrap_err().to_string();
    let formula = || "y ~ x".parse::<datasets::Formula>().unwrap();
    assert!(
        fault(Preparation::formula(formula()).target("z")).contains("leave out the target `z`")
    );
    assert!(
        fault(Preparation::formula(formula()).interactions()).contains("leave interactions out")
    );
    assert!(fault(Preparation::new("y").reference("nope", "a")).contains("no column `nope`"));
    assert!(fault(Preparation::new("y").ordinal("nope", ["a"])).contains("no column `nope`"));
    assert!(fault(Preparation::new("y").ordinal("x", ["1", "1"])).contains("listed twice"));
    assert!(
        fault(Preparation::new("y").features(["x"]).exclude(["x"]))
            .contains("listed as a feature and excluded")
    );
    // An excluded column is not even read.
    let preparation = Preparation::new("y").exclude(["notes"]);
    let options = preparation.csv_options(CsvOptions::new());
    let frame = options
        .read_from("t.csv", "x,notes,y\n1,2,0\n2,3,1\n3,word,0\n".as_bytes())
        .unwrap();
    assert_eq!(frame.names(), ["x", "y"]);
    assert_eq!(preparation.learn(&frame).unwrap().feature_names(), ["x"]);
    let by_number = Preparation::new("y").exclude(["2"]);
    assert_eq!(by_number.learn(&frame).unwrap().feature_names(), ["x"]);
    // A name that the file lacks is a mistake, and so is one that is asked for and not read.
    let fault = |preparation: Preparation| preparation.learn(&frame).unwrap_err().to_string();
    assert!(fault(preparation.clone().exclude(["note"])).contains("no column `note`"));
    assert!(fault(preparation.clone().exclude(["4"])).contains("no column `4`"));
    let message = "t.csv, line 1: the column `notes` was not read; those that were are x, y";
    assert_eq!(fault(Preparation::new("notes")), message);
    assert_eq!(frame.named("notes").unwrap_err().to_string(), message);
    assert!(
        fault(Preparation::formula("y ~ notes".parse().unwrap())).contains(
            "character 5: the column `notes` of t.csv was not read; those that were are x, y"
        )
    );
    assert!(
        fault(Preparation::new("y").features(["notes"]).exclude(["2"]))
            .contains("the column `notes` is listed as a feature and excluded")
    );
}

#[test]
fn a_reference_is_one_for_a_formula_too() {
    let frame = read("y,a,w,l,n\n1,u,1,2,3\n0,v,2,2,4\n1,w,1,1,2\n0,u,2,0,2\n");
    let formula = |text: &str| Preparation::formula(text.parse().unwrap());
    let names = |preparation: Preparation| preparation.learn(&frame).unwrap().feature_names();
    for (text, expected) in [
        ("y ~ a", ["a[T.u]", "a[T.w]"]),
        ("y ~ C(a)", ["C(a)[T.u]", "C(a)[T.w]"]),
        ("y ~ C(a, Treatment)", ["C(a)[T.u]", "C(a)[T.w]"]),
        // What the formula says itself counts.
        ("y ~ C(a, 'w')", ["C(a)[T.u]", "C(a)[T.v]"]),
    ] {
        assert_eq!(names(formula(text).reference("a", "v")), expected, "{text}");
    }
    let error = formula("y ~ C(a)").reference("a", "x").learn(&frame);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("character 5: the column `a` has no level \"x\"")
    );
    let error = formula("cbind(w, l) ~ a").trials("n").learn(&frame);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("character 1: `cbind` counts the trials itself; leave out the trials `n`")
    );
    let recipe = formula("cbind(w, l) ~ a").learn(&frame).unwrap();
    let trials = recipe.dataset(&frame).unwrap().trials;
    assert_eq!(trials.as_deref(), Some(&[3.0, 4.0, 2.0, 2.0][..]));
}

#[test]
fn what_is_excluded_is_read_if_it_is_needed_otherwise() {
    let text = "x,e,z,y\n1,2,word,0\n2,3,7,1\n3,5,9,0\n";
    let names = |preparation: &Preparation| {
        let options = preparation.csv_options(CsvOptions::new());
        let frame = options.read_from("t.csv", text.as_bytes()).unwrap();
        preparation.learn(&frame).unwrap().feature_names()
    };
    // The target and the offset are no features anyway.
    let preparation = Preparation::new("y").offset("e");
    assert_eq!(names(&preparation.exclude(["y", "e", "z"])), ["x"]);
    // What a formula names stands beside `.`, from which it is excluded.
    let formula = Preparation::formula("y ~ . + log(e)".parse().unwrap()).exclude(["e", "z"]);
    assert_eq!(names(&formula), ["x", "log(e)"]);
    // A wish about a column that is not read does no harm.
    let listed = Preparation::new("y").features(["x"]).reference("z", "word");
    assert_eq!(names(&listed), ["x"]);
}

#[test]
fn a_file_is_read_for_a_dataset_with_all_that_belongs_to_it() {
    let text = "wins,w,e,n,x,c,note\n1,1,0.5,3,1,u,a\n2,2,0.5,4,2,01,b\n0,1,1.5,2,4,u,c\n";
    let frame = read(text);
    let recipe = Preparation::new("wins")
        .weights("w")
        .offset("e")
        .trials("n")
        .exclude(["note"])
        .learn(&frame)
        .unwrap();
    let again = |options: CsvOptions| options.read_from("t.csv", text.as_bytes()).unwrap();
    let few = again(recipe.csv_options(CsvOptions::new()));
    assert_eq!(few.names(), ["e", "x", "c"]);
    assert_eq!(
        recipe.dataset(&few).unwrap_err().to_string(),
        "t.csv, line 1: the column `wins` was not read; those that were are e, x, c"
    );
    let all = again(recipe.dataset_csv_options(CsvOptions::new()));
    assert_eq!(all.names(), ["wins", "w", "e", "n", "x", "c"]);
    let (found, expected) = (
        recipe.dataset(&all).unwrap(),
        recipe.dataset(&frame).unwrap(),
    );
    assert_eq!(found, expected);
    assert!(found.weights.is_some() && found.trials.is_some() && found.offset.is_some());
    // Classes of words, and words that look like numbers.
    let read_as = |options: CsvOptions, text: &str| options.read_from("t.csv", text.as_bytes());
    let words = CsvOptions::new().kind("zip", datasets::Kind::Category);
    let zips = read_as(words, "zip,x\n01,1\n1,2\n01,3\n").unwrap();
    let preparation = Preparation::new("zip").response(datasets::Response::Binary);
    let recipe = preparation.learn(&zips).unwrap();
    let options = recipe.dataset_csv_options(CsvOptions::new());
    let later = read_as(options, "x,zip\n5,1\n6,01\n").unwrap();
    assert_eq!(recipe.dataset(&later).unwrap().target, [1.0, 0.0]);
}

#[test]
fn booleans_are_read_as_booleans_again() {
    let options = CsvOptions::new().kind("f", datasets::Kind::Boolean);
    let text = "y,f,x\n1,yes,1\n0,no,2\n1,no,3\n";
    let frame = options.read_from("t.csv", text.as_bytes()).unwrap();
    let plain = Preparation::new("y").learn(&frame).unwrap();
    let formula = Preparation::formula("y ~ f + x".parse().unwrap());
    let formula = formula.learn(&frame).unwrap();
    assert_eq!(formula.feature_names(), ["f[T.true]", "x"]);
    let features = |recipe: &Recipe, text: &str| {
        let options = recipe.csv_options(CsvOptions::new());
        let frame = options.read_from("new.csv", text.as_bytes())?;
        Ok(rows(&recipe.features(&frame)?.matrix))
    };
    for recipe in [&plain, &formula] {
        let saved = serde_json::to_string(recipe).unwrap();
        let recipe: Recipe = serde_json::from_str(&saved).unwrap();
        for words in ["yes,no", "1,0", "TRUE,False", "t,f"] {
            let (yes, no) = words.split_once(',').unwrap();
            let found: Result<_, datasets::DataError> =
                features(&recipe, &format!("f,x\n{yes},5\n{no},6\n"));
            assert_eq!(found.unwrap(), [[1.0, 5.0], [0.0, 6.0]], "{words}");
        }
        let error = features(&recipe, "f,x\nyes,5\nmaybe,6\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "new.csv, line 3, column `f`: \"maybe\" is neither true nor false"
        );
    }
    // As other programs write booleans of a column with gaps.
    let found = features(&plain, "f,x\n1.0,5\n0.0,6\n").unwrap();
    assert_eq!(found, [[1.0, 5.0], [0.0, 6.0]]);
    let error = features(&plain, "f,x\n1,5\n7,6\n").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"7\" is neither true nor false")
    );
    // So is a target.
    let classes = Preparation::new("f").response(datasets::Response::Binary);
    let recipe = classes.learn(&frame).unwrap();
    let options = recipe.dataset_csv_options(CsvOptions::new());
    let frame = options.read_from("t.csv", text.as_bytes()).unwrap();
    assert_eq!(recipe.dataset(&frame).unwrap().target, [1.0, 0.0, 0.0]);
}

#[test]
fn offsets_are_not_imputed_and_only_wanted_rows_are_dropped() {
    let frame = read("y,x,e\n1,1,10\n0,2,\n1,,30\n0,4,30\n");
    let error = Preparation::new("y")
        .offset("e")
        .missing(Missing::Mean)
        .learn(&frame)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("column `e`: the value is missing"),
        "{error}"
    );
    let both = Preparation::new("y")
        .features(["x", "e"])
        .offset("e")
        .missing(Missing::Mean);
    assert!(both.learn(&frame).is_err());
    // A column that is a feature and an offset: its gaps are dropped as those of an offset, when it is learned and after.
    let gaps = read("y,x,z\n1,1,\n0,2,5\n1,,6\n0,4,7\n");
    let both = Preparation::new("y")
        .features(["x", "z"])
        .offset("x")
        .missing_in("z", Missing::DropRows);
    let data = both.learn(&gaps).unwrap().dataset(&gaps).unwrap();
    assert_eq!(data.rows.as_deref(), Some(&[1, 3][..]));
    assert_eq!(data.offset.as_deref(), Some(&[2.0, 4.0][..]));
    assert_eq!(rows(&data.features), [[2.0, 5.0], [4.0, 7.0]]);
    let only = Preparation::new("y")
        .missing(Missing::Mean)
        .missing_in("x", Missing::DropRows);
    let recipe = only.learn(&frame).unwrap();
    let new = recipe.features(&read("x,e\n1,\n,2\n")).unwrap();
    assert_eq!(
        (new.rows.as_deref(), new.matrix.nrows()),
        (Some(&[0][..]), 1)
    );
}

#[test]
fn a_recipe_of_absurd_width_is_refused_before_it_is_expanded() {
    let frame = read("y,c\n1,u\n0,v\n1,w\n0,u\n");
    let recipe = Preparation::new("y").learn(&frame).unwrap();
    let saved = serde_json::to_string(&recipe).unwrap();
    let wide = format!("\"products\":[[{}]]", vec!["[0,true]"; 45].join(","));
    let broken = saved.replace("\"products\":[[[0,false]]]", &wide);
    assert_ne!(broken, saved);
    assert!(serde_json::from_str::<Recipe>(&broken).is_err());
    let empty = saved.replace("\"products\":[[[0,false]]]", "\"products\":[[]]");
    assert!(serde_json::from_str::<Recipe>(&empty).is_err());
}
