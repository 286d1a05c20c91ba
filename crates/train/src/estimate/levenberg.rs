//! Levenberg–Marquardt in a scaled trust region.
//!
//! min ½ |r(x)|² by steps that minimise |J p + r| with |D p| ≤ Δ, where D holds the largest column lengths of J met so far (Moré 1978).
//! The step at a given Δ comes from the singular values of R in the QR factorisation of J D⁻¹, in which the damping λ is the root
//! of a scalar equation. A damped step is bent along the geodesic (Transtrum and Sethna 2012); the full Gauss–Newton step is solved
//! by QR. A run that does not end at a stationary point is repeated from the start in another way. The last steps are full ones, as long
//! as the projection of r on the tangent space shrinks.

use linalg::LinalgError;
use linalg::solve::Svd;
use linalg::vector::add_scaled;

use super::polish::polish;
use super::qr::{Qr, norm};
use crate::solver::{Certificate, Status};

/// Residuals as a function of parameters.
pub(super) trait Residuals {
    /// r at `x`; entries may be infinite or NaN.
    fn residuals(&mut self, x: &[f64]) -> Vec<f64>;
    /// r and the columns of its Jacobian.
    fn jacobian(&mut self, x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>);
    /// The size of the numbers whose difference a residual is: the rounding error of r in units of ε.
    fn magnitude(&self) -> f64;
    /// The step of Newton's method on ½ |r|², where the Hessian is positive definite.
    fn newton(&mut self, x: &[f64]) -> Option<Vec<f64>>;
}

/// Where the iteration ended.
#[derive(Debug, Clone)]
pub(super) struct Stationary {
    pub(super) x: Vec<f64>,
    pub(super) residuals: Vec<f64>,
    pub(super) jacobian: Vec<Vec<f64>>,
    /// |Qᵀ r| √(n − p) / (|r − Q Qᵀ r| √p), the relative offset of Bates and Watts (1981).
    pub(super) offset: f64,
    pub(super) certificate: Certificate,
}

/// First radii of the trust region, in lengths of D x, and whether steps are bent: that follows narrow valleys in fewer steps, but
/// sometimes a valley that leads to infinity.
const DESCENTS: [(f64, bool); 6] = [
    (1.0, true),
    (1.0, false),
    (0.1, true),
    (1e-2, false),
    (100.0, false),
    (1e-3, true),
];
/// A relative offset at which a point is stationary: parameters are within this part of their standard errors.
pub(super) const OFFSET: f64 = 1e-7;
/// A singular value of the Jacobian, its columns scaled, that is this part of the largest is rounding.
const RANK: f64 = 1e-14;

/// The part of a step over which its bend is measured.
const DIFFERENCE: f64 = 0.1;
/// A step is bent where that changes it by at most this part of its length.
const CURVED: f64 = 0.375;

/// Linearised residuals at a point, columns scaled by 1/D.
pub(super) struct Model {
    qr: Qr,
    /// Qᵀ r, the first p entries.
    pub(super) c: Vec<f64>,
    /// |r − Q Qᵀ r|.
    rest: f64,
    pub(super) rank: usize,
}

impl Model {
    pub(super) fn new(residuals: &[f64], jacobian: &[Vec<f64>], scale: &[f64]) -> Self {
        let scaled = jacobian
            .iter()
            .zip(scale)
            .map(|(column, d)| column.iter().map(|x| x / d).collect())
            .collect();
        let qr = Qr::new(scaled);
        let mut b = residuals.to_vec();
        qr.transposed_times(&mut b);
        let p = jacobian.len();
        Self {
            rank: qr.rank(RANK),
            c: b[..p].to_vec(),
            rest: norm(&b[p..]),
            qr,
        }
    }

    /// The full Gauss–Newton step, in scaled coordinates.
    pub(super) fn full(&self) -> Vec<f64> {
        let z = self.qr.solve(&self.c, self.rank);
        z.iter().map(|z| -z).collect()
    }

    /// The step of length `radius`, by λ with |z(λ)| = radius, and λ.
    fn damped(&self, svd: &Svd, radius: f64) -> (Vec<f64>, f64) {
        let p = self.c.len();
        let d = rotated(svd, &self.c);
        let step = |lambda: f64| shrunk(svd, &d, lambda);
        // |z(λ)| falls from infinity or |z(0)|; 1/|z(λ)| is nearly linear in λ (Hebden 1973).
        let gradient = norm(&(0..p).map(|k| svd.s[k] * d[k]).collect::<Vec<_>>());
        let (mut low, mut high) = (0.0_f64, gradient / radius);
        let mut lambda = 1e-3 * high;
        let mut w = step(lambda);
        for _ in 0..60 {
            let length = norm(&w);
            if (length - radius).abs() <= 1e-3 * radius {
                break;
            }
            if length > radius {
                low = low.max(lambda);
            } else {
                high = high.min(lambda);
            }
            // −d|z|²/2dλ = Σ w² / (s² + λ).
            let curvature: f64 = (0..p)
                .filter(|&k| w[k] != 0.0)
                .map(|k| w[k] * w[k] / (svd.s[k].powi(2) + lambda))
                .sum();
            let next = lambda + (length / radius) * (length - radius) * length / curvature;
            lambda = if next > low && next < high {
                next
            } else {
                (low * high).sqrt().max(1e-3 * high)
            };
            w = step(lambda);
        }
        (back(svd, &w), lambda)
    }

