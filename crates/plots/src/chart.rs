//! What all charts have in common: their settings, and the ways out.

use std::path::Path;

use crate::canvas::{Canvas, N, Rect};
use crate::colour::Theme;
use crate::error::PlotError;
use crate::{file, text};

/// The sides that a picture may have, in pixels.
const SIDES: (u32, u32) = (160, 8000);

/// What is set in the same way for every chart.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub title: String,
    pub subtitle: String,
    pub alt: Option<String>,
    pub theme: Theme,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// Pixels of a PNG file for one pixel of the SVG; 2 unless set.
    pub density: Option<u32>,
}

impl Settings {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }
}

/// The two methods of [`Draw`] that are the same for every chart.
macro_rules! settings {
    () => {
        fn settings(&self) -> &crate::chart::Settings {
            &self.settings
        }

        fn settings_mut(&mut self) -> &mut crate::chart::Settings {
            &mut self.settings
        }
    };
}
pub(crate) use settings;

/// What a chart has to say for itself; the rest is [`Chart`].
pub trait Draw: std::fmt::Debug {
    fn settings(&self) -> &Settings;
    fn settings_mut(&mut self) -> &mut Settings;
    /// The width if none is asked for.
    fn natural_width(&self) -> f64 {
        760.0
    }
    /// The height that suits a width.
    fn natural_height(&self, width: f64) -> f64 {
        (0.62 * width).max(320.0)
    }
    /// Draws everything below the paper: title, axes, data, legend.
    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError>;
    /// What a person who does not see the picture is told.
    fn describe(&self) -> String;
}

/// A picture of data: the settings and the files of every chart of this crate.
///
/// The SVG is complete in itself, its text is text, and it has a `<title>` and a `<desc>` for readers who do not see it. The PNG is made
/// from the same SVG. Equal data give equal bytes.
///
/// ```
/// use plots::{Chart, LineChart, Theme};
/// let chart = LineChart::new("Cost", "update", "cost").curve("training", &[0.0, 1.0, 2.0], &[0.69, 0.4, 0.3]);
/// let svg = chart.clone().theme(Theme::Dark).width(400).alt("The cost falls from 0.69 to 0.3.").to_svg()?;
/// assert!(svg.starts_with("<svg ") && svg.contains("width=\"400\""));
/// assert!(svg.contains("<title>Cost</title><desc>The cost falls from 0.69 to 0.3.</desc>"));
/// # #[cfg(feature = "png")]
/// assert!(chart.to_png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), plots::PlotError>(())
/// ```
pub trait Chart: Draw + Sized {
    /// Dark on light, or light on dark.
    fn theme(mut self, theme: Theme) -> Self {
        self.settings_mut().theme = theme;
        self
    }

    /// The width in pixels; 400 suits a telephone. The height follows, unless it is set.
    fn width(mut self, pixels: u32) -> Self {
        self.settings_mut().width = Some(pixels);
        self
    }

    /// The height in pixels.
    fn height(mut self, pixels: u32) -> Self {
        self.settings_mut().height = Some(pixels);
        self
    }

    /// A line below the title.
    fn subtitle(mut self, text: impl Into<String>) -> Self {
        self.settings_mut().subtitle = text.into();
        self
    }

    /// What a person who does not see the picture is told; without it, a sentence is made from the data.
    fn alt(mut self, text: impl Into<String>) -> Self {
        self.settings_mut().alt = Some(text.into());
        self
    }

    /// Pixels of the PNG file for one pixel of the SVG; 2 unless set.
    fn density(mut self, pixels: u32) -> Self {
        self.settings_mut().density = Some(pixels);
        self
    }

    /// The alternative text: the one that was set, or the sentence that is made from the data.
    fn alt_text(&self) -> String {
        let set = self.settings().alt.as_deref();
        text::clean(&set.map_or_else(|| self.describe(), str::to_owned))
    }

    /// The picture as SVG.
    ///
    /// # Errors
    /// [`PlotError`], if the data cannot be drawn; its sentence says what to change.
    fn to_svg(&self) -> Result<String, PlotError> {
        let settings = self.settings();
        let (width, height) = size(self)?;
        let (w, h) = (f64::from(width), f64::from(height));
        let mut canvas = Canvas::new(settings.theme.colours());
        let page = Rect {
            x: 0.0,
            y: 0.0,
            w,
            h,
        };
        canvas.rect(page, canvas.colours.paper, 1.0, 0.0);
        self.draw(&mut canvas, page.inset(14.0, 12.0, 14.0, 10.0))?;
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\" \
             font-family=\"{}\" style=\"max-width:100%;height:auto\">\n<title>{}</title><desc>{}</desc>\n{}</svg>\n",
            N(w),
            N(h),
            text::FONTS,
            text::escape(&settings.title),
            text::escape(&self.alt_text()),
            canvas.into_body()
        ))
    }

    /// The picture as a PNG file of [`Chart::density`] times as many pixels. Fonts are part of the program (DejaVu Sans).
    ///
    /// # Errors
    /// [`PlotError`], as for [`Chart::to_svg`].
    #[cfg(feature = "png")]
    fn to_png(&self) -> Result<Vec<u8>, PlotError> {
        let density = self.settings().density.unwrap_or(2);
        let (width, height) = size(self)?;
        let most = SIDES.1;
        let fits = |side: u32| side.checked_mul(density).is_some_and(|s| s <= 2 * most);
        if density == 0 || !fits(width) || !fits(height) {
            return Err(PlotError::Raster {
                reason: format!(
                    "{width} x {height} at {density} pixels each is nothing or more than {} on a side; choose another density",
                    2 * most
                ),
            });
        }
        crate::raster::png(&self.to_svg()?, density)
    }

    /// What a file of this name has to hold: the picture as SVG or PNG, by the ending.
    ///
    /// # Errors
    /// [`PlotError`], if the data cannot be drawn or the ending is not known.
    fn to_bytes(&self, name: impl AsRef<Path>) -> Result<Vec<u8>, PlotError> {
        let name = name.as_ref();
        let ending = name
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(self.to_svg()?.into_bytes()),
            #[cfg(feature = "png")]
            Some("png") => self.to_png(),
            _ => Err(PlotError::Extension {
                file: name.to_owned(),
            }),
        }
    }

    /// Saves the picture as SVG or PNG, by the ending of the name: a temporary neighbour is written and renamed, so that a failure leaves
    /// an old file whole. A link is followed, and an old file keeps its permissions.
    ///
    /// # Errors
    /// [`PlotError`], if the data cannot be drawn, the ending is not known, or the file cannot be written.
    fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        file::write(path, &self.to_bytes(path)?).map_err(|reason| PlotError::Write {
            file: path.to_owned(),
            reason,
        })
    }
}

impl<T: Draw + Sized> Chart for T {}

/// Width and height in pixels.
fn size(chart: &impl Draw) -> Result<(u32, u32), PlotError> {
    let settings = chart.settings();
    let (least, most) = SIDES;
    let width = settings
        .width
        .unwrap_or(chart.natural_width().round() as u32);
    let height = settings
        .height
        .unwrap_or_else(|| chart.natural_height(f64::from(width)).round() as u32);
    if (least..=most).contains(&width) && (least..=most).contains(&height) {
        return Ok((width, height));
    }
    Err(PlotError::Size {
        width,
        height,
        least,
        most,
    })
}
