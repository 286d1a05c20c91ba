//! A computation as a graph.

use crate::canvas::{Anchor, Canvas, Font, Path, Rect, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Entry, Swatch, header};
use crate::layers::{self, Layers};
use crate::text::say;
use crate::text::{self, NAME, TICK};

/// More nodes than this cannot be read.
const NODES: usize = 400;
/// Nor more edges than this.
const EDGES: usize = 1600;
const HEIGHT: f64 = 40.0;
const ACROSS: f64 = 26.0;
const DOWN: f64 = 34.0;
/// A name is cut after so many pixels.
const NAME_ROOM: f64 = 220.0;

/// What a node of a [`GraphChart`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// What derivatives are taken by: a parameter.
    Variable,
    /// Data.
    Constant,
    /// What is computed.
    Operation,
}

#[derive(Debug, Clone)]
struct Node {
    name: String,
    detail: String,
    kind: NodeKind,
}

/// A computation, from its data and parameters at the top to its result at the bottom.
///
/// A node is known by its number, in the order in which nodes are added; edges lead from operands to results.
///
/// ```
/// use plots::{Chart, GraphChart, NodeKind};
/// let chart = GraphChart::new("z = w x").node("w", "1x1", NodeKind::Variable).node("x", "1x1", NodeKind::Constant)
///     .node("multiply", "1x1", NodeKind::Operation).edge(0, 2).edge(1, 2);
/// assert!(chart.to_svg()?.contains("multiply"));
/// assert_eq!(chart.alt_text(), "Graph of 3 nodes and 2 edges. multiply (1x1) from w, x.");
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphChart {
    settings: Settings,
    nodes: Vec<Node>,
    edges: Vec<(usize, usize)>,
}

impl GraphChart {
    /// No node yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            nodes: Vec::new(),
            edges: Vec::new(),
        }
    }

    /// Adds a node with a name and a detail below it, such as its shape.
    pub fn node(
        mut self,
        name: impl Into<String>,
        detail: impl Into<String>,
        kind: NodeKind,
    ) -> Self {
        self.nodes.push(Node {
            name: text::clean(&name.into()),
            detail: text::clean(&detail.into()),
            kind,
        });
        self
    }

    /// Adds an edge from an operand to the node that uses it.
    pub fn edge(mut self, from: usize, to: usize) -> Self {
        self.edges.push((from, to));
        self
    }

    fn width_of(&self, node: usize) -> f64 {
        self.nodes.get(node).map_or(8.0, |n| {
            let name = text::width(&n.name, NAME).min(NAME_ROOM);
            let detail = text::width(&n.detail, TICK).min(NAME_ROOM);
            name.max(detail).max(30.0) + 24.0
        })
    }

    fn layers(&self) -> Result<Layers, PlotError> {
        if self.nodes.is_empty() {
            return Err(PlotError::empty("the graph has no node"));
        }
        for (what, found, most) in [
            ("nodes of a graph", self.nodes.len(), NODES),
            ("edges of a graph", self.edges.len(), EDGES),
        ] {
            if found > most {
                return Err(PlotError::TooMany { what, found, most });
            }
        }
        layers::arrange(self.nodes.len(), &self.edges, |n| self.width_of(n), ACROSS)
    }

    /// Width and height of the drawing before it is scaled into its area.
    fn extent(layers: &Layers) -> (f64, f64) {
        let rows = layers.rows.len() as f64;
        (
            layers.width + 8.0,
            rows * HEIGHT + (rows - 1.0) * DOWN + 8.0,
        )
    }

    fn draw_node(&self, canvas: &mut Canvas, node: usize, middle: (f64, f64)) {
        let colours = canvas.colours;
        let Node { name, detail, kind } = &self.nodes[node];
        let w = self.width_of(node);
        let r = Rect {
            x: middle.0 - 0.5 * w,
            y: middle.1 - 0.5 * HEIGHT,
            w,
            h: HEIGHT,
        };
        let (colour, strength, round) = match kind {
            NodeKind::Variable => (colours.series[0], 0.24, 4.0),
            NodeKind::Constant => (colours.muted, 0.16, 4.0),
            NodeKind::Operation => (colours.series[1], 0.10, 0.5 * HEIGHT),
        };
        let fill = colours.paper.mix(colour, strength);
        canvas.open(
            "node",
            format_args!(" stroke=\"{colour}\" stroke-width=\"1.3\""),
        );
        canvas.rect(r, fill, 1.0, round);
        canvas.close();
        let font = Font::new(NAME, colours.ink).anchor(Anchor::Middle);
        if detail.is_empty() {
            return canvas.text_within((middle.0, middle.1 + 0.35 * NAME), name, font, NAME_ROOM);
        }
        canvas.text_within((middle.0, middle.1 - 2.0), name, font, NAME_ROOM);
        let font = Font::new(TICK - 0.5, colours.muted).anchor(Anchor::Middle);
        canvas.text_within((middle.0, middle.1 + TICK + 1.0), detail, font, NAME_ROOM);
    }
}