    /// Half the acceleration of the geodesic that leaves with the step z (Transtrum and Sethna 2012): the damped step for the
    /// second derivative of the residuals along z, by a difference.
    fn acceleration(&self, svd: &Svd, lambda: f64, bend: &[f64]) -> Vec<f64> {
        let mut c = bend.to_vec();
        self.qr.transposed_times(&mut c);
        let w = shrunk(svd, &rotated(svd, &c[..self.c.len()]), lambda);
        back(svd, &w).iter().map(|a| 0.5 * a).collect()
    }

    pub(super) fn offset(&self, observations: usize) -> f64 {
        let p = self.c.len();
        let freedom = observations.saturating_sub(p).max(1);
        let offset = norm(&self.c) * (freedom as f64).sqrt() / (self.rest * (p as f64).sqrt());
        if offset.is_nan() { 0.0 } else { offset }
    }
}

/// Uᵀ c.
fn rotated(svd: &Svd, c: &[f64]) -> Vec<f64> {
    let p = c.len();
    let one = |k: usize| (0..p).map(|i| svd.u[(i, k)] * c[i]).sum();
    (0..p).map(one).collect()
}

/// s d / (s² + λ).
fn shrunk(svd: &Svd, d: &[f64], lambda: f64) -> Vec<f64> {
    let one = |(d, s): (&f64, &f64)| if *s == 0.0 { 0.0 } else { d / (s + lambda / s) };
    d.iter().zip(&svd.s).map(one).collect()
}

/// −V w.
fn back(svd: &Svd, w: &[f64]) -> Vec<f64> {
    let p = w.len();
    let one = |i: usize| -(0..p).map(|k| svd.v[(i, k)] * w[k]).sum::<f64>();
    (0..p).map(one).collect()
}

/// The second derivative of the residuals along `v`, by a difference over the part `DIFFERENCE` of it; `None` where it is not finite.
fn bend(
    of: &mut impl Residuals,
    x: &[f64],
    v: &[f64],
    residuals: &[f64],
    jacobian: &[Vec<f64>],
) -> Option<Vec<f64>> {
    let ahead: Vec<f64> = x.iter().zip(v).map(|(x, v)| x + DIFFERENCE * v).collect();
    let mut bend = of.residuals(&ahead);
    for (ahead, r) in bend.iter_mut().zip(residuals) {
        *ahead = (*ahead - r) / DIFFERENCE;
    }
    for (column, v) in jacobian.iter().zip(v) {
        add_scaled(-v, column, &mut bend);
    }
    bend.iter_mut().for_each(|b| *b *= 2.0 / DIFFERENCE);
    finite(&bend).then_some(bend)
}

pub(super) fn unit_lengths(jacobian: &[Vec<f64>]) -> Vec<f64> {
    let length = |column: &Vec<f64>| {
        let length = norm(column);
        if length > 0.0 { length } else { 1.0 }
    };
    jacobian.iter().map(length).collect()
}

pub(super) fn finite(x: &[f64]) -> bool {
    x.iter().all(|x| x.is_finite())
}

/// Minimises ½ |r|² from `start`, where r and J are finite. The point may be no stationary one; the certificate says so.
pub(super) fn minimise(
    of: &mut impl Residuals,
    start: &[f64],
    limit: usize,
) -> Result<Stationary, LinalgError> {
    let mut best: Option<Stationary> = None;
    let mut spent = 0;
    for how in DESCENTS {
        let (x, iterations) = descend(of, start, how, limit)?;
        spent += iterations;
        let mut found = polish(of, x);
        found.certificate.iterations += spent;
        spent = found.certificate.iterations;
        if iterations >= limit && found.certificate.status != Status::Converged {
            found.certificate.status = Status::IterationLimit;
        }
        if found.certificate.status == Status::Converged {
            return Ok(found);
        }
        let better = |old: &Stationary| norm(&found.residuals) < norm(&old.residuals);
        if best.as_ref().is_none_or(better) {
            best = Some(found);
        }
        if start.is_empty() {
            break;
        }
    }
    Ok(best.unwrap_or_else(|| polish(of, start.to_vec())))
}

