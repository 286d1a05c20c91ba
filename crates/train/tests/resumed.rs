//! Fits of several processes that were ended go on, with other numbers of processes too.

use linalg::{Alone, Communicator, Leaves, Values};
use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
use train::{
    Covariance, Explanatory, Fit, FitOptions, Journal, Observations, PathOptions, cross_validate,
    folds, validity,
};

#[path = "../../linalg/tests/common/several.rs"]
mod several;

use several::{Parts, Share};

fn entry(row: usize, column: usize) -> f64 {
    let wave = |step: f64| (row as f64 * step).sin();
    match column {
        0 => wave(0.7),
        1 => 5.0 + wave(1.3),
        // A category of the first leaf alone.
        2 => f64::from(u8::from((20..60).contains(&row))),
        _ => f64::from(u8::from(wave(0.7) + 0.5 * wave(1.3) + wave(5.1) > 0.2)),
    }
}

/// Everything that asks rows for something, as bits.
fn everything(leaves: &dyn Leaves) -> Vec<u64> {
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let labels: Vec<String> = ["no", "yes"].map(str::to_owned).to_vec();
    let data = Observations {
        features: Explanatory::Leaves { leaves, columns: 3 },
        names: names.as_slice().into(),
        target: Values::Column { leaves, column: 3 },
        target_name: "y",
        labels: Some(&labels),
        intercept: true,
        weights: None,
        offset: None,
        trials: None,
    };
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    let fit = model
        .fit_observations(&data, &FitOptions::default())
        .unwrap();
    let mut out: Vec<f64> = fit.coefficients().iter().map(|c| c.estimate).collect();
    let sums = fit.analyse_sums(&model, &data).unwrap();
    for kind in [Covariance::Hc1, Covariance::Hc3] {
        let covariance = sums.covariance(&kind).unwrap();
        out.extend((0..4).map(|j| covariance[(j, j)]));
    }
    out.extend(sums.pseudo_r2().map(|value| value.unwrap_or(-1.0)));
    let holds = validity(&fit, &model, &data);
    out.extend(holds.iter().map(|c| f64::from(u8::from(c.holds))));
    // The category is not penalised, and constant without a fold.
    let free = Penalty::ridge(1.0).factor("c", 0.0);
    let options = PathOptions {
        count: 3,
        ..PathOptions::default()
    };
    let mut own = folds(&data, 3, 2).unwrap();
    let category = Values::Column { leaves, column: 2 };
    for (row, fold) in own.iter_mut().enumerate() {
        *fold = if category[row] == 1.0 { 0 } else { *fold };
    }
    let chosen = cross_validate(&model.penalised(free), data.clone(), &own, &options);
    let chosen = chosen.unwrap();
    out.extend(chosen.mean.iter().chain(&chosen.std_error));
    out.into_iter().map(f64::to_bits).collect()
}

#[test]
fn any_number_of_processes_goes_on_from_any_place() {
    let parts = Parts::new(&[300, 700, 100], 4, entry);
    let alone = everything(&parts);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let run = |size: usize| {
        several::run(size, |one| {
            let journal = Journal::open(&path, "all", one).unwrap();
            let found = everything(&Share::new(&parts, &journal));
            journal.check().unwrap();
            (journal.resumed(), found)
        })
    };
    // More processes than leaves: some have no rows, the first among them.
    for size in [1, 2, 3, 5] {
        let _ = std::fs::remove_file(&path);
        for (resumed, found) in run(size) {
            assert!(resumed == 0 && found == alone, "{size} processes");
        }
        let written = std::fs::read(&path).unwrap();
        for (tenths, others) in [(10, size), (9, 1), (6, 5), (4, 3), (2, 2), (0, 4)] {
            std::fs::write(&path, &written[..written.len() * tenths / 10]).unwrap();
            for (resumed, found) in run(others) {
                assert_eq!(resumed > 0, tenths > 0);
                assert!(
                    found == alone,
                    "{tenths} tenths, {size} and {others} processes"
                );
            }
        }
    }
    let journal = Journal::open(&path, "all", &Alone).unwrap();
    assert_eq!(journal.size(), 1);
    journal.remove();
    assert!(!path.exists());
}
