//! Why what was typed was refused: the note above a form, the words at its fields, and what was typed, which comes back with
//! the refusal of a plain form.

use crate::{
    call::refused,
    ui::{FaultNote, changing},
};
use contract::{Code, Fault};
use leptos::{prelude::*, reactive::graph::untrack};

/// Before the names of what was typed, among the values of a fault: so the values of its words keep theirs.
const TYPED: &str = "typed_";
/// Characters of a field whose text does not come back as a whole.
#[cfg(feature = "ssr")]
const LONGEST: usize = 300;
/// Bytes of a fault with all that was typed. In base64 it stands in the answer's `Location`, and proxies keep four kilobytes
/// for an answer's whole head.
#[cfg(feature = "ssr")]
const LONGEST_FAULT: usize = 1_900;

/// The fault with these, if it is not too long then.
#[cfg(feature = "ssr")]
fn bring<'a>(fault: Fault, typed: impl IntoIterator<Item = (&'a str, String)>) -> Fault {
    let with = typed.into_iter().fold(fault.clone(), |fault, (name, text)| {
        fault.with(&format!("{TYPED}{name}"), text)
    });
    match serde_json::to_string(&with) {
        Ok(text) if text.len() <= LONGEST_FAULT => with,
        _ => fault,
    }
}

/// The fault with what was typed: a page that is loaded anew shows it again. Where not all of it fits, what is short does,
/// and of what is long the beginning.
#[cfg(feature = "ssr")]
pub fn with_typed<'a>(fault: Fault, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Fault {
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by_key(|(_, text)| text.len());
    fields.into_iter().fold(fault, |fault, (name, text)| {
        let whole = bring(fault.clone(), [(name, text.to_owned())]);
        match whole == fault {
            true => bring(fault, [(name, text.chars().take(LONGEST).collect())]),
            false => whole,
        }
    })
}

/// The fault of a form that was made of that version: what is typed is not written over what others have changed, but by
/// whoever has seen it, at `page`.
#[cfg(feature = "ssr")]
pub fn of_version(fault: Fault, version: Option<i64>, page: String) -> Fault {
    match (fault.code, version) {
        (Code::ChangedMeanwhile, Some(version)) => {
            let fault = fault.with("page", page);
            with_typed(fault, [(VERSION, version.to_string().as_str())])
        }
        _ => fault,
    }
}

/// The same for what is asked wherever licences are taken back.
#[cfg(feature = "ssr")]
pub fn with_reason(fault: Fault, reason: &str, hold_minutes: u32) -> Fault {
    let hold_minutes = hold_minutes.to_string();
    with_typed(fault, [("reason", reason), ("hold_minutes", &hold_minutes)])
}

/// The same for lists: all of them or none, since a part would pass for the whole.
#[cfg(feature = "ssr")]
pub fn with_lists(fault: Fault, lists: &[(&str, String)]) -> Fault {
    bring(fault, lists.iter().map(|(name, list)| (*name, list.clone())))
}

/// As a checkbox sends it.
#[cfg(feature = "ssr")]
pub fn tick(on: bool) -> &'static str {
    if on { "true" } else { "" }
}

/// The field that says of which version a form was made.
pub const VERSION: &str = "version";

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
    pub fn note(self) -> AnyView {
        self.note_unless(|_| false)
    }

    /// The note of a fault that is not `said` elsewhere.
    pub fn note_unless(self, said: impl Fn(&Fault) -> bool + Send + 'static) -> AnyView {
        changing(move || {
            let fault = self.get().filter(|fault| !said(fault))?;
            Some(view! { <FaultNote fault/> }.into_any())
        })
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
    fn brings(self, field: &str) -> Option<String> {
        self.0
            .with(|fault| fault.as_ref()?.with.get(&[TYPED, field].concat()).cloned())
    }

    /// The same as the page is made, or else `or`. A field keeps by itself what is typed after that.
    pub fn at_first(self, field: &str, or: impl Into<String>) -> String {
        untrack(|| self.brings(field)).unwrap_or_else(|| or.into())
    }

    /// The same for a box.
    pub fn ticked(self, field: &str, or: bool) -> bool {
        untrack(|| self.brings(field)).map_or(or, |text| text == "true")
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_beside_the_values_of_the_words_and_no_longer_than_an_address() {
        let fault = Fault::new(Code::LocationAlreadyHere).with("name", "Harbour");
        let typed = [("name", "Quay".to_owned()), ("account", "x".repeat(5_000))];
        let fault = with_typed(fault, typed.iter().map(|(name, text)| (*name, text.as_str())));
        assert_eq!(fault.with["name"], "Harbour");
        let owner = Owner::new();
        owner.with(|| {
            let refusal = Refusal(RwSignal::new(Some(fault)));
            assert_eq!(refusal.at_first("name", "none"), "Quay");
            assert_eq!(refusal.at_first("account", "").len(), LONGEST);
            assert_eq!(refusal.at_first("country", "SE"), "SE");
            assert!(refusal.ticked("automatic_updates", true));
        });
    }

    #[test]
    fn of_a_list_all_comes_back_or_nothing() {
        let long = |length: usize| {
            let lists = [("members", "x".repeat(length)), ("join", "any".to_owned())];
            with_lists(Code::NameTaken.into(), &lists)
        };
        assert_eq!(long(1_700).with["typed_members"].len(), 1_700);
        assert!(long(LONGEST_FAULT).with.is_empty());
    }

    #[test]
    fn of_much_that_was_typed_comes_back_what_an_address_holds() {
        let long = "ö".repeat(LONGEST);
        let names: Vec<_> = (0..9).map(|at| format!("field{at}")).collect();
        let typed = names.iter().map(|name| (name.as_str(), long.as_str()));
        let fault = with_typed(Code::NameTaken.into(), typed.chain([("tick", "true")]));
        assert!(serde_json::to_string(&fault).unwrap().len() <= LONGEST_FAULT);
        assert_eq!(fault.with["typed_tick"], "true");
        assert_eq!(fault.with.len(), 3);
    }
}
