//! Data and names that are hard to draw: a picture or a sentence, never a panic.

#![allow(missing_docs)]

mod common;

use common::sound;
use plots::{
    BoundaryChart, CalibrationChart, Chart, ConfusionChart, CorrelationChart, ForestChart,
    GraphChart, HistoryChart, LeverageChart, LineChart, NodeKind, Panels, PenaltyPathChart,
    PlotError, PrecisionRecallChart, QuantileChart, ResidualChart, RocChart, SurfaceChart, Theme,
};
use proptest::prelude::*;

/// Draws every chart from two lists of numbers and a name, and says which it is and what came of it.
fn all(x: &[f64], y: &[f64], name: &str) -> Vec<(&'static str, Result<String, PlotError>)> {
    let at = |k: usize| x.get(k).copied().unwrap_or(0.5);
    let n = (x.len() as f64).sqrt() as usize;
    let names = vec![name; n];
    let line = |log: bool| {
        let chart = LineChart::new(name, name, name)
            .curve(name, x, y)
            .points(name, y, x)
            .band(name, x, y, y);
        let chart = chart.level(name, at(0)).mark(name, at(1));
        sound(&if log { chart.log_x().log_y() } else { chart })
    };
    let mut forest = ForestChart::new(name, name);
    let mut ratios = ForestChart::new(name, name).ratio();
    for w in x.windows(3).take(300) {
        forest = forest.row(name, w[0], w[1], w[2]);
        ratios = ratios.row(name, w[0], w[1], w[2]);
    }
    let mut graph = GraphChart::new(name);
    for k in 0..x.len().min(60) {
        graph = graph.node(name, name, NodeKind::Operation);
        if k > 0 {
            graph = graph.edge((y.get(k).copied().unwrap_or(0.0).abs() as usize) % k, k);
        }
    }
    let range = (at(0), at(1));
    let field = |a: f64, b: f64| at((a.abs() + 3.0 * b.abs()) as usize % x.len().max(1));
    let surface = |range| SurfaceChart::new(name, name, name, name, range, range, field);
    let history = HistoryChart::new(name).loss(name, x);
    let boundary = BoundaryChart::new(name, name, name, (0.0, 9.0), (0.0, 9.0), |a, b| {
        field(a, b).abs().min(1.0)
    });
    let points = LineChart::new(name, name, name).points(name, x, y);
    let penalty = PenaltyPathChart::new(name, x).coefficient(name, y);
    let calibration = CalibrationChart::new(name).model(name, x, y, x);
    let roc = RocChart::new(name).curve(name, x, y, at(0));
    let recall = PrecisionRecallChart::new(name).curve(name, x, y, at(0));
    let metric = history.clone().metric(name, y).best(name, 3.0);
    vec![
        ("lines", line(false)),
        ("lines on logarithmic axes", line(true)),
        ("history", sound(&metric)),
        ("history of epochs", sound(&history.epochs(y).log_loss())),
        ("surface", sound(&surface(range).path(name, x, y))),
        (
            "surface of logarithms",
            sound(&surface((0.0, 9.0)).path(name, x, y).log_levels()),
        ),
        ("surface of a grid", sound(&surface((0.0, 1.0)).grid(n, x))),
        ("boundary", sound(&boundary.points(name, 1, x, y))),
        ("ROC", sound(&roc.point(name, at(1), at(2)))),
        ("precision", sound(&recall.prevalence(at(1)))),
        ("calibration", sound(&calibration.interval(x, y))),
        (
            "confusion",
            sound(&ConfusionChart::new(name, &names, &x[..n * n])),
        ),
        (
            "correlation",
            sound(&CorrelationChart::new(name, &names, &x[..n * n])),
        ),
        ("forest", sound(&forest)),
        ("forest of ratios", sound(&ratios)),
        (
            "residuals",
            sound(&ResidualChart::new(name, x, y).row_names([name])),
        ),
        ("leverage", sound(&LeverageChart::new(name, x, y, x.len()))),
        (
            "quantiles",
            sound(&QuantileChart::new(name, x).value_name(name)),
        ),
        ("penalties", sound(&penalty.chosen(name, at(0)))),
        ("graph", sound(&graph)),
        ("panels", sound(&Panels::new(name).panel(points))),
    ]
}

