//! Pomona's server: the web layer, the portal behind the pages, and the engine that does the work at Apple.

pub mod clock;
pub mod demo;
pub mod engine;
pub mod http;
pub mod mail;
pub mod moment;
pub mod portal;
pub mod private;
pub mod secrets;
pub mod settings;
pub mod start;
pub mod storage_watch;