impl Draw for GraphChart {
    settings!();

    fn natural_width(&self) -> f64 {
        let wide = self.layers().map_or(400.0, |l| Self::extent(&l).0);
        (wide + 28.0).clamp(360.0, 1200.0)
    }

    fn natural_height(&self, width: f64) -> f64 {
        let (w, h) = self.layers().map_or((400.0, 200.0), |l| Self::extent(&l));
        (h * ((width - 28.0) / w).min(1.0) + 84.0).clamp(200.0, 8000.0)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let layers = self.layers()?;
        let has = |kind: NodeKind| self.nodes.iter().any(|n| n.kind == kind);
        let colours = canvas.colours;
        let legend: Vec<Entry> = [
            (NodeKind::Variable, "variable", colours.series[0], 0.6),
            (NodeKind::Constant, "constant", colours.muted, 0.5),
            (NodeKind::Operation, "operation", colours.series[1], 0.5),
        ]
        .into_iter()
        .filter(|e| has(e.0))
        .map(|(_, name, colour, strength)| Entry::new(name, Swatch::Area(colour, strength)))
        .collect();
        let area = header(canvas, area, &self.settings, &legend);
        let (w, h) = Self::extent(&layers);
        // Scaled down to fit, never up.
        let scale = (area.w / w).min(area.h / h).min(1.0);
        let into = Rect {
            x: area.x + 0.5 * (area.w - scale * w),
            y: area.y,
            w: scale * w,
            h: scale * h,
        };
        let from = Rect {
            x: 0.0,
            y: 0.0,
            w,
            h,
        };
        canvas.view(from, into);
        let row = |k: usize| 4.0 + 0.5 * HEIGHT + k as f64 * (HEIGHT + DOWN);
        let arrow = colours.axis;
        canvas.open("edges", format_args!(""));
        for way in &layers.ways {
            let mut path = Path::default();
            for (k, pair) in way.windows(2).enumerate() {
                let ((layer, x0), (_, x1)) = (pair[0], pair[1]);
                let top = row(layer) + 0.5 * HEIGHT;
                let last = k + 2 == way.len();
                let bottom = row(layer + 1) - 0.5 * HEIGHT;
                let end = if last { bottom - 7.0 } else { bottom };
                if k == 0 {
                    path = path.to(x0 + 4.0, top);
                }
                let bend = 0.5 * DOWN;
                path = path.curve(
                    (x0 + 4.0, top + bend),
                    (x1 + 4.0, end - bend),
                    (x1 + 4.0, end),
                );
                if last {
                    let x = x1 + 4.0;
                    let tip = [
                        (x, bottom),
                        (x - 3.8, bottom - 8.0),
                        (x + 3.8, bottom - 8.0),
                    ];
                    canvas.fill(&Path::default().through(&tip).close(), arrow, 1.0);
                } else {
                    path = path.line(x1 + 4.0, row(layer + 1) + 0.5 * HEIGHT);
                }
            }
            canvas.stroke(&path, Stroke::new(arrow, 1.4));
        }
        canvas.close();
        for (k, nodes) in layers.rows.iter().enumerate() {
            for (node, x) in nodes {
                if *node < self.nodes.len() {
                    self.draw_node(canvas, *node, (x + 4.0, row(k)));
                }
            }
        }
        canvas.close_clip();
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out = format!(
            "Graph of {} nodes and {} edges.",
            self.nodes.len(),
            self.edges.len()
        );
        let name = |k: usize| self.nodes.get(k).map_or("?", |n| n.name.as_str());
        let used = |k: usize| self.edges.iter().filter(move |e| e.1 == k).map(|e| e.0);
        let operations = (0..self.nodes.len()).filter(|k| used(*k).next().is_some());
        for k in operations.take(40) {
            let operands: Vec<&str> = used(k).map(name).collect();
            say!(
                out,
                " {} ({}) from {}.",
                name(k),
                self.nodes[k].detail,
                operands.join(", ")
            );
        }
        out
    }
}
