//! The closed sets of words in an event: each word is declared once, with its name in JSON and its meaning.
//!
//! The collector, its page, its reports and the documents take both from here.

/// Declares a set. A word has its name as a variant, its name in JSON, and a sentence on what it means.
macro_rules! words {
    (
        $(#[$of_set:meta])*
        pub enum $Set:ident {
            $($(#[$of_word:meta])* $Word:ident $name:literal $meaning:literal,)*
        }
    ) => {
        $(#[$of_set])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    };
}
