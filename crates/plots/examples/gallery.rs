//! One of each chart, from generated data, in light and dark and for a telephone:
//! `cargo run --release -p plots --example gallery -- FOLDER`

use std::path::Path;

use plots::{
    BoundaryChart, CalibrationChart, Chart, ConfusionChart, CorrelationChart, ForestChart,
    GraphChart, HistoryChart, LeverageChart, LineChart, NodeKind, Panels, PenaltyPathChart,
    PlotError, PrecisionRecallChart, QuantileChart, ResidualChart, RocChart, SurfaceChart, Theme,
};

/// Uniform numbers of a congruential generator (Knuth's constants), enough for pictures.
struct Numbers(u64);

impl Numbers {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// By the method of Box and Muller.
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn normals(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.normal()).collect()
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Saves a chart in light, in dark and narrow, as SVG and PNG.
fn save(folder: &Path, name: &str, chart: impl Chart + Clone) -> Result<(), PlotError> {
    let kinds = [
        ("light", chart.clone()),
        ("dark", chart.clone().theme(Theme::Dark)),
        ("narrow", chart.width(400)),
    ];
    for (kind, chart) in kinds {
        chart.save(folder.join(format!("{name}-{kind}.svg")))?;
        #[cfg(feature = "png")]
        chart.save(folder.join(format!("{name}-{kind}.png")))?;
    }
    println!("{name}");
    Ok(())
}

fn curves(folder: &Path) -> Result<(), PlotError> {
    let x: Vec<f64> = (-50..=50).map(|k| f64::from(k) / 10.0).collect();
    let y = |w: f64| x.iter().map(|x| sigmoid(w * x)).collect::<Vec<_>>();
    let lines = LineChart::new("The weight is the steepness", "x", "σ(w x)")
        .curve("w = 0.5", &x, &y(0.5))
        .curve("w = 1", &x, &y(1.0))
        .curve("w = 2", &x, &y(2.0))
        .level("threshold", 0.5);
    save(folder, "line", lines)?;

    let mut random = Numbers(1);
    let fit: Vec<f64> = x.iter().map(|x| 0.4 * x + 1.0).collect();
    let low: Vec<f64> = x.iter().map(|x| 0.4 * x + 0.6 - 0.02 * x * x).collect();
    let high: Vec<f64> = x.iter().map(|x| 0.4 * x + 1.4 + 0.02 * x * x).collect();
    let data: Vec<f64> = fit.iter().map(|f| f + 0.7 * random.normal()).collect();
    let band = LineChart::new("A line with its interval", "distance / km", "time / h")
        .points("observed", &x, &data)
        .curve("fitted", &x, &fit)
        .band("95 % interval of the mean", &x, &low, &high);
    save(folder, "band", band)?;

    let many: Vec<f64> = random.normals(200_000);
    let other: Vec<f64> = many
        .iter()
        .map(|x| 0.6 * x + 0.5 * random.normal())
        .collect();
    let cloud =
        LineChart::new("Two hundred thousand points", "x", "y").points("points", &many, &other);
    save(folder, "cloud", cloud)?;

    let w: Vec<f64> = (-100..=100).map(|k| f64::from(k) / 10.0).collect();
    let data = [(-3.0, 1.0), (-1.0, 0.0), (0.5, 1.0), (2.0, 0.0), (4.0, 1.0)];
    let mean = |loss: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        let cost = |w: &f64| data.iter().map(|(x, y)| loss(w * x, *y)).sum::<f64>() / 5.0;
        w.iter().map(cost).collect()
    };
    let squared = mean(&|z, y| (sigmoid(z) - y).powi(2));
    let cross = mean(&|z, y| (1.0 + z.exp()).ln() - y * z);
    let panels = Panels::new("Two costs of the same model")
        .panel(
            LineChart::new("Squared error: not convex", "w", "cost").curve(
                "squared error",
                &w,
                &squared,
            ),
        )
        .panel(LineChart::new("Cross-entropy: convex", "w", "cost").curve(
            "cross-entropy",
            &w,
            &cross,
        ));
    save(folder, "panels", panels)
}

