//! The list of the tutorials.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use crate::{
    diabetes, gradient_accumulation, linear_regression, manual_seed, nba_rookie, pictures,
    student_hours, two_layer_net,
};

/// What can go wrong with a file or with printing.
type Fault = Box<dyn Error + Send + Sync>;

/// How a tutorial is told.
#[derive(Debug, Clone, Copy)]
enum Told {
    Alone(fn(&mut dyn Write) -> io::Result<()>),
    /// From a file.
    From(fn(&Path, &mut dyn Write) -> Result<(), Fault>),
    /// By its pictures.
    Pictures,
}

/// A tutorial: what it prints, and the pictures that go with it.
///
/// ```
/// let seeds = examples::TUTORIALS.iter().find(|t| t.name == "manual-seed").ok_or("it is there")?;
/// let mut told = Vec::new();
/// seeds.tell(None, &mut told)?;
/// assert!(String::from_utf8(told)?.starts_with("torch.manual_seed(3): 0.0043 0.1056\n"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Tutorial {
    /// The name.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Which of [`pictures::NAMES`] go with it.
    pub pictures: &'static [&'static str],
    told: Told,
}

/// All tutorials.
pub const TUTORIALS: [Tutorial; 8] = [
    Tutorial {
        name: "student-hours",
        about: "logistic regression written in three ways",
        pictures: &["sigmoid", "threshold", "losses", "boundary", "graph"],
        told: Told::Alone(student_hours::tell),
    },
    Tutorial {
        name: "linear-regression",
        about: "gradient descent on a line",
        pictures: &["cost", "surface"],
        told: Told::Alone(linear_regression::tell),
    },
    Tutorial {
        name: "gradient-accumulation",
        about: "gradients that accumulate",
        pictures: &[],
        told: Told::Alone(gradient_accumulation::tell),
    },
    Tutorial {
        name: "manual-seed",
        about: "PyTorch's and NumPy's random numbers",
        pictures: &[],
        told: Told::Alone(manual_seed::tell),
    },
    Tutorial {
        name: "nba-rookie",
        about: "a gradient by hand beside the tape's",
        pictures: &["correlation"],
        told: Told::Alone(nba_rookie::tell),
    },
    Tutorial {
        name: "diabetes",
        about: "the scaled diabetes data from PyTorch's own start; its file is not included",
        pictures: &[],
        told: Told::From(diabetes::tell),
    },
    Tutorial {
        name: "two-layer-net",
        about: "a hidden layer",
        pictures: &[],
        told: Told::Alone(two_layer_net::tell),
    },
    Tutorial {
        name: "pictures",
        about: "all pictures: sigmoids, convex and other costs, surfaces, graphs",
        pictures: &pictures::NAMES,
        told: Told::Pictures,
    },
];

impl Tutorial {
    /// True if [`tell`](Self::tell) needs a file.
    pub fn needs_file(&self) -> bool {
        matches!(self.told, Told::From(_))
    }

    /// Prints the tutorial, step by step.
    ///
    /// # Errors
    /// If a file is needed and missing, or not needed and given; what is wrong with it; or if `out` cannot be written.
    pub fn tell(
        &self,
        file: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        match (self.told, file) {
            (Told::Alone(tell), None) => Ok(tell(out)?),
            (Told::Pictures, None) => Ok(()),
            (Told::From(tell), Some(file)) => tell(file, out),
            (Told::From(_), None) => {
                Err(format!("{} needs the file of its data", self.name).into())
            }
            (_, Some(file)) => Err(format!(
                "{} needs no file, and {} is given",
                self.name,
                file.display()
            )
            .into()),
        }
    }
}
