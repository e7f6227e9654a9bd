//! The SCIM 2.0 service (D3) over HTTP, as RFC 7643 and RFC 7644 have it.

use crate::stand::Stand;
use contract::{
    groups::{GroupForm, GroupKind, GroupQuery, Groups, Rule},
    people::{People, PersonForm},
    scim::ScimTokens,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};
use sandbox::Organisation;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const APPLE: &str = "urn:pomona:params:scim:schemas:extension:apple:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

struct Service {
    stand: Stand,
    client: Client,
    secret: String,
}

/// As it stands in an address.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// An answer: status, body, ETag.
struct Answer {
    status: StatusCode,
    body: Value,
    etag: String,
    location: String,
}

impl Service {
    #[expect(clippy::disallowed_methods, reason = "a directory's part in this test")]
    async fn start() -> Self {
        let stand = Stand::start(Organisation {
            apps: 1,
            devices: 1,
            ..Organisation::default()
        })
        .await;
        let made = ScimTokens::make(&stand.portal, &stand.owner, "Directory")
            .await
            .unwrap();
        let client = Client::builder().build().unwrap();
        Self {
            stand,
            client,
            secret: made.secret,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}/scim/v2{path}", self.stand.running.origin));
        request.bearer_auth(&self.secret)
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let header = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (status, etag, location) = (answer.status(), header(header::ETAG), header(header::LOCATION));
        let kind = header(header::CONTENT_TYPE);
        let text = answer.text().await.unwrap();
        if !text.is_empty() {
            assert_eq!(kind, "application/scim+json", "{text}");
        }
        Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            etag,
            location,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).body(body.to_string()))
            .await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).body(body.to_string()))
            .await
    }

    async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.send(self.request(Method::PATCH, path).body(body.to_string()))
            .await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A user's id.
    async fn user(&self, name: &str) -> String {
        let made = self
            .post("/Users", json!({ "schemas": [USER], "userName": name }))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// User names or group names that a filter finds.
    async fn found(&self, kind: &str, filter: &str) -> Vec<String> {
        let answer = self.get(&format!("/{kind}?filter={}", encoded(filter))).await;
        assert_eq!(answer.status, StatusCode::OK, "{filter}: {}", answer.body);
        let name = if kind == "Users" {
            "userName"
        } else {
            "displayName"
        };
        let rows = answer.body["Resources"].as_array().unwrap();
        assert_eq!(answer.body["totalResults"], rows.len(), "{filter}");
        rows.iter()
            .map(|row| row[name].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_of_ours_nothing_is_told() {
    let service = Service::start().await;
    let url = format!("{}/scim/v2/Users", service.stand.running.origin);
    for authorization in [None, Some("Bearer wrong"), Some("Basic abc"), Some("Bearer")] {
        let mut request = service.client.get(&url);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{authorization:?}");
        assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(body["status"], "401");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_says_what_it_can_do() {
    let service = Service::start().await;
    let config = service.get("/ServiceProviderConfig").await.body;
    assert_eq!(
        (
            &config["patch"]["supported"],
            &config["etag"]["supported"],
            &config["bulk"]["supported"]
        ),
        (&json!(true), &json!(true), &json!(false))
    );
    let types = service.get("/ResourceTypes").await.body;
    assert_eq!(types["totalResults"], 2);
    assert_eq!(service.get("/ResourceTypes/User").await.body["schema"], USER);
    let schemas = service.get("/Schemas").await.body;
    let ids: Vec<_> = schemas["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(ids, [USER, GROUP, ENTERPRISE, APPLE]);
    assert_eq!(
        service.get(&format!("/Schemas/{ENTERPRISE}")).await.body["id"],
        ENTERPRISE
    );
    for path in [
        "/Schemas/none",
        "/ResourceTypes/Device",
        "/Bulk",
        "/Users/none",
        "/Groups/all_people",
    ] {
        let answer = service.get(path).await;
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (StatusCode::NOT_FOUND, &json!("404")),
            "{path}"
        );
    }
    assert_eq!(
        service.delete("/Users").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_read_replaced_and_deleted() {
    let service = Service::start().await;
    let given = json!({
        "schemas": [USER, ENTERPRISE, APPLE], "userName": "anna@a.example", "externalId": "e-1",
        "name": { "givenName": "Anna", "familyName": "Berg", "formatted": "Anna Berg" }, "active": true,
        "password": "never kept",
        "emails": [{ "value": "anna@a.example", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "7A" }, APPLE: { "managedAppleAccount": "anna@apple.example" },
    });
    let made = service.post("/Users", given.clone()).await;
    assert_eq!(
        (made.status, made.etag.as_str()),
        (StatusCode::CREATED, "W/\"1\"")
    );
    assert_eq!(made.body["displayName"], "Anna Berg");
    for name in [
        "userName",
        "externalId",
        "name",
        "active",
        "emails",
        ENTERPRISE,
        APPLE,
    ] {
        assert_eq!(made.body[name], given[name], "{name}");
    }
    assert!(made.body.get("password").is_none());
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.body["meta"]["location"], made.location.as_str());
    assert!(made.location.ends_with(&format!("/scim/v2/Users/{id}")));
    let path = format!("/Users/{id}");
    assert_eq!(service.get(&path).await.body, made.body);

    let twin = service
        .post("/Users", json!({ "userName": "ANNA@a.example" }))
        .await;
    assert_eq!(
        (twin.status, &twin.body["scimType"]),
        (StatusCode::CONFLICT, &json!("uniqueness"))
    );
    let replaced = service
        .put(
            &path,
            json!({ "schemas": [USER], "userName": "anna", "displayName": "A. Berg", "active": false }),
        )
        .await;
    assert_eq!(
        (replaced.status, replaced.etag.as_str()),
        (StatusCode::OK, "W/\"2\"")
    );
    assert_eq!(replaced.body["displayName"], "A. Berg");
    for gone in ["externalId", "name", "emails", ENTERPRISE, APPLE] {
        assert!(replaced.body.get(gone).is_none(), "{gone}");
    }
    let person = service.stand.portal.db.person(&id.into()).await.unwrap();
    assert!(!person.form.active);
    assert_eq!(service.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.delete(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_patched_as_directories_do() {
    let service = Service::start().await;
    let id = service.user("anna").await;
    let path = format!("/Users/{id}");
    // As Microsoft Entra ID and Okta write it.
    let patched = service
        .patch(
            &path,
            json!([
                { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "anna@a.example" },
                { "op": "Replace", "path": "active", "value": "False" },
                { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "7A" },
                { "op": "replace", "value": { "displayName": "Anna", "name.familyName": "Berg", "externalId": "e-1" } },
            ]),
        )
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
    assert_eq!(patched.body["emails"][0]["value"], "anna@a.example");
    assert_eq!(patched.body["active"], false);
    assert_eq!(patched.body[ENTERPRISE]["department"], "7A");
    assert_eq!(patched.body["name"]["familyName"], "Berg");
    assert_eq!(
        (&patched.body["displayName"], patched.etag.as_str()),
        (&json!("Anna"), "W/\"2\"")
    );
    for (operation, kind) in [
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            "mutability",
        ),
        (json!({ "op": "remove", "path": "userName" }), "invalidValue"),
        (
            json!({ "op": "replace", "path": "emails[type eq", "value": "x" }),
            "invalidPath",
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq]", "value": "x" }),
            "invalidFilter",
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x" }),
            "noTarget",
        ),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "jump", "path": "active" }), "invalidSyntax"),
        (
            json!({ "op": "replace", "path": "emails", "value": [{ "value": "no address" }] }),
            "invalidValue",
        ),
    ] {
        let refused = service.patch(&path, json!([operation])).await;
        assert_eq!(
            (refused.status, &refused.body["scimType"]),
            (StatusCode::BAD_REQUEST, &json!(kind)),
            "{operation}"
        );
    }
    let broken = service
        .send(service.request(Method::PATCH, &path).body("{"))
        .await;
    assert_eq!(broken.body["scimType"], "invalidSyntax");
    assert_eq!(
        service.get(&path).await.etag,
        "W/\"2\"",
        "what is refused changes nothing"
    );
    let same = service
        .patch(
            &path,
            json!([{ "op": "replace", "path": "displayName", "value": "Anna" }]),
        )
        .await;
    assert_eq!(same.etag, "W/\"2\"", "nor does the same again");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_users_and_groups() {
    let service = Service::start().await;
    for name in ["anna", "bo", "cleo"] {
        let email = format!("{name}@a.example");
        let user = json!({
            "userName": name, "displayName": name, "externalId": format!("E-{name}"),
            "emails": [{ "value": email }], "active": name != "bo",
        });
        assert_eq!(service.post("/Users", user).await.status, StatusCode::CREATED);
    }
    for (filter, expected) in [
        ("userName eq \"ANNA\"", &["anna"][..]),
        ("userName ne \"anna\" and active eq true", &["cleo"]),
        ("not (userName eq \"anna\") or active eq false", &["bo", "cleo"]),
        (
            "(userName sw \"a\" or userName ew \"O\") and emails.value co \"@A.\"",
            &["anna", "bo", "cleo"],
        ),
        ("emails[type eq \"work\" and value eq \"bo@a.example\"]", &["bo"]),
        ("emails[type eq \"home\"]", &[]),
        ("externalId eq \"E-cleo\"", &["cleo"]),
        ("externalId eq \"e-cleo\"", &[]),
        ("externalId pr", &["anna", "bo", "cleo"]),
        ("name.familyName pr", &[]),
        ("displayName gt \"anna\" and displayName le \"bo\"", &["bo"]),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"bo\"",
            &["bo"],
        ),
        (
            "meta.lastModified gt \"2020-01-01T00:00:00Z\"",
            &["anna", "bo", "cleo"],
        ),
        ("meta.created lt \"2020-01-01T00:00:00Z\"", &[]),
    ] {
        assert_eq!(service.found("Users", filter).await, expected, "{filter}");
    }
    for wrong in [
        "userName",
        "userName eq",
        "password eq \"x\"",
        "active eq 3",
        "(((",
        "userName zz \"a\"",
    ] {
        let refused = service.get(&format!("/Users?filter={}", encoded(wrong))).await;
        assert_eq!(
            (refused.status, &refused.body["scimType"]),
            (StatusCode::BAD_REQUEST, &json!("invalidFilter")),
            "{wrong}"
        );
    }
    let anna = service.user("dag").await;
    let members = json!([{ "value": anna }]);
    service
        .post(
            "/Groups",
            json!({ "displayName": "Class 7A", "members": members }),
        )
        .await;
    service
        .post(
            "/Groups",
            json!({ "displayName": "Class 7B", "externalId": "g-1" }),
        )
        .await;
    for (filter, expected) in [
        ("displayName eq \"class 7a\"", &["Class 7A"][..]),
        ("externalId eq \"g-1\"", &["Class 7B"]),
        (&format!("members eq \"{anna}\""), &["Class 7A"]),
        (&format!("members.value eq \"{anna}\""), &["Class 7A"]),
        (
            &format!("members[value eq \"{anna}\" and type eq \"User\"]"),
            &["Class 7A"],
        ),
        ("not (members pr)", &["Class 7B"]),
    ] {
        assert_eq!(service.found("Groups", filter).await, expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_found_and_known_again_in_whichever_form_and_case() {
    let service = Service::start().await;
    let name = json!({ "givenName": "A\u{30a}se", "familyName": "O\u{308}berg" });
    let user = json!({ "userName": "a\u{30a}se2", "name": name });
    assert_eq!(service.post("/Users", user).await.status, StatusCode::CREATED);
    let twin = service.post("/Users", json!({ "userName": "åse2" })).await;
    assert_eq!(twin.status, StatusCode::CONFLICT);
    for filter in [
        "name.familyName eq \"Öberg\"",
        "name.familyName eq \"O\u{308}BERG\"",
        "name.givenName sw \"å\"",
        "userName eq \"ÅSE2\"",
        "displayName eq \"åse öberg\"",
    ] {
        assert_eq!(service.found("Users", filter).await, ["åse2"], "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_by_index_and_count() {
    let service = Service::start().await;
    for n in 0..5 {
        service.user(&format!("user{n}")).await;
    }
    let page = async |query: &str| {
        let answer = service.get(&format!("/Users?{query}")).await;
        let names: Vec<_> = answer.body["Resources"]
            .as_array()
            .map(|rows| {
                rows.iter()
                    .map(|row| row["userName"].as_str().unwrap().to_owned())
                    .collect()
            })
            .unwrap_or_default();
        (answer.body, names)
    };
    let (body, names) = page("startIndex=2&count=2").await;
    assert_eq!(
        (&body["totalResults"], &body["startIndex"], &body["itemsPerPage"]),
        (&json!(5), &json!(2), &json!(2))
    );
    assert_eq!(names, ["user1", "user2"]);
    let (body, names) = page("count=0").await;
    assert_eq!((&body["totalResults"], names.len()), (&json!(5), 0));
    assert_eq!(page("startIndex=-3&count=1").await.1, ["user0"]);
    assert_eq!(page("startIndex=9").await.1.len(), 0);
    assert_eq!(page("count=-1").await.1.len(), 0);
    assert_eq!(page("").await.1.len(), 5);
    let wrong = service.get("/Users?count=many").await;
    assert_eq!(wrong.body["scimType"], "invalidValue");
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_chosen_and_left_out() {
    let service = Service::start().await;
    let id = service.user("anna").await;
    let path = format!("/Users/{id}");
    let only = service
        .get(&format!("{path}?attributes=userName,meta.version"))
        .await
        .body;
    assert_eq!(
        only,
        json!({ "schemas": [USER], "id": id, "userName": "anna", "meta": { "version": "W/\"1\"" } })
    );
    let without = service
        .get(&format!("{path}?excludedAttributes=meta,active,id"))
        .await
        .body;
    assert_eq!(
        without,
        json!({ "schemas": [USER], "id": id, "userName": "anna", "displayName": "anna" })
    );
    let both = service
        .get(&format!("{path}?attributes=a&excludedAttributes=b"))
        .await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    let groups = service.get(&format!("{path}?attributes=groups")).await.body;
    assert_eq!(groups["groups"][0]["display"], "All people");
    assert!(groups["groups"][0].get("$ref").is_none(), "no resource here");
    let members = json!([{ "value": id }]);
    let group = service
        .post("/Groups", json!({ "displayName": "G", "members": members }))
        .await
        .body;
    let group_path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let lean = service
        .get(&format!("{group_path}?excludedAttributes=members"))
        .await
        .body;
    assert!(lean.get("members").is_none() && lean["displayName"] == "G");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_guard_against_lost_changes() {
    let service = Service::start().await;
    let id = service.user("anna").await;
    let path = format!("/Users/{id}");
    let send = async |method: Method, name, value: &str, body: Value| {
        let request = service.request(method, &path).header(name, value);
        service.send(request.body(body.to_string())).await.status
    };
    let unchanged = send(Method::GET, header::IF_NONE_MATCH, "W/\"1\"", Value::Null).await;
    assert_eq!(unchanged, StatusCode::NOT_MODIFIED);
    let body = json!({ "userName": "anna", "displayName": "Anna" });
    for (tag, status) in [
        ("W/\"7\"", StatusCode::PRECONDITION_FAILED),
        ("W/\"7\", W/\"1\"", StatusCode::OK),
        ("*", StatusCode::OK),
        ("\"2\"", StatusCode::OK),
    ] {
        assert_eq!(
            send(Method::PUT, header::IF_MATCH, tag, body.clone()).await,
            status,
            "{tag}"
        );
    }
    let operation =
        json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let stale = send(Method::PATCH, header::IF_MATCH, "W/\"1\"", operation).await;
    assert_eq!(stale, StatusCode::PRECONDITION_FAILED);
    let stale = send(Method::DELETE, header::IF_MATCH, "W/\"1\"", Value::Null).await;
    assert_eq!(stale, StatusCode::PRECONDITION_FAILED);
    assert_eq!(
        send(Method::DELETE, header::IF_MATCH, "W/\"2\"", Value::Null).await,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_members_that_are_added_removed_and_replaced() {
    let service = Service::start().await;
    let (anna, bo, cleo) = (
        service.user("anna").await,
        service.user("bo").await,
        service.user("cleo").await,
    );
    let made = service
        .post(
            "/Groups",
            json!({ "schemas": [GROUP], "displayName": "Class 7A", "members": [{ "value": anna }] }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(
        (
            &made.body["members"][0]["value"],
            &made.body["members"][0]["type"]
        ),
        (&json!(anna), &json!("User"))
    );
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{id}");
    let members = async |operations: Value| {
        // Members are many: a change answers what is asked for alone.
        let silent = service.patch(&path, operations).await;
        assert_eq!(
            (silent.status, silent.body),
            (StatusCode::NO_CONTENT, Value::Null)
        );
        assert_eq!(silent.etag, service.get(&path).await.etag);
        let answer = service.get(&format!("{path}?attributes=members.display")).await;
        let rows = answer.body["members"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row["display"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let value = |ids: &[&String]| -> Value { ids.iter().map(|id| json!({ "value": id })).collect() };
    let added = json!([{ "op": "add", "path": "members", "value": value(&[&bo, &cleo]) }]);
    assert_eq!(members(added).await, ["anna", "bo", "cleo"]);
    let filtered = json!([{ "op": "remove", "path": format!("members[value eq \"{anna}\"]") }]);
    assert_eq!(members(filtered).await, ["bo", "cleo"]);
    let by_name = json!([{ "op": "remove", "path": "members[display eq \"bo\"]" }]);
    assert_eq!(members(by_name).await, ["cleo"]);
    let replaced =
        json!([{ "op": "replace", "value": { "members": value(&[&anna, &bo]), "displayName": "7A" } }]);
    assert_eq!(members(replaced).await, ["anna", "bo"]);
    let listed = json!([{ "op": "remove", "path": "members", "value": value(&[&bo]) }]);
    assert_eq!(members(listed).await, ["anna"]);
    let all =
        json!([{ "op": "remove", "path": "members" }, { "op": "add", "path": "externalId", "value": "g" }]);
    assert_eq!(members(all).await, [""; 0]);
    let group = service.get(&path).await.body;
    assert_eq!(
        (&group["displayName"], &group["externalId"]),
        (&json!("7A"), &json!("g"))
    );

    for (operation, kind) in [
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": id, "type": "Group" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": anna, "type": "Group" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": anna, "type": "Device" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": ["x"] }),
            "invalidValue",
        ),
        (json!({ "op": "remove", "path": "displayName" }), "mutability"),
        (
            json!({ "op": "replace", "path": "displayName", "value": " " }),
            "invalidValue",
        ),
    ] {
        let refused = service.patch(&path, json!([operation])).await;
        assert_eq!(
            (refused.status, &refused.body["scimType"]),
            (StatusCode::BAD_REQUEST, &json!(kind)),
            "{operation}"
        );
    }
    let put = service
        .put(
            &path,
            json!({ "displayName": "Class 7A", "members": value(&[&cleo]) }),
        )
        .await;
    assert_eq!(put.body["members"][0]["value"], cleo);
    assert!(put.body["members"][0].get("display").is_none());
    assert!(put.body.get("externalId").is_none());
    let twin = service
        .post("/Groups", json!({ "displayName": "CLASS 7A" }))
        .await;
    assert_eq!(twin.body["scimType"], "uniqueness");

    // D4: whoever leaves is no member any more, and what was put in stays.
    service
        .patch(
            &format!("/Users/{cleo}"),
            json!([{ "op": "replace", "path": "active", "value": false }]),
        )
        .await;
    let row = async || {
        service
            .stand
            .portal
            .db
            .group(&id.as_str().into())
            .await
            .unwrap()
            .row
    };
    assert_eq!(row().await.members, 0);
    assert_eq!(service.get(&path).await.body["members"][0]["value"], cleo);
    assert_eq!(service.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_sees_people_made_by_hand_and_no_groups_that_are_not_its_kind() {
    let service = Service::start().await;
    let (portal, owner) = (&service.stand.portal, &service.stand.owner);
    let form = PersonForm {
        user_name: "by.hand".into(),
        ..PersonForm::default()
    };
    People::add(portal, owner, form).await.unwrap();
    assert_eq!(
        service.found("Users", "userName eq \"by.hand\"").await,
        ["by.hand"]
    );
    let group = |name: &str, kind, rule| GroupForm {
        name: name.into(),
        kind,
        rule,
        members: "by.hand".into(),
    };
    let rule = Rule::from_form(
        contract::groups::Join::All,
        &["name".into()],
        &["contains".into()],
        &["x".into()],
    );
    for form in [
        group("Fixed", GroupKind::People, None),
        group("Ruled", GroupKind::People, rule.ok()),
        group("Carts", GroupKind::Devices, None),
    ] {
        Groups::add(portal, owner, form).await.unwrap();
    }
    assert_eq!(service.found("Groups", "displayName pr").await, ["Fixed"]);
    let all = Groups::list(portal, owner, GroupQuery::default()).await.unwrap();
    for hidden in ["Ruled", "carts"] {
        let taken = service.post("/Groups", json!({ "displayName": hidden })).await;
        assert_eq!(taken.status, StatusCode::CONFLICT);
        let detail = taken.body["detail"].as_str().unwrap();
        assert!(detail.contains("in Pomona"), "{detail}");
    }
    let taken = service.post("/Groups", json!({ "displayName": "FIXED" })).await;
    assert_eq!(taken.body["detail"], "This displayName is taken.");
    let carts = all.rows.iter().find(|row| row.name == "Carts").unwrap();
    let refused = service.delete(&format!("/Groups/{}", carts.id)).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_a_version_is_made_although_others_make_theirs() {
    let service = Service::start().await;
    let id = service.user("anna").await;
    let path = format!("/Users/{id}");
    let patches = ["one", "two", "three", "four"].map(|name| {
        let operations = json!([{ "op": "replace", "path": "name.familyName", "value": name }]);
        service.patch(&path, operations)
    });
    for answer in futures::future::join_all(patches).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    assert_eq!(service.get(&path).await.etag, "W/\"5\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_follows_its_parts_unless_it_is_another() {
    let service = Service::start().await;
    let made = service
        .post(
            "/Users",
            json!({ "userName": "anna", "name": { "givenName": "Anna", "familyName": "Berg" } }),
        )
        .await;
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let name = async |operation: Value| {
        let answer = service.patch(&path, json!([operation])).await;
        answer.body["displayName"].as_str().unwrap_or_default().to_owned()
    };
    let married = json!({ "op": "replace", "path": "name.familyName", "value": "Lind" });
    assert_eq!(name(married).await, "Anna Lind");
    let whole = json!({ "op": "replace", "path": "name.formatted", "value": "Dr Anna Lind" });
    assert_eq!(name(whole).await, "Dr Anna Lind");
    let again = json!({ "op": "replace", "path": "name.familyName", "value": "Berg" });
    assert_eq!(name(again).await, "Dr Anna Lind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_emptied_only_where_that_is_said_and_what_changes_nothing_is_no_change() {
    let service = Service::start().await;
    let anna = service.user("anna").await;
    let members = json!([{ "value": anna }]);
    let body = json!({ "displayName": "7A", "members": members });
    let made = service.post("/Groups", body).await;
    let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    for operation in [
        json!({ "op": "remove", "path": "members", "value": [] }),
        json!({ "op": "add", "path": "members", "value": members }),
        json!({ "op": "replace", "path": "displayName", "value": "7A" }),
        json!({ "op": "replace", "path": "members", "value": members }),
    ] {
        let answer = service.patch(&path, json!([operation])).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{operation}");
        assert_eq!(answer.etag, made.etag, "{operation}");
    }
    let part = json!([{ "op": "remove", "path": "members.value" }]);
    assert_eq!(service.patch(&path, part).await.body["scimType"], "invalidPath");
    assert_eq!(service.get(&path).await.body["members"][0]["value"], anna);
    let all = json!([{ "op": "remove", "path": "members" }]);
    service.patch(&path, all).await;
    assert_eq!(service.get(&path).await.body["members"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_in_json_and_a_search_may_come_by_post() {
    let service = Service::start().await;
    service.user("anna").await;
    service.user("bo").await;
    let twice = service.get("/Users?count=1&count=2").await;
    assert_eq!(
        (twice.status, &twice.body["scimType"]),
        (StatusCode::BAD_REQUEST, &json!("invalidValue"))
    );
    assert_eq!(service.get("/Users/%ff").await.status, StatusCode::NOT_FOUND);
    let long = vec!["userName eq \"a\""; 501].join(" or ");
    let search = |filter: &str| json!({ "filter": filter, "attributes": ["userName"], "count": 5 });
    let refused = service.post("/Users/.search", search(&long)).await;
    assert_eq!(refused.body["scimType"], "invalidFilter");
    let long = vec!["userName eq \"anna\""; 400].join(" or ");
    let found = service.post("/Users/.search", search(&long)).await;
    assert_eq!(found.body["totalResults"], 1, "{}", found.body);
    assert_eq!(found.body["Resources"][0]["userName"], "anna");
    assert!(found.body["Resources"][0].get("displayName").is_none());
    let groups = service.post("/Groups/.search", json!({})).await;
    assert_eq!(groups.body["totalResults"], 0);

    let class = json!({ "schemas": [GROUP], "displayName": "Class" });
    assert_eq!(service.post("/Groups", class).await.status, StatusCode::CREATED);
    let everything = async |asked: Value| {
        let found = service.post("/.search", asked).await.body;
        let names = found["Resources"].as_array().unwrap().iter();
        let names: Vec<_> = names
            .map(|found| {
                found
                    .get("userName")
                    .or(found.get("displayName"))
                    .unwrap()
                    .clone()
            })
            .collect();
        (found["totalResults"].clone(), names)
    };
    assert_eq!(
        everything(json!({})).await,
        (json!(3), vec![json!("anna"), json!("bo"), json!("Class")])
    );
    let second = json!({ "startIndex": 2, "count": 2 });
    assert_eq!(
        everything(second).await,
        (json!(3), vec![json!("bo"), json!("Class")])
    );
    let last = json!({ "startIndex": 3, "count": 5 });
    assert_eq!(everything(last).await, (json!(3), vec![json!("Class")]));
    // Only users have one.
    let of_users = json!({ "filter": "userName sw \"b\"" });
    assert_eq!(everything(of_users).await, (json!(1), vec![json!("bo")]));
    let of_nobody = service
        .post("/.search", json!({ "filter": "shoeSize eq 7" }))
        .await;
    assert_eq!(of_nobody.body["scimType"], "invalidFilter");
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_groups_are_members_of_groups_as_long_as_none_is_inside_of_itself() {
    let service = Service::start().await;
    let (anna, bo) = (service.user("anna").await, service.user("bo").await);
    let group = async |name: &str, members: Value| {
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        let made = service.post("/Groups", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    };
    let class = group("Class 7A", json!([{ "value": anna }])).await;
    let year = group("Year 7", json!([{ "value": class, "type": "Group" }])).await;
    let school = group("School", json!([{ "value": bo, "type": "User" }])).await;
    let db = &service.stand.portal.db;
    let members = async |id: &str| db.group(&id.into()).await.unwrap().row.members;
    assert_eq!((members(&year).await, members(&school).await), (1, 1));
    let add =
        |id: &str| json!([{ "op": "add", "path": "members", "value": [{ "value": id, "type": "group" }] }]);
    let added = service.patch(&format!("/Groups/{school}"), add(&year)).await;
    assert_eq!(added.status, StatusCode::NO_CONTENT, "{}", added.body);
    assert_eq!(members(&school).await, 2, "anna by way of her class and her year");
    let line = db.audit(1).await.unwrap().remove(0);
    let details = line.details;
    let counted = [&details["before"]["members"], &details["after"]["members"]];
    assert_eq!(counted, [&json!(1), &json!(2)], "{details}");
    let told = [&details["before"]["groups"], &details["asked"]["groups"]];
    let asked = json!([{ "what": "add", "named": 1, "ids": [year] }]);
    assert_eq!(told, [&json!([]), &asked], "{details}");

    for (filter, mut names) in [
        (format!("members.value eq \"{year}\""), vec!["School"]),
        (format!("members eq \"{year}\""), vec!["School"]),
        (
            format!("members[value eq \"{class}\" and type eq \"Group\"]"),
            vec!["Year 7"],
        ),
        ("members.type eq \"group\"".to_owned(), vec!["School", "Year 7"]),
        ("members.type eq \"User\"".to_owned(), vec!["Class 7A", "School"]),
        ("members.type eq \"Device\"".to_owned(), vec![]),
        (
            "members.type pr and members pr".to_owned(),
            vec!["Class 7A", "School", "Year 7"],
        ),
    ] {
        let mut found = service.found("Groups", &filter).await;
        found.sort();
        names.sort_unstable();
        assert_eq!(found, names, "{filter}");
    }
    let read = service
        .get(&format!("/Groups/{school}?attributes=members.display,members"))
        .await
        .body;
    let rows = read["members"].as_array().unwrap();
    let inner = rows.iter().find(|row| row["type"] == "Group").unwrap();
    assert_eq!(inner["value"], json!(year));
    assert!(
        inner["$ref"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/Groups/{year}"))
    );

    for inside in [&school, &class] {
        let refused = service.patch(&format!("/Groups/{class}"), add(inside)).await;
        assert_eq!(
            (refused.status, &refused.body["scimType"]),
            (StatusCode::BAD_REQUEST, &json!("invalidValue"))
        );
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("cannot be inside of itself"), "{detail}");
    }
    for nothing in ["no-such-group", "all_people", anna.as_str()] {
        let refused = service.patch(&format!("/Groups/{class}"), add(nothing)).await;
        assert_eq!(refused.body["scimType"], "invalidValue");
        assert!(refused.body["detail"].as_str().unwrap().contains(nothing));
    }

    // What nobody could name stays, what is not named any more goes.
    db.nest_group(&school.as_str().into(), &"all_people".into(), 1)
        .await
        .unwrap();
    let body = json!({ "displayName": "School", "members": [{ "value": bo }] });
    let put = service.put(&format!("/Groups/{school}"), body).await.body;
    assert_eq!(put["members"].as_array().unwrap().len(), 1, "{put}");
    let inside = db.inner_groups(&school.as_str().into()).await.unwrap();
    assert_eq!(
        inside.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(),
        ["all_people"]
    );
    let gone = json!([{ "op": "remove", "path": format!("members[value eq \"{class}\"]") }]);
    service.patch(&format!("/Groups/{year}"), gone).await;
    assert_eq!(members(&year).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_its_query_writes_nothing() {
    let service = Service::start().await;
    let both = "attributes=a&excludedAttributes=b";
    let user = json!({ "schemas": [USER], "userName": "anna" });
    let refused = service.post(&format!("/Users?{both}"), user).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let refused = service
        .post(&format!("/Groups?{both}"), json!({ "displayName": "G" }))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    for list in ["/Users", "/Groups"] {
        assert_eq!(service.get(list).await.body["totalResults"], 0, "{list}");
    }
}
