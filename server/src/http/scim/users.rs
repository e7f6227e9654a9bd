//! `/Users`: people.

use super::{
    error::{ScimError, answer},
    location,
    names::{APPLE, ENTERPRISE, USER, get},
    patch::{self, Operation},
    query::{self, Asked, Id, etag, moment},
    select::Selection,
};
use crate::{http::Web, portal::directory::Directory};
use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use contract::{Code, PersonId, groups::GroupKind, people::PersonForm};
use serde_json::{Map, Value, json};
use store::{
    composed,
    people::{DirectoryFacts, Person},
    scim::Slice,
};

type Answer = Result<Response, ScimError>;

/// Times that a change is tried where others change the same.
const TRIES: u32 = 5;

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
    let found = directory.find_people(asked.filter()?.as_ref(), slice).await?;
    let mut resources = Vec::with_capacity(found.rows.len());
    for person in &found.rows {
        resources.push(resource(web, directory, person, &selection).await?);
    }
    Ok((found.total, resources))
}

pub async fn read(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<PersonId>,
    asked: Asked,
    headers: HeaderMap,
) -> Answer {
    let selection = asked.selection()?;
    let person = directory.person(&id).await?;
    respond(&web, &directory, &headers, StatusCode::OK, &person, &selection).await
}

pub async fn create(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let selection = asked.selection()?;
    let (form, facts) = given(&query::object(&body)?)?;
    let person = directory.add_person(form, facts).await?;
    respond(
        &web,
        &directory,
        &headers,
        StatusCode::CREATED,
        &person,
        &selection,
    )
    .await
}

pub async fn replace(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<PersonId>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let selection = asked.selection()?;
    let before = directory.person(&id).await?;
    let expected = query::expected(&headers, before.version)?;
    let (form, facts) = given(&query::object(&body)?)?;
    let person = directory.change_person(&before, form, &facts, expected).await?;
    respond(
        &web,
        &directory,
        &HeaderMap::new(),
        StatusCode::OK,
        &person,
        &selection,
    )
    .await
}

pub async fn patch(
    State(web): State<Web>,
    Extension(directory): Extension<Directory>,
    Id(id): Id<PersonId>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let selection = asked.selection()?;
    let operations = patch::read(&body)?;
    let mut tries = 1;
    let person = loop {
        let before = directory.person(&id).await?;
        let expected = query::expected(&headers, before.version)?;
        let (form, facts) = patched(&before, &operations)?;
        // What is changed is what was read, also without If-Match.
        let version = Some(expected.unwrap_or(before.version));
        match directory.change_person(&before, form, &facts, version).await {
            // Who did not say which version is meant means the newest.
            Err(fault) if fault.code == Code::ChangedMeanwhile && expected.is_none() && tries < TRIES => {
                tries += 1;
            }
            changed => break changed?,
        }
    };
    respond(
        &web,
        &directory,
        &HeaderMap::new(),
        StatusCode::OK,
        &person,
        &selection,
    )
    .await
}

/// The person after the operations. A name that was made of its parts follows them, and a whole name is one.
fn patched(before: &Person, operations: &[Operation]) -> Result<(PersonForm, DirectoryFacts), ScimError> {
    let mut user = written(before);
    let DirectoryFacts {
        given_name,
        family_name,
        ..
    } = &before.directory;
    if before.form.name == format!("{given_name} {family_name}").trim() {
        user.remove("displayName");
    }
    let mut named_whole = false;
    for operation in operations {
        let named = operation.path.is_some();
        for (act, path, value) in patch::by_attribute(operation.clone())? {
            named_whole |= path.attribute == "displayname";
            patch::apply(&mut user, act, &path, value, named)?;
        }
    }
    let formatted = user.get("name").and_then(|name| name.get("formatted")).cloned();
    if let (Some(formatted), false) = (formatted, named_whole) {
        user.insert("displayName".to_owned(), formatted);
    }
    given(&user)
}

