//! What the examples of losses of one's own, of resumed trainings and of ported programs promise.

#![allow(missing_docs)]

use std::path::Path;
use std::process::Command;

use models::LogisticRegression;
use train::{Fit, LikelihoodCovariance, Status, Stopped};

#[path = "../custom_loss.rs"]
mod custom_loss;
#[path = "../port_from_pytorch.rs"]
mod port_from_pytorch;
#[path = "../resume.rs"]
mod resume;

#[test]
fn a_focal_loss_has_all_its_derivatives() {
    for gamma in [0.0, 0.5, 2.0, 5.0] {
        custom_loss::check_derivatives(gamma).unwrap();
    }
    let [exact, differences] =
        custom_loss::hessians(&custom_loss::data(), 2.0, &[0.5, -0.3, 0.2, 0.1]);
    for j in 0..4 {
        for i in j..4 {
            assert!((exact[(i, j)] - differences[(i, j)]).abs() < 1e-9);
        }
    }
    assert!(exact.norm_max() > 1e-2);
}

/// With γ = 0 it is the cross-entropy, whose fit is known from elsewhere.
#[test]
fn a_focal_loss_without_focus_is_logistic_regression() {
    let data = custom_loss::data();
    let known = LogisticRegression::new().fit(&data).unwrap();
    let found = custom_loss::newton(&data, 0.0).unwrap();
    let fit = custom_loss::fit(&data, 0.0).unwrap();
    let errors = fit.coefficients(LikelihoodCovariance::Information).unwrap();
    for (j, at) in [3, 0, 1, 2].into_iter().enumerate() {
        let known = &known.coefficients()[j];
        assert_eq!(known.name, errors[at].name);
        assert!((known.estimate - found.x[at]).abs() < 1e-9);
        assert!((known.estimate - errors[at].estimate).abs() < 1e-9);
        let [a, b] = [known, &errors[at]].map(|c| c.inference.unwrap().std_error);
        assert!((a / b - 1.0).abs() < 1e-7, "{a} {b}");
    }
}

#[test]
fn a_focal_loss_is_fitted_twice_alike() {
    let data = custom_loss::data();
    let found = custom_loss::newton(&data, 2.0).unwrap();
    let fit = custom_loss::fit(&data, 2.0).unwrap();
    assert_eq!(found.certificate.status, Status::Converged);
    assert_eq!(fit.certificate().status, Status::Converged);
    for (a, b) in found.x.iter().zip(fit.estimates()) {
        assert!((a - b).abs() < 1e-8, "{a} {b}");
    }
    // It is not the cross-entropy, and its sandwich not the inverse of its Hessian.
    let plain = custom_loss::fit(&data, 0.0).unwrap();
    assert!((plain.estimates()[0] - fit.estimates()[0]).abs() > 1e-2);
    let of = |kind| {
        fit.coefficients(kind).unwrap()[0]
            .inference
            .unwrap()
            .std_error
    };
    let ratio = of(LikelihoodCovariance::Sandwich) / of(LikelihoodCovariance::Information);
    assert!((ratio - 1.0).abs() > 0.05, "{ratio}");
}

const CHECKPOINT: &str = "EXAMPLE_CHECKPOINT";

/// The process that is killed: this test binary, told where its checkpoint is.
#[test]
fn the_process_that_is_killed() {
    if let Some(path) = std::env::var_os(CHECKPOINT) {
        resume::slow(Path::new(&path)).unwrap();
    }
}

#[test]
fn disturbed_trainings_end_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = resume::training(None, resume::Disturbance::default()).unwrap();
    assert_eq!(undisturbed.trained.stopped, Stopped::Epochs);
    assert_eq!(undisturbed.steps, 300);
    let last = undisturbed.trained.history.last().unwrap();
    assert!(last.loss < undisturbed.trained.history.epochs()[0].loss);

    let [first, second] = resume::stopped(&folder.path().join("stopped"), 137).unwrap();
    assert_eq!(first.trained.stopped, Stopped::Callback);
    assert_eq!((first.steps, second.steps), (137, 163));
    assert!(first.bits != undisturbed.bits);

    let path = folder.path().join("killed");
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "the_process_that_is_killed"])
        .env(CHECKPOINT, &path);
    let killed = resume::killed(process, &path).unwrap();
    assert!((1..300).contains(&killed.steps), "{}", killed.steps);
    for run in [second, killed] {
        assert_eq!(run.bits, undisturbed.bits);
        assert_eq!(
            resume::compare(&run, &undisturbed),
            "0 of 193 parameters differ in any bit; histories are equal"
        );
    }
}

#[test]
fn a_ported_program_does_what_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let costs = port_from_pytorch::run(&folder.path().join("port.safetensors")).unwrap();
    assert_eq!(costs.len(), 500);
}
