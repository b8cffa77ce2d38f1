//! What a build command says: passed on line by line, and of all of it the beginning and the end
//! kept.

use std::collections::VecDeque;

/// What is kept of the beginning, bytes: what a tool says before it goes wrong.
const HEAD_BYTES: usize = 4 << 10;

/// What is kept of the end, bytes: errors stand there.
const TAIL_BYTES: usize = 16 << 10;

/// The longest line that is passed on, bytes; the rest of it is not.
const LINE_BYTES: usize = 2 << 10;

/// Lines of the beginning and of the end that a failure shows.
const HEAD_LINES: usize = 10;
const TAIL_LINES: usize = 30;

/// The output of a command, of which no more is held than the constants above say.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    bytes: u64,
    line: Vec<u8>,
}

impl Output {
    /// Takes a piece, and passes on each line that ends in it.
    pub(super) fn take(&mut self, piece: &[u8], mut on_line: impl FnMut(&str)) {
        self.bytes += piece.len() as u64;
        let (head, rest) = piece.split_at(piece.len().min(HEAD_BYTES - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail
            .extend(&rest[rest.len().saturating_sub(TAIL_BYTES)..]);
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES - self.line.len();
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if part.ends_with(b"\n") {
                on_line(String::from_utf8_lossy(&self.line).trim_end());
                self.line.clear();
            }
        }
    }

    /// The beginning and the end, with how much was left out between them.
    pub(super) fn shown(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let is_whole = (self.head.len() + tail.len()) as u64 == self.bytes;
        let (head, tail) = match is_whole {
            true => ([&self.head[..], &tail].concat(), Vec::new()),
            false => (self.head.clone(), tail),
        };
        let [head, tail] = [&head, &tail].map(|bytes| String::from_utf8_lossy(bytes));
        let [first, last] = [&head, &tail].map(|text| text.lines().collect::<Vec<&str>>());
        let (first, last) = match is_whole {
            true if first.len() <= HEAD_LINES + TAIL_LINES => return first.join("\n"),
            true => first.split_at(HEAD_LINES),
            false => (&first[..first.len().min(HEAD_LINES)], &last[..]),
        };
        let (passed_over, last) = last.split_at(last.len().saturating_sub(TAIL_LINES));
        let (first, last) = (first.join("\n"), last.join("\n"));
        let left_out = match is_whole {
            true => format!("{} lines", passed_over.len()),
            false => {
                let shown = (first.len() + last.len()) as u64;
                format!("{} bytes", self.bytes.saturating_sub(shown))
            }
        };
        format!("{first}\n… ({left_out} left out)\n{last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pieces: &[&[u8]]) -> (Output, Vec<String>) {
        let (mut output, mut lines) = (Output::default(), Vec::new());
        for piece in pieces {
            output.take(piece, |line| lines.push(line.to_owned()));
        }
        (output, lines)
    }

    #[test]
    fn what_is_short_is_shown_whole_and_lines_are_put_together() {
        let (output, lines) = taken(&[b"one\ntw", b"o\r\nthree"]);
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(output.shown(), "one\ntwo\nthree");
        let many: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let shown = taken(&[many.as_bytes()]).0.shown();
        assert!(
            shown.starts_with("line 0\n") && shown.ends_with("line 99"),
            "{shown}"
        );
        assert!(
            shown.contains("line 9\n… (60 lines left out)\nline 70\n"),
            "{shown}"
        );
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_held() {
        let flood = vec![b'x'; 1 << 20];
        let mut pieces: Vec<&[u8]> = vec![b"first\n"];
        pieces.extend(vec![flood.as_slice(); 20]);
        pieces.push(b"\nlast\n");
        let (output, lines) = taken(&pieces);
        assert!(output.tail.len() <= TAIL_BYTES && output.line.len() <= LINE_BYTES);
        assert!(output.tail.capacity() < 4 << 20);
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [5, LINE_BYTES, 4]);
        let shown = output.shown();
        assert!(
            shown.starts_with("first\n") && shown.ends_with("last"),
            "{shown}"
        );
        let left_out = (20 << 20) - HEAD_BYTES - TAIL_BYTES;
        let said = shown
            .lines()
            .find_map(|line| line.strip_prefix("… ("))
            .unwrap();
        let said: usize = said.split(' ').next().unwrap().parse().unwrap();
        assert!(said.abs_diff(left_out) < 64, "{said} {left_out}");
    }
}
