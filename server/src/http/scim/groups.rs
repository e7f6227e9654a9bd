//! `/Groups`: groups of people whose members, people and other groups (D2), are put into them.

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
use std::collections::HashSet;
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
    let selection = asked.selection()?;
    let group = directory.group(&id).await?;
    respond(&web, &directory, &headers, StatusCode::OK, &group, &selection).await
}

pub async fn create(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let selection = asked.selection()?;
    let body = query::object(&body)?;
    let members = known(&directory, members(get(&body, "members"))?).await?;
    let members = (members.users, members.groups);
    let name = name(&body)?;
    let added = directory
        .add_group(name.clone(), external_id(&body)?, members)
        .await;
    let group = free(&directory, &name, added).await?;
    respond(
        &web,
        &directory,
        &headers,
        StatusCode::CREATED,
        &group,
        &selection,
    )
    .await
}

pub async fn replace(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<GroupId>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let selection = asked.selection()?;
    let before = directory.group(&id).await?;
    let expected = query::expected(&headers, before.version)?;
    let body = query::object(&body)?;
    let members = known(&directory, members(get(&body, "members"))?).await?;
    let edit = GroupEdit {
        name: Some(name(&body)?),
        external_id: Some(external_id(&body)?),
        members: vec![MembersEdit::Set(members.users)],
        inner: vec![MembersEdit::Set(members.groups)],
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
        &selection,
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
    let selection = asked.selection()?;
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
                    edit.members.push(change.0);
                    edit.inner.push(change.1);
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
        &selection,
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

/// What an operation does to the users and to the groups inside.
async fn change(
    directory: &Directory,
    id: &GroupId,
    act: Act,
    filter: Option<&Node>,
    value: &Value,
) -> Result<(MembersEdit, MembersEdit), ScimError> {
    let given = members(Some(value))?;
    // What goes may be either.
    let gone = |ids: Vec<String>| Ok((MembersEdit::Remove(ids.clone()), MembersEdit::Remove(ids)));
    match (act, filter) {
        // All of them, unless some are named, be it none.
        (Act::Remove, None) if value.is_null() => {
            Ok((MembersEdit::Set(Vec::new()), MembersEdit::Set(Vec::new())))
        }
        // As Microsoft Entra ID writes it.
        (Act::Remove, None) => gone(given.into_iter().map(|member| member.id).collect()),
        (Act::Remove, Some(filter)) => {
            let mut ids = Vec::new();
            if !only_ids(filter, &mut ids) {
                let users = directory.members(id).await?.into_iter();
                let users = users.map(|(id, name)| (id, name, Kind::User));
                let groups = directory.inner(id).await?.into_iter();
                let groups = groups.map(|row| (row.id.0, row.name, Kind::Group));
                ids = users
                    .chain(groups)
                    .filter(|(id, name, kind)| {
                        fits(
                            filter,
                            &json!({ "value": id, "display": name, "type": kind.as_str() }),
                        )
                    })
                    .map(|(id, ..)| id)
                    .collect();
            }
            gone(ids)
        }
        (_, Some(_)) => Err(ScimError::path("Members are added and replaced as a whole.")),
        (Act::Add, None) => {
            let members = known(directory, given).await?;
            Ok((MembersEdit::Add(members.users), MembersEdit::Add(members.groups)))
        }
        (Act::Replace, None) => {
            let members = known(directory, given).await?;
            Ok((MembersEdit::Set(members.users), MembersEdit::Set(members.groups)))
        }
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

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    User,
    Group,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Group => "Group",
        }
    }
}

/// A member as it is sent.
struct Given {
    id: String,
    /// None: not said.
    kind: Option<Kind>,
}

/// The members of that kind that are known here.
#[derive(Default)]
struct Members {
    users: Vec<String>,
    groups: Vec<String>,
}

/// The members as they are sent.
fn members(value: Option<&Value>) -> Result<Vec<Given>, ScimError> {
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
            let kind = match text(member, "type")?.to_ascii_lowercase().as_str() {
                "" => None,
                "user" => Some(Kind::User),
                "group" => Some(Kind::Group),
                _ => return Err(ScimError::value("The type of a member is User or Group.")),
            };
            match text(member, "value")? {
                id if id.is_empty() => Err(ScimError::value("A member has a value.")),
                id => Ok(Given { id, kind }),
            }
        })
        .collect()
}

/// Whoever is not known is refused, and so is a group that SCIM does not know.
async fn known(directory: &Directory, given: Vec<Given>) -> Result<Members, ScimError> {
    let mut members = Members::default();
    let users = given.iter().filter(|member| member.kind != Some(Kind::Group));
    let users: Vec<String> = users.map(|member| member.id.clone()).collect();
    let unknown: HashSet<String> = directory.unknown(&users).await?.into_iter().collect();
    for Given { id, kind } in given {
        let is_user = kind != Some(Kind::Group) && !unknown.contains(&id);
        let is_group = || async {
            match directory.group(&GroupId(id.clone())).await {
                Ok(_) => Ok(true),
                Err(fault) if fault.code == Code::NotFound => Ok(false),
                Err(fault) => Err(ScimError::from(fault)),
            }
        };
        match kind {
            _ if is_user => members.users.push(id),
            None | Some(Kind::Group) if is_group().await? => members.groups.push(id),
            Some(Kind::Group) => return Err(nobody("group of users with fixed members", &id)),
            None | Some(Kind::User) => return Err(nobody("user", &id)),
        }
    }
    Ok(members)
}

fn nobody(what: &str, id: &str) -> ScimError {
    let id: String = id.chars().take(80).collect();
    ScimError::value(format!("There is no {what} {id}."))
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
    selection: &Selection,
) -> Answer {
    let body = resource(web, directory, group, selection).await?;
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
        let users = directory.members(&group.row.id).await?.into_iter();
        let users = users.map(|(id, name)| (id, name, Kind::User));
        let groups = directory.inner(&group.row.id).await?.into_iter();
        let groups = groups.map(|row| (row.id.0, row.name, Kind::Group));
        let members: Vec<_> = users
            .chain(groups)
            .map(|(id, name, kind)| {
                let address = match kind {
                    Kind::User => location(web, "Users", &id),
                    Kind::Group => location(web, "Groups", &id),
                };
                let mut member = json!({ "value": id, "type": kind.as_str(), "$ref": address });
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
