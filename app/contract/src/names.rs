//! The names of an enum's choices.

/// All choices in their order, their names in storage, forms and addresses, and the way back.
macro_rules! names {
    ($($type:ident { $($choice:ident = $name:literal),+ $(,)? })+) => {$(
        impl $type {
            /// All choices, in their order.
            pub const ALL: [$type; [$($name),+].len()] = [$($type::$choice),+];

            /// The name in storage, forms and addresses.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$choice => $name),+ }
            }

            /// By its name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == name)
            }
        }
    )+};
}
