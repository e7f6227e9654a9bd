//! The person whom a list of licences is narrowed to, and the people whom its search may mean.

use crate::{
    people, t,
    ui::{Address, CollectAny, Pill},
};
use contract::PersonId;
use leptos::prelude::*;

/// The person whom the address names.
pub fn person(address: &Address) -> Option<PersonId> {
    Some(address.get("person"))
        .filter(|id| !id.is_empty())
        .map(PersonId)
}

/// Ids and names: of the one whom the list is narrowed to, or of those whom its search may mean if `none` of it is called
/// so. Whoever may not see people finds by serial number and user id alone.
pub async fn meant(none: bool, person: Option<PersonId>, search: String) -> Vec<(PersonId, String)> {
    let narrowed = person.is_some() || none && !search.is_empty();
    if !narrowed {
        return Vec::new();
    }
    people::calls::meant(person, search).await.unwrap_or_default()
}

/// The filter that is set; a person who is unknown, or whose name may not be seen, has none.
pub fn person_pill(address: Memo<Address>, meant: &[(PersonId, String)]) -> Option<AnyView> {
    let PersonId(id) = address.with_untracked(person)?;
    let name = meant.first().map(|(_, name)| name.clone());
    let label = name.unwrap_or_else(|| t!(told_person).to_owned());
    Some(view! { <Pill address name="person" value=id label/> }.into_any())
}

/// The people whom the search may mean, each a way to what they have.
pub fn did_you_mean(address: Memo<Address>, meant: Vec<(PersonId, String)>) -> Option<AnyView> {
    if meant.is_empty() || address.with_untracked(person).is_some() {
        return None;
    }
    let people = meant
        .into_iter()
        .map(|(id, name)| {
            let href = address.with_untracked(|address| address.instead("holder", "person", id.as_str()));
            view! { <a class="pill" href=href>{name}</a> }
        })
        .collect_any();
    Some(
        view! {
            <div class="pills" role="group" aria-labelledby="meant">
                <span id="meant" class="muted">{t!(licenses_people)}</span>
                {people}
            </div>
        }
        .into_any(),
    )
}
