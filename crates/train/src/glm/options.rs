//! How a fit is made.

use std::fmt;

/// A way to the optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Solver {
    /// Chosen from the size of the problem and its penalty; the fit says which, and why.
    #[default]
    Automatic,
    /// Newton's method with the full Hessian; proximal where there are l1 penalties or bounds.
    Newton,
    /// L-BFGS.
    Lbfgs,
    /// Newton's method by conjugate gradients.
    NewtonCg,
    /// Coordinate descent on working sets of columns.
    CoordinateDescent,
}

impl Solver {
    /// All solvers.
    pub const ALL: [Self; 5] = [
        Self::Automatic,
        Self::Newton,
        Self::Lbfgs,
        Self::NewtonCg,
        Self::CoordinateDescent,
    ];

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Newton => "newton",
            Self::Lbfgs => "lbfgs",
            Self::NewtonCg => "newton-cg",
            Self::CoordinateDescent => "coordinate-descent",
        }
    }
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a fit is made, where the default does not do.
///
/// ```
/// use train::{FitOptions, Solver};
/// let options = FitOptions::default().solver(Solver::Lbfgs).iterations(50);
/// assert_eq!(options.solver, Solver::Lbfgs);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FitOptions {
    /// The solver.
    pub solver: Solver,
    /// The limit on iterations; the solver's own if `None`.
    pub iterations: Option<usize>,
    /// Where the iteration ends: for L-BFGS and Newton-CG the largest entry of the gradient in the solver's coordinates (columns of mean
    /// 0 and standard deviation 1; in those of the data an entry is as many times larger as its column is spread), for coordinate descent
    /// the duality gap by the objective without coefficients. Newton's method goes to working precision whatever is asked.
    pub tolerance: Option<f64>,
    /// Coefficients from which to start, intercept first.
    pub start: Option<Vec<f64>>,
}

impl FitOptions {
    /// With another solver.
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// With a limit on iterations.
    pub fn iterations(mut self, iterations: usize) -> Self {
        self.iterations = Some(iterations);
        self
    }

    /// With a tolerance.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// From these coefficients, intercept first: a warm start.
    pub fn start(mut self, coefficients: Vec<f64>) -> Self {
        self.start = Some(coefficients);
        self
    }
}