fn training(folder: &Path) -> Result<(), PlotError> {
    let mut random = Numbers(2);
    let decay = |k: i32, rate: f64| (-f64::from(k) * rate).exp();
    let train: Vec<f64> = (0..80).map(|k| 0.1 + 0.6 * decay(k, 0.06)).collect();
    let validation: Vec<f64> = (0..80)
        .map(|k| 0.2 + 0.5 * decay(k, 0.07) + 1.6e-5 * f64::from(k * k) + 0.01 * random.normal())
        .collect();
    let accuracy = |loss: &[f64]| loss.iter().map(|l| 1.0 - 0.6 * l).collect::<Vec<_>>();
    let best = (1..=80_u8)
        .min_by(|a, b| {
            let of = |epoch: u8| validation[usize::from(epoch) - 1];
            of(*a).total_cmp(&of(*b))
        })
        .map_or(1.0, f64::from);
    let history = HistoryChart::new("Training of the small network")
        .loss("training", &train)
        .loss("validation", &validation)
        .metric("training", &accuracy(&train))
        .metric("validation", &accuracy(&validation))
        .loss_name("cross-entropy")
        .metric_name("accuracy")
        .best("lowest validation loss", best);
    save(folder, "history", history)?;

    let (mut w, mut b, mut ws, mut bs) = (-2.6, 2.4, vec![-2.6], vec![2.4]);
    let cost = |w: f64, b: f64| 0.5 * (w - 1.0).powi(2) + 2.0 * (b + 0.4 * w).powi(2) + 0.1;
    for _ in 0..40 {
        let inner = b + 0.4 * w;
        (w, b) = (w - 0.2 * ((w - 1.0) + 1.6 * inner), b - 0.2 * 4.0 * inner);
        ws.push(w);
        bs.push(b);
    }
    let surface = SurfaceChart::new(
        "Gradient descent on the cost",
        "weight w",
        "bias b",
        "cost",
        (-3.0, 3.0),
        (-3.0, 3.0),
        cost,
    )
    .path("gradient descent, step 0.2", &ws, &bs);
    save(folder, "surface", surface)
}

/// Scores of 400 rows, half of each class, better for larger `shift`.
fn scores(shift: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let mut random = Numbers(seed);
    let score = |class: f64, random: &mut Numbers| random.normal() + shift * class;
    let zeros: Vec<f64> = (0..200).map(|_| score(0.0, &mut random)).collect();
    let ones: Vec<f64> = (0..200).map(|_| score(1.0, &mut random)).collect();
    (zeros, ones)
}

