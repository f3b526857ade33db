//! The one place where JSON is parsed: one parser for all types that values are read into.
//!
//! The types are told what comes by dynamic calls. Derived readers would be compiled anew for each
//! of the formats' objects, and were half of the module that ships. The parser takes what lenient
//! servers take for JSON, and tells what was odd: strict JSON reads as with any other parser.

use std::borrow::Cow;
use std::mem;

use super::odd::{Odd, Oddities};
use super::scan::{Broken, Scan};
use super::value::Json;

/// A type that any JSON value can be read into. It takes what it is for, and passes over the rest.
pub trait FromJson<'de> {
    /// As it is before anything has been read, and stays for null.
    fn empty() -> Self
    where
        Self: Sized;

    /// How a value is to be read.
    fn mode(&self) -> Mode {
        Mode::Parsed
    }

    /// Takes a value as the text it was written with, if [`Self::mode`] asks for it.
    fn raw(&mut self, _: Json<'de>) {}

    /// Takes a string; false if it is not for one.
    fn string(&mut self, _: Cow<'de, str>) -> bool {
        false
    }

    /// Takes `true` or `false`.
    fn boolean(&mut self, _: bool) {}

    /// Takes a whole number from 0.
    fn whole(&mut self, _: u64) {}

    /// Takes another number: a negative one, one with a fraction or beyond 64 bits. What is no
    /// number or beyond a double is not finite.
    fn float(&mut self, _: f64) {}

    /// Takes a list.
    ///
    /// # Errors
    /// When the list is broken.
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        items.parser.is_left = true;
        Ok(())
    }

    /// Takes an object.
    ///
    /// # Errors
    /// When the object is broken.
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        members.parser.is_left = true;
        Ok(())
    }
}

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By its kind.
    Parsed,
    /// As the text it was written with.
    Raw,
}

/// How deep values may be nested that are read one within the other. Parsers in use stop there.
const DEPTH_MAX: u32 = 127;

/// Reads `T` from the beginning of `text`, or nothing if that is not JSON.
///
/// What follows the value is ignored: servers pad a body, or frame an event with spaces.
pub fn read<'a, T: FromJson<'a>>(json: impl Into<Json<'a>>) -> Option<T> {
    let mut value = T::empty();
    parse(json.into(), &mut value).ok()?;
    Some(value)
}

/// The same where nothing but a value of the type is read: another one is told as one that is left.
pub fn expected<'a, T: FromJson<'a>>(json: Json<'a>) -> Option<T> {
    let mut value = T::empty();
    if parse(json, &mut value).ok()? {
        json.found(Odd::Left);
    }
    Some(value)
}

/// Reads a value, and says whether it is of another type than what it was read into.
pub(super) fn parse<'a>(json: Json<'a>, into: &mut dyn FromJson<'a>) -> Result<bool, Broken> {
    let text = json.get();
    let is_watched = json.oddities().is_some_and(|odd| odd.left.is_read(text));
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let scan = Scan::new(Json::part(text, json.oddities()));
    let mut parser = Parser {
        scan,
        depth: 0,
        is_watched,
        is_left: false,
    };
    parser.value(into)?;
    // A part of a document ends where it was cut out.
    if json.oddities().is_some() && !parser.scan.is_at_end() {
        parser.scan.found(Odd::Trailing);
    }
    Ok(parser.is_left)
}

/// The value with which a text begins, and what follows it, without white space and comments; `None`
/// if it begins with none.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut scan = Scan::new(Json::part(text, None));
    let value = scan.raw().ok()?.get();
    let _ = scan.peek();
    Some((value, scan.rest()))
}

/// Whether something follows the list or object with which a text begins, other than white space
/// and comments.
pub fn has_more(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut scan = Scan::new(Json::part(text, None));
    matches!(scan.peek(), Ok(b'{' | b'[')) && scan.skip().is_ok() && !scan.is_at_end()
}

#[derive(Debug, Clone, Copy)]
struct Parser<'de> {
    scan: Scan<'de>,
    depth: u32,
    /// Whether it is told which members no reader takes: those of the document, and of objects in
    /// it that are in no list.
    is_watched: bool,
    /// Whether the value that was read last is of another type than what it was read into, until
    /// that has been told.
    is_left: bool,
}

