//! `/settings/accounts`: who may sign in. Owners change roles here, disable people and make new links.

use super::{
    calls::{self, Disable, Enable, InviteAgain, SetRole},
    link::OneTimeLink,
    once,
    row::Row,
};
use crate::{
    form::FormAction,
    reading::{reading, when_read},
    refusal::Refusal,
    session, t,
    ui::{
        ButtonLink, CollectAny, Column, ExportLink, Icon, Kind, PageHead, Table, address, changing, either,
        keyed, toast,
    },
};
use contract::{Caller, Permission, accounts::AccountRow};
use leptos::prelude::*;

/// What an owner can do to the people of the list.
#[derive(Clone, Copy)]
pub(super) struct Acts {
    pub set_role: FormAction<SetRole>,
    pub disable: FormAction<Disable>,
    pub enable: FormAction<Enable>,
    pub invite_again: FormAction<InviteAgain>,
}

impl Acts {
    fn new(read_again: impl Fn() + Copy + 'static) -> Self {
        let acts = Self {
            set_role: FormAction::new(),
            disable: FormAction::new(),
            enable: FormAction::new(),
            invite_again: FormAction::new(),
        };
        let after = move |done: RwSignal<Option<()>>, refusal: Refusal| {
            Effect::new(move |_| {
                if done.get().is_some() {
                    toast(t!(account_changed));
                    read_again();
                }
                // A refused choice goes back to what it was.
                if refusal.get().is_some() {
                    read_again();
                }
            });
        };
        after(acts.set_role.done(), acts.set_role.refusal());
        after(acts.disable.done(), acts.disable.refusal());
        after(acts.enable.done(), acts.enable.refusal());
        acts
    }

    fn refusals(self) -> [Refusal; 4] {
        [
            self.set_role.refusal(),
            self.disable.refusal(),
            self.enable.refusal(),
            self.invite_again.refusal(),
        ]
    }

    /// To be called before an act: what was shown belongs to the one before.
    pub fn clear(self) {
        self.set_role.clear();
        self.disable.clear();
        self.enable.clear();
        self.invite_again.clear();
    }
}

pub fn list_page() -> AnyView {
    let accounts = reading(|| (), |()| calls::list());
    let link = reading(|| (), |()| async { Ok(once::take()) });
    let acts = Acts::new(move || accounts.refetch());
    let head = when_read(move || async move {
        let link = link
            .await
            .ok()
            .flatten()
            .map(|invited| view! { <OneTimeLink invited/> });
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManageAccounts));
        view! { <Head manage/> {link} }.into_any()
    });
    let body = when_read(move || async move {
        let caller = session::caller().await;
        either(accounts.await, move |rows| view! { <List rows acts caller/> })
    });
    let made = changing(move || {
        let invited = acts.invite_again.done().get()?;
        Some(view! { <OneTimeLink invited/> })
    });
    view! {
        {head}
        {acts.refusals().map(Refusal::note).collect_any()}
        {made}
        {body}
    }
    .into_any()
}

#[component]
fn Head(manage: bool) -> impl IntoView {
    view! {
        <PageHead title=t!(accounts_title)>
            {manage
                .then(|| {
                    view! {
                        <ButtonLink
                            href="/settings/accounts/add"
                            label=t!(accounts_add)
                            kind=Kind::Main
                            icon=Icon::Plus
                        />
                    }
                })}
            <ExportLink address=address() file="accounts.csv"/>
        </PageHead>
    }
}

#[component]
fn List(rows: Vec<AccountRow>, acts: Acts, caller: Option<Caller>) -> impl IntoView {
    let manage = caller.is_some_and(|caller| caller.may(Permission::ManageAccounts));
    let head = view! {
        <Column label=t!(account_name)/>
        <Column label=t!(account_email)/>
        <Column label=t!(account_role)/>
        <Column label=t!(account_state)/>
        <Column label=t!(account_last_sign_in)/>
        {manage.then(|| view! { <Column label=t!(account_commands)/> })}
    };
    let acts = manage.then_some(acts);
    let rows = keyed(rows, |row| row.id.clone(), |row| view! { <Row row acts/> });
    view! { <Table caption=t!(accounts_title) head>{rows}</Table> }
}
