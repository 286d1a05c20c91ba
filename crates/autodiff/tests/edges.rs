//! Where derivatives are easily lost: infinite slopes, cancellation, data that are gone, rules that are wrong.

use autodiff::ops::{MatMul, Over, Transpose};
use autodiff::{Accumulator, Array, Cotangents, Op, Program, Shape, Tape, Var, check, loss};
use linalg::{Accum, Mat, MatMut, MatRef, Scalar, mat};

type Function = for<'t> fn(Var<'t, f64>) -> Var<'t, f64>;

/// Value, first and second derivative of a function of one number, the second in both modes.
fn derivatives(x: f64, f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) -> [f64; 4] {
    let at = [x];
    let tape = Tape::new();
    let x = tape.variable(&at);
    let y = f(x).sum();
    let gradient = y.grad(&[x])[0];
    let twice = gradient.sum().backward();
    [
        y.item(),
        gradient.item(),
        y.hessian(&[x])[(0, 0)],
        twice.get(x).map_or(0.0, |g| g[(0, 0)]),
    ]
}

#[test]
fn powers_with_a_constant_exponent_at_zero_and_below() {
    assert_eq!(
        derivatives(-1.0, |x| x.pow(x.tape().full(Shape::SCALAR, 2.0))),
        [1.0, -2.0, 2.0, 2.0]
    );
    assert_eq!(
        derivatives(-1.0, |x| x.pow(x.tape().full(Shape::SCALAR, 3.0))),
        [-1.0, 3.0, -6.0, -6.0]
    );
    assert_eq!(
        derivatives(0.0, |x| x.pow(x.tape().full(Shape::SCALAR, 0.0))),
        [1.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(
        derivatives(0.0, |x| x.pow(x.tape().full(Shape::SCALAR, 1.0))),
        [0.0, 1.0, 0.0, 0.0]
    );
    assert_eq!(
        derivatives(0.0, |x| x.pow(x.tape().full(Shape::SCALAR, 2.0))),
        [0.0, 0.0, 2.0, 2.0]
    );
}

#[test]
fn what_has_no_influence_has_none_even_where_a_slope_is_infinite() {
    // The branch that is not chosen.
    let chosen: Function = |x| (x + 1.0).select(x * 3.0, x.sqrt() + x.ln() + x.recip());
    assert_eq!(derivatives(0.0, chosen)[..2], [0.0, 3.0]);
    // The slope of the branch that is chosen stays infinite.
    let infinite: Function = |x| (x + 1.0).select(x, x * 2.0).sqrt();
    assert_eq!(derivatives(0.0, infinite)[1], f64::INFINITY);
    // An overflow in one entry leaves the others alone.
    let at = [1000.0, 1.0];
    let tape = Tape::new();
    let x = tape.variable(&at);
    let hessian = x.exp().sum().hessian(&[x]);
    assert_eq!((hessian[(0, 1)], hessian[(1, 0)]), (0.0, 0.0));
    assert_eq!(hessian[(0, 0)], f64::INFINITY);
    assert!((hessian[(1, 1)] - 1.0_f64.exp()).abs() < 1e-15);
}

#[test]
fn softmax_of_large_entries() {
    let large = mat![[1e16, 1e16], [1000.0, 999.0]];
    let tape = Tape::new();
    let x = tape.variable(&large);
    let share = 1.0 / (1.0 + (-1.0_f64).exp());
    let s = x.softmax().to_mat();
    assert_eq!((s[(0, 0)], s[(0, 1)]), (0.5, 0.5));
    assert!((s[(1, 0)] - share).abs() < 2e-16, "{}", s[(1, 0)]);
    let l = x.log_softmax().to_mat();
    assert_eq!(l[(0, 0)], -2.0_f64.ln());
    assert!((l[(1, 0)] - share.ln()).abs() < 1e-16);
    let gradient = x.log_sum_exp(Over::Columns).sum().backward();
    assert_eq!(gradient[x][(0, 1)], 0.5);
    let single = mat![[1e8_f32, 1e8], [1000.0, 999.0]];
    let tape = Tape::new();
    let s = tape.constant(&single).softmax().to_mat();
    assert_eq!((s[(0, 0)], s[(1, 0)]), (0.5, share as f32));
}

#[test]
fn tails() {
    // The second derivative of ln Φ tends to −1: −1 + 1/x² − ….
    for x in [-1e3, -1e6, -1e8, -1e10] {
        let [.., hessian, twice] = derivatives(x, |x| x.log_normal_cdf());
        let expected = -1.0 + 1.0 / (x * x);
        assert!((hessian - expected).abs() < 1e-9, "{x}: {hessian}");
        assert!((twice - expected).abs() < 1e-9, "{x}: {twice}");
    }
    // At −10 to 20 digits: λ = 10.098093233962511963, slope −λ(λ − 10).
    let expected = -10.098_093_233_962_511 * 0.098_093_233_962_511_96;
    assert!((derivatives(-10.0, |x| x.log_normal_cdf())[2] - expected).abs() < 1e-13);
    assert_eq!(derivatives(1e16, |x| x.silu())[1], 1.0);
    assert_eq!(derivatives(f64::INFINITY, |x| x.silu())[1], 1.0);
    assert!((derivatives(-40.0, |x| x.exp_m1())[1] / (-40.0_f64).exp() - 1.0).abs() < 1e-14);
    // A residual of a class that is nearly certain.
    for (z, y) in [(40.0, 1.0), (700.0, 1.0), (-700.0, 0.0)] {
        let (logits, labels) = ([z], [y]);
        let tape = Tape::new();
        let z0 = tape.variable(&logits);
        let cost = loss::binary_cross_entropy_with_logits(z0, tape.constant(&labels)).sum();
        let expected = -(2.0 * y - 1.0) * (-z.abs()).exp();
        let (found, curvature) = (cost.backward()[z0][(0, 0)], cost.hessian(&[z0])[(0, 0)]);
        assert!((found / expected - 1.0).abs() < 1e-13, "{z}: {found}");
        assert!(
            (curvature / expected.abs() - 1.0).abs() < 1e-13,
            "{z}: {curvature}"
        );
    }
}

#[test]
fn sums_of_many_columns_keep_single_precision() {
    let wide = Mat::from_fn(2, 200_000, |_, _| 0.1_f32);
    let tape = Tape::new();
    let x = tape.constant(&wide);
    assert!((x.sum_over(Over::Columns).get(0, 0) - 20_000.0).abs() < 0.05);
    let bias = Mat::<f32>::zeros(2, 1);
    let b = tape.variable(&bias);
    let gradient = ((b + x) * x).sum().backward();
    assert!((gradient[b][(1, 0)] - 20_000.0).abs() < 0.05);
    let empty = Mat::<f64>::zeros(3, 0);
    let tape = Tape::new();
    let none = tape.constant(&empty);
    assert!(none.mean_over(Over::Columns).get(2, 0).is_nan());
    assert_eq!(none.sum_over(Over::Columns).get(2, 0), 0.0);
}

#[test]
fn empty_matrices_take_every_shape() {
    for (from, to) in [
        ((3, 0), (0, 1)),
        ((0, 3), (1, 0)),
        ((0, 1), (1, 0)),
        ((0, 1), (0, 0)),
        ((0, 0), (0, 1)),
    ] {
        let m = Mat::<f64>::zeros(from.0, from.1);
        let tape = Tape::new();
        let x = tape.variable(&m);
        let y = x.reshape(to.0, to.1);
        assert_eq!(y.shape(), Shape::new(to.0, to.1));
        assert_eq!(y.sum().backward()[x].shape(), Shape::new(from.0, from.1));
    }
}

#[test]
fn ties_of_a_long_row_take_one_pass() {
    let zeros = Mat::<f64>::zeros(1, 40_000);
    let tape = Tape::new();
    let x = tape.variable(&zeros);
    let gradient = x.max_over(Over::Columns).sum().backward();
    assert!((gradient[x][(0, 39_999)] - 1.0 / 40_000.0).abs() < 1e-18);
}

#[test]
fn sweeps_read_only_what_leads_to_their_root() {
    let (x0, m0) = ([2.0], mat![[5.0], [6.0]]);
    let tape = Tape::new();
    let x = tape.variable(&x0);
    {
        // Gone before the sweep: reading it again would ask for a row that does not exist.
        let mut rows = [0.0; 8];
        let m = tape.constant(&m0);
        {
            let numbers = tape.constant(&rows[..]);
            let _ = tape.checkpoint(|| m.gather_rows(numbers).exp());
        }
        rows.fill(1e9);
        assert_eq!(rows[7], 1e9);
        let y = x * x * x;
        assert_eq!(y.hessian(&[x])[(0, 0)], 12.0);
        assert_eq!(y.jvp(&[(x, mat![[1.0]].as_ref())])[(0, 0)], 12.0);
        assert_eq!(y.grad(&[x])[0].item(), 12.0);
    }
    // The same for what does not lead to the result of its own segment.
    let tape = Tape::new();
    let x = tape.variable(&x0);
    let m = tape.constant(&m0);
    let mut rows = [0.0; 8];
    let y = tape.checkpoint(|| {
        let numbers = tape.constant(&rows[..]);
        let _ = m.gather_rows(numbers);
        x.exp().square()
    });
    rows.fill(1e9);
    assert_eq!(rows[0], 1e9);
    let expected = 2.0 * 4.0_f64.exp();
    assert!((y.sum().backward()[x][(0, 0)] / expected - 1.0).abs() < 1e-15);
    assert!((y.sum().hessian(&[x])[(0, 0)] / (2.0 * expected) - 1.0).abs() < 1e-15);
}

#[test]
fn scopes_within_programs() {
    let three = mat![[3.0]];
    let mut program = Program::record(&[(1, 1)], &[], |w, _| {
        let square = w.tape().no_grad(|| w[0] * w[0]);
        let one = w.tape().full(Shape::SCALAR, 1.0);
        (square * w[0]).jvp_recorded(&[(w[0], one)])
    });
    assert_eq!(program.value(&[three.as_ref()], &[]), 9.0);
    // Numbers of rows that depend on the data are not known while a program is recorded.
    let labels = mat![[2.0], [1.0]];
    let table = mat![[1.0, 2.0], [3.0, 4.0]];
    let mut program = Program::record(&[(2, 2)], &[(2, 1)], |w, d| {
        w.tape()
            .checkpoint(|| w[0].gather_entries(d[0] - 1.0).exp())
            .sum()
    });
    let value = program.value(&[table.as_ref()], &[labels.as_ref()]);
    assert!((value - (2.0_f64.exp() + 3.0_f64.exp())).abs() < 1e-12);
}

#[test]
#[should_panic(expected = "vjp: its numbers cannot be looked at while a program is recorded")]
fn a_gradient_cannot_be_read_within_a_program() {
    let _ = Program::<f64>::record(&[(1, 1)], &[], |w, _| {
        let y = w[0] * w[0];
        let gradient = y.backward()[w[0]][(0, 0)];
        y * gradient
    });
}

#[test]
#[should_panic(expected = "grad: ")]
fn a_recorded_gradient_of_a_constant_is_refused() {
    let (x0, c0) = ([3.0], [5.0]);
    let tape = Tape::new();
    let (x, c) = (tape.variable(&x0), tape.constant(&c0));
    let _ = (c * x).grad(&[c]);
}

#[test]
fn a_variable_that_was_made_within_no_grad_is_one() {
    let v0 = [3.0];
    let tape = Tape::new();
    let mut made = None;
    let _ = tape.no_grad(|| {
        let v = tape.variable(&v0);
        made = Some(v);
        v.exp()
    });
    let v = made.expect("the closure has run");
    assert_eq!((v * v).backward()[v][(0, 0)], 6.0);
    assert_eq!((v * v).hessian(&[v])[(0, 0)], 2.0);
}

/// How [`Liar`] lies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lie {
    None,
    JvpOfBoth,
    EvalIgnoresAdd,
    TinySlope,
    JvpEntry,
}

/// The product of a matrix with a square one, times 1 or 1e-9, with a lie somewhere.
#[derive(Debug, Clone, Copy)]
struct Liar(Lie);

impl Liar {
    fn size(self) -> f64 {
        if self.0 == Lie::TinySlope { 1e-9 } else { 1.0 }
    }
}

impl Op<2> for Liar {
    fn name(&self) -> &'static str {
        "liar"
    }
    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        MatMul::PLAIN.shape([a, b])
    }
    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        for i in 0..a.nrows() {
            for j in 0..b.ncols() {
                let dot: T = (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum();
                let dot = T::from_f64(self.size()) * dot;
                if accum == Accum::Replace || self.0 == Lie::EvalIgnoresAdd {
                    out[(i, j)] = dot;
                } else {
                    out[(i, j)] += dot;
                }
            }
        }
    }
    fn jvp<A: Array>(
        &self,
        [a, b]: [&A; 2],
        _: &A,
        [da, db]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(da) = da {
            dy.add(*self, [da, b]);
            if self.0 == Lie::JvpEntry {
                dy.add(*self, [da, b]);
            }
        }
        if let Some(db) = db
            && (self.0 != Lie::JvpOfBoth || da.is_none())
        {
            dy.add(*self, [a, db]);
        }
    }
    fn vjp<A: Array>(&self, [a, b]: [&A; 2], _: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        let slope = if self.0 == Lie::TinySlope {
            Lie::None
        } else {
            self.0
        };
        dx.add(0, Liar(slope), [dy, &A::apply(Transpose, [b])]);
        dx.add(1, Liar(slope), [&A::apply(Transpose, [a]), dy]);
    }
    fn columnwise(&self, operand: usize) -> bool {
        operand == 1
    }
}

