//! Colours: two themes, a palette that people with any colour vision can tell apart, and maps from numbers to colours.

use std::fmt;

/// Dark ink on light paper, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on nearly black.
    Dark,
}

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Colour {
    const fn hex(rgb: u32) -> Self {
        Self((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
    }

    /// The share `t` of the way to another colour.
    pub fn mix(self, other: Self, t: f64) -> Self {
        let part = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * t).round() as u8;
        Self(
            part(self.0, other.0),
            part(self.1, other.1),
            part(self.2, other.2),
        )
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The contrast ratio, from 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever is easier to read on this colour.
    pub fn ink(self) -> Self {
        let (black, white) = (Self::hex(0x0015_1a21), Self::hex(0x00ff_ffff));
        if self.contrast(black) >= self.contrast(white) {
            black
        } else {
            white
        }
    }
}

/// The colours of a theme.
#[derive(Debug, Clone, Copy)]
pub struct Colours {
    pub paper: Colour,
    pub ink: Colour,
    pub muted: Colour,
    pub axis: Colour,
    pub grid: Colour,
    /// Of series, in their order: after Okabe and Ito (2008), with enough contrast to the paper.
    pub series: [Colour; 7],
    /// From the lowest to the highest number.
    pub sequential: [Colour; 5],
    /// From −1 by 0 to 1.
    pub diverging: [Colour; 5],
}

impl Theme {
    pub(crate) fn colours(self) -> Colours {
        match self {
            Self::Light => Colours {
                paper: Colour::hex(0x00ff_ffff),
                ink: Colour::hex(0x001c_2128),
                muted: Colour::hex(0x0057_606a),
                axis: Colour::hex(0x008c_959f),
                grid: Colour::hex(0x00e6_e9ed),
                series: [
                    0x0000_72b2,
                    0x00d5_5e00,
                    0x0000_8a66,
                    0x00b8_5590,
                    0x00a0_7400,
                    0x003d_97cc,
                    0x006b_7280,
                ]
                .map(Colour::hex),
                sequential: [
                    0x00f4_f8fc,
                    0x00c9_dff0,
                    0x008a_bbdd,
                    0x003f_88bd,
                    0x000b_4a83,
                ]
                .map(Colour::hex),
                diverging: [
                    0x00a8_4a00,
                    0x00f0_ab6c,
                    0x00f6_f6f6,
                    0x0082_b8de,
                    0x0008_5a94,
                ]
                .map(Colour::hex),
            },
            Self::Dark => Colours {
                paper: Colour::hex(0x0014_181f),
                ink: Colour::hex(0x00e9_ecf1),
                muted: Colour::hex(0x00ab_b4bf),
                axis: Colour::hex(0x006f_7985),
                grid: Colour::hex(0x002b_323c),
                series: [
                    0x0056_b4e9,
                    0x00f5_8a3c,
                    0x002f_c494,
                    0x00e2_94c0,
                    0x00f0_d048,
                    0x008a_a8ff,
                    0x00a3_acb8,
                ]
                .map(Colour::hex),
                sequential: [
                    0x001a_222d,
                    0x001d_3a57,
                    0x0025_6194,
                    0x003f_94d0,
                    0x00a8_d8f8,
                ]
                .map(Colour::hex),
                diverging: [
                    0x00f5_9a50,
                    0x008f_5020,
                    0x0023_2a34,
                    0x001f_5f93,
                    0x0062_baf2,
                ]
                .map(Colour::hex),
            },
        }
    }
}

/// The colour at `t` in 0..=1 along a list of colours.
pub fn along(colours: &[Colour; 5], t: f64) -> Colour {
    let t = if t.is_nan() {
        0.0
    } else {
        t.clamp(0.0, 1.0) * 4.0
    };
    let k = (t as usize).min(3);
    colours[k].mix(colours[k + 1], t - k as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_marks_stand_out_from_the_paper() {
        for theme in [Theme::Light, Theme::Dark] {
            let c = theme.colours();
            assert!(c.ink.contrast(c.paper) > 12.0);
            assert!(c.muted.contrast(c.paper) > 4.5);
            for s in c.series {
                assert!(s.contrast(c.paper) >= 3.0, "{s} on {}", c.paper);
            }
            for k in 0..=40 {
                let t = f64::from(k) / 40.0;
                for map in [&c.sequential, &c.diverging] {
                    let cell = along(map, t);
                    assert!(cell.contrast(cell.ink()) >= 4.0, "{cell}");
                }
            }
        }
    }

    #[test]
    fn maps_end_at_their_ends() {
        let c = Theme::Light.colours();
        assert_eq!(along(&c.sequential, -1.0), c.sequential[0]);
        assert_eq!(along(&c.sequential, 0.5), c.sequential[2]);
        assert_eq!(along(&c.sequential, 7.0), c.sequential[4]);
    }
}
