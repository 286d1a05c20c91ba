//! Every kind of model against fits by R and Python that were refined to 15 digits; `reference/README.md` says how they were made.

use datasets::{CsvOptions, Dataset, Formula, Frame, Preparation, Response};
use models::glm::{
    Distribution, GeneralisedLinearModel, Link, MultinomialRegression, OrderedRegression, Penalty,
    RobustRegression, Weights,
};
use serde_json::Value;
use train::{Coefficient, Fit, FitError, FitOptions, Solver};

fn cases(prefixes: &[&str]) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("reference/reference.json")).unwrap();
    let wanted = |case: &Value| prefixes.iter().any(|p| name(case).starts_with(p));
    let found: Vec<Value> = all.into_iter().filter(wanted).collect();
    assert!(!found.is_empty(), "no cases {prefixes:?}");
    found
}

fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap()
}

fn frame() -> Frame {
    let text = include_str!("reference/data.csv");
    CsvOptions::new()
        .read_from("data.csv", text.as_bytes())
        .unwrap()
}

/// The data of a case.
fn data(case: &Value, response: Response) -> Dataset {
    let options = &case["options"];
    // Some targets are explained in words after a comma.
    let target = options["target"]
        .as_str()
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    let formula: Formula = format!("{target} ~ x1 + x2 + g").parse().unwrap();
    let mut preparation = Preparation::formula(formula).response(response);
    if !options["weights"].is_null() {
        preparation = preparation.weights("w");
    }
    if !options["trials"].is_null() {
        preparation = preparation.trials("n");
    }
    let frame = frame();
    let mut data = preparation.learn(&frame).unwrap().dataset(&frame).unwrap();
    if !options["offset"].is_null() {
        let e = frame.numbers(frame.named("e").unwrap()).unwrap();
        data.offset = Some(e.iter().map(|e| e.ln()).collect());
    }
    data
}

/// Our names as R writes them.
fn in_r(name: &str) -> String {
    match name {
        "(intercept)" => "(Intercept)".to_owned(),
        "g[T.B]" => "gB".to_owned(),
        "g[T.C]" => "gC".to_owned(),
        other => other.to_owned(),
    }
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs() / expected.abs().max(0.01);
    assert!(
        error <= tolerance,
        "{what}: {found} instead of {expected} ({error:.1e})"
    );
}

/// Estimates and standard errors, found by the names of the reference.
#[track_caller]
fn check<'c>(
    case: &Value,
    errors: &Value,
    coefficients: impl Iterator<Item = (String, &'c Coefficient)>,
    tolerance: f64,
) {
    let mut seen = 0;
    for (key, c) in coefficients {
        let what = format!("{}, {key}", name(case));
        let expected = &case["coefficients"][&key]["estimate"];
        let expected = expected
            .as_f64()
            .unwrap_or_else(|| panic!("{what} is not there"));
        close(c.estimate, expected, tolerance, &what);
        let error = errors[&key]
            .as_f64()
            .or_else(|| errors[&key]["std_error"].as_f64());
        if let (Some(error), Some(inference)) = (error, &c.inference) {
            close(
                inference.std_error,
                error,
                tolerance,
                &format!("{what}, error"),
            );
        }
        seen += 1;
    }
    assert_eq!(
        seen,
        case["coefficients"].as_object().unwrap().len(),
        "{}",
        name(case)
    );
}

fn distribution(family: &str) -> (Distribution, bool) {
    let quasi = family.starts_with("quasi");
    let distribution = match family.trim_start_matches("quasi") {
        "binomial" => Distribution::Binomial,
        "gaussian" => Distribution::Gaussian,
        "poisson" => Distribution::Poisson,
        "gamma" | "Gamma" => Distribution::Gamma,
        "inverse_gaussian" | "inverse.gaussian" => Distribution::InverseGaussian,
        "tweedie" => Distribution::Tweedie { power: 1.5 },
        "negative_binomial" => Distribution::NegativeBinomial { theta: 2.0 },
        other => panic!("family {other}"),
    };
    (distribution, quasi)
}

fn link(name: &str) -> Link {
    match name {
        "inverse_squared" | "1/mu^2" => Link::InverseSquare,
        other => other.parse().unwrap(),
    }
}

fn model(case: &Value) -> GeneralisedLinearModel {
    let (distribution, quasi) = distribution(case["family"].as_str().unwrap());
    let model =
        GeneralisedLinearModel::new(distribution).link(link(case["link"].as_str().unwrap()));
    if quasi { model.quasi() } else { model }
}

