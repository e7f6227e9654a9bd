//! What is around every page of somebody signed in: top bar, menu, the demo's mark, news.

mod account;
mod menu;
mod running;
mod top;

use crate::{
    activity::calls,
    browser, live,
    reading::{reading, when_read},
    routes::{Access, permission_for},
    session, t,
    ui::{Toasts, provide_toasts},
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use menu::Menu;
use top::TopBar;

/// Pages that anybody may see, and any page before signing in, stand alone.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    provide_toasts();
    let path = use_location().pathname;
    let bare = Memo::new(move |_| permission_for(&path.get()) == Some(Access::Public));
    browser::follow_pages(path);
    let me = session::me();
    let hydrated = browser::hydrated();
    let running = reading(
        || (),
        move |()| async move {
            match me.await {
                Ok(me) if me.caller.is_some() => calls::running().await,
                _ => Ok(Vec::new()),
            }
        },
    );
    let around = when_read(move || {
        let bare = bare.get();
        async move {
            match me.await {
                Ok(me) if !bare && me.caller.is_some() => {
                    let running = running.await.unwrap_or_default();
                    Effect::new(move |_| hydrated.get().then(|| live::begin("/events")));
                    Either::Left(view! {
                        <TopBar me=me.clone() running/>
                        <Menu me/>
                    })
                }
                Ok(me) => Either::Right(
                    me.demo
                        .then(|| view! { <header class="alone">{demo_mark()}</header> }),
                ),
                Err(_) => Either::Right(None),
            }
        }
    });
    view! {
        <a class="skip" href="#main">{t!(frame_skip)}</a>
        <div class="frame" class:frame-bare=move || bare.get()>
            {around}
            <main id="main" tabindex="-1">{children()}</main>
        </div>
        <Toasts/>
    }
}

/// O3: on every page.
fn demo_mark() -> impl IntoView {
    view! { <span class="demo" title=t!(frame_demo_hint)>{t!(frame_demo)}</span> }
}