/// The iteration in the trust region, until no step can be told from rounding.
fn descend(
    of: &mut impl Residuals,
    start: &[f64],
    (factor, bent): (f64, bool),
    limit: usize,
) -> Result<(Vec<f64>, usize), LinalgError> {
    let mut x = start.to_vec();
    let (mut residuals, mut jacobian) = of.jacobian(&x);
    let mut scale = unit_lengths(&jacobian);
    let weighted = |scale: &[f64], x: &[f64]| -> f64 {
        norm(&x.iter().zip(scale).map(|(x, d)| x * d).collect::<Vec<_>>())
    };
    let size = weighted(&scale, &x);
    let mut radius = factor * if size > 0.0 { size } else { 1.0 };
    let mut iteration = 0;
    while iteration < limit {
        let model = Model::new(&residuals, &jacobian, &scale);
        let before = norm(&residuals);
        let mut svd = None;
        if norm(&model.c) <= f64::EPSILON * of.magnitude().max(before)
            || model.offset(residuals.len()) < OFFSET
        {
            break;
        }
        loop {
            iteration += 1;
            let (mut z, mut lambda) = (model.full(), 0.0);
            let mut curved = vec![0.0; z.len()];
            // A direction that the data do not determine is left to the damping.
            if model.rank < x.len() || !finite(&z) || norm(&z) > 1.1 * radius {
                let svd = match &svd {
                    Some(svd) => svd,
                    None => svd.insert(model.qr.svd()?),
                };
                (z, lambda) = model.damped(svd, radius);
                let v: Vec<f64> = z.iter().zip(&scale).map(|(z, d)| z / d).collect();
                let bend = if bent {
                    bend(of, &x, &v, &residuals, &jacobian)
                } else {
                    None
                };
                if let Some(bend) = bend {
                    let a = model.acceleration(svd, lambda, &bend);
                    if norm(&a) <= CURVED * norm(&z) {
                        curved = a;
                    }
                }
            }
            let length = norm(&z);
            if iteration == 1 {
                radius = radius.min(length);
            }
            let trial: Vec<f64> = x
                .iter()
                .zip(z.iter().zip(&curved).zip(&scale))
                .map(|(x, ((z, a), d))| x + (z + a) / d)
                .collect();
            let after = of.residuals(&trial);
            let after_norm = if finite(&after) {
                norm(&after)
            } else {
                f64::INFINITY
            };
            let actual = if 0.1 * after_norm < before {
                1.0 - (after_norm / before).powi(2)
            } else {
                -1.0
            };
            // |r|² − |r + A z|² = |A z|² + 2 λ |z|² at the minimiser of the damped model.
            let linear = {
                let p = z.len();
                let row = |i: usize| -> f64 {
                    (i..p)
                        .map(|j| model.qr.r(i, j) * z[model.qr.order[j]])
                        .sum()
                };
                norm(&(0..p).map(row).collect::<Vec<_>>()) / before
            };
            let damping = lambda * (length / before).powi(2);
            let predicted = linear * linear + 2.0 * damping;
            let ratio = if predicted > 0.0 {
                actual / predicted
            } else {
                0.0
            };
            if ratio <= 0.25 {
                let slope = -(linear * linear + damping);
                let shrink = if actual >= 0.0 {
                    0.5
                } else {
                    0.5 * slope / (slope + 0.5 * actual)
                };
                let shrink = if 0.1 * after_norm >= before || shrink.is_nan() {
                    0.1
                } else {
                    shrink.clamp(0.1, 0.5)
                };
                radius = shrink * radius.min(10.0 * length);
            } else if lambda == 0.0 || ratio >= 0.75 {
                radius = if lambda == 0.0 {
                    radius.max(2.0 * length)
                } else {
                    2.0 * length
                };
            }
            let still = weighted(&scale, &x).max(f64::MIN_POSITIVE);
            let mut moved = false;
            if ratio >= 1e-4 {
                let (new_residuals, new_jacobian) = of.jacobian(&trial);
                if new_jacobian.iter().all(|column| finite(column)) {
                    x = trial;
                    residuals = new_residuals;
                    jacobian = new_jacobian;
                    for (d, new) in scale.iter_mut().zip(unit_lengths(&jacobian)) {
                        *d = d.max(new);
                    }
                    moved = true;
                } else {
                    radius *= 0.25;
                }
            }
            if predicted <= f64::EPSILON && actual.abs() <= f64::EPSILON
                || radius <= f64::EPSILON * still
                || iteration >= limit
            {
                return Ok((x, iteration));
            }
            if moved {
                break;
            }
        }
    }
    Ok((x, iteration))
}
