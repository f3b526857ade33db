//! What an import came to.

use audit_layer_collector::import::Counts;
use serde_json::json;

/// What an import came to, and how far it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) counts: Counts,
    /// Whether nothing was to be sent.
    pub(crate) dry_run: bool,
    /// Whether all that could be read was read.
    pub(crate) complete: bool,
}

impl Summary {
    pub(crate) fn is_success(self) -> bool {
        let Counts {
            broken,
            forged,
            withheld,
            unreadable,
            ..
        } = self.counts;
        self.complete && [broken, forged, withheld, unreadable] == [0; 4]
    }

    pub(crate) fn json(self) -> String {
        let counts = self.counts;
        json!({
            "dead_letters": counts.dead_letters(),
            "new": counts.new,
            "known": counts.known,
            "conflicts": counts.conflicts,
            "broken": counts.broken,
            "unsent": counts.unsent,
            "forged": counts.forged,
            "withheld": counts.withheld,
            "checked": counts.checked,
            "unchecked": counts.unchecked,
            "unreadable_logs": counts.unreadable,
            "lines": counts.lines,
            "dry_run": self.dry_run,
            "complete": self.complete,
        })
        .to_string()
    }

    pub(crate) fn human(self) -> String {
        let Counts {
            new,
            known,
            conflicts,
            broken,
            unsent,
            forged,
            withheld,
            checked,
            unchecked,
            unreadable,
            lines,
        } = self.counts;
        let all = letters(self.counts.dead_letters());
        let mut text = match self.dry_run {
            true => format!("{all}: {unsent} to send, {broken} broken; nothing was sent"),
            false => format!("{all}: {new} new, {known} known, {broken} broken"),
        };
        if !self.dry_run && unsent > 0 {
            text.push_str(&format!(", {unsent} not sent"));
        }
        if conflicts > 0 {
            text.push_str(&format!(
                "; {conflicts} of the new contradict what was there"
            ));
        }
        text.push_str(&format!(
            "; {checked} checked, {forged} forged, {unchecked} unchecked"
        ));
        if withheld > 0 {
            text.push_str(&format!(", {withheld} of them not imported"));
        }
        if unreadable > 0 {
            text.push_str(&format!("; {unreadable} logs not read to their end"));
        }
        if self.counts.dead_letters() == 0 {
            text.push_str(&format!(
                "; nothing found in {lines} lines: the proxy wrote no dead letter, or not to this log"
            ));
        }
        if !self.complete {
            text.push_str("; stopped early");
        }
        text
    }
}

pub(super) fn letters(count: u64) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    }
}
