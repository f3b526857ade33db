//! Days and times as people write them on a command line.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The first microsecond after a day or a time.
pub(super) fn until(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let after = match text.parse::<NaiveDate>() {
        Ok(day) => day
            .checked_add_days(Days::new(1))
            .map(|next| next.and_time(NaiveTime::MIN).and_utc()),
        Err(_) => since(text)?.checked_add_signed(TimeDelta::microseconds(1)),
    };
    after.ok_or("is too late: give an earlier day")
}

pub(super) fn since(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let day = || {
        text.parse()
            .map(|day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc())
    };
    let since = time.or_else(|_| day());
    since.map_err(|_| "must be a day such as 2026-11-25, or an RFC 3339 time")
}

/// When something ends: in so many days, at the end of a day, or at a time.
pub(super) fn expiry(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let now = Utc::now();
    let end = end(text, now).filter(|end| *end > now);
    end.ok_or("must be a number of days (at least 1), or a future day such as 2026-12-31 or RFC 3339 time")
}

fn end(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(days) = text.parse::<u32>() {
        return now.checked_add_days(Days::new(days.into()));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let day: NaiveDate = text.parse().ok()?;
    let next = day.checked_add_days(Days::new(1))?;
    Some(next.and_time(NaiveTime::MIN).and_utc())
}