impl<'de> Parser<'de> {
    fn value(&mut self, into: &mut dyn FromJson<'de>) -> Result<(), Broken> {
        if into.mode() == Mode::Raw {
            into.raw(self.scan.raw()?);
            return Ok(());
        }
        match self.scan.peek()? {
            b'"' | b'\'' => {
                let text = self.scan.string()?;
                if !into.string(text) {
                    self.is_left = true;
                }
            }
            bracket @ (b'{' | b'[') => self.container(bracket, into)?,
            _ => self.word(into)?,
        }
        Ok(())
    }

    fn container(&mut self, bracket: u8, into: &mut dyn FromJson<'de>) -> Result<(), Broken> {
        if self.depth >= DEPTH_MAX {
            return Err(Broken);
        }
        self.depth = self.depth.saturating_add(1);
        self.scan.step(1);
        let is_watched = self.is_watched;
        self.is_watched &= bracket == b'{';
        if bracket == b'{' {
            let mut members = Members {
                parser: self,
                place: Place::First,
                left: None,
            };
            into.object(&mut members)?;
            while members.next_name()?.is_some() {}
        } else {
            let mut items = Items {
                parser: self,
                place: Place::First,
            };
            into.list(&mut items)?;
            while items.is_next()? {
                items.parser.scan.skip()?;
            }
        }
        self.depth = self.depth.saturating_sub(1);
        self.is_watched = is_watched;
        Ok(())
    }

    fn word(&mut self, into: &mut dyn FromJson<'de>) -> Result<(), Broken> {
        let word = self.scan.word()?;
        match word {
            "null" => {}
            "true" => into.boolean(true),
            "false" => into.boolean(false),
            _ => match whole(word) {
                Some(number) => into.whole(number),
                None => {
                    let (number, is_json) = float(word)?;
                    if !is_json {
                        self.scan.found(Odd::Dialect);
                    }
                    into.float(number);
                }
            },
        }
        Ok(())
    }

    /// Tells if the value that was read last is of another type than what it was read into.
    fn tell_left(&mut self) {
        if self.is_left {
            self.is_left = false;
            self.scan.found(Odd::Left);
        }
    }

    /// Whether another part follows of what the bracket `close` ends.
    fn is_next(&mut self, place: &mut Place, close: u8) -> Result<bool, Broken> {
        let mut byte = match place {
            Place::Behind => return Ok(false),
            _ => self.scan.peek()?,
        };
        if *place == Place::Next && byte == b',' {
            self.scan.step(1);
            byte = self.scan.peek()?;
            if byte == close {
                self.scan.found(Odd::Dialect);
            }
        } else if *place == Place::Next && byte != close {
            return Err(Broken);
        }
        *place = Place::Next;
        if byte == close {
            self.scan.step(1);
            *place = Place::Behind;
        }
        Ok(byte != close)
    }
}

/// Where in a list or an object a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind the bracket that opens it.
    First,
    /// Behind an item or a member.
    Next,
    /// Before the value of a member.
    Value,
    /// Behind the bracket that closes it.
    Behind,
}

/// The items of a list that are still to come.
pub struct Items<'a, 'de> {
    parser: &'a mut Parser<'de>,
    place: Place,
}

impl<'de> Items<'_, 'de> {
    /// Reads the next item; false if there is none, or more than are read of one document.
    ///
    /// # Errors
    /// When the list is broken.
    pub fn read_into(&mut self, item: &mut dyn FromJson<'de>) -> Result<bool, Broken> {
        if !self.is_next()? {
            return Ok(false);
        }
        if !self.parser.scan.is_item_read() {
            self.parser.scan.skip()?;
            return Ok(false);
        }
        self.parser.value(item)?;
        self.parser.tell_left();
        Ok(true)
    }

    fn is_next(&mut self) -> Result<bool, Broken> {
        self.parser.is_next(&mut self.place, b']')
    }
}

/// The members of an object that are still to come.
pub struct Members<'a, 'de> {
    parser: &'a mut Parser<'de>,
    place: Place,
    /// Where the value of the last member begins, if it was of another type than asked for.
    left: Option<usize>,
}

