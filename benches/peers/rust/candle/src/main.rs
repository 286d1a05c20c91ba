//! candle: the tutorial's loop, and steps of Adam.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, SGD, loss, ops};
use common::Request;

fn tensor(request: &Request, name: &str) -> Result<Tensor> {
    let m = request.matrix(name);
    Tensor::from_vec(m.by_rows_f32(), (m.rows, m.columns), &Device::Cpu)
}

fn doubles(variables: &[&Tensor]) -> Vec<f64> {
    let numbers = variables.iter().map(|v| v.flatten_all()?.to_vec1::<f32>());
    let numbers: Result<Vec<Vec<f32>>> = numbers.collect();
    let numbers = numbers.expect("candle hands its numbers out");
    numbers.into_iter().flatten().map(f64::from).collect()
}

fn tutorial(x: &Tensor, y: &Tensor, updates: usize) -> Result<[Var; 2]> {
    let w = Var::zeros((2, 1), candle_core::DType::F32, &Device::Cpu)?;
    let b = Var::zeros(1, candle_core::DType::F32, &Device::Cpu)?;
    let mut sgd = SGD::new(vec![w.clone(), b.clone()], 1.0)?;
    for _ in 0..updates {
        let hypothesis = ops::sigmoid(&x.matmul(&w)?.broadcast_add(&b)?)?;
        let losses = ((y * hypothesis.log()?)?
            + (y.affine(-1.0, 1.0)? * hypothesis.affine(-1.0, 1.0)?.log()?)?)?;
        let cost = losses.mean_all()?.neg()?;
        sgd.backward_step(&cost)?;
    }
    Ok([w, b])
}

/// w1, b1, w2, b2.
fn start(request: &Request) -> Result<[Var; 4]> {
    let weight = |name| Var::from_tensor(&tensor(request, name)?);
    let bias = |name| Var::from_tensor(&tensor(request, name)?.flatten_all()?);
    Ok([weight("w1")?, bias("b1")?, weight("w2")?, bias("b2")?])
}

fn adam(vars: [Var; 4], x: &Tensor, y: &Tensor, steps: usize) -> Result<[Var; 4]> {
    let layer = |w: &Var, b: &Var| Linear::new(w.as_tensor().clone(), Some(b.as_tensor().clone()));
    let (hidden, out) = (layer(&vars[0], &vars[1]), layer(&vars[2], &vars[3]));
    // AdamW without decay is Adam.
    let settings = ParamsAdamW {
        lr: 1e-4,
        weight_decay: 0.0,
        ..ParamsAdamW::default()
    };
    let mut adam = AdamW::new(vars.to_vec(), settings)?;
    for _ in 0..steps {
        let logits = out.forward(&hidden.forward(x)?.relu()?)?;
        let cost = match logits.dim(1)? {
            1 => loss::binary_cross_entropy_with_logit(&logits, y)?,
            _ => loss::cross_entropy(&logits, y)?,
        };
        adam.backward_step(&cost)?;
    }
    Ok(vars)
}

fn main() -> Result<()> {
    let request = Request::from_arguments();
    let (x, mut y) = (tensor(&request, "x")?, tensor(&request, "y")?);
    if request.kind == "tutorial" {
        request.measure_split(
            || (),
            |()| tutorial(&x, &y, request.steps()).expect("candle trains"),
            |[w, b]| doubles(&[&w, &b]),
        );
        return Ok(());
    }
    if request.matrix("b2").rows > 1 {
        y = y.flatten_all()?.to_dtype(candle_core::DType::U32)?;
    }
    request.measure_split(
        || start(&request).expect("the weights can be read"),
        |vars| adam(vars, &x, &y, request.steps()).expect("candle trains"),
        |[w1, b1, w2, b2]| doubles(&[&w1, &b1, &w2, &b2]),
    );
    Ok(())
}