pub async fn delete(
    Extension(directory): Extension<Directory>,
    Id(id): Id<PersonId>,
    headers: HeaderMap,
) -> Answer {
    let person = directory.person(&id).await?;
    let expected = query::expected(&headers, person.version)?;
    directory.delete_person(&id, expected).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn respond(
    web: &Web,
    directory: &Directory,
    headers: &HeaderMap,
    status: StatusCode,
    person: &Person,
    selection: &Selection,
) -> Answer {
    let body = resource(web, directory, person, selection).await?;
    let location = location(web, "Users", person.id.as_str());
    Ok(query::resource(headers, status, person.version, &location, &body))
}

/// What a directory can write of a person.
fn written(person: &Person) -> Map<String, Value> {
    let Person { form, directory, .. } = person;
    let mut user = Map::new();
    let mut text = |name: &str, value: &str| {
        if !value.is_empty() {
            user.insert(name.to_owned(), value.into());
        }
    };
    text("userName", &form.user_name);
    text("displayName", &form.name);
    text("externalId", directory.external_id.as_deref().unwrap_or_default());
    user.insert("active".to_owned(), form.active.into());
    let mut name = Map::new();
    for (part, value) in [
        ("givenName", &directory.given_name),
        ("familyName", &directory.family_name),
    ] {
        if !value.is_empty() {
            name.insert(part.to_owned(), value.as_str().into());
        }
    }
    if !name.is_empty() {
        user.insert("name".to_owned(), name.into());
    }
    if !form.email.is_empty() {
        let email = json!([{ "value": form.email, "type": "work", "primary": true }]);
        user.insert("emails".to_owned(), email);
    }
    if !form.department.is_empty() {
        user.insert(ENTERPRISE.to_owned(), json!({ "department": form.department }));
    }
    if !form.managed_apple_account.is_empty() {
        let account = json!({ "managedAppleAccount": form.managed_apple_account });
        user.insert(APPLE.to_owned(), account);
    }
    user
}

async fn resource(
    web: &Web,
    directory: &Directory,
    person: &Person,
    selection: &Selection,
) -> Result<Value, ScimError> {
    let mut user = written(person);
    if let (Some(Value::Object(name)), false) = (user.get_mut("name"), person.form.name.is_empty()) {
        name.insert("formatted".to_owned(), person.form.name.as_str().into());
    }
    let mut schemas = vec![USER];
    schemas.extend(
        [ENTERPRISE, APPLE]
            .into_iter()
            .filter(|schema| user.contains_key(*schema)),
    );
    user.insert("schemas".to_owned(), json!(schemas));
    user.insert("id".to_owned(), person.id.as_str().into());
    let meta = json!({
        "resourceType": "User",
        "created": moment(person.created_at),
        "lastModified": moment(person.changed_at),
        "location": location(web, "Users", person.id.as_str()),
        "version": etag(person.version),
    });
    user.insert("meta".to_owned(), meta);
    if selection.wants("groups", true) {
        let groups = directory.groups_of(&person.id).await?;
        let groups: Vec<_> = groups
            .into_iter()
            .map(|group| {
                let mut row = json!({ "value": group.id, "display": group.name });
                // Others are no resource here.
                if let (GroupKind::People, None, None, Some(row)) =
                    (group.kind, &group.rule, group.built_in, row.as_object_mut())
                {
                    let address = location(web, "Groups", group.id.as_str());
                    row.insert("$ref".to_owned(), address.into());
                }
                row
            })
            .collect();
        user.insert("groups".to_owned(), groups.into());
    }
    selection.apply(&mut user);
    Ok(user.into())
}

/// The person of a whole resource.
fn given(user: &Map<String, Value>) -> Result<(PersonForm, DirectoryFacts), ScimError> {
    let user_name = text(user, "userName")?;
    if user_name.trim().is_empty() {
        return Err(ScimError::value("userName is required."));
    }
    let object = |name: &str| -> Result<Map<String, Value>, ScimError> {
        match get(user, name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(inner)) => Ok(inner.clone()),
            Some(_) => Err(ScimError::value(format!("{name} is an object."))),
        }
    };
    let name = object("name")?;
    let given_name = composed(text(&name, "givenName")?);
    let family_name = composed(text(&name, "familyName")?);
    let full = [
        text(user, "displayName")?,
        format!("{given_name} {family_name}"),
        text(&name, "formatted")?,
    ];
    let full = full
        .into_iter()
        .map(|text| text.trim().to_owned())
        .find(|text| !text.is_empty());
    let form = PersonForm {
        name: full.unwrap_or_default(),
        user_name,
        email: email(user)?,
        managed_apple_account: text(&object(APPLE)?, "managedAppleAccount")?,
        department: text(&object(ENTERPRISE)?, "department")?,
        active: flag(user, "active")?.unwrap_or(true),
    };
    let facts = DirectoryFacts {
        given_name: short(given_name, "name.givenName")?,
        family_name: short(family_name, "name.familyName")?,
        external_id: Some(short(text(user, "externalId")?, "externalId")?).filter(|id| !id.is_empty()),
    };
    Ok((form, facts))
}