fn classification(folder: &Path) -> Result<(), PlotError> {
    let mut roc = RocChart::new("Receiver operating characteristic");
    let mut pr = PrecisionRecallChart::new("Precision and recall").prevalence(0.5);
    for (name, shift) in [("logistic regression", 1.8), ("baseline", 0.8)] {
        let (zeros, ones) = scores(shift, 3);
        let mut cuts: Vec<f64> = zeros.iter().chain(&ones).copied().collect();
        cuts.sort_by(|a, b| b.total_cmp(a));
        let above = |v: &[f64], t: f64| v.iter().filter(|s| **s >= t).count() as f64;
        let hits: Vec<f64> = cuts.iter().map(|t| above(&ones, *t)).collect();
        let alarms: Vec<f64> = cuts.iter().map(|t| above(&zeros, *t)).collect();
        let wins: f64 = ones
            .iter()
            .map(|o| zeros.iter().filter(|z| *z < o).count() as f64)
            .sum();
        let rate = |v: &[f64]| {
            [0.0]
                .into_iter()
                .chain(v.iter().map(|c| c / 200.0))
                .collect::<Vec<_>>()
        };
        roc = roc.curve(name, &rate(&alarms), &rate(&hits), wins / 40_000.0);
        let recall: Vec<f64> = hits.iter().map(|h| h / 200.0).collect();
        let precision: Vec<f64> = hits.iter().zip(&alarms).map(|(h, a)| h / (h + a)).collect();
        let gains = (0..recall.len()).map(|k| recall[k] - if k == 0 { 0.0 } else { recall[k - 1] });
        let average = gains.zip(&precision).map(|(g, p)| g * p).sum();
        pr = pr.curve(name, &recall, &precision, average);
    }
    save(folder, "roc", roc.point("threshold 0.5", 0.18, 0.81))?;
    save(folder, "precision-recall", pr)?;

    let forecast: Vec<f64> = (0..10).map(|k| 0.05 + 0.1 * f64::from(k)).collect();
    let observed: Vec<f64> = forecast
        .iter()
        .map(|p| sigmoid(1.5 * (p / (1.0 - p)).ln()))
        .collect();
    let count = [
        210.0, 130.0, 80.0, 60.0, 52.0, 49.0, 61.0, 77.0, 118.0, 163.0,
    ];
    let half: Vec<f64> = observed
        .iter()
        .zip(&count)
        .map(|(o, n)| 1.96 * (o * (1.0 - o) / n).sqrt())
        .collect();
    let lower: Vec<f64> = observed
        .iter()
        .zip(&half)
        .map(|(o, h)| (o - h).max(0.0))
        .collect();
    let upper: Vec<f64> = observed
        .iter()
        .zip(&half)
        .map(|(o, h)| (o + h).min(1.0))
        .collect();
    let calibration = CalibrationChart::new("Calibration")
        .model("logistic regression", &forecast, &observed, &count)
        .interval(&lower, &upper)
        .model("recalibrated", &forecast, &forecast, &count);
    save(folder, "calibration", calibration)?;

    let classes = ["setosa", "versicolor", "virginica"];
    let confusion = ConfusionChart::new(
        "Confusion",
        &classes,
        &[50.0, 0.0, 0.0, 0.0, 47.0, 3.0, 0.0, 5.0, 1245.0],
    );
    save(folder, "confusion", confusion)?;

    let mut random = Numbers(5);
    let class = |c: f64, random: &mut Numbers| {
        let x: Vec<f64> = (0..60).map(|_| 3.0 + 1.6 * c + random.normal()).collect();
        let y: Vec<f64> = (0..60)
            .map(|_| 2.0 + 1.2 * c + 0.8 * random.normal())
            .collect();
        (x, y)
    };
    let (zero, one) = (class(0.0, &mut random), class(1.0, &mut random));
    let boundary = BoundaryChart::new(
        "Who passes",
        "lectures / h",
        "labs / h",
        (0.0, 8.0),
        (-0.5, 6.0),
        |x, y| sigmoid(1.4 * (x - 3.8) + 1.6 * (y - 2.6) + 0.25 * (x - 3.8) * (y - 2.6)),
    )
    .points("fails", 0, &zero.0, &zero.1)
    .points("passes", 1, &one.0, &one.1)
    .class("passing");
    save(folder, "boundary", boundary)
}

