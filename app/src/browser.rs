//! What only the browser has: whether the page is alive, its clock, focus and a change of page by the browser itself.

use contract::UnixMillis;
use leptos::prelude::*;

/// Set once the whole page is hydrated. What a page shows must not differ before.
#[derive(Clone)]
pub struct Hydrated(pub ArcRwSignal<bool>);

/// Whether scripts run on this page: false on the server, without WebAssembly and during hydration.
pub fn hydrated() -> Signal<bool> {
    match use_context::<Hydrated>() {
        Some(Hydrated(signal)) => signal.into(),
        None => Signal::stored(false),
    }
}

/// The document's title without `end`, as the server sent it, until the whole page is hydrated and has set its own;
/// empty afterwards and on the server. Without it the title would be gone while the page hydrates.
pub fn title_as_sent(end: String) -> impl Fn() -> String + Send + Sync {
    let page = use_context::<Hydrated>();
    let sent = match page {
        Some(_) => document().title(),
        None => String::new(),
    };
    let sent = sent.strip_suffix(&end).map(str::to_owned).unwrap_or_default();
    // The server asks for the title once its page is done, when nothing that belongs to it may still be there.
    move || match &page {
        Some(Hydrated(hydrated)) if !hydrated.get() => sent.clone(),
        _ => String::new(),
    }
}

/// The browser's clock, renewed twice a minute; none until the page is hydrated.
#[derive(Clone, Copy)]
pub struct Clock(Signal<Option<UnixMillis>>);

/// To be called once, by [`crate::App`].
pub fn provide_clock() {
    let now = RwSignal::new(None);
    let hydrated = hydrated();
    Effect::new(move |_| {
        if hydrated.get() {
            now.set(Some(clock()));
            let renew = move || now.set(Some(clock()));
            if let Ok(timer) = set_interval_with_handle(renew, std::time::Duration::from_secs(30)) {
                on_cleanup(move || timer.clear());
            }
        }
    });
    provide_context(Clock(now.into()));
}

/// Now, as far as known.
pub fn now() -> Option<UnixMillis> {
    // The server, which has none, need not look for it row by row.
    let clock = cfg!(feature = "hydrate").then(use_context::<Clock>).flatten();
    clock.and_then(|Clock(now)| now.get())
}

/// The clock itself, for what is timed. In the browser alone, so in effects and handlers only; JavaScript counts in whole
/// milliseconds that fit an `i64`.
pub fn clock() -> UnixMillis {
    js_sys::Date::now() as UnixMillis
}

/// Minutes that the browser's zone is ahead of UTC at a moment.
pub fn zone_minutes(at: UnixMillis) -> i64 {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at as f64));
    -(date.get_timezone_offset() as i64)
}

/// Lets the browser answer before the page goes on.
#[cfg(feature = "hydrate")]
pub async fn breath() {
    let (gone_on, goes_on) = futures::channel::oneshot::channel();
    set_timeout(move || _ = gone_on.send(()), std::time::Duration::ZERO);
    _ = goes_on.await;
}

/// Leaves for another page by the browser itself, so that everything of the old session goes.
pub fn leave_to(path: &str) {
    _ = window().location().set_href(path);
}

/// Where the focus belongs after a change of page by the router.
#[derive(Clone, Copy, PartialEq)]
enum Arrival {
    /// To the new page's heading, as soon as it is there.
    New,
    /// Still there, should what is read anew take the heading away.
    Shown,
    /// Where the reader puts it.
    No,
}

#[derive(Clone, Copy)]
struct Arrived(StoredValue<Arrival>);

/// Whether the page was asked for something else, and has not said yet what it found.
#[derive(Clone, Copy)]
struct Asked(StoredValue<bool>);

/// To be called once, by the frame: a change of page by the router moves the focus to the new page's heading, as a
/// browser's own would begin the page anew. Where only the query changes the page says what it found ([`say_found`]).
pub fn follow_pages(path: Memo<String>, query: Memo<String>) {
    let (arrived, asked) = (StoredValue::new(Arrival::No), StoredValue::new(false));
    provide_context(Arrived(arrived));
    provide_context(Asked(asked));
    Effect::new(move |before: Option<String>| {
        query.track();
        let path = path.get();
        if let Some(before) = before {
            let stays = before == path;
            asked.set_value(stays);
            if !stays {
                arrived.set_value(Arrival::New);
            }
        }
        path
    });
}

/// To be called by what is made anew as soon as the page has found something else under the same path: has it read out.
pub fn say_found(words: Option<String>) {
    Effect::new(move |_| {
        if let (Some(Asked(asked)), Some(words)) = (use_context(), &words)
            && asked.try_get_value() == Some(true)
        {
            asked.set_value(false);
            crate::ui::say(words.clone());
        }
    });
}

/// To be called where something else is to be shown under this address: then its heading is focused too.
pub fn arrival() -> impl Fn() + Copy {
    let arrived = use_context::<Arrived>();
    move || {
        if let Some(Arrived(arrived)) = arrived {
            arrived.set_value(Arrival::New);
        }
    }
}

/// Focuses the heading with this id after a change of page, and again where it was made anew meanwhile.
pub fn focus_heading(id: &'static str) {
    let Some(Arrived(arrived)) = use_context() else {
        return;
    };
    Effect::new(move |_| match arrived.try_get_value() {
        Some(Arrival::New) => {
            arrived.set_value(Arrival::Shown);
            request_animation_frame(move || focus(id));
        }
        Some(Arrival::Shown) => request_animation_frame(move || {
            let focused = document().active_element();
            match focused.map(|element| (element.id(), element.tag_name())) {
                Some((focused, _)) if focused == id => {}
                Some((_, tag)) if tag != "BODY" => _ = arrived.try_set_value(Arrival::No),
                _ => focus_in_place(id),
            }
        }),
        Some(Arrival::No) | None => {}
    });
}

/// The form around the element with this id.
fn form_around(id: &str) -> Option<web_sys::HtmlFormElement> {
    use wasm_bindgen::JsCast;
    let form = document().get_element_by_id(id)?.closest("form").ok()??;
    form.dyn_into().ok()
}

/// What stands in the form around the element with this id.
pub fn fields_around(id: &str) -> Option<web_sys::UrlSearchParams> {
    let fields = web_sys::FormData::new_with_form(&form_around(id)?).ok()?;
    web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
}

/// What a form sends, as text, with the button's own.
pub fn fields(event: &web_sys::SubmitEvent) -> Option<String> {
    let fields = leptos::form::form_data_from_event(event).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    fields.to_string().as_string()
}

/// Has that form as it was at first, once what was typed is done with.
pub fn begin_anew(id: &str) {
    if let Some(form) = form_around(id) {
        form.reset();
    }
}

/// The same as [`focus`], without scrolling there: the reader may be further down.
pub fn focus_in_place(id: &str) {
    use js_sys::{Function, Object, Reflect};
    use wasm_bindgen::JsCast;
    let Some(element) = document().get_element_by_id(id) else {
        return;
    };
    let options = Object::new();
    _ = Reflect::set(&options, &"preventScroll".into(), &true.into());
    if let Ok(focus) = Reflect::get(&element, &"focus".into()) {
        _ = focus.unchecked_into::<Function>().call1(&element, &options);
    }
}

/// Moves the focus to the element with this id.
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(element) = document().get_element_by_id(id) {
        _ = element.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}