/// A text of [`crate::portal`]'s usual length.
pub fn short(text: String, name: &str) -> Result<String, ScimError> {
    match text.chars().count() {
        0..=200 => Ok(text),
        _ => Err(ScimError::value(format!("{name} is too long."))),
    }
}

/// An attribute's text, without the sign that storage does not take.
pub fn text(object: &Map<String, Value>, name: &str) -> Result<String, ScimError> {
    match get(object, name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.replace('\0', "")),
        Some(_) => Err(ScimError::value(format!("{name} is a text."))),
    }
}

fn flag(object: &Map<String, Value>, name: &str) -> Result<Option<bool>, ScimError> {
    let wrong = || ScimError::value(format!("{name} is true or false."));
    match get(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        // As Microsoft Entra ID writes it.
        Some(Value::String(word)) => word.to_ascii_lowercase().parse().map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// The primary address, or else the first.
fn email(user: &Map<String, Value>) -> Result<String, ScimError> {
    let emails = match get(user, "emails") {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::Array(emails)) => emails.clone(),
        Some(email) => vec![email.clone()],
    };
    let mut addresses = Vec::new();
    for email in &emails {
        let email = email
            .as_object()
            .ok_or_else(|| ScimError::value("emails are objects with a value."))?;
        let address = text(email, "value")?;
        if !address.trim().is_empty() {
            addresses.push((flag(email, "primary")?.unwrap_or_default(), address));
        }
    }
    let primary = addresses.iter().find(|(primary, _)| *primary);
    Ok(primary
        .or(addresses.first())
        .map(|(_, address)| address.clone())
        .unwrap_or_default())
}

/// Used by discovery too.
pub fn ok(body: &Value) -> Response {
    answer(StatusCode::OK, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(user: Value) -> Result<(PersonForm, DirectoryFacts), ScimError> {
        let Value::Object(user) = user else {
            panic!("an object")
        };
        given(&user)
    }

    #[test]
    fn a_person_is_read_from_what_directories_send() {
        let (form, facts) = read(json!({
            "schemas": [USER], "USERNAME": "anna", "name": { "givenName": "Anna", "familyName": "Berg" },
            "emails": [{ "value": "old@a.example" }, { "value": "anna@a.example", "primary": "True" }],
            "active": "False", "externalId": "e-1", ENTERPRISE: { "department": "7A", "costCenter": "1" },
            APPLE: { "managedAppleAccount": "anna@apple.example" }, "title": "Ms",
        }))
        .unwrap();
        assert_eq!(
            form,
            PersonForm {
                name: "Anna Berg".into(),
                user_name: "anna".into(),
                email: "anna@a.example".into(),
                managed_apple_account: "anna@apple.example".into(),
                department: "7A".into(),
                active: false,
            }
        );
        assert_eq!(
            (facts.given_name.as_str(), facts.external_id.as_deref()),
            ("Anna", Some("e-1"))
        );
    }

    #[test]
    fn what_is_no_person_is_refused() {
        for wrong in [
            json!({}),
            json!({ "userName": " " }),
            json!({ "userName": 1 }),
            json!({ "userName": "a", "active": "perhaps" }),
            json!({ "userName": "a", "emails": ["a@a.example"] }),
            json!({ "userName": "a", "name": "Anna" }),
            json!({ "userName": "a", "externalId": "x".repeat(201) }),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
