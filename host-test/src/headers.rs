//! Header maps, in memory and in the ABI's form.

/// Headers or trailers: names and values in their order. Names are lower case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(Vec<(Vec<u8>, Vec<u8>)>);

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first value of this name, as Envoy gives it to a guest.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.find(name.as_bytes())
    }

    /// The first value of this name as text; nothing if it is not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.value(name)?).ok()
    }

    /// Adds a header at the end; pseudo-headers stay before all others.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.add(name.as_ref(), value.as_ref());
        self
    }

    /// The pairs that the other map has not: what was added, or, the other way round, removed.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let own = self.0.iter().filter(|pair| !other.0.contains(pair));
        Self(own.cloned().collect())
    }

    /// The pairs in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) {
        let pair = (name.to_ascii_lowercase(), value.to_vec());
        if name.starts_with(b":") {
            let pseudo = self
                .0
                .iter()
                .take_while(|(own, _)| own.starts_with(b":"))
                .count();
            self.0.insert(pseudo, pair);
        } else {
            self.0.push(pair);
        }
    }

    /// Sets one value in the place of the first of this name.
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) {
        let Some(at) = self
            .0
            .iter()
            .position(|(own, _)| own.eq_ignore_ascii_case(name))
        else {
            return self.add(name, value);
        };
        self.remove(name);
        let at = at.min(self.0.len());
        self.0
            .insert(at, (name.to_ascii_lowercase(), value.to_vec()));
    }

    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// The sum of all names and values, as Envoy's `byteSize` counts.
    pub(crate) fn size(&self) -> usize {
        self.iter()
            .map(|(name, value)| name.len().saturating_add(value.len()))
            .sum()
    }

    /// The ABI's form: the number of pairs, the sizes of each name and value, then each name and
    /// value with a zero behind it. No pairs are no bytes at all.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut bytes = number(self.len());
        for (name, value) in self.iter() {
            bytes.extend(number(name.len()));
            bytes.extend(number(value.len()));
        }
        for (name, value) in self.iter() {
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(value);
            bytes.push(0);
        }
        bytes
    }

    /// Reads the ABI's form. Whatever is not exactly well formed is an empty map, as in
    /// proxy-wasm-cpp-host.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PAIRS_BYTES_MAX {
            return None;
        }
        let (count, mut sizes) = take_number(bytes)?;
        if count > PAIRS_MAX {
            return None;
        }
        let mut text = sizes.get(count.checked_mul(8)?..)?;
        let mut headers = Self::new();
        for _ in 0..count {
            let (name_size, after_name) = take_number(sizes)?;
            let (value_size, after_value) = take_number(after_name)?;
            let (name, after) = take_text(text, name_size)?;
            let (value, rest) = take_text(after, value_size)?;
            headers.add(name, value);
            (sizes, text) = (after_value, rest);
        }
        text.is_empty().then_some(headers)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> From<[(N, V); COUNT]> for Headers {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        pairs
            .into_iter()
            .fold(Self::new(), |headers, (name, value)| {
                headers.with(name, value)
            })
    }
}

fn number(value: usize) -> Vec<u8> {
    u32::try_from(value)
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec()
}

fn take_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn take_text(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

/// The largest map that proxy-wasm-cpp-host accepts from a guest, in bytes.
const PAIRS_BYTES_MAX: usize = 1 << 20;
/// The largest map that proxy-wasm-cpp-host accepts from a guest, in pairs.
const PAIRS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_its_form_as_bytes() {
        let headers = Headers::from([(":path", "/"), ("a", ""), ("b", "2")]);
        assert_eq!(Headers::from_bytes(&headers.to_bytes()), headers);
    }

    #[test]
    fn a_map_with_a_byte_too_many_is_empty() {
        let mut bytes = Headers::from([("a", "1")]).to_bytes();
        bytes.push(0);
        assert!(Headers::from_bytes(&bytes).is_empty());
    }

    #[test]
    fn a_map_of_more_than_1024_pairs_is_empty() {
        let many: Headers = (0..1025).map(|index| (index.to_string(), "")).collect();
        assert!(Headers::from_bytes(&many.to_bytes()).is_empty());
        let most: Headers = (0..1024).map(|index| (index.to_string(), "")).collect();
        assert_eq!(Headers::from_bytes(&most.to_bytes()).len(), 1024);
    }

    #[test]
    fn setting_a_header_replaces_all_its_values_in_the_first_ones_place() {
        let mut headers = Headers::from([("a", "1"), ("b", "2"), ("A", "3")]);
        headers.set(b"A", b"4");
        assert_eq!(headers, Headers::from([("a", "4"), ("b", "2")]));
    }
}
