//! Inference for multinomial and ordered regressions against R (nnet, MASS, ordinal, brglm2, and likelihoods written out):
//! `tests/inference/classes.R` has the script, `classes.json` what it found.

#[path = "common/inference.rs"]
mod shared;

use datasets::Dataset;
use linalg::Mat;
use models::glm::{Link, MultinomialRegression, OrderedRegression};
use serde_json::Value;
use shared::{close, close_matrix, close_test, column, file};
use train::{ClassAnalysis, Covariance, Fit, MultinomialFit, Observations, OrderedFit};

fn reference() -> Value {
    serde_json::from_str(&file("classes.json")).unwrap()
}

/// `yn` cut into classes as the script cuts it, beside these columns; no more classes than `most`.
fn data(names: &[&str], most: f64, reference: &Value) -> Dataset {
    let cuts: Vec<f64> = serde_json::from_value(reference["cutpoints"].clone()).unwrap();
    let class = |y: &f64| (cuts.iter().filter(|cut| *cut <= y).count() as f64).min(most - 1.0);
    let target: Vec<f64> = column("yn").iter().map(class).collect();
    let columns: Vec<Vec<f64>> = names.iter().map(|name| column(name)).collect();
    let x = Mat::from_fn(target.len(), columns.len(), |i, j| columns[j][i]);
    Dataset::new(x, names.iter().copied(), target, "class")
}

enum Either {
    Multinomial(Box<MultinomialFit>),
    Ordered(Box<OrderedFit>),
}

impl Either {
    fn new(name: &str, data: &Dataset) -> Self {
        let link = match name {
            "ordered_probit" => Link::Probit,
            "ordered_cauchit" => Link::Cauchit,
            "ordered_cloglog" => Link::Cloglog,
            _ => Link::Logit,
        };
        if name.starts_with("ordered") {
            let fit = OrderedRegression::new().link(link).fit(data);
            Self::Ordered(Box::new(fit.unwrap()))
        } else {
            let fit = MultinomialRegression::new().fit(data);
            Self::Multinomial(Box::new(fit.unwrap()))
        }
    }

    fn analyse<'a>(&'a self, data: &Observations<'a>) -> ClassAnalysis<'a> {
        match self {
            Self::Multinomial(fit) => fit.analyse(data),
            Self::Ordered(fit) => fit.analyse(data),
        }
        .unwrap()
    }
}

const CASES: [&str; 7] = [
    "ordered_logit",
    "ordered_probit",
    "ordered_cauchit",
    "ordered_cloglog",
    "ordered_logit_weights",
    "multinomial",
    "multinomial_weights",
];

