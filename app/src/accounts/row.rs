//! One person of the list, with what can be done, each a small form of its own.

use super::{list::Acts, roles};
use crate::{
    form::ActionForm,
    t,
    ui::{CollectAny, Moment, Tag, Tone},
};
use contract::{
    AccountId, Role,
    accounts::{AccountRow, AccountState},
};
use leptos::prelude::*;

#[component]
pub(super) fn Row(
    row: AccountRow,
    /// Given to those who may change accounts.
    acts: Option<Acts>,
) -> impl IntoView {
    let (tone, state) = match row.state {
        AccountState::Invited => (Tone::Wait, t!(account_invited)),
        AccountState::Active => (Tone::Good, t!(account_active)),
        AccountState::Disabled => (Tone::Plain, t!(account_disabled)),
    };
    let last = match row.last_sign_in {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => t!(account_never).into_any(),
    };
    let role = match acts {
        Some(acts) => {
            view! { <RoleForm id=row.id.clone() name=row.name.clone() role=row.role acts/> }.into_any()
        }
        None => roles::name(row.role).into_any(),
    };
    let commands = acts.map(|acts| {
        view! {
            <td data-label=t!(account_commands)>
                <Commands id=row.id name=row.name.clone() state=row.state acts/>
            </td>
        }
        .into_any()
    });
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td data-label=t!(account_email)>{row.email}</td>
            <td data-label=t!(account_role)>{role}</td>
            <td data-label=t!(account_state)><Tag tone label=state/></td>
            <td data-label=t!(account_last_sign_in)>{last}</td>
            {commands}
        </tr>
    }
}

#[component]
fn RoleForm(id: AccountId, name: String, role: Role, acts: Acts) -> impl IntoView {
    let options = Role::ALL.map(|choice| {
        view! { <option value=choice.as_str() selected=choice == role>{roles::name(choice)}</option> }
    });
    view! {
        <ActionForm action=acts.set_role>
            <input type="hidden" name="id" value=id.0/>
            <div class="commands account-role">
                <select name="role" aria-label=t!(account_role_of, name = &name)>{options.collect_any()}</select>
                <Act label=t!(account_change_role) name acts/>
            </div>
        </ActionForm>
    }
}

#[component]
fn Commands(id: AccountId, name: String, state: AccountState, acts: Acts) -> impl IntoView {
    let (own_id, own_name) = (id.clone(), name.clone());
    let switch = if state == AccountState::Disabled {
        view! {
            <ActionForm action=acts.enable>
                <input type="hidden" name="id" value=own_id.0/>
                <Act label=t!(account_enable) name=own_name acts/>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <ActionForm action=acts.disable>
                <input type="hidden" name="id" value=own_id.0/>
                <Act label=t!(account_disable) name=own_name acts/>
            </ActionForm>
        }
        .into_any()
    };
    let link = (state != AccountState::Disabled).then(|| {
        view! {
            <ActionForm action=acts.invite_again>
                <input type="hidden" name="id" value=id.0/>
                <Act label=t!(account_new_link) name acts/>
            </ActionForm>
        }
    });
    view! { <div class="commands">{link} {switch}</div> }
}

/// A button of a row: its name says whom it is about.
#[component]
fn Act(label: &'static str, name: String, acts: Acts) -> impl IntoView {
    view! {
        <button
            class="button"
            type="submit"
            aria-label=t!(account_do_to, what = label, name = name)
            on:click=move |_| acts.clear()
        >
            {label}
        </button>
    }
}
