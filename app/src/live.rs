//! Changes that the server sends to open pages (`GET /events`): one stream per page, begun after hydration. An
//! enhancement only: without it pages are as new as their last load.

use contract::live::LiveEvent;

/// How far the server was when it made this page, as `<html data-live>`: the stream begins after that.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Position(pub String);

/// That of this page; none where the server did not say.
#[cfg(feature = "ssr")]
pub fn position() -> Option<String> {
    leptos::prelude::use_context::<Position>().map(|position| position.0)
}

/// Calls `hear` for each change until the caller's view goes. After a gap, and when something happened while the page was
/// being made or read, it hears [`LiveEvent::Missed`]: what it shows is then to be read again.
pub fn on_event(hear: impl Fn(&LiveEvent) + 'static) {
    #[cfg(feature = "hydrate")]
    stream::subscribe(hear);
    #[cfg(not(feature = "hydrate"))]
    drop(hear);
}

/// Calls `again` when something happened that `concerns` the page, at most once in a second.
pub fn on_change(concerns: impl Fn(&LiveEvent) -> bool + 'static, again: impl Fn() + Clone + 'static) {
    use leptos::prelude::{GetValue, StoredValue, set_timeout};
    use std::{cell::Cell, rc::Rc, time::Duration};

    let waits = Rc::new(Cell::new(false));
    // Goes with the page: a second later there may be nothing left to read again.
    let page = StoredValue::new(());
    on_event(move |event| {
        if concerns(event) && !waits.replace(true) {
            let (waits, again) = (waits.clone(), again.clone());
            set_timeout(
                move || {
                    waits.set(false);
                    if page.try_get_value().is_some() {
                        again();
                    }
                },
                Duration::from_secs(1),
            );
        }
    });
}

/// Begins the stream at this address; a second call does nothing.
pub fn begin(address: &'static str) {
    #[cfg(feature = "hydrate")]
    stream::begin(address);
    #[cfg(not(feature = "hydrate"))]
    let _ = address;
}

#[cfg(feature = "hydrate")]
pub use stream::lost;

#[cfg(feature = "hydrate")]
mod stream {
    use super::LiveEvent;
    use crate::{browser::clock, reading};
    use contract::UnixMillis;
    use futures::{StreamExt, future::Either, stream::select};
    use gloo_net::eventsource::futures::EventSource;
    use leptos::prelude::*;
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::Duration,
    };

    const LONGEST_PAUSE: u64 = 30;
    /// Milliseconds: longer than a page reached by a link takes to be read, until it subscribes.
    const READING: i64 = 30_000;

    type Subscriber = (u64, Rc<dyn Fn(&LiveEvent)>);

    thread_local! {
        static SUBSCRIBERS: RefCell<Vec<Subscriber>> = const { RefCell::new(Vec::new()) };
        static NEXT: Cell<u64> = const { Cell::new(0) };
        static BEGUN: Cell<bool> = const { Cell::new(false) };
        static LAST: Cell<UnixMillis> = const { Cell::new(0) };
        static LOST: Cell<bool> = const { Cell::new(false) };
    }

    pub fn subscribe(hear: impl Fn(&LiveEvent) + 'static) {
        let id = NEXT.replace(NEXT.get() + 1);
        SUBSCRIBERS.with_borrow_mut(|all| all.push((id, Rc::new(hear))));
        on_cleanup(move || SUBSCRIBERS.with_borrow_mut(|all| all.retain(|(other, _)| *other != id)));
        if clock() - LAST.get() < READING {
            leptos::task::spawn_local(async move {
                let subscriber =
                    SUBSCRIBERS.with_borrow(|all| all.iter().find(|(other, _)| *other == id).cloned());
                if let Some((_, hear)) = subscriber {
                    hear(&LiveEvent::Missed);
                }
            });
        }
    }

    fn tell(event: &LiveEvent) {
        LAST.set(clock());
        let all = SUBSCRIBERS.with_borrow(Clone::clone);
        for (_, hear) in all {
            hear(event);
        }
    }

    /// Something could not be read: it is told as missed when the server can be reached again, as far as the browser knows.
    pub fn lost() {
        LOST.set(true);
    }

    fn back() {
        if LOST.replace(false) {
            reading::try_again();
            tell(&LiveEvent::Missed);
        }
    }

    /// Until it succeeds, less and less often: a network that has just come back may not carry yet.
    fn insist(pause: u64) {
        if LOST.get() {
            back();
            set_timeout(
                move || insist((pause * 2).min(LONGEST_PAUSE)),
                Duration::from_secs(pause),
            );
        }
    }

    pub fn begin(address: &'static str) {
        if !BEGUN.replace(true) {
            for event in ["online", "visibilitychange"] {
                window_event_listener_untyped(event, |_| insist(1));
            }
            let html = document().document_element();
            let position = html.and_then(|html| html.get_attribute("data-live"));
            connect(
                Rc::new(format!("{address}?since={}", position.unwrap_or_default())),
                1,
            );
        }
    }

    /// Listens until the browser gives the stream up, then tries again after `pause` seconds.
    fn connect(address: Rc<String>, pause: u64) {
        leptos::task::spawn_local(async move {
            let opened = listen(&address).await;
            let pause = if opened { 1 } else { pause };
            let again = move || connect(address, (pause * 2).min(LONGEST_PAUSE));
            set_timeout(again, Duration::from_secs(pause));
        });
    }

    /// Answers whether the stream was open at all.
    async fn listen(address: &str) -> bool {
        let Ok(mut source) = EventSource::new(address) else {
            return false;
        };
        let (Ok(messages), Ok(opened)) = (source.subscribe("message"), source.subscribe("open")) else {
            return false;
        };
        let mut both = select(messages.map(Either::Left), opened.map(Either::Right));
        let mut was_open = false;
        while let Some(next) = both.next().await {
            match next {
                Either::Left(Ok((_, message))) => {
                    let text = message.data().as_string().unwrap_or_default();
                    if let Ok(event) = crate::json::read(&text) {
                        tell(&event);
                    }
                }
                Either::Right(Ok(_)) => {
                    was_open = true;
                    back();
                }
                Either::Left(Err(_)) | Either::Right(Err(_)) => break,
            }
        }
        was_open
    }
}
