//! Forms that also work without WebAssembly: `<form method="post">` to a server function. With WebAssembly the same fields
//! are sent as a call, and the page shows the answer.
//!
//! Leptos's own would turn the fields into the function's type and back again, for each form with code of its own.

use crate::{call::Failure, refusal::Refusal};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// What the forms of one place send to the server function `F`, and its newest answer.
pub struct FormAction<F: ServerFn<Error = Failure>>
where
    F::Output: Send + Sync + 'static,
{
    done: RwSignal<Option<F::Output>>,
    refusal: Refusal,
    pending: RwSignal<bool>,
    of: PhantomData<fn() -> F>,
}

impl<F: ServerFn<Error = Failure>> Clone for FormAction<F>
where
    F::Output: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: ServerFn<Error = Failure>> Copy for FormAction<F> where F::Output: Send + Sync + 'static {}

impl<F: ServerFn<Error = Failure>> FormAction<F>
where
    F::Output: Send + Sync + 'static,
{
    /// Without an answer, or with the refusal of the plain form that led back to this page.
    pub fn new() -> Self {
        Self {
            done: RwSignal::new(None),
            refusal: Refusal::of_form(F::PATH),
            pending: RwSignal::new(false),
            of: PhantomData,
        }
    }

    /// What the newest answer brought, if it was done.
    pub fn done(&self) -> RwSignal<Option<F::Output>> {
        self.done
    }

    /// Why it was not done.
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }

    pub fn answered(&self) -> bool {
        self.done.with(Option::is_some) || self.refusal.get().is_some()
    }

    /// As if nothing had been sent.
    pub fn clear(&self) {
        self.done.set(None);
        self.refusal.clear();
    }

    /// Whether an answer is awaited.
    pub fn pending(&self) -> Signal<bool> {
        self.pending.into()
    }
}

impl<F: ServerFn<Error = Failure>> FormAction<F>
where
    F::Output: DeserializeOwned + Send + Sync + 'static,
{
    #[cfg(feature = "hydrate")]
    fn on_submit(self) -> OnSubmit {
        browser::sender(F::url(), self.done, self.refusal, self.pending)
    }

    /// Only a browser submits.
    #[cfg(not(feature = "hydrate"))]
    fn on_submit(self) -> OnSubmit {
        Box::new(|_| {})
    }
}

/// A form of `action`.
#[component]
pub fn ActionForm<F>(action: FormAction<F>, children: Children) -> impl IntoView
where
    F: ServerFn<Error = Failure> + 'static,
    F::Output: DeserializeOwned + Send + Sync + 'static,
{
    form(F::url(), action.on_submit(), children)
}

type OnSubmit = Box<dyn Fn(SubmitEvent) + Send + Sync>;

fn form(url: &'static str, send: OnSubmit, children: Children) -> AnyView {
    let form = html::form().action(url).method("post");
    form.on(leptos::ev::submit, send).child(children()).into_any()
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::OnSubmit;
    use crate::{
        browser,
        call::{self, Failure},
        json::{self, Json},
        refusal::Refusal,
    };
    use contract::Code;
    use leptos::{
        logging,
        prelude::*,
        server_fn::{
            ContentType,
            client::browser::BrowserClient,
            codec::PostUrl,
            request::{ClientReq, browser::BrowserRequest},
        },
        task::spawn_local,
    };
    use serde::de::DeserializeOwned;
    use std::sync::Arc;
    use web_sys::SubmitEvent;

    /// Takes the answer's text, or that there is none.
    type Taken = Arc<dyn Fn(Option<&str>) -> Result<(), Failure> + Send + Sync>;

    pub fn sender<T>(
        url: &'static str,
        done: RwSignal<Option<T>>,
        refusal: Refusal,
        pending: RwSignal<bool>,
    ) -> OnSubmit
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let taken: Taken = Arc::new(move |text: Option<&str>| {
            let value = text.map(json::read).transpose().map_err(|error| {
                logging::error!("{url}: {error}");
                Code::Internal
            })?;
            done.try_set(value);
            Ok(())
        });
        sender_of_any(url, taken, refusal, pending)
    }

    fn sender_of_any(url: &'static str, taken: Taken, refusal: Refusal, pending: RwSignal<bool>) -> OnSubmit {
        Box::new(move |event| {
            // A button that asks for a page with what was typed is the browser's own.
            let asks = event
                .submitter()
                .is_some_and(|button| button.has_attribute("formmethod"));
            if asks || event.default_prevented() {
                return;
            }
            event.prevent_default();
            let request = request(url, &event);
            let taken = taken.clone();
            pending.set(true);
            spawn_local(async move {
                let answer = call::sent::<BrowserClient>(request).await;
                match answer.and_then(|text| taken(Some(&text))) {
                    Ok(()) => refusal.clear(),
                    Err(Failure(fault)) => {
                        drop(taken(None));
                        refusal.set(fault);
                    }
                }
                // The answer may have led to another page.
                pending.try_set(false);
            });
        })
    }

    fn request(url: &str, event: &SubmitEvent) -> Result<BrowserRequest, Failure> {
        let fields = browser::fields(event).ok_or(Code::Internal)?;
        BrowserRequest::try_new_post(url, PostUrl::CONTENT_TYPE, Json::CONTENT_TYPE, fields)
    }
}
