//! Forms that also work without WebAssembly: `<form method="post">` to a server function. With WebAssembly the same fields
//! are sent as a call, and the page shows the answer.
//!
//! Leptos's own would turn the fields into the function's type and back again, for each form with code of its own.

use crate::call::{Failure, refused};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// What the forms of one place send to the server function `F`, and its newest answer.
pub struct FormAction<F: ServerFn<Error = Failure>>
where
    F::Output: Send + Sync + 'static,
{
    value: Value<F::Output>,
    pending: RwSignal<bool>,
    of: PhantomData<fn() -> F>,
}

type Value<T> = RwSignal<Option<Result<T, Failure>>>;

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
        let refused = refused(F::PATH).map(|fault| Err(Failure(fault)));
        Self {
            value: RwSignal::new(refused),
            pending: RwSignal::new(false),
            of: PhantomData,
        }
    }

    pub fn value(&self) -> RwSignal<Option<Result<F::Output, Failure>>> {
        self.value
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
        browser::sender(F::url(), self.value, self.pending)
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
    use super::{OnSubmit, Value};
    use crate::{call::Failure, json};
    use contract::Code;
    use gloo_net::http::{Request, Response};
    use leptos::{
        form::form_data_from_event,
        logging,
        prelude::*,
        server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook},
        task::spawn_local,
    };
    use serde::de::DeserializeOwned;
    use std::sync::Arc;
    use web_sys::{SubmitEvent, UrlSearchParams};

    type Answer = Result<String, Failure>;
    type Taken = Arc<dyn Fn(Answer) + Send + Sync>;

    pub fn sender<T>(url: &'static str, value: Value<T>, pending: RwSignal<bool>) -> OnSubmit
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let taken: Taken = Arc::new(move |answer: Answer| {
            let answer = answer.and_then(|text| {
                json::read(&text).map_err(|error| {
                    logging::error!("{url}: {error}");
                    Code::Internal.into()
                })
            });
            value.try_set(Some(answer));
        });
        sender_of_any(url, taken, pending)
    }

    fn sender_of_any(url: &'static str, taken: Taken, pending: RwSignal<bool>) -> OnSubmit {
        Box::new(move |event| {
            if event.default_prevented() {
                return;
            }
            event.prevent_default();
            let body = body(&event);
            let taken = taken.clone();
            pending.set(true);
            spawn_local(async move {
                let answer = match body {
                    Some(body) => post(url, body).await,
                    None => Err(Code::Internal.into()),
                };
                taken(answer);
                // The answer may have led to another page.
                pending.try_set(false);
            });
        })
    }

    /// The form's fields, with the button's own.
    fn body(event: &SubmitEvent) -> Option<String> {
        let fields = form_data_from_event(event).ok()?;
        let fields = UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
        fields.to_string().as_string()
    }

    async fn post(url: &str, body: String) -> Answer {
        let request = Request::post(url)
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
            .map_err(|_| Code::Internal)?;
        let response = request.send().await.map_err(|_| Code::Offline)?;
        let text = response.text().await.map_err(|_| Code::Offline)?;
        if !response.ok() {
            return Err(json::read(&text).unwrap_or_else(|_| Code::Internal.into()));
        }
        follow(&response);
        Ok(text)
    }

    /// Goes to where the server function leads.
    fn follow(response: &Response) {
        if response.headers().get(REDIRECT_HEADER).is_some() {
            let to = response.headers().get("Location");
            call_redirect_hook(&to.unwrap_or_else(|| response.url()));
        }
    }
}
