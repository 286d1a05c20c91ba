//! Whether the thresholds of ordered classes have the same slopes.

use linalg::Mat;

use super::super::covariance::add_square;
use super::super::hypotheses::in_variances;
use super::super::{Reference, Test};
use super::response::{Kind, Predictors};
use super::{ClassAnalysis, refuse};
use crate::FitError;

impl ClassAnalysis<'_> {
    /// The score test that all thresholds of an ordered model have the same slopes (proportional odds, for the logit link), against a
    /// model in which each has slopes of its own: d (K − 2) degrees of freedom for d columns and K classes. By the expected information,
    /// as SAS's LOGISTIC has it; where classes have few rows it refuses too often (Peterson and Harrell 1990).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the model is not an ordered one with columns and at least three classes, or the rows of a class do not
    /// suffice for slopes of its own.
    pub fn equal_slopes(&self) -> Result<Test, FitError> {
        let Predictors {
            kind,
            number,
            entries,
        } = self.predictors;
        let freedom = (entries - 1) * (number - 1);
        if kind == Kind::Multinomial || freedom == 0 {
            return Err(refuse(
                "equal slopes are a property of ordered models with columns and three or more classes",
            ));
        }
        // A predictor for each threshold with all coefficients of its own, as classes of multinomial models have.
        let own = Predictors {
            kind: Kind::Multinomial,
            number,
            entries,
        };
        let m = own.parameters();
        let (mut score, mut information) = (vec![0.0; m], Mat::zeros(m, m));
        self.each_row(&self.gamma, |i, z, u| {
            let copies = self.copies(i);
            let mut slope = self.predictors.score(u, self.classes.of(i));
            slope.iter_mut().for_each(|slope| *slope *= copies);
            own.add(&slope, z, &mut score);
            for (class, share) in self.predictors.response(u).p.iter().enumerate() {
                let mut direction = vec![0.0; m];
                own.add(&self.predictors.score(u, class), z, &mut direction);
                add_square(&mut information, copies * share, &direction);
            }
        });
        let score = Mat::from_fn(m, 1, |i, _| score[i]);
        let statistic = in_variances(&score, &information).map_err(|_| {
            refuse(
                "a class has too few rows for slopes of its own, so equal slopes cannot be tested",
            )
        })?;
        Ok(Test::new(statistic, Reference::ChiSquare(freedom as f64)))
    }
}
