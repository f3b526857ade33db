//! Metrics of the proxy, which all VMs share by name.

use std::collections::BTreeMap;

use crate::status::Status;

/// Kinds of metrics, by their numbers in the ABI.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

impl Kind {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            2 => Some(Self::Histogram),
            _ => None,
        }
    }
}

/// A metric's kind and name.
pub(crate) type Key = (Kind, Vec<u8>);

/// The values of all metrics.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    values: BTreeMap<Key, u64>,
    records: BTreeMap<Vec<u8>, Vec<u64>>,
}

impl Metrics {
    pub(crate) fn define(&mut self, key: Key) {
        self.values.entry(key).or_default();
    }

    pub(crate) fn value(&self, key: &Key) -> Result<u64, Status> {
        if key.0 == Kind::Histogram {
            return Err(Status::BadArgument);
        }
        self.values.get(key).copied().ok_or(Status::NotFound)
    }

    /// A counter only rises: Envoy refuses zero and less.
    pub(crate) fn increment(&mut self, key: &Key, by: i64) -> Result<(), Status> {
        let value = self.values.get_mut(key).ok_or(Status::NotFound)?;
        match key.0 {
            Kind::Counter if by > 0 => *value = value.wrapping_add_signed(by),
            Kind::Gauge => *value = value.wrapping_add_signed(by),
            Kind::Counter | Kind::Histogram => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Sets a gauge, adds to a counter, records in a histogram.
    pub(crate) fn record(&mut self, key: &Key, value: u64) {
        match key.0 {
            Kind::Counter => {
                let counter = self.values.entry(key.clone()).or_default();
                *counter = counter.wrapping_add(value);
            }
            Kind::Gauge => {
                self.values.insert(key.clone(), value);
            }
            Kind::Histogram => self.records.entry(key.1.clone()).or_default().push(value),
        }
    }

    pub(crate) fn records(&self, name: &str) -> Vec<u64> {
        self.records
            .get(name.as_bytes())
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        let names = self
            .values
            .iter()
            .filter(|((kind, _), _)| *kind != Kind::Histogram);
        names
            .map(|((_, name), value)| (String::from_utf8_lossy(name).into_owned(), *value))
            .collect()
    }
}
