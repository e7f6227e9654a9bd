//! What the service can do (RFC 7643, 5 to 7).

use super::{
    error::ScimError,
    location,
    names::{APPLE, ENTERPRISE, GROUP, LIST, USER},
    query::{Id, MOST},
    users::ok,
};
use crate::http::Web;
use axum::{extract::State, response::Response};
use serde_json::{Value, json};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

pub async fn config(State(web): State<Web>) -> Response {
    ok(&json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token made in Pomona under Settings",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}{}/ServiceProviderConfig", web.public.origin, super::PATH),
        },
    }))
}

fn list(resources: &[Value]) -> Response {
    ok(&json!({
        "schemas": [LIST],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    }))
}

fn types(web: &Web) -> [Value; 2] {
    let meta = |name: &str| json!({ "resourceType": "ResourceType", "location": location(web, "ResourceTypes", name) });
    [
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "People",
            "schema": USER,
            "schemaExtensions": [
                { "schema": ENTERPRISE, "required": false },
                { "schema": APPLE, "required": false },
            ],
            "meta": meta("User"),
        }),
        json!({
            "schemas": [RESOURCE_TYPE],
            "id": "Group",
            "name": "Group",
            "endpoint": "/Groups",
            "description": "Groups of people with fixed members, people and other such groups",
            "schema": GROUP,
            "schemaExtensions": [],
            "meta": meta("Group"),
        }),
    ]
}

pub async fn resource_types(State(web): State<Web>) -> Response {
    list(&types(&web))
}

pub async fn resource_type(State(web): State<Web>, Id(name): Id<String>) -> Result<Response, ScimError> {
    one(&types(&web), &name)
}

pub async fn schemas(State(web): State<Web>) -> Response {
    list(&all(&web))
}

pub async fn schema(State(web): State<Web>, Id(id): Id<String>) -> Result<Response, ScimError> {
    one(&all(&web), &id)
}

fn one(resources: &[Value], id: &str) -> Result<Response, ScimError> {
    let found = resources
        .iter()
        .find(|resource| resource.get("id").and_then(Value::as_str) == Some(id));
    found.map(ok).ok_or_else(ScimError::not_found)
}

/// How an attribute may be used.
#[derive(Clone, Copy)]
struct Use {
    required: bool,
    exact: bool,
    mutability: &'static str,
    returned: &'static str,
    uniqueness: &'static str,
}

const USUAL: Use = Use {
    required: false,
    exact: false,
    mutability: "readWrite",
    returned: "default",
    uniqueness: "none",
};

const READ_ONLY: Use = Use {
    mutability: "readOnly",
    ..USUAL
};

fn attribute(name: &str, kind: &str, description: &str, how: Use) -> Value {
    json!({
        "name": name,
        "type": kind,
        "multiValued": false,
        "description": description,
        "required": how.required,
        "caseExact": how.exact,
        "mutability": how.mutability,
        "returned": how.returned,
        "uniqueness": how.uniqueness,
    })
}

fn with(mut attribute: Value, more: Value) -> Value {
    if let (Some(attribute), Value::Object(more)) = (attribute.as_object_mut(), more) {
        attribute.extend(more);
    }
    attribute
}

fn reference(types: &[&str], how: Use) -> Value {
    with(
        attribute("$ref", "reference", "The resource's address", how),
        json!({ "referenceTypes": types }),
    )
}

fn all(web: &Web) -> [Value; 4] {
    let schema = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": [SCHEMA],
            "id": id,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": location(web, "Schemas", id) },
        })
    };
    let exact = Use { exact: true, ..USUAL };
    [
        schema(USER, "User", "A person", user()),
        schema(
            GROUP,
            "Group",
            "A group of people",
            vec![
                attribute("externalId", "string", "The directory's own id", exact),
                attribute(
                    "displayName",
                    "string",
                    "The group's name",
                    Use {
                        required: true,
                        uniqueness: "server",
                        ..USUAL
                    },
                ),
                members(),
            ],
        ),
        schema(
            ENTERPRISE,
            "Enterprise User",
            "What an organisation knows of a person",
            vec![attribute(
                "department",
                "string",
                "The department or class",
                USUAL,
            )],
        ),
        schema(
            APPLE,
            "Apple User",
            "What Apple knows of a person",
            vec![attribute(
                "managedAppleAccount",
                "string",
                "The Managed Apple Account",
                USUAL,
            )],
        ),
    ]
}

fn user() -> Vec<Value> {
    let exact = Use { exact: true, ..USUAL };
    let name = json!({ "subAttributes": [
        attribute("givenName", "string", "The given name", USUAL),
        attribute("familyName", "string", "The family name", USUAL),
        attribute("formatted", "string", "The whole name: the displayName", USUAL),
    ]});
    let emails = json!({ "multiValued": true, "subAttributes": [
        attribute("value", "string", "The address", USUAL),
        with(
            attribute("type", "string", "Always work", USUAL),
            json!({ "canonicalValues": ["work"] }),
        ),
        attribute("primary", "boolean", "Of several addresses this one is kept", USUAL),
    ]});
    let groups = json!({ "multiValued": true, "subAttributes": [
        attribute("value", "string", "The group's id", READ_ONLY),
        reference(&["Group"], READ_ONLY),
        attribute("display", "string", "The group's name", READ_ONLY),
    ]});
    let on_request = Use {
        returned: "request",
        ..READ_ONLY
    };
    let unique = Use {
        required: true,
        uniqueness: "server",
        ..USUAL
    };
    vec![
        attribute("externalId", "string", "The directory's own id", exact),
        attribute(
            "userName",
            "string",
            "What devices and files call the person",
            unique,
        ),
        attribute("displayName", "string", "The person's name", USUAL),
        with(attribute("name", "complex", "The parts of the name", USUAL), name),
        attribute("active", "boolean", "Whoever is not has left", USUAL),
        with(
            attribute("emails", "complex", "One e-mail address is kept", USUAL),
            emails,
        ),
        with(
            attribute(
                "groups",
                "complex",
                "The groups that the person is in",
                on_request,
            ),
            groups,
        ),
    ]
}

fn members() -> Value {
    let immutable = Use {
        mutability: "immutable",
        exact: true,
        ..USUAL
    };
    let kind = with(
        attribute(
            "type",
            "string",
            "User or Group",
            Use {
                mutability: "immutable",
                ..USUAL
            },
        ),
        json!({ "canonicalValues": ["User", "Group"] }),
    );
    with(
        attribute("members", "complex", "Who was put into the group", USUAL),
        json!({ "multiValued": true, "subAttributes": [
            attribute("value", "string", "The user's or the group's id", immutable),
            reference(&["User", "Group"], immutable),
            attribute(
                "display",
                "string",
                "The user's name",
                Use {
                    returned: "request",
                    ..READ_ONLY
                },
            ),
            kind,
        ]}),
    )
}
