//! A local regression line through a cloud (Cleveland 1979, without the robustness iterations).

/// Where the line is evaluated.
const PLACES: usize = 60;
/// Points that are used at the most, evenly along x.
const POINTS: usize = 3000;
/// The share of the points that each place looks at, as R's `lowess` has it.
const SPAN: f64 = 2.0 / 3.0;

/// The line at quantiles of x; empty where there are fewer than 10 points or x is constant.
pub fn lowess(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let stride = sorted.len().div_ceil(POINTS).max(1);
    let sorted: Vec<(f64, f64)> = sorted.into_iter().step_by(stride).collect();
    let n = sorted.len();
    if n < 10 || sorted[0].0 >= sorted[n - 1].0 {
        return Vec::new();
    }
    let near = ((SPAN * n as f64) as usize).max(3);
    let mut line = Vec::new();
    for k in 0..PLACES {
        let x = sorted[k * (n - 1) / (PLACES - 1)].0;
        if line.last().is_some_and(|p: &(f64, f64)| p.0 >= x) {
            continue;
        }
        let mut distances: Vec<f64> = sorted.iter().map(|p| (p.0 - x).abs()).collect();
        let (_, reach, _) = distances.select_nth_unstable_by(near - 1, f64::total_cmp);
        let reach = *reach;
        let weight = |p: &(f64, f64)| {
            let u = (p.0 - x).abs() / reach;
            if reach == 0.0 {
                f64::from(u8::from(p.0 == x))
            } else if u < 1.0 {
                (1.0 - u * u * u).powi(3)
            } else {
                0.0
            }
        };
        // A weighted line in x − x₀, of which the constant is wanted.
        let scale = if reach > 0.0 { reach } else { 1.0 };
        let (mut w0, mut w1, mut w2, mut y0, mut y1) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for p in &sorted {
            let (w, d) = (weight(p), (p.0 - x) / scale);
            w0 += w;
            w1 += w * d;
            w2 += w * d * d;
            y0 += w * p.1;
            y1 += w * d * p.1;
        }
        let det = w0 * w2 - w1 * w1;
        let y = if det > 1e-12 * w0 * w2 {
            (w2 * y0 - w1 * y1) / det
        } else {
            y0 / w0
        };
        if y.is_finite() {
            line.push((x, y));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::lowess;

    #[test]
    fn a_line_is_its_own_smooth() {
        let points: Vec<(f64, f64)> = (0..100)
            .map(|k| (f64::from(k), 3.0 - 0.5 * f64::from(k)))
            .collect();
        let line = lowess(&points);
        assert!(line.len() > 40);
        assert!(line.iter().all(|(x, y)| (y - (3.0 - 0.5 * x)).abs() < 1e-9));
        assert!(lowess(&points[..5]).is_empty());
        assert!(lowess(&[(1.0, 2.0); 50]).is_empty());
    }
}
