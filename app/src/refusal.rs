//! Why what was typed was refused: the note above a form, the words at its fields, and what was typed, which comes back with
//! the refusal of a plain form.

use crate::{call::refused, ui::FaultNote};
use contract::{Code, Fault};
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct Refusal(RwSignal<Option<Fault>>);

impl Refusal {
    pub fn none() -> Self {
        Self(RwSignal::new(None))
    }

    /// That of the plain form to this address which led back to this page, if one did.
    pub fn of_form(path: &str) -> Self {
        Self(RwSignal::new(refused(path)))
    }

    pub fn get(self) -> Option<Fault> {
        self.0.get()
    }

    /// The page may be gone when an answer comes.
    pub fn set(self, fault: Fault) {
        self.0.try_set(Some(fault));
    }

    pub fn clear(self) {
        self.0.try_set(None);
    }

    /// The whole of it.
    pub fn note(self) -> impl Fn() -> Option<AnyView> + Copy + Send + 'static {
        move || {
            let fault = self.get()?;
            Some(view! { <FaultNote fault/> }.into_any())
        }
    }

    /// What is wrong with the field of that name.
    pub fn of(self, field: &'static str) -> Signal<Option<Code>> {
        Signal::derive(move || {
            self.0.with(|fault| {
                let mut fields = fault.as_ref()?.fields.iter();
                Some(fields.find(|wrong| wrong.field == field)?.code)
            })
        })
    }

    /// What was typed into the field of that name, if the refusal brings it back.
    pub fn brings(self, field: &str) -> Option<String> {
        self.0.with(|fault| fault.as_ref()?.with.get(field).cloned())
    }

    /// The same, or nothing.
    pub fn typed(self, field: &'static str) -> Signal<String> {
        Signal::derive(move || self.brings(field).unwrap_or_default())
    }
}
