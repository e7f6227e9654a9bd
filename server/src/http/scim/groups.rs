//! `/Groups`: groups of people whose members are put into them.

use super::{
    error::ScimError,
    filter::{Node, fits},
    location,
    names::{GROUP, get},
    patch::{self, Act},
    query::{self, Asked, Id, etag, moment},
    select::Selection,
    users::{short, text},
};
use crate::{http::Web, portal::directory::Directory};
use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use contract::{Code, Fault, GroupId};
use serde_json::{Map, Value, json};
use store::{
    groups::{Group, GroupEdit, MembersEdit},
    scim::{Compare, Filter, GroupField, Slice, Value as StoredValue},
};

type Answer = Result<Response, ScimError>;

pub async fn list(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    asked: Asked,
) -> Answer {
    found(&web, &directory, &asked).await
}

/// The same by POST.
pub async fn search(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    body: Bytes,
) -> Answer {
    found(&web, &directory, &query::search(&body)?).await
}

async fn found(web: &Web, directory: &Directory, asked: &Asked) -> Answer {
    let slice = asked.slice()?;
    let (total, resources) = part(web, directory, asked, slice).await?;
    Ok(query::list(slice, total, resources))
}

/// How many are asked for, and this part of them.
pub async fn part(
    web: &Web,
    directory: &Directory,
    asked: &Asked,
    slice: Slice,
) -> Result<(i64, Vec<Value>), ScimError> {
    let selection = asked.selection()?;
    let found = directory.find_groups(asked.filter()?.as_ref(), slice).await?;
    let mut resources = Vec::with_capacity(found.rows.len());
    for group in &found.rows {
        resources.push(resource(web, directory, group, &selection).await?);
    }
    Ok((found.total, resources))
}

pub async fn read(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<GroupId>,
    asked: Asked,
    headers: HeaderMap,
) -> Answer {
    let group = directory.group(&id).await?;
    respond(&web, &directory, &headers, StatusCode::OK, &group, &asked).await
}

pub async fn create(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let body = query::object(&body)?;
    let members = known(&directory, members(get(&body, "members"))?).await?;
    let name = name(&body)?;
    let added = directory
        .add_group(name.clone(), external_id(&body)?, members)
        .await;
    let group = free(&directory, &name, added).await?;
    respond(&web, &directory, &headers, StatusCode::CREATED, &group, &asked).await
}

pub async fn replace(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<GroupId>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let before = directory.group(&id).await?;
    let expected = query::expected(&headers, before.version)?;
    let body = query::object(&body)?;
    let members = known(&directory, members(get(&body, "members"))?).await?;
    let edit = GroupEdit {
        name: Some(name(&body)?),
        external_id: Some(external_id(&body)?),
        members: vec![MembersEdit::Set(members)],
        expected,
        ..GroupEdit::default()
    };
    let changed = directory.change_group(&before, &edit).await;
    let group = free(&directory, edit.name.as_deref().unwrap_or_default(), changed).await?;
    respond(
        &web,
        &directory,
        &HeaderMap::new(),
        StatusCode::OK,
        &group,
        &asked,
    )
    .await
}

pub async fn patch(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<GroupId>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let before = directory.group(&id).await?;
    let mut edit = GroupEdit {
        expected: query::expected(&headers, before.version)?,
        ..GroupEdit::default()
    };
    for operation in patch::read(&body)? {
        let named = operation.path.is_some();
        for (act, path, value) in patch::by_attribute(operation)? {
            match (path.attribute.as_str(), act) {
                ("displayname", Act::Remove) => {
                    return Err(ScimError::mutability("displayName is required."));
                }
                ("displayname", _) => edit.name = Some(checked_name(string(value, "displayName")?)?),
                ("externalid", Act::Remove) => edit.external_id = Some(None),
                ("externalid", _) => {
                    let id = short(string(value, "externalId")?, "externalId")?;
                    edit.external_id = Some(Some(id).filter(|id| !id.is_empty()));
                }
                ("members", _) if path.sub.is_some() => {
                    return Err(ScimError::path("Members are added and removed as a whole."));
                }
                ("members", act) => {
                    let change =
                        change(&directory, &before.row.id, act, path.filter.as_ref(), &value).await?;
                    edit.members.push(change);
                }
                ("id" | "meta" | "schemas", _) if named => {
                    return Err(ScimError::mutability(format!(
                        "{} cannot be written.",
                        path.attribute
                    )));
                }
                _ => {}
            }
        }
    }
    let changed = directory.change_group(&before, &edit).await;
    let group = free(&directory, edit.name.as_deref().unwrap_or_default(), changed).await?;
    // With all its members a group can be large.
    if !asked.names_attributes() {
        let address = location(&web, "Groups", id.as_str());
        return Ok(query::done(group.version, &address));
    }
    respond(
        &web,
        &directory,
        &HeaderMap::new(),
        StatusCode::OK,
        &group,
        &asked,
    )
    .await
}

/// Says so where a name is taken by what SCIM does not show.
async fn free(directory: &Directory, name: &str, written: Result<Group, Fault>) -> Result<Group, ScimError> {
    match written {
        Err(fault) if fault.code == Code::NameTaken => {
            let text = StoredValue::Text(name.to_owned());
            let named = Filter::Compare(GroupField::DisplayName, Compare::Eq, text);
            let found = directory
                .find_groups(Some(&named), Slice { skip: 0, take: 1 })
                .await?;
            Err(match found.rows.is_empty() {
                true => ScimError::hidden_name(),
                false => fault.into(),
            })
        }
        written => Ok(written?),
    }
}

