//! Server functions of groups.

// On the function itself it would not reach the half that `#[server]` makes for the browser.
#![allow(clippy::too_many_arguments, reason = "the fields of a plain form")]

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    GroupId, Page, PageQuery,
    groups::{GroupDetail, GroupKind, GroupQuery, GroupRow, Join, MemberRow, Rule, RulePreview},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a new group is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    #[default]
    Fixed,
    Rule,
}

impl How {
    pub fn as_str(self) -> &'static str {
        match self {
            How::Fixed => "fixed",
            How::Rule => "rule",
        }
    }
}

#[server(prefix = "/api", endpoint = "groups/list", protocol = Call<Json>)]
pub async fn list(query: GroupQuery) -> Result<Page<GroupRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.groups.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "groups/detail", protocol = Call)]
pub async fn detail(id: GroupId) -> Result<GroupDetail, Failure> {
    let services = crate::call::services()?;
    Ok(services.groups.detail(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "groups/members", protocol = Call<Json>)]
pub async fn members(id: GroupId, page: PageQuery) -> Result<Page<MemberRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.groups.members(services.caller()?, &id, page).await?)
}

#[server(prefix = "/api", endpoint = "groups/preview", protocol = Call<Json>)]
pub async fn preview(kind: GroupKind, rule: Rule) -> Result<RulePreview, Failure> {
    let services = crate::call::services()?;
    Ok(services.groups.preview(services.caller()?, kind, rule).await?)
}

/// A rule as its form sends it: lists of one length.
#[cfg(feature = "ssr")]
fn rule(
    join: Join,
    attributes: &[String],
    comparisons: &[String],
    values: &[String],
) -> Result<Rule, contract::Fault> {
    Rule::from_form(join, attributes, comparisons, values)
        .map_err(|code| contract::Fault::field("rule", code))
}

/// The same as a refusal brings them back.
#[cfg(feature = "ssr")]
fn rule_lists(
    join: Join,
    attributes: &[String],
    comparisons: &[String],
    values: &[String],
) -> [(&'static str, String); 4] {
    [
        ("join", join.as_str().to_owned()),
        ("attributes", attributes.join("\n")),
        ("comparisons", comparisons.join("\n")),
        ("values", values.join("\n")),
    ]
}

/// A refusal brings back what was typed; goes on to the group's page, which tells unknown names.
#[server(prefix = "/api", endpoint = "groups/add", protocol = Call)]
pub async fn add(
    kind: GroupKind,
    how: How,
    name: String,
    #[server(default)] members: String,
    #[server(default)] join: Join,
    #[server(default)] attributes: Vec<String>,
    #[server(default)] comparisons: Vec<String>,
    #[server(default)] values: Vec<String>,
) -> Result<GroupId, Failure> {
    let services = crate::call::services()?;
    let typed = name.clone();
    let rule_lists = rule_lists(join, &attributes, &comparisons, &values);
    let lists: Vec<_> = [("members", members.clone())]
        .into_iter()
        .chain(rule_lists)
        .collect();
    let add = async {
        let rule = match how {
            How::Fixed => None,
            How::Rule => Some(rule(join, &attributes, &comparisons, &values)?),
        };
        let form = contract::groups::GroupForm {
            name,
            kind,
            rule,
            members,
        };
        services.groups.add(services.caller()?, form).await
    };
    let (id, added) = add.await.map_err(|fault| {
        crate::refusal::with_lists(
            crate::refusal::with_typed(fault, [("name", typed.as_str())]),
            &lists,
        )
    })?;
    leptos_axum::redirect(&super::members::address_after(&id, &added));
    Ok(id)
}

/// The name, and the rule of a group that has one. A refusal brings back what was typed.
#[server(prefix = "/api", endpoint = "groups/change", protocol = Call)]
pub async fn change(
    id: GroupId,
    version: Option<i64>,
    name: String,
    #[server(default)] how: How,
    #[server(default)] join: Join,
    #[server(default)] attributes: Vec<String>,
    #[server(default)] comparisons: Vec<String>,
    #[server(default)] values: Vec<String>,
) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let typed = name.clone();
    let lists = rule_lists(join, &attributes, &comparisons, &values);
    let change = async {
        let rule = match how {
            How::Fixed => None,
            How::Rule => Some(rule(join, &attributes, &comparisons, &values)?),
        };
        let form = contract::groups::GroupForm {
            name,
            rule,
            ..contract::groups::GroupForm::default()
        };
        services
            .groups
            .change(services.caller()?, &id, form, version)
            .await
    };
    change.await.map_err(|fault| {
        let fault = crate::refusal::of_version(fault, version, format!("/groups/{id}"));
        let fault = crate::refusal::with_typed(fault, [("name", typed.as_str())]);
        crate::refusal::with_lists(fault, &lists)
    })?;
    crate::call::leave_to(&format!("/groups/{id}"));
    Ok(())
}

/// Goes on to the group's page, which says how many they were and which names nobody has.
#[server(prefix = "/api", endpoint = "groups/add-members", protocol = Call)]
pub async fn add_members(id: GroupId, members: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    let added = services
        .groups
        .add_members(services.caller()?, &id, &members)
        .await?;
    leptos_axum::redirect(&super::members::address_after(&id, &added));
    Ok(())
}

#[server(prefix = "/api", endpoint = "groups/remove-member", protocol = Call)]
pub async fn remove_member(id: GroupId, member: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services
        .groups
        .remove_member(services.caller()?, &id, &member)
        .await?;
    crate::call::leave_to(&format!("/groups/{id}"));
    Ok(())
}

/// `inner` is the other group's name.
#[server(prefix = "/api", endpoint = "groups/nest", protocol = Call)]
pub async fn nest(id: GroupId, inner: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.groups.nest(services.caller()?, &id, &inner).await?;
    crate::call::leave_to(&format!("/groups/{id}"));
    Ok(())
}

#[server(prefix = "/api", endpoint = "groups/unnest", protocol = Call)]
pub async fn unnest(id: GroupId, inner: GroupId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.groups.unnest(services.caller()?, &id, &inner).await?;
    crate::call::leave_to(&format!("/groups/{id}"));
    Ok(())
}

/// The name is typed as a confirmation.
#[server(prefix = "/api", endpoint = "groups/delete", protocol = Call)]
pub async fn delete(id: GroupId, confirm: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.groups.delete(services.caller()?, &id, &confirm).await?;
    leptos_axum::redirect("/groups");
    Ok(())
}