#[test]
fn degenerate_data_are_drawn_or_refused_in_words() {
    let lists: &[&[f64]] = &[
        &[],
        &[1.0],
        &[0.0; 9],
        &[7.0; 30],
        &[f64::NAN; 4],
        &[f64::INFINITY, f64::NEG_INFINITY],
        &[1e-12, 2e-12, 5e-12, 9e-12],
        &[1e9, 1e9 + 1e-6, 1e9 + 2e-6, 1e9 + 3e-6],
        &[-1.7e308, 1.7e308, 0.0, 5e-324],
        &[f64::MAX; 4],
        &[0.25, f64::NAN, 0.75, 0.5],
        &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    ];
    for x in lists {
        for y in lists {
            for (_, result) in all(x, y, "n") {
                if let Err(error) = result {
                    assert!(error.to_string().len() > 20, "{error}");
                }
            }
        }
    }
}

#[test]
fn usable_data_give_every_picture() {
    let x: Vec<f64> = (1..=9).map(|k| f64::from(k) / 10.0).collect();
    let refused = |(chart, drawn): (&'static str, Result<String, PlotError>)| {
        drawn.err().map(|error| (chart, error.to_string()))
    };
    let refused: Vec<(&str, String)> = all(&x, &x, "n").into_iter().filter_map(refused).collect();
    // Their estimate is smaller than both ends of the interval.
    let reason =
        "the interval of `n`, entry 0 (counted from 0): 0.2 is not on its side of the estimate";
    let expected = ["forest", "forest of ratios"].map(|chart| (chart, reason.to_owned()));
    assert_eq!(refused, expected);
}

#[test]
fn hostile_names_stay_text() {
    let long = "very long name ".repeat(40);
    for name in [
        "<script>alert(1)</script>",
        "\"/><image href='x'/>&amp;\u{0}\u{8}\u{b}\u{fffe}",
        "]]><!-- -- --><?xml?>",
        "\u{202e}desrever\u{2028}\r\n\t",
        "مرحبا 你好 🧪 e\u{301} Ünïcödé",
        "",
        long.as_str(),
    ] {
        let x: Vec<f64> = (1..=9).map(|k| f64::from(k) / 10.0).collect();
        for svg in all(&x, &x, name)
            .into_iter()
            .filter_map(|drawn| drawn.1.ok())
        {
            for forbidden in ["<script", "<image", "<!--", "<?", "]]>"] {
                assert!(!svg.contains(forbidden), "{name}");
            }
            assert!(svg.len() < 300_000, "{}", svg.len());
        }
    }
}

#[test]
fn a_million_points_make_a_small_file() {
    let n = 1_000_000;
    let x: Vec<f64> = (0..n).map(|k| f64::from(k) * 1e-3).collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| (x * 0.9).sin() + (x * 377.0).cos())
        .collect();
    for svg in [
        sound(&LineChart::new("t", "x", "y").curve("c", &x, &y)).unwrap(),
        sound(&LineChart::new("t", "x", "y").points("p", &y, &x)).unwrap(),
        sound(&LineChart::new("t", "x", "y").curve("scribble", &y, &x)).unwrap(),
        sound(&ResidualChart::new("t", &x, &y)).unwrap(),
        sound(&QuantileChart::new("t", &y)).unwrap(),
        sound(&HistoryChart::new("t").loss("l", &y)).unwrap(),
    ] {
        assert!(svg.len() < 500_000, "{}", svg.len());
    }
}

#[test]
fn a_matrix_without_observations_has_no_share() {
    let told = |counts: &[f64]| ConfusionChart::new("t", &["a", "b"], counts).alt_text();
    assert_eq!(
        told(&[0.0; 4]),
        "Confusion matrix of 2 classes: 0 of 0 on the diagonal."
    );
    assert!(sound(&ConfusionChart::new("t", &["a", "b"], &[0.0; 4])).is_ok());
    // The sum of such weights is not finite, their share is.
    assert!(told(&[1e308; 4]).ends_with("on the diagonal (50.0 %)."));
}

