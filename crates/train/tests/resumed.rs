//! Fits of several processes that were ended go on, with other numbers of processes too.

use std::sync::atomic::{AtomicUsize, Ordering};

use linalg::{Alone, Communicator, Leaves, MatRef, Values};
use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
use train::{
    Covariance, Explanatory, Fit, FitOptions, Journal, Observations, PathOptions, Solver,
    cross_validate, folds, validity,
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

fn observed<'l>(
    leaves: &'l dyn Leaves,
    names: &'l [String],
    labels: Option<&'l [String]>,
) -> Observations<'l> {
    Observations {
        features: Explanatory::Leaves { leaves, columns: 3 },
        names: names.into(),
        target: Values::Column { leaves, column: 3 },
        target_name: "y",
        labels,
        intercept: true,
        weights: None,
        offset: None,
        trials: None,
    }
}

fn bits(values: impl IntoIterator<Item = f64>) -> Vec<u64> {
    values.into_iter().map(f64::to_bits).collect()
}

/// Everything that asks rows for something, as bits.
fn everything(leaves: &dyn Leaves) -> Vec<u64> {
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let labels: Vec<String> = ["no", "yes"].map(str::to_owned).to_vec();
    let data = observed(leaves, &names, Some(&labels));
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
    bits(out)
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

/// Leaves behind a journal that count their visits.
#[derive(Debug)]
struct Journaled<'p> {
    parts: &'p Parts,
    journal: &'p Journal<'p>,
    visits: AtomicUsize,
}

impl Leaves for Journaled<'_> {
    fn columns(&self) -> usize {
        self.parts.columns()
    }
    fn starts(&self) -> &[usize] {
        self.parts.starts()
    }
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.parts.leaf(leaf)
    }
    fn first_block(&self, leaf: usize) -> usize {
        self.parts.first_block(leaf)
    }
    fn release(&self, _: usize) {
        self.visits.fetch_add(1, Ordering::Relaxed);
    }
    fn communicator(&self) -> &dyn Communicator {
        self.journal
    }
}

#[test]
fn a_fit_that_was_ended_goes_on_to_the_same_bits_from_any_place() {
    let parts = Parts::new(&[8192, 8192, 3616], 4, entry);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let logistic = GeneralisedLinearModel::new(Distribution::Binomial);
    let lasso = logistic.clone().penalised(Penalty::lasso(0.01));
    let run = |journal: &Journal<'_>, model: &GeneralisedLinearModel, solver: Solver| {
        let leaves = Journaled {
            parts: &parts,
            journal,
            visits: AtomicUsize::new(0),
        };
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let observations = observed(&leaves, &names, None);
        let options = FitOptions::default().solver(solver);
        let fit = model.fit_observations(&observations, &options).unwrap();
        journal.check().unwrap();
        let numbers = fit.coefficients().iter().flat_map(|c| {
            let error = c.inference.map_or(0.0, |i| i.std_error);
            [c.estimate, error]
        });
        let others = [fit.deviance(), fit.certificate().newton_decrement];
        (
            bits(numbers.chain(others)),
            leaves.visits.load(Ordering::Relaxed),
        )
    };
    for (model, solver) in [
        (&logistic, Solver::Automatic),
        (&logistic, Solver::Lbfgs),
        (&lasso, Solver::Automatic),
    ] {
        let journal = Journal::open(&path, "fit", &Alone).unwrap();
        let (whole, visits) = run(&journal, model, solver);
        drop(journal);
        let written = std::fs::read(&path).unwrap();
        // Ended by a crash after so many bytes, in the middle of a record or not.
        let mut before = usize::MAX;
        for part in [0, 1, 3, 7, 9, 10] {
            let bytes = written.len() * part / 10;
            std::fs::write(&path, &written[..bytes]).unwrap();
            let journal = Journal::open(&path, "fit", &Alone).unwrap();
            assert_eq!(journal.resumed() > 0, part > 0);
            let (again, others) = run(&journal, model, solver);
            assert_eq!(again, whole, "{part} of 10");
            assert!(others <= before, "{others} visits, {before} before");
            assert_eq!(others == visits, part == 0);
            assert!(part < 10 || 4 * others < visits, "{others} of {visits}");
            before = others;
            drop(journal);
            assert!(std::fs::read(&path).unwrap() == written);
        }
        // A bit that changed ends what is believed.
        let mut damaged = written.clone();
        damaged[written.len() / 2] ^= 4;
        std::fs::write(&path, &damaged).unwrap();
        let journal = Journal::open(&path, "fit", &Alone).unwrap();
        let (again, others) = run(&journal, model, solver);
        assert!(again == whole && others > 0 && others < visits);
        let second = Journal::open(&path, "fit", &Alone).unwrap_err();
        assert!(second.to_string().contains("another run"), "{second}");
        drop(journal);
        let other = Journal::open(&path, "fat", &Alone).unwrap_err();
        assert!(other.to_string().contains("another fit"), "{other}");
        // The journal of another fit under the name of this one is found out.
        let journal = Journal::open(&path, "fit", &Alone).unwrap();
        let mut wrong = [0; 3];
        journal.total(&mut wrong);
        assert!(journal.check().is_err());
        journal.remove();
        assert!(!path.exists());
    }
    std::fs::write(&path, "a letter to somebody").unwrap();
    let letter = Journal::open(&path, "fit", &Alone).unwrap_err();
    assert!(letter.to_string().contains("no journal"), "{letter}");
    let nowhere = Journal::open(folder.path().join("no/where"), "fit", &Alone).unwrap_err();
    assert!(nowhere.to_string().contains("cannot be"), "{nowhere}");
}