pub async fn delete(
    Extension(directory): Extension<Directory>,
    Id(id): Id<GroupId>,
    headers: HeaderMap,
) -> Answer {
    let group = directory.group(&id).await?;
    let expected = query::expected(&headers, group.version)?;
    directory.delete_group(&id, expected).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What an operation does to the members.
async fn change(
    directory: &Directory,
    id: &GroupId,
    act: Act,
    filter: Option<&Node>,
    value: &Value,
) -> Result<MembersEdit, ScimError> {
    let given = members(Some(value))?;
    match (act, filter) {
        // All of them, unless some are named, be it none.
        (Act::Remove, None) if value.is_null() => Ok(MembersEdit::Set(Vec::new())),
        // As Microsoft Entra ID writes it.
        (Act::Remove, None) => Ok(MembersEdit::Remove(given)),
        (Act::Remove, Some(filter)) => {
            let mut ids = Vec::new();
            if !only_ids(filter, &mut ids) {
                let all = directory.members(id).await?;
                ids = all
                    .into_iter()
                    .filter(|(id, name)| {
                        fits(filter, &json!({ "value": id, "display": name, "type": "User" }))
                    })
                    .map(|(id, _)| id)
                    .collect();
            }
            Ok(MembersEdit::Remove(ids))
        }
        (_, Some(_)) => Err(ScimError::path("Members are added and replaced as a whole.")),
        (Act::Add, None) => Ok(MembersEdit::Add(known(directory, given).await?)),
        (Act::Replace, None) => Ok(MembersEdit::Set(known(directory, given).await?)),
    }
}

/// Whether the filter names nothing but ids; puts them into the list.
fn only_ids(filter: &Node, ids: &mut Vec<String>) -> bool {
    match filter {
        Node::Compare(name, Compare::Eq, Value::String(id)) if name.eq_ignore_ascii_case("value") => {
            ids.push(id.clone());
            true
        }
        Node::Or(left, right) => only_ids(left, ids) && only_ids(right, ids),
        _ => false,
    }
}

/// The ids of members as they are sent.
fn members(value: Option<&Value>) -> Result<Vec<String>, ScimError> {
    let values = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    };
    values
        .into_iter()
        .map(|member| {
            let member = member
                .as_object()
                .ok_or_else(|| ScimError::value("members are objects with a value."))?;
            if text(member, "type")?.eq_ignore_ascii_case("group") {
                return Err(ScimError::value(
                    "Members are users; groups are nested in Pomona.",
                ));
            }
            match text(member, "value")? {
                id if id.is_empty() => Err(ScimError::value("A member has a value.")),
                id => Ok(id),
            }
        })
        .collect()
}

async fn known(directory: &Directory, ids: Vec<String>) -> Result<Vec<String>, ScimError> {
    match directory.unknown(&ids).await?.first() {
        None => Ok(ids),
        Some(id) => Err(ScimError::value(format!(
            "There is no user {}.",
            id.chars().take(80).collect::<String>()
        ))),
    }
}

fn string(value: Value, name: &str) -> Result<String, ScimError> {
    text(&Map::from_iter([(name.to_owned(), value)]), name)
}

fn checked_name(name: String) -> Result<String, ScimError> {
    let name = short(name.trim().to_owned(), "displayName")?;
    match name.is_empty() {
        true => Err(ScimError::value("displayName is required.")),
        false => Ok(name),
    }
}

fn name(body: &Map<String, Value>) -> Result<String, ScimError> {
    checked_name(text(body, "displayName")?)
}

fn external_id(body: &Map<String, Value>) -> Result<Option<String>, ScimError> {
    let id = short(text(body, "externalId")?, "externalId")?;
    Ok(Some(id).filter(|id| !id.is_empty()))
}

async fn respond(
    web: &Web,
    directory: &Directory,
    headers: &HeaderMap,
    status: StatusCode,
    group: &Group,
    asked: &Asked,
) -> Answer {
    let body = resource(web, directory, group, &asked.selection()?).await?;
    let location = location(web, "Groups", group.row.id.as_str());
    Ok(query::resource(headers, status, group.version, &location, &body))
}

async fn resource(
    web: &Web,
    directory: &Directory,
    group: &Group,
    selection: &Selection,
) -> Result<Value, ScimError> {
    let id = group.row.id.as_str();
    let Value::Object(mut body) = json!({
        "schemas": [GROUP],
        "id": id,
        "displayName": group.row.name,
        "meta": {
            "resourceType": "Group",
            "created": moment(group.created_at),
            "lastModified": moment(group.changed_at),
            "location": location(web, "Groups", id),
            "version": etag(group.version),
        },
    }) else {
        return Ok(Value::Null);
    };
    if let Some(external_id) = &group.external_id {
        body.insert("externalId".to_owned(), external_id.as_str().into());
    }
    if selection.wants("members", false) {
        let members = directory.members(&group.row.id).await?;
        let members: Vec<_> = members
            .into_iter()
            .map(|(id, name)| {
                let address = location(web, "Users", &id);
                let mut member = json!({ "value": id, "type": "User", "$ref": address });
                if let (true, Some(member)) = (selection.names("members", "display"), member.as_object_mut())
                {
                    member.insert("display".to_owned(), name.into());
                }
                member
            })
            .collect();
        body.insert("members".to_owned(), members.into());
    }
    selection.apply(&mut body);
    Ok(body.into())
}
