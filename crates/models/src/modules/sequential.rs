//! One module after another.

use autodiff::Var;
use linalg::Scalar;

use crate::{Buffer, Module, Operation, Parameter, join};

/// Modules applied in the order given; itself a module. A layer without a name is called by its position.
///
/// ```
/// use datasets::random::Torch;
/// use models::{Linear, Module, Relu, Sequential, Sigmoid};
/// let mut stream = Torch::new(0);
/// let model: Sequential<f32> = Sequential::new()
///     .named("hidden", Linear::new(8, 4, &mut stream))
///     .then(Relu)
///     .then(Linear::new(4, 1, &mut stream))
///     .then(Sigmoid);
/// let names: Vec<_> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["hidden.weight", "hidden.bias", "2.weight", "2.bias"]);
/// assert_eq!(model.parameter_count(), 41);
/// ```
#[derive(Debug, Default)]
pub struct Sequential<T: Scalar> {
    layers: Vec<(String, Box<dyn Module<T>>)>,
}

impl<T: Scalar> Sequential<T> {
    /// No layer: the identity.
    pub fn new() -> Self {
        Self { layers: Vec::new() }
    }

    /// Adds a layer called by its position.
    pub fn then(self, layer: impl Module<T> + 'static) -> Self {
        let name = self.layers.len().to_string();
        self.named(name, layer)
    }

    /// Adds a layer with a name.
    ///
    /// # Panics
    /// If a layer has that name already, or the name is empty or has a dot, which stands between the names of parts.
    #[track_caller]
    pub fn named(mut self, name: impl Into<String>, layer: impl Module<T> + 'static) -> Self {
        let name = name.into();
        assert!(
            !name.is_empty() && !name.contains('.'),
            "a layer is called `{name}`: a name is not empty and has no dot"
        );
        assert!(
            self.layers.iter().all(|(known, _)| *known != name),
            "two layers are called `{name}`"
        );
        self.layers.push((name, Box::new(layer)));
        self
    }

    /// The layers with their names.
    pub fn layers(&self) -> impl Iterator<Item = (&str, &dyn Module<T>)> {
        self.layers
            .iter()
            .map(|(name, layer)| (name.as_str(), layer.as_ref()))
    }
}

impl<T: Scalar> Module<T> for Sequential<T> {
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        self.layers.iter().fold(x, |x, (_, layer)| layer.forward(x))
    }

    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Parameter<T>)) {
        for (name, layer) in &self.layers {
            layer.visit(&join(path, name), visitor);
        }
    }

    fn visit_mut(&mut self, path: &str, visitor: &mut dyn FnMut(&str, &mut Parameter<T>)) {
        for (name, layer) in &mut self.layers {
            layer.visit_mut(&join(path, name), visitor);
        }
    }

    fn visit_buffers<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a Buffer)) {
        for (name, layer) in &self.layers {
            layer.visit_buffers(&join(path, name), visitor);
        }
    }

    fn set_training(&mut self, training: bool) {
        for (_, layer) in &mut self.layers {
            layer.set_training(training);
        }
    }

    fn smallest_batch(&self) -> usize {
        let each = self.layers.iter().map(|(_, layer)| layer.smallest_batch());
        each.max().unwrap_or(1)
    }

    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        let all = self.layers.iter().map(|(_, layer)| layer.operations());
        Some(
            all.collect::<Option<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect(),
        )
    }
}
