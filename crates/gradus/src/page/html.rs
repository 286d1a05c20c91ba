//! HTML that is also well-formed XML: text is escaped here and nowhere else.

use std::fmt::Write;

use anyhow::Result;
use plots::Theme;

use crate::charts::Drawn;
use crate::diagnose::p;

/// The width at which pictures are drawn: their text is legible on a telephone, and a page has room for two or three side by side.
const WIDTH: u32 = 400;

/// Text for a page. What no XML document may hold, and what would turn the direction of the text around it, becomes U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Six significant digits, without powers of ten where they can be read.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        let name = if x.is_nan() { "not a number" } else { "∞" };
        return if x < 0.0 {
            format!("−{name}")
        } else {
            name.to_owned()
        };
    }
    let size = x.abs().log10().floor() as i32;
    let text = if (-4..7).contains(&size) {
        let text = format!("{:.*}", usize::try_from(5 - size).unwrap_or(0), x.abs());
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{:.4e}", x.abs())
    };
    if x < 0.0 { format!("−{text}") } else { text }
}

/// A cell of a table.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Text(String),
    Number(Option<f64>),
    /// A p-value.
    P(Option<f64>),
}

impl Cell {
    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// What is shown, and what is sorted by: nothing for what is not a number, and infinities in the words of JavaScript.
    fn parts(&self) -> (String, String) {
        let value = |x: Option<f64>| match x {
            Some(x) if x.is_infinite() => format!("{}Infinity", if x < 0.0 { "-" } else { "" }),
            Some(x) if !x.is_nan() => x.to_string(),
            _ => String::new(),
        };
        match self {
            Self::Text(text) => (escape(text), escape(text)),
            Self::Number(x) => (x.map_or_else(|| "–".to_owned(), number), value(*x)),
            Self::P(x) => {
                let shown = x.map_or_else(|| "–".to_owned(), p);
                (escape(&shown), value(*x))
            }
        }
    }
}

/// A table whose first column names its rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) header: Vec<&'static str>,
    /// Cells, and the place in the forest plot if there is one.
    pub(super) rows: Vec<(Vec<Cell>, Option<usize>)>,
    pub(super) sortable: bool,
}

/// The body of a page.
#[derive(Debug, Default)]
pub(super) struct Body(pub(super) String);

