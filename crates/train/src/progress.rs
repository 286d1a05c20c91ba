//! How far a long computation is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function that is told how many parts of a computation are done, and of how many. It is called from any thread, in any order of
/// the parts, and changes nothing about the result. Without a function ([`Progress::default`]) nothing is told.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::Arc;
/// use datasets::generators::regression;
/// use datasets::random::ChaCha;
/// use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
/// use train::{PathOptions, Progress, path};
/// let data = regression(80, 6, 0.5, &mut ChaCha::new(3)).data;
/// let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
/// let most = Arc::new(AtomicUsize::new(0));
/// let seen = Arc::clone(&most);
/// let progress = Progress::new(move |done, all| {
///     assert_eq!(all, 100);
///     seen.fetch_max(done, Ordering::Relaxed);
/// });
/// path(&model, &(&data).into(), &PathOptions { progress, ..PathOptions::default() })?;
/// assert_eq!(most.load(Ordering::Relaxed), 100);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Listener>>);

type Listener = dyn Fn(usize, usize) + Send + Sync;

impl Progress {
    /// Tells this function.
    pub fn new(listener: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// So many parts are done of all.
    pub fn tell(&self, done: usize, all: usize) {
        if let Some(listener) = &self.0 {
            listener(done, all);
        }
    }

    /// Counts the parts of a computation.
    pub(crate) fn count(&self, all: usize) -> Count {
        Count {
            progress: self.clone(),
            done: Arc::default(),
            all,
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Progress(told)"
        } else {
            "Progress(silent)"
        })
    }
}

impl PartialEq for Progress {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() == b.is_none(),
        }
    }
}

/// The parts of one computation, counted by all its threads.
#[derive(Clone)]
pub(crate) struct Count {
    progress: Progress,
    done: Arc<AtomicUsize>,
    all: usize,
}

impl Count {
    /// One more is done.
    pub(crate) fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.tell(done, self.all);
    }

    /// What tells this count of each part of an inner computation.
    pub(crate) fn inner(&self) -> Progress {
        let own = self.clone();
        Progress::new(move |_, _| own.one())
    }
}
