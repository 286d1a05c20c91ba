//! Text: its width, what of it fits, and what of it may stand in a file.

/// Generic names first; the embedded font of PNG files last but one.
pub const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif";

/// Sizes in pixels.
pub const TITLE: f64 = 17.0;
/// Of the line below the title, axis names and legends.
pub const NAME: f64 = 13.0;
/// Of numbers at axes and in cells.
pub const TICK: f64 = 12.0;

/// Advances of the characters from space to `~` in thousandths of the size in DejaVu Sans, which is wider than most fonts: what fits
/// in it fits in others.
const ADVANCE: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

fn advance(c: char) -> f64 {
    let thousandths = match c {
        ' '..='~' => ADVANCE[c as usize - 32],
        // Combining marks and joiners.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        // Superscript and subscript digits.
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{208e}' => 410,
        '\u{2190}'..='\u{22ff}' => 838,
        '\u{1100}'..='\u{11ff}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}' => 1000,
        c if c as u32 >= 0x1f000 => 1300,
        '…' => 1000,
        _ => 680,
    };
    f64::from(thousandths) / 1000.0
}

/// Width in pixels of one line at a size.
pub fn width(text: &str, size: f64) -> f64 {
    size * text.chars().map(advance).sum::<f64>()
}

/// As much of a text as fits in `room` pixels, with an ellipsis in place of what does not.
pub fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut used = 0.0;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            used += size * advance(*c);
            used <= room
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Lines of at most `room` pixels, broken at spaces where possible; the last of at most `lines` has an ellipsis if text is left.
pub fn wrap(text: &str, size: f64, room: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = text.split(' ').peekable();
    while words.peek().is_some() {
        if out.len() + 1 == lines {
            let rest: Vec<&str> = words.collect();
            out.push(fit(&rest.join(" "), size, room));
            return out;
        }
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer = if line.is_empty() {
                (*word).to_owned()
            } else {
                format!("{line} {word}")
            };
            if !line.is_empty() && width(&longer, size) > room {
                break;
            }
            line = longer;
            words.next();
        }
        out.push(fit(&line, size, room));
    }
    out
}

/// A text of one line that XML can hold: white space becomes a space, what XML forbids and what turns the direction of writing around
/// becomes U+FFFD.
pub fn clean(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(plain).collect()
}

/// [`clean`], with the characters that XML reserves written as entities.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_and_what_does_not_ends_in_an_ellipsis() {
        assert_eq!(fit("short", 12.0, 100.0), "short");
        let cut = fit("a very long label indeed", 12.0, 60.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 60.0, "{cut}");
        assert_eq!(fit("x", 12.0, 0.0), "…");
    }

    #[test]
    fn lines_hold_all_words_or_say_that_they_do_not() {
        assert_eq!(wrap("one two three", 10.0, 45.0, 3), ["one two", "three"]);
        let cut = wrap("one two three four five six", 10.0, 45.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…'));
        assert!(wrap("", 10.0, 45.0, 2).iter().all(String::is_empty));
    }

    #[test]
    fn hostile_characters_cannot_leave_their_place() {
        assert_eq!(
            escape("a<b>&\"'\u{0}\n\u{202e}"),
            "a&lt;b&gt;&amp;&quot;&#39;\u{fffd} \u{fffd}"
        );
    }
}
