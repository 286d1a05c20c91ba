//! Functions of the coefficients, by the delta method.

use autodiff::{Inputs, Shape, Var};

use super::{Analysis, Covariance};
use crate::estimate::delta::delta;
use crate::{Delta, FitError};

impl Analysis<'_> {
    /// Smooth functions of the coefficients with standard errors by the delta method, for a covariance of the coefficients. The closure
    /// sees each coefficient as a number, in their order, intercept first, and may return any shape: several functions, such as
    /// `b[0].tape().concatenate_rows(&[…])`, have a joint covariance. Statistics are normal, or t where a dispersion was estimated.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance); [`FitError::Estimate`] if a value or a derivative is not finite.
    ///
    /// ```
    /// use datasets::Dataset;
    /// use linalg::mat;
    /// use models::glm::{Distribution, GeneralisedLinearModel};
    /// use train::{Covariance, Fit};
    /// // Male moths killed among 20 at the doses 1, 2, 4, …, 32 (Collett 1991): the dose that kills half of them.
    /// let dose = mat![[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]];
    /// let mut data = Dataset::new(dose, ["log2_dose"], vec![1.0, 4.0, 9.0, 13.0, 18.0, 20.0], "dead");
    /// data.trials = Some(vec![20.0; 6]);
    /// let model = GeneralisedLinearModel::new(Distribution::Binomial);
    /// let fit = model.fit(&data)?;
    /// let observations = (&data).into();
    /// let analysis = fit.analyse(&model, &observations)?;
    /// let half = analysis.delta(&Covariance::Expected, |b| -b[0] / b[1])?;
    /// // As R's MASS::dose.p has it.
    /// assert!((half.values[0] - 2.2388150891).abs() < 1e-9);
    /// assert!((half.std_error(0) - 0.2039870845).abs() < 1e-9);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn delta<'env, G>(&self, covariance: &Covariance<'_>, g: G) -> Result<Delta, FitError>
    where
        G: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
    {
        let matrix = self.covariance(covariance)?;
        let beta: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        let shapes = vec![Shape::new(1, 1); beta.len()];
        let freedom = self.freedom(covariance).unwrap_or(f64::INFINITY);
        delta(&shapes, &beta, matrix.as_ref(), freedom, g)
    }
}
