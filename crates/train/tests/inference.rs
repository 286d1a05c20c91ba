//! Inference for generalised linear models against R (sandwich, car, MASS) and hand-written root finders: `tests/inference` has
//! the data, the scripts and what they printed.

#[path = "common/inference.rs"]
mod shared;

use datasets::Dataset;
use linalg::Mat;
use models::glm::{Distribution, GeneralisedLinearModel, MultinomialRegression, OrderedRegression};
use serde_json::Value;
use shared::*;
use train::{Covariance, Fit, FitError, Observations};

#[test]
fn covariances_are_those_of_sandwich() {
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    each(|name, expected, analysis| {
        let theta = if name == "negative_binomial" {
            1e-7
        } else {
            1e-9
        };
        let check = |kind: &Covariance<'_>, field: &str| {
            let found = analysis.covariance(kind).unwrap();
            close_matrix(
                found.as_ref(),
                &expected[field],
                theta,
                &format!("{name} {field}"),
            );
        };
        check(&Covariance::Expected, "vcov");
        if !expected["vcov_observed_information"].is_null() && name != "negative_binomial" {
            check(&Covariance::Observed, "vcov_observed_information");
        }
        check(&Covariance::Hc0, "hc0");
        check(&Covariance::Hc1, "hc1");
        check(&Covariance::Hc2, "hc2");
        check(&Covariance::Hc3, "hc3");
        // (n − 1) / (n − p) belongs to linear models.
        let kind = if name.starts_with("gaussian") {
            "cluster_hc1"
        } else {
            "cluster_hc0"
        };
        check(&Covariance::Clustered(&clusters), kind);
    });
}

#[test]
fn tests_are_those_of_anova_and_linear_hypothesis() {
    each(|name, expected, analysis| {
        let names = ["x2", "g"];
        let estimated = analysis.fit().dispersion().estimated;
        let tests = &expected["drop_x2_g"];
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        let pick = |known: &str, f: &str| tests[if estimated { f } else { known }].clone();
        let what = |test: &str| format!("{name} {test}");
        let lr = analysis.likelihood_ratio(&names).unwrap();
        close_test(lr, &pick("lr", "f"), bound, &what("lr"));
        let wald = analysis.wald(&names, &Covariance::Expected).unwrap();
        close_test(wald, &pick("wald", "wald_f"), bound, &what("wald"));
        if !estimated {
            for (kind, field) in [
                (Covariance::Hc0, "wald_hc0"),
                (Covariance::Hc1, "wald_hc1"),
                (Covariance::Hc3, "wald_hc3"),
            ] {
                let robust = analysis.wald(&names, &kind).unwrap();
                close_test(robust, &tests[field], bound, &what(field));
            }
        }
        let score = analysis.score(&names).unwrap();
        if estimated {
            // R gives a chi-square of the same dispersion.
            close(
                2.0 * score.statistic,
                &tests["rao"]["stat"],
                bound,
                &what("rao"),
            );
        } else {
            let field = if name == "negative_binomial" {
                "rao_theta_fixed_at_full"
            } else {
                "rao"
            };
            close_test(score, &tests[field], bound, &what(field));
        }
        let terms: Vec<Vec<String>> = ["x1", "x2", "g"]
            .iter()
            .map(|t| vec![(*t).to_owned()])
            .collect();
        let rows = analysis.deviance_table(&terms).unwrap();
        for (k, row) in rows.iter().enumerate() {
            close(
                row.deviance,
                &expected["sequential"]["deviance"][k],
                bound,
                &what("deviance"),
            );
        }
        for (k, row) in rows.iter().skip(1).enumerate() {
            let test = row.test.unwrap();
            if !estimated {
                close(
                    test.statistic,
                    &expected["sequential"]["chisq_stat"][k],
                    bound,
                    &what("table"),
                );
            }
        }
    });
}

#[test]
fn profile_intervals_are_those_of_confint() {
    each(|name, expected, analysis| {
        let estimated = analysis.fit().dispersion().estimated;
        let field = match (estimated, name) {
            (true, _) => "profile_ci_t",
            (false, "negative_binomial") => "profile_ci_theta_fixed",
            _ => "profile_ci",
        };
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        for (own, theirs) in [
            ("(intercept)", "(Intercept)"),
            ("x1", "x1"),
            ("x2", "x2"),
            ("g", "g"),
        ] {
            let interval = analysis.profile(own, 0.95).unwrap();
            let expected = &expected[field][theirs];
            close(
                interval.low,
                &expected[0],
                bound,
                &format!("{name} {own} low"),
            );
            close(
                interval.high,
                &expected[1],
                bound,
                &format!("{name} {own} high"),
            );
        }
    });
}

