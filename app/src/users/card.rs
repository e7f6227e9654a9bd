//! The part of a person's page about Apple: at which locations, how far, and what can be done about it.

use super::calls::{Add, Again, Mail};
use crate::{
    form::{ActionForm, FormAction},
    i18n,
    reading::Reading,
    t,
    ui::{Column, Moment, OneTimeAddress, Submit, Table, Tag, Tone, keyed, toast},
};
use contract::{
    AppleError, LocationId, PersonId,
    users::{AppleAccount, PersonUsers, UserRow, UserStatus},
};
use leptos::prelude::*;

/// What the forms of the card send.
#[derive(Clone, Copy)]
struct Actions {
    mail: FormAction<Mail>,
    again: FormAction<Again>,
    add: FormAction<Add>,
}

/// Of a person, who is active or not. `manage`: the reader may invite.
pub fn users_card(
    (person, active): (PersonId, bool),
    users: PersonUsers,
    manage: bool,
    reading: Reading<PersonUsers>,
) -> AnyView {
    let actions = Actions {
        mail: FormAction::new(),
        again: FormAction::new(),
        add: FormAction::new(),
    };
    let when_done = move |done: RwSignal<Option<()>>, words: &'static str| {
        Effect::new(move |_| {
            if done.get().is_some() {
                toast(words);
                reading.refetch();
            }
        });
    };
    when_done(actions.mail.done(), t!(user_mail_queued));
    when_done(actions.again.done(), t!(user_asked_again));
    when_done(actions.add.done(), t!(user_added));
    let faults = (
        actions.mail.refusal().note(),
        actions.again.refusal().note(),
        actions.add.refusal().note(),
    );
    let PersonUsers { users, mail, more } = users;
    let table = if users.is_empty() {
        let words = match active {
            true => t!(user_none),
            false => t!(user_none_left),
        };
        view! { <p class="muted">{words}</p> }.into_any()
    } else {
        let head = view! {
            <Column label=t!(asset_location)/>
            <Column label=t!(user_account)/>
            <Column label=t!(user_status)/>
            <Column label=t!(user_licenses)/>
            <Column label=t!(user_invitation)/>
        };
        let line = |user| row((&person, active), user, manage, mail, actions);
        let rows = keyed(users, |user| user.number, line);
        view! { <Table caption=t!(users_title) head>{rows}</Table> }.into_any()
    };
    let add = (manage && !more.is_empty()).then(|| adding(&person, more, actions.add));
    view! {
        <h2 class="section" id="users">{t!(users_title)}</h2>
        {faults.0}
        {faults.1}
        {faults.2}
        {table}
        {add}
    }
    .into_any()
}

fn row(
    (person, active): (&PersonId, bool),
    user: UserRow,
    manage: bool,
    mail: bool,
    actions: Actions,
) -> AnyView {
    let (tone, label) = status(user.status);
    let person = || person.0.clone();
    let account = match user.account {
        AppleAccount::Invited => t!(user_account_invited).to_owned(),
        AppleAccount::Managed => user.managed.clone(),
    };
    let meaning = meaning(&user, active);
    let waiting = (user.waiting > 0).then(|| {
        view! { <p class="small muted">{t!(user_waiting, count = user.waiting)}</p> }
    });
    let again = (manage && user.error.is_some() && !user.busy).then(|| {
        let person = person();
        view! {
            <ActionForm action=actions.again>
                <input type="hidden" name="user" value=user.number.to_string()/>
                <input type="hidden" name="person" value=person/>
                <Submit label=t!(user_try_again) pending=actions.again.pending()/>
            </ActionForm>
        }
    });
    let licenses = format!("/licenses?holder={}", user.client_user_id);
    let invitation = user.invitation.filter(|_| manage).map(|link| {
        let send = if mail {
            let person = person();
            let label = match user.mailed_at {
                Some(_) => t!(user_mail_again),
                None => t!(user_mail),
            };
            view! {
                <ActionForm action=actions.mail>
                    <input type="hidden" name="user" value=user.number.to_string()/>
                    <input type="hidden" name="person" value=person/>
                    <Submit label pending=actions.mail.pending()/>
                </ActionForm>
            }
            .into_any()
        } else {
            view! { <p class="small muted">{t!(user_link_only)}</p> }.into_any()
        };
        view! {
            <OneTimeAddress path=link id=format!("invitation-{}", user.number)/>
            {send}
        }
    });
    let mailed = user.mailed_at.map(|at| {
        view! { <p class="small muted">{t!(user_mailed)} " " <Moment at/></p> }
    });
    view! {
        <tr>
            <th scope="row">{user.location_name}</th>
            <td data-label=t!(user_account)>{account}</td>
            <td data-label=t!(user_status)>
                <div class="stack">
                    <Tag tone label/>
                    <small><Moment at=user.since/></small>
                    {meaning.map(|words| view! { <p class="small muted">{words}</p> })}
                    {user.error.map(refusal)}
                    {again}
                </div>
            </td>
            <td data-label=t!(user_licenses)>
                <div class="stack"><a href=licenses>{i18n::number(user.licenses)}</a> {waiting}</div>
            </td>
            <td data-label=t!(user_invitation)><div class="stack">{invitation} {mailed}</div></td>
        </tr>
    }
    .into_any()
}

