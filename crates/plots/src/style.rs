//! One look for all charts.

use plotters::style::RGBColor;

/// Okabe and Ito's palette (2008), which people with any colour vision can tell apart.
pub(crate) const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

/// The colour of the grid.
pub(crate) const GRID: RGBColor = RGBColor(228, 228, 228);

/// Width and height in pixels.
pub(crate) const SIZE: (u32, u32) = (760, 480);
