//! Every distribution with every link: value, slope and curvature against the tape, tails against closed forms.

use autodiff::{Tape, Var};
use models::glm::{Distribution, Family, Generalised, Link};

const DISTRIBUTIONS: [Distribution; 8] = [
    Distribution::Gaussian,
    Distribution::Binomial,
    Distribution::Poisson,
    Distribution::Gamma,
    Distribution::InverseGaussian,
    Distribution::NegativeBinomial { theta: 1.7 },
    Distribution::Tweedie { power: 1.5 },
    Distribution::Tweedie { power: 1.1 },
];

/// The mean, written in the operations of the tape.
fn mean(link: Link, eta: Var<'_, f64>) -> Var<'_, f64> {
    match link {
        Link::Identity => eta,
        Link::Logit => eta.sigmoid(),
        Link::Probit => eta.normal_cdf(),
        Link::Cloglog => 1.0 - (-eta.exp()).exp(),
        // The tape has no arctangent.
        Link::Cauchit => unreachable!("compared with differences"),
        Link::Log => eta.exp(),
        Link::Inverse => eta.recip(),
        Link::InverseSquare => eta.powf(-0.5),
        Link::Sqrt => eta.square(),
        other => unreachable!("{other}"),
    }
}

fn loss(distribution: Distribution, mu: Var<'_, f64>, y: f64) -> Var<'_, f64> {
    match distribution {
        Distribution::Gaussian => 0.5 * (mu - y).square(),
        Distribution::Binomial => -(y * mu.ln() + (1.0 - y) * (1.0 - mu).ln()),
        Distribution::Poisson => mu - y * mu.ln(),
        Distribution::Gamma => y / mu + mu.ln(),
        Distribution::InverseGaussian => 0.5 * y / mu.square() - 1.0 / mu,
        Distribution::NegativeBinomial { theta } => {
            (y + theta) * (mu + theta).ln() - y * mu.ln() - (theta * theta.ln())
        }
        Distribution::Tweedie { power } => {
            mu.powf(2.0 - power) / (2.0 - power) - y * mu.powf(1.0 - power) / (1.0 - power)
        }
        other => unreachable!("{other:?}"),
    }
}

/// Linear predictors whose means the distribution allows.
fn predictors(distribution: Distribution, link: Link) -> Vec<f64> {
    let allowed = |mu: f64| match distribution {
        Distribution::Gaussian => mu.is_finite(),
        Distribution::Binomial => mu > 0.01 && mu < 0.99,
        _ => mu > 0.05 && mu < 50.0,
    };
    let grid = (-16..=16).map(|k| 0.17 * f64::from(k) + 0.013);
    grid.filter(|eta| allowed(link.mean(*eta).value)).collect()
}

#[test]
fn every_combination_agrees_with_the_tape_to_second_order() {
    let mut compared = 0;
    for distribution in DISTRIBUTIONS {
        for link in Link::ALL {
            let family = Generalised { distribution, link };
            for eta in predictors(distribution, link) {
                for y in [0.0, 0.25, 1.0, 3.0] {
                    if !distribution.accepts(y) {
                        continue;
                    }
                    let terms = family.terms(eta, y);
                    let close = |found: f64, expected: f64, tolerance: f64, what: &str| {
                        let scale = 1.0 + expected.abs();
                        assert!(
                            (found - expected).abs() <= tolerance * scale,
                            "{distribution:?} {link} at {eta}, {y}: {what} {found} and {expected}"
                        );
                    };
                    if link == Link::Cauchit {
                        // By central differences of value and slope.
                        let h = 1e-5;
                        let [above, below] = [eta + h, eta - h].map(|eta| family.terms(eta, y));
                        close(
                            terms.slope,
                            (above.loss - below.loss) / (2.0 * h),
                            1e-8,
                            "slope",
                        );
                        close(
                            terms.curvature,
                            (above.slope - below.slope) / (2.0 * h),
                            1e-8,
                            "curvature",
                        );
                        let mu = 0.5 + eta.atan() / std::f64::consts::PI;
                        close(family.mean(eta), mu, 1e-15, "mean");
                    } else {
                        let at = [eta];
                        let tape = Tape::new();
                        let x = tape.variable(&at);
                        let cost = loss(distribution, mean(link, x), y).sum();
                        close(terms.loss, cost.item(), 2e-13, "loss");
                        close(terms.slope, cost.backward()[x][(0, 0)], 2e-12, "slope");
                        close(
                            terms.curvature,
                            cost.hessian(&[x])[(0, 0)],
                            2e-11,
                            "curvature",
                        );
                        close(family.mean(eta), mean(link, x).item(), 1e-14, "mean");
                    }
                    compared += 1;
                }
                // Fisher's information is the expected curvature.
                let mu = family.mean(eta);
                let first = link.mean(eta).first;
                let information = first * first / distribution.variance(mu);
                assert!(
                    (family.information(eta) / information - 1.0).abs() < 1e-11,
                    "{family:?} {eta}"
                );
                assert!(
                    (link.of(mu) - eta).abs() < 1e-11 * (1.0 + eta.abs()),
                    "{link} {eta}"
                );
            }
        }
    }
    assert!(compared > 3000, "{compared}");
}

#[test]
fn deviances_are_those_of_the_books() {
    // Twice the loss above that of a perfect fit (McCullagh and Nelder 1989, table 2.1).
    for (y, mu) in [(3.0_f64, 2.0_f64), (0.5, 1.5), (0.0, 0.7)] {
        let unit = |distribution: Distribution| {
            let family = Generalised {
                distribution,
                link: Link::Identity,
            };
            2.0 * (family.terms(mu, y).loss - family.saturated_loss(y))
        };
        let poisson = if y == 0.0 {
            2.0 * mu
        } else {
            2.0 * (y * (y / mu).ln() - (y - mu))
        };
        assert!((unit(Distribution::Poisson) - poisson).abs() < 1e-14);
        assert!((unit(Distribution::Gaussian) - (y - mu).powi(2)).abs() < 1e-14);
        if y > 0.0 {
            let gamma = 2.0 * (-(y / mu).ln() + (y - mu) / mu);
            assert!((unit(Distribution::Gamma) - gamma).abs() < 1e-14);
            let inverse = (y - mu).powi(2) / (mu * mu * y);
            assert!((unit(Distribution::InverseGaussian) - inverse).abs() < 1e-14);
        }
        let theta = 1.7;
        let first = if y == 0.0 { 0.0 } else { y * (y / mu).ln() };
        let negative = 2.0 * (first - (y + theta) * ((y + theta) / (mu + theta)).ln());
        assert!((unit(Distribution::NegativeBinomial { theta }) - negative).abs() < 1e-14);
    }
}

#[test]
fn tails_keep_their_digits() {
    let binomial = |link: Link| Generalised {
        distribution: Distribution::Binomial,
        link,
    };
    // ln Φ(−30) and its slope, from the asymptotic series to 16 digits.
    let terms = binomial(Link::Probit).terms(-30.0, 1.0);
    assert!(
        (terms.loss - 454.321_243_956_343_2).abs() < 1e-12,
        "{}",
        terms.loss
    );
    assert!(
        (terms.slope + 30.033_259_667_433_675).abs() < 1e-13,
        "{}",
        terms.slope
    );
    // An impossible outcome costs, a certain one does not.
    for link in [Link::Logit, Link::Probit, Link::Cloglog] {
        let certain = binomial(link).terms(if link == Link::Cloglog { 6.0 } else { 40.0 }, 1.0);
        assert!(
            certain.loss >= 0.0 && certain.loss < 1e-16 && certain.slope.abs() < 1e-16,
            "{link}: {certain:?}"
        );
        let far = binomial(link).terms(-700.0, 0.0);
        assert!(
            far.loss.abs() < 1e-300 && far.slope.abs() < 1e-300 && far.curvature.is_finite(),
            "{link}: {far:?}"
        );
    }
    let cloglog = binomial(Link::Cloglog).terms(-800.0, 1.0);
    assert_eq!(
        (cloglog.loss, cloglog.slope, cloglog.curvature),
        (800.0, -1.0, 0.0)
    );
    let cauchit = binomial(Link::Cauchit).terms(-1e8, 1.0);
    assert!((cauchit.loss - (std::f64::consts::PI * 1e8).ln()).abs() < 1e-13);
    // A mean that the distribution cannot have costs infinitely much, so that no solver steps there.
    for (distribution, link, eta) in [
        (Distribution::Poisson, Link::Identity, -0.5),
        (Distribution::InverseGaussian, Link::Identity, -0.5),
        (Distribution::Gamma, Link::Inverse, -2.0),
        (Distribution::Binomial, Link::Identity, 1.5),
        (Distribution::Gaussian, Link::InverseSquare, -1.0),
        (Distribution::Poisson, Link::Sqrt, -1.0),
    ] {
        let terms = Generalised { distribution, link }.terms(eta, distribution.accepts(0.0).into());
        assert_eq!(terms.loss, f64::INFINITY, "{distribution:?} {link}");
    }
    let counts = Generalised {
        distribution: Distribution::NegativeBinomial { theta: 2.0 },
        link: Link::Log,
    };
    assert!(
        counts.terms(800.0, 3.0).loss.is_finite() && counts.terms(-800.0, 0.0).slope.abs() < 1e-300
    );
    assert!(
        "loogit"
            .parse::<Link>()
            .unwrap_err()
            .to_string()
            .starts_with("there is no link `loogit`; there are identity, logit")
    );
}

#[test]
fn variances_are_those_of_the_losses() {
    // dℓ/dμ = (μ − y) / V(μ) in every exponential family; by the identity link.
    for distribution in DISTRIBUTIONS {
        let family = Generalised {
            distribution,
            link: Link::Identity,
        };
        for mu in [0.15, 0.4, 0.8] {
            for y in [0.25, 0.6] {
                let variance = (mu - y) / family.terms(mu, y).slope;
                let found = distribution.variance(mu);
                assert!(
                    (found / variance - 1.0).abs() < 1e-12,
                    "{distribution:?} at {mu}: {found} {variance}"
                );
            }
        }
    }
}
