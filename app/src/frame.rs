//! What is around every page of somebody signed in: top bar, menu, the demo's mark, news.

mod account;
mod menu;
mod running;
mod top;

#[cfg(feature = "ssr")]
use crate::activity;
use crate::{
    browser,
    call::Failure,
    live,
    reading::{Reading, reading, when_read},
    routes::{self, Access, permission_for},
    session, t,
    ui::{Toasts, provide_toasts},
};
use contract::{activity::OperationRow, session::Me};
use leptos::prelude::*;
use leptos_router::{hooks::use_location, location::Location};
use menu::Menu;
use top::TopBar;

/// Pages that anybody may see, and any page before signing in, stand alone.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    provide_toasts();
    let Location {
        pathname: path,
        search,
        ..
    } = use_location();
    let bare = Memo::new(move |_| permission_for(&path.get()) == Some(Access::Public));
    browser::follow_pages(path, search);
    let me = session::me();
    let running = reading(
        || (),
        move |()| async move {
            match me.await {
                Ok(me) if me.caller.is_some() => running().await,
                _ => Ok(Vec::new()),
            }
        },
    );
    let around = when_read(move || {
        let bare = bare.get();
        async move {
            match me.await {
                Ok(me) if !bare && me.caller.is_some() => {
                    running.answered().await;
                    routes::around(&path.get_untracked(), Around { me, running }).await
                }
                Ok(me) if me.demo => view! { <header class="alone">{demo_mark()}</header> }.into_any(),
                _ => ().into_any(),
            }
        }
    });
    view! {
        <a class="skip" href="#main">{t!(frame_skip)}</a>
        <div class="frame" class:frame-bare=move || bare.get()>
            {around}
            <main id="main" tabindex="-1">{children()}</main>
        </div>
    }
}

/// What the frame shows.
pub struct Around {
    me: Me,
    running: Reading<Vec<OperationRow>>,
}

/// What stands around the page, of the code of the page's section.
pub fn around(Around { me, running }: Around) -> AnyView {
    let hydrated = browser::hydrated();
    let running = running
        .latest_untracked()
        .and_then(Result::ok)
        .unwrap_or_default();
    Effect::new(move |_| hydrated.get().then(|| live::begin("/events")));
    view! {
        <TopBar me=me.clone() running/>
        <Menu me/>
        <Toasts/>
    }
    .into_any()
}

/// What Pomona does at Apple while the page is made. A browser reads the page's own, and hears of what comes after.
async fn running() -> Result<Vec<OperationRow>, Failure> {
    #[cfg(feature = "ssr")]
    return activity::calls::running().await;
    #[cfg(not(feature = "ssr"))]
    Ok(Vec::new())
}

/// O3: on every page.
fn demo_mark() -> impl IntoView {
    view! { <span class="demo" title=t!(frame_demo_hint)>{t!(frame_demo)}</span> }
}
