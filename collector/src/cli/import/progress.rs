//! What a person sees of an import while it runs: its progress, and its problems.

use std::io::{self, IsTerminal, Stderr, Write};
use std::time::{Duration, Instant};

use audit_layer_collector::import::{Place, Problem, Progress, Watch};

use crate::cli::import::summary::letters;

/// Standard error. Progress is only for a terminal: in a file it would be noise.
pub(crate) struct Screen<W> {
    output: W,
    is_terminal: bool,
    has_colours: bool,
    /// When progress was last shown.
    shown: Option<Instant>,
    problems: u64,
}

impl Screen<Stderr> {
    pub(crate) fn stderr() -> Self {
        let output = io::stderr();
        let is_terminal = output.is_terminal();
        // https://no-color.org: any value that is not empty.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::new(output, is_terminal, is_terminal && !no_color)
    }
}

// Where stderr cannot be written to, there is nobody to tell: results are ignored throughout.
impl<W: Write> Screen<W> {
    fn new(output: W, is_terminal: bool, has_colours: bool) -> Self {
        Self {
            output,
            is_terminal,
            has_colours,
            shown: None,
            problems: 0,
        }
    }

    /// Tells how many problems were not shown, and leaves the cursor on a line of its own.
    pub(crate) fn finish(mut self) {
        self.clear();
        let more = self.problems.saturating_sub(PROBLEMS_MAX);
        if more > 0 {
            let _ = writeln!(self.output, "audit-layer: and {more} more");
        }
    }

    /// Takes the progress away, so that another line can come in its place.
    fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(self.output, "\r\x1b[K");
        }
    }
}

impl<W: Write> Watch for Screen<W> {
    fn progress(&mut self, progress: Progress) {
        let is_recent = self.shown.is_some_and(|shown| shown.elapsed() < INTERVAL);
        if !self.is_terminal || is_recent {
            return;
        }
        let text = describe(progress);
        let _ = write!(self.output, "\r\x1b[K{text}");
        let _ = self.output.flush();
        self.shown = Some(Instant::now());
    }

    fn problem(&mut self, place: &Place, problem: &Problem) {
        self.problems = self.problems.saturating_add(1);
        if self.problems > PROBLEMS_MAX {
            return;
        }
        self.clear();
        let (red, plain) = match self.has_colours {
            true => ("\x1b[31m", "\x1b[0m"),
            false => ("", ""),
        };
        let _ = writeln!(self.output, "audit-layer: {red}{place}: {problem}{plain}");
    }
}

fn describe(progress: Progress) -> String {
    let Progress {
        bytes_read,
        bytes_total,
        dead_letters,
    } = progress;
    let read = mebibytes(bytes_read);
    let part = match bytes_total {
        Some(total) => {
            let percent = bytes_read.saturating_mul(100).checked_div(total);
            let percent = percent.unwrap_or(100).min(100);
            format!("{percent} % of {} read", mebibytes(total))
        }
        None => format!("{read} read"),
    };
    format!("audit-layer: {part}, {}", letters(dead_letters))
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    let (whole, tenth) = (tenths.checked_div(10), tenths.checked_rem(10));
    format!("{}.{} MiB", whole.unwrap_or(0), tenth.unwrap_or(0))
}

/// More would hide the first ones, which are the ones to look at.
const PROBLEMS_MAX: u64 = 20;

const INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use audit_layer_collector::import::{Broken, Source};

    fn place(line: u64) -> Place {
        let source = Source::StandardInput;
        Place { source, line }
    }

    fn seen(
        is_terminal: bool,
        has_colours: bool,
        act: impl Fn(&mut Screen<&mut Vec<u8>>),
    ) -> String {
        let mut output = Vec::new();
        let mut screen = Screen::new(&mut output, is_terminal, has_colours);
        act(&mut screen);
        screen.finish();
        String::from_utf8(output).unwrap()
    }

    fn progress(bytes_total: Option<u64>) -> Progress {
        Progress {
            bytes_read: 3 << 19,
            bytes_total,
            dead_letters: 1,
        }
    }

    #[test]
    fn progress_is_shown_on_a_terminal_and_goes_when_a_problem_comes() {
        let act = |screen: &mut Screen<&mut Vec<u8>>| {
            screen.progress(progress(Some(6 << 20)));
            screen.problem(&place(7), &Problem::Broken(Broken::NoEvent));
        };
        let problem = "standard input:7: there is no `event=` after the reason: the line was cut";
        assert_eq!(seen(false, false, act), format!("audit-layer: {problem}\n"));
        let shown = "\r\x1b[Kaudit-layer: 25 % of 6.0 MiB read, 1 dead letter\r\x1b[K";
        assert_eq!(
            seen(true, false, act),
            format!("{shown}audit-layer: {problem}\n")
        );
        assert_eq!(
            seen(true, true, act),
            format!("{shown}audit-layer: \x1b[31m{problem}\x1b[0m\n")
        );
    }

    #[test]
    fn progress_of_a_pipe_and_of_an_empty_file_is_told_too() {
        assert_eq!(
            describe(progress(None)),
            "audit-layer: 1.5 MiB read, 1 dead letter"
        );
        assert!(describe(progress(Some(0))).contains("100 %"));
    }

    #[test]
    fn the_twenty_first_problem_is_counted_and_not_shown() {
        for (problems, lines) in [(19, 19), (20, 20), (21, 21)] {
            let text = seen(false, false, |screen| {
                for line in 1..=problems {
                    screen.problem(&place(line), &Problem::Broken(Broken::NoEvent));
                }
            });
            assert_eq!(text.lines().count(), lines);
            assert_eq!(text.contains("and 1 more"), problems == 21);
            assert!(!text.contains(":21:"));
        }
    }
}