fn regression(folder: &Path) -> Result<(), PlotError> {
    let names = [
        "pregnancies",
        "glucose",
        "blood pressure",
        "skin",
        "insulin",
        "body mass index",
        "pedigree",
        "age",
    ];
    let mut random = Numbers(7);
    let columns: Vec<Vec<f64>> = {
        let common = random.normals(300);
        let share = [0.9, 0.7, 0.5, -0.2, 0.1, 0.4, -0.6, 0.8];
        share
            .iter()
            .map(|s: &f64| {
                common
                    .iter()
                    .map(|c| s * c + (1.0 - s * s).sqrt() * random.normal())
                    .collect()
            })
            .collect()
    };
    let correlation = |a: &[f64], b: &[f64]| {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / 300.0;
        let (ma, mb) = (mean(a), mean(b));
        let sum = |f: &dyn Fn(usize) -> f64| (0..300).map(f).sum::<f64>();
        let ab = sum(&|k| (a[k] - ma) * (b[k] - mb));
        ab / (sum(&|k| (a[k] - ma).powi(2)) * sum(&|k| (b[k] - mb).powi(2))).sqrt()
    };
    let matrix: Vec<f64> = columns
        .iter()
        .flat_map(|a| {
            columns
                .iter()
                .map(|b| correlation(a, b))
                .collect::<Vec<_>>()
        })
        .collect();
    save(
        folder,
        "correlation",
        CorrelationChart::new("Correlation of the columns", &names, &matrix),
    )?;

    let mut forest = ForestChart::new("Coefficients", "log odds per standard deviation");
    let mut odds = ForestChart::new("Odds ratios", "odds ratio per standard deviation").ratio();
    for (k, name) in names.iter().enumerate() {
        let (estimate, se) = (1.1 - 0.3 * k as f64, 0.12 + 0.05 * (k % 4) as f64);
        let (low, high) = (estimate - 1.96 * se, estimate + 1.96 * se);
        forest = forest.row(*name, estimate, low, high);
        odds = odds.row(*name, estimate.exp(), low.exp(), high.exp());
    }
    save(folder, "forest", forest)?;
    save(folder, "odds", odds)?;

    let fitted: Vec<f64> = (0..150).map(|k| 10.0 + 0.2 * f64::from(k)).collect();
    let residuals: Vec<f64> = fitted
        .iter()
        .map(|f| 0.008 * (f - 25.0).powi(2) - 1.0 + (0.4 + 0.04 * f) * random.normal())
        .collect();
    let chart = ResidualChart::new("Residuals against fitted values", &fitted, &residuals)
        .axis_names("fitted price / €", "residual / €");
    save(folder, "residuals", chart)?;

    let leverages: Vec<f64> = (0..80)
        .map(|k| 0.02 + 0.1 * random.uniform().powi(2) + if k % 37 == 5 { 0.28 } else { 0.0 })
        .collect();
    let residuals: Vec<f64> = (0..80)
        .map(|k| random.normal() * if k % 37 == 5 { 1.8 } else { 1.0 })
        .collect();
    save(
        folder,
        "leverage",
        LeverageChart::new("Which rows move the fit", &leverages, &residuals, 4),
    )?;

    let heavy: Vec<f64> = (0..200)
        .map(|_| random.normal() / (0.4 + random.uniform()))
        .collect();
    save(
        folder,
        "quantile",
        QuantileChart::new("Normal quantiles of the residuals", &heavy),
    )?;

    let strengths: Vec<f64> = (0..60)
        .map(|k| 10f64.powf(0.5 - f64::from(k) / 15.0))
        .collect();
    let mut path =
        PenaltyPathChart::new("Lasso path", &strengths).value_name("coefficient (standardised)");
    for k in 0..14 {
        let enters = 1.6 * (0.75_f64).powi(k);
        let size = enters * if k % 3 == 1 { -1.0 } else { 1.0 };
        let values: Vec<f64> = strengths
            .iter()
            .map(|s| size * (1.0 - s / enters).max(0.0))
            .collect();
        let name = names
            .get(k as usize)
            .map_or_else(|| format!("noise {k}"), |n| (*n).to_owned());
        path = path.coefficient(name, &values);
    }
    let path = path
        .chosen("least deviance", 0.011)
        .chosen("one standard error", 0.12);
    save(folder, "penalty-path", path)
}

fn graph(folder: &Path) -> Result<(), PlotError> {
    let mut chart = GraphChart::new("The logistic cost on the tape");
    let nodes = [
        ("x", "6x2", NodeKind::Constant),
        ("W", "2x1", NodeKind::Variable),
        ("matmul", "6x1", NodeKind::Operation),
        ("b", "1x1", NodeKind::Variable),
        ("add", "6x1", NodeKind::Operation),
        ("sigmoid", "6x1", NodeKind::Operation),
        ("y", "6x1", NodeKind::Constant),
        ("ln", "6x1", NodeKind::Operation),
        ("mul", "6x1", NodeKind::Operation),
        ("1 − ·", "6x1", NodeKind::Operation),
        ("1 − ·", "6x1", NodeKind::Operation),
        ("ln", "6x1", NodeKind::Operation),
        ("mul", "6x1", NodeKind::Operation),
        ("add", "6x1", NodeKind::Operation),
        ("mean", "1x1", NodeKind::Operation),
        ("neg", "1x1", NodeKind::Operation),
    ];
    for (name, shape, kind) in nodes {
        chart = chart.node(name, shape, kind);
    }
    let edges = [
        (0, 2),
        (1, 2),
        (2, 4),
        (3, 4),
        (4, 5),
        (5, 7),
        (6, 8),
        (7, 8),
        (6, 9),
        (5, 10),
        (10, 11),
        (9, 12),
        (11, 12),
        (8, 13),
        (12, 13),
        (13, 14),
        (14, 15),
    ];
    for (from, to) in edges {
        chart = chart.edge(from, to);
    }
    save(folder, "graph", chart)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: gallery FOLDER")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    curves(folder)?;
    training(folder)?;
    classification(folder)?;
    regression(folder)?;
    graph(folder)?;
    Ok(())
}
