//! What a person sees of an import while it runs: its progress, and its problems.

use std::io::{Stderr, Write};

use anstream::AutoStream;
use anstyle::AnsiColor;
use audit_layer_collector::import::{Place, Problem, Progress, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::import::summary::letters;

/// Problems go to `output`. Progress is shown beside it, on a terminal only: in a file it would be noise.
pub(crate) struct Screen<W> {
    output: W,
    bar: ProgressBar,
    problems: u64,
}

impl Screen<AutoStream<Stderr>> {
    pub(crate) fn stderr() -> Self {
        Self::new(anstream::stderr(), ProgressDrawTarget::stderr())
    }
}

// Where stderr cannot be written to, there is nobody to tell: results are ignored throughout.
impl<W: Write> Screen<W> {
    fn new(output: W, target: ProgressDrawTarget) -> Self {
        Self {
            output,
            bar: ProgressBar::with_draw_target(None, target),
            problems: 0,
        }
    }

    /// Tells how many problems were not shown, and leaves the cursor on a line of its own.
    pub(crate) fn finish(mut self) {
        self.bar.finish_and_clear();
        let more = self.problems.saturating_sub(PROBLEMS_MAX);
        if more > 0 {
            let _ = writeln!(self.output, "audit-layer: and {more} more");
        }
    }
}

impl<W: Write> Watch for Screen<W> {
    fn progress(&mut self, progress: Progress) {
        let Progress {
            bytes_read,
            bytes_total,
            dead_letters,
        } = progress;
        if self.bar.length() != bytes_total || self.bar.message().is_empty() {
            self.bar.set_style(style(bytes_total));
        }
        if let Some(total) = bytes_total {
            self.bar.set_length(total);
        }
        self.bar.set_message(letters(dead_letters));
        self.bar.set_position(bytes_read);
    }

    fn problem(&mut self, place: &Place, problem: &Problem) {
        self.problems = self.problems.saturating_add(1);
        if self.problems > PROBLEMS_MAX {
            return;
        }
        let red = AnsiColor::Red.on_default();
        let output = &mut self.output;
        self.bar.suspend(|| {
            let _ = writeln!(output, "audit-layer: {red}{place}: {problem}{red:#}");
        });
    }
}

/// How far it has come, and how long the rest may take; of a pipe, whose end nobody knows, how far alone.
fn style(bytes_total: Option<u64>) -> ProgressStyle {
    let template = match bytes_total {
        Some(_) => {
            "audit-layer: [{bar:20}] {percent} % of {binary_total_bytes} read, {msg}, {eta} left"
        }
        None => "audit-layer: {binary_bytes} read, {msg}",
    };
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// More would hide the first ones, which are the ones to look at.
const PROBLEMS_MAX: u64 = 20;

#[cfg(test)]
mod tests {
    use audit_layer_collector::import::{Broken, Source};
    use indicatif::InMemoryTerm;

    use super::*;

    fn place(line: u64) -> Place {
        let source = Source::StandardInput;
        Place { source, line }
    }

    fn progress(bytes_total: Option<u64>) -> Progress {
        Progress {
            bytes_read: 3 << 19,
            bytes_total,
            dead_letters: 1,
        }
    }

    #[test]
    fn progress_is_shown_on_a_terminal_and_goes_when_it_is_over() {
        for (total, shown) in [
            (Some(6 << 20), "] 25 % of 6.00 MiB read, 1 dead letter, "),
            (None, "audit-layer: 1.50 MiB read, 1 dead letter"),
            (Some(0), "100 % of 0 B read, 1 dead letter, "),
        ] {
            let terminal = InMemoryTerm::new(5, 100);
            let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
            let mut problems = Vec::new();
            let mut screen = Screen::new(&mut problems, target);
            screen.progress(progress(total));
            let now = terminal.contents();
            assert!(now.contains(shown), "{now:?}");
            screen.problem(&place(7), &Problem::Broken(Broken::NoEvent));
            screen.finish();
            assert_eq!(terminal.contents(), "");
            let problems = String::from_utf8(problems).unwrap();
            let problem =
                "standard input:7: there is no `event=` after the reason: the line was cut";
            assert!(problems.contains(problem), "{problems:?}");
        }
    }

    #[test]
    fn the_twenty_first_problem_is_counted_and_not_shown() {
        for (problems, lines) in [(19, 19), (20, 20), (21, 21)] {
            let mut output = Vec::new();
            let mut screen = Screen::new(&mut output, ProgressDrawTarget::hidden());
            for line in 1..=problems {
                screen.problem(&place(line), &Problem::Broken(Broken::NoEvent));
            }
            screen.finish();
            let text = String::from_utf8(output).unwrap();
            assert_eq!(text.lines().count(), lines);
            assert_eq!(text.contains("and 1 more"), problems == 21);
            assert!(!text.contains(":21:"));
        }
    }
}
