//! Networks.

use anyhow::{Context, Result, ensure};
use datasets::Scaler;
use linalg::Scalar;
use models::{Activation, Module, Operation, Parameter, Sequential};

use super::graph::{Attribute, Builder, Element};
use super::outputs;
use super::table::{self, Features};
use crate::export::columns;
use crate::network::Network;
use crate::predictions::Scores;

/// A network as an ONNX file of opset 17: input `features` with `inputs` columns, output `output`, in the precision of its parameters. It
/// computes what the network does in evaluation: dropout is left out, batch normalisation uses its running moments.
///
/// # Errors
/// If a layer cannot be said in operations of ONNX (see [`Module::operations`]), or takes another number of columns than it is given.
///
/// ```
/// use datasets::random::Torch;
/// use models::{Linear, Relu, Sequential, Sigmoid};
/// let mut stream = Torch::new(0);
/// let network: Sequential<f32> = Sequential::new()
///     .then(Linear::new(8, 4, &mut stream))
///     .then(Relu)
///     .then(Linear::new(4, 1, &mut stream))
///     .then(Sigmoid);
/// let bytes = gradus::export::onnx::onnx_network(&network, 8)?;
/// // At least the 41 parameters.
/// assert!(bytes.len() > 4 * 41);
/// assert!(gradus::export::onnx::onnx_network(&network, 7).is_err());
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn onnx_network<T: Scalar>(network: &Sequential<T>, inputs: usize) -> Result<Vec<u8>> {
    let element = if size_of::<T>() == 4 {
        Element::Float
    } else {
        Element::Double
    };
    let mut builder = Builder::new(element);
    let x = builder.input("features", element, inputs, "");
    let (x, columns) = layers(&mut builder, network, x, inputs, element)?;
    builder.output("output", &x, element, columns, "");
    Ok(builder.finish(format!(
        "a network of {} parameters",
        network.parameter_count()
    )))
}

/// The bytes of a network that `gradus train` wrote, from the columns of its table to the columns of `gradus predict`.
pub(in crate::export) fn write(network: &Network, threshold: f64) -> Result<Vec<u8>> {
    let plan = network.recipe().plan();
    let columns = columns::of(&plan)?;
    let what = network.what(threshold);
    columns::differ(columns.iter().map(|c| c.name.as_str()), &what.header())?;
    let mut builder = Builder::new(Element::Double);
    let b = &mut builder;
    let Features { x, guard, .. } = table::features(b, &plan, &columns)?;
    let rescale = |b: &mut Builder, scaler: &Scaler| {
        let n = scaler.center.len();
        [&scaler.center, &scaler.scale].map(|row| b.numbers(&[1, n], row.iter().copied()))
    };
    let [center, scale] = rescale(b, network.scaler());
    let x = b.op("Sub", &[&x, &center]);
    let x = b.op("Div", &[&x, &scale]);
    let x = b.cast(&x, Element::Float);
    b.set_precision(Element::Float);
    let (x, _) = layers(b, network.model(), x, plan.features.len(), Element::Float)?;
    b.set_precision(Element::Double);
    let mut x = b.cast(&x, Element::Double);
    x = match what {
        Scores::Number(_) => x,
        Scores::Two(..) => b.op("Sigmoid", &[&x]),
        Scores::Several(_) => b.op_with("Softmax", &[&x], &[("axis", Attribute::Int(1))]),
    };
    if let Some(target) = network.target() {
        let [center, scale] = rescale(b, target);
        x = b.op("Mul", &[&x, &scale]);
        x = b.op("Add", &[&x, &center]);
    }
    let x = b.op("Add", &[&x, &guard]);
    outputs(b, &x, what);
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    Ok(builder.finish(format!(
        "A network of {} parameters for {}, trained by gradus {}. Columns: {}.",
        network.model().parameter_count(),
        network.recipe().target_name(),
        env!("CARGO_PKG_VERSION"),
        names.join(", ")
    )))
}

/// The layers after `x`: their result, and its number of columns.
fn layers<T: Scalar>(
    builder: &mut Builder,
    network: &Sequential<T>,
    mut x: String,
    mut columns: usize,
    element: Element,
) -> Result<(String, usize)> {
    for (name, layer) in network.layers() {
        let operations = layer.operations().with_context(|| {
            format!(
                "the layer `{name}` ({}) has no form in ONNX; a module of your own says what it computes by `Module::operations`",
                layer.describe()
            )
        })?;
        for operation in &operations {
            x = step(builder, operation, &x, &mut columns, element)
                .with_context(|| format!("the layer `{name}` ({})", layer.describe()))?;
        }
    }
    Ok((x, columns))
}

/// The entries of one row.
fn row<T: Scalar>(parameter: &Parameter<T>) -> impl Iterator<Item = f64> + '_ {
    parameter.as_slice().iter().map(|x| x.to_f64())
}

fn expect(columns: usize, expected: usize) -> Result<()> {
    ensure!(
        columns == expected,
        "it takes {expected} columns and is given {columns}"
    );
    Ok(())
}

