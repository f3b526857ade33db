//! Writing what is sent: serde's values as JSON in one line.
//!
//! It is there for its cost. serde_json looks at each byte of a text, of names too, for 24
//! instructions of WebAssembly; here it is eight bytes at a time for four each. That was a sixth of
//! what a call costs.

use std::fmt;

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use crate::digest::hex_digit;
use crate::find;

/// The name under which serde_json's `RawValue` hands over its text.
const RAW: &str = "$serde_json::private::RawValue";

/// Why a value cannot be written: it has a number with a fraction, bytes or a variant with members,
/// none of which an event has, or a name that is no text.
pub type Unwritable = fmt::Error;

/// The value as JSON. It may be shorter or longer than expected; memory for more than that is moved
/// as it grows.
///
/// # Errors
/// When the value's type is one that no event has, see [`Unwritable`].
pub fn written(value: &impl Serialize, expected_bytes: usize) -> Result<String, Unwritable> {
    let mut writer = Writer {
        out: String::with_capacity(expected_bytes),
        is_raw: false,
    };
    value.serialize(&mut writer)?;
    writer.out.shrink_to_fit();
    Ok(writer.out)
}

/// A text as JSON writes it, quotes included.
pub fn quoted(text: &str) -> String {
    let mut writer = Writer::default();
    writer.quote(text);
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Whether the next text is JSON itself.
    is_raw: bool,
}

impl Writer {
    fn quote(&mut self, text: &str) {
        self.out.reserve(text.len().saturating_add(2));
        self.out.push('"');
        let mut rest = text;
        while let Some((plain, from)) =
            find::to_be_escaped(rest.as_bytes()).and_then(|at| rest.split_at_checked(at))
        {
            self.out.push_str(plain);
            self.escape(from.as_bytes().first().copied().unwrap_or_default());
            rest = from.get(1..).unwrap_or_default();
        }
        self.out.push_str(rest);
        self.out.push('"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            _ => {
                self.out.push_str("\\u00");
                self.out.push(char::from(hex_digit(byte >> 4)));
                self.out.push(char::from(hex_digit(byte & 0xf)));
                return;
            }
        };
        self.out.push_str(short);
    }

    fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut start = digits.len();
        for (at, place) in digits.iter_mut().enumerate().rev() {
            let digit = u8::try_from(rest.wrapping_rem(10)).unwrap_or_default();
            *place = digit.wrapping_add(b'0');
            start = at;
            rest = rest.wrapping_div(10);
            if rest == 0 {
                break;
            }
        }
        let digits = digits.get(start..).unwrap_or_default();
        self.out
            .push_str(str::from_utf8(digits).unwrap_or_default());
    }

    fn open(&mut self, bracket: &str, close: &'static str) -> Nested<'_> {
        self.out.push_str(bracket);
        Nested {
            writer: self,
            is_next: false,
            close,
        }
    }
}

/// An object or a list that is not closed.
struct Nested<'a> {
    writer: &'a mut Writer,
    is_next: bool,
    close: &'static str,
}

impl Nested<'_> {
    fn separate(&mut self) {
        if self.is_next {
            self.writer.out.push(',');
        }
        self.is_next = true;
    }

    fn close(self) {
        self.writer.out.push_str(self.close);
        self.writer.is_raw = false;
    }
}

impl SerializeSeq for Nested<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Nested<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.separate();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let name = self.writer.out.as_bytes().get(start);
        if name != Some(&b'"') {
            return Err(fmt::Error);
        }
        self.writer.out.push(':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Nested<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        if !self.writer.is_raw {
            // The names of members are written in the source, and need no escapes there.
            let before = if self.is_next { ",\"" } else { "\"" };
            self.is_next = true;
            self.writer.out.push_str(before);
            self.writer.out.push_str(name);
            self.writer.out.push_str("\":");
        }
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Nested<'a>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Nested<'a>;
    type SerializeStruct = Nested<'a>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    fn serialize_bool(self, value: bool) -> Result<(), Unwritable> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unwritable> {
        if value < 0 {
            self.out.push('-');
        }
        self.number(value.unsigned_abs());
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        self.number(value);
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        if self.is_raw {
            self.out.push_str(value);
        } else {
            self.quote(value);
        }
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Nested<'a>, Unwritable> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Nested<'a>, Unwritable> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Nested<'a>, Unwritable> {
        if name == RAW {
            self.is_raw = true;
            return Ok(self.open("", ""));
        }
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn every_character_is_escaped_as_serde_json_does() {
        for at in 0..20 {
            for character in (0..0x3000).filter_map(char::from_u32) {
                let text = format!("{}{character}{}", "é".repeat(at), "x".repeat(9));
                assert_eq!(quoted(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn values_are_written_as_serde_json_does() {
        let raw = RawValue::from_string("{\"a\": [1.50, \"\\u00e9\"]}".to_owned()).unwrap();
        assert_eq!(written(&raw, 0).unwrap(), raw.get());
        assert_eq!(written(&(Some(&*raw), 1), 0).ok(), None);
        for value in [
            json!({"a": [1, -2, u64::MAX, i64::MIN, 0, true, false, null, ""], "b": {}, "": []}),
            json!([[], [[1]], {"x": {"y": "\u{1}\n\"\\"}}]),
        ] {
            assert_eq!(written(&value, 0).unwrap(), value.to_string());
        }
        let list = [Some(&*raw), None, Some(&*raw)];
        assert_eq!(
            written(&list.as_slice(), 99).unwrap(),
            serde_json::to_string(&list).unwrap()
        );
        assert_eq!(written(&json!({"a": [0.5]}), 0), Err(fmt::Error));
    }
}