impl<'de> Members<'_, 'de> {
    /// The name of the next member, whose value may be read then.
    ///
    /// # Errors
    /// When the object is broken.
    pub fn next_name(&mut self) -> Result<Option<Cow<'de, str>>, Broken> {
        if self.left.take().is_some() {
            self.parser.scan.found(Odd::Left);
        }
        if self.place == Place::Value {
            self.parser.scan.skip()?;
            self.place = Place::Next;
        }
        if !self.parser.is_next(&mut self.place, b'}')? {
            return Ok(None);
        }
        let name = match self.parser.scan.here()? {
            b'"' | b'\'' => self.parser.scan.string()?,
            _ => {
                self.parser.scan.found(Odd::Dialect);
                Cow::Borrowed(self.parser.scan.word()?)
            }
        };
        self.parser.scan.take(b':')?;
        self.place = Place::Value;
        Ok(Some(name))
    }

    /// Reads the member's value.
    ///
    /// # Errors
    /// When the object is broken.
    pub fn next_value<T: FromJson<'de>>(&mut self) -> Result<T, Broken> {
        let mut value = T::empty();
        self.read_into(&mut value)?;
        Ok(value)
    }

    fn read_into(&mut self, value: &mut dyn FromJson<'de>) -> Result<(), Broken> {
        if mem::replace(&mut self.place, Place::Next) != Place::Value {
            return Err(Broken);
        }
        let start = self.parser.scan.at();
        self.parser.value(value)?;
        if self.parser.is_left {
            self.parser.is_left = false;
            self.left = Some(start);
        }
        Ok(())
    }

    /// Leaves the member's value: it is passed over before the next one.
    ///
    /// # Errors
    /// Never: it reads as the other ways to take a value.
    pub fn skip(&mut self) -> Result<(), Broken> {
        Ok(())
    }

    /// Whether the value of the member whose name came last was not read.
    pub(super) fn is_left(&self) -> bool {
        self.place == Place::Value
    }

    /// Tells whether the value was taken of the member whose name came last. Numbers and words of
    /// JSON that nobody takes are settings.
    pub(super) fn tell(&mut self, name: &str) -> Result<(), Broken> {
        let Some(oddities) = self.oddities().filter(|_| self.parser.is_watched) else {
            return Ok(());
        };
        let value = match self.left.take() {
            Some(start) => self.parser.scan.value_at(start)?,
            None if !self.is_left() => {
                oddities.left.take(name);
                return Ok(());
            }
            None => match self.parser.scan.peek()? {
                b'"' | b'\'' | b'{' | b'[' => self.next_value()?,
                _ => return Ok(()),
            },
        };
        if !oddities.left.leave(name, value.get()) {
            oddities.found(Odd::TooMany);
        }
        Ok(())
    }

    /// Tells that no member was taken of an object in a list.
    pub(super) fn tell_none_taken(&mut self) {
        if !self.parser.is_watched {
            self.parser.scan.found(Odd::Left);
        }
    }

    /// This place among the members, to return to.
    pub(super) fn place(&self) -> At<'de> {
        At {
            parser: *self.parser,
            place: self.place,
        }
    }

    pub(super) fn oddities(&self) -> Option<&'de Oddities> {
        self.parser.scan.oddities()
    }
}

/// A place among the members of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'de> {
    parser: Parser<'de>,
    place: Place,
}

impl<'de> At<'de> {
    pub(super) fn oddities(&self) -> Option<&'de Oddities> {
        self.parser.scan.oddities()
    }

    /// The members from this place on.
    pub(super) fn members(&mut self) -> Members<'_, 'de> {
        Members {
            parser: &mut self.parser,
            place: self.place,
            left: None,
        }
    }
}

/// A whole number from 0 within 64 bits.
fn whole(word: &str) -> Option<u64> {
    let is_odd = word.len() > 1 && word.starts_with('0');
    word.bytes().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 || is_odd {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Another number, and whether JSON has it.
fn float(word: &str) -> Result<(f64, bool), Broken> {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    let sign = if word.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned {
        "NaN" => return Ok((f64::NAN, false)),
        "Infinity" => return Ok((sign * f64::INFINITY, false)),
        _ => {}
    }
    if let Some(digits) = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"))
    {
        let number = u32::from_str_radix(digits, 16).map_err(|_| Broken)?;
        return Ok((sign * f64::from(number), false));
    }
    if !unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()) {
        return Err(Broken);
    }
    let number = word.parse().map_err(|_| Broken)?;
    Ok((number, is_number(word)))
}

/// Whether the grammar of JSON has a word that reads as a number.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let is_one = digits > 0 && (digits == 1 || !unsigned.starts_with('0'));
    let fraction = unsigned
        .get(digits..)
        .and_then(|rest| rest.strip_prefix('.'));
    let has_digits =
        fraction.is_none_or(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    is_one && has_digits
}
