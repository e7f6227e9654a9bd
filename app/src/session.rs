//! Signing in and out (Z1), and who is signed in.

pub mod calls;
mod me;
mod sign_in;
mod welcome;

pub use me::{caller, me, provide_me};
pub use sign_in::sign_in_page;
pub use welcome::welcome_page;
