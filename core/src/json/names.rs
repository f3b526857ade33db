//! Members of objects, by their names: in another case, and given twice.
//!
//! Servers in Go take a member whose name differs in case for the one that they know
//! (`encoding/json`), others do not. What is read is what the format has; where only the other
//! spelling is there it is read in its place, and whatever servers may read otherwise is told.

use std::borrow::Cow;

use super::odd::Odd;
use super::parse::{At, Members};
use super::scan::Broken;
use super::value::Json;

/// Names in another case that are read of one object.
const OTHERS_MAX: usize = 64;

/// A wire object of which only some members are read.
///
/// Of a member given twice the last one counts, as in the parsers that providers use.
pub trait FromObject<'de> {
    /// Takes the value of the member `name`, or skips it.
    ///
    /// # Errors
    /// When the object is broken.
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken>;

    /// The names that are read in another case as well.
    fn names(&self) -> [&'static [&'static str]; 2] {
        [&[], &[]]
    }
}

/// Reads the members of an object into what knows their names.
pub(super) fn read_members<'de>(
    members: &mut Members<'_, 'de>,
    object: &mut dyn FromObject<'de>,
) -> Result<(), Broken> {
    let start = members.place();
    let is_told = members.oddities().is_some();
    let mut seen = Seen::default();
    let mut others = Vec::new();
    let mut is_empty = true;
    while let Some(name) = members.next_name()? {
        is_empty = false;
        // An object that takes every member is not to take such a one for another.
        if is_plain_name(&name) || others.len() >= OTHERS_MAX || known(object, &name).is_none() {
            object.member(&name, members)?;
        }
        if !members.is_left() {
            if is_told {
                seen.add(&name);
            }
        } else if let Some(known) = known(object, &name)
            && others.len() < OTHERS_MAX
        {
            let at = members.place();
            others.push(Other { known, name, at });
            continue;
        }
        if is_told {
            members.tell(&name)?;
        }
    }
    if is_told && seen.count == 0 && others.is_empty() && !is_empty {
        members.tell_none_taken();
    }
    if seen.is_repeated || !others.is_empty() {
        read_others(start, others, object)?;
    }
    Ok(())
}

/// A member whose name is written in another case.
struct Other<'de> {
    known: &'static str,
    name: Cow<'de, str>,
    at: At<'de>,
}

/// Reads members in another case where the format's own spelling is missing.
fn read_others<'de>(
    start: At<'de>,
    others: Vec<Other<'de>>,
    object: &mut dyn FromObject<'de>,
) -> Result<(), Broken> {
    let given = all(start)?;
    let mut is_read = false;
    for other in others {
        let Other {
            known,
            name,
            mut at,
        } = other;
        let is_own = given.iter().any(|(name, _)| *name == known);
        let mut members = at.members();
        object.member(if is_own { &name } else { known }, &mut members)?;
        is_read |= !is_own && !members.is_left();
        members.tell(&name)?;
    }
    let Some(oddities) = start.oddities() else {
        return Ok(());
    };
    if is_read {
        oddities.found(Odd::OtherCase);
    }
    let mut folded: Vec<_> = given
        .iter()
        .map(|(name, value)| (fold(name).replace('_', ""), value.get()))
        .collect();
    folded.sort_by(|left, right| left.0.cmp(&right.0));
    let pairs = folded.iter().zip(folded.iter().skip(1));
    let mut pairs = pairs.filter(|(left, right)| left.0 == right.0);
    if pairs.any(|(left, right)| left.1 != right.1) {
        oddities.found(Odd::Duplicate);
    }
    Ok(())
}

/// All members from a place on.
fn all<'de>(mut start: At<'de>) -> Result<Vec<(Cow<'de, str>, Json<'de>)>, Broken> {
    let mut members = start.members();
    let mut all = Vec::new();
    while let Some(name) = members.next_name()? {
        all.push((name, members.next_value()?));
    }
    Ok(all)
}