fn each(f: impl Fn(&str, &Value, &ClassAnalysis<'_>)) {
    let reference = reference();
    for name in CASES {
        let mut data = data(&["x1", "x2", "g"], 4.0, &reference);
        if name.ends_with("weights") {
            data.weights = Some(column("w"));
        }
        let fit = Either::new(name, &data);
        f(
            name,
            &reference[name],
            &fit.analyse(&Observations::from(&data)),
        );
    }
}

#[test]
fn estimates_and_covariances_are_those_of_r() {
    each(|name, expected, analysis| {
        for (j, c) in analysis.fit().coefficients().iter().enumerate() {
            close(c.estimate, &expected["coefficients"][j], 1e-9, name);
        }
        close(
            analysis.fit().log_likelihood(),
            &expected["loglik"],
            1e-12,
            name,
        );
        for (kind, field) in [
            (Covariance::Observed, "vcov"),
            (Covariance::Expected, "vcov_expected"),
        ] {
            let found = analysis.covariance(&kind).unwrap();
            close_matrix(found.as_ref(), &expected[field], 1e-8, name);
        }
    });
}

#[test]
fn profiles_are_those_of_r() {
    each(|name, expected, analysis| {
        for j in 0..analysis.fit().coefficients().len() {
            let found = analysis.profile(j, 0.95).unwrap();
            let what = format!("{name} {j}");
            close(found.low, &expected["profile"][j][0], 1e-8, &what);
            close(found.high, &expected["profile"][j][1], 1e-8, &what);
        }
        assert!(analysis.profile(0, 1.0).is_err() && analysis.profile(99, 0.9).is_err());
    });
}

#[test]
fn tests_are_those_of_r() {
    each(|name, expected, analysis| {
        let tests = &expected["drop_x2_g"];
        let names = ["x2", "g"];
        close_test(
            analysis.likelihood_ratio(&names).unwrap(),
            &tests["lr"],
            1e-9,
            name,
        );
        close_test(analysis.score(&names).unwrap(), &tests["score"], 1e-8, name);
        let wald = analysis.wald(&names, &Covariance::Observed).unwrap();
        close_test(wald, &tests["wald"], 1e-8, name);

        match analysis.equal_slopes() {
            Ok(test) => close_test(test, &expected["equal_slopes"], 1e-8, name),
            Err(error) => assert!(name.starts_with("multinomial"), "{error}"),
        }

        let tests = &expected["linear"];
        let entry = |i: usize, j: usize| tests["equations"][i][j].as_f64().unwrap();
        let m = analysis.fit().coefficients().len();
        let r = Mat::from_fn(2, m, entry);
        let right = [0.3, 0.5];
        let ratio = analysis.likelihood_ratio_of(r.as_ref(), &right).unwrap();
        close_test(ratio, &tests["lr"], 1e-9, name);
        let score = analysis.score_of(r.as_ref(), &right).unwrap();
        close_test(score, &tests["score"], 1e-8, name);
        let wald = analysis
            .wald_of(r.as_ref(), &right, &Covariance::Observed)
            .unwrap();
        close_test(wald, &tests["wald"], 1e-8, name);

        let terms: Vec<Vec<String>> = ["x1", "x2", "g"].map(|t| vec![t.to_owned()]).to_vec();
        let table = analysis.deviance_table(&terms).unwrap();
        for (k, row) in table.iter().enumerate() {
            close(row.deviance, &expected["deviances"][k], 1e-11, name);
            let before = k.checked_sub(1).map(|k| &table[k]);
            assert_eq!(row.test.is_some(), before.is_some());
            if let (Some(test), Some(before)) = (row.test, before) {
                assert!((test.statistic - (before.deviance - row.deviance)).abs() < 1e-9);
                let of_column = (m - 3) / 3;
                assert!((before.freedom - row.freedom - of_column as f64).abs() < 1e-12);
            }
        }
    });
}

#[test]
fn effects_and_predictions_are_those_of_the_delta_method() {
    each(|name, expected, analysis| {
        let effects = analysis.marginal_effects(&Covariance::Observed).unwrap();
        for (class, effects) in effects.iter().enumerate() {
            for effect in effects {
                let of = &expected["effects"][&effect.name];
                let what = format!("{name} {} {class}", effect.name);
                close(effect.estimate, &of["estimate"][class], 1e-8, &what);
                close(
                    effect.inference.std_error,
                    &of["std_error"][class],
                    1e-7,
                    &what,
                );
                assert_eq!(effect.discrete, effect.name == "g");
            }
        }
        for j in 0..3 {
            let sum: f64 = effects.iter().map(|class| class[j].estimate).sum();
            assert!(sum.abs() < 1e-12, "{name}: {sum}");
        }
        let rows: Vec<Vec<f64>> = serde_json::from_value(reference()["new_rows"].clone()).unwrap();
        let new = Mat::from_fn(3, 3, |i, j| rows[i][j]);
        let found = analysis
            .predict(new.as_ref(), 0.95, &Covariance::Observed)
            .unwrap();
        for (i, classes) in found.iter().enumerate() {
            for (k, p) in classes.iter().enumerate() {
                let what = format!("{name} {i} {k}");
                close(p.mean, &expected["probabilities"][i][k], 1e-9, &what);
                close(p.std_error, &expected["probability_se"][i][k], 1e-7, &what);
                close(
                    p.interval.low,
                    &expected["probability_low"][i][k],
                    1e-7,
                    &what,
                );
                close(
                    p.interval.high,
                    &expected["probability_high"][i][k],
                    1e-7,
                    &what,
                );
            }
        }
        let narrow = Mat::<f64>::zeros(1, 2);
        assert!(
            analysis
                .predict(narrow.as_ref(), 0.95, &Covariance::Observed)
                .is_err()
        );
    });
}

#[test]
fn firth_fits_have_penalised_profiles() {
    let reference = reference();
    let expected = &reference["firth"];
    let data = data(&["x1", "g"], 3.0, &reference);
    let fit = MultinomialRegression::new().firth().fit(&data).unwrap();
    let observations = Observations::from(&data);
    let analysis = fit.analyse(&observations).unwrap();
    close_matrix(
        analysis.covariance(&Covariance::Observed).unwrap().as_ref(),
        &expected["vcov"],
        1e-6,
        "firth",
    );
    for (j, c) in fit.coefficients().iter().enumerate() {
        close(c.estimate, &expected["coefficients"][j], 1e-7, "firth");
        let found = analysis.profile(j, 0.95).unwrap();
        close(found.low, &expected["profile"][j][0], 1e-7, &c.name);
        close(found.high, &expected["profile"][j][1], 1e-7, &c.name);
    }
    let ratio = analysis.likelihood_ratio(&["g"]).unwrap();
    close_test(ratio, &expected["lr_g"], 1e-7, "firth");
    for refused in [
        analysis.score(&["g"]).map(|_| ()),
        analysis.covariance(&Covariance::Hc0).map(|_| ()),
    ] {
        let sentence = refused.unwrap_err().to_string();
        assert!(
            sentence.contains("Firth's penalty is in force"),
            "{sentence}"
        );
    }
    let table = analysis
        .deviance_table(&[vec!["x1".into()], vec!["g".into()]])
        .unwrap();
    assert!(table.iter().all(|row| row.test.is_none()));
}