fn step<T: Scalar>(
    b: &mut Builder,
    operation: &Operation<'_, T>,
    x: &str,
    columns: &mut usize,
    element: Element,
) -> Result<String> {
    Ok(match operation {
        Operation::Affine { weight, bias } => {
            let shape = weight.shape();
            expect(*columns, shape.columns)?;
            *columns = shape.rows;
            let value = weight.value();
            let rows = (0..shape.rows)
                .flat_map(|i| (0..shape.columns).map(move |j| value[(i, j)].to_f64()));
            let weight = b.numbers(&[shape.rows, shape.columns], rows);
            let mut inputs = vec![x.to_owned(), weight];
            if let Some(bias) = bias {
                inputs.push(b.numbers(&[shape.rows], row(bias)));
            }
            let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
            b.op_with("Gemm", &inputs, &[("transB", Attribute::Int(1))])
        }
        Operation::ScaleColumns {
            center,
            scale,
            factor,
            offset,
        } => {
            let n = center.len();
            expect(*columns, n)?;
            let center = b.numbers(&[1, n], center.iter().copied());
            let scale = b.numbers(&[1, n], scale.iter().copied());
            let x = b.op("Sub", &[x, &center]);
            let x = b.op("Div", &[&x, &scale]);
            affine_rows(b, &x, factor, offset)
        }
        Operation::NormaliseRows {
            epsilon,
            factor,
            offset,
        } => {
            expect(*columns, factor.shape().columns)?;
            let width = b.number(*columns as f64);
            let axis = b.integers([1]);
            let mean_of = |b: &mut Builder, x: &str| {
                let sum = b.op("ReduceSum", &[x, &axis]);
                b.op("Div", &[&sum, &width])
            };
            let mean = mean_of(b, x);
            let centred = b.op("Sub", &[x, &mean]);
            let squares = b.op("Mul", &[&centred, &centred]);
            let variance = mean_of(b, &squares);
            let epsilon = b.number(*epsilon);
            let variance = b.op("Add", &[&variance, &epsilon]);
            let spread = b.op("Sqrt", &[&variance]);
            let x = b.op("Div", &[&centred, &spread]);
            affine_rows(b, &x, factor, offset)
        }
        Operation::Activation(activation) => {
            let axis = [("axis", Attribute::Int(1))];
            match activation {
                Activation::Sigmoid => b.op("Sigmoid", &[x]),
                Activation::Relu => b.op("Relu", &[x]),
                Activation::Tanh => b.op("Tanh", &[x]),
                Activation::LeakyRelu(slope) => {
                    let slope = b.number(*slope);
                    let scaled = b.op("Mul", &[x, &slope]);
                    let zero = b.number(0.0);
                    let positive = b.op("Greater", &[x, &zero]);
                    b.op("Where", &[&positive, x, &scaled])
                }
                Activation::Silu => {
                    let p = b.op("Sigmoid", &[x]);
                    b.op("Mul", &[x, &p])
                }
                Activation::Softplus => softplus(b, x),
                Activation::LogSigmoid => {
                    let minus = b.op("Neg", &[x]);
                    let value = softplus(b, &minus);
                    b.op("Neg", &[&value])
                }
                Activation::Gelu => {
                    ensure!(
                        element == Element::Float,
                        "ONNX runtimes have the error function in single precision only; train the network in `f32`"
                    );
                    let (root, one, half) =
                        (b.number(0.5_f64.sqrt()), b.number(1.0), b.number(0.5));
                    let scaled = b.op("Mul", &[x, &root]);
                    let erf = b.op("Erf", &[&scaled]);
                    let twice = b.op("Add", &[&erf, &one]);
                    let p = b.op("Mul", &[&twice, &half]);
                    b.op("Mul", &[x, &p])
                }
                Activation::Softmax => b.op_with("Softmax", &[x], &axis),
                Activation::LogSoftmax => b.op_with("LogSoftmax", &[x], &axis),
                other => anyhow::bail!("{other:?} has no form in ONNX"),
            }
        }
        _ => anyhow::bail!("it has no form in ONNX"),
    })
}

/// x times a row, plus a row.
fn affine_rows<T: Scalar>(
    b: &mut Builder,
    x: &str,
    factor: &Parameter<T>,
    offset: &Parameter<T>,
) -> String {
    let n = factor.shape().columns;
    let factor = b.numbers(&[1, n], row(factor));
    let offset = b.numbers(&[1, n], row(offset));
    let x = b.op("Mul", &[x, &factor]);
    b.op("Add", &[&x, &offset])
}

/// max(x, 0) + ln(1 + e^−|x|).
fn softplus(b: &mut Builder, x: &str) -> String {
    let (positive, size, one) = (b.op("Relu", &[x]), b.op("Abs", &[x]), b.number(1.0));
    let size = b.op("Neg", &[&size]);
    let e = b.op("Exp", &[&size]);
    let sum = b.op("Add", &[&e, &one]);
    let log = b.op("Log", &[&sum]);
    b.op("Add", &[&positive, &log])
}