#[test]
fn hexagons_say_what_their_colours_mean() {
    let said = |n: usize| {
        let x: Vec<f64> = (0..n).map(|k| k as f64 / n as f64).collect();
        let gaps = [&x[..], &[f64::NAN; 9]].concat();
        let boundary = BoundaryChart::new("t", "a", "b", (0.0, 1.0), (0.0, 1.0), |a, _| a);
        let of = |svg: &str, told: &str| (svg.contains("(darker: more)"), told.contains("Darker"));
        let lines = LineChart::new("t", "x", "y").points("p", &gaps, &gaps);
        let residuals = ResidualChart::new("t", &gaps, &gaps);
        let leverage = LeverageChart::new("t", &gaps, &gaps, 2);
        let boundary = boundary.points("p", 0, &gaps, &gaps);
        [
            of(&sound(&lines).unwrap(), &lines.alt_text()),
            of(&sound(&residuals).unwrap(), &residuals.alt_text()),
            of(&sound(&leverage).unwrap(), &leverage.alt_text()),
            of(&sound(&boundary).unwrap(), &boundary.alt_text()),
        ]
    };
    assert_eq!(said(4000), [(false, false); 4]);
    assert_eq!(said(4001), [(true, true); 4]);
}

#[test]
fn errors_are_sentences() {
    let curve = |x: &[f64], y: &[f64]| LineChart::new("t", "x", "y").curve("a", x, y);
    let said = |e: Result<String, PlotError>| e.unwrap_err().to_string();
    assert_eq!(
        said(curve(&[1.0], &[]).to_svg()),
        "the y of `a` has 0 values where 1 are needed"
    );
    assert_eq!(
        said(curve(&[], &[]).to_svg()),
        "there is nothing to draw: no series has a finite point"
    );
    assert_eq!(
        said(curve(&[1.0], &[1.0]).width(20).to_svg()),
        "a picture of 20 x 320 pixels cannot be drawn; choose sides from 160 to 8000"
    );
    assert_eq!(
        said(curve(&[1.0], &[1.0]).y_range(3.0, 2.0).to_svg()),
        "the range of y, entry 0 (counted from 0): 2 is not larger than its beginning"
    );
    assert_eq!(
        said(
            RocChart::new("t")
                .curve("m", &[0.0, 1.2], &[0.0, 1.0], 0.5)
                .to_svg()
        ),
        "`m`: false positive rate, entry 1 (counted from 0): 1.2 is not from 0 to 1"
    );
    assert_eq!(
        said(
            GraphChart::new("t")
                .node("a", "", NodeKind::Variable)
                .edge(0, 4)
                .to_svg()
        ),
        "the edge from node 0 to node 4 names a node that does not exist; add it first"
    );
    let mut graph = GraphChart::new("t");
    for k in 0..400 {
        graph = graph.node("n", "", NodeKind::Operation);
        graph = (0..k)
            .take(4)
            .fold(graph, |graph, from| graph.edge(from, k));
    }
    // 4 into each of 400 but the first four, which have 0, 1, 2 and 3.
    assert!(graph.to_svg().is_ok());
    assert_eq!(
        said(
            (0..11)
                .fold(graph.clone(), |graph, _| graph.edge(0, 9))
                .to_svg()
        ),
        "edges of a graph: 1601 are more than can be read in one picture; draw at most 1600"
    );
    assert_eq!(
        said(graph.node("n", "", NodeKind::Operation).to_svg()),
        "nodes of a graph: 401 are more than can be read in one picture; draw at most 400"
    );
    let error = curve(&[1.0], &[1.0])
        .save("picture.jpg")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("picture.jpg: pictures are saved as .svg or .png"),
        "{error}"
    );
}

