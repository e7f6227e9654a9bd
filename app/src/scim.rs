//! Settings of the SCIM service (D3): where a directory reaches it, and with which tokens.

pub mod calls;
mod once;
mod page;

pub use page::tokens_page;
