//! Declaring which members of a wire object are read.

/// Declares wire structs: `field: Type = "member"`, or `= "member" | "other name"`.
///
/// Members that are not listed are passed over; of a member given twice the last one counts.
/// serde's derive does neither: it fails on a member given twice.
macro_rules! wire {
    () => {};
    (
        $(#[$meta:meta])*
        struct $name:ident<$life:lifetime> { $($fields:tt)* }
        $($rest:tt)*
    ) => {
        $crate::json::wire!(@struct [$(#[$meta])*] $name [<$life>] { $($fields)* });
        $crate::json::wire!(@impl $life $name [<$life>] { $($fields)* });
        $crate::json::wire!($($rest)*);
    };
    (
        $(#[$meta:meta])*
        struct $name:ident { $($fields:tt)* }
        $($rest:tt)*
    ) => {
        $crate::json::wire!(@struct [$(#[$meta])*] $name [] { $($fields)* });
        $crate::json::wire!(@impl 'de $name [] { $($fields)* });
        $crate::json::wire!($($rest)*);
    };
    (@struct [$($meta:tt)*] $name:ident [$($generics:tt)*] {
        $($field:ident: $type:ty = $($member:literal)|+,)*
    }) => {
        $($meta)*
        #[derive(Default)]
        struct $name $($generics)* {
            $($field: $type,)*
        }
    };
    (@impl $life:lifetime $name:ident [$($generics:tt)*] {
        $($field:ident: $type:ty = $($member:literal)|+,)*
    }) => {
        impl<$life> $crate::json::FromObject<$life> for $name $($generics)* {
            fn member<A: serde::de::MapAccess<$life>>(
                &mut self,
                name: &str,
                value: &mut A,
            ) -> Result<(), A::Error> {
                match name {
                    $($($member)|+ => self.$field = value.next_value()?,)*
                    _ => $crate::json::skip(value)?,
                }
                Ok(())
            }
        }
    };
}

pub(crate) use wire;