/// What a person reads of an error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[test]
fn a_file_that_cannot_be_written_is_named_with_one_reason() {
    let chart = LineChart::new("t", "x", "y").points("a", &[1.0], &[1.0]);
    let folder = tempfile::tempdir().unwrap();
    let (taken, missing) = (folder.path().join("b.svg"), folder.path().join("c/a.svg"));
    std::fs::create_dir(&taken).unwrap();
    for path in [taken, missing] {
        // The reason is the system's own, in whatever words.
        let reason = std::fs::write(&path, "").unwrap_err();
        let expected = format!("{}: cannot be written: {reason}", path.display());
        let error = chart.save(&path).unwrap_err();
        assert_eq!(chain(&error), expected);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let [file, link, ahead] = ["a.svg", "link.svg", "ahead.svg"].map(|n| folder.path().join(n));
    let chart = LineChart::new("t", "x", "y").points("a", &[1.0], &[1.0]);
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    // Relative links, one of them to a file that is not there yet.
    symlink("a.svg", &link).unwrap();
    symlink("new.svg", &ahead).unwrap();
    for link in [&link, &ahead] {
        chart.save(link).unwrap();
        assert!(std::fs::symlink_metadata(link).unwrap().is_symlink());
    }
    for file in [&file, &folder.path().join("new.svg")] {
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            chart.to_svg().unwrap()
        );
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn files_are_whole_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let chart = LineChart::new("t", "x", "y").curve("a", &[0.0, 1.0], &[0.0, 1.0]);
    let path = folder.path().join("a.svg");
    std::fs::write(&path, "old").unwrap();
    chart.save(&path).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        chart.to_svg().unwrap()
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn themes_differ_in_colours_alone() {
    let chart = LineChart::new("t", "x", "y").curve("a", &[0.0, 1.0], &[0.0, 1.0]);
    let strip = |svg: String| {
        let mut out = String::new();
        let mut rest = svg.as_str();
        while let Some(at) = rest.find('#') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 7..];
        }
        out + rest
    };
    let (light, dark) = (
        chart.to_svg().unwrap(),
        chart.theme(Theme::Dark).to_svg().unwrap(),
    );
    assert_ne!(light, dark);
    assert_eq!(strip(light), strip(dark));
}

#[cfg(feature = "png")]
#[test]
fn pixels_show_text_and_data() {
    use resvg::tiny_skia::Pixmap;
    let chart = LineChart::new("Title", "x", "y").curve("a", &[0.0, 1.0], &[0.0, 1.0]);
    let read = |chart: &LineChart| Pixmap::decode_png(&chart.to_png().unwrap()).unwrap();
    let inked = |pixels: &Pixmap, rows: std::ops::Range<u32>| {
        let dark = |p: resvg::tiny_skia::PremultipliedColorU8| {
            p.red() < 80 && p.green() < 80 && p.blue() < 80
        };
        rows.flat_map(|y| (0..pixels.width()).map(move |x| (x, y)))
            .filter(|(x, y)| pixels.pixel(*x, *y).is_some_and(dark))
            .count()
    };
    let pixels = read(&chart);
    assert_eq!((pixels.width(), pixels.height()), (1520, 942));
    // The title is written in dark ink at the top; without it these rows are empty.
    assert!(inked(&pixels, 20..60) > 300);
    assert_eq!(
        inked(
            &read(&LineChart::new("", "x", "y").curve("a", &[0.0, 1.0], &[0.0, 1.0])),
            20..36
        ),
        0
    );
    let blue = pixels
        .pixels()
        .iter()
        .filter(|p| (p.red(), p.green(), p.blue()) == (0, 114, 178))
        .count();
    assert!(blue > 2000, "{blue}");
    assert_eq!(read(&chart.clone().density(1)).width(), 760);
    assert!(chart.density(0).to_png().is_err());
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..1.0_f64,
        3 => -1e3..1e3_f64,
        1 => proptest::num::f64::ANY,
        1 => Just(0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_data_make_a_panic(
        x in proptest::collection::vec(any_number(), 0..40),
        y in proptest::collection::vec(any_number(), 0..40),
        name in ".{0,30}",
    ) {
        for (_, result) in all(&x, &y, &name).into_iter().chain(all(&x, &x, &name)) {
            if let Err(error) = result {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
