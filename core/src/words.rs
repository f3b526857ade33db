//! The closed sets of words in an event: each word is declared once, with its name in JSON and its meaning.
//!
//! The collector, its page, its reports and the documents take both from here.

/// Declares a set. A word has its name as a variant, its name in JSON, and a sentence on what it means.
macro_rules! words {
    (
        $(#[doc = $set_meaning:literal])+
        $(#[derive($Derived:ident)])?
        pub enum $Set:ident {
            $($(#[$of_word:meta])* $Word:ident $name:literal $meaning:literal,)*
        }
    ) => {
        $(#[doc = $set_meaning])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash $(, $Derived)?)]
        pub enum $Set {
            $($(#[$of_word])* #[doc = $meaning] $Word,)*
        }

        impl $Set {
            /// Every word of the set.
            pub const ALL: &'static [Self] = &[$(Self::$Word,)*];

            /// Their names in JSON, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Its name in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Word => $name,)*
                }
            }

            /// What it means, in a sentence or two.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$Word => $meaning,)*
                }
            }

            /// The name in JSON of each, with its meaning.
            pub fn meanings() -> impl Iterator<Item = (&'static str, &'static str)> {
                Self::ALL.iter().map(|word| (word.name(), word.meaning()))
            }

            /// The word with this name in JSON.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl serde::Serialize for $Set {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $Set {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                let unknown = || serde::de::Error::unknown_variant(&name, Self::NAMES);
                Self::named(&name).ok_or_else(unknown)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $Set {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($Set).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::words::schema(concat!($($set_meaning),+), Self::meanings())
            }
        }
    };
}

/// The JSON Schema of a set.
#[cfg(feature = "schema")]
pub(crate) fn schema<'a>(
    meaning: &str,
    words: impl Iterator<Item = (&'a str, &'a str)>,
) -> schemars::Schema {
    let words = words.map(|(name, meaning)| {
        serde_json::json!({"description": meaning, "type": "string", "const": name})
    });
    schemars::json_schema!({
        "description": meaning.trim(),
        "oneOf": words.collect::<Vec<_>>(),
    })
}
