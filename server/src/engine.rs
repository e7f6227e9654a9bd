//! The engine: what should be, what is at Apple, and the way from one to the other.

mod again;
mod apple_faults;
mod batches;
mod check;
mod describe;
pub mod desired;
pub mod fulfil;
mod heal;
mod invite;
mod keep;
pub mod live;
mod lookup;
pub mod moves;
mod notifications;
mod operate;
mod outcome;
pub mod plan;
pub mod planning;
mod pool;
mod progress;
pub mod reclaim;
mod request;
mod subscribe;
mod sync;
mod tell;
mod tokens;
mod users;
mod wake;
mod worker;

pub use apple_faults::{fault_of, token_file_fault};
pub use batches::{Limits, calls, group, operation};
pub use invite::invitation_mail;
pub use subscribe::{HEARD, RECEIVER_PATH, receiver_place};
pub use tokens::{owner_of, ownership, seal_place};
pub use wake::Wake;
pub use worker::{Engine, EngineSettings};