/// Whether a name has neither capitals nor letters that Go takes for others.
pub fn is_plain_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let (words, rest) = bytes.as_chunks::<8>();
    let has_plain = |word: &[u8; 8]| is_plain_word(u64::from_le_bytes(*word));
    // The end of a name once more, or else the two ends of a short one.
    let end = match (
        bytes.last_chunk::<8>(),
        bytes.first_chunk::<4>().zip(bytes.last_chunk()),
    ) {
        (Some(end), _) => has_plain(end),
        (None, Some(([a, b, c, d], [e, f, g, h]))) => has_plain(&[*a, *b, *c, *d, *e, *f, *g, *h]),
        (None, None) => rest
            .iter()
            .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()),
    };
    end && words.iter().all(has_plain)
}

/// The same of eight letters at once.
fn is_plain_word(word: u64) -> bool {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    const FROM_A: u64 = u64::from_le_bytes([0x80 - b'A'; 8]);
    const BEHIND_Z: u64 = u64::from_le_bytes([0x7f - b'Z'; 8]);
    // Of letters of ASCII none carries into the next.
    let ascii = word & !HIGH;
    let capitals = ascii.wrapping_add(FROM_A) & !ascii.wrapping_add(BEHIND_Z);
    (word | capitals) & HIGH == 0
}

/// Whether a server in Go takes one name for the other.
pub fn is_same_name(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.len() == other.len() && one.eq_ignore_ascii_case(other);
    }
    one.chars().map(folded).eq(other.chars().map(folded))
}

/// The known name that another one differs from in case only.
fn known<'de>(object: &dyn FromObject<'de>, name: &str) -> Option<&'static str> {
    let mut all = object.names().into_iter().flatten();
    let found = if name.is_ascii() {
        all.find(|known| known.len() == name.len() && known.eq_ignore_ascii_case(name))?
    } else if name.chars().all(|letter| folded(letter).is_ascii()) {
        all.find(|known| is_same_name(known, name))?
    } else {
        // No format has such a name.
        return None;
    };
    (*found != name).then_some(found)
}

/// The name as Go compares names: without the case of ASCII letters, among which it counts U+017F
/// and U+212A.
pub(super) fn fold(name: &str) -> Cow<'_, str> {
    if is_plain_name(name) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().map(folded).collect())
}

fn folded(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => character.to_ascii_lowercase(),
    }
}

/// The names that were read of an object, to tell whether one comes again.
#[derive(Default)]
struct Seen {
    hashes: [u32; 24],
    count: usize,
    is_repeated: bool,
}

impl Seen {
    /// Adds a name. Those count as one that protobuf's JSON has for one field: `topK` and `top_k`.
    fn add(&mut self, name: &str) {
        // FNV-1a, over the letters whatever their case.
        let letters = name.bytes().filter(|byte| *byte != b'_');
        let hash = letters.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte | 0x20)).wrapping_mul(0x0100_0193)
        });
        let known = self.hashes.get(..self.count).unwrap_or_default();
        self.is_repeated |= known.contains(&hash);
        match self.hashes.get_mut(self.count) {
            Some(place) => *place = hash,
            // Too many to be sure of.
            None => self.is_repeated = true,
        }
        self.count = self.count.saturating_add(1).min(self.hashes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_if_each_letter_is() {
        let letters = [
            'a', 'Z', 'A', '@', '[', '_', '{', '\u{7f}', '\u{80}', 'ſ', '\0',
        ];
        for len in 0..20 {
            for at in 0..len {
                for letter in letters {
                    let mut name = vec!['x'; len];
                    name[at] = letter;
                    let name: String = name.into_iter().collect();
                    let is_plain = |letter: char| letter.is_ascii() && !letter.is_ascii_uppercase();
                    assert_eq!(is_plain_name(&name), name.chars().all(is_plain), "{name}");
                }
            }
        }
    }
}
