//! Ticks, metrics, properties and foreign functions.

use crate::host::{
    define_metric, foreign, increment_metric, metric, now_ns, property, record_metric, say,
    set_property, tick_every_ms,
};
use crate::{CONTINUE, Guest};

/// Asks for ticks in the argument's period, and says the time of each.
pub(crate) struct Ticks;

impl Guest for Ticks {
    fn configure(&self, _: u32, argument: &str) -> bool {
        say(&format!(
            "asked: {}",
            tick_every_ms(argument.parse().unwrap_or(100))
        ));
        true
    }
    fn tick(&self, _: u32) {
        say(&format!("tick {}", now_ns() / 1_000_000 % 10_000));
    }
}

/// Uses metrics of all kinds.
pub(crate) struct Counts;

impl Guest for Counts {
    fn configure(&self, _: u32, _: &str) -> bool {
        let [counter, gauge, histogram] = ["c", "g", "h"]
            .map(|name| define_metric(u32::from(name != "c") + u32::from(name == "h"), name));
        let (counter, gauge, histogram) = (
            counter.unwrap_or(0),
            gauge.unwrap_or(0),
            histogram.unwrap_or(0),
        );
        say(&format!("unknown kind: {:?}", define_metric(3, "x")));
        say(&format!("up: {}", increment_metric(counter, 2)));
        say(&format!("zero: {}", increment_metric(counter, 0)));
        say(&format!("down: {}", increment_metric(counter, -1)));
        say(&format!(
            "gauge: {} {}",
            record_metric(gauge, 5),
            increment_metric(gauge, -2)
        ));
        say(&format!(
            "histogram: {} {:?}",
            record_metric(histogram, 9),
            metric(histogram)
        ));
        say(&format!(
            "unknown: {} {:?}",
            record_metric(400, 1),
            metric(400)
        ));
        say(&format!("counter: {:?}", metric(counter)));
        true
    }
}

/// Reads and sets properties.
pub(crate) struct ReadsProperties;

impl Guest for ReadsProperties {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("name: {:?}", property("plugin_name")));
        say(&format!("on root: {}", set_property("own", "1")));
        true
    }
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        say(&format!("given: {:?}", property("source\0address")));
        say(&format!("missing: {:?}", property("nothing")));
        say(&format!(
            "set: {} {:?}",
            set_property("own", "1"),
            property("own")
        ));
        say(&format!(
            "parts: {} {:?}",
            set_property("a\0b", "1"),
            property("a\0b")
        ));
        CONTINUE
    }
}

/// Calls foreign functions, known and unknown.
pub(crate) struct CallsForeign;

impl Guest for CallsForeign {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("known: {:?}", foreign("upper", "abc")));
        say(&format!("failing: {:?}", foreign("failing", "")));
        say(&format!("unknown: {:?}", foreign("unknown", "")));
        true
    }
}
