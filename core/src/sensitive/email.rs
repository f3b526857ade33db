//! E-mail addresses.

use super::{Found, Place, Sensitive, is_unspaced};

/// Bytes of the part before the `@` that are looked at: RFC 5321 allows 64, in letters of any script.
const LOCAL_BYTES_MAX: usize = 128;

/// Bytes of the domain that are looked at: as many as RFC 1035 allows.
const DOMAIN_BYTES_MAX: usize = 253;

/// What looks like the last label of a domain and is the type of a file, as in `logo@2x.png`.
const FILES: [&str; 9] = [
    "css", "gif", "jpeg", "jpg", "js", "json", "png", "svg", "webp",
];

/// The address around an `@`.
pub(super) fn around(place: &Place<'_>) -> Option<Found> {
    let local = local(place)?;
    let domain = domain(place)?;
    let start = place.at.saturating_sub(local);
    let end = place.at.saturating_add(1).saturating_add(domain);
    let name = place.text.get(start..place.at)?;
    // The user of a repository's address, as in git@host:path.
    let is_repository = name == "git" && place.bytes.get(end) == Some(&b':');
    (!is_repository).then_some(Found {
        kind: Sensitive::Email,
        at: start..end,
    })
}

/// Bytes before the `@`.
fn local(place: &Place<'_>) -> Option<usize> {
    let before = place.text.get(place.from..place.at)?;
    let from = before.len().saturating_sub(LOCAL_BYTES_MAX);
    let near = before.get(before.ceil_char_boundary(from)..)?;
    let is_unspaced_name = near.ends_with(is_unspaced);
    // A word in front of an address is told from it by its script, where nothing else tells it.
    let name = |character: &char| {
        let is_letter = character.is_alphanumeric() || "._%+-'&".contains(*character);
        is_letter && (is_unspaced_name || !is_unspaced(*character))
    };
    let letters = near.chars().rev().take_while(name);
    let bytes = letters.map(char::len_utf8).sum::<usize>();
    let found = near.get(near.len().saturating_sub(bytes)..)?;
    // A quote or a hyphen before an address does not belong to it.
    let found = found.trim_start_matches(['.', '-', '\'', '%', '&']);
    (!found.is_empty() && !found.ends_with('.')).then_some(found.len())
}

/// Bytes behind the `@`.
fn domain(place: &Place<'_>) -> Option<usize> {
    let rest = place.text.get(place.at.saturating_add(1)..)?;
    let near = rest.get(..rest.floor_char_boundary(DOMAIN_BYTES_MAX))?;
    let end = near.char_indices().scan(true, in_domain).last();
    let end = end.map_or(0, |(at, character)| at.saturating_add(character.len_utf8()));
    let mut domain = near.get(..end)?.trim_end_matches(['.', '-']);
    // Where a sentence goes on without a space, its next word is no domain.
    loop {
        let (name, last) = domain.rsplit_once('.')?;
        let last = top_level(last);
        if last > 0 && name.split('.').all(is_label) {
            return Some(name.len().saturating_add(1).saturating_add(last));
        }
        domain = name;
    }
}

/// Goes through a domain as far as it reaches. Where a label began in letters of a spaced script, others end it.
fn in_domain(may_be_unspaced: &mut bool, (at, character): (usize, char)) -> Option<(usize, char)> {
    let is_name = character.is_alphanumeric() || matches!(character, '.' | '-');
    let is_over = !is_name || is_unspaced(character) && !*may_be_unspaced;
    *may_be_unspaced = character == '.' || is_unspaced(character);
    (!is_over).then_some((at, character))
}

/// Bytes of the top-level domain that a label is, or begins with: what comes right behind it, such as a footnote's
/// number, does not make it another.
fn top_level(label: &str) -> usize {
    if label.starts_with("xn--") {
        return label.len();
    }
    let end = label.find(|letter: char| !letter.is_alphabetic());
    let name = label.get(..end.unwrap_or(label.len())).unwrap_or_default();
    let is_one = name.chars().count() > 1 && !FILES.contains(&name);
    if is_one { name.len() } else { 0 }
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
}
