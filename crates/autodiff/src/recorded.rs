//! Derivatives that are recorded on the tape, so that they can be differentiated again, to any order.

use linalg::Scalar;

use crate::variable::Variables;
use crate::{Shape, Var};

impl<'t, T: Scalar> Var<'t, T> {
    /// The gradient of this 1x1 with respect to each of `variables`, recorded on the tape, so that it can be differentiated
    /// again. A variable on which nothing depends has a gradient of zeros.
    ///
    /// # Panics
    /// If it is not 1x1, or one of `variables` is not a variable of this tape.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.variable(&[2.0_f64]);
    /// let first = (x * x * x).grad(&[x])[0];
    /// let second = first.grad(&[x])[0];
    /// assert_eq!((first.item(), second.item(), second.backward()[x][(0, 0)]), (12.0, 12.0, 6.0));
    /// ```
    #[track_caller]
    pub fn grad(self, variables: &[Var<'t, T>]) -> Vec<Var<'t, T>> {
        self.expect_scalar("grad");
        self.expect_variables("grad", variables);
        let (tape, root) = (self.tape(), self.index());
        let mut marks = Vec::new();
        tape.mark_ancestors(root as usize, &mut marks);
        tape.keep_marked(&marks);
        let mut table = Variables {
            sums: vec![None; root as usize + 1],
        };
        if tape.nodes()[root as usize].varies {
            table.sums[root as usize] = Some(tape.full(Shape::SCALAR, T::ONE));
        }
        for at in (0..=root).rev() {
            let Some(dy) = table.sums[at as usize] else {
                continue;
            };
            let record = tape.lend_record(at);
            if let Some(operation) = record.as_ref().and_then(|record| record.get()) {
                operation.pull_variables(tape.handle(at), dy, &mut table);
            }
        }
        variables
            .iter()
            .map(|v| {
                let sum = table.sums.get(v.index() as usize).copied().flatten();
                sum.unwrap_or_else(|| tape.full(v.shape(), T::ZERO))
            })
            .collect()
    }

    /// [`jvp`](Var::jvp), recorded on the tape, so that it can be differentiated again.
    ///
    /// # Panics
    /// If a tangent has another shape than its variable.
    #[track_caller]
    pub fn jvp_recorded(self, directions: &[(Var<'t, T>, Var<'t, T>)]) -> Var<'t, T> {
        let (tape, root) = (self.tape(), self.index());
        let mut marks = Vec::new();
        tape.mark_ancestors(root as usize, &mut marks);
        tape.keep_marked(&marks);
        let mut table = Variables {
            sums: vec![None; root as usize + 1],
        };
        for (variable, tangent) in directions {
            self.expect_same_tape("jvp_recorded", *variable);
            self.expect_same_tape("jvp_recorded", *tangent);
            assert_eq!(
                variable.shape(),
                tangent.shape(),
                "jvp_recorded: a tangent has another shape than its variable"
            );
            if let Some(sum) = table.sums.get_mut(variable.index() as usize) {
                *sum = Some(sum.map_or(*tangent, |sum| sum + *tangent));
            }
        }
        for at in (0..=root).filter(|&at| marks[at as usize]) {
            if tape.nodes()[at as usize].differentiated().is_none() {
                continue;
            }
            let record = tape.lend_record(at);
            if let Some(operation) = record.as_ref().and_then(|record| record.get()) {
                operation.push_variables(tape, at, &mut table);
            }
        }
        table.sums[root as usize].unwrap_or_else(|| tape.full(self.shape(), T::ZERO))
    }
}