/// What the status comes to, if there is more to say of it.
fn meaning(user: &UserRow, active: bool) -> Option<&'static str> {
    match user.status {
        _ if user.busy => Some(t!(user_busy)),
        UserStatus::Registered if active => Some(t!(user_not_joined)),
        // Whoever has left loses them, and is retired then (D4).
        UserStatus::Registered | UserStatus::Associated if !active => Some(t!(user_leaving)),
        UserStatus::Retired if user.licenses == 0 => Some(t!(user_nothing_left)),
        UserStatus::Retired if user.licenses == user.books => Some(t!(user_only_books)),
        UserStatus::Retired => Some(t!(user_some_left)),
        UserStatus::Wanted | UserStatus::Registered | UserStatus::Associated => None,
    }
}

pub(crate) fn status(status: UserStatus) -> (Tone, &'static str) {
    match status {
        UserStatus::Wanted => (Tone::Wait, t!(user_wanted)),
        UserStatus::Registered => (Tone::Wait, t!(user_registered)),
        UserStatus::Associated => (Tone::Good, t!(user_associated)),
        UserStatus::Retired => (Tone::Plain, t!(user_retired)),
    }
}

/// Cause and remedy in plain words, with Apple's number.
pub(crate) fn refusal(error: AppleError) -> AnyView {
    let cause = i18n::apple_cause(error.number).map_or(error.message, str::to_owned);
    let remedy = i18n::apple_remedy(error.number).unwrap_or_default();
    view! {
        <p class="small">{cause} " " {remedy} " " <a href=format!("/search?q={}", error.number)>{error.number.to_string()}</a></p>
    }
    .into_any()
}

/// A location with the other account, or the first one.
fn adding(
    person: &PersonId,
    more: Vec<(LocationId, String, AppleAccount)>,
    action: FormAction<Add>,
) -> AnyView {
    let options: Vec<_> = more
        .into_iter()
        .map(|(location, name, account)| {
            let kind = match account {
                AppleAccount::Invited => t!(user_account_invited),
                AppleAccount::Managed => t!(person_apple_account),
            };
            view! { <option value=format!("{} {location}", account.as_str())>{format!("{name} · {kind}")}</option> }
        })
        .collect();
    let person = person.0.clone();
    view! {
        <ActionForm action=action>
            <input type="hidden" name="person" value=person/>
            <div class="field">
                <label for="user-place">{t!(user_add_label)}</label>
                <select id="user-place" name="place">{options}</select>
                <p class="small muted">{t!(user_add_hint)}</p>
            </div>
            <div class="commands"><Submit label=t!(user_add) pending=action.pending()/></div>
        </ActionForm>
    }
    .into_any()
}
