//! Where records end. Within quotes a line end is text.

/// How records are delimited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) comment: Option<u8>,
}

/// Ends of records in a text that begins with a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// About one end for every `stride` bytes, and the last one. Each is the place after a line feed.
    pub(super) cuts: Vec<usize>,
    /// Where a quote was opened that is not closed.
    pub(super) open: Option<usize>,
    /// True if there are quotes.
    pub(super) quotes: bool,
}

impl Dialect {
    pub(super) fn ends(self, text: &[u8], stride: usize) -> Ends {
        if memchr::memchr(self.quote, text).is_none() {
            return plain(text, stride);
        }
        let mut ends = Ends {
            quotes: true,
            ..Ends::default()
        };
        let (mut last, mut field_start, mut record_start) = (0, true, true);
        let mut just_closed = false;
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            if ends.open.is_some() {
                // To the next quote.
                let Some(distance) = memchr::memchr(self.quote, &text[at..]) else {
                    break;
                };
                ends.open = None;
                just_closed = true;
                at += distance + 1;
                continue;
            }
            if record_start && Some(byte) == self.comment {
                at =
                    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |distance| at + distance);
                record_start = false;
                continue;
            }
            // A doubled quote within a cell closes and opens again.
            if byte == self.quote && (field_start || just_closed) {
                ends.open = Some(at);
                (field_start, record_start, just_closed) = (false, false, false);
                at += 1;
                continue;
            }
            just_closed = false;
            record_start = byte == b'\n' || byte == b'\r';
            field_start = record_start || byte == self.delimiter;
            at += 1;
            if byte == b'\n' {
                last = at;
                if at - ends.cuts.last().copied().unwrap_or(0) >= stride {
                    ends.cuts.push(at);
                }
            }
        }
        if last > ends.cuts.last().copied().unwrap_or(0) {
            ends.cuts.push(last);
        }
        ends
    }
}

/// Without quotes every line feed ends a record.
fn plain(text: &[u8], stride: usize) -> Ends {
    let mut cuts = Vec::new();
    let last = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
    let mut at = 0;
    while at < last {
        let from = (at + stride - 1).min(last - 1);
        at = memchr::memchr(b'\n', &text[from..last]).map_or(last, |distance| from + distance + 1);
        cuts.push(at);
    }
    Ends {
        cuts,
        ..Ends::default()
    }
}

/// The number of lines that end in a text.
pub(super) fn lines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Dialect = Dialect {
        delimiter: b',',
        quote: b'"',
        comment: Some(b'#'),
    };

    #[test]
    fn line_ends_in_quotes_and_quotes_in_comments_do_not_count() {
        let ends = |text: &str| DIALECT.ends(text.as_bytes(), 1);
        assert_eq!(ends("a,b\nc,d\n").cuts, [4, 8]);
        assert_eq!(ends("\"a\nb\",c\nd\n").cuts, [8, 10]);
        assert_eq!(ends("\"a\"\"\nb\",c\nd").cuts, [10]);
        assert_eq!(ends("5\" wide,1\n2,3\n").cuts, [10, 14]);
        assert_eq!(ends("# a \" quote\n1,2\n").cuts, [12, 16]);
        assert_eq!(ends("1,\"2\n3,4\n").open, Some(2));
        assert_eq!(ends("no end").cuts, [0; 0]);
        assert_eq!(DIALECT.ends(b"a\nb\nc\n", 4).cuts, [4, 6]);
        assert_eq!(DIALECT.ends(b"\"a\"\nb\nc\n", 100).cuts, [8]);
    }
}