/// The columns in reverse order, which claims wrongly that matrices side by side give their results side by side.
#[derive(Debug, Clone, Copy)]
struct Reversed;

impl Op<1> for Reversed {
    fn name(&self) -> &'static str {
        "reversed"
    }
    fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, &'static str> {
        Ok(x)
    }
    fn eval<T: Scalar>(&self, [x]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        for j in 0..x.ncols() {
            for i in 0..x.nrows() {
                let value = x[(i, x.ncols() - 1 - j)];
                match accum {
                    Accum::Replace => out[(i, j)] = value,
                    Accum::Add => out[(i, j)] += value,
                }
            }
        }
    }
    fn jvp<A: Array>(&self, _: [&A; 1], _: &A, [dx]: [Option<&A>; 1], mut dy: Accumulator<'_, A>) {
        if let Some(dx) = dx {
            dy.add(Reversed, [dx]);
        }
    }
    fn vjp<A: Array>(&self, _: [&A; 1], _: &A, dy: &A, mut dx: Cotangents<'_, A, 1>) {
        dx.add(0, Reversed, [dy]);
    }
    fn columnwise(&self, _: usize) -> bool {
        true
    }
}

#[test]
fn the_checker_finds_every_lie() {
    let wide = [mat![[0.5, -1.0, 0.2], [2.0, 0.3, 1.1]]];
    let found = check::derivatives("reversed", &wide, |v| {
        v[0].tape().apply(Reversed, [v[0]]).square()
    });
    assert_eq!(
        found.expect_err("a lie").comparison,
        "the Jacobian and the reverse gradient"
    );

    let inputs = [mat![[0.5, -1.0], [2.0, 0.3]], mat![[1.5, 0.7], [-0.2, 0.9]]];
    let check = |lie: Lie| {
        check::derivatives("liar", &inputs, |v| {
            v[0].tape().apply(Liar(lie), [v[0], v[1]])
        })
    };
    check(Lie::None).unwrap_or_else(|e| panic!("an honest operation fails: {e}"));
    let compared = |lie: Lie| check(lie).expect_err("a lie").comparison;
    assert_eq!(compared(Lie::JvpOfBoth), "forward and reverse mode");
    assert_eq!(
        compared(Lie::EvalIgnoresAdd),
        "the gradient added to another one and their sum"
    );
    assert_eq!(
        compared(Lie::TinySlope),
        "the reverse gradient and finite differences"
    );
    let entry = check(Lie::JvpEntry).expect_err("a lie");
    assert_eq!(
        (entry.operand, entry.comparison),
        (0, "forward and reverse mode")
    );
}