impl Body {
    pub(super) fn raw(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    pub(super) fn section(&mut self, id: &str, title: &str) {
        let title = escape(title);
        self.raw(&format!(
            "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>"
        ));
    }

    pub(super) fn end(&mut self) {
        self.raw("</section>");
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.raw(&format!("<p>{}</p>", escape(text)));
    }

    pub(super) fn note(&mut self, text: &str) {
        self.raw(&format!("<p class=\"note\">{}</p>", escape(text)));
    }

    pub(super) fn code(&mut self, text: &str) {
        self.raw(&format!("<pre><code>{}</code></pre>", escape(text)));
    }

    /// Names with values.
    pub(super) fn facts(&mut self, facts: &[(String, String)]) {
        self.raw("<dl class=\"facts\">");
        for (name, value) in facts {
            let (name, value) = (escape(name), escape(value));
            self.raw(&format!("<div><dt>{name}</dt><dd>{value}</dd></div>"));
        }
        self.raw("</dl>");
    }

    pub(super) fn table(&mut self, table: &Table) -> Result<()> {
        let caption = escape(&table.caption);
        let class = if table.sortable {
            " class=\"sortable\""
        } else {
            ""
        };
        // What is wider than a telephone is scrolled, by keys too.
        self.raw(&format!(
            "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table{class}>\n<caption>{caption}</caption>"
        ));
        let numeric = |j: usize| table.rows.iter().any(|(cells, _)| !cells[j].is_text());
        let class = |j: usize| if numeric(j) { " class=\"number\"" } else { "" };
        let out = &mut self.0;
        out.push_str("<thead><tr>");
        for (j, name) in table.header.iter().enumerate() {
            write!(out, "<th scope=\"col\"{}>{}</th>", class(j), escape(name))?;
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for (cells, place) in &table.rows {
            match place {
                Some(place) => write!(out, "<tr data-row=\"{place}\">")?,
                None => out.push_str("<tr>"),
            }
            for (j, cell) in cells.iter().enumerate() {
                let (shown, value) = cell.parts();
                let value = match (table.sortable, value.is_empty()) {
                    (true, false) => format!(" data-value=\"{value}\""),
                    _ => String::new(),
                };
                if j == 0 {
                    write!(out, "<th scope=\"row\"{value}>{shown}</th>")?;
                } else {
                    write!(out, "<td{}{value}>{shown}</td>", class(j))?;
                }
            }
            out.push_str("</tr>\n");
        }
        self.raw("</tbody></table></div>");
        Ok(())
    }

    /// Pictures side by side, in light and in dark, each with what it says below it; one that cannot be drawn is a sentence.
    pub(super) fn figures(&mut self, id: Option<&str>, figures: Vec<(Result<Drawn>, &str)>) {
        let mut reasons = Vec::new();
        let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
        self.raw(&format!("<div class=\"figures\"{id}>"));
        for (drawn, caption) in figures {
            let both = drawn.and_then(|drawn| {
                let svg = |theme| drawn.svg(theme, Some(WIDTH));
                Ok([svg(Theme::Light)?, svg(Theme::Dark)?])
            });
            match both {
                Ok([light, dark]) => self.raw(&format!(
                    "<figure><div class=\"light\">{light}</div><div class=\"dark\">{dark}</div><figcaption>{}</figcaption></figure>",
                    escape(caption)
                )),
                Err(error) => reasons.push(format!("A picture is left out: {error:#}.")),
            }
        }
        self.raw("</div>");
        for reason in reasons {
            self.note(&reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        let all = [
            0.0,
            1.0,
            -3.681_184,
            123_456.7,
            1e9,
            2.5e-7,
            f64::NEG_INFINITY,
            1_234_567.8,
        ];
        let shown = all.map(number);
        let expected = [
            "0",
            "1",
            "−3.68118",
            "123457",
            "1.0000e9",
            "2.5000e-7",
            "−∞",
            "1234568",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_sorted_by_is_a_number_of_javascript() {
        let value = |x: f64| Cell::Number(Some(x)).parts().1;
        let all = [1e-7, -2.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let expected = ["0.0000001", "-2.5", "Infinity", "-Infinity", ""];
        assert_eq!(all.map(value), expected);
    }

    #[test]
    fn hostile_text_is_text() {
        assert_eq!(
            escape("<img src=x onerror='a(\"b\")'>&\u{0}\u{202e}"),
            "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;\u{fffd}\u{fffd}"
        );
    }

    /// WCAG 2.2: text has a contrast of at least 4.5 to what it stands on.
    #[test]
    fn text_can_be_read_in_both_themes() {
        let css = include_str!("page.css");
        let luminance = |name: &str, block: &str| {
            let hex = block.split(&format!("--{name}: #")).nth(1).expect(name);
            let part = |k: usize| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).expect(name);
            let linear = |c: u8| {
                let c = f64::from(c) / 255.0;
                if c <= 0.04045 {
                    c / 12.92
                } else {
                    ((c + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(part(0)) + 0.7152 * linear(part(1)) + 0.0722 * linear(part(2))
        };
        let blocks: Vec<&str> = css
            .split("color-scheme:")
            .skip(1)
            .filter(|b| b.contains("--paper:"))
            .collect();
        assert_eq!(blocks.len(), 3);
        for block in blocks {
            for (text, below) in [
                ("ink", "paper"),
                ("ink", "band"),
                ("ink", "mark"),
                ("ink", "bad-band"),
                ("muted", "paper"),
                ("muted", "band"),
                ("link", "paper"),
                ("good", "band"),
                ("bad", "bad-band"),
            ] {
                let (a, b) = (luminance(text, block), luminance(below, block));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{text} on {below}: {contrast}");
            }
        }
    }
}
