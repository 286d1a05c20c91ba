//! Recorded programs: the same values as a tape, on every input.

use autodiff::{Program, Tape, Var};
use linalg::{Mat, MatRef, View, mat};

type Cost = for<'t> fn(Var<'t, f64>, Var<'t, f64>, Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;

fn cost<'t>(x: Var<'t, f64>, y: Var<'t, f64>, w: Var<'t, f64>, b: Var<'t, f64>) -> Var<'t, f64> {
    let h = (x.matmul(w) + b).sigmoid();
    -(y * h.ln() + (1.0 - y) * (1.0 - h).ln()).mean()
}

/// Scopes and detached values are part of a program.
fn scoped<'t>(x: Var<'t, f64>, y: Var<'t, f64>, w: Var<'t, f64>, b: Var<'t, f64>) -> Var<'t, f64> {
    let tape = x.tape();
    let h = tape.checkpoint(|| (x.matmul(w) + b).tanh());
    let scale = tape.no_grad(|| h.square().mean());
    ((h - y) * scale * w.sum().detach()).square().sum()
}

fn problem(rows: usize, phase: f64) -> [Mat<f64>; 4] {
    [
        Mat::from_fn(rows, 2, |i, j| ((i + 3 * j) as f64 + phase).sin()),
        Mat::from_fn(rows, 1, |i, _| f64::from(u8::from(i % 3 == 0))),
        mat![[0.3 + phase], [-0.2]],
        mat![[0.1 * phase]],
    ]
}

#[test]
fn a_replay_is_the_tape_to_rounding() {
    for f in [cost as Cost, scoped] {
        // Short matrices have a recorded gradient, long ones are swept.
        for rows in [6, 1000] {
            let mut program =
                Program::record(&[(2, 1), (1, 1)], &[(rows, 2), (rows, 1)], |p, d| {
                    f(d[0], d[1], p[0], p[1])
                });
            assert!(!program.is_empty());
            for phase in [0.0, 0.7, 2.0] {
                let [x, y, w, b] = &problem(rows, phase);
                let (value, gradients) =
                    program.gradient(&[w.as_ref(), b.as_ref()], &[x.as_ref(), y.as_ref()]);
                let tape = Tape::new();
                let (x, y) = (tape.constant(x), tape.constant(y));
                let (w, b) = (tape.variable(w), tape.variable(b));
                let expected = f(x, y, w, b);
                assert_eq!(value, expected.item());
                let expected = expected.backward();
                for (k, v) in [w, b].into_iter().enumerate() {
                    for (a, b) in gradients.of(k).iter().zip(expected[v].as_slice()) {
                        assert!((a - b).abs() <= 1e-14 * (1.0 + b.abs()), "{a} {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn tutorial_a_replayed_ends_where_it_ends_eagerly() {
    let x_train = mat![
        [1.0_f32, 2.0],
        [2.0, 3.0],
        [3.0, 1.0],
        [4.0, 3.0],
        [5.0, 3.0],
        [6.0, 2.0]
    ];
    let y_train = [0.0_f32, 0.0, 0.0, 1.0, 1.0, 1.0];
    let mut program = Program::record(&[(2, 1), (1, 1)], &[], |p, _| {
        let (x, y) = (p.constant(&x_train), p.constant(&y_train));
        let hypothesis = (x.matmul(p[0]) + p[1]).sigmoid();
        -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean()
    });
    let (mut w, mut b) = ([0.0_f32; 2], [0.0_f32]);
    let mut first = None;
    let mut last = 0.0;
    for _ in 0..=1000 {
        let (value, gradients) = program.gradient(&[w.view(), b.view()], &[]);
        first.get_or_insert(value);
        last = value;
        for (w, d) in w.iter_mut().zip(gradients.of(0)) {
            *w -= d;
        }
        b[0] -= gradients.of(1)[0];
    }
    assert_eq!(
        format!("{:.6} {last:.6}", first.unwrap_or(0.0)),
        "0.693147 0.019852"
    );
}

#[test]
fn an_unused_input_and_a_constant_result() {
    let mut program = Program::<f64>::record(&[(1, 1), (1, 1)], &[], |p, _| p[0]);
    let (value, gradients) = program.gradient(&[mat![[3.0]].as_ref(), mat![[4.0]].as_ref()], &[]);
    assert_eq!(
        (value, gradients.of(0), gradients.of(1)),
        (3.0, &[1.0][..], &[][..])
    );
}

#[test]
#[should_panic(expected = "cannot be looked at while a program is recorded")]
fn a_program_must_not_look() {
    let _ = Program::<f64>::record(
        &[(1, 1)],
        &[],
        |p, _| {
            if p[0].item() > 0.0 { p[0] } else { -p[0] }
        },
    );
}

#[test]
#[should_panic(expected = "replay: input 0 was recorded with another shape")]
fn inputs_have_the_recorded_shapes() {
    let mut program = Program::<f64>::record(&[(2, 1)], &[], |p, _| p[0].sum());
    let three: MatRef<'_, f64> = MatRef::from_column_major_slice(&[1.0, 2.0, 3.0], 3, 1);
    let _ = program.value(&[three], &[]);
}