#[test]
fn generalised_linear_models() {
    let mut seen = 0;
    for case in cases(&[
        "binomial_",
        "gaussian_",
        "poisson_",
        "gamma_",
        "inverse_gaussian_",
        "tweedie_",
        "quasi",
        "negative_binomial_theta_2",
    ]) {
        let data = data(&case, Response::Number);
        // Weights of R are precisions where the dispersion is estimated.
        let fit = model(&case)
            .weights_are(Weights::Analytic)
            .fit(&data)
            .unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &case["coefficients"], coefficients, 1e-9);
        close(
            fit.deviance(),
            case["deviance"].as_f64().unwrap(),
            1e-10,
            name(&case),
        );
        close(
            fit.null_deviance(),
            case["null_deviance"].as_f64().unwrap(),
            1e-10,
            name(&case),
        );
        close(
            fit.dispersion().value,
            case["dispersion"].as_f64().unwrap(),
            1e-9,
            name(&case),
        );
        if let (Some(found), Some(expected)) =
            (fit.log_likelihood(), case["log_likelihood"].as_f64())
        {
            close(
                found,
                expected,
                1e-10,
                &format!("{}, log-likelihood", name(&case)),
            );
        }
        assert!(
            fit.certificate().gradient_max < 1e-9,
            "{}: {:?}",
            name(&case),
            fit.certificate()
        );
        if let Some(repeated) = case.get("as_frequency_weights") {
            let fit = model(&case).fit(&data).unwrap();
            let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
            let errors = &repeated["std_error"];
            assert!(errors.is_object(), "{repeated}");
            check(&case, errors, coefficients, 1e-9);
        }
        seen += 1;
    }
    assert!(seen >= 33, "{seen} cases");
}

#[test]
fn multinomial_and_ordered() {
    for case in cases(&["multinomial"]) {
        let data = data(&case, Response::Classes);
        let fit = MultinomialRegression::new().fit(&data).unwrap();
        let label = |k: &Option<usize>| fit.labels()[k.unwrap()].clone();
        let names = fit.classes().iter().zip(fit.coefficients());
        let names = names.map(|(k, c)| (format!("{}:{}", label(k), in_r(&c.name)), c));
        check(&case, &case["coefficients"], names, 1e-9);
        close(
            fit.log_likelihood(),
            case["log_likelihood"].as_f64().unwrap(),
            1e-11,
            name(&case),
        );
    }
    for case in cases(&[
        "ordered_logit",
        "ordered_probit",
        "ordered_cloglog",
        "ordered_cauchit",
    ]) {
        let data = data(&case, Response::Classes);
        let link = link(case["link"].as_str().unwrap());
        let fit = OrderedRegression::new().link(link).fit(&data).unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &case["coefficients"], coefficients, 1e-9);
        close(
            fit.log_likelihood(),
            case["log_likelihood"].as_f64().unwrap(),
            1e-11,
            name(&case),
        );
    }
}

#[test]
fn elastic_nets_bounds_and_factors() {
    for case in cases(&[
        "elastic_net_gaussian",
        "elastic_net_binomial",
        "elastic_net_poisson",
    ]) {
        let data = data(&case, Response::Number);
        let options = &case["options"];
        let (lambda, alpha) = (
            options["lambda"].as_f64().unwrap(),
            options["alpha"].as_f64().unwrap(),
        );
        for solver in Solver::ALL {
            let fit = model(&case)
                .penalised(Penalty::elastic_net(lambda, alpha))
                .fit_with(&data, &FitOptions::default().solver(solver));
            // What has no slope at 0 is not for these two, and they say so.
            if [Solver::Lbfgs, Solver::NewtonCg].contains(&solver) {
                assert!(matches!(fit, Err(FitError::Solver { .. })));
                continue;
            }
            let fit = fit.unwrap();
            let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
            check(&case, &Value::Null, coefficients, 1e-9);
        }
    }
    for case in cases(&["elastic_net_multinomial"]) {
        let symmetric = name(&case).ends_with("symmetric");
        if !symmetric {
            continue;
        }
        let data = data(&case, Response::Classes);
        let options = &case["options"];
        let (lambda, alpha) = (
            options["lambda"].as_f64().unwrap(),
            options["alpha"].as_f64().unwrap(),
        );
        let fit = MultinomialRegression::new()
            .penalised(Penalty::elastic_net(lambda, alpha))
            .fit(&data)
            .unwrap();
        for (k, c) in fit.classes().iter().zip(fit.coefficients()) {
            let key = format!("{}:{}", fit.labels()[k.unwrap()], in_r(&c.name));
            let expected = &case["coefficients"][&key]["estimate"];
            // The reference may fix another level of the intercepts, which no probability depends on.
            if c.name != "(intercept)" {
                let what = format!("{}, {key}", name(&case));
                close(c.estimate, expected.as_f64().unwrap(), 1e-8, &what);
            }
        }
    }
    let case = &cases(&["ridge_logistic_factors"])[0];
    let lambda = case["options"]["lambda"].as_f64().unwrap();
    let penalty = Penalty::ridge(lambda)
        .factor("x1", 0.0)
        .factor("g[T.B]", 2.0)
        .factor("g[T.C]", 2.0);
    let fit = GeneralisedLinearModel::new(Distribution::Binomial).penalised(penalty);
    let fit = fit.fit(&data(case, Response::Number)).unwrap();
    let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
    check(case, &Value::Null, coefficients, 1e-9);
    for case in cases(&["box_logistic"]) {
        let mut penalty = Penalty::none();
        for (column, bounds) in case["options"]["bounds"].as_object().unwrap() {
            let low = bounds[0].as_f64().unwrap_or(f64::NEG_INFINITY);
            let high = bounds[1].as_f64().unwrap_or(f64::INFINITY);
            let column = column.replace("gB", "g[T.B]").replace("gC", "g[T.C]");
            penalty = penalty.bounds(column, low, high);
        }
        let fit = GeneralisedLinearModel::new(Distribution::Binomial).penalised(penalty);
        let fit = fit.fit(&data(&case, Response::Number)).unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &Value::Null, coefficients, 1e-9);
    }
}

