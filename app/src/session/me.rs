//! Who is signed in: read once per page load, known to every page as context.

use super::calls;
use crate::call::Failure;
use contract::{Caller, session::Me};
use leptos::prelude::*;

type MeResource = Resource<Result<Me, Failure>>;

/// To be called once, by [`crate::App`].
pub fn provide_me() {
    provide_context::<MeResource>(Resource::new_blocking(|| (), |()| calls::who_am_i()));
}

/// What the frame needs to know.
pub fn me() -> MeResource {
    expect_context()
}

/// Who is signed in, to show only the buttons that work. The server checks every call all the same.
pub async fn caller() -> Option<Caller> {
    me().await.ok()?.caller
}
