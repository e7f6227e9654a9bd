//! A person's users at Apple: how far each is, invitations, second accounts (A2, M2).

pub mod calls;
mod card;

pub use card::users_card;
pub(crate) use card::{refusal, status};