#[test]
fn negative_binomial_with_an_estimated_theta() {
    for case in cases(&[
        "negative_binomial",
        "negative_binomial_offset",
        "negative_binomial_weights",
    ]) {
        if name(&case) == "negative_binomial_theta_2" {
            continue;
        }
        let data = data(&case, Response::Number);
        let fit = GeneralisedLinearModel::negative_binomial()
            .fit(&data)
            .unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &case["coefficients"], coefficients, 1e-9);
        let theta = fit.theta().unwrap();
        close(
            theta.value,
            case["theta"].as_f64().unwrap(),
            1e-9,
            name(&case),
        );
        close(
            theta.std_error,
            case["theta_std_error"].as_f64().unwrap(),
            1e-9,
            name(&case),
        );
        close(
            fit.log_likelihood().unwrap(),
            case["log_likelihood"].as_f64().unwrap(),
            1e-11,
            name(&case),
        );
    }
}

#[test]
fn firth_s_penalty() {
    for case in cases(&["firth_logit"]) {
        let mut data = data(&case, Response::Number);
        if name(&case) == "firth_logit_separated" {
            // The target is 0 wherever g is C.
            for i in 0..data.target.len() {
                data.target[i] *= 1.0 - data.features[(i, 3)];
            }
            let free = GeneralisedLinearModel::new(Distribution::Binomial).fit(&data);
            assert!(matches!(free, Err(FitError::Separated { .. })));
        }
        let fit = GeneralisedLinearModel::new(Distribution::Binomial)
            .firth()
            .fit(&data)
            .unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &case["coefficients"], coefficients, 1e-9);
        assert!(
            fit.certificate().gradient_max < 1e-12,
            "{:?}",
            fit.certificate()
        );
        assert_eq!(fit.aic(), None);
    }
}

#[test]
fn firth_s_penalty_for_several_classes() {
    // With two classes it is that of logistic regression.
    let case = &cases(&["firth_logit"])[0];
    let two = data(case, Response::Number);
    let fit = MultinomialRegression::new().firth().fit(&two).unwrap();
    let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
    check(case, &case["coefficients"], coefficients, 1e-8);
    // With three, it moves estimates towards 0, and keeps them finite where a class is told apart without error.
    let case = &cases(&["multinomial"])[0];
    let mut three = data(case, Response::Classes);
    for i in 0..three.target.len() {
        if three.features[(i, 0)] > 1.0 {
            three.target[i] = 2.0;
        } else if three.target[i] == 2.0 {
            three.target[i] = f64::from(u8::from(i % 2 == 0));
        }
    }
    assert!(MultinomialRegression::new().fit(&three).is_err());
    let fit = MultinomialRegression::new().firth().fit(&three).unwrap();
    assert!(
        fit.coefficients()
            .iter()
            .all(|c| c.estimate.abs() < 50.0 && c.inference.is_some())
    );
    assert!(
        fit.certificate().gradient_max < 1e-8,
        "{:?}",
        fit.certificate()
    );
}

#[test]
fn robust_losses() {
    for case in cases(&["huber", "quantile"]) {
        let options = &case["options"];
        let model = match (options["k"].as_f64(), options["tau"].as_f64()) {
            (Some(k), _) => RobustRegression::huber(k, 1.0),
            (_, tau) => RobustRegression::quantile(tau.unwrap()),
        };
        let data = data(&case, Response::Number);
        let fit = model.fit(&data).unwrap();
        let coefficients = fit.coefficients().iter().map(|c| (in_r(&c.name), c));
        check(&case, &Value::Null, coefficients, 1e-10);
        close(
            fit.objective(),
            case["mean_objective"].as_f64().unwrap(),
            1e-12,
            name(&case),
        );
        assert_eq!(fit.certificate().status, train::Status::Converged);
        // A weight is a number of repetitions.
        let mut weighted = data.clone();
        weighted.weights = Some((0..data.target.len()).map(|i| (1 + i % 3) as f64).collect());
        let rows: Vec<usize> = (0..data.target.len())
            .flat_map(|i| vec![i; 1 + i % 3])
            .collect();
        let (a, b) = (
            model.fit(&weighted).unwrap(),
            model.fit(&data.select(&rows)).unwrap(),
        );
        for (a, b) in a.coefficients().iter().zip(b.coefficients()) {
            close(a.estimate, b.estimate, 1e-9, name(&case));
        }
    }
}