#[test]
#[should_panic(expected = "no gradient for")]
fn a_gradient_from_before_clear_is_not_that_of_a_new_variable() {
    let (a0, b0) = ([3.0], [1.0]);
    let mut tape = Tape::new();
    let before = {
        let a = tape.variable(&a0);
        (a * a).backward()
    };
    tape.clear();
    let b = tape.variable(&b0);
    let _ = &before[b];
}

#[test]
fn a_parameter_that_leaves_no_grad_is_the_same_parameter() {
    let w0 = [3.0];
    let tape = Tape::new();
    let mut inner = None;
    let _ = tape.no_grad(|| {
        let w = tape.parameter(7, &w0);
        inner = Some(w);
        w.exp()
    });
    let w = tape.parameter(7, &w0);
    let gradients = (w * inner.expect("the closure has run")).backward();
    assert_eq!(
        gradients.parameter(7).expect("it depends on it")[(0, 0)],
        6.0
    );
}

#[test]
fn parameters_enter_programs() {
    let (w0, x0) = (mat![[3.0]], mat![[2.0]]);
    let mut program = Program::record(&[(1, 1)], &[], |x, _| x.tape().parameter(1, &w0) * x[0]);
    let (value, gradients) = program.gradient(&[x0.as_ref()], &[]);
    assert_eq!((value, gradients.of(0)[0]), (6.0, 3.0));
}
