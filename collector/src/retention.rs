//! How long events are kept, and the task that removes them afterwards.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use chrono::Utc;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::access::{AccessError, Scope};
use crate::limits;
use crate::records::operator;
use crate::search::Position;
use crate::store::{AccessRecord, Action, Cutoffs, Store, StoreError};
use crate::telemetry::{self, Telemetry};
use crate::time::DAY_MICROS;

/// How long the events of an organization are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For so many days after they happened or arrived, whichever is later.
    Days(u32),
    /// Until somebody removes them.
    Forever,
}

impl Keep {
    fn is_short(self) -> bool {
        matches!(self, Self::Days(days) if days < limits::RETENTION_DAYS_MIN)
    }

    /// Events before this time are over.
    fn cutoff(self, now: i64) -> Option<i64> {
        match self {
            Self::Days(days) => {
                Some(now.saturating_sub(i64::from(days).saturating_mul(DAY_MICROS)))
            }
            Self::Forever => None,
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => days.fmt(f),
            Self::Forever => f.write_str("forever"),
        }
    }
}

impl FromStr for Keep {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "forever" => Ok(Self::Forever),
            _ => match text.parse() {
                Ok(days) if days >= 1 => Ok(Self::Days(days)),
                Ok(_) | Err(_) => Err(RetentionError::Days),
            },
        }
    }
}

/// What one organization keeps, as it is written on a command line: `ORGANIZATION=DAYS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepOf {
    organization: String,
    keep: Keep,
}

impl FromStr for KeepOf {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The id may have an equals sign, the days have none.
        let (organization, keep) = text.rsplit_once('=').ok_or(RetentionError::Pair)?;
        Scope::organization(organization)?;
        Ok(Self {
            organization: organization.to_owned(),
            keep: keep.parse()?,
        })
    }
}

/// Whether events may be removed before they are half a year old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortest {
    /// Any number of days will do: the operator has said that the law allows it.
    AnyTime,
    /// Half a year at least.
    HalfAYear,
}

/// How long events are kept, by organization.
#[derive(Debug, Clone)]
pub struct Retention {
    default: Keep,
    by_organization: HashMap<String, Keep>,
    history: Keep,
}

impl Retention {
    /// Keeps the events of each organization as it says, and those of all others by default; and who
    /// looked at them as `history` says.
    ///
    /// # Errors
    /// A time is shorter than allowed, or an organization is named twice.
    pub fn new(
        default: Keep,
        organizations: Vec<KeepOf>,
        history: Keep,
        shortest: Shortest,
    ) -> Result<Self, RetentionError> {
        let mut by_organization = HashMap::new();
        for KeepOf { organization, keep } in organizations {
            if by_organization.insert(organization.clone(), keep).is_some() {
                return Err(RetentionError::Twice { organization });
            }
        }
        let all = by_organization.values().chain([&default, &history]);
        let has_short = all.into_iter().any(|keep| keep.is_short());
        if has_short && shortest == Shortest::HalfAYear {
            return Err(RetentionError::Short);
        }
        Ok(Self {
            default,
            by_organization,
            history,
        })
    }

    /// All of it, by which a change is told.
    fn told(&self) -> Value {
        let organizations = self.by_organization.iter();
        let organizations: BTreeMap<&str, String> = organizations
            .map(|(id, keep)| (id.as_str(), keep.to_string()))
            .collect();
        json!({
            "retention_days": self.default.to_string(),
            "retention": organizations,
            "history_days": self.history.to_string(),
        })
    }

    fn cutoffs(&self, now: i64) -> Cutoffs<'_> {
        let organizations = self.by_organization.iter();
        let organizations = organizations.map(|(id, keep)| (id.as_str(), keep.cutoff(now)));
        Cutoffs {
            default: self.default.cutoff(now),
            by_organization: organizations.collect(),
        }
    }
}

/// Records how long things are kept, if that is not what was recorded last.
pub(crate) async fn record_change(store: &Store, retention: &Retention) -> Result<(), StoreError> {
    let told = retention.told();
    let last = store.last_retention().await?;
    if last.as_deref() == Some(told.to_string().as_str()) {
        return Ok(());
    }
    let record = AccessRecord::new(Action::RetentionChanged, operator()).asking(&told);
    store.write_record(record).await
}

/// Removes what is over until it is told to stop: at once, and then every so often.
pub(crate) async fn run(
    store: Store,
    retention: Retention,
    telemetry: Telemetry,
    mut stop: oneshot::Receiver<()>,
) {
    loop {
        if let Err(error) = sweep(&store, &retention, &telemetry, &mut stop).await {
            telemetry::sweep_failed(&error);
        }
        tokio::select! {
            _ = &mut stop => return,
            () = sleep(limits::RETENTION_INTERVAL) => {}
        }
    }
}

