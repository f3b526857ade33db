//! Declaring which members of a wire object are read.

/// Declares wire structs: `field: Type = "member"`, or `= "member" | "other name"`.
///
/// A last line `..field of NAMES,` keeps the members of those names as they were written, for
/// objects of which many members are recorded and none is read.
///
/// Members that are not listed are passed over; of a member given twice the last one counts.
/// serde's derive does neither: it fails on a member given twice.
macro_rules! wire {
    () => {};
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<$life:lifetime> { $($fields:tt)* }
        $($rest:tt)*
    ) => {
        $crate::json::wire!(@struct [$(#[$meta])* $vis] $name [<$life>] { $($fields)* });
        $crate::json::wire!(@impl $life $name [<$life>] { $($fields)* });
        $crate::json::wire!($($rest)*);
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $($fields:tt)* }
        $($rest:tt)*
    ) => {
        $crate::json::wire!(@struct [$(#[$meta])* $vis] $name [] { $($fields)* });
        $crate::json::wire!(@impl 'de $name [] { $($fields)* });
        $crate::json::wire!($($rest)*);
    };
    (@struct [$($before:tt)*] $name:ident [$($generics:tt)*] {
        $($field_vis:vis $field:ident: $type:ty = $($member:literal)|+,)*
    }) => {
        #[derive(Default)]
        $($before)*
        struct $name $($generics)* {
            $($field_vis $field: $type,)*
        }
    };
    (@struct [$($before:tt)*] $name:ident [$($generics:tt)*] {
        $($field_vis:vis $field:ident: $type:ty = $($member:literal)|+,)*
        ..$kept:ident of $names:ident,
    }) => {
        #[derive(Default)]
        $($before)*
        struct $name $($generics)* {
            $($field_vis $field: $type,)*
            $kept: Vec<(&'static str, $crate::json::Json $($generics)*)>,
        }
    };
    (@impl $life:lifetime $name:ident [$($generics:tt)*] {
        $($field_vis:vis $field:ident: $type:ty = $($member:literal)|+,)*
        $(..$kept:ident of $names:ident,)?
    }) => {
        impl<$life> $crate::json::FromObject<$life> for $name $($generics)* {
            fn member(
                &mut self,
                name: &str,
                value: &mut $crate::json::Members<'_, $life>,
            ) -> Result<(), $crate::json::Broken> {
                match name {
                    $($($member)|+ => self.$field = value.next_value()?,)*
                    _ => $crate::json::wire!(@other self name value $($kept $names)?),
                }
                Ok(())
            }

            fn names(&self) -> [&'static [&'static str]; 2] {
                [&[$($($member,)+)*], $crate::json::wire!(@names $($names)?)]
            }
        }
    };
    (@names) => {
        &[]
    };
    (@names $names:ident) => {
        &$names
    };
    (@other $self:tt $name:ident $value:ident) => {
        $value.skip()?
    };
    (@other $self:tt $name:ident $value:ident $kept:ident $names:ident) => {
        $crate::json::keep(&$names, &mut $self.$kept, $name, $value)?
    };
}

pub(crate) use wire;
