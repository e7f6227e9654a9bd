//! Who is signed in: read once per page load, known to every page as context.

use super::calls;
use crate::reading::{Reading, reading};
use contract::{Caller, session::Me};
use leptos::prelude::*;

/// To be called once, by [`crate::App`].
pub fn provide_me() {
    provide_context(reading(|| (), |()| calls::who_am_i()));
}

/// What the frame needs to know.
pub fn me() -> Reading<Me> {
    expect_context()
}

/// Who is signed in, to show only the buttons that work. The server checks every call all the same.
pub async fn caller() -> Option<Caller> {
    me().await.ok()?.caller
}
