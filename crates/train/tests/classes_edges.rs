//! Models of several classes at the edges of what can be estimated: separated and nearly separated classes, classes of one row, columns
//! that depend on each other, other data than those of the fit.

use datasets::Dataset;
use linalg::Mat;
use models::glm::{Link, MultinomialRegression, OrderedRegression, Penalty};
use train::{Condition, Covariance, Fit, FitError, FitOptions, Observations};

/// A number between −½ and ½ that looks random.
fn noise(i: usize) -> f64 {
    ((i * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5
}

fn class(i: usize) -> f64 {
    ((noise(i * 31 + 5) + 0.5) * 3.0).floor().min(2.0)
}

/// Columns x and z and a class, for each row.
fn make(n: usize, f: impl Fn(usize) -> (f64, f64)) -> Dataset {
    let rows: Vec<(f64, f64)> = (0..n).map(f).collect();
    let x = Mat::from_fn(n, 2, |i, j| if j == 0 { rows[i].0 } else { noise(i * 3) });
    let target: Vec<f64> = rows.iter().map(|row| row.1).collect();
    Dataset::new(x, ["x", "z"], target, "y")
}

fn flag(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

const LINKS: [Link; 4] = [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit];

fn failed(conditions: &[Condition]) -> Vec<&'static str> {
    let failed = conditions.iter().filter(|c| !c.holds);
    failed.map(|c| c.name).collect()
}

#[track_caller]
fn names_x(error: &FitError) {
    assert!(error.to_string().contains("`x`"), "{error}");
}

#[test]
fn separated_classes_have_no_fit() {
    // x tells class 0 from the others; the others overlap.
    let apart = make(60, |i| {
        let c = class(i);
        let x = if c == 0.0 {
            -1.0 - noise(i).abs()
        } else {
            1.0 + noise(i)
        };
        (x, c)
    });
    // No row with x = 1 is of class 2; every row with x = 1 is of class 2; of 20000 rows three have x = 1, all in one class.
    let empty = make(60, |i| (flag(class(i) < 2.0 && i % 2 == 0), class(i)));
    let only = make(60, |i| (flag(class(i) == 2.0 && i % 2 == 0), class(i)));
    let rare = make(20_000, |i| {
        (flag(i < 3), if i < 3 { 2.0 } else { class(i) })
    });
    for data in [&apart, &empty, &only, &rare] {
        let error = MultinomialRegression::new().fit(data).unwrap_err();
        assert!(matches!(error, FitError::Runaway { .. }), "{error}");
        names_x(&error);
    }
    for link in LINKS {
        let ordered = OrderedRegression::new().link(link);
        for data in [&only, &rare] {
            names_x(&ordered.fit(data).unwrap_err());
        }
        // Ordered classes are not separated by what tells the lowest from the rest, as long as the others overlap.
        let fit = ordered.fit(&apart).unwrap();
        assert!(fit.coefficients()[0].estimate > 1.0);
        let steps = make(60, |i| (class(i) + 0.3 * noise(i), class(i)));
        assert!(ordered.fit(&steps).is_err());
    }
    // Firth's penalty makes finite estimates, whose Wald statistics are said to be poor, and finite profiles.
    let fit = MultinomialRegression::new().firth().fit(&apart).unwrap();
    let observations = Observations::from(&apart);
    assert_eq!(failed(&fit.validity(&observations)), ["wald"]);
    let analysis = fit.analyse(&observations).unwrap();
    let place = analysis.place("x", Some(1)).unwrap();
    let (found, c) = (
        analysis.profile(place, 0.95).unwrap(),
        &fit.coefficients()[place],
    );
    assert!(found.low > 0.0 && found.low < c.estimate && found.high.is_finite());
    // The profile reaches farther to the side on which the classes are apart.
    assert!(found.high - c.estimate > c.estimate - found.low);
}

#[test]
fn nearly_separated_classes_are_called_so() {
    // One row of 600 keeps the effect of x finite.
    let near = make(600, |i| {
        (
            flag(class(i) == 2.0 && i % 2 == 0 || i == 0),
            if i == 0 { 1.0 } else { class(i) },
        )
    });
    let cauchit = OrderedRegression::new()
        .link(Link::Cauchit)
        .fit(&near)
        .unwrap();
    let observations = Observations::from(&near);
    let conditions = cauchit.validity(&observations);
    assert_eq!(failed(&conditions), ["wald"]);
    assert!(
        conditions
            .iter()
            .any(|c| c.name == "wald" && c.detail.contains("of x the squared"))
    );
    let analysis = cauchit.analyse(&observations).unwrap();
    let (wald, ratio) = (
        analysis.wald(&["x"], &Covariance::Observed).unwrap(),
        analysis.likelihood_ratio(&["x"]).unwrap(),
    );
    assert!(wald.p_value > 0.05 && ratio.p_value < 1e-10);

    // Two classes that overlap near 0, where others are far away.
    let overlap = make(60, |i| {
        let x = i as f64 - 29.5;
        let mixed = (24..36).contains(&i) && i % 3 == 0;
        (x.powi(3), flag((x > 0.0) != mixed))
    });
    let fit = MultinomialRegression::new().fit(&overlap).unwrap();
    assert!(failed(&fit.validity(&Observations::from(&overlap))).contains(&"separation"));
    for kind in [Covariance::Hc2, Covariance::Clustered(&[1; 60])] {
        let observations = Observations::from(&overlap);
        let analysis = fit.analyse(&observations).unwrap();
        assert!(matches!(
            analysis.covariance(&kind),
            Err(FitError::Inference { .. })
        ));
    }
}

#[test]
fn classes_that_are_rare_or_empty() {
    let one = make(60, |i| {
        (noise(i), if i == 17 { 2.0 } else { class(i).min(1.0) })
    });
    let observations = Observations::from(&one);
    let (several, ordered) = (
        MultinomialRegression::new().fit(&one).unwrap(),
        OrderedRegression::new().fit(&one).unwrap(),
    );
    for conditions in [
        several.validity(&observations),
        ordered.validity(&observations),
    ] {
        assert_eq!(failed(&conditions), ["events"]);
        let said = conditions.iter().find(|c| c.name == "events").unwrap();
        assert!(
            said.detail.starts_with("0.3 rows of the rarest class, 2,"),
            "{}",
            said.detail
        );
    }
    // The threshold above which there is one row is known badly from above.
    let analysis = ordered.analyse(&observations).unwrap();
    let (cut, c) = (
        analysis.profile(3, 0.95).unwrap(),
        &ordered.coefficients()[3],
    );
    assert!(cut.high - c.estimate > 1.5 * (c.estimate - cut.low));

    // Nobody at one end: neither without rows nor with rows of weight 0.
    let mut nobody = make(60, |i| (noise(i), class(i)));
    nobody.labels = Some(["a", "b", "c", "d"].map(str::to_owned).to_vec());
    let mut weightless = make(60, |i| (noise(i), class(i)));
    weightless.weights = Some((0..60).map(|i| flag(class(i) < 2.0)).collect());
    for data in [&nobody, &weightless] {
        for error in [
            OrderedRegression::new().fit(data).unwrap_err(),
            MultinomialRegression::new().fit(data).unwrap_err(),
        ] {
            assert!(matches!(error, FitError::EmptyClass { .. }), "{error}");
        }
    }
}

#[test]
fn columns_that_say_nothing_are_named() {
    let constant = make(60, |i| (2.0, class(i)));
    let collinear = make(60, |i| (2.0 * noise(i * 3) + 1.0, class(i)));
    let firth = MultinomialRegression::new().firth();
    for (data, what) in [
        (&constant, "`x` is 2 in every row"),
        (&collinear, "0.5000·`x`"),
    ] {
        for error in [
            MultinomialRegression::new().fit(data).unwrap_err(),
            OrderedRegression::new().fit(data).unwrap_err(),
            firth.fit(data).unwrap_err(),
        ] {
            assert!(error.to_string().contains(what), "{error}");
        }
    }
    // Nearly a combination: the fit exists, and the condition fails.
    let mut near = make(60, |i| (noise(i), class(i)));
    for i in 0..60 {
        near.features[(i, 1)] = near.features[(i, 0)] + 1e-5 * noise(i * 3);
    }
    let fit = MultinomialRegression::new().fit(&near).unwrap();
    assert!(failed(&fit.validity(&Observations::from(&near))).contains(&"rank"));
}

#[test]
fn units_and_offsets_of_columns_change_nothing() {
    let (plain, mut shifted) = (
        make(90, |i| (noise(i), class(i))),
        make(90, |i| (1e6 + 1e3 * noise(i), class(i))),
    );
    shifted.feature_names[1] = "z".to_owned();
    let models = |data: &Dataset| {
        let observations = Observations::from(data);
        let fit = MultinomialRegression::new().fit(data).unwrap();
        let analysis = fit.analyse(&observations).unwrap();
        let ordered = OrderedRegression::new().fit(data).unwrap();
        let cumulative = ordered.analyse(&observations).unwrap();
        let slope = analysis.place("x", Some(2)).unwrap();
        let effects = analysis.marginal_effects(&Covariance::Observed).unwrap();
        [
            analysis.profile(slope, 0.9).unwrap(),
            cumulative.profile(0, 0.9).unwrap(),
        ]
        .map(|found| [found.low, found.high])
        .concat()
        .into_iter()
        .chain([effects[2][0].estimate, effects[2][0].inference.std_error])
        .zip(
            [
                analysis.score(&["x"]).unwrap().statistic,
                cumulative.score(&["x"]).unwrap().statistic,
            ]
            .into_iter()
            .cycle(),
        )
        .collect::<Vec<_>>()
    };
    for (a, b) in models(&plain).into_iter().zip(models(&shifted)) {
        assert!((a.0 / (1e3 * b.0) - 1.0).abs() < 1e-7, "{a:?} {b:?}");
        assert!((a.1 / b.1 - 1.0).abs() < 1e-7, "{a:?} {b:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = make(60, |i| (noise(i), class(i)));
    let observations = Observations::from(&data);
    let fit = OrderedRegression::new().fit(&data).unwrap();
    let other = make(60, |i| (noise(i + 1), class(i)));
    let error = fit.analyse(&Observations::from(&other)).unwrap_err();
    assert!(
        error.to_string().contains("not those of the fit"),
        "{error}"
    );
    let ridge = MultinomialRegression::new().penalised(Penalty::ridge(0.1));
    let ridge = ridge.fit(&data).unwrap();
    assert!(ridge.analyse(&observations).is_err());
    assert_eq!(failed(&ridge.validity(&observations)), ["penalty"]);

    let analysis = fit.analyse(&observations).unwrap();
    let twice = Mat::from_fn(2, 4, |i, j| flag(j == 0) * (1.0 + i as f64));
    for equations in [twice.as_ref(), twice.as_ref().subcols(0, 3)] {
        let test = analysis.likelihood_ratio_of(equations, &[0.0; 2]);
        assert!(matches!(test, Err(FitError::Inference { .. })), "{test:?}");
    }
    assert!(analysis.score(&["x", "x"]).is_err());
    assert!(matches!(
        analysis.score(&["w"]),
        Err(FitError::UnknownColumn { .. })
    ));
    assert!(
        analysis
            .deviance_table(&[vec!["x".into(), "x".into()]])
            .is_err()
    );
    // Away from the optimum there is nothing to count likelihoods from.
    let short = FitOptions::default().iterations(1);
    let early = MultinomialRegression::new()
        .fit_with(&data, &short)
        .unwrap();
    assert!(failed(&early.validity(&observations)).contains(&"convergence"));
    let early = early.analyse(&observations).unwrap();
    for refused in [
        early.profile(0, 0.95).map(|_| ()),
        early.likelihood_ratio(&["x"]).map(|_| ()),
    ] {
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("did not reach its optimum")
        );
    }
    // Equal thresholds have likelihood 0.
    let equal = Mat::from_fn(1, 4, |_, j| flag(j == 2) - flag(j == 3));
    assert!(
        analysis
            .likelihood_ratio_of(equal.as_ref(), &[0.0])
            .is_err()
    );
    // A hypothesis that leaves nothing free has the likelihood of that point.
    let all = Mat::from_fn(4, 4, |i, j| flag(i == j));
    let point = analysis
        .likelihood_ratio_of(all.as_ref(), &[0.0, 0.0, -1.0, 1.0])
        .unwrap();
    let p = [
        1.0 / (1.0 + 1.0_f64.exp()),
        0.5 - 1.0 / (1.0 + 1.0_f64.exp()),
    ];
    let loss: f64 = data
        .target
        .iter()
        .map(|y| {
            if *y == 1.0 {
                -(2.0 * p[1]).ln()
            } else {
                -p[0].ln()
            }
        })
        .sum();
    assert!((point.statistic - 2.0 * (loss + fit.log_likelihood())).abs() < 1e-9);
}

#[test]
fn what_one_row_or_cluster_determines_has_no_robust_error() {
    // z is 1 in one row, of the middle class, or in the rows of one cluster alone.
    let clusters: Vec<usize> = (0..120).map(|i| i / 12).collect();
    let one_row = |i: usize| flag(i == 40);
    let one_cluster = |i: usize| flag(clusters[i] == 3);
    let of = |z: &dyn Fn(usize) -> f64| {
        let x = Mat::from_fn(120, 2, |i, j| if j == 0 { noise(i) } else { z(i) });
        let y = (0..120).map(|i| if i == 40 { 1.0 } else { class(i) });
        Dataset::new(x, ["x", "z"], y.collect::<Vec<_>>(), "y")
    };
    for (data, covariance) in [
        (of(&one_row), Covariance::Hc0),
        (of(&one_row), Covariance::Hc1),
        (of(&one_row), Covariance::Clustered(&clusters)),
        (of(&one_cluster), Covariance::Clustered(&clusters)),
    ] {
        let observations = Observations::from(&data);
        let fit = OrderedRegression::new().fit(&data).unwrap();
        let analysis = fit.analyse(&observations).unwrap();
        let found = analysis.coefficients(&covariance).unwrap();
        let none = found.iter().filter(|c| c.inference.is_none());
        assert_eq!(none.map(|c| c.name.as_str()).collect::<Vec<_>>(), ["z"]);
        // A test that does not speak of z has a variance.
        assert!(analysis.wald(&["x"], &covariance).unwrap().statistic > 0.0);
        assert!(analysis.wald(&["z"], &covariance).is_err());
    }
    let data = of(&one_cluster);
    let observations = Observations::from(&data);
    let fit = MultinomialRegression::new().fit(&data).unwrap();
    let analysis = fit.analyse(&observations).unwrap();
    let alone = analysis
        .undetermined(&Covariance::Clustered(&clusters))
        .unwrap();
    assert_eq!(alone, [false, false, true, false, false, true]);
    assert!(
        !analysis
            .undetermined(&Covariance::Hc0)
            .unwrap()
            .contains(&true)
    );
}

#[test]
fn effects_of_a_category_move_its_columns_together() {
    // Levels 0, 1 and 2 alone: the effects are differences of the shares of the classes in the rows of two levels.
    let level = |i: usize| (i * 5 + i / 7) % 3;
    let x = Mat::from_fn(90, 2, |i, j| flag(level(i) == j + 1));
    let y: Vec<f64> = (0..90).map(class).collect();
    let share = |l: usize, k: usize| {
        let rows = || (0..90).filter(|i| level(*i) == l);
        rows().filter(|i| y[*i] == k as f64).count() as f64 / rows().count() as f64
    };
    let data = Dataset::new(x, ["b", "c"], y.clone(), "y");
    let observations = Observations::from(&data);
    let fit = MultinomialRegression::new().fit(&data).unwrap();
    let analysis = fit.analyse(&observations).unwrap();
    let at = |l: usize| Mat::from_fn(90, 2, |_, j| flag(j + 1 == l));
    let effects =
        analysis.effect_between("c", at(0).as_ref(), at(2).as_ref(), &Covariance::Observed);
    for (k, effect) in effects.unwrap().into_iter().enumerate() {
        let [a, b] = [share(0, k), share(2, k)];
        assert!((effect.estimate - (b - a)).abs() < 1e-9, "{effect:?}");
        let rows = |l: usize| (0..90).filter(|i| level(*i) == l).count() as f64;
        let variance = a * (1.0 - a) / rows(0) + b * (1.0 - b) / rows(2);
        assert!(
            (effect.inference.std_error - variance.sqrt()).abs() < 1e-9,
            "{effect:?}"
        );
    }
}
