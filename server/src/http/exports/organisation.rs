//! Who is who, and who wants what: groups, requests, accounts, and people at Apple as files.

use super::{
    file,
    lists::{Asked, moment},
    of_apple,
    pages::{export, sent, whole},
};
use crate::{
    http::{problem, sessions::Signed},
    portal::csv_text,
};
use app::{i18n::iso, ui::Address};
use axum::{
    Extension,
    extract::{Query, Request},
    response::Response,
};
use contract::{accounts::AccountRow, checkin::RequestRow, groups::GroupRow, users::Told};

export! {
    /// D2, by name.
    groups: "groups.csv", groups.list(app::groups::list_query), GROUP_HEAD, group
}

const GROUP_HEAD: [&str; 5] = ["name", "kind", "rule", "source", "members"];

fn group(row: GroupRow) -> Vec<String> {
    let rule = row.rule.map(|rule| {
        let conditions = rule.conditions.iter().map(|one| {
            let (attribute, comparison) = (one.attribute.as_str(), one.comparison.as_str());
            format!("{attribute} {comparison} {}", one.value)
                .trim_end()
                .to_owned()
        });
        let conditions: Vec<_> = conditions.collect();
        format!("{}: {}", rule.join.as_str(), conditions.join("; "))
    });
    vec![
        row.name,
        row.kind.as_str().to_owned(),
        rule.unwrap_or_default(),
        row.source.as_str().to_owned(),
        row.members.to_string(),
    ]
}

export! {
    /// P4: the open ones oldest first, the others newest first.
    requests: "requests.csv", requests.list(app::requests::list_query), REQUEST_HEAD, wish
}

const REQUEST_HEAD: [&str; 13] = [
    "app",
    "location",
    "device",
    "serial",
    "user_name",
    "reason",
    "made",
    "free",
    "state",
    "answered",
    "answered_by",
    "answer",
    "operation",
];

fn wish(row: RequestRow) -> Vec<String> {
    let (answered_by, answered) = match row.answered {
        Some((by, at)) => (by, iso(at)),
        None => Default::default(),
    };
    vec![
        row.asset_name,
        row.location_name,
        row.device_name,
        contract::shown_key(row.serial.as_str()).to_owned(),
        row.user_name,
        row.reason,
        iso(row.made_at),
        row.free.map(|free| free.to_string()).unwrap_or_default(),
        row.state.as_str().to_owned(),
        answered,
        answered_by,
        row.answer,
        row.operation.map(|id| id.0).unwrap_or_default(),
    ]
}

/// What Apple was told of people, the latest change first.
pub async fn told(
    Extension(signed): Extension<Signed>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let export = async {
        let services = signed.services();
        let (users, caller) = (services.users.clone(), services.caller()?.clone());
        let read = move |query| {
            let (users, caller) = (users.clone(), caller.clone());
            async move { users.told(&caller, query).await.map(|told| told.page) }
        };
        let query = app::activity::people_query(&Address::of(asked));
        whole(TOLD_HEAD, query, read, telling).await
    }
    .await;
    sent(&request, "activity-people.csv", export)
}

const TOLD_HEAD: [&str; 10] = [
    "name",
    "user_name",
    "managed_apple_account",
    "client_user_id",
    "location",
    "what",
    "state",
    "changed",
    "apple_error",
    "apple_message",
];

fn telling(row: Told) -> Vec<String> {
    let (number, message) = of_apple(row.error);
    vec![
        row.name,
        row.user_name,
        row.managed,
        row.client_user_id,
        row.location_name,
        row.what.as_str().to_owned(),
        row.state.as_str().to_owned(),
        iso(row.changed_at),
        number,
        message,
    ]
}

/// Z1. There are few: the list has no pages, and neither has the file.
pub async fn accounts(Extension(signed): Extension<Signed>, request: Request) -> Response {
    let export = async {
        let services = signed.services();
        let rows = services.accounts.list(services.caller()?).await?;
        let head = ACCOUNT_HEAD.map(str::to_owned).to_vec();
        csv_text(std::iter::once(head).chain(rows.into_iter().map(account)))
    };
    match export.await {
        Ok(text) => file("accounts.csv", text),
        Err(fault) => problem::respond(request.headers(), &fault),
    }
}

const ACCOUNT_HEAD: [&str; 5] = ["name", "email", "role", "state", "last_sign_in"];

fn account(row: AccountRow) -> Vec<String> {
    vec![
        row.name,
        row.email,
        row.role.as_str().to_owned(),
        row.state.as_str().to_owned(),
        moment(row.last_sign_in),
    ]
}
