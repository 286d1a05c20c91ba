//! Text that is read ahead of its use.

use std::io::{self, Read};

/// A window of a stream.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the window starts in the buffer.
    start: usize,
    /// The buffer that is filled while this one is used.
    next: Vec<u8>,
    ended: bool,
}

impl<R: Read + Send> Source<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            next: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// True if nothing follows the text.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Reads until the text has so many bytes or the stream ends.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.text().len() < wanted && !self.ended {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.ended = read(&mut self.reader, &mut self.buffer, wanted)?;
        }
        Ok(())
    }

    /// Uses the first `end` bytes and skips them, while the stream is read on until there are so many bytes after them.
    pub(super) fn use_and_fill<A: Send>(
        &mut self,
        end: usize,
        wanted: usize,
        use_it: impl FnOnce(&[u8]) -> A + Send,
    ) -> io::Result<A> {
        let (text, rest) = self.buffer[self.start..].split_at(end);
        if self.ended || rest.len() >= wanted {
            let used = use_it(text);
            self.start += end;
            return Ok(used);
        }
        let (reader, next) = (&mut self.reader, &mut self.next);
        let fill = || {
            next.clear();
            next.extend_from_slice(rest);
            read(reader, next, wanted)
        };
        let (ended, used) = linalg::parallel::join(fill, || use_it(text));
        std::mem::swap(&mut self.buffer, &mut self.next);
        self.start = 0;
        self.ended = ended?;
        Ok(used)
    }
}

/// Reads until the buffer has so many bytes; true if the stream has ended.
fn read(reader: &mut impl Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    while buffer.len() < wanted {
        let missing = wanted - buffer.len();
        buffer.reserve_exact(missing);
        if reader.by_ref().take(missing as u64).read_to_end(buffer)? == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