/// Goes through all that may be over, in steps between which events can be stored.
async fn sweep(
    store: &Store,
    retention: &Retention,
    telemetry: &Telemetry,
    stop: &mut oneshot::Receiver<()>,
) -> Result<(), StoreError> {
    let now = Utc::now().timestamp_micros();
    let cutoffs = retention.cutoffs(now);
    let mut next = Some(Position(i64::MIN));
    let mut removed: usize = 0;
    while let Some(start) = next
        && stop.is_empty()
    {
        let step = store.remove_expired(start, &cutoffs, now).await?;
        telemetry.events_expired(step.removed);
        removed = removed.saturating_add(step.removed);
        next = step.next;
    }
    if removed > 0 {
        store.forget_removed().await?;
    }
    store.remove_old_reports(now).await?;
    if let Some(cutoff) = retention.history.cutoff(now) {
        remove_records(store, cutoff, stop).await?;
    }
    telemetry::swept(removed);
    Ok(())
}

/// Removes the access records of the days that are over, in steps between which others are written.
async fn remove_records(
    store: &Store,
    cutoff: i64,
    stop: &mut oneshot::Receiver<()>,
) -> Result<(), StoreError> {
    // Whole days, so that it is recorded once a day and not with every hour's.
    let cutoff = cutoff.saturating_sub(cutoff.rem_euclid(DAY_MICROS));
    while stop.is_empty() {
        let removal = AccessRecord::new(Action::RecordsRemoved, operator());
        if store.remove_records(&removal, cutoff).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Why events cannot be kept for a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RetentionError {
    /// No number of days.
    #[error("must be a number of days of at least 1, or forever")]
    Days,
    /// No organization with its days.
    #[error("must be an organization and a number of days, such as org_1=730")]
    Pair,
    /// An id that no event can carry.
    #[error("the organization {0}")]
    Organization(#[from] AccessError),
    /// Less than half a year.
    #[error(
        "events or access records would be removed after less than {} days, which record-keeping laws rarely allow: keep them longer, or add --allow-short-retention",
        limits::RETENTION_DAYS_MIN
    )]
    Short,
    /// Two times for one organization.
    #[error("--retention names organization {organization:?} twice: name it once")]
    Twice {
        /// The organization.
        organization: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retention(
        default: &str,
        organizations: &[&str],
        shortest: Shortest,
    ) -> Result<Retention, RetentionError> {
        let organizations = organizations.iter().map(|text| text.parse());
        let organizations: Result<Vec<KeepOf>, _> = organizations.collect();
        Retention::new(default.parse()?, organizations?, Keep::Forever, shortest)
    }

    #[test]
    fn half_a_year_is_the_shortest_unless_said_otherwise() {
        let half_a_year = Shortest::HalfAYear;
        assert!(retention("183", &["a=183"], half_a_year).is_ok());
        assert!(retention("forever", &[], half_a_year).is_ok());
        for (default, organizations) in [("182", [].as_slice()), ("400", &["a=400", "b=182"])] {
            let error = retention(default, organizations, half_a_year).unwrap_err();
            assert_eq!(error, RetentionError::Short);
            assert!(retention(default, organizations, Shortest::AnyTime).is_ok());
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "0", "-1", "1.5", "4294967296", "never"] {
            assert_eq!(text.parse::<Keep>(), Err(RetentionError::Days), "{text}");
        }
        assert_eq!("org".parse::<KeepOf>(), Err(RetentionError::Pair));
        assert!("=400".parse::<KeepOf>().is_err());
        let twice = retention("400", &["a=400", "a=500"], Shortest::HalfAYear);
        assert!(
            matches!(twice, Err(RetentionError::Twice { organization }) if organization == "a")
        );
    }

    #[test]
    fn each_organization_has_its_own_time() {
        let kept = retention("400", &["a=b=200", "c=forever"], Shortest::HalfAYear).unwrap();
        let cutoffs = kept.cutoffs(1000 * DAY_MICROS);
        for (organization, days) in [("a=b", 800), ("other", 600)] {
            assert!(cutoffs.is_over(organization, days * DAY_MICROS - 1));
            assert!(!cutoffs.is_over(organization, days * DAY_MICROS));
        }
        assert!(!cutoffs.is_over("c", i64::MIN));
        assert_eq!(cutoffs.latest(), Some(800 * DAY_MICROS));
        let forever = retention("forever", &[], Shortest::HalfAYear).unwrap();
        assert_eq!(forever.cutoffs(0).latest(), None);
    }

    #[test]
    fn the_longest_time_does_not_overflow() {
        let cutoff = Keep::Days(u32::MAX).cutoff(0).unwrap();
        assert!(cutoff < 0);
    }
}