#[test]
fn firth_intervals_and_tests_are_those_of_penalised_profiles() {
    let reference = reference();
    let (_, rows) = table("data2.csv");
    let x = Mat::from_fn(rows.len(), 2, |i, j| rows[i][j]);
    let target = rows.iter().map(|row| row[2]).collect();
    let data = Dataset::new(x, ["z1", "z2"], target, "y");
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    assert!(matches!(model.fit(&data), Err(FitError::Separated { .. })));
    let model = model.firth();
    let fit = model.fit(&data).unwrap();
    let observations = Observations::from(&data);
    let analysis = fit.analyse(&model, &observations).unwrap();
    let expected = &reference["firth"]["data2"];
    for (own, theirs) in [("(intercept)", "(Intercept)"), ("z1", "z1"), ("z2", "z2")] {
        let interval = analysis.profile(own, 0.95).unwrap();
        close(interval.low, &expected["profile_ci"][theirs][0], 1e-7, own);
        close(interval.high, &expected["profile_ci"][theirs][1], 1e-7, own);
        let test = analysis.penalised_likelihood_ratio(own).unwrap();
        let kept = &expected["lr_keep_column_in_penalty"];
        close(test.statistic, &kept["stat"][theirs], 1e-7, own);
        close(test.p_value, &kept["p"][theirs], 1e-7, own);
    }
    // The ratio of likelihoods of other fits does not hold.
    assert!(analysis.likelihood_ratio(&["z1"]).is_err());
}

/// Three classes of `yn`, cut as the script cuts them.
fn classes(columns: &[&str], reference: &Value) -> Dataset {
    let cuts: Vec<f64> =
        serde_json::from_value(reference["ordered_logit"]["cutpoints"].clone()).unwrap();
    let class = |y: &f64| cuts.iter().filter(|cut| *cut <= y).count() as f64;
    let target: Vec<f64> = column("yn").iter().map(class).collect();
    let own: Vec<Vec<f64>> = columns.iter().map(|name| column(name)).collect();
    let x = Mat::from_fn(target.len(), own.len(), |i, j| own[j][i]);
    let mut data = Dataset::new(x, columns.iter().copied(), target, "class");
    data.labels = Some(vec!["1".into(), "2".into(), "3".into()]);
    data
}

#[test]
fn several_classes_have_the_tests_of_polr_and_multinom() {
    let reference = reference();
    let (large, small) = (
        classes(&["x1", "x2", "g"], &reference),
        classes(&["x1"], &reference),
    );
    let ordered = OrderedRegression::new();
    let (full, part) = (ordered.fit(&large).unwrap(), ordered.fit(&small).unwrap());
    let expected = &reference["ordered_logit"];
    close_test(
        full.likelihood_ratio(&part).unwrap(),
        &expected["lr_drop_x2_g"],
        1e-8,
        "ordered",
    );
    let mut equations = Mat::zeros(2, 5);
    (equations[(0, 1)], equations[(1, 2)]) = (1.0, 1.0);
    let observations = Observations::from(&large);
    let analysis = full.analyse(&observations).unwrap();
    let wald = analysis
        .wald_of(equations.as_ref(), &[0.0; 2], &Covariance::Observed)
        .unwrap();
    close_test(wald, &expected["wald_drop_x2_g"], 1e-7, "ordered");
    let multinomial = MultinomialRegression::new();
    let (full, part) = (
        multinomial.fit(&large).unwrap(),
        multinomial.fit(&small).unwrap(),
    );
    let expected = &reference["multinomial"];
    close_test(
        full.likelihood_ratio(&part).unwrap(),
        &expected["lr_drop_x2_g"],
        1e-8,
        "multinomial",
    );
    let analysis = full.analyse(&observations).unwrap();
    let wald = analysis.wald(&["x2", "g"], &Covariance::Observed).unwrap();
    close_test(wald, &expected["wald_drop_x2_g"], 1e-7, "multinomial");
    assert!(part.likelihood_ratio(&full).is_err());
    assert!(full.pseudo_r2().unwrap()[0] > part.pseudo_r2().unwrap()[0]);
}

#[test]
fn two_classes_have_the_robust_covariance_of_logistic_regression() {
    let (logit, mut data) = case("logit");
    data.labels = Some(vec!["no".into(), "yes".into()]);
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    let observations = Observations::from(&data);
    let fit = logit.fit(&data).unwrap();
    let analysis = fit.analyse(&logit, &observations).unwrap();
    let multinomial = MultinomialRegression::new().fit(&data).unwrap();
    let ordered = OrderedRegression::new().fit(&data).unwrap();
    for kind in [
        Covariance::Observed,
        Covariance::Hc0,
        Covariance::Hc1,
        Covariance::Clustered(&clusters),
    ] {
        let expected = analysis.covariance(&kind).unwrap();
        let several = multinomial.analyse(&observations).unwrap();
        let several = several.covariance(&kind).unwrap();
        let cumulative = ordered.analyse(&observations).unwrap();
        let cumulative = cumulative.covariance(&kind).unwrap();
        // Ordered coefficients are slopes, then the threshold, which is minus the intercept.
        let place = |j: usize| if j < 3 { (j + 1, 1.0) } else { (0, -1.0) };
        for i in 0..4 {
            for j in 0..4 {
                assert!(
                    (several[(i, j)] - expected[(i, j)]).abs() < 1e-10,
                    "{kind:?}"
                );
                let ((a, s), (b, t)) = (place(i), place(j));
                assert!(
                    (cumulative[(i, j)] - s * t * expected[(a, b)]).abs() < 1e-9,
                    "{kind:?}"
                );
            }
        }
    }
    let several = multinomial.analyse(&observations).unwrap();
    assert!(several.covariance(&Covariance::Hc3).is_err());
}
