//! `/groups/:id`: what a group is made of, who is in it, and what it is nested with.

use super::{
    add::brought,
    calls::{self, Change, How},
    delete::{DeleteForm, InUse},
    editor::RuleEditor,
    members::{AddedNote, Members},
    nested::Nested,
    words,
};
use crate::{
    call::Failure,
    form::{ActionForm, FormAction},
    i18n,
    reading::{reading, when_read},
    refusal::VERSION,
    session, t,
    ui::{Address, Card, Fact, Facts, Field, Kind, Moment, PageHead, Submit, address, either, keyed, toast},
};
use contract::{
    GroupId, Page, PageQuery, Permission,
    groups::{GroupDetail, GroupRow, MemberRow},
    people::Source,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

async fn read((id, page): (GroupId, PageQuery)) -> Result<(GroupDetail, Page<MemberRow>), Failure> {
    let detail = calls::detail(id.clone()).await?;
    Ok((detail, calls::members(id, page).await?))
}

pub fn detail_page() -> AnyView {
    let params = use_params_map();
    let address = address();
    let asked = move || {
        let id = GroupId(params.with(|params| params.get("id")).unwrap_or_default());
        (id, address.with(Address::page))
    };
    let group = reading(asked, read);
    when_read(move || async move {
        let manage = session::caller()
            .await
            .is_some_and(|caller| caller.may(Permission::ManageGroups));
        either(group.await, move |read| {
            // What is typed into the forms of one group is not another's.
            keyed(
                vec![read],
                |(detail, _)| detail.row.id.clone(),
                move |(detail, members)| {
                    view! { <Detail address detail members manage read_again=move || group.refetch()/> }
                },
            )
        })
    })
}

#[component]
fn Detail(
    address: Memo<Address>,
    detail: GroupDetail,
    members: Page<MemberRow>,
    manage: bool,
    read_again: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let GroupDetail {
        row,
        version,
        changed_at,
        inner,
        outer,
        uses,
    } = detail;
    let own = row.built_in.is_none();
    let (id, kind) = (row.id.clone(), row.kind);
    let change = manage && own;
    let put_in = change && row.rule.is_none();
    let source = match row.source {
        Source::Manual => t!(source_manual),
        Source::Csv => t!(source_csv),
        Source::Scim => t!(source_scim),
    };
    let form = change.then(|| view! { <ChangeForm row=row.clone() version read_again/> });
    let delete = (change && uses.is_empty()).then(|| view! { <DeleteForm row=row.clone()/> });
    let uses = (!uses.is_empty()).then(|| view! { <InUse uses change/> });
    let (title, made_of, count) = (words::name(&row), words::made_of(&row), row.members);
    let sub = made_of.clone();
    view! {
        <PageHead title sub/>
        <AddedNote address/>
        <Card title=t!(group_about)>
            <Facts>
                <Fact name=t!(group_kind)>{words::kind(kind)}</Fact>
                <Fact name=t!(group_rule)>{made_of}</Fact>
                <Fact name=t!(group_members)>{i18n::number(count)}</Fact>
                {own
                    .then(|| {
                        view! {
                            <Fact name=t!(person_source)>{source}</Fact>
                            <Fact name=t!(person_changed)><Moment at=changed_at/></Fact>
                        }
                    })}
            </Facts>
        </Card>
        {form}
        <Members address id=id.clone() kind page=members change=put_in read_again/>
        <Nested id inner outer change read_again/>
        {uses}
        {delete}
    }
}

#[component]
fn ChangeForm(
    row: GroupRow,
    version: i64,
    read_again: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let action = FormAction::<Change>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            toast(t!(group_saved));
            read_again();
        }
    });
    let refusal = action.refusal();
    let save = move || {
        view! {
            <div class="commands">
                <Submit kind=Kind::Main label=t!(person_save) pending=action.pending()/>
            </div>
        }
    };
    let how = if row.rule.is_some() { How::Rule } else { How::Fixed };
    let kind = row.kind;
    let version = refusal.at_first(VERSION, version.to_string());
    let name = refusal.at_first("name", row.name);
    let rest = match row.rule {
        Some(rule) => {
            let rule = brought(refusal).unwrap_or(rule);
            view! { <RuleEditor kind rule error=refusal.of("rule")>{save()}</RuleEditor> }.into_any()
        }
        None => save().into_any(),
    };
    view! {
        {refusal.note()}
        <div class="form card">
            <ActionForm action=action>
                <input type="hidden" name="id" value=row.id.0/>
                <input type="hidden" name="how" value=how.as_str()/>
                <input type="hidden" name=VERSION value=version/>
                <Field name="name" label=t!(group_name) required=true value=name error=refusal.of("name")/>
                {rest}
            </ActionForm>
        </div>
    }
}
